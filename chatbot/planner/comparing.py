"""Read periods and what they are held against: a plan, the period before, the year before, a change over time.

Two periods that no comparison of the query language stands for are a question back.
Layer: chatbot. Imports the catalog's calendar.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from chatbot.planner.draft import Draft
from chatbot.planner.problems import Needs, Unreachable
from chatbot.planner.timewords.span import TimeSpan
from semantic.additivity import why_not_additive
from semantic.calendar import previous_range, shift_range, show_day
from semantic.model import Calendar, Catalog
from semantic.money import is_converted
from semantic.query import Compare, TimeRange

_DAY = dt.timedelta(days=1)
_Days = tuple[dt.date, dt.date]


def comparisons(
    draft: Draft,
    catalog: Catalog,
    metrics: Sequence[str],
    span: TimeSpan | None,
    grain: str | None,
    named: str | None = None,
) -> list[tuple[Compare | None, str | None, str | None]]:
    """The comparisons that the words allow: (compare, what was assumed, a grain that it needs).

    Args:
        named: how the earlier of two periods that were asked for stands to the later.
    """
    if draft.constant is not None:
        _check_converted(draft.constant, catalog, metrics)
    if draft.scenario is not None:
        if draft.constant is not None:
            raise Needs("unsupported", f'a plan "{draft.constant}"')
        if draft.compare or draft.base:
            raise Needs("unsupported", "a plan and an earlier period at once")
        if not all(draft.scenario in catalog.metrics[m].plan for m in metrics):
            raise Unreachable(draft.scenario)
        return [(Compare(to=draft.scenario), None, None)]
    to = draft.compare or named
    if draft.base is not None:
        to = _relation(catalog, span, draft.base)
    if draft.constant is not None:
        return [_at_constant_currency(draft.constant, span, grain, to)]
    if to is None and draft.change:
        if grain is not None:
            return [(Compare(to="previous_period"), f"change from one {grain} to the next", None)]
        if span is None or span.start is None:
            raise Needs("period", "change over which period, and against which one")
        calendar = catalog.calendars.get(span.calendar or "", catalog.default_calendar)
        if span.end is not None and not span.to_date:
            days = (span.start, span.end)
            if shift_range(*days, years=-1) == previous_range(
                *days, calendar
            ):  # a year: both are the year before
                return [(Compare(to="previous_year"), None, None)]
        return [(Compare(to="previous_period"), None, None), (Compare(to="previous_year"), None, None)]
    if to is None:
        return [(None, None, None)]
    if span is None and grain is None:
        if to == "previous_period" and draft.compare_unit in ("day", "week", "month", "quarter"):
            return [(Compare(to=to), None, draft.compare_unit)]
        raise Needs("period", "which period to compare")
    if to == "previous_period" and draft.compare_unit in ("day", "week", "month", "quarter", "year"):
        unit = grain or (span.unit if span else None)
        if unit != draft.compare_unit:
            if grain is None and draft.base is None and is_longer(unit, draft.compare_unit):
                return [(Compare(to=to), None, draft.compare_unit)]
            raise Needs("unsupported", f"a {unit} against the {draft.compare_unit} before")
    return [(Compare(to=to), None, None)]


def _check_converted(said: str, catalog: Catalog, metrics: Sequence[str]) -> None:
    """Rates that stay the same say something only of figures that the catalog converts."""
    fixed = [catalog.metrics[name].label or name for name in metrics if not is_converted(catalog, name)]
    if not fixed:
        return
    others = [each.label or name for name, each in catalog.metrics.items() if is_converted(catalog, name)]
    instead = (
        f"; what can be: {', '.join(others[:3])}"
        if others
        else "; nothing here is converted from other currencies"
    )
    raise Needs("unsupported", f'{" and ".join(fixed)} "{said}": no exchange rate has a part in it{instead}')


def _at_constant_currency(
    said: str, span: TimeSpan | None, grain: str | None, to: str | None
) -> tuple[Compare, str | None, None]:
    """The asked period at the exchange rates of the year before, beside that year: the only base that it has."""
    if span is None and grain is None:
        raise Needs("period", "which period to compare")
    is_year = span is not None and span.unit == "year" and grain is None
    if to not in (None, "previous_year") and not (to == "previous_period" and is_year):
        raise Needs("unsupported", f'"{said}" beside the period before; it is beside the year before')
    note = None if to else f'"{said}" is at the exchange rates of the year before, beside that year'
    return Compare(to="constant_currency"), note, None


def _relation(catalog: Catalog, span: TimeSpan | None, base: TimeSpan) -> str:
    if span is None:
        raise Needs("period", f"which period to compare with {show_span(base)}")
    if span.start is None or span.end is None or base.start is None or base.end is None:
        raise Needs("unsupported", "a comparison of open periods")
    options = base.readings or (base,)
    calendar = catalog.calendars.get(span.calendar or "", catalog.default_calendar)
    for one in options:
        assert one.start is not None
        assert one.end is not None
        if found := stands_to((one.start, one.end), (span.start, span.end), calendar):
            return found
        if (
            span.to_date
            and one.start == shift_range(span.start, span.end, years=-1)[0]
            and one.unit == span.unit == "year"
        ):
            return "previous_year"
        if span.to_date and one.unit == span.unit and one.end == span.start - _DAY:
            return "previous_period"
    if base.relative and base.unit == "year" and span.unit in ("month", "quarter", "week", "half", "day"):
        return "previous_year"
    raise Needs("unsupported", f"{show_span(span)} against {show_span(base)}")


def stands_to(earlier: _Days, later: _Days, calendar: Calendar) -> str | None:
    """Return what the earlier of two ranges of days is to the later: its previous_year, its previous_period, or none."""
    if earlier == shift_range(*later, years=-1):
        return "previous_year"
    return "previous_period" if earlier == previous_range(*later, calendar) else None


def ranked_changes(draft: Draft, catalog: Catalog, metric: str, way: str) -> tuple[str, list[str]]:
    """Return which way a ranking by change goes, and the columns that it may go by.

    A member that is new or gone has no difference, but it has a part in the change: sums are ranked by that part.
    """
    ways = set(draft.tests) - {"!="}
    better = catalog.metrics[metric].better
    if better and ways in ({"better"}, {"worse"}):  # "improved most": up, where more is better
        ways = {">"} if (ways == {"better"}) == (better == "higher") else {"<"}
    if len(ways) != 1 or not ways <= {">", "<"}:
        raise Needs("unsupported", f"the {draft.ranked_word} change, up or down")
    if ways == {"<"}:
        way = "asc" if way == "desc" else "desc"
    if way == "asc" and draft.measure == "percent":
        raise Needs("unsupported", 'a ranking by decrease in percent; say "in absolute terms"')
    reason = why_not_additive(catalog, catalog.metrics[metric], over_time=False, ratios=False)
    by_size = "contribution" if reason is None else "difference"
    if reason is not None and (reason[0].agg == "count_distinct" or reason[0].kind == "lifecycle"):
        raise Needs("unsupported", "a ranking by the change of a count of different things")
    either = [by_size] if way == "asc" else [by_size, "percent"]  # a drop is an amount unless more is said
    measures = {"difference": [by_size], "percent": ["percent"], None: either}[draft.measure]
    return way, [f"{metric}__{measure}" for measure in measures]


def show_span(span: TimeSpan) -> str:
    """Return a range of days in words."""
    if span.start and span.end:
        return (
            show_day(span.start)
            if span.start == span.end
            else f"{show_day(span.start)} to {show_day(span.end)}"
        )
    return (
        f"since {show_day(span.start)}"
        if span.start
        else f"until {show_day(span.end)}"
        if span.end
        else "all time"
    )


def time_range(span: TimeSpan | None, calendar: str | None) -> TimeRange | None:
    if span is None or (span.start is None and span.end is None):
        return TimeRange(calendar=calendar) if calendar else None
    return TimeRange(start=span.start, end=span.end, calendar=calendar or span.calendar)


def is_longer(unit: str | None, than: str | None) -> bool:
    """Return whether a unit of time is longer than another; one that is not known is longer than all."""
    order = {"day": 0, "week": 1, "month": 2, "fiscal_month": 2, "quarter": 3, "half": 4, "year": 5, None: 9}
    return order.get(unit, 9) > order.get(than, 9)
