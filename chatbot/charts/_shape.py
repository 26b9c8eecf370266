"""Say what shape a result has: which column is time, which are categories, which are measures, and their bases.

Built from an answer's JSON document, so that a chart can show nothing but what the answer says.
Layer: chatbot. Imports format only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

import plotly.graph_objects as go

from chatbot.format import GRAINS, format_cell, format_day, format_number
from semantic.bridges import PARTS as BRIDGE_PARTS

PeriodNamer = Callable[[dt.date, str], str]  # first day and grain -> "Q3 FY2026"
PARTS = ("base", "difference", "percent", "favourable")


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A dimension of the result: one key and one readable text a row."""

    label: str
    keys: tuple[Any, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A metric of the result, one value a row, and what it is compared with where it is."""

    name: str
    label: str
    unit: str | None
    currency: str | None
    values: tuple[Decimal | None, ...]
    base: tuple[Decimal | None, ...] | None = None
    difference: tuple[Decimal | None, ...] | None = None
    favourable: tuple[bool | None, ...] | None = None
    total: Decimal | None = None  # of all rows, where the answer has it
    bridge: Mapping[str, tuple[Decimal | None, ...]] = field(
        default_factory=dict
    )  # part -> its share in a change

    @property
    def is_better_low(self) -> bool:
        """Whether a fall is the good news, as the rows' own assessments say."""
        judged = zip(self.difference or (), self.favourable or (), strict=False)
        return any(good is (change < 0) for change, good in judged if change and good is not None)

    def text(self, value: Decimal | None, *, locale: str, signed: bool = False) -> str:
        """Return one value in words, exact."""
        return format_cell(
            value, unit=self.unit, currency=self.currency, locale=locale, symbol=True, signed=signed
        )


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a chart may look at. `rows` counts the result's rows; every tuple in it is that long."""

    rows: int
    time: Axis | None
    categories: tuple[Axis, ...]
    measures: tuple[Measure, ...]
    compare: str | None  # "previous_year", "previous_period", or a scenario such as "budget"
    base_label: str  # "Year before", "Budget"
    locale: str
    is_ranked: bool = False  # the rows stand in an order that was asked for, not in that of their names
    is_change: bool = False  # the rows are parts of a change, and all of them are there

    @cached_property
    def category(self) -> Axis | None:
        """All categories as one: their members side by side in one text."""
        return _join_axes(self.categories)

    @property
    def is_plan(self) -> bool:
        """Whether the base is a scenario, not another period."""
        return self.compare is not None and self.compare not in PERIOD_BASES


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One kind: when it fits, how it is drawn, and in words what it leaves out of the table.

    `draw` returns None where words alone say more.
    """

    name: str
    rank: int  # lower is asked first
    fits: Callable[[Shape], bool]
    draw: Callable[[Shape], go.Figure | None]
    note: Callable[[Shape], str] = lambda _: ""


PERIOD_BASES = {"previous_year": "Year before", "previous_period": "Period before"}


def base_label(compare: str | None) -> str:
    """Return what the base is called in headers and legends.

    >>> base_label("previous_year"), base_label("budget")
    ('Year before', 'Budget')
    """
    if not compare:
        return "Base"
    return PERIOD_BASES.get(compare) or compare.replace("_", " ").capitalize()


def measured(columns: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the columns that are asked values: the metrics, or shares and running sums where those stand alone."""
    metrics = [column for column in columns if column["kind"] == "metric"]
    return metrics or [column for column in columns if column["kind"] in ("share", "running")]


def grain_of(name: str) -> str | None:
    """Return the grain that a column's name ends in: "order_date.fiscal_quarter" -> "fiscal_quarter"."""
    last = name.rsplit(".", 1)[-1]
    return last if last in GRAINS else None


def dimension_text(value: Any, name: str, *, locale: str, name_period: PeriodNamer) -> str:
    """Return a dimension's value for reading: a period by its name, a missing one in words."""
    if value is None or value == "":
        return "(blank)"
    grain = grain_of(name)
    day = as_day(value)
    if day is not None:
        return name_period(day, grain) if grain else format_day(day, locale=locale)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)  # a key or a year, not an amount: no thousands marks
    return format_cell(value, locale=locale)


def as_day(value: Any) -> dt.date | None:
    """Return an ISO date text as a date; None for anything else."""
    if isinstance(value, str) and len(value) == 10:
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return None
    return None


def shape_of(document: Mapping[str, Any], *, locale: str, name_period: PeriodNamer) -> Shape:
    """Return the shape of an answer's JSON document."""
    columns: Sequence[Mapping[str, Any]] = document.get("columns") or []
    rows: Sequence[Sequence[Any]] = document.get("rows") or []
    place = {str(column["name"]): at for at, column in enumerate(columns)}

    def values(name: str) -> tuple[Any, ...] | None:
        return tuple(row[place[name]] for row in rows) if name in place else None

    time: Axis | None = None
    categories: list[Axis] = []
    for column in columns:
        if column["kind"] != "dimension":
            continue
        name = str(column["name"])
        keys = values(name) or ()
        axis = Axis(
            label=str(column.get("label") or name),
            keys=keys,
            texts=tuple(dimension_text(key, name, locale=locale, name_period=name_period) for key in keys),
        )
        is_time = grain_of(name) is not None or (bool(keys) and all(as_day(key) is not None for key in keys))
        if is_time and time is None:
            time = axis
        else:
            categories.append(axis)
    compare = ((document.get("query") or {}).get("compare") or {}).get("to")
    totals: Sequence[Any] = document.get("totals") or []
    measures = tuple(
        Measure(
            name=str(column["name"]),
            label=str(column.get("label") or column["name"]),
            unit=column.get("unit"),
            currency=column.get("currency"),
            values=values(str(column["name"])) or (),
            **{part: values(f"{column['name']}__{part}") for part in PARTS if part != "percent"},
            total=totals[place[str(column["name"])]] if totals else None,
            bridge={
                part: found
                for part in BRIDGE_PARTS
                if (found := values(f"{column['name']}__{part}")) is not None
            },
        )
        for column in measured(columns)
    )
    return Shape(
        rows=len(rows),
        time=time,
        categories=tuple(categories),
        measures=measures,
        compare=str(compare) if compare else None,
        base_label=base_label(compare),
        locale=locale,
        is_ranked=is_ranked(document),
        is_change=_is_whole_change(document),
    )


def _is_whole_change(document: Mapping[str, Any]) -> bool:
    """Whether the rows are all parts of one change: none is cut off, none filtered out."""
    query = document.get("query") or {}
    is_cut = query.get("top") or query.get("limit") or query.get("having")
    is_cut = is_cut or "truncated" in (document.get("flags") or ())
    return bool(query.get("contributions") or query.get("bridge")) and not is_cut


def is_ranked(document: Mapping[str, Any]) -> bool:
    """Whether an order of the rows was asked for: by a value, or by names backwards. The usual one is by names."""
    query = document.get("query") or {}
    first = next((str(name) for name in query.get("order_by") or ()), "")
    return bool(first) and first not in (query.get("group_by") or ())


def _join_axes(axes: Sequence[Axis]) -> Axis | None:
    if not axes:
        return None
    if len(axes) == 1:
        return axes[0]
    return Axis(
        label=" · ".join(axis.label for axis in axes),
        keys=tuple(zip(*(axis.keys for axis in axes), strict=True)),
        texts=tuple(" · ".join(texts) for texts in zip(*(axis.texts for axis in axes), strict=True)),
    )


def signed_text(value: Decimal | None, measure: Measure, *, locale: str) -> str:
    """Return a difference of `measure` with its sign; a difference of percents is in points."""
    if value is None:
        return ""
    unit = "points" if measure.unit == "percent" else measure.unit
    return format_number(value, unit=unit, currency=measure.currency, locale=locale, signed=True)
