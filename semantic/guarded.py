"""Answer a viewer who sees no figure of small groups: count what stands behind each, hold back, then choose the rows.

The whole answer is computed first, without its limits and conditions on figures; what is held back then decides
nothing: neither which rows are shown nor in what order. Refuses the questions whose one figure stands for groups that
cannot be shown (means over groups, counts of members, places, the row of all others, price and volume, numbers as
reported).
Layer: semantic. Asks through the functions that the semantic layer hands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from datatrust.core.errors import AccessDenied
from datatrust.core.issues import Issue
from semantic.behind import Counts, counted
from semantic.certificate import hash_rows
from semantic.query import Compare, MetricQuery, Scalar
from semantic.resolved import ResolvedQuery
from semantic.result import QueryResult
from semantic.suppression import Held, Leaf, Told, choose_rows, hold_back

WITHHELD = "withheld"  # flag of an answer that holds figures back
_IN_TIME = ("previous_period", "previous_year", "constant_currency")

Ask = Callable[[MetricQuery], QueryResult]


@dataclass(frozen=True, kw_only=True)
class Counter:
    """How what stands behind figures is counted: one rule of the viewer's policy."""

    least: int
    of: str | None
    counts: Counts
    ask: Ask  # on the catalog of `counts`


def answer_guarded(rq: ResolvedQuery, ask: Ask, counters: Sequence[Counter]) -> QueryResult:
    """Return the answer to a resolved question without the figures of small groups.

    Args:
        ask: answers on the viewer's own catalog, holding nothing back.

    Raises:
        AccessDenied: the question cannot be answered without telling of small groups.
    """
    query = rq.query
    whole = replace(
        query, having=(), top=None, limit=None, order_by=(), totals=query.totals and bool(query.group_by)
    )
    result = ask(whole)
    if "truncated" in result.flags:
        raise _denied("the question has more groups than can be looked through; ask for fewer")
    keys = sum(1 for column in result.columns if column.kind == "dimension")
    leaves = [leaf for counter in counters for leaf in _leaves(rq, whole, result, keys, counter)]
    elsewhere = counters[0].counts.looks_elsewhere & set(query.metrics)
    held = hold_back(result.columns, result.rows, result.totals, leaves, _told(rq, result, keys, elsewhere))
    rows = choose_rows(
        result.columns,
        held.rows,
        having=[(each.field, each.op, each.values) for each in rq.having],
        order=[(each.column, each.descending) for each in _orders(rq)],
        per=query.top.per if query.top is not None else None,
        first=query.top.n if query.top is not None else None,
        limit=query.limit,
    )
    totals = held.totals
    flags = (*result.flags, WITHHELD) if held.withheld else result.flags
    return replace(
        result,
        query=query,
        rows=rows,
        totals=totals,
        flags=flags,
        assumptions=(*result.assumptions, *_words(held, counters, len(result.rows))),
        evidence=replace(result.evidence, result=hash_rows(result.columns, rows, totals)),
    )


def refuse_telling(query: MetricQuery) -> None:
    """Refuse what tells of small groups however it is answered.

    Raises:
        AccessDenied: the question is one of these.
    """
    given: Mapping[str, bool] = {
        "a mean over groups or a count of them": query.fold is not None,
        "the place of one member": query.place is not None,
        "a row of all others": query.top is not None and query.top.others,
        "a change by price, volume and mix": query.bridge,
        "a comparison with the number as reported": query.compare is not None
        and query.compare.to == "as_reported",
    }
    for what, is_given in given.items():
        if is_given:
            raise _denied(f"{what} would tell of small groups, which your role does not see")
    if any(each.op in ("contains", "not_contains", "starts_with") for each in query.having):
        raise _denied("this condition on a figure would tell of small groups, which your role does not see")


def refuse_shared(rq: ResolvedQuery) -> None:
    """Refuse groups that a bridge table makes: whole rows, of whom there may be few, are counted in parts or twice.

    Raises:
        AccessDenied: the question goes over a bridge table.
    """
    if rq.shares_rows:
        raise _denied(
            "a row that several members share would tell of small groups, which your role does not see"
        )


def _denied(message: str) -> AccessDenied:
    return AccessDenied(Issue(code="DT333", message=message, hint="ask for the figures of larger groups"))


def _leaves(
    rq: ResolvedQuery, whole: MetricQuery, result: QueryResult, keys: int, counter: Counter
) -> Iterator[Leaf]:
    """How much stands behind each row's figures, and behind what they are compared with."""
    compare = whole.compare
    in_time = compare is not None and compare.to in _IN_TIME
    asked = [*whole.metrics, *((rq.scenario or {}).values())]
    names = counted(counter.counts, asked)
    if names is None:
        raise _denied(f"it cannot be told how many {counter.of} stand behind these figures")
    if in_time and compare is not None:
        to = "previous_year" if compare.to == "constant_currency" else compare.to
        compare = Compare(to=to, like_for_like=compare.like_for_like)
    question = replace(
        whole, metrics=names, compare=compare if in_time else None, totals=False, share_of=None, running=False,
        contributions=False, currency=None, rates_on=None,
    )  # fmt: skip
    found = counter.ask(question)
    if "truncated" in found.flags:
        raise _denied("the question has more groups than can be looked through; ask for fewer")
    by_group = {row[:keys]: row for row in found.rows}
    wanted = {*names, *(f"{name}__base" for name in names)}
    for place, column in enumerate(found.columns):
        if column.name in wanted and column.kind != "dimension":
            behind = tuple(_count(by_group.get(row[:keys]), place) for row in result.rows)
            yield Leaf(behind=behind, least=counter.least, members=counter.of is not None)


def _count(row: tuple[Scalar, ...] | None, place: int) -> int:
    value = row[place] if row is not None else None
    if not isinstance(value, int | Decimal):
        return 0
    return int(value) or (1 if value > 0 else 0)  # of a mean over days a part of a row may be left


def _told(rq: ResolvedQuery, result: QueryResult, keys: int, elsewhere: frozenset[str]) -> Told:
    query = rq.query
    place = {column.name: index for index, column in enumerate(result.columns[:keys])}
    times = [key for key in rq.keys if key.grain]
    finest = rq.finest_time or (times[0] if times else None)
    return Told(
        keys=keys,
        time=place[finest.name] if finest is not None else None,
        share_within=tuple(place[name] for name in rq.share_within),
        has_totals=result.totals is not None,
        has_shares=query.share_of is not None,
        has_contributions=query.contributions,
        compared_in_time=query.compare is not None and query.compare.to in _IN_TIME,
        looks_elsewhere=elsewhere,
        metrics=query.metrics,
    )


def _orders(rq: ResolvedQuery) -> list[Any]:
    """The order where it hangs on figures; that of groups is the answer's own."""
    figures = {key.name for key in rq.keys}
    if all(each.column in figures and not each.descending for each in rq.order):
        return []
    return list(rq.order)


def _words(held: Held, counters: Sequence[Counter], rows: int) -> tuple[str, ...]:
    if not held.withheld:
        return ()
    rule = " and ".join(f"{each.least} {f'different {each.of}' if each.of else 'rows'}" for each in counters)
    what = "The figure is" if rows == 1 else f"The figures of {len(held.withheld):,} of {rows:,} groups are"
    more = ", or they could be worked out from others; so may their total" if rows > 1 else ""
    return (f"{what} withheld: your role sees figures behind which {rule} stand at least{more}",)
