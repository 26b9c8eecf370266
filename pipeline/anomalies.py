"""Find rows whose amounts lie far from all others: Spark's KMeans, then each row's distance on a robust scale.

Rows are laid on a scale of their own first: by default the logarithm, so that ten times too much is as far as ten times
too little, less the median, in units of the median deviation. KMeans then finds k centres of what is usual. A cluster
with hardly any rows is no "usual": with k = 2 and a few enormous amounts the second centre would sit among them and
call them normal. So distances count to the centres of populous clusters only, each in units of how far its own rows
typically lie from it. What is beyond the threshold stands in the gold table, with its score.

The same rows give the same table, to the last digit: features are medians and logarithms, computed by DuckDB from rows
in order of their key, KMeans reads one partition from a fixed seed, and its centres are rounded and sorted.
Refuses columns that the input does not have. See docs/anomalies.md for what this cannot find.
Layer: pipeline. Imports core, gold's result and tables; writes its gold tables by deltalake.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from deltalake import CommitProperties, write_deltalake

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.jsonio import dumps
from datatrust.core.settings import AnomalyRule, Project
from pipeline.gold import ColumnTest, GoldResult, ModelText
from pipeline.store import restricted_zone
from pipeline.tables import create_view, open_table, table_path

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_MADE_FROM = "datatrust.madeFrom"  # in the commit that wrote the table
_METHOD = 1  # raise when the same rule on the same rows gives other scores
_TO_DEVIATION = (
    1.4826  # a median deviation is one standard deviation of normal rows times this (Leys et al. 2013)
)
_NARROWEST = 0.1  # of a cluster's own scale, in units of the whole: else equal amounts make a cent remarkable
_DIGITS = 6  # of a centre
Centres = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What was done for one table."""

    table: str
    rows: int  # that were found
    fitted: bool  # False: the input has not changed


def build_anomalies(spark: SparkSession, project: Project, built: GoldResult) -> GoldResult:
    """Write the gold tables that the project's `anomalies` declare; return gold's result with them in it.

    Raises:
        UserError: a rule names a table or column that gold does not have.
    """
    for table, rule in sorted(project.config.anomalies.items()):
        begun = time.monotonic()
        check_rule(project, table, rule, built.tables)
        write_anomalies(spark, project.warehouse, table, rule)
        built = replace(
            built,
            tables=(*built.tables, table),
            seconds={**built.seconds, table: time.monotonic() - begun},
            lineage={**built.lineage, table: built.lineage[rule.input]},
            texts={**built.texts, table: _text(rule)},
            column_tests=(*built.column_tests, *_tests(table, rule)),
        )
    return built


def write_anomalies(spark: SparkSession, warehouse: Path, table: str, rule: AnomalyRule) -> Scored:
    """Write one table, unless it stands already for the same rule and the same files of its input."""
    source, target = warehouse / table_path(rule.input), warehouse / table_path(table)
    made_from = _digest(rule, open_table(source).file_uris())
    if (target / "_delta_log").is_dir():
        written = open_table(target)
        if written.history(1)[0].get(_MADE_FROM) == made_from:
            return Scored(table=table, rows=written.count(), fitted=False)
    with _prepared(source, rule) as connection:
        centres = _fit(spark, warehouse, connection, rule)
        rows = _score(connection, rule, centres)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_deltalake(
        str(target),
        rows,
        mode="overwrite",
        schema_mode="overwrite",
        commit_properties=CommitProperties(custom_metadata={_MADE_FROM: made_from}),
    )
    return Scored(table=table, rows=rows.num_rows, fitted=True)


def check_rule(project: Project, table: str, rule: AnomalyRule, tables: Sequence[str]) -> None:
    """Refuse a rule on what is not there.

    Raises:
        UserError: says the nearest right name.
    """
    at = SourcePosition(file=project.shown(project.config_file))
    if rule.input not in tables:
        raise UserError(
            Issue(
                code="DT473",
                message=f'anomalies "{table}": gold has no table "{rule.input}"',
                at=at,
                suggestion=did_you_mean(rule.input, tables),
            )
        )
    fields = {f.name for f in open_table(project.warehouse / table_path(rule.input)).schema().fields}
    wanted = dict.fromkeys([*rule.key, *rule.features, *rule.relative_to, *rule.columns])
    issues = [
        Issue(
            code="DT473",
            message=f'anomalies "{table}": {rule.input} has no column "{name}"',
            at=at,
            suggestion=did_you_mean(name, fields),
        )
        for name in wanted
        if name not in fields
    ]
    if issues:
        raise UserError.all(issues)


@contextmanager
def _prepared(source: Path, rule: AnomalyRule) -> Iterator[Any]:
    """Give a connection with the table `scaled`: the input's rows in order of their key, with a feature each."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        create_view(connection, "source", open_table(source))
        raw = [f'cast("{name}" as double)' for name in rule.features]
        if rule.scale == "log":
            raw = [f"sign({value}) * ln(1 + abs({value}))" for value in raw]
        names = _names(rule)
        there = " and ".join(f'"{name}" is not null' for name in rule.features)
        listed = ", ".join(f"{value} as {name}" for value, name in zip(raw, names, strict=True))
        connection.execute(
            f"create table laid as select *, {listed} from source "
            f"where ({rule.where or 'true'}) and {there} order by {_columns(rule.key)}"
        )
        group = f" over (partition by {_columns(rule.relative_to)})" if rule.relative_to else " over ()"
        beside = ", ".join(f"{name} - median({name}){group} as {name}" for name in names)
        connection.execute(f"create table beside as select * replace ({beside}) from laid")
        spread = ", ".join(
            f"coalesce(nullif({_TO_DEVIATION} * median(abs({name})), 0), nullif(stddev_pop({name}), 0), 1) as {name}"
            for name in names
        )
        units = connection.execute(f"select {spread} from beside").fetchone()
        divided = ", ".join(f"{name} / {unit!r} as {name}" for name, unit in zip(names, units, strict=True))
        connection.execute(
            f"create table scaled as select * replace ({divided}) from beside order by {_columns(rule.key)}"
        )
        yield connection


def _fit(spark: SparkSession, warehouse: Path, connection: Any, rule: AnomalyRule) -> Centres:
    """Return the centres that KMeans finds, in order; with fewer distinct rows than centres, those rows."""
    names = _names(rule)
    listed = ", ".join(names)
    count = int(connection.execute("select count(*) from scaled").fetchone()[0])
    distinct = connection.execute(
        f"select distinct {listed} from scaled order by {listed} limit {rule.k + 1}"
    ).fetchall()
    if len(distinct) <= rule.k:
        return tuple(tuple(round(value, _DIGITS) for value in row) for row in distinct)
    every = -(-count // rule.fit_rows)
    with tempfile.TemporaryDirectory(dir=restricted_zone(warehouse)) as scratch:
        file = Path(scratch) / "features.parquet"
        connection.execute(
            f"copy (select {listed} from (select *, row_number() over (order by {_columns(rule.key)}) as place "
            f"from scaled) where place % {every} = 0 order by place) to '{str(file).replace(chr(39), chr(39) * 2)}'"
        )
        return _kmeans(spark, file, names, rule)


def _kmeans(spark: SparkSession, file: Path, names: Sequence[str], rule: AnomalyRule) -> Centres:
    from pyspark.ml.clustering import KMeans
    from pyspark.ml.feature import VectorAssembler

    rows = spark.read.parquet(str(file)).coalesce(1)
    vectors = VectorAssembler(inputCols=list(names), outputCol="features").transform(rows).select("features")
    vectors = vectors.cache()
    try:
        model = KMeans(k=rule.k, seed=rule.seed, initSteps=2, maxIter=10).fit(vectors)
        centres = [[round(float(value), _DIGITS) for value in centre] for centre in model.clusterCenters()]
    finally:
        vectors.unpersist()
    return tuple(sorted(tuple(centre) for centre in centres))


def _score(connection: Any, rule: AnomalyRule, centres: Centres) -> Any:
    """Return the rows beyond the threshold as an Arrow table, in order of their key."""
    names = _names(rule)
    distances = [
        "sqrt("
        + " + ".join(f"power({name} - {value!r}, 2)" for name, value in zip(names, centre, strict=True))
        + ")"
        for centre in centres
    ]
    shares = [row[0] for row in connection.execute(_shares(distances)).fetchall()] if centres else []
    populous = [place for place, share in enumerate(shares) if share >= rule.min_share] or list(
        range(len(centres))
    )
    kept = dict.fromkeys([*rule.key, *rule.columns, *rule.features])
    columns = _columns(list(kept))
    if not centres:
        return connection.sql(
            f"select {columns}, 0 as cluster, cast(0 as decimal(18, 4)) as distance, "
            "cast(0 as decimal(18, 4)) as score from scaled where false"
        ).to_arrow_table()
    near = f"least({', '.join(distances[place] for place in populous)})"
    which = " ".join(f"when {distances[place]} = distance then {place}" for place in populous)
    connection.execute(
        f"create table near as select {columns}, distance, case {which} end as cluster "
        f"from (select *, {near} as distance from scaled)"
    )
    return connection.sql(
        f"select {columns}, cluster, cast(distance as decimal(18, 4)) as distance, "
        "cast(distance / typical as decimal(18, 4)) as score "
        f"from (select *, greatest({_TO_DEVIATION} * median(distance) over (partition by cluster), {_NARROWEST}) "
        f"as typical from near) where distance / typical > {rule.threshold!r} order by {_columns(rule.key)}"
    ).to_arrow_table()


def _shares(distances: Sequence[str]) -> str:
    """The share of the rows whose nearest centre is each; ties go to the first."""
    listed = ", ".join(distances)
    nearest = f"list_position([{listed}], list_min([{listed}])) - 1"
    places = " union all ".join(f"select {place} as place" for place in range(len(distances)))
    return (
        f"with nearest as (select {nearest} as place, count(*) as rows from scaled group by 1) "
        f"select coalesce(n.rows, 0) / (select sum(rows) from nearest) from ({places}) p "
        "left join nearest n using (place) order by p.place"
    )


def _names(rule: AnomalyRule) -> list[str]:
    return [f"_feature_{place}" for place in range(len(rule.features))]


def _columns(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _digest(rule: AnomalyRule, files: Sequence[str]) -> str:
    made_of = dumps({"method": _METHOD, "rule": rule.model_dump(mode="json")}, sort_keys=True)
    names = sorted(Path(file).name for file in files)
    return hashlib.sha256("\n".join([made_of, *names]).encode()).hexdigest()


def _text(rule: AnomalyRule) -> ModelText:
    """What column lineage and the release's page say of the table."""
    kept = list(dict.fromkeys([*rule.key, *rule.columns, *rule.features]))
    made = f"greatest({', '.join(rule.features)}, 0)" if len(rule.features) > 1 else rule.features[0]
    found = {"cluster": "The usual amounts that the row is nearest to.",
             "distance": "How far it lies from their centre.",
             "score": f"The distance beside what is typical there; more than {rule.threshold:g} is remarkable."}  # fmt: skip
    listed = ", ".join([*kept, *(f"{made} as {name}" for name in found)])
    about = f"Rows of {rule.input} whose {' and '.join(rule.features)} lie far from what is usual."
    return ModelText(sql=f"select {listed} from {rule.input}", description=about, columns=found)


def _tests(table: str, rule: AnomalyRule) -> Iterator[ColumnTest]:
    kind = "unique" if len(rule.key) == 1 else "unique_together"
    yield ColumnTest(table=table, kind=kind, columns=tuple(rule.key))
    yield ColumnTest(table=table, kind="not_null", columns=("score",))
