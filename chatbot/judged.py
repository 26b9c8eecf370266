"""Say yes or no, and what made a change, before or instead of the plain text of a result.

Every digit comes from the result or from the question: nothing is computed.
Layer: chatbot. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from chatbot.planner.say import list_words
from chatbot.planner.verdict import Verdict, holds
from chatbot.text import say_comparison, say_result, show_value
from semantic.model import Catalog
from semantic.query import MetricQuery, Scalar
from semantic.result import ResultColumn

_LIMITS = {">": "above", ">=": "at least", "<": "below", "<=": "at most", "=": "equal to", "!=": "other than"}

_WORDS = {  # held, so far
    (True, False): "Yes", (False, False): "No", (True, True): "So far yes", (False, True): "So far no",
}  # fmt: skip
_NOT_SO = "It did not"


def is_judged(text: str) -> bool:
    """Return whether an answer's text opens with a yes or no, which no number beside it would say.

    >>> is_judged("Yes. Net revenue is 12."), is_judged("Net revenue is 12.")
    (True, False)
    """
    return text.partition(". ")[0] in {*_WORDS.values(), _NOT_SO}


def say_judged(
    query: MetricQuery,
    columns: Sequence[ResultColumn],
    rows: Sequence[Sequence[Scalar]],
    catalog: Catalog,
    *,
    verdict: Verdict | None,
    totals: Sequence[Scalar] | None,
    is_partial: bool,
) -> str:
    """Return the answer's text, with a yes or no where the question wants one.

    Args:
        totals: the row of the whole, where the rows are parts of it.
        is_partial: whether the period is not over, so that a yes or no is one so far.
    """
    whole = totals if query.contributions else rows[0] if len(rows) == 1 else None
    by_name = dict(zip((c.name for c in columns), whole or (), strict=False))
    held = holds(verdict, by_name) if verdict is not None and by_name else None
    if query.contributions and totals is not None:
        said = _say_parts(query, columns, rows, totals, catalog)
        return f"{_NOT_SO}. {said}" if held is False else said
    said = say_result(query, columns, rows, catalog)
    if verdict is None or held is None:
        return said
    word = _WORDS[held, is_partial]
    limit = ""
    if verdict.values:
        column = next(c for c in columns if c.name == verdict.metric)
        numbers = list_words([show_value(value, column, catalog) for value in verdict.values])
        test = "between" if verdict.op == "between" else _LIMITS[verdict.op]
        limit = f" That is {'' if held else 'not '}{test} {numbers}."
    return f"{word}. {said}{limit}"


def _say_parts(
    query: MetricQuery,
    columns: Sequence[ResultColumn],
    rows: Sequence[Sequence[Scalar]],
    totals: Sequence[Scalar],
    catalog: Catalog,
) -> str:
    """The change of the whole, its largest part, and the largest part against it."""
    places = {c.name: (i, c) for i, c in enumerate(columns)}
    metric = query.metrics[0]
    now, column = places[metric]
    base, weight = places[f"{metric}__base"][0], places[f"{metric}__contribution"][0]
    said = f"{column.label} is {show_value(totals[now], column, catalog)}."
    said += say_comparison(query, columns, totals, catalog)
    known = [row for row in rows if isinstance(row[weight], int | Decimal)]
    change = totals[weight]
    if not isinstance(change, int | Decimal) or not change or not known:
        return said
    leads = (
        ("The largest part of it is", known[0], change > 0),
        ("Against it stands", known[-1], change < 0),
    )
    for lead, row, is_rise in leads:
        part = row[weight]
        if not isinstance(part, int | Decimal) or not part or (part > 0) != is_rise:
            continue
        name = list_words(
            [show_value(row[i], c, catalog) for i, c in enumerate(columns) if c.kind == "dimension"], "/"
        )
        difference = row[places[f"{metric}__difference"][0]]
        rest = ""
        if isinstance(difference, int | Decimal):
            size: Scalar = abs(Decimal(difference))
        elif row[base] is None:
            size, rest = row[now], ", with nothing before"
        else:
            size, rest = row[base], ", with nothing now"
        said += f" {lead} {name}: {show_value(size, column, catalog)} {'more' if is_rise else 'less'}{rest}."
    return said
