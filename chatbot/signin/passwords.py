"""Passwords as argon2id hashes, and a fence against guessing them.

A check takes the same time whether the name is known or not. Few checks run at once, for each takes memory.
Layer: chatbot. Imports argon2; keeps no password.
"""

from __future__ import annotations

import threading
import time
import unicodedata
from collections import OrderedDict, deque
from collections.abc import Callable

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue

LEAST, MOST = 12, 1_000  # characters
CHECKS_AT_ONCE = 2

_hasher = PasswordHasher()  # RFC 9106, for machines with little memory
_turns = threading.BoundedSemaphore(CHECKS_AT_ONCE)
_nobody: list[str] = []  # a hash that no password has, made at first use


def hash_password(password: str, *, name: str) -> str:
    """Return the hash of a new password.

    Raises:
        UserError: it is too short or too long, or the name itself.
    """
    fault = None
    if len(password) < LEAST:
        fault = f"the password has fewer than {LEAST} characters"
    elif len(password) > MOST:
        fault = f"the password has more than {MOST:,} characters"
    elif password.casefold() == name.casefold() or len(set(password)) < 4:
        fault = "the password is the name, or hardly more than one character"
    if fault:
        raise UserError(Issue(code="DT380", message=fault, hint="a sentence of your own is easy to remember"))
    with _turns:
        return _hasher.hash(_bytes(password))


def is_password(password: str, known: str | None) -> bool:
    """Return whether `password` is the one of the hash `known`; None takes as long and is never right."""
    if not _nobody:
        with _turns:
            _nobody[:] = [_hasher.hash("no password has this hash")]
    with _turns:
        try:
            right = _hasher.verify(known or _nobody[0], _bytes(password[: MOST + 1]))
        except (Argon2Error, InvalidHashError):
            return False
    return right and known is not None and len(password) <= MOST


def _bytes(password: str) -> bytes:
    """The same for a letter however a keyboard composes it."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


class Throttle:
    """Counts wrong passwords of a while, by name and by address; says how long to wait. Safe for many threads.

    A name that nobody has is counted like any other. One address may try one name a few times; a name from anywhere
    and an address with any names have limits of their own.
    """

    PAIR, NAME, ADDRESS = 5, 40, 60  # wrong passwords in the while
    SECONDS = 15 * 60.0
    MOST_KEPT = 20_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def wait(self, name: str, address: str) -> int:
        """Return how many seconds to wait before another try; 0 is none."""
        now, waits = self._clock(), [0.0]
        with self._lock:
            for key, most in self._keys(name, address):
                found = self._wrong.get(key)
                while found and found[0] <= now - self.SECONDS:
                    found.popleft()
                if found and len(found) >= most:  # more are there only of tries at the same moment
                    waits.append(found[-most] + self.SECONDS - now)
        return -int(-max(waits) // 1)

    def note(self, name: str, address: str) -> None:
        """Count a wrong password."""
        with self._lock:
            for key, _ in self._keys(name, address):
                self._wrong.setdefault(key, deque()).append(self._clock())
                self._wrong.move_to_end(key)
            while len(self._wrong) > self.MOST_KEPT:
                self._wrong.popitem(last=False)

    def forget(self, name: str, address: str) -> None:
        """Take back the last one that was counted, which was right, and with it the wrong ones before it there."""
        with self._lock:
            for key, _ in self._keys(name, address):
                if found := self._wrong.get(key):
                    found.pop()
                if not found or (key[0] and key[1]):
                    self._wrong.pop(key, None)

    def _keys(self, name: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
        folded = name.casefold()[:200]
        return ((folded, address), self.PAIR), ((folded, ""), self.NAME), (("", address), self.ADDRESS)
