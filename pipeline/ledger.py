"""The list of raw files taken in: what was read, when, under which number. A file counts once, by its content.

A file is new when its sha256 is not in the ledger for its source. The same content under another name is a
re-send: it is noted and not loaded. Each new file gets a sequence number, higher than every one before, in
the order of delivery and path; its rows carry it, and "later" means a higher number. A file that was refused
as a whole (a wrong header) is looked at again when its contract has changed. A file that was taken in while it
was still being written, and has grown since, replaces what was read of it: those rows count no more.

Bronze is append-only and cannot be restored; the ledger can. So a run that died may leave rows in bronze
whose file the ledger does not know. Such a file keeps the number that bronze has for it, and its rows are
adopted, not written again: one bronze commit holds all rows of its files or none. A ledger that is lost comes
back from the copy that every release makes. Rows in bronze whose file is neither in the ledger nor among the raw files count nowhere.
Layer: pipeline. Imports core, contracts and tables; reads and writes Delta by deltalake, starts no Spark.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pyarrow as pa
from deltalake import write_deltalake

from datatrust.core.kept import copy_table, fill_table
from datatrust.core.release import TablePin
from datatrust.core.settings import Project
from pipeline.contracts.model import SourceSpec
from pipeline.extract import list_extracts, shown_extract
from pipeline.readers.base import BLANK
from pipeline.tables import open_table, query_tables, table_path
from pipeline.totals import judged_by, side_file

LEDGER = "ops.ledger"
COPY = "kept/ledger"  # of every published version; nothing could replace a ledger whose raw files are gone
TOP = "raw"  # name of the delivery made of the files that lie directly in the raw folder

Status = Literal["loaded", "resent", "rejected", "replaced"]

_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("sequence", pa.int64()),
        ("path", pa.string()),
        ("delivery", pa.string()),
        ("sha256", pa.string()),
        ("size", pa.int64()),
        ("arrived_at", pa.timestamp("us", tz="UTC")),
        ("status", pa.string()),
        ("physical_lines", pa.int64()),
        ("header_lines", pa.int64()),
        ("blank_lines", pa.int64()),
        ("records", pa.int64()),
        ("contract_version", pa.string()),
        ("contract_hash", pa.string()),
        ("message", pa.string()),
        ("corrects", pa.int64()),
        ("repairs", pa.int64()),
        ("drift", pa.string()),
    ]
)
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """One file as the ledger has it. `message` says why a file was rejected, or what was odd about it."""

    source: str
    sequence: int  # unique; rows carry that of a loaded file
    path: str  # relative to the raw folder
    delivery: str | None
    sha256: str
    size: int
    arrived_at: dt.datetime
    status: Status
    physical_lines: int
    header_lines: int  # those of the footer among them
    blank_lines: int
    records: int
    contract_version: str
    contract_hash: str  # of a rejected file, of all that the verdict rested on
    message: str | None = None
    corrects: int | None = None  # number of an earlier file, no row of which counts any more
    repairs: int = 0  # rows that refer to an earlier row, which they repair
    drift: str | None = None  # how the file departs from its contract, as `drift.to_json` writes it


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """A file that the ledger does not know yet.

    `trailing_blank_lines` are counted here, apart from the reader, so that its count can be checked.
    """

    source: str
    path: str  # relative to the raw folder
    absolute: Path
    delivery: str | None
    sequence: int
    sha256: str
    size: int
    arrived_at: dt.datetime
    physical_lines: int
    trailing_blank_lines: int
    judged_by: str = ""  # hash of what a verdict on it rests on beside its content
    resent_of: str | None = None  # path of the file that brought the same content before
    in_bronze: bool = False  # a run that died has written its rows: adopt them
    replaces: int | None = None  # number under which its beginning was taken in, as a file of its own


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """New files that are taken in together and published as one release; `name` is their folder."""

    name: str | None
    files: tuple[RawFile, ...]


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What lies in the raw folder and is new: deliveries in the order to run them, files no source claims."""

    deliveries: tuple[Delivery, ...]
    unclaimed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ContentFacts:
    """What one pass over a file's bytes tells."""

    sha256: str
    size: int
    physical_lines: int
    trailing_blank_lines: int


def find_new_files(
    project: Project,
    specs: Sequence[SourceSpec],
    *,
    select: Collection[str] = (),
    version: int | None = None,
) -> Findings:
    """Look through the raw folder for files that the ledger does not know; changes nothing.

    Args:
        project: whose raw folder, delivery mode and ledger count.
        specs: every source; their globs claim files.
        select: names of the sources to look for; none means all.
        version: of the ledger, where it is not to be read as it stands.
    """
    entries = load_ledger(project.warehouse, version=version)
    paths = _list_raw(project.raw)
    claimed: set[str] = set()
    found: list[RawFile] = []
    highest = max((entry.sequence for entry in entries), default=0)
    facts: dict[Path, ContentFacts] = {}
    repairing = {path: spec.name for spec in specs for path in paths if matches(path, spec.repair_glob)}
    for spec in specs:
        open_to = [path for path in paths if repairing.get(path, spec.name) == spec.name]
        mine = _candidates(project, spec, open_to, claimed)
        if select and spec.name not in select:
            continue
        left = find_unlisted(project.warehouse, spec.name, entries)
        highest = max(highest, *left.values(), 0)
        known = _Known(spec, entries)
        for one in mine:
            if one.absolute not in facts:
                facts[one.absolute] = read_facts(one.absolute)
            if not known.has(facts[one.absolute].sha256, one):
                found.append(_raw_file(spec, one, facts[one.absolute], left, known))
    return Findings(
        deliveries=_deliver(project, specs, found, highest),
        unclaimed=tuple(path for path in paths if path not in claimed),
    )


def load_ledger(warehouse: Path, *, version: int | None = None) -> tuple[LedgerEntry, ...]:
    """Return every entry of the ledger in the order of its numbers; none where there is no ledger yet."""
    folder = warehouse / table_path(LEDGER)
    if not (folder / "_delta_log").is_dir():
        return ()
    pinned = {"ledger": version} if version is not None else None
    rows = query_tables("select * from ledger order by sequence, source", {"ledger": folder}, versions=pinned)
    known = set(_SCHEMA.names)  # a ledger of an older version has fewer
    found = [{name: row[name] for name in row if name in known} for row in rows]
    return tuple(LedgerEntry(**{**row, "repairs": row.get("repairs") or 0}) for row in found)


def append_ledger(warehouse: Path, entries: Sequence[LedgerEntry]) -> None:
    """Write down what was taken in; one commit."""
    if not entries:
        return
    folder = warehouse / table_path(LEDGER)
    folder.parent.mkdir(parents=True, exist_ok=True)
    rows = [{name: getattr(entry, name) for name in _SCHEMA.names} for entry in entries]
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    write_deltalake(str(folder), table, mode="append", schema_mode="merge")


def mirror_ledger(warehouse: Path, pin: TablePin) -> None:
    """Keep a copy of the ledger at a version that is about to be published."""
    copy_table(warehouse / pin.path, warehouse / COPY, pin)


def recover_ledger(warehouse: Path, pin: TablePin) -> None:
    """Give the ledger back what is gone of it, from the copy."""
    fill_table(warehouse / COPY, warehouse / pin.path, pin)


def withdraw(warehouse: Path, sequences: Collection[int]) -> None:
    """Note that files have been replaced by their whole selves: their rows count no more; one commit."""
    if sequences:
        listed = ", ".join(str(number) for number in sorted(sequences))
        open_table(warehouse / table_path(LEDGER)).update(
            updates={"status": "'replaced'"}, predicate=f"sequence in ({listed})"
        )


def loaded_sequences(entries: Iterable[LedgerEntry], source: str) -> tuple[int, ...]:
    """Return the numbers of the files of `source` whose rows count."""
    return tuple(
        sorted(entry.sequence for entry in entries if entry.source == source and entry.status == "loaded")
    )


def find_unlisted(warehouse: Path, source: str, entries: Iterable[LedgerEntry]) -> dict[str, int]:
    """Return sha256 -> number of the files whose rows stand in bronze though the ledger does not list them.

    The numbers in the Delta log's own statistics answer it in almost every run; data is read only for files
    of a run that died or was rolled back.
    """
    folder = warehouse / table_path(f"bronze.{source}")
    if not (folder / "_delta_log").is_dir():
        return {}
    table = open_table(folder)
    listed = {e.sequence for e in entries if e.source == source and e.status in ("loaded", "replaced")}
    bounds = table.get_add_actions(flatten=True)
    lows, highs = bounds.column("min._sequence").to_pylist(), bounds.column("max._sequence").to_pylist()
    missing: set[int] = set()
    for low, high in zip(lows, highs, strict=True):
        if low is not None and high is not None:
            missing |= set(range(low, high + 1)) - listed
    if not missing:
        return {}
    pairs = query_tables(
        "select distinct _file_sha, _sequence from bronze where list_contains(?, _sequence)",
        {"bronze": warehouse / table_path(f"bronze.{source}")},
        [sorted(missing)],
    )
    return {row["_file_sha"]: row["_sequence"] for row in pairs}


def read_facts(path: Path) -> ContentFacts:
    """Return the digest and line counts of a file, in one pass and little memory.

    Lines are counted here apart from any reader, so that a reader that loses a line is found out.
    """
    digest = hashlib.sha256()
    size = newlines = newlines_after_content = 0
    has_content = False
    last = b"\n"
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            count = chunk.count(b"\n")
            newlines += count
            content = len(chunk.rstrip(BLANK))
            if content:
                has_content = True
                newlines_after_content = chunk.count(b"\n", content)
            else:
                newlines_after_content += count
            last = chunk[-1:]
    unended = int(last != b"\n")
    if not has_content:
        blank = newlines + unended
    elif newlines_after_content:
        blank = newlines_after_content - 1 + unended
    else:
        blank = 0
    return ContentFacts(
        sha256=digest.hexdigest(),
        size=size,
        physical_lines=newlines + unended,
        trailing_blank_lines=blank,
    )


def matches(path: str, glob: str) -> bool:
    """Say whether a path relative to the raw folder fits a contract's glob.

    `**/` is any folders or none, `[0-9]` one of some characters, `[!0-9]` one of the others.

    >>> matches("2026-04/sales.csv", "**/sales*.csv"), matches("sales.csv", "**/sales*.csv")
    (True, True)
    >>> matches("2026-04/sales.csv", "sales*.csv")
    False
    >>> matches("sales_2026.csv", "**/sales_[0-9][0-9][0-9][0-9].csv"), matches("sales_x.csv", "sales_[!a-z].csv")
    (True, False)
    """
    return re.fullmatch(_glob_pattern(glob), path) is not None


def claims(spec: SourceSpec, path: str) -> bool:
    """Say whether a raw file is of this source: one of its own files, if it has any, or one of repaired rows."""
    is_own = spec.database is None and matches(path, spec.glob)
    return is_own or matches(path, spec.repair_glob)


@lru_cache(maxsize=4096)
def _glob_pattern(glob: str) -> str:
    pieces = []
    for part in re.split(r"(\*\*/|\*\*|\*|\?|\[!?[^]/]+\])", glob.removeprefix("./")):
        known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part)
        pieces.append(known or _character_class(part) or re.escape(part))
    return "".join(pieces)


def _character_class(part: str) -> str | None:
    """Return `[0-9]` or `[!0-9]` as a regular expression; None where it is none, a range from z to a among them."""
    if not (part.startswith("[") and part.endswith("]")):
        return None
    inside = part[1:-1].replace("\\", r"\\").replace("^", r"\^")
    pattern = f"[^/{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"
    try:
        re.compile(pattern)
    except re.error:
        return None
    return pattern


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A file that one source claims."""

    path: str
    absolute: Path
    delivery: str | None
    judged_by: str


def _candidates(
    project: Project, spec: SourceSpec, paths: Sequence[str], claimed: set[str]
) -> list[_Candidate]:
    """Return the files of a source; those, and the ones beside them that hold control totals, are claimed."""
    raw = project.raw
    extracts = []
    if spec.database is not None:
        whole = None if project.config.deliveries == "single" else TOP
        extracts = [
            _Candidate(path=shown_extract(spec.name, at), absolute=at, delivery=whole, judged_by=spec.hash)
            for at in list_extracts(project.warehouse, spec.name)
        ]
    mine = [path for path in paths if claims(spec, path)]
    sides = {side for path in mine if (side := side_file(raw / path, spec.control_totals))}
    claimed.update(mine, (str(side.relative_to(raw)) for side in sides))
    return extracts + [
        _Candidate(
            path=path,
            absolute=raw / path,
            delivery=_delivery_of(project, path),
            judged_by=judged_by(spec, raw / path),
        )
        for path in mine
        if raw / path not in sides
    ]


class _Known:
    """Which files of one source the ledger has, so that a file is judged new by its content."""

    def __init__(self, spec: SourceSpec, entries: Iterable[LedgerEntry]) -> None:
        self._seen: set[tuple[str, str]] = set()
        self._loaded: dict[str, str] = {}
        self._last: dict[str, LedgerEntry] = {}  # what was loaded last, by path
        self._rejected: set[tuple[str, str, str]] = set()
        for entry in entries:
            if entry.source != spec.name or entry.status == "replaced":
                continue
            if entry.status == "rejected":
                self._rejected.add((entry.sha256, entry.path, entry.contract_hash))
                continue
            self._seen.add((entry.sha256, entry.path))
            if entry.status == "loaded":
                self._loaded.setdefault(entry.sha256, entry.path)
                self._last[entry.path] = entry

    def has(self, sha256: str, one: _Candidate) -> bool:
        """Say whether a file was taken in, or refused for reasons that still stand."""
        return (sha256, one.path) in self._seen or (sha256, one.path, one.judged_by) in self._rejected

    def beginning_of(self, one: _Candidate, size: int) -> int | None:
        """Return the number of what was taken in under a file's path, if the file goes on from exactly there."""
        before = self._last.get(one.path)
        if before is None or size <= before.size:
            return None
        with one.absolute.open("rb") as opened:
            head = hashlib.sha256()
            left = before.size
            while left and (chunk := opened.read(min(left, _CHUNK))):
                head.update(chunk)
                left -= len(chunk)
        return before.sequence if head.hexdigest() == before.sha256 else None

    def first_path(self, sha256: str) -> str | None:
        return self._loaded.get(sha256)


def _raw_file(
    spec: SourceSpec, one: _Candidate, facts: ContentFacts, left: dict[str, int], known: _Known
) -> RawFile:
    return RawFile(
        source=spec.name,
        path=one.path,
        absolute=one.absolute,
        delivery=one.delivery,
        sequence=left.get(facts.sha256, 0),
        sha256=facts.sha256,
        size=facts.size,
        arrived_at=dt.datetime.fromtimestamp(one.absolute.stat().st_mtime, tz=dt.UTC),
        physical_lines=facts.physical_lines,
        trailing_blank_lines=facts.trailing_blank_lines,
        judged_by=one.judged_by,
        resent_of=known.first_path(facts.sha256),
        in_bronze=facts.sha256 in left,
        replaces=known.beginning_of(one, facts.size),
    )


def _deliver(
    project: Project, specs: Sequence[SourceSpec], found: list[RawFile], highest: int
) -> tuple[Delivery, ...]:
    """Group new files into deliveries and number them in order: delivery, source (parents first), path."""
    rank = {spec.name: index for index, spec in enumerate(specs)}
    names = sorted({file.delivery for file in found}, key=lambda name: (name == TOP, name or ""))
    first: dict[tuple[str, str], str] = {}
    deliveries = []
    for name in names:
        files = []
        for file in sorted((f for f in found if f.delivery == name), key=lambda f: (rank[f.source], f.path)):
            before = file.resent_of or first.get((file.source, file.sha256))
            first.setdefault((file.source, file.sha256), file.path)
            sequence = 0 if before else file.sequence
            if not sequence:
                highest += 1
                sequence = highest
            files.append(
                replace(file, sequence=sequence, resent_of=before, in_bronze=file.in_bronze and not before)
            )
        deliveries.append(Delivery(name=name, files=tuple(files)))
    return tuple(deliveries)


def _delivery_of(project: Project, path: str) -> str | None:
    if project.config.deliveries == "single":
        return None
    folder, slash, _ = path.partition("/")
    return folder if slash else TOP


def _list_raw(raw: Path) -> list[str]:
    """Return every file under the raw folder, hidden ones and half-written ones (.part, .tmp) left out."""
    if not raw.is_dir():
        return []
    return sorted(
        str(path.relative_to(raw))
        for path in raw.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(raw).parts)
        and path.suffix not in (".part", ".tmp")
    )
