"""Change one part of a metric query: what the chips of an answer's interpretation do. Queries in, queries out.

A part that hangs on a dropped one goes with it: without a split there is no ranking, without a comparison no
explanation of the change. Checks nothing against a catalog; the semantic layer does, as for every query.
Layer: chatbot. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, get_args

from pydantic import ValidationError

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from datatrust.core.jsonio import dumps, loads
from semantic.query import Compare, Filter, MetricQuery, TimeRange, Top
from semantic.query_form import FilterForm, TimeForm, TopForm

Part = Literal[
    "metric", "by", "where", "either", "having", "time", "compare", "top", "order", "share", "running", "currency",
]  # fmt: skip
PARTS: tuple[str, ...] = get_args(Part)
MAX_EDIT = 4_000  # characters
WORDS: dict[str, str] = {
    "metric": "figure", "by": "split", "where": "filter", "either": "filter", "having": "threshold", "time": "period",
    "compare": "comparison", "top": "ranking", "order": "order", "share": "share of the total",
    "running": "running total", "currency": "currency",
}  # fmt: skip
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Chip:
    """One part of a query: what it is and, of several, which one."""

    part: Part
    place: int = 0

    @property
    def key(self) -> str:
        """Return its name on the page."""
        return f"{self.part}:{self.place}"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One change of a query: put `to` in the place of a part, or drop the part where `to` is None.

    metric, by   a name of the catalog
    where        a condition: {"field": ..., "op": ..., "values": [...]}
    time         days: {"start": ..., "end": ...}
    compare      what to stand beside: "previous_year"
    top          how many rows: {"n": 5}, the largest, or with "smallest": true the smallest
    order        the column that the rows stand by: "-revenue"
    """

    part: Part
    place: int = 0
    to: Any = None
    is_new: bool = False  # is put before what stands at `place`, not in its stead

    def dumps(self) -> str:
        """Return it as JSON text, for a button."""
        return dumps({"part": self.part, "place": self.place, "to": self.to, "is_new": self.is_new})


def parse_key(text: str) -> Chip | None:
    """Return the chip of a name; None where there is no such chip.

    >>> parse_key("where:1"), parse_key("where"), parse_key("drop table:0")
    (Chip(part='where', place=1), None, None)
    """
    part, _, place = text.partition(":")
    is_one = part in PARTS and place.isascii() and place.isdigit() and len(place) <= 3
    return Chip(part=part, place=int(place)) if is_one else None  # type: ignore[arg-type]


def parse_edit(text: str) -> Edit:
    """Return the edit that a button stands for.

    Raises:
        UserError: it is none of ours.
    """
    try:
        found = loads(text) if len(text) <= MAX_EDIT else None
    except ValueError:
        found = None
    if not isinstance(found, dict) or set(found) != {"part", "place", "to", "is_new"}:
        raise _misfit()
    chip = parse_key(f"{found['part']}:{found['place']}")
    if chip is None or not isinstance(found["is_new"], bool):
        raise _misfit()
    return Edit(part=chip.part, place=chip.place, to=found["to"], is_new=found["is_new"])


def parts_of(query: MetricQuery) -> tuple[Chip, ...]:
    """Return the chips of a query, in the order in which they are read."""
    chips = [Chip(part="metric", place=at) for at in range(len(query.metrics))]
    chips += [Chip(part="by", place=at) for at in range(len(query.group_by))]
    chips += [Chip(part="where", place=at) for at in range(len(query.where))]
    chips += [Chip(part="either", place=at) for at in range(len(query.either))]
    chips += [Chip(part="having", place=at) for at in range(len(query.having))]
    if query.time is not None and (query.time.start or query.time.end):
        chips.append(Chip(part="time"))
    if query.compare is not None:
        chips.append(Chip(part="compare"))
    if query.top is not None:
        chips.append(Chip(part="top"))
    elif value_orders(query):
        chips.append(Chip(part="order"))
    if query.share_of is not None:
        chips.append(Chip(part="share"))
    if query.running:
        chips.append(Chip(part="running"))
    if query.currency is not None:
        chips.append(Chip(part="currency"))
    return tuple(chips)


def has_place(query: MetricQuery, chip: Chip) -> bool:
    """Whether a query has this part, or can be given one: behind its last split or condition, a period, a comparison."""
    if chip.part in ("by", "where"):
        return chip.place <= len(query.group_by if chip.part == "by" else query.where)
    return (chip.part in ("time", "compare") and chip.place == 0) or chip in parts_of(query)


def edited(query: MetricQuery, edit: Edit) -> MetricQuery:
    """Return `query` with one part changed.

    Raises:
        UserError: the query has no such part, or `to` is no such thing.
    """
    try:
        return _CHANGES[edit.part](query, edit)
    except (ValidationError, TypeError, IndexError, KeyError):
        raise _misfit() from None


def value_orders(query: MetricQuery) -> tuple[str, ...]:
    """Return the columns of `order_by` that are no groups, signs kept."""
    return tuple(name for name in query.order_by if name.lstrip("+-") not in query.group_by)


# ----------------------------------------------------------------------------------------------------- one part each


def _metric(query: MetricQuery, edit: Edit) -> MetricQuery:
    old = None if edit.is_new else query.metrics[edit.place]
    metrics = _spliced(query.metrics, edit, _text)
    order = query.order_by
    if old is not None:
        renamed = {old: str(edit.to)} if edit.to is not None else {}
        order = tuple(
            each if _column(each)[1] != old else _renamed(each, renamed)
            for each in order
            if _column(each)[1] != old or renamed
        )
    return replace(query, metrics=metrics, order_by=order)


def _by(query: MetricQuery, edit: Edit) -> MetricQuery:
    old = None if edit.is_new else query.group_by[edit.place]
    groups = _spliced(query.group_by, edit, _text)
    if not groups:
        return replace(
            query, group_by=(), order_by=(), top=None, limit=None, share_of=None, running=False,
            contributions=False, bridge=False,
        )  # fmt: skip
    new = None if old is None or edit.to is None else str(edit.to)
    order = tuple(
        each if each.lstrip("+-") != old else each.replace(str(old), str(new))
        for each in query.order_by
        if each.lstrip("+-") != old or new is not None
    )
    top, fold = query.top, query.fold
    if top is not None and top.per is not None and top.per == old:
        top = replace(top, per=new)
    if fold is not None and fold.key == old and new is not None:
        fold = replace(fold, key=new)
    return replace(query, group_by=groups, order_by=order, top=top, fold=fold)


def _where(query: MetricQuery, edit: Edit) -> MetricQuery:
    return replace(query, where=_spliced(query.where, edit, _condition))


def _either(query: MetricQuery, edit: Edit) -> MetricQuery:
    return replace(query, either=_spliced(query.either, edit, _nothing))


def _having(query: MetricQuery, edit: Edit) -> MetricQuery:
    return replace(query, having=_spliced(query.having, edit, _nothing))


def _time(query: MetricQuery, edit: Edit) -> MetricQuery:
    kept = replace(query.time or TimeRange(), start=None, end=None)
    if edit.to is None:
        return replace(query, time=kept if kept != TimeRange() else None)
    asked = TimeForm.model_validate(_mapping(edit.to))
    return replace(query, time=replace(kept, start=asked.start, end=asked.end))


def _compare(query: MetricQuery, edit: Edit) -> MetricQuery:
    if edit.to is not None:
        return replace(query, compare=replace(query.compare or Compare(to=""), to=_text(edit.to)))
    order = tuple(each for each in query.order_by if "__" not in each)
    if not order and query.top is not None:
        order = (f"-{query.metrics[0]}",)
    return replace(query, compare=None, contributions=False, bridge=False, order_by=order)


def _top(query: MetricQuery, edit: Edit) -> MetricQuery:
    groups = tuple(name for name in query.order_by if name.lstrip("+-") in query.group_by)
    if edit.to is None:
        return replace(query, top=None, order_by=())
    wanted = dict(_mapping(edit.to))
    smallest = wanted.pop("smallest", False) is True
    asked = TopForm.model_validate(wanted)
    column = next(iter(value_orders(query)), query.metrics[0]).lstrip("+-")
    top = replace(query.top, n=asked.n) if query.top is not None else Top(n=asked.n)
    return replace(query, top=top, order_by=(*groups, column if smallest else f"-{column}"))


def _order(query: MetricQuery, edit: Edit) -> MetricQuery:
    return replace(query, order_by=() if edit.to is None else (_text(edit.to),))


def _share(query: MetricQuery, edit: Edit) -> MetricQuery:
    return replace(query, share_of=None if edit.to is None else _text(edit.to))


def _running(query: MetricQuery, edit: Edit) -> MetricQuery:
    return replace(query, running=edit.to is True)


def _currency(query: MetricQuery, edit: Edit) -> MetricQuery:
    to = None if edit.to is None else _text(edit.to)
    return replace(query, currency=to, rates_on=query.rates_on if to else None)


_CHANGES = {
    "metric": _metric, "by": _by, "where": _where, "either": _either, "having": _having, "time": _time,
    "compare": _compare, "top": _top, "order": _order, "share": _share, "running": _running, "currency": _currency,
}  # fmt: skip


def _spliced(items: tuple[Item, ...], edit: Edit, read: Any) -> tuple[Item, ...]:
    """`items` with one put in, changed or left out."""
    if edit.place > len(items) - (0 if edit.is_new else 1):
        raise IndexError(edit.place)
    new = () if edit.to is None else (read(edit.to),)
    return (*items[: edit.place], *new, *items[edit.place + (0 if edit.is_new else 1) :])


def _column(order: str) -> tuple[str, str, str]:
    """The sign of an order, its metric, and what of it is ordered by."""
    name = order.lstrip("+-")
    metric, mark, measure = name.partition("__")
    return order[: len(order) - len(name)], metric, mark + measure


def _renamed(order: str, names: Mapping[str, str]) -> str:
    sign, metric, measure = _column(order)
    return f"{sign}{names.get(metric, metric)}{measure}"


def _condition(value: Any) -> Filter:
    return FilterForm.model_validate(_mapping(value)).to_filter()


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 200:
        raise TypeError(value)
    return value


def _nothing(value: Any) -> Any:
    """These parts can be dropped alone."""
    raise TypeError(value)


def _misfit() -> UserError:
    return UserError(
        Issue(code="DT358", message="this answer has no such part to change", hint="ask the question anew")
    )
