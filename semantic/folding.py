"""May one number be made of the members of a group, or one member's place be told? And over how many periods a mean is.

A mean over periods is one of amounts: of sums and counts a period without rows is a zero, of balances it is unknown.
A mean over members ("per customer") is over those that have rows. A mean of ratios is no ratio, and is refused.
Layer: semantic. Pure but for `coverage`; used by the resolver.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from sqlglot import exp

from datatrust.core.issues import Issue, did_you_mean
from semantic.calendar import Period, period_of, show_day
from semantic.expressions import parse_expression
from semantic.horizon import Coverage, known_through
from semantic.model import Catalog, Metric
from semantic.query import MetricQuery, TimeRange
from semantic.reach import WEEKDAY
from semantic.resolved import Key

_DAY = dt.timedelta(days=1)
_COUNTABLE = ("sum", "count", "count_distinct")


def check_fold(
    query: MetricQuery, catalog: Catalog, metrics: Sequence[Metric], keys: Sequence[Key]
) -> Iterator[Issue]:
    """What a mean over periods, a count of members and a place among others need, and what they do not go with."""
    if query.fold is None and query.place is None:
        return
    if query.fold is not None and query.place is not None:
        yield Issue(code="DT311", message="a place among others and a fold do not go together")
    given = {
        "a comparison": query.compare is not None, "a running total": query.running,
        "totals": query.totals, "a limit per member": query.top is not None and query.top.per is not None,
        "a row of others": query.top is not None and query.top.others,
    }  # fmt: skip
    names = [key.name for key in keys]
    if query.place is not None:
        given |= {"top": query.top is not None, "limit": query.limit is not None}
        if query.place.field not in names:
            yield _unknown(f'place of "{query.place.field}"', query.place.field, names)
        elif any(key.name == query.place.field and key.grain for key in keys) or len(keys) > 1:
            yield Issue(
                code="DT311", message="a place is that of one member of one dimension that is not of time"
            )
    elif query.fold is not None:
        given["shares"] = query.share_of is not None
        given["top"] = query.fold.how == "count" and query.top is not None
        ordered = {each.lstrip("+-") for each in query.order_by}
        given["an order by value"] = query.fold.how == "count" and not ordered <= set(names)
        folded = next((key for key in keys if key.name == query.fold.key), None)
        if folded is None:
            yield _unknown(f'fold over "{query.fold.key}"', query.fold.key, names)
        elif query.fold.how == "mean":
            yield from _check_mean(query, catalog, metrics, folded, keys)
    for what, is_given in given.items():
        if is_given:
            yield Issue(
                code="DT311",
                message=f"{what} and {'a place' if query.place else f'a {_WORDS[query.fold.how]}' if query.fold else ''} "
                "do not go together",
                hint=f"leave {what} out",
            )


_WORDS = {"mean": "mean over a group", "count": "count of members"}


def _unknown(what: str, name: str, names: Sequence[str]) -> Issue:
    return Issue(
        code="DT311", message=f"{what}: the query is not grouped by it", suggestion=did_you_mean(name, names)
    )


def _check_mean(
    query: MetricQuery, catalog: Catalog, metrics: Sequence[Metric], key: Key, keys: Sequence[Key]
) -> Iterator[Issue]:
    if any(other.grain for other in keys if other is not key):
        yield Issue(code="DT311", message="a mean over periods has no second grain of time beside it")
    if key.grain and not key.is_own_time:
        yield Issue(
            code="DT311",
            message="a mean over periods is over those of each metric's own time",
            hint="fold over time.month or another grain of time",
        )
    fields = [each.field for each in (*query.where, *(one for group in query.either for one in group))]
    if key.grain and any(name.endswith(f".{WEEKDAY}") for name in [*fields, *(other.name for other in keys)]):
        yield Issue(
            code="DT311",
            message=f"a mean over {key.grain}s counts every {key.grain}, not some weekdays alone",
        )
    kinds = set()
    for metric in metrics:
        for part in _parts(catalog, metric):
            reason = _why_no_mean(part)
            if reason is not None:
                yield Issue(
                    code="DT313",
                    message=f"a mean of {metric.name} over {'periods' if key.grain else key.label} says nothing: {reason}",
                    at=metric.position,
                )
            if part.is_base:
                kinds.add(part.balance is not None)
    if len(kinds) > 1:
        yield Issue(code="DT313", message="a mean of balances and of amounts at once: ask for them apart")


def _parts(catalog: Catalog, metric: Metric) -> Iterator[Metric]:
    yield metric
    for name in () if metric.is_base else metric.inputs:
        yield from _parts(catalog, catalog.metrics[name])


def _why_no_mean(part: Metric) -> str | None:
    if part.kind == "ratio":
        return "it is a ratio, and a mean of ratios is none"
    if part.kind == "derived" and parse_expression(part.formula or "").ast.find(exp.Div):
        return "it is a quotient, and a mean of quotients is none"
    if part.kind in ("cumulative", "lifecycle"):
        return f"it is {part.kind}"
    if part.balance is None and part.is_base and part.agg not in _COUNTABLE:
        return f"it is the {part.agg} of its rows"
    return None


def periods_of_mean(
    query: MetricQuery, catalog: Catalog, bases: Sequence[str], keys: Sequence[Key], time: TimeRange | None,
    *, coverage: Coverage, today: dt.date,
) -> tuple[int | None, list[str]]:  # fmt: skip
    """Return over how many periods a mean is, and what to tell of it: those of the range that the data reach.

    None stands for the periods that have a value: a month without a balance is not one of zero.
    """
    key = next(key for key in keys if query.fold is not None and key.name == query.fold.key)
    if key.grain is None:
        return None, [f"The mean is over each {key.label} that has rows; one without any does not count"]
    days = [found for base in bases if (found := coverage(base)) is not None]
    if key.calendar is None or not days or time is None or time.start is None or time.end is None:
        return None, []
    start = max(time.start, min(first for first, _ in days))
    end = known_through(catalog, bases, coverage, today=today, until=time.end)
    grain = key.grain or "day"
    periods: list[Period] = []
    day = start
    while day <= end:
        periods.append(period_of(day, grain, key.calendar))
        day = periods[-1].end + _DAY
    if not periods:
        return None, []
    words = grain.removeprefix("fiscal_")
    if any(catalog.metrics[base].balance is not None for base in bases):
        return None, [f"The mean is over the {words}s that have a balance"]
    said = f"The mean is over {len(periods)} {words}{'s' if len(periods) > 1 else ''}, {show_day(start)} to {show_day(end)}"
    notes = [f"{said}; one without rows counts as zero"]
    cut = [
        edge
        for edge, is_cut in (("first", start > periods[0].start), ("last", end < periods[-1].end))
        if is_cut
    ]
    if cut:
        notes.append(
            f"Of these the {' and the '.join(cut)} {words} {'is' if len(cut) == 1 else 'are'} not whole"
        )
    return len(periods), notes
