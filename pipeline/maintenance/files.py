"""Find the files of a table that no needed version names, and remove them: Delta's VACUUM, by release in place of by time.

VACUUM spares what the newest version names and what was replaced lately; a release may pin an old version for years.
So the file lists of all needed versions are read from the Delta log first, and only what stands in none of them
goes. A file that no commit names may belong to a commit in the making: it goes when it is old. Log entries go where a checkpoint
before the oldest needed version makes them idle, as Delta itself would drop them.
Refuses a table of which a needed version cannot be read: what that one needs is then unknown.
Layer: pipeline. Imports tables; works on folders and Delta logs, starts no Spark.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from pipeline.tables import open_table

LOG = "_delta_log"
_ENTRY = re.compile(r"\.?(\d{20})\.")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\.parquet")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What a table's folder holds, log and all."""

    files: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What can go from one folder. `frees` leaves out files that have another name, in a kept release."""

    folder: Path
    data: tuple[Path, ...]
    log: tuple[Path, ...]
    frees: int  # bytes

    @property
    def files(self) -> int:
        return len(self.data)


def measure_folder(folder: Path) -> Stored:
    """Return how many files lie under a table's folder and their bytes."""
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    return Stored(files=len(sizes), bytes=sum(sizes))


def file_sizes(folder: Path, version: int | None = None) -> dict[str, int]:
    """Return the data files of a version and their bytes, by path relative to the folder.

    Raises:
        OutcomeError: the version is gone or its log is damaged.
    """
    actions = open_table(folder, version).get_add_actions(flatten=True)
    paths, sizes = actions.column("path").to_pylist(), actions.column("size_bytes").to_pylist()
    return {unquote(str(path)): int(size) for path, size in zip(paths, sizes, strict=True)}


def plan_sweep(folder: Path, needed: Collection[int], *, orphan_hours: float, now: dt.datetime) -> Sweep:
    """Return what can go from `folder`, given the versions that are needed; its newest version always is.

    Raises:
        OutcomeError: a needed version cannot be read.
    """
    newest = int(open_table(folder).version())
    versions = {*needed, newest}
    named = {path for version in versions for path in file_sizes(folder, version)}
    committed = _committed(folder)
    young = now.timestamp() - orphan_hours * 3600
    data = tuple(
        file
        for file in _data_files(folder)
        if (path := file.relative_to(folder).as_posix()) not in named
        and (path in committed or file.stat().st_mtime < young)
    )
    return Sweep(
        folder=folder,
        data=data,
        log=tuple(_idle_entries(folder, min(versions))),
        frees=sum(stat.st_size for file in data if (stat := file.stat()).st_nlink == 1),
    )


def carry_out(sweep: Sweep) -> None:
    """Remove what was planned; what is gone already does not matter."""
    for file in (*sweep.data, *sweep.log):
        file.unlink(missing_ok=True)
        file.with_name(f".{file.name}.crc").unlink(missing_ok=True)  # Hadoop's checksum beside it


def _data_files(folder: Path) -> Iterator[Path]:
    """Yield the data files under a folder; what begins with "_" or "." is not data to Delta either."""
    for file in sorted(folder.rglob("*.parquet")):
        if not any(part[0] in "_." for part in file.relative_to(folder).parts):
            yield file


def _committed(folder: Path) -> set[str]:
    """Return every path that a commit in the log adds or removes: such a file is no other writer's work in progress."""
    found = set()
    for entry in (folder / LOG).glob("*.json"):
        for line in entry.read_text(encoding="utf-8").splitlines():
            if not line.startswith(('{"add"', '{"remove"')):
                continue
            action = json.loads(line)
            found.add(unquote(str((action.get("add") or action["remove"])["path"])))
    return found


def _idle_entries(folder: Path, oldest_needed: int) -> Iterator[Path]:
    """Yield log entries before the last checkpoint that the oldest needed version can be read from."""
    log = folder / LOG
    checkpoints = [int(found[1]) for file in log.iterdir() if (found := _CHECKPOINT.fullmatch(file.name))]
    usable = [version for version in checkpoints if version <= oldest_needed]
    if not usable:
        return
    for file in sorted(log.iterdir()):
        if (found := _ENTRY.match(file.name)) and int(found[1]) < max(usable):
            yield file
