"""Hold back the figures of small groups, and as many others as it takes that none of them can be worked out.

A group that is too small in one figure is held back in all of its figures: one row's figures tell of each other. Where
a total, a share or a contribution tells the sum of some rows, either none of these is held back or two at least, and
what is held back of them is no small group itself. Where that cannot be had, the total is held back. Figures that tell
of other rows' periods (running totals, comparisons in time along a time axis, metrics that look back) go with them.
Layer: semantic. Pure, over a result and its counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from semantic.query import Scalar
from semantic.result import ResultColumn

Row = tuple[Scalar, ...]


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """How much stands behind one part of each row's figures."""

    behind: tuple[int, ...]  # of each row
    least: int
    members: bool = False  # different members: those of two rows may be the same


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the rows of an answer tell of each other.

    `keys` counts the columns of groups, which come first. `time` is the place of the answer's own time among them.
    """

    keys: int
    time: int | None = None
    share_within: tuple[int, ...] = ()
    has_totals: bool = False
    has_shares: bool = False
    has_contributions: bool = False
    compared_in_time: bool = False
    looks_elsewhere: frozenset[str] = frozenset()  # metrics
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Held:
    """What is left to show: rows and totals with nothing in the place of what is held back."""

    rows: tuple[Row, ...]
    totals: Row | None
    withheld: frozenset[int] = frozenset()  # rows


@dataclass
class _Sum:
    """Rows whose sum the answer tells, and through what."""

    rows: tuple[int, ...]
    through: str  # "totals", "shares", "contributions"
    given_up: bool = field(default=False)


def hold_back(
    columns: Sequence[ResultColumn],
    rows: Sequence[Row],
    totals: Row | None,
    leaves: Sequence[Leaf],
    told: Told,
) -> Held:
    """Return the rows and totals without what must not be known."""
    small = {index for leaf in leaves for index, number in enumerate(leaf.behind) if 0 < number < leaf.least}
    if not small:
        return Held(rows=tuple(rows), totals=totals)
    sums = _sums(rows, told)
    _close(small, sums, leaves)
    hidden = {each.through for each in sums if each.given_up}
    shares_gone = {row for each in sums if each.given_up and each.through == "shares" for row in each.rows}
    running_from = _running_ends(rows, small, told)
    everywhere = _told_elsewhere(columns, told)
    made = []
    for index, row in enumerate(rows):
        values = list(row)
        for place in range(told.keys, len(columns)):
            column = columns[place]
            gone = index in small or place in everywhere
            gone = gone or (column.kind == "share" and index in shares_gone)
            gone = gone or (column.kind == "running" and index in running_from)
            gone = gone or ("contributions" in hidden and column.name.endswith("__contribution"))
            if gone:
                values[place] = None
        made.append(tuple(values))
    if totals is not None:
        alone = told.time is not None and bool(told.looks_elsewhere)
        gone_whole = "totals" in hidden
        totals = tuple(
            None
            if gone_whole
            or place in everywhere
            or columns[place].kind in ("running", "share")
            or (alone and columns[place].metric in told.looks_elsewhere)
            or (alone and columns[place].name in told.looks_elsewhere)
            or ("contributions" in hidden and columns[place].name.endswith("__contribution"))
            else value
            for place, value in enumerate(totals)
        )
    return Held(rows=tuple(made), totals=totals, withheld=frozenset(small))


def _sums(rows: Sequence[Row], told: Told) -> list[_Sum]:
    everything = tuple(range(len(rows)))
    found = []
    by_time = _groups(rows, [told.time]) if told.time is not None else []
    if told.has_totals:
        found.append(_Sum(everything, "totals"))
        if told.looks_elsewhere:  # of a balance the total is that of one day
            found += [_Sum(each, "totals") for each in by_time]
    if told.has_shares:
        found += [_Sum(each, "shares") for each in _groups(rows, told.share_within)]
    if told.has_contributions:
        found.append(_Sum(everything, "contributions"))
        found += [_Sum(each, "contributions") for each in by_time]
    return found


def _groups(rows: Sequence[Row], places: Iterable[int]) -> list[tuple[int, ...]]:
    found: dict[Row, list[int]] = defaultdict(list)
    listed = list(places)
    for index, row in enumerate(rows):
        found[tuple(row[place] for place in listed)].append(index)
    return [tuple(each) for each in found.values()]


def _close(small: set[int], sums: Sequence[_Sum], leaves: Sequence[Leaf]) -> None:
    """Add rows to `small` until no sum tells what is held back of it; give a sum up that has no more rows."""
    weight = [sum(leaf.behind[index] for leaf in leaves) for index in range(len(leaves[0].behind))]
    changed = True
    while changed:
        changed = False
        for each in sums:
            if each.given_up or _is_safe([row for row in each.rows if row in small], leaves):
                continue
            rest = [row for row in each.rows if row not in small and weight[row] > 0]
            changed = True
            if rest:
                small.add(min(rest, key=lambda row: (weight[row], row)))
            else:  # what one of several sums tells could be had from the others
                for same in sums:
                    same.given_up = same.given_up or same.through == each.through


def _is_safe(held: Sequence[int], leaves: Sequence[Leaf]) -> bool:
    if not held:
        return True
    if len(held) < 2:
        return False
    for leaf in leaves:
        there = [leaf.behind[row] for row in held if leaf.behind[row]]
        together = max(there, default=0) if leaf.members else sum(there)
        if there and (len(there) < 2 or together < leaf.least):
            return False
    return True


def _running_ends(rows: Sequence[Row], small: set[int], told: Told) -> set[int]:
    """The rows from the first one held back on, in each series: a running total tells of what came before."""
    if told.time is None:
        return set()
    found: set[int] = set()
    for series in _groups(rows, [place for place in range(told.keys) if place != told.time]):
        ordered = sorted(
            series, key=lambda row: (rows[row][told.time or 0] is None, rows[row][told.time or 0])
        )
        begun = False
        for row in ordered:
            begun = begun or row in small
            if begun:
                found.add(row)
    return found


def _told_elsewhere(columns: Sequence[ResultColumn], told: Told) -> set[int]:
    """The columns whose figures of one row are those of another row's period."""
    if told.time is None:
        return set()
    found = set()
    several = len(told.metrics) > 1
    for place, column in enumerate(columns):
        metric = column.metric or column.name
        if (told.compared_in_time and column.kind == "comparison") or (
            several and metric in told.looks_elsewhere
        ):
            found.add(place)
    return found


def choose_rows(
    columns: Sequence[ResultColumn],
    rows: Sequence[Row],
    *,
    having: Sequence[tuple[str, str, tuple[Scalar, ...]]],
    order: Sequence[tuple[str, bool]],
    per: str | None,
    first: int | None,
    limit: int | None,
) -> tuple[Row, ...]:
    """Return the rows that a question wants, chosen by what is shown alone: what is held back decides nothing.

    Args:
        having: name, operator and values of each condition.
        order: name of a column, and whether it descends.
        per, first: the first rows of each member of a column, or of all.
    """
    place = {column.name: index for index, column in enumerate(columns)}
    kept = [row for row in rows if all(_holds(row[place[name]], op, values) for name, op, values in having)]
    for name, descending in reversed(order):
        kept = _ordered(kept, place[name], descending)
    if first is not None and per is not None:
        taken: dict[Scalar, int] = defaultdict(int)
        chosen = []
        for row in kept:
            taken[row[place[per]]] += 1
            if taken[row[place[per]]] <= first:
                chosen.append(row)
        kept = chosen
    elif first is not None:
        kept = kept[:first]
    return tuple(kept if limit is None else kept[:limit])


def _ordered(rows: Sequence[Row], place: int, descending: bool) -> list[Row]:
    there = [row for row in rows if row[place] is not None]
    there.sort(key=lambda row: row[place], reverse=descending)  # type: ignore[arg-type, return-value]
    return [*there, *(row for row in rows if row[place] is None)]


def _holds(value: Scalar, op: str, values: tuple[Scalar, ...]) -> bool:
    if op in ("is_null", "not_null"):
        return op == "not_null" and value is not None  # what is held back is not nothing
    if value is None or any(each is None for each in values):
        return False
    one: tuple[object, ...] = values
    compared = {
        "=": lambda: value == one[0],
        "!=": lambda: value != one[0],
        ">": lambda: value > one[0],  # type: ignore[operator]
        ">=": lambda: value >= one[0],  # type: ignore[operator]
        "<": lambda: value < one[0],  # type: ignore[operator]
        "<=": lambda: value <= one[0],  # type: ignore[operator]
        "between": lambda: one[0] <= value <= one[1],  # type: ignore[operator]
        "in": lambda: value in one,
        "not_in": lambda: value not in one,
    }
    return compared[op]()
