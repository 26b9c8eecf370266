"""The semantic layer's door: open a project at a release, then ask what can be asked, compile, query.

The CLI, the chat and every other reader go through `SemanticLayer`; none has a private path to data. One layer
stands on one release, so two queries of it never see different data.
Layer: semantic. Imports the parts; imported by chatbot and the CLI.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from datatrust.core.errors import AccessDenied, UnknownName, UserError
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.release import Release, list_releases, load_release
from datatrust.core.retired import original_number
from datatrust.core.settings import Project
from semantic.behind import Counts, with_counts
from semantic.calendar import show_day
from semantic.certificate import certify, excluded_from, expanded_metrics, policy_words
from semantic.compiler.probes import compile_coverage, compile_period_table, compile_values
from semantic.compiler.statement import CompiledQuery, compile_query
from semantic.engines import engine_for
from semantic.engines.base import SqlEngine
from semantic.guarded import Counter, answer_guarded, refuse_shared, refuse_telling
from semantic.horizon import known_through
from semantic.loader import load_catalog
from semantic.model import Catalog, Dimension, DimensionRef
from semantic.period_tables import MOST_ROWS, with_rows
from semantic.projection import limits_rows, project_catalog, prune_values
from semantic.query import MetricQuery, Scalar, Viewer
from semantic.reach import base_metrics, own_time, reachable
from semantic.resolved import ResolvedQuery
from semantic.resolver import resolve
from semantic.restated import AS_REPORTED, refuse_with_reported, with_reported
from semantic.result import QueryResult
from semantic.schema import tables_of
from semantic.validation import check_columns

MAX_AGE_DAYS = 45  # a release whose newest file is older than this is flagged as stale
_KEPT_PLANS = 2_000
_KEPT_VIEWERS = 32


class SemanticLayer:
    """Metrics of one project on one release."""

    def __init__(
        self,
        *,
        project: Project,
        catalog: Catalog,
        engine: SqlEngine,
        release: Release | None,
        today: dt.date,
        as_of: str | None = None,
        family: str | None = None,
        viewer: Viewer | None = None,
    ) -> None:
        self.project = project
        self.viewer = viewer  # whose part of the data and the definitions this is; None is all of it
        self._has_policy = project.access_policy.exists()
        self._family = family
        self.catalog = catalog
        self.engine = engine
        self.release = release
        self.release_id = engine.release_id
        self.as_of = as_of
        self.today = today
        self.schema = engine.schema()
        self.catalog = self._with_periods(catalog)
        self._coverage: dict[tuple[str, str | None, bool], tuple[dt.date, dt.date] | None] = {}
        self._values: dict[tuple[str, str, int], tuple[Scalar, ...]] = {}
        self._plans: dict[tuple[MetricQuery, str], tuple[ResolvedQuery, CompiledQuery]] = {}
        self._proved: dict[str, tuple[Any, ...] | None] = {}  # statement -> a row that it must not give
        self._at: dict[str, SemanticLayer] = {}
        self._seen: OrderedDict[str, SemanticLayer] = OrderedDict()  # by the hash of a viewer's policy
        self._lock = threading.Lock()
        self._counts: dict[str | None, tuple[Counts, SemanticLayer]] = {}  # what stands behind figures

    @classmethod
    def open(
        cls,
        project: Project,
        *,
        as_of: str | None = None,
        definitions_now: bool = False,
        release: Release | None = None,
        catalog: Catalog | None = None,
        engine: str | None = None,
    ) -> SemanticLayer:
        """Open a project's metrics on a release: the current one, one of the past, or a candidate.

        Args:
            as_of: a release id or an instant; the catalog is then that release's own.
            definitions_now: with `as_of`, take today's catalog instead.
            release: a release that is not published yet.
            catalog: definitions to use in place of the project's.
            engine: "duckdb", "spark" or "databricks" in place of `serving.engine`.

        Raises:
            UnknownName: no such release.
            UserError: the catalog has faults, or names tables and columns that the release does not have.
            EngineError: the release's files are gone.
        """
        serving = project.config.serving
        spec = engine_for(serving.connection, engine or serving.engine)
        if as_of and not spec.reads_releases:
            raise UserError(
                Issue(
                    code="DT312",
                    message="a project on another tool's tables has no releases to go back to",
                    hint="ask without --as-of",
                )
            )
        if spec.reads_releases and release is None:
            release = load_release(project.warehouse, as_of)
        if catalog is None:
            catalog = _load_catalog(project, release if as_of and not definitions_now else None)
        layer = cls(
            project=project,
            catalog=catalog,
            engine=spec.open(project, release, tables_of(catalog), catalog.timezone),
            release=release,
            today=project.today(),
            as_of=as_of,
            family=engine,
        )
        issues = check_columns(
            catalog,
            {
                table: [each.name for each in columns.values()]
                for table, columns in layer.schema.tables.items()
            },
        )
        if issues and not (as_of and definitions_now):
            raise UserError.all(issues)
        return layer

    def seen_by(self, viewer: Viewer) -> SemanticLayer:
        """Return what `viewer` may see of this layer: a layer of its own, on the same data, with caches of its own.

        Raises:
            AccessDenied: the project has an access policy and `viewer` was made without it.
        """
        if viewer.access is None:
            if self._has_policy:
                raise AccessDenied(
                    Issue(
                        code="DT330",
                        message="this project has an access policy; a viewer without a role sees nothing",
                    )
                )
            return self
        if viewer.access.sees_everything and self.viewer is None:
            return self
        if self.viewer is not None:
            if self.viewer.policy != viewer.policy:
                raise AccessDenied(Issue(code="DT330", message="these figures are those of another role"))
            return self
        with self._lock:
            found = self._seen.get(viewer.policy)
            if found is None:
                found = self._seen[viewer.policy] = self._projected(viewer)
                while len(self._seen) > _KEPT_VIEWERS:
                    self._seen.popitem(last=False)
            self._seen.move_to_end(viewer.policy)
            return found

    def _with_periods(self, catalog: Catalog) -> Catalog:
        """The catalog with the rows of its tables of periods; one that is not there as declared is left without."""
        read = {}
        for calendar in catalog.calendars.values():
            listed = calendar.periods
            if listed is None or calendar.rows or calendar.faults or listed.table not in self.schema.tables:
                continue
            if not all(self.schema.has(listed.table, name) for name in listed.columns if name):
                continue
            statement = compile_period_table(listed, self.schema, self.engine.dialect)
            rows = self._run(statement, (listed.table,), max_rows=MOST_ROWS).rows
            read[calendar.name] = with_rows(calendar, [tuple(row) for row in rows])
        if not read:
            return catalog
        calendars = {**catalog.calendars, **read}
        default = calendars.get(catalog.default_calendar.name, catalog.default_calendar)
        return replace(catalog, calendars=calendars, default_calendar=default)

    def _projected(self, viewer: Viewer) -> SemanticLayer:
        assert viewer.access is not None
        made = self._alike(project_catalog(self.catalog, viewer.access), viewer)
        if limits_rows(viewer.access) or viewer.access.masks:
            made.catalog = prune_values(made.catalog, made._declared_values(viewer))
            made._reset()
        return made

    def _alike(self, catalog: Catalog, viewer: Viewer | None, today: dt.date | None = None) -> SemanticLayer:
        return SemanticLayer(
            project=self.project,
            catalog=catalog,
            engine=self.engine,
            release=self.release,
            today=today or self.today,
            as_of=self.as_of,
            family=self._family,
            viewer=viewer,
        )

    def on_day(self, today: dt.date) -> SemanticLayer:
        """Return the same data and definitions seen from another day; it shares the engine and must not be closed."""
        return self._alike(self.catalog, self.viewer, today)

    def _declared_values(self, viewer: Viewer) -> dict[tuple[str, str], frozenset[str]]:
        """The values of those dimensions whose values the catalog names, as far as the viewer's rows have them."""
        found = {}
        for model in self.catalog.models.values():
            for each in model.dimensions.values():
                if each.values and not each.hidden:
                    try:
                        found[model.name, each.name] = frozenset(map(str, self.values(each, viewer=viewer)))
                    except AccessDenied:
                        continue
        return found

    def _reset(self) -> None:
        self._values.clear()
        self._plans.clear()
        self._coverage.clear()

    # ------------------------------------------------------------------------------------ what can be asked

    def reachable(self, metric: str) -> dict[str, DimensionRef]:
        """Return the names that a query on `metric` may group and filter by.

        Raises:
            UnknownName: no such metric.
        """
        if metric not in self.catalog.metrics:
            raise UnknownName(
                Issue(
                    code="DT301",
                    message=f'unknown metric "{metric}"',
                    suggestion=did_you_mean(metric, self.catalog.metrics),
                    hint="list them: datatrust semantic describe",
                )
            )
        return reachable(self.catalog, metric)

    def values(
        self, dimension: DimensionRef | Dimension | str, *, viewer: Viewer, limit: int = 5000
    ) -> tuple[Scalar, ...]:
        """Return the members of a dimension, in order; at most `limit`, blanks left out.

        Args:
            dimension: a reference, or "model.dimension"; a bare name where only one model has it.

        Raises:
            UnknownName: no such dimension.
        """
        if (layer := self.seen_by(viewer)) is not self:
            return layer.values(dimension, viewer=viewer, limit=limit)
        found = self._dimension(dimension)
        if found.mask is not None:
            return ()
        key = (found.model, found.name, limit)
        if key not in self._values:
            statement, tables = compile_values(
                self.catalog, found, self.schema, self.today, limit, self.engine.dialect
            )
            rows = self._run(statement, tables, max_rows=limit).rows
            self._values[key] = tuple(_plain(row[0]) for row in rows)
        return self._values[key]

    def coverage(self, metric: str, *, viewer: Viewer) -> tuple[dt.date, dt.date] | None:
        """Return the first and last day of data of a metric's own time; None without time or without data."""
        if (layer := self.seen_by(viewer)) is not self:
            return layer.coverage(metric, viewer=viewer)
        self.reachable(metric)
        days = [
            found
            for base in base_metrics(self.catalog, metric)
            if (found := self._base_coverage(base)) is not None
        ]
        return (min(day[0] for day in days), max(day[1] for day in days)) if days else None

    # ---------------------------------------------------------------------------------------------- queries

    def check(self, query: MetricQuery, *, viewer: Viewer) -> list[Issue]:
        """Return what is wrong with `query`; nothing where it can be answered."""
        try:
            rq, _ = self._plan(query, viewer)
            if viewer.access is not None and viewer.access.min_groups:
                refuse_telling(query)
                refuse_shared(rq)
        except UserError as error:
            return list(error.issues)
        return []

    def resolve(self, query: MetricQuery, *, viewer: Viewer) -> ResolvedQuery:
        """Return `query` with every name found and every choice made.

        Raises:
            UserError: what is wrong with it, all at once.
        """
        return self._plan(query, viewer)[0]

    def compile(self, query: MetricQuery, *, viewer: Viewer, dialect: str | None = None) -> CompiledQuery:
        """Return the statement of `query` without running it, in the engine's dialect or another.

        Raises:
            UserError: what is wrong with it, all at once.
        """
        if (layer := self.seen_by(viewer)) is not self:
            return layer.compile(query, viewer=viewer, dialect=dialect)
        if query.as_of and self._is_elsewhere(query.as_of):
            there = self._layer_at(query.as_of)
            return there.compile(replace(query, as_of=None), viewer=viewer, dialect=dialect)
        rq, compiled = self._plan(query, viewer)
        return compiled if dialect in (None, compiled.dialect) else compile_query(rq, dialect or "")

    def query(self, query: MetricQuery, *, viewer: Viewer) -> QueryResult:
        """Answer `query`.

        Raises:
            UserError: what is wrong with it, all at once.
            EngineError: the engine failed, took too long, or a number is too large to be exact.
        """
        if (layer := self.seen_by(viewer)) is not self:
            return layer.query(query, viewer=viewer)
        if viewer.access is not None and viewer.access.min_groups:
            return self._guarded(query, viewer)
        if query.compare is not None and query.compare.to == AS_REPORTED:
            return self._beside_reported(query, viewer)
        if query.as_of and self._is_elsewhere(query.as_of):
            result = self._layer_at(query.as_of).query(replace(query, as_of=None), viewer=viewer)
            return replace(result, query=replace(result.query, as_of=query.as_of))
        return self._answer(query, viewer)

    def _answer(self, query: MetricQuery, viewer: Viewer) -> QueryResult:
        """The answer on this release, with every figure."""
        started = time.perf_counter()
        rq, compiled = self._plan(query, viewer)
        planned = time.perf_counter()
        self._prove(compiled)
        raw = self._run(compiled.sql, compiled.tables)
        rows = tuple(_row(row, compiled.trimmed) for row in raw.rows)
        totals = self._totals(rq, compiled)
        ran = time.perf_counter()
        tables = compiled.tables
        evidence = certify(
            release_id=self.release_id,
            release=self.release,
            tables=self.engine.versions(tables),
            metrics=expanded_metrics(self.catalog, [*rq.query.metrics, *(rq.scenario or {}).values()]),
            viewer=viewer,
            columns=compiled.columns,
            rows=rows,
            totals=totals,
        )
        text = compiled.sql
        if compiled.totals_sql:
            text += f";\n\n-- totals, from the rows\n{compiled.totals_sql}"
        done = time.perf_counter()
        return QueryResult(
            query=rq.query,
            columns=compiled.columns,
            rows=rows,
            totals=totals,
            sql=text,
            engine=self.engine.name,
            flags=self._flags(rq, truncated=raw.truncated),
            assumptions=(*rq.assumptions, *policy_words(viewer, self.catalog)),
            excluded=None if limits_rows(viewer.access) else excluded_from(self.release, tables),
            evidence=evidence,
            timings_ms={
                "compile": _milliseconds(planned - started),
                "run": _milliseconds(ran - planned),
                "total": _milliseconds(done - started),
            },
        )

    def _guarded(self, query: MetricQuery, viewer: Viewer) -> QueryResult:
        """The answer for a viewer who sees no figure of small groups."""
        if query.as_of and self._is_elsewhere(query.as_of):
            result = self._layer_at(query.as_of)._guarded(replace(query, as_of=None), viewer)
            return replace(result, query=replace(result.query, as_of=query.as_of))
        assert viewer.access is not None
        refuse_telling(query)
        rq = self.resolve(query, viewer=viewer)
        refuse_shared(rq)
        counters = [self._counter(least, of, viewer) for least, of in viewer.access.min_groups]
        return answer_guarded(rq, lambda asked: self._answer(asked, viewer), counters)

    def _counter(self, least: int, of: str | None, viewer: Viewer) -> Counter:
        if of not in self._counts:
            counts = with_counts(self.catalog, of)
            self._counts[of] = (counts, self._alike(counts.catalog, self.viewer))
        counts, layer = self._counts[of]
        return Counter(least=least, of=of, counts=counts, ask=lambda asked: layer._answer(asked, viewer))

    def run_statement(self, statement: str, tables: Iterable[str]) -> tuple[tuple[Scalar, ...], ...]:
        """Run a statement about the data that is no metric query: a check of keys, an author's own SQL.

        Raises:
            EngineError: the engine failed or took too long.
        """
        return tuple(_row(row, frozenset()) for row in self._run(statement, tables).rows)

    def with_catalog(self, catalog: Catalog) -> SemanticLayer:
        """Return a layer on the same data with other definitions; it shares the engine and must not be closed."""
        return self._alike(catalog, None)

    def close(self) -> None:
        """Let go of files and memory."""
        for layer in (*self._at.values(), *self._seen.values()):
            if layer.engine is not self.engine:
                layer.close()
        self.engine.close()

    # ----------------------------------------------------------------------------------------------- inside

    def _plan(self, query: MetricQuery, viewer: Viewer) -> tuple[ResolvedQuery, CompiledQuery]:
        if (layer := self.seen_by(viewer)) is not self:
            return layer._plan(query, viewer)
        key = (query, viewer.policy)
        found = self._plans.get(key)
        if found is None:
            rq = resolve(
                query,
                self.catalog,
                viewer,
                today=self.today,
                schema=self.schema,
                coverage=lambda metric: self.coverage(metric, viewer=viewer),
            )
            found = (rq, compile_query(rq, self.engine.dialect))
            if len(self._plans) >= _KEPT_PLANS:
                self._plans.clear()
            self._plans[key] = found
        return found

    def _run(self, statement: str, tables: Iterable[str], *, max_rows: int | None = None) -> Any:
        serving = self.project.config.serving
        return self.engine.run(
            statement,
            tables=tables,
            max_rows=max_rows if max_rows is not None else serving.max_rows,
            timeout_seconds=serving.timeout_seconds,
        )

    def _prove(self, compiled: CompiledQuery) -> None:
        """Make sure that no join repeats rows and no rate is missing: a release does not change, so once is enough."""
        issues = []
        for proof in compiled.proofs:
            if proof.sql not in self._proved:
                rows = self._run(proof.sql, proof.tables, max_rows=1).rows
                self._proved[proof.sql] = tuple(rows[0]) if rows else None
            against = self._proved[proof.sql]
            if against is not None:
                model = self.catalog.models.get(proof.model)
                issues.append(
                    Issue(
                        code=proof.code,
                        message=proof.message.format(
                            *("no value" if each is None else each for each in against)
                        ),
                        at=model.position if model else None,
                        hint=proof.hint,
                    )
                )
        if issues:
            raise UserError.all(issues)

    def _totals(self, rq: ResolvedQuery, compiled: CompiledQuery) -> tuple[Scalar, ...] | None:
        if compiled.totals_sql is None:
            return None
        row = self._run(compiled.totals_sql, compiled.tables).rows[0]
        keys = len(rq.keys)
        trimmed = frozenset(index - keys for index in compiled.trimmed)
        return (*(None for _ in rq.keys), *_row(row, trimmed))

    def _base_coverage(self, base: str) -> tuple[dt.date, dt.date] | None:
        metric = self.catalog.metrics[base]
        is_stock = metric.balance is not None and metric.balance.valid is not None
        key = (metric.model or "", own_time(self.catalog, metric), is_stock)
        if self.catalog.models[metric.model or ""].closed:
            return None
        if key not in self._coverage:
            found = compile_coverage(self.catalog, metric, self.schema, self.today, self.engine.dialect)
            first, last = self._run(*found).rows[0] if found else (None, None)
            if is_stock and first is not None:
                last = max(first, self.today)  # what is valid stays valid until it is said to end
            self._coverage[key] = None if first is None or last is None else (first, last)
        return self._coverage[key]

    def _dimension(self, wanted: DimensionRef | Dimension | str) -> Dimension:
        if isinstance(wanted, DimensionRef):
            wanted = wanted.dimension
        if isinstance(wanted, Dimension):
            if self.viewer is None:
                return wanted
            wanted = f"{wanted.model}.{wanted.name}"  # as this viewer sees it, whoever found it
        model, _, name = wanted.rpartition(".")
        models = [self.catalog.models[model]] if model in self.catalog.models else []
        if not model:
            models = [each for each in self.catalog.models.values() if name in each.dimensions]
        if not models or name not in models[0].dimensions or self._is_kept_back(models[0].dimensions[name]):
            known = [
                f"{each.name}.{dim.name}"
                for each in self.catalog.models.values()
                for dim in each.dimensions.values()
                if not self._is_kept_back(dim)
            ]
            raise UnknownName(
                Issue(
                    code="DT302",
                    message=f'unknown dimension "{wanted}"',
                    suggestion=did_you_mean(wanted, known),
                )
            )
        return models[0].dimensions[name]

    def _is_kept_back(self, dimension: Dimension) -> bool:
        return self.viewer is not None and dimension.hidden

    def _flags(self, rq: ResolvedQuery, *, truncated: bool) -> tuple[str, ...]:
        flags = []
        period = rq.last_period
        if period is not None:
            known = known_through(
                self.catalog, tuple(rq.reach), self._base_coverage, today=self.today, until=period.end
            )
            if known < period.end or period.start <= self.today < period.end:
                flags.append("partial_period")
            closed = self.catalog.closed_through
            asked_end = rq.query.time.end if rq.query.time else None
            if closed is not None and asked_end is not None and asked_end > closed:
                flags.append("open_period")
        fresh = self.release.fresh_as_of if self.release else None
        if fresh is not None and (self.today - fresh.date()).days > MAX_AGE_DAYS:
            flags.append("stale")
        if truncated:
            flags.append("truncated")
        return tuple(flags)

    def _beside_reported(self, query: MetricQuery, viewer: Viewer) -> QueryResult:
        """Answer on this release, beside the answer of the one that `query.as_of` names, or of the one before."""
        issues = refuse_with_reported(query)
        if issues:
            raise UserError.all(issues)
        wanted = query.as_of or self._release_before()
        there = self._layer_at(wanted)
        assert there.release is not None
        now = self.query(replace(query, compare=None, as_of=None), viewer=viewer)
        asked = replace(
            query, compare=None, as_of=None, order_by=(), limit=None, top=None, time=now.query.time
        )
        then = there.query(asked, viewer=viewer)
        words = f"release {there.release_id} of {show_day(there.release.created_at.date())}"
        return with_reported(now, then, words=words, metrics=self.catalog.metrics, query=query)

    def _release_before(self) -> str:
        numbers = list_releases(self.project.warehouse) if self.release is not None else []
        first = original_number(self.project.warehouse, self.release) if self.release is not None else 0
        earlier = [number for number in numbers if number < first]
        if not earlier:
            raise UnknownName(
                Issue(
                    code="DT312",
                    message="there is no earlier release whose numbers could stand beside these",
                    hint="name one with as_of, once there are several",
                )
            )
        return str(earlier[-1])

    def _is_elsewhere(self, as_of: str) -> bool:
        if as_of == self.as_of:
            return False
        return self.release is None or as_of not in (self.release.id, str(self.release.number))

    def _layer_at(self, as_of: str) -> SemanticLayer:
        if as_of not in self._at:
            self._at[as_of] = SemanticLayer.open(self.project, as_of=as_of, engine=self._family)
        there = self._at[as_of]
        return there.seen_by(self.viewer) if self.viewer is not None else there


def _load_catalog(project: Project, release: Release | None) -> Catalog:
    """Return the catalog on disk, or the one that a release holds."""
    shown, cache = project.shown(project.catalog), project.state / "catalog"
    if release is None:
        return load_catalog(project.catalog, shown_root=project.root, cache=cache)
    texts = {name: text for name, text in release.files.items() if name.startswith(f"{shown}/")}
    if not texts:
        return load_catalog(project.catalog, shown_root=project.root, cache=cache)
    return load_catalog(project.catalog, texts=texts, shown_root=project.root, cache=cache)


def _row(row: tuple[Any, ...], trimmed: frozenset[int]) -> tuple[Scalar, ...]:
    return tuple(
        _trimmed(value) if index in trimmed and isinstance(value, Decimal) else _plain(value)
        for index, value in enumerate(row)
    )


def _plain(value: Any) -> Scalar:
    if isinstance(value, float):
        return Decimal(repr(value)) if value == value and abs(value) != float("inf") else None
    if isinstance(value, str | int | Decimal | bool | dt.date) or value is None:
        return value
    return str(value)


def _trimmed(value: Decimal) -> Decimal:
    """A quotient without the zeros that its fixed scale put there."""
    text = format(value, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
