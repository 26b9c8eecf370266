"""What both Spark engines share: temporary views of pinned Delta versions in a session of their own.

Read-only by a check of each statement; rows are cut by a limit; a statement whose time is over is cancelled. What
Spark says of a failure can quote a value of a row, so only its condition is passed on.
PySpark is imported when an engine is opened, never before.
Layer: semantic.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from datatrust.core.errors import EngineError, FilesGone, Stopped, TooLarge
from datatrust.core.kept import table_folder
from datatrust.core.release import Release
from datatrust.core.retired import hold_release
from datatrust.core.stopping import interrupting
from semantic.engines._statement import point_tables
from semantic.engines.base import RawResult, gone_message, too_slow
from semantic.schema import Schema

_TOO_LARGE = (
    "ARITHMETIC_OVERFLOW",
    "NUMERIC_VALUE_OUT_OF_RANGE",
    "CAST_OVERFLOW",
    "DECIMAL_PRECISION_EXCEEDS",
)
_GONE = ("FAILED_READ_FILE", "PATH_NOT_FOUND", "DELTA_", "FILE_NOT_EXIST", "CANNOT_READ_FILE")
_LOST = (".parquet", "FileNotFound", "_delta_log")  # in Java's words, where Spark has none of its own
_NAMED = re.compile(r"\[([A-Z][A-Z_]+(?:\.[A-Z_]+)*)\]")
_CANCEL_SECONDS = 0.3  # a job that starts after its time is over is stopped as soon

for _talker in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
    logging.getLogger(_talker).setLevel(logging.CRITICAL + 1)  # they print a trace, values of rows in it


class SparkEngine:
    """Views over the pinned versions of a release, made when a query first needs them.

    Args:
        session: of this engine alone, so that its views and settings are nobody else's.
        mark: called before a statement with a word that stands for it, and with None after it.
        cancel: stops the statement of that word.
        stop: lets go of the session, after its views.
    """

    name = "spark"
    dialect = "spark"

    def __init__(
        self,
        session: Any,
        *,
        warehouse: Path,
        release: Release,
        tables: tuple[str, ...],
        timezone: str,
        mark: Callable[[str | None], None],
        cancel: Callable[[str], None],
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        self.release_id = release.id
        self._hold = hold_release(warehouse, release)
        self._release = release
        self._warehouse = warehouse
        self._session = session
        self._mark, self._cancel, self._stop = mark, cancel, stop
        self._pins = {table: release.tables[table] for table in tables if table in release.tables}
        self._zone = ZoneInfo(timezone)
        self._views: dict[str, str] = {}  # table -> its view, quoted
        self._guard = threading.Lock()
        self._schema: Schema | None = None
        for name, value in _settings(timezone).items():
            session.conf.set(name, value)

    def schema(self) -> Schema:
        """Return the columns that the release names; where it names none, those of the Delta version."""
        if self._schema is None:
            self._schema = Schema.of(
                {table: pin.columns or self._read(table).dtypes for table, pin in self._pins.items()}
            )
        return self._schema

    def versions(self, tables: Iterable[str]) -> Mapping[str, int | str]:
        """Return the Delta version of each table."""
        return {table: self._pins[table].version for table in tables if table in self._pins}

    def run(self, sql: str, *, tables: Iterable[str], max_rows: int, timeout_seconds: float) -> RawResult:
        """Run one statement on the pinned versions of `tables`."""
        views = {table: self._view(table) for table in tables}
        text = point_tables(sql, views, self.dialect)
        word = uuid.uuid4().hex
        done, overdue = threading.Event(), threading.Event()

        def watch() -> None:
            if not done.wait(timeout_seconds):
                overdue.set()
                self._cancel(word)
                while not done.wait(_CANCEL_SECONDS):
                    self._cancel(word)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            self._mark(word)
            with interrupting(lambda: self._cancel(word)):
                frame = self._session.sql(text)
                columns = tuple(frame.columns)
                rows = [tuple(row) for row in frame.limit(max_rows + 1).collect()]
        except Stopped:
            raise
        except Exception as error:
            if overdue.is_set():
                raise too_slow(timeout_seconds, sql) from None
            raise _typed(error, sql) from None
        finally:
            done.set()
            watcher.join()
            self._mark(None)
        kept = tuple(tuple(self._plain(value) for value in row) for row in rows[:max_rows])
        return RawResult(columns=columns, rows=kept, truncated=len(rows) > max_rows)

    def close(self) -> None:
        """Let go of the release, the views and the session; its process stays for the next engine."""
        self._hold.close()
        for view in self._views.values():
            self._session.catalog.dropTempView(view.strip("`"))
        self._views.clear()
        self._stop()

    def _view(self, table: str) -> str:
        with self._guard:
            if table not in self._views:
                if table not in self._pins:
                    raise EngineError(f"release {self.release_id} has no table {table}")
                name = f"release {self.release_id} {table}"  # no part of a statement is called so
                self._read(table).createOrReplaceTempView(f"`{name}`")
                self._views[table] = f"`{name}`"
            return self._views[table]

    def _read(self, table: str) -> Any:
        pin = self._pins[table]
        folder = table_folder(self._warehouse, self._release, pin).resolve()
        try:
            frame = self._session.read.format("delta").option("versionAsOf", pin.version).load(str(folder))
            frame.dtypes  # noqa: B018  (Spark Connect looks at a table only when it has to)
        except Exception as error:
            if "PATH" not in _condition(error) and "delta" not in str(error).lower():
                raise _typed(error, None) from None
            raise FilesGone(
                gone_message(self.release_id, table, pin, "that version is gone or damaged")
            ) from None
        return frame

    def _plain(self, value: Any) -> Any:
        """Moments come in this machine's own time, without saying so."""
        if isinstance(value, dt.datetime) and value.tzinfo is None:
            return value.astimezone(self._zone)
        return value


def _settings(timezone: str) -> dict[str, str]:
    """Of the engine's session: exact, in the catalog's time, and sized for questions rather than for loads."""
    return {
        "spark.sql.session.timeZone": timezone,
        "spark.sql.ansi.enabled": "true",
        "spark.sql.decimalOperations.allowPrecisionLoss": "true",  # what the compiler's casts are made for
        "spark.sql.shuffle.partitions": str(max(1, min(os.cpu_count() or 1, 16))),
        "spark.sql.caseSensitive": "false",
    }


def _condition(error: Exception) -> str:
    """Spark's own word for what went wrong; a failed task's stands in the text of the failed job."""
    get = getattr(error, "getCondition", None)
    found = get() if callable(get) else None
    if not found and (named := _NAMED.search(str(error))):
        found = named[1]
    return str(found or type(error).__name__)


def _typed(error: Exception, sql: str | None) -> EngineError:
    condition = _condition(error)
    if condition.startswith(_TOO_LARGE):
        return TooLarge(
            f"a number is too large to be computed exactly, so none is given ({condition})", sql=sql
        )
    if any(word in condition for word in _GONE) or any(word in str(error) for word in _LOST):
        return FilesGone(
            "a data file of this release is damaged or gone; choose another release (datatrust release list)",
            sql=sql,
        )
    return EngineError(f"Spark refused the statement: {condition}", sql=sql)
