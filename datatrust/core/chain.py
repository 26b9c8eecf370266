"""Keep records that nobody can change unseen: append-only rows, each with the hash of the one before it.

One SQLite file in WAL mode, for many threads and processes. Triggers refuse updates and deletes; what goes round them
breaks the chain, and `check_chain` names the first record that was edited, removed or moved. The head (how many there
are and the last hash) stands in a file of its own, so that a cut tail is found too; nothing is appended to a chain
that no longer ends where its head says. Nothing counts as kept before both are on disk.
Who can write the whole folder can write a whole new chain: compare the head with one that was noted elsewhere.
Layer: core. Knows JSON objects, never what they mean.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datatrust.core.errors import NotRecorded
from datatrust.core.files import write_whole
from datatrust.core.jsonio import dumps, loads
from datatrust.core.sqlite import open_private, transaction

FILE, HEAD, LOCK = "records.sqlite", "head.json", ".lock"
START = "sha256:" + "0" * 64  # what the first record follows
WAIT_SECONDS = 10.0  # for another process that writes
_SCHEMA = """
create table if not exists records (
  seq integer primary key, id text not null unique, kind text not null, about text, at text not null,
  body text not null, previous text not null, hash text not null) strict;
create index if not exists records_about on records (about) where about is not null;
create trigger if not exists no_update before update on records begin select raise(abort, 'append-only'); end;
create trigger if not exists no_delete before delete on records begin select raise(abort, 'append-only'); end;
"""
_COLUMNS = "seq, id, kind, about, at, body, previous, hash"
_GUARDS = {"no_update", "no_delete"}


@dataclass(frozen=True, kw_only=True)
class Record:
    """One link: its place, its content, and what it follows. `about` is the record that it adds to."""

    seq: int
    id: str
    kind: str
    about: str | None
    at: str  # an instant in UTC
    body: Mapping[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check of the chain found: `fault` names the first record that is not as it was written; None is good."""

    records: int  # how many are sound, from the first on
    head: str  # the hash of the last of them
    fault: str | None = None
    record: int | None = None  # the place of the fault, where it is a record's


class Chain:
    """One folder of records; safe for many threads, and beside other processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def append(self, bodies: Sequence[Mapping[str, Any]]) -> list[Record]:
        """Keep records, all or none; return them once they are on disk.

        Args:
            bodies: JSON objects with `id`, `kind`, `at` and, where they add to another record, `about`.

        Raises:
            NotRecorded: the disk is full or read-only, another process holds the log, or the chain does not end
                where its head says.
        """
        if not bodies:
            return []
        with self._guard, _told():
            connection = self._open()
            with self._one_writer():
                with transaction(connection):
                    records = self._insert(connection, bodies)
                _write_head(self.folder, count=records[-1].seq, head=records[-1].hash)
        return records

    def find(self, record_id: str) -> Record | None:
        """Return the record with an id, or None."""
        return next(self._select("where id = ?", record_id), None)

    def about(self, record_id: str) -> tuple[Record, ...]:
        """Return the records that add to another one, oldest first."""
        return tuple(self._select("where about = ? order by seq", record_id))

    def read(self, *, kind: str | None = None) -> Iterator[Record]:
        """Yield the records, oldest first."""
        if kind is None:
            yield from self._select("order by seq")
        else:
            yield from self._select("where kind = ? order by seq", kind)

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # ----------------------------------------------------------------------------------------------- inside

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = self.folder / FILE
            if not file.exists() and (self.folder / HEAD).exists():
                raise NotRecorded(_refused(self.folder, f"{FILE} is gone and {HEAD} is there"))
            connection = open_private(file, wait=WAIT_SECONDS)
            try:
                with self._one_writer():  # two that begin a log at once would find it locked
                    connection.execute("pragma journal_mode = wal")
                    connection.execute("pragma synchronous = full")
                    connection.executescript(_SCHEMA)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _insert(self, connection: sqlite3.Connection, bodies: Sequence[Mapping[str, Any]]) -> list[Record]:
        row = connection.execute("select seq, hash from records order by seq desc limit 1").fetchone()
        seq, previous = row or (0, START)
        self._refuse_cut(connection, seq)
        records = []
        for body in bodies:
            seq += 1
            text = dumps({**body, "seq": seq}, sort_keys=True)
            record = Record(
                seq=seq,
                id=str(body["id"]),
                kind=str(body["kind"]),
                about=body.get("about"),
                at=str(body["at"]),
                body=body,
                previous=previous,
                hash=_hash(previous, text.encode()),
            )
            connection.execute(
                f"insert into records ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?)",
                (seq, record.id, record.kind, record.about, record.at, text, previous, record.hash),
            )
            records.append(record)
            previous = record.hash
        return records

    def _refuse_cut(self, connection: sqlite3.Connection, last: int) -> None:
        """Append to nothing but a chain that ends where its head says, or after it: a head may be one write behind."""
        written = _read_head(self.folder)
        if written is None and not last:
            _write_head(self.folder, count=0, head=START)  # from here on a log without a head has lost it
            return
        count, head = written or (0, "")
        row = connection.execute("select hash from records where seq = ?", (count,)).fetchone()
        if (row[0] if row else START if count == 0 else None) != head:
            why = (
                f"it does not end at record {count}, where {HEAD} says it ends"
                if written
                else f"{HEAD} is gone"
            )
            raise NotRecorded(_refused(self.folder, why))

    def _select(self, rest: str, *values: str) -> Iterator[Record]:
        if not (self.folder / FILE).exists():
            return
        with self._guard, _told("be read"):
            rows = self._open().execute(f"select {_COLUMNS} from records {rest}", values).fetchall()
        for seq, record_id, kind, about, at, body, previous, found in rows:
            yield Record(
                seq=seq,
                id=record_id,
                kind=kind,
                about=about,
                at=at,
                body=loads(body),
                previous=previous,
                hash=found,
            )

    @contextlib.contextmanager
    def _one_writer(self) -> Iterator[None]:
        """Hold other processes off until record and head are both written: heads must not overtake one another."""
        with (self.folder / LOCK).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def check_chain(folder: Path, *, known: str | None = None) -> Verdict:
    """Read a whole chain and name the first record that was edited, removed, swapped or lost.

    A folder without a chain is sound and empty. Changes nothing.

    Args:
        known: the hash of some record, noted elsewhere before; the chain must still hold it.
    """
    file = folder / FILE
    try:
        head = _read_head(folder)
    except NotRecorded:
        return Verdict(records=0, head=START, fault=f"{HEAD} is damaged: where the log ends is not known")
    if not file.exists():
        lost = None if head is None else f"all {head[0]} records are missing: {FILE} is gone"
        return Verdict(records=0, head=START, fault=lost, record=1 if lost else None)
    sound, last = 0, START
    hashes: dict[int, str] = {0: START}
    try:
        with contextlib.closing(_reader(file)) as connection:
            for row in connection.execute(f"select {_COLUMNS} from records order by seq"):
                if fault := _fault(row, sound + 1, last):
                    return Verdict(records=sound, head=last, fault=fault, record=sound + 1)
                sound, last = sound + 1, row[7].decode()
                hashes[sound] = last
            if fault := _unguarded(connection):
                return Verdict(records=sound, head=last, fault=fault)
    except sqlite3.Error as error:
        told = f"record {sound + 1} cannot be read, the file is damaged there: {error}"
        return Verdict(records=sound, head=last, fault=told, record=sound + 1)
    verdict = _at_head(sound, last, head, hashes)
    if verdict.fault is None and known is not None and known not in hashes.values():
        told = f"no record has the hash {known}: the log was written anew since it was noted"
        return Verdict(records=sound, head=last, fault=told)
    return verdict


def _at_head(sound: int, last: str, head: tuple[int, str] | None, hashes: Mapping[int, str]) -> Verdict:
    """Compare where the records end with where they should end."""
    if head is None:
        lost = f"{HEAD} is missing: whether records were cut from the end is not known" if sound else None
        return Verdict(records=sound, head=last, fault=lost)
    count, expected = head
    if count > sound:
        cut = f"record {sound + 1} is missing: there are {sound} records and {HEAD} says {count} (the end was cut)"
        return Verdict(records=sound, head=last, fault=cut, record=sound + 1)
    if hashes[count] != expected:
        told = f"record {count} is not the one that {HEAD} names: the end was rewritten"
        return Verdict(records=count, head=hashes[count], fault=told, record=count)
    return Verdict(records=sound, head=last)


def _fault(row: tuple[Any, ...], place: int, last: str) -> str | None:
    """Return what is wrong with the record that stands at `place`, or None. Texts come as bytes."""
    seq, record_id, kind, about, at, text, previous, found = row
    if not isinstance(seq, int) or seq != place:
        more = f" (the next one is {seq})"
        return f"record {place} is missing{more}"
    try:
        body = loads(text.decode())
        told = tuple(None if each is None else each.decode() for each in (record_id, kind, about, at))
        written = (body["id"], body["kind"], body.get("about"), body["at"])
        moved = int(body["seq"])
        is_own = _hash(previous.decode(), text) == found.decode()
        follows = previous.decode() == last
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"record {place} was edited: its content cannot be read"
    if moved != place:
        return f"record {place} holds what was written as record {moved}: records were swapped"
    if not is_own or told != written:
        return f"record {place} was edited"
    if not follows:
        return f"record {place} does not follow record {place - 1}: one of the two was rewritten"
    return None


def _unguarded(connection: sqlite3.Connection) -> str | None:
    found = connection.execute("select name from sqlite_master where type = 'trigger'").fetchall()
    missing = sorted(_GUARDS - {name.decode() for (name,) in found})
    if missing:
        return (
            f"the guard against changes is gone ({', '.join(missing)}); the records are as they were written"
        )
    [(checked,)] = connection.execute("pragma integrity_check(1)").fetchall()
    return None if checked == b"ok" else f"the file is damaged beside the records: {checked.decode()}"


def _reader(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)
    connection.text_factory = bytes
    return connection


def _hash(previous: str, text: bytes) -> str:
    return "sha256:" + hashlib.sha256(previous.encode() + b"\n" + text).hexdigest()


def _read_head(folder: Path) -> tuple[int, str] | None:
    try:
        written = loads((folder / HEAD).read_text(encoding="utf-8"))
        return int(written["records"]), str(written["head"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise NotRecorded(_refused(folder, f"{HEAD} is damaged")) from None


def _write_head(folder: Path, *, count: int, head: str) -> None:
    write_whole(folder / HEAD, (dumps({"records": count, "head": head}) + "\n").encode())


def _refused(folder: Path, why: str) -> str:
    return (
        f"the answer log takes no record, so no number is given: {why}\n"
        f"  look at it: datatrust audit verify; then bring {folder.name} back from a copy, or move it away to begin anew"
    )


@contextlib.contextmanager
def _told(what: str = "be written") -> Iterator[None]:
    """Turn what the file system and SQLite say into words."""
    try:
        yield
    except OSError as error:
        why = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else str(error.strerror)
        raise NotRecorded(_unavailable(what, why)) from None
    except sqlite3.Error as error:
        raise NotRecorded(_unavailable(what, str(error))) from None


def _unavailable(what: str, why: str) -> str:
    return (
        f"the answer log cannot {what} ({why}), so no number is given\n"
        "  make room or give the folder its rights back, then ask again"
    )
