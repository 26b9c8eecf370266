"""Write raw files to bronze: every field as text, with file, line and what could not be read; append-only.

One commit holds all new files of a source in a delivery, so that a file is in bronze whole or not at all. Files
that a dead run has written are not written again: the ledger finds them by their content.
Layer: pipeline. Imports core, contracts, readers, ledger and store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datatrust.core.spreadsheet import DEFUSED_PATTERN
from pipeline.contracts.model import SourceSpec
from pipeline.ledger import RawFile, matches
from pipeline.readers import readers
from pipeline.readers.base import ArrowTexts, Extent, Layout, Records, Refusal, cap_of
from pipeline.repair import carries_references, reading_spec
from pipeline.store import BRONZE_PROPERTIES, append
from pipeline.totals import check_totals

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

# Before the contract's columns, so that Delta keeps their bounds for every file.
META = (
    ("_sequence", "bigint"),
    ("_line", "bigint"),
    ("_span", "int"),
    ("_gap", "int"),
    ("_file_sha", "string"),
    ("_file", "string"),
    ("_rescue_reason", "string"),
    ("_rescued", "string"),
    ("_extra", "string"),
)
ROW_HASH = "_row_hash"
_WHOLE_STATE = "a snapshot is the whole state: it is repaired by a corrected one, not row by row"
_ABSENT = "\x00"
_BETWEEN = "\x1f"


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """A new file after its head was read: with a layout it is loaded, with a refusal it is not."""

    file: RawFile
    outcome: Layout | Refusal


def bronze_table(spec: SourceSpec) -> str:
    """Return the name of a source's bronze table."""
    return f"bronze.{spec.name}"


def inspect(spec: SourceSpec, files: Iterable[RawFile]) -> tuple[Inspected, ...]:
    """Look at new files; one that vanished or cannot be opened is refused, not fatal.

    Where control totals do not agree only the refused ones are returned: the others stay new, for a later run.
    """
    found = []
    for file in files:
        if spec.load_mode == "snapshot" and matches(file.path, spec.repair_glob):
            found.append(Inspected(file=file, outcome=Refusal(reason=_WHOLE_STATE)))
            continue
        try:
            found.append(_inspect_one(reading_spec(spec, file.path, file.absolute), file))
        except OSError as error:
            outcome = Refusal(reason=f"it cannot be opened: {error.strerror}")
            found.append(Inspected(file=file, outcome=outcome))
    if any(isinstance(one.outcome, Refusal) and one.outcome.stops_source for one in found):
        return tuple(one for one in found if isinstance(one.outcome, Refusal))
    return tuple(found)


def _inspect_one(spec: SourceSpec, file: RawFile) -> Inspected:
    reader = readers()[spec.reader]
    cap = cap_of(spec.reader_options, "maxFileBytes")
    if file.size > cap:
        reason = f"it has {file.size:,} bytes, more than the {cap:,} that one file may have (maxFileBytes)"
        return Inspected(file=file, outcome=Refusal(reason=reason))
    outcome = reader.layout(file.absolute, spec)
    if reader.count is not None:
        extent = Extent(lines=0) if isinstance(outcome, Refusal) else reader.count(file.absolute, spec)
        file = replace(file, physical_lines=extent.lines, trailing_blank_lines=extent.trailing_blank)
    if isinstance(outcome, Layout):
        outcome = check_totals(spec, file.absolute, outcome) or outcome
    return Inspected(file=file, outcome=outcome)


def write_bronze(spark: SparkSession, warehouse: Path, spec: SourceSpec, loaded: Sequence[Inspected]) -> None:
    """Append the records of laid-out files in one commit; files whose rows are there already are passed over."""
    fresh = [one for one in loaded if not one.file.in_bronze]
    own = [one for one in fresh if not _is_repair(one)]
    frames = [_read_files(spark, spec, own)] if own else []
    for one in fresh:
        if _is_repair(one):
            frames.append(_read_files(spark, reading_spec(spec, one.file.path, one.file.absolute), [one]))
    if frames:
        rows = reduce(lambda a, b: a.unionByName(b), frames)
        append(warehouse, bronze_table(spec), rows, BRONZE_PROPERTIES)


def _is_repair(one: Inspected) -> bool:
    return isinstance(one.outcome, Layout) and carries_references(one.outcome)


def _read_files(spark: SparkSession, spec: SourceSpec, files: Sequence[Inspected]) -> DataFrame:
    from pyspark.sql import functions as F  # noqa: N812

    tasks = [
        (str(one.file.absolute), one.file.path, one.file.sha256, one.file.sequence, one.outcome.to_json())
        for one in sorted(files, key=lambda one: -one.file.size)
        if isinstance(one.outcome, Layout)
    ]
    slots = max(1, spark.sparkContext.defaultParallelism)
    spread = [task for slot in range(slots) for task in tasks[slot::slots]]
    names = [column.name for column in spec.columns]
    schema = ", ".join([f"{name} {kind}" for name, kind in META] + [f"`{name}` string" for name in names])

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from _read_batches(batches, spec)

    frame = spark.createDataFrame(
        spread, "absolute string, path string, sha string, sequence bigint, layout string"
    ).mapInArrow(read, schema)
    if _is_repair(files[0]):
        frame = _without_apostrophes(frame, names)
    absent = F.lit(_ABSENT)
    hashed = [F.coalesce(F.btrim(F.col(name)), absent) for name in names]
    row_hash = F.sha2(F.concat_ws(_BETWEEN, F.coalesce("_rescued", absent), *hashed), 256)
    return frame.select(*[name for name, _ in META], row_hash.alias(ROW_HASH), *names)


def _without_apostrophes(rows: DataFrame, columns: Iterable[str]) -> DataFrame:
    """Take away the apostrophes that the export put before texts that look like formulas."""
    from pyspark.sql import functions as F  # noqa: N812

    return rows.withColumns({name: F.regexp_replace(f"`{name}`", DEFUSED_PATTERN, "") for name in columns})


def _read_batches(batches: Iterator[pa.RecordBatch], spec: SourceSpec) -> Iterator[pa.RecordBatch]:
    """Run on Spark's workers: read each listed file and give its records as Arrow batches."""
    names = [column.name for column in spec.columns]
    for batch in batches:
        for task in batch.to_pylist():
            layout = Layout.from_json(task["layout"])
            for records in readers()[spec.reader].read(Path(task["absolute"]), layout, spec):
                if records.line:
                    yield _to_arrow(records, task, names)


def _to_arrow(records: Records, task: Mapping[str, Any], names: Sequence[str]) -> pa.RecordBatch:
    import pyarrow as pa

    count = len(records.line)
    arrays = [
        pa.repeat(pa.scalar(task["sequence"], pa.int64()), count),
        pa.array(records.line, pa.int64()),
        pa.array(records.span, pa.int32()),
        pa.array(records.gap, pa.int32()),
        pa.repeat(pa.scalar(task["sha"], pa.string()), count),
        pa.repeat(pa.scalar(task["path"], pa.string()), count),
        pa.array(records.reason, pa.string()),
        pa.array(records.rescued, pa.string()),
        pa.array(records.extra, pa.string()),
        *[
            values.array if isinstance(values, ArrowTexts) else pa.array(values, pa.string())
            for values in records.values
        ],
    ]
    return pa.RecordBatch.from_arrays(arrays, names=[*(name for name, _ in META), *names])
