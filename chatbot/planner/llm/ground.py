"""Choose what a language model is told of a catalog for one question: metrics, dimensions, values, periods.

A stored value is told only where the asker said it, or where the catalog's author wrote it down, and only of a
dimension that the viewer may see: no other value of the data leaves the house. Identifiers and hidden dimensions
tell none.
Layer: chatbot. Pure, but for the search that it is given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatbot.planner.lexicon import Lexicon, Meaning
from chatbot.planner.spans import correct_language, cover
from chatbot.planner.timephrases import parse_time
from chatbot.planner.tokens import tokenize
from datatrust.core.errors import UserError
from semantic.calendar import period_of, shift
from semantic.loader import TIME_GRAINS
from semantic.model import Calendar, Catalog, DimensionRef
from semantic.money import is_converted
from semantic.reach import TIME, grains_of, reachable, split_grain

MAX_METRICS = 20
MAX_VALUES = 40  # of one dimension
_COVERS = 3

Near = Callable[[str], Sequence[str]]  # words -> metrics of a near meaning


@dataclass(frozen=True, kw_only=True)
class Ground:
    """All that a reply may name. `dimensions` are names to group by, `fields` names to filter on."""

    metrics: tuple[str, ...]
    dimensions: tuple[str, ...]
    fields: Mapping[str, DimensionRef]
    values: Mapping[str, tuple[str, ...]]  # field -> its values that may be told
    scenarios: tuple[str, ...]
    calendars: tuple[str, ...]
    periods: tuple[tuple[str, dt.date, dt.date], ...]  # what a phrase of time means here


def make_ground(
    question: str,
    catalog: Catalog,
    lexicon: Lexicon,
    *,
    today: dt.date,
    near: Near,
    visible: Collection[tuple[str, str]],
    before: Iterable[str] = (),
) -> Ground:
    """Return the ground of a question.

    Args:
        near: finds metrics of a near meaning.
        visible: the dimensions, as (model, name), whose values the viewer may see.
        before: metrics of the question before, in a conversation.
    """
    said = list(_meanings(question, catalog, lexicon, today))
    wanted = [m.metric for m in said if m.metric] + list(before) + list(near(question))
    certified = sorted(catalog.metrics.values(), key=lambda m: m.certified_by is None)
    known = [name for name in wanted if name in catalog.metrics] + [m.name for m in certified]
    metrics = [name for name in dict.fromkeys(known) if not catalog.metrics[name].deprecated][:MAX_METRICS]
    fields: dict[str, DimensionRef] = {}
    for metric in metrics:
        for name, ref in reachable(catalog, metric).items():
            if name != TIME and ref.query_name == name and not ref.dimension.hidden:
                fields.setdefault(name, ref)
    plans = [name for metric in metrics for name in catalog.metrics[metric].plan]
    plans += ["constant_currency"] if any(is_converted(catalog, name) for name in metrics) else []
    return Ground(
        metrics=tuple(metrics),
        dimensions=tuple(_groups(fields)),
        fields=fields,
        values={name: found for name, ref in fields.items() if (found := _told(ref, said, visible))},
        scenarios=("previous_period", "previous_year", *dict.fromkeys(plans)),
        calendars=tuple(catalog.calendars),
        periods=tuple(_periods(today, catalog.default_calendar)),
    )


def _meanings(question: str, catalog: Catalog, lexicon: Lexicon, today: dt.date) -> Iterator[Meaning]:
    """What the words of the question stand for in the catalog, as the offline planner finds it."""
    tokens, _ = correct_language(tokenize(question), lexicon)
    spans = parse_time(tokens, today=today, default=catalog.default_calendar, calendars=catalog.calendars)
    for items in cover(tokens, spans, lexicon, keep=_COVERS):
        for item in items:
            yield from (each for each in item.meanings if not each.unsure)


def _groups(fields: Mapping[str, DimensionRef]) -> Iterator[str]:
    yield from (f"{TIME}.{grain}" for grain in TIME_GRAINS)
    for name, ref in fields.items():
        if ref.dimension.type == "time":
            yield from (f"{name}.{grain}" for grain in TIME_GRAINS if grain in grains_of(ref.dimension))
        else:
            yield name


def _told(
    ref: DimensionRef, said: Sequence[Meaning], visible: Collection[tuple[str, str]]
) -> tuple[str, ...]:
    dimension = ref.dimension
    key = (dimension.model, dimension.name)
    if dimension.type != "category" or key not in visible:
        return ()
    named = [m.value for m in said if m.kind == "value" and (m.model, m.name) == key]
    found = [each for each in (*named, *dimension.values) if isinstance(each, str)]
    return tuple(dict.fromkeys(found))[:MAX_VALUES]


def _periods(today: dt.date, calendar: Calendar) -> Iterator[tuple[str, dt.date, dt.date]]:
    yield "today", today, today
    for grain in ("week", "month", "quarter", "year"):
        try:
            this = period_of(today, grain, calendar)
            last = shift(this, -1, calendar)
        except UserError:  # a table lists the calendar's periods, and not these
            continue
        yield f"this {grain}", this.start, this.end
        yield f"last {grain}", last.start, last.end


def field_of(ground: Ground, name: str) -> DimensionRef | None:
    """Return what a name to filter on means, whatever grain is said with it."""
    return ground.fields.get(name) or ground.fields.get(split_grain(name)[0])
