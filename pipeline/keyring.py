"""Keep the keys of tokens: make one, put a new one beside it, and let go of an old one that no table needs.

A key is a file of mode 0600 in the project's secrets folder, or stands in an environment variable. The newest
file is the key that tokens are made by; older ones stay until they are retired, which is refused while a table
of the current release, or of a kept one, carries their tokens. Rotation changes no table: a release says by
which key its tokens were made, and the next run derives anew what holds personal data, in one release, so
that no table ever mixes the tokens of two keys.
Layer: pipeline. Imports core, tokens and the lock. A key never shows: only its id does, which tells nothing of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datatrust.core.errors import OutcomeError, UnknownName, UserError
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.kept import is_kept
from datatrust.core.masking import MaskingPolicy, load_masking_policy
from datatrust.core.release import Release, list_releases, load_release
from datatrust.core.settings import Project
from pipeline.lock import hold_lock
from pipeline.tokens import find_tokens

KEY_HASH = "masking_key"  # name under which a release says the id of its key
_FILE = re.compile(r"^masking(?:\.([0-9]+))?\.key$")
_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key. `number` is its place in time; the variable's key has none and comes last."""

    secret: bytes = field(repr=False)
    path: Path | None = None
    number: int | None = None

    @property
    def id(self) -> str:
        return key_id(self.secret)


@dataclass(frozen=True, kw_only=True)
class KeyState:
    """One key as `datatrust masking status` shows it."""

    id: str
    state: str  # "active", "active from the next run on", "old", "missing"
    kept_in: str  # file or variable
    made_at: dt.datetime | None
    carried_by: tuple[str, ...]  # columns of the current release with tokens of it: "silver.customers.email"


def key_id(secret: bytes) -> str:
    """Return eight hex digits that name a key and tell nothing of it."""
    return hmac.new(secret, b"key id", hashlib.sha256).hexdigest()[:8]


def load_keys(project: Project, policy: MaskingPolicy) -> tuple[Key, ...]:
    """Return every key there is, the one that tokens are made by last; open key files are closed to others.

    Raises:
        UserError: a key cannot be read, or is too short to be one.
    """
    found = []
    for number, path in _key_files(project):
        try:
            path.parent.chmod(0o700)
            path.chmod(0o600)
            secret = path.read_bytes().strip()
        except OSError as error:
            raise UserError(
                Issue(code="DT483", message=f"{project.shown(path)} cannot be read: {error.strerror}")
            ) from None
        if len(secret) < _BYTES:
            raise UserError(
                Issue(
                    code="DT483",
                    message=f"{project.shown(path)} is no key: it has fewer than {_BYTES} characters",
                    hint="bring the key back, or remove the file and make another: datatrust masking rotate",
                )
            )
        found.append(Key(secret=secret, path=path, number=number))
    given = os.environ.get(policy.key_variable)
    if given is not None:
        secret = given.strip().encode()
        if len(secret) < _BYTES:
            raise UserError(
                Issue(
                    code="DT483",
                    message=f"the key in {policy.key_variable} has fewer than {_BYTES} characters",
                    hint="make one: openssl rand -hex 32",
                )
            )
        found.append(Key(secret=secret))
    return tuple(found)


def open_key(project: Project, policy: MaskingPolicy) -> Key:
    """Return the key that tokens are made by; the first one of a project is made here.

    Raises:
        UserError: there is none, and the current release was made by one: it was lost.
    """
    keys = load_keys(project, policy)
    if keys:
        return keys[-1]
    lost = _current_id(project)
    if lost:
        raise UserError(
            Issue(
                code="DT484",
                message=f"the key {lost}, by which the current release's tokens were made, is gone",
                hint=f"bring it back to {project.shown(project.secrets)}/ or {policy.key_variable}; or make "
                "every token anew under another key: datatrust masking rotate",
            )
        )
    _make_key(project.secrets / _file_name(1))
    return load_keys(project, policy)[-1]


def active_key_id(project: Project) -> str:
    """Return the id of the key that tokens are made by; none where no key has been made yet."""
    keys = load_keys(project, load_masking_policy(project))
    return keys[-1].id if keys else ""


def rotate_key(project: Project) -> Key:
    """Make a new key beside those there are; the next run makes every token anew by it.

    Raises:
        UserError: there is nothing to rotate, the key is not a file, or the last rotation still waits for a run.
        OutcomeError: a run is at work.
    """
    policy = load_masking_policy(project)
    with hold_lock(project.warehouse):
        keys = load_keys(project, policy)
        current = _current_id(project)
        if keys and keys[-1].path is None:
            raise UserError(
                Issue(
                    code="DT485",
                    message=f"the key comes from {policy.key_variable}: it is rotated there",
                    hint="put another one there (openssl rand -hex 32) and run: datatrust pipeline run",
                )
            )
        if not keys and not current:
            raise UserError(
                Issue(
                    code="DT485",
                    message="there is no key yet",
                    hint="the first run makes one: datatrust pipeline run",
                )
            )
        if keys and current and current != keys[-1].id:
            raise UserError(
                Issue(
                    code="DT485",
                    message=f"key {keys[-1].id} has not been used yet",
                    hint="the next run makes every token by it: datatrust pipeline run",
                )
            )
        newest = max((key.number or 0 for key in keys), default=0)
        _make_key(project.secrets / _file_name(newest + 1))
        return load_keys(project, policy)[-1]


def retire_key(project: Project, wanted: str) -> Key:
    """Remove an old key's file, once neither the current release nor a kept one carries a token of it.

    Raises:
        UnknownName: no key has this id.
        UserError: it is the key that tokens are made by, or it stands in the variable.
        OutcomeError: tables still carry tokens of it; or a run is at work.
    """
    policy = load_masking_policy(project)
    with hold_lock(project.warehouse):
        keys = load_keys(project, policy)
        known = [key.id for key in keys]
        if wanted not in known:
            raise UnknownName(
                Issue(
                    code="DT486",
                    message=f'no key "{wanted}"',
                    suggestion=did_you_mean(wanted, known),
                    hint="list them: datatrust masking status",
                )
            )
        key = keys[known.index(wanted)]
        if key is keys[-1] or key.path is None:
            raise UserError(
                Issue(
                    code="DT486",
                    message=f"key {wanted} is the one that tokens are made by",
                    hint="make another first: datatrust masking rotate",
                )
            )
        carried = [
            f"release {release.id}: {column}"
            for release in _serving(project)
            for column in find_tokens(project.warehouse, release).get(wanted, ())
        ]
        if carried:
            raise OutcomeError(
                f"key {wanted} is kept, tables carry tokens of it:\n  "
                + "\n  ".join(carried)
                + "\n  make them anew first: datatrust pipeline run"
            )
        key.path.unlink()
        return key


def key_states(project: Project) -> tuple[KeyState, ...]:
    """Return every key, and every one that the current release names and that is gone; oldest first."""
    policy = load_masking_policy(project)
    keys = load_keys(project, policy)
    current = _current(project)
    tokens = find_tokens(project.warehouse, current) if current else {}
    used = current.hashes.get(KEY_HASH) if current else None
    gone = [
        KeyState(id=name, state="missing", kept_in="", made_at=None, carried_by=carried)
        for name, carried in tokens.items()
        if name not in {key.id for key in keys}
    ]
    return (
        *gone,
        *[
            KeyState(
                id=key.id,
                state="old" if key is not keys[-1] else _state_of_newest(key, used),
                kept_in=project.shown(key.path) if key.path else policy.key_variable,
                made_at=_made_at(key),
                carried_by=tokens.get(key.id, ()),
            )
            for key in keys
        ],
    )


def _serving(project: Project) -> Sequence[Release]:
    """Return the releases that must stay as they are: the kept ones, and the current one."""
    numbers = list_releases(project.warehouse)
    return [
        load_release(project.warehouse, str(number))
        for number in numbers
        if number == numbers[-1] or is_kept(project.warehouse, number)
    ]


def _current(project: Project) -> Release | None:
    return load_release(project.warehouse) if list_releases(project.warehouse) else None


def _current_id(project: Project) -> str:
    current = _current(project)
    return current.hashes.get(KEY_HASH, "") if current else ""


def _state_of_newest(key: Key, used: str | None) -> str:
    return "active" if used in (None, "", key.id) else "active from the next run on"


def _made_at(key: Key) -> dt.datetime | None:
    if key.path is None:
        return None
    return dt.datetime.fromtimestamp(key.path.stat().st_mtime, tz=dt.UTC)


def _key_files(project: Project) -> list[tuple[int, Path]]:
    if not project.secrets.is_dir():
        return []
    named = [(match, path) for path in project.secrets.iterdir() if (match := _FILE.match(path.name))]
    return sorted((int(match[1] or 1), path) for match, path in named)


def _file_name(number: int) -> str:
    """Return the name of a project's nth key file.

    >>> _file_name(1), _file_name(2)
    ('masking.key', 'masking.2.key')
    """
    return "masking.key" if number == 1 else f"masking.{number}.key"


def _make_key(path: Path) -> None:
    """Write a new random key, whole or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.chmod(path.parent, 0o700)
    fresh = path.with_suffix(f".{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_hex(_BYTES).encode())
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return  # another run was quicker; its key counts
    finally:
        os.unlink(fresh)
