"""Say a result in a sentence or two. Every digit comes from the result: nothing is computed, long quotients are rounded.

Layer: chatbot. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from chatbot.planner.say import list_words, lower_first, say_whole, upper_first
from semantic.calendar import period_of, show_day
from semantic.model import Calendar, Catalog
from semantic.query import MetricQuery, Scalar
from semantic.result import ResultColumn


def show_value(value: Scalar, column: ResultColumn, catalog: Catalog | None = None) -> str:
    """Return one cell as people read it.

    A percent is shown with the point moved by two: 0.425 reads 42.5%.
    """
    if value is None:
        return "not defined" if column.kind != "dimension" else "(blank)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.date):
        if column.grain and column.grain != "day" and catalog is not None:
            calendar = _calendar(catalog, column)
            return period_of(value, column.grain, calendar).label
        return show_day(value)
    if isinstance(value, Decimal | int):
        number = Decimal(value)
        if column.unit in ("percent", "points"):
            shown = _grouped(_rounded(number.scaleb(2)))
            return f"{shown}%" if column.unit == "percent" else f"{shown} points"
        text = _grouped(_rounded(number))
        return f"{text} {column.currency}" if column.unit == "currency" and column.currency else text
    return str(value)


def say_result(
    query: MetricQuery,
    columns: Sequence[ResultColumn],
    rows: Sequence[Sequence[Scalar]],
    catalog: Catalog,
) -> str:
    """Return the answer's text: the number, or the first of the rows and how many there are."""
    numbers = [(i, c) for i, c in enumerate(columns) if c.kind in ("metric", "share", "running")]
    keys = [(i, c) for i, c in enumerate(columns) if c.kind == "dimension"]
    if query.place is not None and len(rows) == 1:
        return _say_place(query, columns, rows[0], catalog)
    if query.fold is not None and query.fold.how == "count" and not keys:
        return (
            f"{upper_first(say_whole(query, catalog) or '')}: {show_value(rows[0][0], columns[0], catalog)}."
        )
    if len(rows) == 1 and not keys:
        parts = [f"{lower_first(c.label)} is {show_value(rows[0][i], c, catalog)}" for i, c in numbers]
        sentence = upper_first(list_words(parts)) + "."
        return sentence + say_comparison(query, columns, rows[0], catalog)
    if not numbers:
        return f"{len(rows)} rows."
    index, column = numbers[0]
    if query.order_by:
        wanted = query.order_by[0].lstrip("-").split("__")[0]
        index, column = next(((i, c) for i, c in numbers if c.name == wanted), (index, column))
    first = list_words([show_value(rows[0][i], c, catalog) for i, c in keys], "/")
    value = show_value(rows[0][index], column, catalog)
    if len(rows) == 1:
        rest = [
            f"{lower_first(c.label)} {show_value(rows[0][i], c, catalog)}" for i, c in numbers if i != index
        ]
        more = f" ({list_words(rest)})" if rest else ""
        return f"{first}: {lower_first(column.label)} {value}{more}." + say_comparison(
            query, columns, rows[0], catalog
        )
    if query.order_by and query.order_by[0].lstrip("-") == column.name:
        place = "highest" if query.order_by[0].startswith("-") else "lowest"
        return f"{first} has the {place} {lower_first(column.label)}: {value}. {len(rows)} rows."
    return f"{upper_first(lower_first(column.label))} in {len(rows)} rows, from {first} ({value}) on."


def _say_place(
    query: MetricQuery, columns: Sequence[ResultColumn], row: Sequence[Scalar], catalog: Catalog
) -> str:
    """ "Germany is number 2 of 14 by net revenue: 987,034.43 EUR." """
    shown = {c.name: (show_value(row[i], c, catalog), c) for i, c in enumerate(columns)}
    metric = query.order_by[0].lstrip("-")
    value, column = shown[metric]
    name = next(show_value(row[i], c, catalog) for i, c in enumerate(columns) if c.kind == "dimension")
    place, of = shown[f"{metric}__place"][0], shown[f"{metric}__of"][0]
    if f"{metric}__share" in shown:
        share = shown[f"{metric}__share"][0]
        return f"{name}: {share} of all {lower_first(column.label)}, {value} (number {place} of {of})."
    return f"{name} is number {place} of {of} by {lower_first(column.label)}: {value}."


def say_comparison(
    query: MetricQuery, columns: Sequence[ResultColumn], row: Sequence[Scalar], catalog: Catalog
) -> str:
    """Return what a row's comparison says: how much more or less than its base, and the base."""
    if query.compare is None:
        return ""
    by_name = {c.name: (row[i], c) for i, c in enumerate(columns)}
    words = {
        "previous_period": "the period before", "previous_year": "the year before", "constant_currency": "the year before",
    }  # fmt: skip
    base = words.get(query.compare.to, query.compare.to.replace("_", " "))
    said = []
    for metric in query.metrics:
        difference, percent = by_name.get(f"{metric}__difference"), by_name.get(f"{metric}__percent")
        before = by_name.get(f"{metric}__base")
        if before is None or before[0] is None:
            said.append(f" There is nothing to compare with in {base}.")
            continue
        if difference is None or not isinstance(difference[0], Decimal | int):
            said.append(f" In {base} it was {show_value(before[0], before[1], catalog)}.")
            continue
        amount = Decimal(difference[0])
        direction = "more" if amount > 0 else "less"
        size = show_value(abs(amount), difference[1], catalog)
        share = ""
        if percent is not None and isinstance(percent[0], Decimal | int):
            share = f" ({show_value(percent[0], percent[1], catalog)})"
        change = f"{size} {direction} than" if amount else "the same as"
        said.append(
            f" That is {change} {base}{share}, which was {show_value(before[0], before[1], catalog)}."
        )
    return "".join(said)


def _rounded(number: Decimal) -> Decimal:
    """A quotient of many digits to two decimals, for reading; the rows keep every digit."""
    exponent = number.as_tuple().exponent
    return number.quantize(Decimal("0.01")) if isinstance(exponent, int) and exponent < -6 else number


def _grouped(number: Decimal) -> str:
    """Thousands apart; zeros that say nothing left out after the second decimal."""
    whole, dot, fraction = format(number, "f").partition(".")
    if len(fraction) > 2:
        fraction = fraction[:2] + fraction[2:].rstrip("0")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-') or 0):,}{dot}{fraction}"


def _calendar(catalog: Catalog, column: ResultColumn) -> Calendar:
    return catalog.calendars.get(column.calendar or "", catalog.default_calendar)
