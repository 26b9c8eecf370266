"""Turn dbt's where-filters (`{{ Dimension('listing__country') }} = 'DE'`) into conditions of our language.

Only the calls that MetricFlow defines are read, as literals; any other template is refused. The text between them is
an expression of ours or is refused with it.
Layer: semantic. Pure.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from datatrust.core.errors import UserError
from semantic.dbt.form import STANDARD_GRAINS, SUB_DAILY, SemanticModel
from semantic.dbt.graph import Graph
from semantic.dbt.losses import NotRead, Reason
from semantic.expressions import conjuncts, parse_expression

METRIC_TIME = "metric_time"
_CALL = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_MARK = "chosen_by_metric_"


@dataclass(frozen=True, kw_only=True)
class MetricCall:
    """`Metric('bookings', ['listing'])`: a metric's value of each member of an entity."""

    metric: str
    entity: str


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A filter in our words: on rows, and on the members whose rows count."""

    rows: str | None = None
    members: str | None = None  # over metrics
    entity: str | None = None  # whose members
    metrics: tuple[str, ...] = ()


class FilterReader:
    """Reads the filters of one metric over the names of one model."""

    def __init__(
        self, graph: Graph, model: SemanticModel, *, time: str | None, grain: str | None = None
    ) -> None:
        self._graph = graph
        self._model = model
        self._time = time
        self._grain = grain  # of `metric_time` where the filter names none

    def read(self, filters: Iterable[str]) -> Condition:
        """Return what all of `filters` ask for.

        Raises:
            NotRead: one of them cannot be read.
        """
        calls: list[MetricCall] = []
        parts = [
            _CALL.sub(lambda found: self._call(found[1], calls), text) for text in dict.fromkeys(filters)
        ]
        for text in parts:
            if "{{" in text or "{%" in text:
                raise NotRead(Reason.FILTER, f"the template is not closed: {text}")
        if not calls:
            return Condition(rows=_joined([self._checked(text) for text in parts]))
        return _apart([self._checked(text) for text in parts], calls)

    def _checked(self, text: str) -> str:
        try:
            parse_expression(text)
        except UserError as error:
            raise NotRead(Reason.FILTER, f"{error.issues[0].message}, in {text}") from None
        return text

    def _call(self, text: str, calls: list[MetricCall]) -> str:
        name, arguments, options, chain = _parsed(text)
        if name == "Metric":
            calls.append(_metric_call(text, arguments, options))
            return f"{_MARK}{len(calls) - 1}"
        if name not in ("Dimension", "TimeDimension", "Entity") or not arguments:
            raise NotRead(Reason.FILTER, f"{{{{{text}}}}} is no call that is read here")
        path = options.get("entity_path")
        links = [part for each in (path if isinstance(path, list) else []) for part in str(each).split("__")]
        *inner, last = str(arguments[0]).split("__")
        links += inner
        if name == "Entity":
            return self._graph.find(self._model, links, last, entity=True).dotted
        grain = arguments[1] if len(arguments) > 1 else options.get("time_granularity_name")
        for step, value in chain:
            if step == "grain" and value:
                grain = value[0]
            else:
                raise NotRead(Reason.FILTER, f".{step}(…) of a dimension is not read")
        if last == METRIC_TIME and not links:
            return self._metric_time(str(grain) if grain else None)
        found = self._graph.find(self._model, links, last)
        dimension = found.model.dimension(last)
        assert dimension is not None
        if dimension.type != "time":
            return found.dotted
        return truncated(found.dotted, str(grain or dimension.grain).lower())

    def _metric_time(self, grain: str | None) -> str:
        dimension = self._model.dimension(self._time or "")
        if dimension is None:
            raise NotRead(
                Reason.FILTER, f'model "{self._model.name}" has no time that "metric_time" could be'
            )
        return truncated(dimension.name, (grain or self._grain or dimension.grain).lower())


def truncated(name: str, grain: str) -> str:
    """Return the first day of the period of `grain` that `name` lies in, as MetricFlow compares it."""
    if grain in SUB_DAILY:
        raise NotRead(Reason.SUB_DAILY, f"a {grain} is finer than a day")
    if grain not in STANDARD_GRAINS:
        raise NotRead(Reason.CUSTOM_GRAIN, f'"{grain}" is a grain of a table of its own')
    return f"date_trunc('{grain}', {name})"


def _joined(conditions: Sequence[str]) -> str | None:
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return " and ".join(f"({each})" for each in conditions)


def _apart(texts: list[str], calls: list[MetricCall]) -> Condition:
    """Part the conditions on members from those on rows; one that is on both is not read."""
    rows: list[str] = []
    members: list[str] = []
    for text in texts:
        for node in conjuncts(parse_expression(text).ast):
            names = parse_expression(node.sql()).columns
            chosen = [name for name in names if name.startswith(_MARK)]
            if chosen and len(chosen) < len(names):
                raise NotRead(Reason.FILTER, f"a condition on rows and on a metric at once: {node.sql()}")
            (members if chosen else rows).append(node.sql())
    entities = {each.entity for each in calls}
    if len(entities) > 1:
        raise NotRead(Reason.FILTER, f"members of several entities: {', '.join(sorted(entities))}")
    text = _joined(members) or ""
    for index, each in reversed(list(enumerate(calls))):
        text = text.replace(f"{_MARK}{index}", each.metric)
    return Condition(
        rows=_joined(rows),
        members=text,
        entity=entities.pop(),
        metrics=tuple(dict.fromkeys(each.metric for each in calls)),
    )


def _metric_call(text: str, arguments: list[object], options: dict[str, object]) -> MetricCall:
    by = arguments[1] if len(arguments) > 1 else options.get("group_by")
    if not arguments or not isinstance(by, list) or len(by) != 1 or "__" in str(by[0]):
        raise NotRead(Reason.FILTER, f"{{{{{text}}}}}: only a metric by one entity is read")
    return MetricCall(metric=str(arguments[0]), entity=str(by[0]))


_Call = tuple[str, list[object], dict[str, object], list[tuple[str, list[object]]]]


def _parsed(text: str) -> _Call:
    """The call of a template: its name, arguments, options, and what is chained to it."""
    fault = NotRead(Reason.FILTER, f"{{{{{text}}}}} is no call that is read here")
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise fault from None
    chain: list[tuple[str, list[object]]] = []
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        chain.insert(0, (node.func.attr, _literals(node.args, fault)))
        node = node.func.value
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise fault
    options = {str(each.arg): _literals([each.value], fault)[0] for each in node.keywords}
    return node.func.id, _literals(node.args, fault), options, chain


def _literals(nodes: Sequence[ast.expr], fault: NotRead) -> list[object]:
    try:
        return [ast.literal_eval(each) for each in nodes]
    except ValueError:
        raise fault from None
