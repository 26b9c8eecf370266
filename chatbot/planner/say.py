"""Write a metric query as a question and as a sentence, in the catalog's words.

`say_question` gives words that the planner reads back to the same query; options and next steps are made of it.
`say_interpretation` tells the asker what was computed, with exact dates.
Layer: chatbot. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from semantic.calendar import range_period, show_day
from semantic.model import Catalog, DimensionRef, Model
from semantic.query import Filter, MetricQuery, Scalar, TimeRange
from semantic.reach import TIME, WEEKDAY, base_metrics, find_dimension, is_weekday, reachable_together

_MEASURES = {"contribution": "in absolute terms", "difference": "in absolute terms", "percent": "in percent"}
_GRAINS = {"fiscal_month": "fiscal month", "fiscal_quarter": "fiscal quarter", "fiscal_year": "fiscal year"}
_OPS = {">": "over", ">=": "at least", "<": "under", "<=": "at most", "=": "equal to", "!=": "not equal to"}
_ADVERBS = {"day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "yearly"}
_COMPARED = {"previous_period": "the previous period", "previous_year": "the same period last year"}


def metric_words(catalog: Catalog, name: str) -> str:
    """Return what a metric is called."""
    return lower_first(catalog.metrics[name].label or name.replace("_", " "))


def lower_first(text: str) -> str:
    """Return the text with a small first letter, but for abbreviations.

    >>> lower_first("Net revenue"), lower_first("EBITDA margin")
    ('net revenue', 'EBITDA margin')
    """
    return text if len(text) > 1 and text[1].isupper() else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def plural(words: str) -> str:
    """Return a name for several of a thing.

    >>> plural("country"), plural("sales region"), plural("product class")
    ('countries', 'sales regions', 'product classes')
    """
    if words.endswith("y") and words[-2:-1] not in "aeiou":
        return words[:-1] + "ies"
    return words + ("es" if words.endswith(("s", "x", "z", "ch", "sh")) else "s")


def singular(words: str) -> str:
    """Return a name for one of several.

    >>> singular("countries"), singular("clients"), singular("boxes"), singular("staff")
    ('country', 'client', 'box', 'staff')
    """
    if words.endswith("ies"):
        return words[:-3] + "y"
    if words.endswith(("sses", "xes", "zes", "ches", "shes")):
        return words[:-2]
    return words[:-1] if words.endswith("s") and not words.endswith("ss") else words


def list_words(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list: "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def dimension_words(names: Mapping[str, DimensionRef], name: str) -> str:
    """Return what a dimension of a query is called; a grain of time by its own name."""
    found = find_dimension(names, name)
    if found is None:
        return name.replace("_", " ").replace(".", " ")
    ref, grain = found
    label = ref.label or ref.dimension.label or ref.dimension.name.replace("_", " ")
    role, _, rest = label.rpartition(": ")
    words = lower_first(f"{role} {lower_first(rest)}" if role else rest)
    if grain is None:
        return words
    shown = _GRAINS.get(grain, grain)
    return shown if name.startswith("time.") else f"{words} by {shown}"


def say_question(query: MetricQuery, catalog: Catalog) -> str:
    """Return a question that asks exactly this."""
    names = _names(query, catalog)
    metrics = list_words([metric_words(catalog, m) for m in query.metrics])
    parts = []
    folded = (
        query.fold.key if query.fold is not None else query.place.field if query.place is not None else None
    )
    shown_groups = [name for name in query.group_by if name != folded]
    own = [name for name in shown_groups if name.startswith("time.")]
    others = [name for name in shown_groups if name not in own]
    whole = say_whole(query, catalog)
    if whole is not None and query.top is not None and others:
        direction = "top" if query.order_by and query.order_by[0].startswith("-") else "bottom"
        parts.append(
            f"{direction} {query.top.n} {list_words([dimension_words(names, n) for n in others])} by {whole}"
        )
    elif whole is not None:
        parts.append(whole)
        if others:
            parts.append("by " + list_words([dimension_words(names, n) for n in others]))
    elif query.top is not None and others:
        direction = "top" if query.order_by and query.order_by[0].startswith("-") else "bottom"
        ranked = [n for n in others if n != query.top.per]
        change = _ranked_change(query)
        shown = list_words([dimension_words(names, n) for n in ranked])
        if change is None:
            parts.append(f"{direction} {query.top.n} {shown} by {metrics}")
        else:
            word = "increase" if direction == "top" else "decrease"
            parts.append(f"top {query.top.n} {shown} by {word} of {metrics} {_MEASURES[change]}")
        if query.top.per:
            parts.append(f"for each {dimension_words(names, query.top.per)}")
    else:
        share = "share of " if query.share_of else ""
        running = "running total of " if query.running else ""
        why = (
            "drivers of the change in "
            if query.contributions
            else "price volume mix of "
            if query.bridge
            else ""
        )
        parts.append(f"{why}{running}{share}{metrics}")
        if others:
            parts.append("by " + list_words([dimension_words(names, n) for n in others]))
    for name in own:
        grain = name.split(".")[1].replace("_", " ")
        calendar = catalog.calendars.get(query.time.calendar or "") if query.time else None
        prefix = (
            "calendar "
            if calendar is not None
            and not calendar.is_fiscal
            and catalog.default_calendar.is_fiscal
            and grain in ("year", "quarter")
            else ""
        )
        parts.append(f"by {prefix}{grain}")
    parts += [_filter_question(f, names) for f in query.where]
    parts += [" or ".join(_filter_question(f, names) for f in group) for group in query.either]
    if query.having:
        for condition in query.having:
            words = _mean_words(query, catalog) or metric_words(catalog, condition.field.split("__")[0])
            if condition.op == "between":
                parts.append(
                    f"with {words} between {_number(condition.values[0])} and {_number(condition.values[1])}"
                )
            else:
                parts.append(
                    f"with {words} {_OPS.get(condition.op, condition.op)} {_number(condition.values[0])}"
                )
    if query.time is not None and (query.time.start or query.time.end):
        parts.append(_time_question(query.time))
    if query.currency:
        parts.append(f"converted to {query.currency}")
    if query.compare is not None and query.compare.to == "constant_currency":
        parts.append("at constant currency compared with the same period last year")
    elif query.compare is not None:
        parts.append(f"compared with {_COMPARED.get(query.compare.to, query.compare.to.replace('_', ' '))}")
    return upper_first(" ".join(p for p in parts if p))


def say_whole(query: MetricQuery, catalog: Catalog) -> str | None:
    """Return what one number is made of, or whose place is asked; None where a query does neither."""
    names = _names(query, catalog)
    metrics = list_words([metric_words(catalog, m) for m in query.metrics])
    if query.place is not None:
        member = f"{dimension_words(names, query.place.field)} {_value(query.place.values[0])}"
        if query.share_of:
            return f"share of {metrics} for {member}"
        return f"rank of {member} by {metrics}"
    if query.fold is None:
        return None
    if query.fold.how == "mean":
        folded = find_dimension(names, query.fold.key)
        if folded is not None and folded[1] is None:
            held = catalog.models[folded[0].dimension.model]
            thing = singular(lower_first(held.label or held.name.replace("_", " ")))
            return f"average {metrics} per {thing}"
        grain = query.fold.key.partition(".")[2].removeprefix("fiscal_")
        return f"average {_ADVERBS.get(grain, grain)} {metrics}"
    found = find_dimension(names, query.fold.key)
    model = catalog.models[found[0].dimension.model] if found is not None else None
    if found is not None and found[1] is not None:
        return f"number of {plural(dimension_words(names, query.fold.key))}"
    if model is not None and found is not None and found[0].dimension.name in _keys(model):
        return f"number of {lower_first(model.label or model.name.replace('_', ' '))}"
    return f"number of {plural(dimension_words(names, query.fold.key))}"


def _mean_words(query: MetricQuery, catalog: Catalog) -> str | None:
    """What a condition or an order is on, where the query makes a mean."""
    return say_whole(query, catalog) if query.fold is not None and query.fold.how == "mean" else None


def _keys(model: Model) -> set[str]:
    return {each.name for each in model.dimensions.values() if {each.name, each.expr} & set(model.key)}


def say_interpretation(
    query: MetricQuery,
    catalog: Catalog,
    *,
    today: dt.date,
    coverage: tuple[dt.date, dt.date] | None = None,
    completeness: str = "",
) -> str:
    """Return one sentence: what was computed, for whom and when, with exact dates.

    Args:
        coverage: the first and last day of the data, where no period was asked for.
        completeness: what `say_completeness` tells of the period.
    """
    names = _names(query, catalog)
    metrics = list_words([metric_words(catalog, m) for m in query.metrics])
    sentence = upper_first(say_whole(query, catalog) or metrics)
    folded = (
        query.fold.key if query.fold is not None else query.place.field if query.place is not None else None
    )
    groups = [name for name in query.group_by if name != folded]
    if query.top is not None:
        per = query.top.per
        ranked = [dimension_words(names, g) for g in groups if g != per]
        descending = bool(query.order_by and query.order_by[0].startswith("-"))
        column = query.order_by[0].lstrip("-").split("__")[0] if query.order_by else query.metrics[0]
        which = "highest" if descending else "lowest"
        number = "" if query.top.n == 1 else f"{query.top.n} "
        if query.top.n != 1:
            ranked = [plural(words) for words in ranked]
        what = f"{which} {_mean_words(query, catalog) or metric_words(catalog, column)}"
        if change := _ranked_change(query):
            way = "increase" if descending else "decrease"
            what = f"largest {way} of {metric_words(catalog, column)} {_MEASURES[change]}"
        sentence += f", the {number}{list_words(ranked)} with the {what}" if ranked else ""
        if per:
            sentence += f" for each {dimension_words(names, per)}"
    elif groups:
        sentence += " by " + list_words([dimension_words(names, g) for g in groups])
    if query.currency:
        sentence += f", converted to {query.currency}"
    if query.share_of and query.place is None:
        sentence += ", as a share of the total"
    if query.bridge:
        sentence += ", each change by price, volume, mix and members"
    if query.contributions and query.top is None:
        sentence += ", each one's part in the change"
    if query.running:
        sentence += ", running total"
    where = [_filter_words(f, names) for f in query.where]
    where += [list_words([_filter_words(f, names) for f in group], "or") for group in query.either]
    if where:
        sentence += ", where " + list_words(where)
    for condition in query.having:
        words = _mean_words(query, catalog) or metric_words(catalog, condition.field.split("__")[0])
        values = " and ".join(_number(v) for v in condition.values)
        sentence += f", only where {words} is {_OPS.get(condition.op, condition.op)} {values}"
    bases = [base for m in query.metrics for base in base_metrics(catalog, m)]
    balances = all(catalog.metrics[b].kind == "balance" for b in bases)
    if (
        balances
        and query.time
        and query.time.end
        and not query.time.start
        and not any(g.startswith("time.") for g in groups)
    ):
        sentence += f", as of {show_day(query.time.end)}"
    elif balances and coverage and query.time is None and not any(g.startswith("time.") for g in groups):
        sentence += f", as of {show_day(coverage[1])}"
    else:
        sentence += _time_words(query.time, catalog, coverage)
    sentence += completeness
    if query.compare is not None:
        sentence += {
            "previous_period": ", beside the period before",
            "previous_year": ", beside the year before",
            "constant_currency": ", at the exchange rates of the year before, beside that year",
        }.get(query.compare.to, f", beside {query.compare.to.replace('_', ' ')}")
    if (
        query.top is None
        and query.place is None
        and query.order_by
        and len(query.group_by)
        and query.order_by[0].lstrip("-") in query.metrics
    ):
        sentence += ", highest first" if query.order_by[0].startswith("-") else ", lowest first"
    return sentence


def say_completeness(
    time: TimeRange | None,
    *,
    is_partial: bool,
    known: dt.date | None,
    today: dt.date,
    closed: dt.date | None = None,
) -> str:
    """Return whether the data cover the asked period to its end, in brackets; nothing where no period was asked.

    Args:
        is_partial: the result's own flag.
        known: the last day of the data.
        closed: the last day whose books are closed, where the period goes beyond it: its numbers may change yet.
    """
    if time is None or (time.start is None and time.end is None):
        return ""
    if time.end is None:
        return f" (data to {show_day(known)})" if known else ""
    if not is_partial and (time.start is not None or known is None or known >= time.end):
        return " (complete)" if closed is None else f" (data complete; books closed to {show_day(closed)})"
    if known is not None and known < min(time.end, today):
        return f" (not complete: data to {show_day(known)})"
    return f" (not complete: today is {show_day(today)})" if today < time.end else " (not complete)"


def _ranked_change(query: MetricQuery) -> str | None:
    """Which measure of a change a ranking goes by, if by any."""
    column = query.order_by[0].lstrip("-").partition("__")[2] if query.order_by else ""
    return column if column in _MEASURES else None


def say_time(time: TimeRange | None, catalog: Catalog) -> str:
    """Return a range in words with exact days, and the fiscal period that it is."""
    if time is None or (time.start is None and time.end is None):
        return ""
    calendar = catalog.calendars.get(time.calendar or "", catalog.default_calendar)
    if time.start and time.end:
        exact = show_day(time.start) if time.start == time.end else _exact(time.start, time.end)
        period = range_period(time.start, time.end, calendar)
        if (
            period is not None
            and calendar.is_fiscal
            and period.grain.startswith("fiscal_")
            and period.grain != "fiscal_month"
        ):
            return f"{exact} ({period.label})"
        return exact
    return (
        f"since {show_day(time.start)}" if time.start else f"until {show_day(time.end)}" if time.end else ""
    )


def _time_words(time: TimeRange | None, catalog: Catalog, coverage: tuple[dt.date, dt.date] | None) -> str:
    said = say_time(time, catalog)
    if said:
        return f", {said}"
    return f", all data ({_exact(*coverage)})" if coverage else ""


def _exact(start: dt.date, end: dt.date) -> str:
    if start.year == end.year:
        return f"{show_day(start).rsplit(' ', 1)[0]} to {show_day(end)}"
    return f"{show_day(start)} to {show_day(end)}"


def _time_question(time: TimeRange) -> str:
    if time.start and time.end:
        if time.start == time.end:
            return f"on {show_day(time.start)}"
        return f"from {show_day(time.start)} to {show_day(time.end)}"
    return (
        f"since {show_day(time.start)}" if time.start else f"until {show_day(time.end)}" if time.end else ""
    )


def _filter_question(condition: Filter, names: Mapping[str, DimensionRef]) -> str:
    words = dimension_words(names, condition.field)
    found = find_dimension(names, condition.field)
    if found is not None and is_weekday(found[0]):
        days = list_words([f"{value}s" for value in condition.values])
        own = condition.field == f"{TIME}.{WEEKDAY}"
        with_words = (
            "" if own else f"with {dimension_words(names, condition.field.removesuffix(f'.{WEEKDAY}'))} "
        )
        return f"{with_words}{'not ' if condition.op in ('!=', 'not_in') else ''}on {days}"
    if found is None:
        negative = condition.values == (False,)
        return f"{'excluding' if negative else 'for'} {words}"
    values = [_value(v) for v in condition.values]
    if condition.op in ("=", "in"):
        return f"for {words} {list_words(values)}"
    if condition.op in ("!=", "not_in"):
        return f"excluding {words} {list_words(values)}"
    if condition.op == "is_null":
        return f"with missing {words}"
    if condition.op == "contains":
        return f"with {words} containing {values[0]}"
    if condition.op == "starts_with":
        return f"with {words} starting with {values[0]}"
    if condition.op == "between":
        return f"with {words} between {values[0]} and {values[1]}"
    if condition.values and isinstance(condition.values[0], dt.date):
        day = condition.values[0]
        if condition.op == "<":
            return f"with {words} before {show_day(day)}"
        return f"with {words} since {show_day(day)}"
    return f"with {words} {_OPS.get(condition.op, condition.op)} {values[0] if values else ''}"


def _filter_words(condition: Filter, names: Mapping[str, DimensionRef]) -> str:
    words = dimension_words(names, condition.field)
    if find_dimension(names, condition.field) is None:
        return f"not {words}" if condition.values == (False,) else words
    values = [_shown(v) for v in condition.values]
    return {
        "=": f"{words} is {values[0] if values else ''}",
        "in": f"{words} is {list_words(values, 'or')}",
        "!=": f"{words} is not {values[0] if values else ''}",
        "not_in": f"{words} is not {list_words(values, 'or')}",
        "is_null": f"{words} is missing",
        "not_null": f"{words} is known",
        "contains": f"{words} contains {values[0] if values else ''}",
        "not_contains": f"{words} does not contain {values[0] if values else ''}",
        "starts_with": f"{words} starts with {values[0] if values else ''}",
        "between": f"{words} is between {' and '.join(values)}",
    }.get(condition.op, f"{words} is {_OPS.get(condition.op, condition.op)} {values[0] if values else ''}")


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal | int):
        return _number(value)
    return f'"{value}"'


def _shown(value: Scalar) -> str:
    if isinstance(value, dt.date):
        return show_day(value)
    return _number(value) if isinstance(value, Decimal | int) and not isinstance(value, bool) else str(value)


def _number(value: Scalar) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)


def _names(query: MetricQuery, catalog: Catalog) -> Mapping[str, DimensionRef]:
    return reachable_together(catalog, query.metrics)
