"""Put a delivery's work into OpenLineage events: one job a source, one a gold table, under one job for the whole.

Datasets are named by the project and the table (``gold.fct_sales``), raw ones by their source (``raw.sales``): no
path and no name of a file, so that nothing of a customer leaves by a file's name.
Layer: pipeline. Imports openlineage's events, core, results and lineage; opens no table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.generated.column_lineage_dataset import (
    ColumnLineageDatasetFacet,
    Fields,
    InputField,
    Transformation,
)
from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet
from openlineage.client.generated.error_message_run import ErrorMessageRunFacet
from openlineage.client.generated.input_statistics_input_dataset import InputStatisticsInputDatasetFacet
from openlineage.client.generated.job_type_job import JobTypeJobFacet
from openlineage.client.generated.output_statistics_output_dataset import OutputStatisticsOutputDatasetFacet
from openlineage.client.generated.parent_run import Job as ParentJob
from openlineage.client.generated.parent_run import ParentRunFacet
from openlineage.client.generated.parent_run import Run as ParentRun
from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields
from openlineage.client.generated.tags_run import TagsRunFacet, TagsRunFacetFields
from openlineage.client.uuid import generate_new_uuid

from datatrust.core.release import Release, TablePin
from pipeline.lineage import ColumnLineage, TableLineage
from pipeline.results import SourceResult
from pipeline.tables import split_name

PRODUCER = "https://github.com/datatrust360/datatrust360"
DELIVERY, RELEASE = "delivery", "release"  # tags of the run
_INTEGRATION = "DATATRUST360"


@dataclass(frozen=True, kw_only=True)
class RunIdentity:
    """The run of a whole delivery: what the runs of its jobs name as their parent."""

    namespace: str
    id: str
    started: dt.datetime
    delivery: str | None

    @classmethod
    def begin(cls, namespace: str, delivery: str | None, *, at: dt.datetime) -> RunIdentity:
        """Give a delivery that begins now an identity of its own."""
        return cls(namespace=namespace, id=str(generate_new_uuid(at)), started=at, delivery=delivery)

    @property
    def job(self) -> str:
        return "pipeline"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a delivery has published, for its events.

    Args:
        silver_from: when the sources began; each says how long it took.
        gold_from: when gold began; its tables were built one after the other.
        gold_seconds: of each gold table that was built, in the order of building.
    """

    release: Release
    lineage: Sequence[TableLineage]
    sources: Sequence[SourceResult]
    silver_from: dt.datetime
    gold_from: dt.datetime
    gold_seconds: Mapping[str, float]
    at: dt.datetime


def started(run: RunIdentity) -> RunEvent:
    """The delivery begins."""
    return _whole(run, RunState.START, run.started)


def failed(run: RunIdentity, step: str, *, at: dt.datetime) -> RunEvent:
    """The delivery ended without a release; the words of the error stay at home."""
    words = f"the run stopped at the step {step}; pipeline status tells why"
    facet = ErrorMessageRunFacet(message=words, programmingLanguage="python")
    return _whole(run, RunState.FAIL, at, errorMessage=facet)


def unchanged(run: RunIdentity, *, at: dt.datetime) -> RunEvent:
    """The delivery changes nothing: it has read what is there, and no release was made."""
    return _whole(run, RunState.COMPLETE, at)


def finished(run: RunIdentity, done: Finished) -> Iterator[RunEvent]:
    """The delivery is published: its jobs, sources first, and then the whole."""
    known = {table.table: table for table in done.lineage}
    for result in done.sources:
        if result.moved or result.refreshed or result.rows_read:
            yield from _source(run, done, known, result)
    ends = list(accumulate(done.gold_seconds.values()))
    for (table, seconds), end in zip(done.gold_seconds.items(), ends, strict=True):
        if table in done.release.tables:
            yield from _gold(run, done, known, table, begun=end - seconds, ended=end)
    yield _whole(run, RunState.COMPLETE, done.at, release=done.release.id)


def _source(
    run: RunIdentity, done: Finished, known: Mapping[str, TableLineage], result: SourceResult
) -> Iterator[RunEvent]:
    files = [entry for entry in result.files if entry.status == "loaded"]
    read = InputStatisticsInputDatasetFacet(
        rowCount=result.rows_read, fileCount=len(files), size=sum(entry.size for entry in files)
    )
    raw = InputDataset(
        namespace=run.namespace, name=f"raw.{result.source}", inputFacets={"inputStatistics": read}
    )
    outputs = [
        _output(run, done.release.tables[table], table, known.get(table))
        for table in result.tables
        if table in done.release.tables
    ]
    end = done.silver_from + dt.timedelta(seconds=result.duration_seconds)
    yield from _job(run, f"ingest.{result.source}", "INGEST", [raw], outputs, done.silver_from, end)


def _gold(
    run: RunIdentity,
    done: Finished,
    known: Mapping[str, TableLineage],
    table: str,
    *,
    begun: float,
    ended: float,
) -> Iterator[RunEvent]:
    made_of = known.get(table)
    read = sorted(
        {split_column(name)[0] for column in _columns(made_of) for name in column.made_of} - {table}
    )
    yield from _job(
        run,
        table,
        "MODEL",
        [InputDataset(namespace=run.namespace, name=name) for name in read],
        [_output(run, done.release.tables[table], table, made_of)],
        done.gold_from + dt.timedelta(seconds=begun),
        done.gold_from + dt.timedelta(seconds=ended),
    )


def _job(
    run: RunIdentity,
    name: str,
    kind: str,
    inputs: list[InputDataset],
    outputs: list[OutputDataset],
    begun: dt.datetime,
    ended: dt.datetime,
) -> Iterator[RunEvent]:
    parent = ParentRunFacet(run=ParentRun(runId=run.id), job=ParentJob(namespace=run.namespace, name=run.job))
    own = Run(runId=str(generate_new_uuid(begun)), facets={"parent": parent})
    job = Job(namespace=run.namespace, name=name, facets={"jobType": _type(kind)})
    for state, at in ((RunState.START, begun), (RunState.COMPLETE, ended)):
        is_over = state == RunState.COMPLETE
        yield RunEvent(
            eventType=state,
            eventTime=at.isoformat(),
            run=own,
            job=job,
            inputs=inputs if is_over else [],
            outputs=outputs if is_over else [],
            producer=PRODUCER,
        )


def _whole(
    run: RunIdentity,
    state: RunState,
    at: dt.datetime,
    *,
    release: str | None = None,
    errorMessage: ErrorMessageRunFacet | None = None,  # noqa: N803 (OpenLineage's name of the facet)
) -> RunEvent:
    said = {DELIVERY: run.delivery, RELEASE: release}
    tags = [
        TagsRunFacetFields(key=key, value=value, source=_INTEGRATION) for key, value in said.items() if value
    ]
    facets = {"tags": TagsRunFacet(tags=tags) if tags else None, "errorMessage": errorMessage}
    return RunEvent(
        eventType=state,
        eventTime=at.isoformat(),
        run=Run(runId=run.id, facets={key: facet for key, facet in facets.items() if facet is not None}),
        job=Job(namespace=run.namespace, name=run.job, facets={"jobType": _type("DAG")}),
        producer=PRODUCER,
    )


def _type(kind: str) -> JobTypeJobFacet:
    return JobTypeJobFacet(processingType="BATCH", integration=_INTEGRATION, jobType=kind)


def _output(run: RunIdentity, pin: TablePin, table: str, lineage: TableLineage | None) -> OutputDataset:
    fields = [SchemaDatasetFacetFields(name=name, type=kind) for name, kind in pin.columns]
    facets = {
        "schema": SchemaDatasetFacet(fields=fields),
        "version": DatasetVersionDatasetFacet(datasetVersion=str(pin.version)),
    }
    traced = {column.column: _made_of(run, column) for column in _columns(lineage)}
    traced = {column: made for column, made in traced.items() if made.inputFields}
    if traced:
        facets["columnLineage"] = ColumnLineageDatasetFacet(fields=traced)
    statistics = OutputStatisticsOutputDatasetFacet(rowCount=pin.rows)
    return OutputDataset(
        namespace=run.namespace, name=table, facets=facets, outputFacets={"outputStatistics": statistics}
    )


def _columns(lineage: TableLineage | None) -> tuple[ColumnLineage, ...]:
    return lineage.columns if lineage is not None else ()


def _made_of(run: RunIdentity, column: ColumnLineage) -> Fields:
    """One step back: columns of tables, or the columns of a raw file with what masking makes of them."""
    tables = [split_column(name) for name in column.made_of]
    found = [InputField(namespace=run.namespace, name=table, field=name) for table, name in tables]
    if not found:
        found = [
            InputField(
                namespace=run.namespace,
                name=f"raw.{origin.source}",
                field=origin.header,
                transformations=[
                    Transformation(type="DIRECT", subtype="TRANSFORMATION", masking=origin.mask is not None)
                ],
            )
            for origin in column.origins
        ]
    return Fields(inputFields=found)


def split_column(name: str) -> tuple[str, str]:
    """Part a column's whole name into table and column.

    >>> split_column("gold.fct_sales.net_amount")
    ('gold.fct_sales', 'net_amount')
    """
    table, _, column = name.rpartition(".")
    assert all(split_name(table)), name
    return table, column
