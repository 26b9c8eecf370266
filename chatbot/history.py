"""What each person asked, found again by them: one SQLite file beside the answer log, written after it.

Questions are kept as the log keeps them, with personal data masked; of what was shared or pinned the id; no number
and no row. Losing this file loses no
proof. What is opened again is computed again under the rights of that moment.
Layer: chatbot. Knows answers by their ids.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from datatrust.core.settings import Project
from datatrust.core.sqlite import open_store, transaction

FILE = "history.sqlite"
MOST_KEPT = 2_000  # questions of one person; the oldest goes first
MOST_SHOWN = 200
MOST_PINNED = 12  # answers on one person's dashboard
MAX_WORDS = 200  # characters of a search
_SCHEMA = """
create table if not exists asked (
  id text primary key, person text not null, at text not null, question text not null, folded text not null,
  status text not null) strict;
create index if not exists asked_by on asked (person, at);
create table if not exists shared (id text primary key, person text not null) strict;
create table if not exists pinned (
  person text not null, id text not null, at text not null, primary key (person, id)) strict;
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One question that a person asked: the id of its answer, when, and what came of it."""

    id: str
    at: str
    question: str
    status: str

    def to_json(self) -> dict[str, Any]:
        """Return it as REST gives it."""
        return asdict(self)


class History:
    """The questions of the persons of one project, and which answers may be opened by a link. Safe for many threads."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._guard = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def of(cls, project: Project) -> History:
        """Return the history of a project; nothing is written before the first question."""
        return cls(project.state / FILE)

    def note(self, person: str, entry: Entry) -> None:
        """Keep a question.

        Raises:
            OSError, sqlite3.Error: it cannot be written.
        """
        with self._write() as connection:
            connection.execute(
                "insert or ignore into asked values (?, ?, ?, ?, ?, ?)",
                (entry.id, person, entry.at, entry.question, entry.question.casefold(), entry.status),
            )
            connection.execute(
                "delete from asked where person = ? and at < (select at from asked where person = ?"
                " order by at desc limit 1 offset ?)",
                (person, person, MOST_KEPT - 1),
            )

    def find(self, person: str, words: str = "", *, limit: int = 50) -> list[Entry]:
        """Return what a person asked, the newest first; only what holds each of some words."""
        sought = words[:MAX_WORDS].casefold().split()
        holds = " and instr(folded, ?) > 0" * len(sought)
        rows = self._rows(
            f"select id, at, question, status from asked where person = ?{holds} order by at desc, rowid desc limit ?",
            person, *sought, max(1, min(limit, MOST_SHOWN)),
        )  # fmt: skip
        return [Entry(id=i, at=at, question=question, status=status) for i, at, question, status in rows]

    def clear(self, person: str) -> None:
        """Forget what a person asked; the answer log keeps it, for it proves what was answered."""
        with self._write() as connection:
            connection.execute("delete from asked where person = ?", (person,))

    def share(self, answer_id: str, *, person: str) -> None:
        """Let others open an answer by its link: each under their own rights."""
        with self._write() as connection:
            connection.execute("insert or ignore into shared values (?, ?)", (answer_id, person))

    def is_shared(self, answer_id: str) -> bool:
        """Return whether others may open an answer by its link."""
        return bool(self._rows("select 1 from shared where id = ?", answer_id))

    def unshare(self, answer_id: str) -> None:
        """Let only who asked open an answer from now on."""
        with self._write() as connection:
            connection.execute("delete from shared where id = ?", (answer_id,))

    def pin(self, answer_id: str, *, person: str, at: str) -> bool:
        """Put an answer on a person's dashboard; False where that is full."""
        with self._write() as connection:
            (count,) = connection.execute(
                "select count(*) from pinned where person = ? and id <> ?", (person, answer_id)
            ).fetchone()
            if count >= MOST_PINNED:
                return False
            connection.execute("insert or ignore into pinned values (?, ?, ?)", (person, answer_id, at))
        return True

    def unpin(self, answer_id: str, *, person: str) -> None:
        """Take an answer off a person's dashboard."""
        with self._write() as connection:
            connection.execute("delete from pinned where person = ? and id = ?", (person, answer_id))

    def pinned(self, person: str) -> list[str]:
        """Return the ids of the answers on a person's dashboard, in the order that they were pinned in."""
        rows = self._rows("select id from pinned where person = ? order by at, rowid", person)
        return [answer_id for (answer_id,) in rows]

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        if not self.file.exists():
            return []
        with self._guard:
            return self._open().execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._guard:
            connection = self._open()
            with transaction(connection):
                yield connection

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = open_store(self.file, _SCHEMA)
        return self._connection
