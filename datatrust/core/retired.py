"""Retire releases: their files may go, their manifest stays and says so; a release that somebody reads is not retired.

A reader holds its release by a shared lock of the operating system on the manifest's own file: no file is written,
so a reader of a read-only warehouse can, and a killed reader leaves nothing behind. Who retires a release must have
that lock alone, so an open chat keeps every file that it may still ask for. The manifest of a retired release
stays where it is, because instants are looked up among all releases: without it, a question as of that day would be answered
by an older release, silently.
Layer: core. Knows manifests; opens no table.
"""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import os
import weakref
from dataclasses import dataclass
from pathlib import Path

from datatrust.core.errors import FilesGone
from datatrust.core.jsonio import dumps, loads
from datatrust.core.release import FOLDER, Release, load_release

NOTES = "retired"  # folder of the notes, beside the manifests
_NO_LOCKS = (errno.ENOTSUP, errno.ENOSYS, errno.ENOLCK)


@dataclass(frozen=True, kw_only=True)
class RetiredNote:
    """When and why the files of a release were given up."""

    at: dt.datetime
    reason: str
    same_rows_in: int | None = None  # a release that holds the same rows in other files


class ReleaseHold:
    """A reader's claim on a release; it ends with `close`, with the object, or with the process."""

    def __init__(self, descriptor: int | None) -> None:
        self._end = weakref.finalize(self, os.close, descriptor) if descriptor is not None else None

    def close(self) -> None:
        """Give the release up; closing twice does nothing."""
        if self._end is not None:
            self._end()


def hold_release(warehouse: Path, release: Release) -> ReleaseHold:
    """Claim a release for reading: while the hold is open it is not retired.

    A candidate, which nobody can see yet, needs no hold, and a file system without locks gives none: there the
    days of the retention policy alone protect a reader.

    Raises:
        FilesGone: it has been retired.
    """
    try:
        descriptor = os.open(_manifest(warehouse, release.number), os.O_RDONLY)
    except FileNotFoundError:
        return ReleaseHold(None)
    hold = ReleaseHold(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            hold.close()
            raise
    try:
        refuse_retired(warehouse, release)
    except FilesGone:
        hold.close()
        raise
    return hold


def is_held(warehouse: Path, number: int) -> bool:
    """Return whether somebody reads a release at this moment."""
    descriptor = _lock_alone(warehouse, number)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def retire_release(warehouse: Path, number: int, note: RetiredNote) -> bool:
    """Note that a release's files may go; False where a reader holds it, then nothing is noted.

    The caller makes sure that the release is neither current nor kept.
    """
    descriptor = _lock_alone(warehouse, number)
    if descriptor is None:
        return False
    try:
        target = _note(warehouse, number)
        target.parent.mkdir(exist_ok=True)
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        temporary.write_text(dumps(note, indent=1) + "\n", encoding="utf-8")
        temporary.replace(target)
    finally:
        os.close(descriptor)
    return True


def load_retired(warehouse: Path, number: int) -> RetiredNote | None:
    """Return when and why a release was retired; None where it was not."""
    try:
        written = loads(_note(warehouse, number).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return RetiredNote(
        at=dt.datetime.fromisoformat(written["at"]),
        reason=written["reason"],
        same_rows_in=written["same_rows_in"],
    )


def refuse_retired(warehouse: Path, release: Release) -> None:
    """Refuse a release that has been retired.

    Raises:
        FilesGone: it has been; says since when, why, and where to look instead.
    """
    note = load_retired(warehouse, release.number)
    if note is not None:
        raise FilesGone(retired_words(warehouse, release.id, note))


def retired_words(warehouse: Path, release: str, note: RetiredNote) -> str:
    """Say that a release was retired, why, and what to ask instead."""
    same = note.same_rows_in
    while same is not None and (later := load_retired(warehouse, same)) is not None:
        same = later.same_rows_in
    instead = (
        f"release {same:06d} has the same rows: --as-of {same}"
        if same is not None
        else "choose another: datatrust release list"
    )
    return (
        f"release {release} was retired on {note.at.date().isoformat()} ({note.reason}): its files are given up\n"
        f"  {instead}   (a kept release is never retired: datatrust release keep ID)"
    )


def original_number(warehouse: Path, release: Release) -> int:
    """Return the number of the release whose rows this one holds in other files: its own where it brought rows."""
    while release.compacts is not None:
        release = load_release(warehouse, str(release.compacts))
    return release.number


def _manifest(warehouse: Path, number: int) -> Path:
    return warehouse / FOLDER / f"{number:06d}.json"


def _note(warehouse: Path, number: int) -> Path:
    return warehouse / FOLDER / NOTES / f"{number:06d}.json"


def _lock_alone(warehouse: Path, number: int) -> int | None:
    """Return the manifest's descriptor, locked against readers; None where one holds it."""
    descriptor = os.open(_manifest(warehouse, number), os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return descriptor
        os.close(descriptor)
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return None
    return descriptor
