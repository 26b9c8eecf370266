"""Aggregate the measures of one model in one pass: the only place where rows of a table are read.

Measures of different models, or with different times, are aggregated apart; they meet only as groups.
Layer: semantic.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.calendar import period_of
from semantic.compiler import sql
from semantic.compiler.binding import Binder, Proof, type_of
from semantic.compiler.buckets import bucket
from semantic.compiler.currency import Converter, missing_rates
from semantic.compiler.filters import complement, condition
from semantic.compiler.measures import Leaf, aggregate
from semantic.compiler.shared import OwnRows, Repeats, repeats_of
from semantic.model import BalanceRule, Calendar, DimensionRef, LifecycleRule, MemberRule, Metric
from semantic.query import Filter
from semantic.reach import TIME, find_dimension, own_time, reachable
from semantic.resolved import Key, ResolvedQuery, Slice

WINDOWS = "windows"
MEMBER_BUCKET = "bucket"  # column of the table of members
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Members:
    """The members whose rows count, each once (in each bucket), as a table of their keys."""

    name: str
    select: exp.Select
    keys: Mapping[str, DimensionRef]  # column of the table -> how a row of the source reaches it
    by_period: bool  # whether they are chosen anew in each bucket
    tables: tuple[str, ...]
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Base metrics that one pass over one table gives."""

    model: str
    time: str | None
    balance: BalanceRule | None
    lifecycle: LifecycleRule | None
    metrics: tuple[Metric, ...]
    rule: MemberRule | None = None
    members: Members | None = None  # those that `rule` chooses, once they are compiled


@dataclass(frozen=True, kw_only=True)
class LeafTable:
    """A compiled pass: one row a group, key columns by the keys' names, and the leaves."""

    name: str
    slice: str
    select: exp.Select
    leaves: dict[str, Leaf]  # column -> leaf
    metrics: tuple[str, ...]
    tables: tuple[str, ...]
    proofs: tuple[Proof, ...] = ()
    helpers: tuple[tuple[str, exp.Select], ...] = ()  # further CTEs that `select` reads


def plan_sources(rq: ResolvedQuery, bases: Sequence[str]) -> list[Source]:
    """Group base metrics by the pass that gives them."""
    grouped: dict[_Place, list[Metric]] = {}
    for name in bases:
        metric = rq.catalog.metrics[name]
        assert metric.model is not None
        apart = metric.lifecycle or (metric.balance is not None and metric.balance.among)
        where = metric.where if apart else None
        time = own_time(rq.catalog, metric)
        key = (metric.model, time, metric.balance, metric.lifecycle, where, metric.members)
        grouped.setdefault(key, []).append(metric)
    return [
        Source(model=model, time=time, balance=balance, lifecycle=lifecycle, metrics=tuple(found), rule=rule)
        for (model, time, balance, lifecycle, _, rule), found in grouped.items()
    ]


_Place = tuple[str, str | None, BalanceRule | None, LifecycleRule | None, str | None, MemberRule | None]


class Pass:
    """What flows and balances share: names bound for one source and one slice."""

    def __init__(self, rq: ResolvedQuery, source: Source, part: Slice) -> None:
        self.rq = rq
        self.source = source
        self.part = part
        self.names = rq.reach[source.metrics[0].name]
        whole = rq.catalog.whole
        self.inner_names = reachable(whole, source.metrics[0].name) if whole is not None else self.names
        self.binder = Binder(rq.catalog, rq.catalog.models[source.model], rq.schema, rq.today)
        self._converter: Converter | None = None
        self._key_proofs: tuple[Proof, ...] = ()

    def time_ref(self) -> DimensionRef | None:
        """The source's own time."""
        return self.names.get(TIME)

    def day(self) -> exp.Expr:
        """The day of a row."""
        ref = self.time_ref()
        assert ref is not None
        return self.binder.date(ref)

    def key(self, key: Key, day: exp.Expr | None) -> exp.Expr:
        """The group that a row belongs to by `key`; `day` stands for the row's own time."""
        assert key.calendar is not None
        if key.is_own_time and day is not None:
            return bucket(day.copy(), key.grain or "day", key.calendar)
        found = find_dimension(self.names, key.name)
        assert found is not None
        ref, _ = found
        if ref.dimension.type == "time":
            return bucket(self.binder.date(ref), key.grain or "day", key.calendar)
        return self.member(ref)

    def member(self, ref: DimensionRef) -> exp.Expr:
        """The member of a dimension that a row belongs to: its value, or the bin of it."""
        bound = self.binder.dimension(ref)
        if ref.dimension.bins:
            return _binned(bound, ref.dimension.bins)
        if ref.dimension.type == "flag" and type_of(bound).kind not in ("boolean", "unknown"):
            return sql.cast(bound, "BOOLEAN")
        return bound

    def query_filters(self) -> list[exp.Expr]:
        """The conditions of the question, and of the formula that asks, on this source's own dimensions."""
        asked = [self._filter(wanted) for wanted in self.rq.filters]
        asked += [sql.any_of([self._filter(one) for one in group]) for group in self.rq.either]
        return asked + [self._input_filter(text) for text in self.part.conditions]

    @property
    def has_filters(self) -> bool:
        """Whether `query_filters` has any."""
        return bool(self.rq.filters or self.rq.either or self.part.conditions)

    def _input_filter(self, text: str) -> exp.Expr:
        """The condition that a derived metric puts on its input: over names that a question may use, and segments."""

        def meaning(name: str) -> exp.Expr:
            ref = self.inner_names.get(name)
            if ref is None:
                return self.binder.expression(name)
            return self.binder.date(ref) if ref.dimension.type == "time" else self.member(ref)

        return exp.Paren(this=self.binder.condition(text, meaning))

    def _filter(self, wanted: Filter) -> exp.Expr:
        segment = self.binder.model.segments.get(wanted.field)
        found = find_dimension(self.names, wanted.field)
        if found is None and segment is not None:
            holds = exp.Paren(this=self.binder.expression(segment.expr))
            return holds if wanted.values[0] == (wanted.op == "=") else complement(holds)
        assert found is not None
        ref, grain = found
        if ref.dimension.type == "time":
            subject = self.binder.date(ref)
            return condition(bucket(subject, grain, self.rq.calendar) if grain else subject, wanted)
        return condition(self.member(ref), wanted)

    def member_filter(self, day: exp.Expr | None) -> exp.Expr | None:
        """The rows whose member is one of those that count; `day` stands for the row's own time."""
        members = self.source.members
        if members is None:
            return None
        matches: list[exp.Expr] = [
            exp.EQ(this=sql.column(column, members.name), expression=self.binder.dimension(ref))
            for column, ref in members.keys.items()
        ]
        if members.by_period and (finest := self.rq.finest_time) is not None:
            matches.append(sql.same(sql.column(MEMBER_BUCKET, members.name), self.key(finest, day)))
        found = exp.Select(expressions=[exp.Literal.number(1)]).from_(sql.table(members.name), copy=False)
        return exp.Exists(this=found.where(sql.all_of(matches), copy=False))

    def metric_filter(self, metric: Metric) -> exp.Expr | None:
        """The rows that `metric` counts."""
        return self.binder.expression(metric.where) if metric.where else None

    def value(self, metric: Metric) -> exp.Expr | None:
        """The value of a row for `metric`, in the currency that is asked; None where it counts rows."""
        value = self.binder.expression(metric.expr) if metric.expr else None
        conversion = self.rq.conversions.get(metric.name)
        if value is None or conversion is None:
            return value
        if self._converter is None:
            fixed = self.rq.query.rates_on
            day = sql.date(fixed) if fixed else self.day() if self.time_ref() is not None else None
            self._converter = Converter(
                self.binder, self.rq.catalog, self.rq.schema, day, self.part.rates_back
            )
        return self._converter.convert(metric, value, conversion)

    def repeats(self) -> Repeats:
        """How bridge tables repeat the rows, once all that is read of them has been bound."""
        found = repeats_of(self.binder, ", ".join(metric.name for metric in self.source.metrics))
        self._key_proofs = (found.proof,) if found.proof is not None else ()
        return found

    def rate_proofs(
        self, select: exp.Select, helpers: Sequence[tuple[str, exp.Select]] = ()
    ) -> tuple[Proof, ...]:
        """What must hold for every row of `select`, which reads `helpers`, to have the rates that it is converted by."""
        if self._converter is None or not self._converter.missing:
            return ()
        rates = self.rq.catalog.rates
        table = rates.table if rates else self.binder.model.table
        day = self.day() if self.time_ref() is not None else sql.date(self.rq.query.rates_on or self.rq.today)
        alone = select.copy()
        for name, body in helpers:
            alone = alone.with_(sql.name(name), as_=body.copy(), copy=False)
        return tuple(missing_rates(alone, self._converter.missing, day, self.source.model, table))

    def table(
        self,
        name: str,
        select: exp.Select,
        leaves: Sequence[Leaf],
        *,
        helpers: Sequence[tuple[str, exp.Select]] = (),
        rate_proofs: Sequence[Proof] = (),
    ) -> LeafTable:
        """Return the pass as it was compiled: `select` gives its leaves and may read `helpers`."""
        members = self.source.members
        return LeafTable(
            name=name,
            slice=self.part.name,
            select=select,
            leaves={leaf.name: leaf for leaf in leaves},
            metrics=tuple(metric.name for metric in self.source.metrics),
            tables=(*self.binder.tables, *(members.tables if members else ())),
            proofs=(
                *self.binder.proofs,
                *self._key_proofs,
                *(members.proofs if members else ()),
                *rate_proofs,
            ),
            helpers=tuple(helpers),
        )

    def range_filter(self) -> exp.Expr | None:
        """The asked days."""
        ref = self.time_ref()
        if ref is None or (self.part.start is None and self.part.end is None):
            return None
        return days_between(self.binder.dimension(ref), self.part)


def days_between(moment: exp.Expr, part: Slice) -> exp.Expr:
    """Days from start to end, both included: of a moment the last day counts to its end."""
    kind = type_of(moment)
    if kind.kind == "timestamp":
        conditions: list[exp.Expr | None] = []
        if part.start is not None:
            conditions.append(exp.GTE(this=moment, expression=sql.date(part.start)))
        if part.end is not None:
            after = sql.date(part.end + _DAY)
            conditions.append(exp.LT(this=moment.copy(), expression=after))
        made = sql.all_of(conditions)
        assert made is not None
        return made
    day = moment if kind.kind == "date" else exp.TryCast(this=moment, to=sql.data_type("DATE"))
    if part.start is not None and part.end is not None:
        return exp.Between(this=day, low=sql.date(part.start), high=sql.date(part.end))
    if part.start is not None:
        return exp.GTE(this=day, expression=sql.date(part.start))
    assert part.end is not None
    return exp.LTE(this=day, expression=sql.date(part.end))


def compile_flow(rq: ResolvedQuery, source: Source, part: Slice, name: str) -> LeafTable:
    """Compile the pass of measures that add up over time."""
    work = Pass(rq, source, part)
    select, leaves, rows = flow_rows(work, [])
    helpers = [(window_name(part), window_table(part, rq))] if _has_windows(work) else []
    if source.members is not None:
        helpers.append((source.members.name, source.members.select))
    return work.table(name, select, leaves, helpers=helpers, rate_proofs=work.rate_proofs(rows, helpers))


def _has_windows(work: Pass) -> bool:
    return work.part.windows is not None and work.time_ref() is not None


def flow_rows(work: Pass, more: Sequence[exp.Expr]) -> tuple[exp.Select, list[Leaf], exp.Select]:
    """Return the measures of a pass, added up by the question's groups and by `more` columns, and what reads the rows."""
    rq, source, part = work.rq, work.source, work.part
    conditions = [work.binder.row_filter(), *work.query_filters()]
    day = work.day() if work.time_ref() is not None else None
    windows: exp.Expr | None = None
    if part.windows is not None and day is not None:
        windows = window_condition(rq, part, day)
        day = sql.column("bucket", WINDOWS)
    else:
        conditions.append(work.range_filter())
    conditions.append(work.member_filter(day))
    keys = [sql.aliased(work.key(key, day), key.name) for key in rq.keys] + list(more)
    filters = [work.metric_filter(metric) for metric in source.metrics]
    values = [work.value(metric) for metric in source.metrics]
    if all(kept is not None for kept in filters):
        unique = {metric.where: kept for metric, kept in zip(source.metrics, filters, strict=True) if kept}
        conditions.append(sql.any_of([each.copy() for each in unique.values()]))
    if len({metric.where for metric in source.metrics}) == 1:
        filters = [None] * len(filters)
    repeats = work.repeats()
    own = OwnRows(repeats) if repeats.key else None
    if own is not None:
        if windows is not None:
            _keep_windows(own, part)
        keys = [sql.aliased(_there(own.keep(each.unalias(), each.alias)), each.alias) for each in keys]
        for index, metric in enumerate(source.metrics):
            values[index] = own.keep(values[index], f"{metric.name}__value")
            filters[index] = own.keep(filters[index], f"{metric.name}__kept")
    leaves: list[Leaf] = []
    for metric, value, kept in zip(source.metrics, values, filters, strict=True):
        leaves += aggregate(metric, value, kept, repeats.weights)
    columns = [*keys, *(sql.aliased(leaf.expr, leaf.name) for leaf in leaves)]
    select = own.select() if own is not None else exp.Select(expressions=columns)
    select = work.binder.attach(select, repeats=True)
    if windows is not None:
        select = select.join(sql.table(window_name(part), WINDOWS), on=windows, copy=False)
    if own is None:
        select = with_conditions(select, conditions, keys=len(keys))
        return select, leaves, select
    rows = with_conditions(select, conditions)
    return with_conditions(own.over(rows, columns), [], keys=len(keys)), leaves, rows


def _keep_windows(own: OwnRows, part: Slice) -> None:
    """A row counts once in each window that it lies in."""
    if len(set(part.windows or ())) < len(part.windows or ()):
        raise UserError(
            Issue(
                code="DT328",
                message="some days count several times here, and rows that belong to several members count once",
                hint="ask by day, or give the bridge table a weight",
            )
        )
    for name in ("bucket", "first_day", "last_day"):
        own.keep(sql.column(name, WINDOWS), f"window_{name}")


def _there(column: exp.Column | None) -> exp.Column:
    assert column is not None
    return column


def window_table(part: Slice, rq: ResolvedQuery) -> exp.Select:
    """The windows of a slice as a table: bucket, first day, last day, and the period that all of it lies in."""
    rows = []
    for window in part.windows or ():
        row = [sql.date(window.bucket), sql.date(window.start), sql.date(window.end)]
        if part.take:
            row.append(sql.date(window.day or window.end))
        if part.aligned:
            row.append(sql.date(period_of(window.start, part.aligned, _own_calendar(rq)).start))
        rows.append(row)
    more = [*(["day"] if part.take else []), *(["period"] if part.aligned else [])]
    columns = ["bucket", "first_day", "last_day", *more]
    return sql.values(rows, columns)


def _own_calendar(rq: ResolvedQuery) -> Calendar:
    keys = rq.own_time_keys
    return keys[0].calendar if keys and keys[0].calendar else rq.calendar


def window_condition(rq: ResolvedQuery, part: Slice, day: exp.Expr) -> exp.Expr:
    """The windows that a row of that day lies in."""
    inside = exp.Between(this=day, low=sql.column("first_day", WINDOWS), high=sql.column("last_day", WINDOWS))
    if not part.aligned:
        return inside
    period = bucket(day.copy(), part.aligned, _own_calendar(rq))
    return exp.and_(exp.EQ(this=period, expression=sql.column("period", WINDOWS)), inside, copy=False)


def window_name(part: Slice) -> str:
    """The name of a slice's table of windows."""
    return "_".join(each for each in (WINDOWS, part.name, part.variant) if each)


def with_conditions(
    select: exp.Select, conditions: Sequence[exp.Expr | None], *, keys: int = 0
) -> exp.Select:
    """Return `select` with its WHERE, grouped by its first `keys` columns."""
    where = sql.all_of(conditions)
    if where is not None:
        select = select.where(where, copy=False)
    if keys:
        select.set("group", exp.Group(expressions=[exp.Literal.number(index + 1) for index in range(keys)]))
    return select


def bin_labels(bins: Sequence[float]) -> list[str]:
    """Return the names of the bins that `bins` are the borders of, lowest first.

    >>> bin_labels((0, 100))
    ['under 0', '0 to under 100', '100 and over']
    """
    shown = [f"{border:g}" for border in bins]
    inner = [f"{low} to under {high}" for low, high in itertools.pairwise(shown)]
    return [f"under {shown[0]}", *inner, f"{shown[-1]} and over"]


def _binned(value: exp.Expr, bins: Sequence[float]) -> exp.Expr:
    labels = bin_labels(bins)
    ifs = [
        exp.If(
            this=exp.LT(this=value.copy(), expression=exp.Literal.number(f"{border:g}")),
            true=exp.Literal.string(label),
        )
        for border, label in zip(bins, labels, strict=False)
    ]
    ifs.append(
        exp.If(
            this=exp.GTE(this=value.copy(), expression=exp.Literal.number(f"{bins[-1]:g}")),
            true=exp.Literal.string(labels[-1]),
        )
    )
    return exp.Case(ifs=ifs)
