"""Plan what is taken from the data: the asked days, their bases, the windows of cumulative metrics, the totals.

Layer: semantic. Pure but for `coverage`; used by the resolver.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.baselines import base_range, base_windows, bucket_windows
from semantic.calendar import LISTED, period_of, periods_between, show_day, show_range
from semantic.cumulative import first_day
from semantic.horizon import Coverage, known_through
from semantic.model import Calendar, Catalog, Metric
from semantic.offsets import moved_range, moved_windows
from semantic.query import MetricQuery, TimeRange
from semantic.reach import GRAINS, TIME, base_metrics, reachable
from semantic.resolved import Key, Slice, Window
from semantic.scopes import Move, Scope, bases_by_scope, slice_name

MAX_BUCKETS = 5_000


@dataclass(frozen=True, kw_only=True)
class _Days:
    """Days that measures are taken over: the asked ones, or those of a base."""

    start: dt.date | None  # open ends are closed by the data's first and last day
    end: dt.date | None
    asked: tuple[dt.date | None, dt.date | None]  # open ends stay open: a row without a day counts too
    finest: Key | None = None  # the key whose buckets they fall into
    windows: tuple[Window, ...] | None = None  # days of each bucket, where they are not its own
    aligned: bool = True  # no window crosses the border of a period
    uncut: _Days | None = None  # of a base: its whole periods, where it is cut at the last day that is known
    rows: _Days | None = None  # of totals: the days of the rows that they are the total of


def unlisted_days(keys: Sequence[Key], time: TimeRange | None) -> Iterator[Issue]:
    """A range goes no further than the table that lists its periods, or rows would be in no period."""
    for key in keys:
        calendar = key.calendar
        if calendar is None or not calendar.periods or key.grain not in LISTED or not key.is_own_time:
            continue
        try:
            for day in (time.start, time.end) if time is not None else ():
                if day is not None:
                    period_of(day, key.grain, calendar)
        except UserError as error:
            yield from error.issues
            return


def _needs_buckets(metric: Metric) -> bool:
    """Whether a metric's value in a period depends on days outside of it."""
    rule = metric.balance
    return metric.lifecycle is not None or (rule is not None and bool(rule.carry_forward_days or rule.valid))


def _moved(window: Window, moves: Sequence[Move], grain: str, calendar: Calendar) -> tuple[Window, ...]:
    windows: tuple[Window, ...] = (window,)
    for move in moves:
        windows = tuple(each for one in windows for each in moved_windows(one, move, grain, calendar))
    return windows


def _is_within(window: Window, grain: str, calendar: Calendar) -> bool:
    return window.end <= period_of(window.start, grain, calendar).end


@dataclass
class Slicer:
    """One query's slices; `issues` and `assumptions` fill up."""

    query: MetricQuery
    catalog: Catalog
    today: dt.date
    coverage: Coverage
    calendar: Calendar
    issues: list[Issue] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)

    def plan(
        self,
        time: TimeRange | None,
        keys: Sequence[Key],
        metrics: Sequence[str],
        scenario: Mapping[str, str] | None,
    ) -> tuple[tuple[Slice, ...], tuple[Slice, ...], TimeRange | None]:
        """Return what is taken for the rows, for the totals, and the range with its open ends found."""
        asked = (time.start, time.end) if time else (None, None)
        plans = list((scenario or {}).values())
        bases = list(
            dict.fromkeys(base for each in [*metrics, *plans] for base in base_metrics(self.catalog, each))
        )
        start, end = self._known_range(asked, bases)
        if start is not None and end is not None and asked != (start, end):
            shown = f"{show_day(start)} to {show_day(end)}"
            words = "No period was named: all data" if asked == (None, None) else "The period was left open"
            self.assumptions.append(f"{words}, {shown}")
            time = replace(time or TimeRange(), start=start, end=end)
        own = [key for key in keys if key.is_own_time]
        finest = min(own, key=lambda key: GRAINS.index(key.grain or "day"), default=None)
        days = _Days(start=start, end=end, asked=asked, finest=finest)
        rows = self._taken("", metrics, days)
        totals = self._taken("", metrics, replace(days, finest=None, rows=days))
        if plans:
            rows += self._taken("plan", plans, days)
            totals += self._taken("plan", plans, replace(days, finest=None, rows=days))
        elif self.query.compare is not None and (base := self._base_days(days, bases)) is not None:
            if self.query.compare.to == "constant_currency":
                rows = [replace(each, rates_back=1) for each in rows]
                totals = [replace(each, rates_back=1) for each in totals]
                self.assumptions.append("The asked period is at the exchange rates of the year before")
            rows += self._taken("base", metrics, base)
            whole = replace(base, asked=(base.start, base.end), finest=None, windows=None, rows=base)
            totals += self._taken("base", metrics, whole)
        return tuple(rows), tuple(totals), time

    def _taken(self, part: str, metrics: Sequence[str], days: _Days) -> list[Slice]:
        """One slice for each scope: the days themselves, earlier ones, and those that cumulative metrics add up."""
        slices = []
        for scope, bases in bases_by_scope(self.catalog, metrics):
            made = Slice(name=slice_name(part, scope), bases=tuple(bases), conditions=scope.conditions)
            if (ends := self._ends(days, scope, made.bases)) is not None:
                slices.append(
                    replace(made, windows=ends, take=scope.cumulative.take if scope.cumulative else None)
                )
                continue
            seen = self._earlier(days, scope) if scope.moves else days
            if scope.cumulative is None:
                slices.append(self._plain_slice(made, seen))
            else:
                slices.append(self._cumulative_slice(made, scope.cumulative, seen))
        return slices

    def _earlier(self, days: _Days, scope: Scope) -> _Days:
        """The days that a formula looks back to; a total is over all that its rows look back to."""
        rows = days.rows or days
        rows = rows.uncut or rows
        if rows.start is None or rows.end is None:
            self._fault("DT308", "a metric that looks back in time needs a period", hint="name a period")
            return days
        windows = rows.windows if rows.windows is not None else self._buckets(rows)
        if windows is None or rows.finest is None:
            start, end = rows.start, rows.end
            for move in scope.moves:
                start, end = moved_range(start, end, move, self.calendar)
            return _Days(start=start, end=end, asked=(start, end))
        grain, calendar = rows.finest.grain or "day", rows.finest.calendar or self.calendar
        moves = scope.moves
        if scope.cumulative is not None:  # what is added up to a day is never added up again
            moves = tuple(replace(each, each_day=False) for each in moves)
        moved = self._few(tuple(one for each in windows for one in _moved(each, moves, grain, calendar)))
        start = min((each.start for each in moved), default=rows.start)
        end = max((each.end for each in moved), default=rows.end)
        found = _Days(start=start, end=end, asked=(start, end), finest=rows.finest, windows=moved)
        if days.rows is not None:
            return replace(found, finest=None, windows=None)
        return replace(found, aligned=all(_is_within(each, grain, calendar) for each in moved))

    def _plain_slice(self, made: Slice, days: _Days) -> Slice:
        if days.windows is not None and days.finest is not None:
            return replace(made, windows=days.windows, aligned=days.finest.grain if days.aligned else None)
        made = replace(made, start=days.asked[0], end=days.asked[1])
        by_bucket = any(_needs_buckets(self.catalog.metrics[base]) for base in made.bases)
        return replace(made, buckets=self._buckets(days)) if by_bucket else made

    def _cumulative_slice(self, made: Slice, metric: Metric, days: _Days) -> Slice:
        windows = days.windows if days.windows is not None else self._buckets(days)
        if windows is not None:
            wide = tuple(replace(each, start=first_day(metric, each.end, self.catalog)) for each in windows)
            return replace(made, windows=wide)
        if days.end is None:
            return made
        return replace(made, start=first_day(metric, days.end, self.catalog), end=days.end)

    def _finest_grain(self, bases: Sequence[str]) -> str:
        """The finest grain that all of the data are kept by."""
        times = (reachable(self.catalog, base).get(TIME) for base in bases)
        return max((time.dimension.grain for time in times if time), key=GRAINS.index, default="day")

    def _ends(self, days: _Days, scope: Scope, bases: Sequence[str]) -> tuple[Window, ...] | None:
        """The windows that end on each day (or period that the data are kept by) of the buckets, where one is taken.

        Each looks back from its own day. None where a metric's value in a bucket is that of its last day.
        """
        metric = scope.cumulative
        if metric is None or metric.take is None or days.finest is None:
            return None
        step = self._finest_grain(bases)
        windows = days.windows if days.windows is not None else self._buckets(days)
        if windows is None or step == days.finest.grain:
            return None
        found = []
        for window in windows:
            periods = periods_between(window.start, window.end, step, self.calendar)
            for period in list(periods)[:1] if metric.take == "first_day" else periods:
                seen = Window(bucket=window.bucket, start=period.start, end=period.end)
                for move in scope.moves:
                    seen = moved_windows(seen, move, step, self.calendar)[0]
                first = first_day(metric, seen.end, self.catalog)
                found.append(replace(seen, start=first, day=period.start))
        return self._few(tuple(found))

    def _buckets(self, days: _Days) -> tuple[Window, ...] | None:
        """The buckets of the asked days, each with its own days."""
        if days.finest is None or days.start is None or days.end is None:
            return None
        assert days.finest.calendar is not None
        return self._few(
            bucket_windows(days.start, days.end, days.finest.grain or "day", days.finest.calendar)
        )

    def _base_days(self, days: _Days, bases: Sequence[str]) -> _Days | None:
        """The days that the asked days, or each of their buckets, are compared with."""
        calendar = self.calendar
        compare = self.query.compare
        assert compare is not None
        start, end, finest = days.start, days.end, days.finest
        if start is None or end is None or (finest is None and None in days.asked):
            self._fault(
                "DT308",
                f"a comparison with the {compare.to.replace('_', ' ')} needs a period to compare",
                hint="name a period, or group by time (time.month)",
            )
            return None
        known = known_through(self.catalog, bases, self.coverage, today=self.today, until=end)
        base = self._base_of(start, end, finest, known, like_for_like=compare.like_for_like)
        first, last = base.start or start, base.end or start
        self.assumptions.append(f"Compared with {show_range(first, last, calendar)}")
        weeks = [((until - since).days + 1) / 7 for since, until in ((start, end), (first, last))]
        if calendar.has_own_months and abs(weeks[0] - weeks[1]) == 1:
            self.assumptions.append(f"{weeks[0]:g} weeks stand beside {weeks[1]:g}")
        if compare.like_for_like and start <= known < end:
            self.assumptions.append(
                f"Like for like: data reach {show_day(known)}, so the base is cut there too"
            )
        return replace(base, uncut=self._base_of(start, end, finest, known, like_for_like=False))

    def _base_of(
        self, start: dt.date, end: dt.date, finest: Key | None, known: dt.date, *, like_for_like: bool
    ) -> _Days:
        assert self.query.compare is not None
        to = self.query.compare.to
        if finest is None:
            first, last = base_range(
                start, end, to=to, known_through=known, calendar=self.calendar, like_for_like=like_for_like
            )
            return _Days(start=first, end=last, asked=(first, last))
        assert finest.calendar is not None
        windows = self._few(
            base_windows(
                start,
                end,
                finest.grain or "day",
                to=to,
                known_through=known,
                calendar=finest.calendar,
                like_for_like=like_for_like,
            )
        )
        first = min((each.start for each in windows), default=start)
        last = max((each.end for each in windows), default=start)
        return _Days(start=first, end=last, asked=(first, last), finest=finest, windows=windows)

    def _few(self, windows: tuple[Window, ...]) -> tuple[Window, ...]:
        if len(windows) > MAX_BUCKETS:
            self._fault(
                "DT309",
                f"{len(windows):,} periods are too many for this; at most {MAX_BUCKETS:,}",
                hint="choose a coarser grain or a shorter period",
            )
            return ()
        return windows

    def _known_range(
        self, asked: tuple[dt.date | None, dt.date | None], bases: Sequence[str]
    ) -> tuple[dt.date | None, dt.date | None]:
        """The asked range, its open ends closed by the data's first and last day."""
        start, end = asked
        if start is not None and end is not None:
            return start, end
        days = [days for base in bases if (days := self.coverage(base)) is not None]
        if not days:
            return start, end
        first, last = min(each[0] for each in days), max(each[1] for each in days)
        return (start if start is not None else first), (end if end is not None else last)

    def _fault(self, code: str, message: str, *, hint: str) -> None:
        self.issues.append(Issue(code=code, message=message, hint=hint))
