"""Let a fault in one source cost that source only: its tables go back to where they stood, the others go on.

What has failed keeps its last state, whole: nothing of it is new in the ledger, so its files are tried again in
the next run, and rows that reached bronze are adopted then. The last state of a source whose contract or parents
have changed stands for nothing any more; its fault stops the run, and the last release serves.
Layer: pipeline. Imports contracts, ledger, store, tables and work; works on Delta logs.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from deltalake import DeltaTable

from datatrust.core.errors import DataTrustError
from pipeline.contracts.model import SourceSpec
from pipeline.outside import is_disk_fault
from pipeline.store import exists
from pipeline.tables import table_path, table_version
from pipeline.work import Work


class Isolation:
    """Versions of the derived tables as they stood before a delivery."""

    def __init__(self, warehouse: Path, specs: Iterable[SourceSpec]) -> None:
        self._warehouse = warehouse
        self._before = {name: self._version(name) for spec in specs for name in _tables(spec)}

    def attempt(self, step: Callable[[Work], None], work: Work) -> None:
        """Do one step of one source; a fault of it is noted, its tables are put back.

        Raises:
            Exception: the disk refuses, or the source cannot stay as it was.
        """
        if work.failure is not None:
            return
        try:
            step(work)
        except Exception as error:
            if work.is_bound or is_disk_fault(error, self._warehouse):
                raise
            work.fail(error)
            for name in _tables(work.spec):
                self._put_back(name)

    def _version(self, name: str) -> int | None:
        return table_version(self._warehouse / table_path(name)) if exists(self._warehouse, name) else None

    def _put_back(self, name: str) -> None:
        before, folder = self._before[name], self._warehouse / table_path(name)
        if before is None:
            shutil.rmtree(folder, ignore_errors=True)
        elif self._version(name) != before:
            DeltaTable(str(folder)).restore(before)


def fault_of(error: Exception) -> str:
    """Return what went wrong in words that quote no value of a row."""
    from pyspark.errors import PySparkException

    if isinstance(error, PySparkException):
        return f"Spark failed: {error.getCondition() or type(error).__name__}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, DataTrustError):
        return str(error).splitlines()[0]
    return f"an unexpected {type(error).__name__}"


def _tables(spec: SourceSpec) -> tuple[str, ...]:
    return tuple(name for name in (spec.silver_table, spec.quarantine_table) if name is not None)
