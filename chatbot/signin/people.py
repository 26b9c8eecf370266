"""Persons who may sign in, their sessions and their tokens: one SQLite file in the project's state folder.

Passwords are argon2id hashes; of a session or a token only its sha256 is kept, so that the file lets nobody in. The
server and the command line work on it at once: who is disabled here is out at the next request there.
Refuses to give the name of a removed person to another one, whose answers would then seem theirs.
Layer: chatbot. Knows nothing of roles but what an identity provider said.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.signin.passwords import hash_password, is_password
from datatrust.core.errors import DataTrustError, UnknownName, UserError
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.settings import Project
from datatrust.core.sqlite import open_store, transaction
from semantic.policy import NAME, User

FOLDER, FILE, KEY = "sign-in", "people.sqlite", "key"
TOKEN_PREFIX = "dt360_"  # so that a scanner for leaked secrets knows one
MAX_NAME = 100
MAX_DAYS = 730
_SCHEMA = """
create table if not exists people (
  name text primary key collate nocase, password text, disabled integer not null default 0,
  removed integer not null default 0, created real not null, subject text unique, given text) strict;
create table if not exists sessions (
  hash text primary key, name text not null collate nocase, created real not null, expires real not null) strict;
create table if not exists tokens (
  id text primary key, hash text not null unique, name text not null collate nocase, label text not null,
  created real not null, expires real not null) strict;
"""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Someone who may sign in."""

    name: str
    is_local: bool  # with a password of this project; else with an account of the identity provider
    is_disabled: bool
    given: User | None = None  # roles and attributes that the identity provider said last


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token for programs, without its secret. Instants are seconds since 1970."""

    id: str
    name: str
    label: str
    created: float
    expires: float


class PeopleUnavailable(DataTrustError):
    """The file of persons cannot be read or written: nobody is let in."""


class People:
    """The persons of one project; safe for many threads, and beside other processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def of(cls, project: Project) -> People:
        """Return the persons of a project; nothing is written before the first one is added."""
        return cls(project.state / FOLDER)

    @property
    def exists(self) -> bool:
        """Whether a person was ever added: from then on the server asks for sign-in."""
        return (self.folder / FILE).exists()

    # ----------------------------------------------------------------------------------------------- persons

    def add(self, name: str, password: str, *, is_same_person: bool = False) -> None:
        """Add a person.

        Raises:
            UserError: the name is no name, is taken, or was somebody's; or the password is too weak.
        """
        _check_name(name)
        found = hash_password(password, name=name)
        with self._write() as connection:
            known = connection.execute("select name, removed from people where name = ?", (name,)).fetchone()
            if known and not known[1]:
                raise UserError(Issue(code="DT381", message=f'"{known[0]}" is there already'))
            if known and not is_same_person:
                raise UserError(
                    Issue(
                        code="DT381",
                        message=f'"{known[0]}" was removed; answers of the log stand under this name',
                        hint="choose another name, or say --same-person",
                    )
                )
            connection.execute(
                "insert into people (name, password, created) values (?, ?, ?) on conflict (name) do update set"
                " password = excluded.password, removed = 0, disabled = 0, subject = null, given = null",
                (name, found, time.time()),
            )

    def admit(self, user: User, *, subject: str) -> Person:
        """Note that the identity provider vouches for a person, who is new or was here before.

        Args:
            user: the name, and the roles and attributes where the provider says these; without roles the policy does.
            subject: who they are to the provider, for good.

        Raises:
            UserError: the name is no name, or somebody else's; or they are disabled or removed.
        """
        _check_name(user.name)
        given = json.dumps({"roles": user.roles, "attributes": dict(user.attributes)}) if user.roles else None
        with self._write() as connection:
            known = connection.execute(
                "select name, disabled, removed, subject from people where name = ?", (user.name,)
            ).fetchone()
            if known and known[3] != subject:
                raise _not_admitted("this name belongs to somebody else here")
            if known and (known[1] or known[2]):
                raise _not_admitted("you may not sign in here any more")
            renamed = connection.execute("select name from people where subject = ?", (subject,)).fetchone()
            if renamed and not known:
                raise _not_admitted(
                    f'you signed in as "{renamed[0]}" before, and your account has another name now'
                )
            connection.execute(
                "insert into people (name, created, subject, given) values (?, ?, ?, ?)"
                " on conflict (name) do update set given = excluded.given",
                (user.name, time.time(), subject, given),
            )
            name = known[0] if known else user.name
        return Person(name=name, is_local=False, is_disabled=False, given=_user(name, given))

    def get(self, name: str) -> Person | None:
        """Return a person by name, or None."""
        found = self._people("and name = ?", name) if NAME.match(name) else None
        return found[0] if found else None

    def find(self, name: str) -> Person:
        """Return a person by name.

        Raises:
            UnknownName: there is none.
        """
        found = self.get(name)
        if found is None:
            raise UnknownName(
                Issue(
                    code="DT382",
                    message=f'there is no "{name}"',
                    suggestion=did_you_mean(name, [each.name for each in self.everyone()]),
                    hint="list them: datatrust user list",
                )
            )
        return found

    def everyone(self) -> list[Person]:
        """Return the persons by name."""
        return self._people("order by name")

    def check(self, name: str, password: str) -> Person | None:
        """Return the person whose password this is; None takes as long, whatever is wrong."""
        rows = self._rows(
            "select name, password, disabled from people where removed = 0 and name = ?",
            name[: MAX_NAME + 1] if NAME.match(name) else "",
        )
        known, found, disabled = rows[0] if rows else ("", None, 0)
        right = is_password(password, found)
        return Person(name=known, is_local=True, is_disabled=False) if right and not disabled else None

    def change_password(self, name: str, password: str) -> int:
        """Give a person a new password; end their sessions and tokens, and return how many tokens these were.

        Raises:
            UserError: no such person, one of the identity provider, or too weak a password.
        """
        person = self.find(name)
        if not person.is_local:
            raise UserError(
                Issue(
                    code="DT383",
                    message=f'"{person.name}" signs in at the identity provider, without a password here',
                )
            )
        found = hash_password(password, name=person.name)
        with self._write() as connection:
            connection.execute("update people set password = ? where name = ?", (found, name))
            return _end(connection, name)

    def set_disabled(self, name: str, disabled: bool) -> None:
        """Keep a person out, or let them in again; being kept out ends their sessions and tokens.

        Raises:
            UnknownName: no such person.
        """
        self.find(name)
        with self._write() as connection:
            connection.execute("update people set disabled = ? where name = ?", (int(disabled), name))
            if disabled:
                _end(connection, name)

    def remove(self, name: str) -> None:
        """Forget a person but for the name, which their answers stand under.

        Raises:
            UnknownName: no such person.
        """
        self.find(name)
        with self._write() as connection:
            connection.execute(
                "update people set removed = 1, password = null, given = null where name = ?", (name,)
            )
            _end(connection, name)

    # ----------------------------------------------------------------------------------- sessions and tokens

    def open_session(self, name: str, *, seconds: float) -> str:
        """Return the secret of a new session."""
        secret, now = secrets.token_urlsafe(32), time.time()
        with self._write() as connection:
            connection.execute("delete from sessions where expires <= ?", (now,))
            connection.execute(
                "insert into sessions values (?, ?, ?, ?)", (_hash(secret), name, now, now + seconds)
            )
        return secret

    def of_session(self, secret: str) -> Person | None:
        """Return whose session it is; None where it ended or never was."""
        return self._holder("sessions", secret)

    def end_session(self, secret: str) -> None:
        """End a session."""
        with self._write() as connection:
            connection.execute("delete from sessions where hash = ?", (_hash(secret),))

    def make_token(self, name: str, *, days: float, label: str = "") -> tuple[str, Token]:
        """Return the secret of a new token, which is told once, and what is kept of it.

        Raises:
            UserError: no such person, or they are disabled.
        """
        person = self.find(name)
        if person.is_disabled:
            raise UserError(Issue(code="DT383", message=f'"{person.name}" is disabled'))
        secret, now = TOKEN_PREFIX + secrets.token_urlsafe(32), time.time()
        token = Token(
            id=secrets.token_hex(4), name=person.name, label=label, created=now, expires=now + days * 86_400
        )
        with self._write() as connection:
            connection.execute(
                "insert into tokens values (?, ?, ?, ?, ?, ?)",
                (token.id, _hash(secret), token.name, label, now, token.expires),
            )
        return secret, token

    def of_token(self, secret: str) -> Person | None:
        """Return whose token it is; None where it expired, was revoked or never was."""
        return self._holder("tokens", secret) if secret.startswith(TOKEN_PREFIX) else None

    def tokens(self, name: str | None = None) -> list[Token]:
        """Return the tokens that are valid, of one person or of all."""
        rows = self._rows(
            "select id, name, label, created, expires from tokens where expires > ? and (? is null or name = ?)"
            " order by name, created", time.time(), name, name,
        )  # fmt: skip
        return [Token(id=i, name=n, label=label, created=c, expires=e) for i, n, label, c, e in rows]

    def revoke(self, name: str, token_id: str | None = None) -> int:
        """Revoke one token of a person, or all; return how many."""
        with self._write() as connection:
            return connection.execute(
                "delete from tokens where name = ? and (? is null or id = ?)", (name, token_id, token_id)
            ).rowcount

    # ------------------------------------------------------------------------------------------------ inside

    def key(self) -> bytes:
        """Return the key that cookies are signed with, made at first use.

        Raises:
            PeopleUnavailable: it cannot be read or written.
        """
        file = self.folder / KEY
        with _told():
            self._make_folder()
            with contextlib.suppress(FileExistsError):
                handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as out:
                    out.write(secrets.token_bytes(32))
            found = file.read_bytes()
        if len(found) < 32:
            raise PeopleUnavailable(
                f"the key of the sign-in is damaged; remove {FOLDER}/{KEY} and start again"
            )
        return found

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _holder(self, table: str, secret: str) -> Person | None:
        rows = self._rows(
            f"select p.name, p.password, p.given from {table} t join people p on p.name = t.name"
            " where t.hash = ? and t.expires > ? and p.disabled = 0 and p.removed = 0",
            _hash(secret), time.time(),
        )  # fmt: skip
        for name, password, given in rows:
            return Person(
                name=name, is_local=password is not None, is_disabled=False, given=_user(name, given)
            )
        return None

    def _people(self, rest: str, *values: str) -> list[Person]:
        rows = self._rows(
            f"select name, password, disabled, given from people where removed = 0 {rest}", *values
        )
        return [
            Person(
                name=name, is_local=password is not None, is_disabled=bool(disabled), given=_user(name, given)
            )
            for name, password, disabled, given in rows
        ]

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        if not self.exists:
            return []
        with self._guard, _told():
            return self._open().execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._guard, _told():
            connection = self._open()
            with transaction(connection):
                yield connection

    def _make_folder(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(exist_ok=True, mode=0o700)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._make_folder()
            self._connection = open_store(self.folder / FILE, _SCHEMA)
        return self._connection


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME or not NAME.match(name):
        raise UserError(
            Issue(
                code="DT381",
                message=f"a name has at most {MAX_NAME} letters, digits and . _ - @ +",
                hint="use the name that the access policy knows, for example an e-mail address",
            )
        )


def _not_admitted(why: str) -> UserError:
    return UserError(Issue(code="DT384", message=why, hint="ask those who look after this server"))


def _end(connection: sqlite3.Connection, name: str) -> int:
    connection.execute("delete from sessions where name = ?", (name,))
    return connection.execute("delete from tokens where name = ?", (name,)).rowcount


def _user(name: str, given: str | None) -> User | None:
    if given is None:
        return None
    found: Mapping[str, Any] = json.loads(given)
    attributes = {each: tuple(values) for each, values in found["attributes"].items()}
    return User(name=name, roles=tuple(found["roles"]), attributes=attributes)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what the file system and SQLite say into words."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise PeopleUnavailable(
            f"the file of persons cannot be used ({why}), so nobody is let in\n"
            f"  make room or give {FOLDER} in the state folder its rights back"
        ) from None
