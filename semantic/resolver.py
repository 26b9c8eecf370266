"""Resolve a metric query: find every name, type every value, make every choice; all issues at once.

Refuses a dimension that a metric cannot reach, a period for a metric without time, a comparison without a base,
and what this version cannot compute. Never guesses between two meanings.
Layer: semantic. Imports the catalog's types; reads no data but through `coverage`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from datatrust.core.errors import AccessDenied, UnknownName, UserError
from datatrust.core.issues import Issue, did_you_mean
from semantic.additivity import why_not_additive
from semantic.bridges import PARTS, check_bridge, quantities
from semantic.calendar import (
    Period,
    calendar_for,
    fiscal_calendar,
    period_of,
)
from semantic.folding import check_fold, periods_of_mean
from semantic.horizon import Coverage
from semantic.model import Calendar, Catalog, DimensionRef, Metric
from semantic.money import check_constant_currency, check_one_currency, in_target, plan_conversions
from semantic.offsets import check_offsets
from semantic.projection import closed_models
from semantic.query import Filter, MetricQuery, TimeRange, Viewer
from semantic.reach import (
    TIME,
    WEEKDAYS,
    base_metrics,
    find_dimension,
    grains_of,
    is_own_time,
    is_weekday,
    members_chosen_by,
    reachable,
    reachable_together,
    split_grain,
)
from semantic.resolved import Conversion, Key, Order, ResolvedQuery, Slice
from semantic.schema import Schema, SqlType
from semantic.shared_rows import SharedRows, check_shared_rows, shared_rows, words_of_shared_rows
from semantic.slices import Slicer, unlisted_days
from semantic.values import WrongValue, as_number, check_count, typed_filter

Names = Mapping[str, DimensionRef]

_IN_TIME = ("previous_period", "previous_year", "constant_currency")
_UNKNOWN = ("DT301", "DT302")


def resolve(
    query: MetricQuery,
    catalog: Catalog,
    viewer: Viewer,
    *,
    today: dt.date,
    schema: Schema | None = None,
    coverage: Coverage = lambda _: None,
) -> ResolvedQuery:
    """Return the query with every name found and every choice made.

    Args:
        coverage: first and last day of a metric's data; asked only where the query leaves its range open.

    Raises:
        UnknownName: names that nothing answers to, with the nearest that exist.
        UserError: anything else that is wrong; every issue at once.
    """
    del viewer  # the catalog is the viewer's own part of it
    work = _Resolution(query, catalog, schema or Schema(), today, coverage)
    resolved = work.run()
    if work.issues:
        unknown = all(issue.code in _UNKNOWN for issue in work.issues)
        raise (UnknownName if unknown else UserError).all(work.issues)
    assert resolved is not None
    return resolved


@dataclass
class _Resolution:
    """One query on its way; `issues` fills up."""

    query: MetricQuery
    catalog: Catalog
    schema: Schema
    today: dt.date
    coverage: Coverage
    issues: list[Issue] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)

    def run(self) -> ResolvedQuery | None:
        metrics = self._metrics()
        if not metrics:
            return None
        if self.query.currency:
            self.query = replace(self.query, currency=self.query.currency.strip().upper())
        scenario = self._scenario(metrics)
        taken = [*(metric.name for metric in metrics), *quantities(self.query, metrics)]
        names = [*taken, *(scenario or {}).values()]
        bases = list(dict.fromkeys(base for name in names for base in base_metrics(self.catalog, name)))
        if not self._can_compute(names):
            return None
        self._refuse_closed(names)
        shared = reachable_together(self.catalog, names)
        reach = {base: reachable(self.catalog, base) for base in bases}
        calendar = self._calendar()
        keys = self._keys(shared, reach, names, calendar)
        filters = self._filters(self.query.where, shared, bases, names, calendar)
        either = tuple(
            tuple(self._filters(group, shared, bases, names, calendar)) for group in self.query.either
        )
        filters, time = self._range(filters, shared, reach, keys)
        self.issues += check_offsets(self.query, self.catalog, names, keys, filters, reach)
        slicer = Slicer(
            self.query, self.catalog, self.today, self.coverage, calendar, assumptions=self.assumptions
        )
        slices: tuple[Slice, ...] = ()
        totals: tuple[Slice, ...] = ()
        if not self.issues:
            slices, totals, time = slicer.plan(time, keys, taken, scenario)
        self.issues += slicer.issues
        self.issues += unlisted_days(keys, time)
        having = self._having(metrics)
        order = self._order(metrics, keys)
        self._limits(keys)
        share_within = self._share_within(metrics, keys, shared)
        self._running(metrics, keys)
        self._contributions(metrics, keys)
        self._others(metrics, keys)
        self.issues += check_bridge(self.query, self.catalog, metrics, keys)
        self.issues += check_fold(self.query, self.catalog, metrics, keys)
        shared_by = self._shared_rows(reach, keys, [*filters, *(each for group in either for each in group)])
        place = self._place(shared, bases, names, calendar, order)
        periods = self._periods(bases, keys, time)
        conversions = self._money(names, keys, filters)
        choosing = members_chosen_by(self.catalog, bases)
        asked = replace(self.query, currency=None, rates_on=None)
        member_conversions = plan_conversions(asked, self.catalog, choosing, self.issues)
        if self.issues:
            return None
        catalog = self.catalog
        if conversions:
            catalog = in_target(catalog, conversions, self.query.currency)
            metrics = [catalog.metrics[metric.name] for metric in metrics]
        completed = replace(
            self.query,
            group_by=tuple(key.name for key in keys),
            where=tuple(self.query.where),
            time=time,
            order_by=tuple(("-" if each.descending else "") + each.column for each in order),
        )
        return ResolvedQuery(
            query=completed,
            catalog=catalog,
            schema=self.schema,
            today=self.today,
            metrics=tuple(metrics),
            keys=tuple(keys),
            filters=tuple(filters),
            either=either,
            having=having,
            slices=slices,
            total_slices=totals,
            calendar=calendar,
            conversions=conversions,
            scenario=scenario,
            share_within=share_within,
            order=order,
            place=place,
            periods=periods,
            reach=reach,
            member_conversions=member_conversions,
            member_reach={
                base: reachable(self.catalog, base)
                for each in choosing
                for base in base_metrics(self.catalog, each)
            },
            last_period=self._last_period(time, keys, calendar),
            shares_rows=bool(shared_by),
            assumptions=tuple(self.assumptions),
        )

    # -------------------------------------------------------------------------------------------- metrics

    def _metrics(self) -> list[Metric]:
        if not self.query.metrics:
            self._add("DT300", "no metric is asked for", hint="list them: datatrust semantic describe")
        found = []
        for name in dict.fromkeys(self.query.metrics):
            metric = self.catalog.metrics.get(name)
            if metric is None:
                near = did_you_mean(name, self.catalog.metrics)
                self._add("DT301", f'unknown metric "{name}"', near, "list them: datatrust semantic describe")
            else:
                found.append(metric)
        return found

    def _refuse_closed(self, names: Sequence[str]) -> None:
        """Rows that cannot be told apart are shown to nobody whose rows are limited."""
        bases = [base for name in names for base in base_metrics(self.catalog, name)]
        closed = [
            name
            for name in dict.fromkeys([*names, *members_chosen_by(self.catalog, bases)])
            if closed_models(self.catalog, name)
        ]
        if closed:
            raise AccessDenied(
                Issue(
                    code="DT332",
                    message=f"your role sees some rows only, and which rows of {', '.join(closed)} they are cannot be told",
                    hint="ask for another figure, or ask the policy's owner",
                )
            )

    def _can_compute(self, names: Sequence[str]) -> bool:
        """What the parts of a metric need to be taken over time."""
        before, waiting, seen = len(self.issues), list(names), set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            metric = self.catalog.metrics[name]
            waiting += metric.inputs
            if metric.kind == "cumulative":
                self._check_cumulative(metric)
            elif metric.balance is not None and reachable(self.catalog, name).get(TIME) is None:
                self._add("DT307", f"{name} is a balance and needs a time dimension", at=metric)
        return len(self.issues) == before

    def _check_cumulative(self, metric: Metric) -> None:
        waiting = list(metric.inputs)
        while waiting:
            each = self.catalog.metrics[waiting.pop()]
            waiting += each.inputs
            if each.balance is not None:
                self._add(
                    "DT313",
                    f"{metric.name}: {each.name} is a balance; it does not add up over time",
                    at=metric,
                )
            elif each.kind == "cumulative":
                self._add("DT313", f"{metric.name}: {each.name} is cumulative itself", at=metric)
            elif each.kind == "lifecycle":
                self._add("DT313", f"{metric.name}: {each.name} does not add up over time", at=metric)
            elif each.model and reachable(self.catalog, each.name).get(TIME) is None:
                self._add("DT307", f"{metric.name} adds up over time, but {each.name} has no time", at=metric)

    def _scenario(self, metrics: Sequence[Metric]) -> dict[str, str] | None:
        compare = self.query.compare
        if compare is None or compare.to in _IN_TIME:
            return None
        chosen = {}
        for metric in metrics:
            plan = metric.plan.get(compare.to)
            if plan is None:
                known = sorted({*_IN_TIME, *metric.plan})
                self._add(
                    "DT308",
                    f'{metric.name} has nothing to compare with under "{compare.to}"',
                    did_you_mean(compare.to, known),
                    f"it can be compared with: {', '.join(known)}",
                )
            elif plan in self.catalog.metrics:
                chosen[metric.name] = plan
        return chosen

    # ------------------------------------------------------------------------------------- shares, running

    def _money(
        self, names: Sequence[str], keys: Sequence[Key], filters: Sequence[Filter]
    ) -> dict[str, Conversion]:
        self.issues += check_one_currency(self.catalog, names, keys, filters)
        found = plan_conversions(self.query, self.catalog, names, self.issues)
        compare = self.query.compare
        if compare is not None and compare.to == "constant_currency":
            self.issues += check_constant_currency(self.query, self.catalog, found)
        return found

    def _share_within(self, metrics: Sequence[Metric], keys: Sequence[Key], shared: Names) -> tuple[str, ...]:
        """Return the keys whose members are each a whole: of "total" the buckets of time, if there are others."""
        wanted = self.query.share_of
        if wanted is None:
            return ()
        for metric in metrics:
            self._check_additive(metric, "a share", over_time=False)
        if not keys:
            self._add("DT311", "a share needs groups to share between", hint="add a dimension to group_by")
            return ()
        times = [key.name for key in keys if key.grain]
        others = [key.name for key in keys if not key.grain]
        within = times if others else []
        if wanted == "total":
            return tuple(within)
        if wanted == "parent":
            parents = [name for name in others if self._is_parent(name, others, shared)]
            if not parents:
                self._add(
                    "DT311",
                    "share of parent: the query holds no dimension together with its parent",
                    hint="group by both, for instance region and city",
                )
            return (*within, *parents)
        if wanted not in (*times, *others):
            known = ["total", "parent", *times, *others]
            self._add(
                "DT311",
                f'share of "{wanted}": the query is not grouped by it',
                did_you_mean(wanted, known),
                f"can be: {', '.join(known)}",
            )
            return ()
        return tuple(dict.fromkeys([*within, wanted]))

    def _is_parent(self, name: str, others: Sequence[str], shared: Names) -> bool:
        found = find_dimension(shared, name)
        children = [ref for other in others if (ref := find_dimension(shared, other)) and other != name]
        return found is not None and any(
            child[0].dimension.parent == found[0].dimension.name
            and child[0].dimension.model == found[0].dimension.model
            for child in children
        )

    def _running(self, metrics: Sequence[Metric], keys: Sequence[Key]) -> None:
        if not self.query.running:
            return
        if sum(1 for key in keys if key.grain) != 1:
            self._add(
                "DT311", "a running total needs one grain of time to run along", hint="group by time.month"
            )
        for metric in metrics:
            self._check_additive(metric, "a running total", over_time=True, ratios=True)

    def _shared_rows(
        self, reach: Mapping[str, Names], keys: Sequence[Key], filters: Sequence[Filter]
    ) -> SharedRows:
        found = shared_rows(self.catalog, reach, keys, filters)
        self.issues += check_shared_rows(self.query, self.catalog, found)
        self.assumptions += words_of_shared_rows(self.catalog, found)
        return found

    def _contributions(self, metrics: Sequence[Metric], keys: Sequence[Key]) -> None:
        """Changes of the rows add up to the change of the whole only where the rows do."""
        if not self.query.contributions:
            return
        if self.query.compare is None or self.query.compare.to == "as_reported":
            self._add(
                "DT311",
                "contributions are to a change: name what to compare with",
                hint="compare: previous_year",
            )
        if not any(not key.grain for key in keys):
            self._add("DT311", "contributions need members that make them", hint="group by a dimension")
        for metric in metrics:
            self._check_additive(metric, "a contribution", over_time=False)

    def _check_additive(self, metric: Metric, what: str, *, over_time: bool, ratios: bool = False) -> None:
        found = why_not_additive(self.catalog, metric, over_time=over_time, ratios=ratios)
        if found is not None:
            part, reason = found
            which = metric.name if part is metric else f"{metric.name} (made of {part.name})"
            self._add("DT313", f"{what} of {which} says nothing: {reason}", at=metric)

    def _others(self, metrics: Sequence[Metric], keys: Sequence[Key]) -> None:
        """A row of all others is added up from the leaves of the groups, so it needs leaves that add up."""
        top = self.query.top
        if top is None or not top.others:
            return
        ranked = [key for key in keys if key.name != top.per]
        if len(ranked) != 1 or ranked[0].grain:
            self._add("DT311", "others need one dimension, not of time, whose members are ranked")
        if self.query.having:
            self._add("DT311", "others and having do not go together: which rows would the others be?")
        names = {metric.name for metric in metrics}
        wanted = [order.removeprefix("-") for order in self.query.order_by]
        if any(each not in names and each != top.per for each in wanted):
            self._add("DT311", "others are ranked by a metric; order by one of the metrics")
        for metric in metrics:
            self._check_additive(metric, "a row of others", over_time=False, ratios=True)

    # ----------------------------------------------------------------------------------------- dimensions

    def _calendar(self) -> Calendar:
        name = self.query.time.calendar if self.query.time else None
        if name and name not in self.catalog.calendars:
            self._add(
                "DT302",
                f'unknown calendar "{name}"',
                did_you_mean(name, self.catalog.calendars),
                f"calendars: {', '.join(sorted(self.catalog.calendars))}",
            )
        return calendar_for(self.catalog, name=name)

    def _keys(
        self, shared: Names, reach: Mapping[str, Names], names: Sequence[str], calendar: Calendar
    ) -> list[Key]:
        keys = []
        for name in dict.fromkeys(self.query.group_by):
            found = find_dimension(shared, name)
            if found is None:
                self._unreachable(name, shared, names)
                continue
            ref, grain = found
            if any(find_dimension(each, name) is None for each in reach.values()):
                self._unreachable(name, shared, names)
                continue
            if ref.dimension.type != "time":
                keys.append(Key(name=name, label=ref.label or ref.dimension.label or name, calendar=calendar))
                continue
            grain = grain or ref.dimension.grain
            own = all(is_own_time(each, name) for each in reach.values())
            coarsest = next(
                (
                    found_there[0].dimension
                    for each in reach.values()
                    if (found_there := find_dimension(each, name))
                    and grain not in grains_of(found_there[0].dimension)
                ),
                None,
            )
            if coarsest is not None:
                allowed = grains_of(coarsest)
                self._add(
                    "DT303",
                    f"{coarsest.model}.{coarsest.name} is kept by {coarsest.grain}; it cannot be grouped by {grain}",
                    did_you_mean(grain, allowed),
                    f"grains: {', '.join(allowed)}",
                )
                continue
            read_in = calendar_for(self.catalog, grain=grain, name=calendar.name)
            label = grain.replace("_", " ").capitalize() if own else f"{ref.label or name} ({grain})"
            keys.append(Key(name=name, label=label, grain=grain, calendar=read_in, is_own_time=own))
        return keys

    def _unreachable(self, name: str, shared: Names, names: Sequence[str]) -> None:
        """Say which metric it is that cannot be split by `name`, and what can be used instead."""
        without = [each for each in names if find_dimension(reachable(self.catalog, each), name) is None]
        head, grain = split_grain(name)
        known = sorted({ref.query_name for ref in shared.values()})
        offered = [*known, *([TIME] if TIME in shared else [])]
        hint = f"can be used: {', '.join(known[:25])}" if known else "nothing can be used with these metrics"
        exists = any(find_dimension(reachable(self.catalog, each), name) for each in self.catalog.metrics)
        if exists and without:
            which = ", ".join(without)
            message = f'{which} cannot be split or filtered by "{name}": no many-to-one path leads there'
            if len(without) < len(names) and len(names) > 1:
                hint = f"ask for {which} apart, or use what all have: {', '.join(known[:25])}"
            self._add("DT303", message, did_you_mean(name, offered), hint)
            return
        if exists:
            self._add("DT303", f'"{name}" means something else for each of {", ".join(names)}', None, hint)
            return
        near = did_you_mean(head if grain else name, offered)
        self._add("DT302", f'unknown dimension "{name}"', f"{near}.{grain}" if near and grain else near, hint)

    # -------------------------------------------------------------------------------------------- filters

    def _filters(
        self, asked: Sequence[Filter], shared: Names, bases: Sequence[str], names: Sequence[str], calendar: Calendar
    ) -> list[Filter]:  # fmt: skip
        made = []
        for wanted in asked:
            found = find_dimension(shared, wanted.field)
            if found is None and self._is_segment(wanted.field, bases):
                if wanted.op not in ("=", "!=") or wanted.values not in ((True,), (False,)):
                    self._add("DT304", f"{wanted.field} is a named filter: it holds or it does not")
                made.append(wanted)
                continue
            everywhere = all(find_dimension(reachable(self.catalog, base), wanted.field) for base in bases)
            if found is None or not everywhere:
                self._unreachable(wanted.field, shared, names)
                continue
            ref, _ = found
            if not self._names_weekdays(wanted, ref):
                continue
            try:
                typed = typed_filter(
                    wanted, ref.dimension, self._type_of(ref), calendar, fiscal_calendar(self.catalog)
                )
            except WrongValue as error:
                self._add("DT304", str(error), hint=_values_hint(ref))
                continue
            made.append(typed)
        return made

    def _names_weekdays(self, wanted: Filter, ref: DimensionRef) -> bool:
        if not is_weekday(ref) or wanted.op not in ("=", "!=", "in", "not_in"):
            return True
        known = {day.lower() for day in WEEKDAYS}
        wrong = [value for value in wanted.values if str(value).lower() not in known]
        for value in wrong:
            near = did_you_mean(str(value), WEEKDAYS)
            self._add("DT304", f'"{value}" is no day of the week', near, f"days: {', '.join(WEEKDAYS)}")
        return not wrong

    def _is_segment(self, name: str, bases: Sequence[str]) -> bool:
        models = {self.catalog.metrics[base].model for base in bases}
        return all(
            model is not None
            and (segment := self.catalog.models[model].segments.get(name)) is not None
            and not segment.hidden
            for model in models
        )

    def _type_of(self, ref: DimensionRef) -> SqlType:
        dimension = ref.dimension
        if dimension.expr is not None or dimension.mask is not None:
            return SqlType("unknown")
        return self.schema.column(self.catalog.models[dimension.model].table, dimension.name).type

    def _having(self, metrics: Sequence[Metric]) -> tuple[Filter, ...]:
        known = self._value_columns(metrics)
        made = []
        for wanted in self.query.having:
            if wanted.field not in known:
                self._add(
                    "DT302",
                    f'having: "{wanted.field}" is not a column of this query',
                    did_you_mean(wanted.field, known),
                    f"columns: {', '.join(known)}",
                )
                continue
            try:
                check_count(wanted)
                if wanted.field.endswith("__favourable"):
                    made.append(wanted)
                    continue
                values = tuple(None if v is None else as_number(wanted.field, v) for v in wanted.values)
                made.append(replace(wanted, values=values))
            except WrongValue as error:
                self._add("DT304", str(error))
        return tuple(made)

    def _value_columns(self, metrics: Sequence[Metric]) -> list[str]:
        suffixes = ["", "__base", "__difference", "__percent", "__favourable"] if self.query.compare else [""]
        suffixes += ["__contribution"] if self.query.compare and self.query.contributions else []
        suffixes += [f"__{part}" for part in PARTS] if self.query.compare and self.query.bridge else []
        suffixes += ["__share"] if self.query.share_of else []
        suffixes += ["__running"] if self.query.running else []
        return [f"{metric.name}{suffix}" for metric in metrics for suffix in suffixes]

    # ----------------------------------------------------------------------------------------------- time

    def _range(
        self, filters: list[Filter], shared: Names, reach: Mapping[str, Names], keys: Sequence[Key]
    ) -> tuple[list[Filter], TimeRange | None]:
        """Return the range on each metric's own time; one on another dimension becomes a filter."""
        time = self.query.time
        if time is None:
            return filters, None
        if time.start and time.end and time.start > time.end:
            self._add("DT306", f"the range ends ({time.end}) before it begins ({time.start})")
        if time.dimension and time.dimension != TIME:
            name = time.dimension
            if find_dimension(shared, name) is None:
                self._unreachable(name, shared, [*self.query.metrics])
                return filters, time
            if not all(is_own_time(each, name) for each in reach.values()):
                if self.query.compare is not None and self.query.compare.to in _IN_TIME:
                    self._not_yet(f"comparison in time by {name}, which is not the metric's own time")
                if members_chosen_by(self.catalog, reach):
                    self._not_yet(f"members chosen in a period of {name}, which is not the metric's own time")
                if time.start is not None:
                    filters = [*filters, Filter(field=name, op=">=", values=(time.start,))]
                if time.end is not None:
                    filters = [*filters, Filter(field=name, op="<=", values=(time.end,))]
                return filters, replace(time, start=None, end=None)
        if time.start is not None or time.end is not None:
            for base, names in reach.items():
                if TIME not in names:
                    self._add(
                        "DT307",
                        f"{base} has no time, so it cannot be limited to a period",
                        hint="ask for it without a period",
                    )
        return filters, time

    def _last_period(self, time: TimeRange | None, keys: Sequence[Key], calendar: Calendar) -> Period | None:
        if time is None or time.start is None or time.end is None:
            return None
        own = [key for key in keys if key.is_own_time]
        if own and own[0].calendar is not None:
            return period_of(time.end, own[0].grain or "day", own[0].calendar)
        return Period(start=time.start, end=time.end, grain="range", label="")

    # ---------------------------------------------------------------------------------------------- order

    def _order(self, metrics: Sequence[Metric], keys: Sequence[Key]) -> tuple[Order, ...]:
        columns = [*(key.name for key in keys), *self._value_columns(metrics)]
        made = []
        for wanted in self.query.order_by:
            name = wanted.removeprefix("-").removeprefix("+")
            if name not in columns:
                self._add(
                    "DT310",
                    f'order: "{name}" is not a column of this query',
                    did_you_mean(name, columns),
                    f"columns: {', '.join(columns)}",
                )
                continue
            made.append(Order(column=name, descending=wanted.startswith("-")))
        if made or not metrics:
            return tuple(made)
        first = Order(column=metrics[0].name, descending=True)
        top = self.query.top
        if top is not None:
            return (Order(column=top.per), first) if top.per else (first,)
        times = [Order(column=key.name) for key in keys if key.grain]
        return (*times, *(Order(column=key.name) for key in keys if not key.grain))

    def _place(
        self, shared: Names, bases: Sequence[str], names: Sequence[str], calendar: Calendar, order: Sequence[Order]
    ) -> Filter | None:  # fmt: skip
        if self.query.place is None:
            return None
        typed = self._filters((self.query.place,), shared, bases, names, calendar)
        if self.query.place.op != "=" or not order or order[0].column in self.query.group_by:
            self._add(
                "DT311",
                "a place is of one member, by the order of a metric",
                hint="order by -revenue, for instance",
            )
        return typed[0] if typed else None

    def _periods(self, bases: Sequence[str], keys: Sequence[Key], time: TimeRange | None) -> int | None:
        fold = self.query.fold
        if fold is None or fold.how != "mean" or self.issues:
            return None
        count, notes = periods_of_mean(
            self.query, self.catalog, bases, keys, time, coverage=self.coverage, today=self.today
        )
        self.assumptions += notes
        return count

    def _limits(self, keys: Sequence[Key]) -> None:
        top, limit = self.query.top, self.query.limit
        if limit is not None and limit < 1:
            self._add("DT311", f"limit must be 1 or more, not {limit}")
        if top is None:
            return
        if top.n < 1:
            self._add("DT311", f"top must be 1 or more, not {top.n}")
        if not keys:
            self._add("DT311", "top needs a dimension to rank the members of", hint="add one to group_by")
        if top.per is not None and top.per not in {key.name for key in keys}:
            self._add(
                "DT311",
                f'top per "{top.per}": the query is not grouped by it',
                did_you_mean(top.per, [key.name for key in keys]),
            )

    # --------------------------------------------------------------------------------------------- issues

    def _add(
        self,
        code: str,
        message: str,
        suggestion: str | None = None,
        hint: str | None = None,
        *,
        at: Metric | None = None,
    ) -> None:
        where = at.position if at else None
        self.issues.append(Issue(code=code, message=message, suggestion=suggestion, hint=hint, at=where))

    def _not_yet(self, what: str) -> None:
        self._add("DT309", f"not supported yet: {what}", hint="ask without it")


def _values_hint(ref: DimensionRef) -> str | None:
    if not ref.dimension.values:
        return None
    return f"values: {', '.join(list(ref.dimension.values)[:20])}"
