"""Decide what the chips of an answer say, and what the open one offers. Texts only, no HTML.

Layer: chatbot. Imports format, the page's context and the choices of a viewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.charts._shape import as_day, base_label
from chatbot.chip_choices import MOST_MEMBERS, Choice, Chooser
from chatbot.chips import has_place, parse_key
from chatbot.format import format_cell, format_day
from chatbot.ui.context import PageContext, words
from semantic.query import MetricQuery

OPERATORS = {
    "=": "is", "!=": "is not", "in": "is one of", "not_in": "is none of", ">": "above", ">=": "at least",
    "<": "below", "<=": "at most", "between": "between", "contains": "contains",
    "not_contains": "does not contain", "starts_with": "starts with", "is_null": "is empty",
    "not_null": "is not empty",
}  # fmt: skip
FEW = 12  # choices that need no search
_TITLES = {
    "metric": "Another figure", "by": "Another split", "where": "Another value", "time": "Another period",
    "compare": "Compare with", "top": "How many rows", "order": "In which order",
}  # fmt: skip
_ADDED = {"by": "Split by", "where": "Only where", "compare": "Compare with"}


@dataclass(frozen=True, kw_only=True)
class ShownChip:
    """One part of the interpretation: what kind it is, its value, and the key that its buttons send."""

    kind: str
    text: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Button:
    """One choice: its words, what it does and with what."""

    text: str
    act: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Menu:
    """What the chip that is open offers; `groups` are (heading, buttons). `note` says what is left out."""

    of: str  # its key
    title: str
    groups: tuple[tuple[str, tuple[Button, ...]], ...]
    count: int
    note: str


@dataclass(frozen=True, kw_only=True)
class ChipBar:
    """What can be done with an answer's chips."""

    changes: frozenset[str] = frozenset()  # keys of those that can be changed
    drops: frozenset[str] = frozenset()  # and of those that can be left out
    adds: tuple[tuple[str, str], ...] = ()  # key and words of what can be added
    menu: Menu | None = None


def chips_of(document: Mapping[str, Any], context: PageContext, *, locale: str) -> tuple[ShownChip, ...]:
    """Return the chips of an answer's JSON document."""
    query = document.get("query") or {}
    chips = [
        ShownChip(kind="Metric", text=context.metric_label(str(name)), key=f"metric:{at}")
        for at, name in enumerate(query.get("metrics") or ())
    ]
    chips += [
        ShownChip(kind="By", text=context.dimension_label(str(name)), key=f"by:{at}")
        for at, name in enumerate(query.get("group_by") or ())
    ]
    for at, condition in enumerate(query.get("where") or ()):
        chips.append(
            ShownChip(kind="Where", text=_on_dimension(condition, context, locale), key=f"where:{at}")
        )
    for at, group in enumerate(query.get("either") or ()):
        text = " or ".join(_on_dimension(condition, context, locale) for condition in group)
        chips.append(ShownChip(kind="Where", text=text, key=f"either:{at}"))
    for at, condition in enumerate(query.get("having") or ()):
        text = condition_words(condition, context.metric_label(str(condition["field"])), locale)
        chips.append(ShownChip(kind="Only", text=text, key=f"having:{at}"))
    if dates := dates_words(query, locale=locale):
        chips.append(ShownChip(kind="Dates", text=dates, key="time:0"))
    if compare := (query.get("compare") or {}).get("to"):
        chips.append(ShownChip(kind="Beside", text=base_label(str(compare)).lower(), key="compare:0"))
    orders = [str(name) for name in query.get("order_by") or ()]
    by_value = [name for name in orders if name.lstrip("+-") not in (query.get("group_by") or ())]
    if top := query.get("top"):
        chips.append(ShownChip(kind="Rows", text=_top_words(query, top), key="top:0"))
    elif by_value and not query.get("place"):
        text = "highest first" if by_value[0].startswith("-") else "lowest first"
        chips.append(ShownChip(kind="Order", text=text, key="order:0"))
    if query.get("share_of"):
        chips.append(ShownChip(kind="As", text="share of the total", key="share:0"))
    if query.get("running"):
        chips.append(ShownChip(kind="As", text="running total", key="running:0"))
    if currency := query.get("currency"):
        chips.append(ShownChip(kind="In", text=str(currency), key="currency:0"))
    return tuple(chips)


def chip_bar(chooser: Chooser, asked: MetricQuery, shown: tuple[ShownChip, ...], *, opened: str) -> ChipBar:
    """Return what can be done with the chips of an answer.

    Args:
        asked: the query of the answer, as it was asked.
        opened: the key of the chip that is open; "where:1 region" asks for the members of a dimension.
    """
    chips = [chip for each in shown if (chip := parse_key(each.key)) is not None]
    adds = []
    if asked.fold is None and asked.place is None:
        adds = [(f"by:{len(asked.group_by)}", _ADDED["by"]), (f"where:{len(asked.where)}", _ADDED["where"])]
        if asked.compare is None:
            adds.append(("compare:0", _ADDED["compare"]))
    return ChipBar(
        changes=frozenset(chip.key for chip in chips if chooser.can_change(asked, chip)),
        drops=chooser.droppable(asked),
        adds=tuple(adds),
        menu=_menu(chooser, asked, opened),
    )


def _menu(chooser: Chooser, query: MetricQuery, opened: str) -> Menu | None:
    key, _, field = opened.partition(" ")
    chip = parse_key(key)
    if chip is None or not has_place(query, chip):
        return None
    choices = chooser.choices(query, chip, field=field or None)
    groups: dict[str, list[Button]] = {}
    for choice in choices:
        groups.setdefault(choice.group, []).append(_button(choice, key))
    is_new = chip.part in _ADDED and chip.place >= len(
        getattr(query, "group_by" if chip.part == "by" else "where")
    )
    title = _ADDED[chip.part] if is_new and chip.part != "compare" else _TITLES.get(chip.part, "Change")
    if field:
        title = f"{title} {words(field.rpartition('.')[2]).lower()}"
    many = len(choices) >= MOST_MEMBERS
    return Menu(
        of=opened,
        title=title,
        groups=tuple((heading, tuple(buttons)) for heading, buttons in groups.items()),
        count=len(choices),
        note=f"The first {MOST_MEMBERS}. Type a question for another one." if many else "",
    )


def _button(choice: Choice, key: str) -> Button:
    if choice.opens is not None:
        return Button(text=choice.label, act="chip", value=f"{key} {choice.opens}")
    assert choice.edit is not None  # a choice is the one or the other
    return Button(text=choice.label, act="edit", value=choice.edit.dumps())


def _on_dimension(condition: Mapping[str, Any], context: PageContext, locale: str) -> str:
    return condition_words(condition, context.dimension_label(str(condition["field"])), locale)


def condition_words(condition: Mapping[str, Any], label: str, locale: str) -> str:
    """Return a condition in words: "Region is EMEA"."""
    operator = OPERATORS.get(str(condition.get("op")), str(condition.get("op")))
    values = [_plain_value(value, locale) for value in condition.get("values") or ()]
    if condition.get("op") == "in" and len(values) == 1:
        operator = "is"
    joiner = " and " if condition.get("op") == "between" else ", "
    shown = joiner.join(values[:5]) + (f" and {len(values) - 5} more" if len(values) > 5 else "")
    return f"{label} {operator} {shown}".strip()


def dates_words(query: Mapping[str, Any], *, locale: str) -> str:
    """Return the asked days in words; empty where none were asked."""
    time = query.get("time") or {}
    start, end = as_day(time.get("start")), as_day(time.get("end"))
    if start and end:
        if start == end:
            return format_day(start, locale=locale)
        return f"{format_day(start, locale=locale)} to {format_day(end, locale=locale)}"
    if start:
        return f"from {format_day(start, locale=locale)}"
    if end:
        return f"to {format_day(end, locale=locale)}"
    return ""


def _top_words(query: Mapping[str, Any], top: Mapping[str, Any]) -> str:
    order = [str(name) for name in query.get("order_by") or ()]
    ascending = bool(order) and not order[0].startswith("-")
    text = f"the {'smallest' if ascending else 'largest'} {top.get('n')}"
    return f"{text} of each {words(str(top['per'])).lower()}" if top.get("per") else text


def _plain_value(value: Any, locale: str) -> str:
    day = as_day(value)
    if day is not None:
        return format_day(day, locale=locale)
    return format_cell(value, locale=locale)
