"""Hold every row of a file as the pipeline's own reader gives it, so that what is told of the file is what will be read.

The rows lie in a DuckDB database of this process, which spills into the restricted zone only and leaves nothing.
Layer: pipeline. Imports the readers and DuckDB.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from pipeline.contracts.model import ColumnSpec, ColumnType, SourceSpec
from pipeline.notation import BLANKS
from pipeline.profile.formats import FileFormat
from pipeline.readers import readers
from pipeline.readers.base import Records, Refusal
from pipeline.store import restricted_zone

_MOST_VALUES = 2_000_000  # distinct values of a column that are looked at one by one
_BATCH_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The readable rows of a file; columns are c0, c1, …, blanks around values are gone and empty ones null."""

    connection: duckdb.DuckDBPyConnection
    width: int
    count: int
    unreadable: Counter[str]  # by reason

    def values(self, place: int) -> list[str]:
        """Return the distinct values of a column, the most frequent first."""
        sql = f"select c{place} from rows where c{place} is not null group by 1 order by count(*) desc, 1 limit ?"
        return [row[0] for row in self.connection.execute(sql, [_MOST_VALUES]).fetchall()]

    def figures(self, place: int) -> tuple[int, int, int, int]:
        """Return of a column: filled rows, distinct values, the shortest and the longest value's characters."""
        found = self.connection.execute(
            f"select count(c{place}), count(distinct c{place}), min(length(c{place})), max(length(c{place})) from rows"
        ).fetchone()
        assert found is not None
        filled, distinct, shortest, longest = found
        return int(filled), int(distinct), int(shortest or 0), int(longest or 0)

    def counts(self, place: int) -> dict[str, int]:
        """Return how often each value of a column stands, the most frequent first."""
        sql = f"select c{place}, count(*) from rows where c{place} is not null group by 1 order by 2 desc, 1"
        return {str(value): int(count) for value, count in self.connection.execute(sql).fetchall()}

    def sample(self, rows: int) -> list[list[str | None]]:
        """Return some rows spread over the file, column by column; always the same ones."""
        every = max(1, self.count // rows)
        names = ", ".join(f"c{place}" for place in range(self.width))
        found = self.connection.execute(
            f"select {names} from rows where n % {every} = 0 order by n"
        ).fetchall()
        return (
            [list(column) for column in zip(*found, strict=True)]
            if found
            else [[] for _ in range(self.width)]
        )

    def distinct_rows(self) -> int:
        """Return how many rows differ in some column."""
        names = ", ".join(f"c{place}" for place in range(self.width))
        return self._count(f"select count(*) from (select distinct {names} from rows)")

    def distinct_of(self, places: Sequence[int]) -> int:
        """Return how many different combinations some columns have."""
        names = ", ".join(f"c{place}" for place in places)
        return self._count(f"select count(*) from (select distinct {names} from rows)")

    def _count(self, sql: str) -> int:
        found = self.connection.execute(sql).fetchone()
        assert found is not None
        return int(found[0])


@contextmanager
def open_rows(path: Path, told: FileFormat, *, shown: str, warehouse: Path) -> Iterator[Rows]:
    """Read a whole file and hold its rows.

    Raises:
        UserError: the reader refuses the file.
    """
    spec = text_spec(told)
    reader = readers()[told.reader]
    layout = reader.layout(path, spec)
    if isinstance(layout, Refusal):
        raise UserError(Issue(code="DT494", message=f"{shown}: {layout.reason}"))
    with tempfile.TemporaryDirectory(dir=restricted_zone(warehouse), prefix="profile-") as scratch:
        connection = duckdb.connect(config={"temp_directory": scratch, "memory_limit": "2GB"})
        try:
            yield _load(connection, reader.read(path, layout, spec), len(told.fields))
        finally:
            connection.close()


def text_spec(told: FileFormat) -> SourceSpec:
    """Return a source that reads every field of a file as text."""
    columns = tuple(
        ColumnSpec(name=f"c{place}", header=header, type=ColumnType(kind="string"))
        for place, header in enumerate(told.fields)
    )
    return SourceSpec(
        name="profiled",
        version="0",
        title="profiled",
        owner=None,
        file="",
        hash="",
        glob="",
        reader=told.reader,
        reader_options=told.options,
        columns=columns,
        key=(),
        sequence=None,
        load_mode="append",
        duplicates="keep",
        silver_table="",
        quarantine_table=None,
        rules=(),
        foreign_keys=(),
    )


def _load(connection: duckdb.DuckDBPyConnection, batches: Iterator[Records], width: int) -> Rows:
    names = [f"c{place}" for place in range(width)]
    connection.execute(f"create table rows (n bigint, {', '.join(f'{name} varchar' for name in names)})")
    cleaned = ", ".join(f"nullif(trim({name}, ?), '')" for name in names)
    unreadable: Counter[str] = Counter()
    count = 0
    for records in batches:
        good = [place for place, reason in enumerate(records.reason) if reason is None]
        unreadable.update(reason for reason in records.reason if reason is not None)
        columns = [list(values) for values in records.values]
        for start in range(0, len(good), _BATCH_ROWS):
            part = good[start : start + _BATCH_ROWS]
            batch = pa.table(
                {
                    "n": pa.array(range(count, count + len(part)), pa.int64()),
                    **{
                        name: pa.array([values[place] for place in part], pa.string())
                        for name, values in zip(names, columns, strict=True)
                    },
                }
            )
            count += len(part)
            connection.register("batch", batch)
            connection.execute(f"insert into rows select n, {cleaned} from batch", [BLANKS] * width)
            connection.unregister("batch")
    return Rows(connection=connection, width=width, count=count, unreadable=unreadable)
