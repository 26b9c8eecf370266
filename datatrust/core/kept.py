"""The files behind a release: say which are gone, and keep a release replayable whatever is cleaned up beside it.

For each table a kept release has a folder of its own: the data files of the pinned version and the Delta log up
to it, as hard links where the file system has them (no byte is stored twice, and a file is gone only when its
last name is), as copies elsewhere. Readers of a kept release read there. Restricted tables are kept inside the
restricted zone. The note that says who, when and why is written last: without it nothing counts as kept.
Tables that only grow are not kept: the kept ledger says which of their rows count.
Refuses a release whose files are gone.
Layer: core. Reads Delta logs by deltalake; writes below `kept` alone.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import fcntl
import getpass
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from datatrust.core.errors import DataTrustError, FilesGone, OutcomeError, UserError
from datatrust.core.issues import Issue
from datatrust.core.jsonio import dumps, loads
from datatrust.core.release import (
    RESTRICTED,
    Release,
    TablePin,
    is_growing,
    list_releases,
    load_release,
    next_number,
    publish_release,
)
from datatrust.core.retired import load_retired, refuse_retired

FOLDER = "kept"
NOTES = "kept.json"
_LOG_ENTRY = re.compile(r"(\d{20})\.(?:json|checkpoint(?:\.\d{10}\.\d{10})?\.parquet)")
_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS)


@dataclass(frozen=True, kw_only=True)
class KeepNote:
    """Who asked for a release to be kept, when, and why."""

    by: str
    at: dt.datetime
    reason: str | None = None


def keep_release(warehouse: Path, wanted: str, *, reason: str | None = None) -> Release:
    """Keep a release's files; one that is kept already gets another note. Needs no lock.

    Args:
        wanted: an id or an instant, as `load_release` takes it.
        reason: why, for those who find it later.

    Raises:
        UnknownName: there is no such release.
        FilesGone: it was retired, or files of it have been removed, now or before; nothing was kept.
    """
    release = load_release(warehouse, wanted)
    note = KeepNote(by=_user(), at=dt.datetime.now(tz=dt.UTC), reason=reason)
    with one_at_a_time(warehouse):
        refuse_retired(warehouse, release)
        if is_kept(warehouse, release.number):
            _write_notes(_home(warehouse, release.number), (*load_notes(warehouse, release.number), note))
        else:
            _keep_files(warehouse, release, note)
    return release


def undo_keep(warehouse: Path, wanted: str) -> Release:
    """Let clean-up have the files of a kept release again.

    Raises:
        UserError: there is no such release, or it is not kept.
        OutcomeError: the current release reads these files, and the tables themselves have them no more.
    """
    release = load_release(warehouse, wanted)
    if not is_kept(warehouse, release.number):
        hint = "list them: datatrust release list"
        raise UserError(Issue(code="DT123", message=f"release {release.id} is not kept", hint=hint))
    current = load_release(warehouse)
    if _kept_number(warehouse, current) == release.number and any(
        _missing(warehouse / pin.path, pin) for name, pin in current.tables.items() if not is_growing(name)
    ):
        raise OutcomeError(
            f"release {current.id} is current and reads the kept files of {release.id}; they stay\n"
            "  publish another release first: datatrust pipeline run, or datatrust release rollback ID"
        )
    with one_at_a_time(warehouse):
        (_home(warehouse, release.number) / NOTES).unlink(missing_ok=True)  # from here on it is not kept
        for zone in ("", RESTRICTED):
            shutil.rmtree(_home(warehouse, release.number, zone), ignore_errors=True)
    return release


def is_kept(warehouse: Path, number: int) -> bool:
    """Return whether the release with this number is kept."""
    return (_home(warehouse, number) / NOTES).is_file()


def load_notes(warehouse: Path, number: int) -> tuple[KeepNote, ...]:
    """Return why a release is kept, oldest note first; none where it is not kept."""
    try:
        written = loads((_home(warehouse, number) / NOTES).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    return tuple(
        KeepNote(by=note["by"], at=dt.datetime.fromisoformat(note["at"]), reason=note["reason"])
        for note in written
    )


def table_folder(warehouse: Path, release: Release, pin: TablePin) -> Path:
    """Return where to read a pinned table: in the kept copy of its release where there is one."""
    number = _kept_number(warehouse, release)
    if number is not None and (kept := kept_folder(warehouse, number, pin)).is_dir():
        return kept
    return warehouse / pin.path


def kept_folder(warehouse: Path, number: int, pin: TablePin) -> Path:
    """Return the folder that a table has in the kept copy of a release, kept or not.

    >>> kept_folder(Path("w"), 3, TablePin(path="restricted/quarantine", version=1)).as_posix()
    'w/restricted/kept/000003/quarantine'
    """
    zone, _, rest = pin.path.partition("/")
    return (
        _home(warehouse, number, zone) / rest if zone == RESTRICTED else _home(warehouse, number) / pin.path
    )


def find_gone(warehouse: Path, release: Release) -> dict[str, str]:
    """Return what is gone of a release: table -> why it cannot be read; tables that only grow are not asked.

    Of a retired one every table counts as gone, whether clean-up has come to its files yet or not.
    """
    if load_retired(warehouse, release.number) is not None:
        return {name: "the release was retired" for name in sorted(release.tables) if not is_growing(name)}
    found = {}
    for name, pin in sorted(release.tables.items()):
        if not is_growing(name) and (why := _missing(table_folder(warehouse, release, pin), pin)):
            found[name] = why
    return found


def rollback_release(warehouse: Path, wanted: str) -> Release:
    """Publish a new release that has the tables of an old one; return it. The current one need not be readable.

    Raises:
        UnknownName: there is no such release.
        FilesGone: its files have been removed; the current release stays.
    """
    old = load_release(warehouse, wanted)
    _refuse_gone(warehouse, old)
    new = replace(
        old,
        number=next_number(warehouse),
        parent=list_releases(warehouse)[-1],
        restores=old.number,
        compacts=None,
        created_at=dt.datetime.now(tz=dt.UTC),
    )
    publish_release(warehouse, new)
    return new


def bring_back(warehouse: Path, release: Release) -> None:
    """Give the tables of a kept release the files back that clean-up has taken; of others, do nothing."""
    number = _kept_number(warehouse, release)
    if number is None:
        return
    for pin in release.tables.values():
        fill_table(kept_folder(warehouse, number, pin), warehouse / pin.path, pin)


def fill_table(copy: Path, folder: Path, pin: TablePin) -> None:
    """Give a table the files of a version back that it has lost, from a copy made by `copy_table`.

    Log entries are only put in front of those that are there: a table's own history is never mixed with another.
    """
    if not copy.is_dir():
        return
    oldest = min((version for version, _ in _log_entries(folder)), default=pin.version + 1)
    for version, entry in _log_entries(copy):
        if version < oldest:
            _link(entry, folder / entry.relative_to(copy))
    for file in _data_files(copy, pin):
        if not (folder / file).exists():
            _link(copy / file, folder / file)


def copy_table(source: Path, target: Path, pin: TablePin) -> None:
    """Link one version of a table, with the log up to it, into another folder; what is there already stays.

    Raises:
        FilesGone: files of that version are gone.
    """
    try:
        for version, entry in _log_entries(source):
            if version <= pin.version:
                _link(entry, target / entry.relative_to(source))
        for file in _data_files(source, pin):
            _link(source / file, target / file)
    except FileNotFoundError:
        raise _gone(f"{pin.path}: files of version {pin.version} are gone") from None
    if why := _missing(target, pin):
        raise _gone(f"{pin.path}: {why}")


def _keep_files(warehouse: Path, release: Release, note: KeepNote) -> None:
    """Link every table, and write the note last: a copy without one does not count and is made anew."""
    homes = [_home(warehouse, release.number, zone) for zone in ("", RESTRICTED)]
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)
    try:
        for name, pin in sorted(release.tables.items()):
            if not is_growing(name):
                source = table_folder(warehouse, release, pin)
                copy_table(source, kept_folder(warehouse, release.number, pin), pin)
        _write_notes(homes[0], (note,))
    except BaseException:
        for home in homes:
            shutil.rmtree(home, ignore_errors=True)
        raise


def _refuse_gone(warehouse: Path, release: Release) -> None:
    refuse_retired(warehouse, release)
    if gone := find_gone(warehouse, release):
        listed = "; ".join(f"{name}: {why}" for name, why in gone.items())
        raise _gone(f"release {release.id} cannot be read any more: {listed}")


def _gone(message: str) -> FilesGone:
    return FilesGone(
        f"{message}\n  choose another: datatrust release list   (a kept release outlives clean-up)"
    )


def _missing(folder: Path, pin: TablePin) -> str | None:
    """Return why a version cannot be read, or None. Files are looked for, not opened."""
    try:
        gone = sum(not (folder / file).is_file() for file in _data_files(folder, pin))
    except FileNotFoundError as error:
        return str(error)
    return f"{gone} files of version {pin.version} are gone" if gone else None


def _data_files(folder: Path, pin: TablePin) -> list[str]:
    """Return the files of a version, relative to the table's folder.

    Raises:
        FileNotFoundError: the log does not know that version any more, or cannot be read.
    """
    try:
        table = DeltaTable(str(folder), version=pin.version)
        paths = table.get_add_actions(flatten=True).column("path").to_pylist()
    except (DeltaError, OSError, ValueError):
        raise FileNotFoundError(f"version {pin.version} is gone or its Delta log is damaged") from None
    return [unquote(str(path)) for path in paths]


def _log_entries(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield the entries and checkpoints of a table's log with their version."""
    for file in sorted((folder / "_delta_log").glob("*")):
        if found := _LOG_ENTRY.fullmatch(file.name):
            yield int(found.group(1)), file


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, or a copy of its own where the file system cannot."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copy2(source, target)


def _kept_number(warehouse: Path, release: Release) -> int | None:
    """Return the number of the kept release that has these tables: this one, or the one that it brings back."""
    while not is_kept(warehouse, release.number):
        if release.restores is None:
            return None
        try:
            release = load_release(warehouse, str(release.restores))
        except DataTrustError:
            return None
    return release.number


def _home(warehouse: Path, number: int, zone: str = "") -> Path:
    return warehouse / zone / FOLDER / f"{number:06d}"


@contextlib.contextmanager
def one_at_a_time(warehouse: Path) -> Iterator[None]:
    """Let one process change what is kept, or clean up beside it; the lock is gone with its holder."""
    folder = warehouse / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write_notes(home: Path, notes: tuple[KeepNote, ...]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    temporary = home / f".{NOTES}.{os.getpid()}"
    temporary.write_text(dumps(notes, indent=1) + "\n", encoding="utf-8")
    temporary.replace(home / NOTES)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
