"""Put every derived table back to the current release, so that nothing is built on a run that died.

Bronze is append-only and stays: there the ledger decides what counts. What tells of runs and of people stays too:
the metrics of runs, failed ones among them, and the log of the quarantine. A table that no release knows is
removed; one that only other releases know
(older ones, or one that was taken back) is emptied: its old versions stay readable, and nothing finds rows in it that
do not count.
Layer: pipeline. Imports core and tables; works on Delta logs, starts no Spark.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from datatrust.core.errors import OutcomeError
from datatrust.core.kept import bring_back
from datatrust.core.release import Release, is_growing, list_releases, load_release
from pipeline.ledger import LEDGER, recover_ledger
from pipeline.tables import count_rows, find_tables, open_table


def restore_tables(
    warehouse: Path, current: Release | None, *, spare: Collection[str] = ()
) -> tuple[str, ...]:
    """Restore what differs from `current`, but for the tables in `spare`; return the names of those touched.

    Raises:
        OutcomeError: a version that the current release pins is gone.
    """
    if current is not None:
        bring_back(warehouse, current)
        if LEDGER in current.tables:
            recover_ledger(warehouse, current.tables[LEDGER])
    found = find_tables(warehouse)
    pinned = current.tables if current else {}
    touched = []
    for name, folder in found.items():
        if is_growing(name) or name in spare:
            continue
        pin = pinned.get(name)
        if pin is None:
            if not _known_to_any(warehouse, name):
                shutil.rmtree(folder)
                touched.append(name)
            elif count_rows(table := open_table(folder)) != 0:
                table.delete()
                touched.append(name)
        elif differs(folder, pin.version):
            open_table(folder).restore(pin.version)
            touched.append(name)
    missing = sorted(set(pinned) - set(found))
    if missing:
        raise OutcomeError(
            f"the current release names tables whose files are gone: {', '.join(missing)}\n"
            "  restore the warehouse from a copy, or go back: datatrust release rollback ID"
        )
    return tuple(touched)


def differs(folder: Path, version: int) -> bool:
    """Return whether the table's newest version has other files or columns than `version`."""
    newest = open_table(folder)
    if newest.version() == version:
        return False
    pinned = open_table(folder, version)
    return (
        set(pinned.file_uris()) != set(newest.file_uris())
        or pinned.schema().to_json() != newest.schema().to_json()
    )


def _known_to_any(warehouse: Path, name: str) -> bool:
    return any(name in load_release(warehouse, str(n)).tables for n in list_releases(warehouse))
