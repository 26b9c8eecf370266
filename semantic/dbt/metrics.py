"""Write dbt's metrics as metrics of our catalog, each with the meaning that MetricFlow gives it.

A metric that cannot be written raises no error: it becomes a loss with its reason, and so does all that is made of it.
Layer: semantic. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from datatrust.core.errors import UserError
from semantic.dbt.filters import Condition, FilterReader
from semantic.dbt.form import (
    STANDARD_GRAINS,
    SUB_DAILY,
    DbtMetric,
    Manifest,
    Measure,
    MetricInput,
    SemanticModel,
    Span,
)
from semantic.dbt.graph import Graph, entity_dimension
from semantic.dbt.losses import Loss, NotRead, Reason
from semantic.dbt.models import ModelWriter, expression_fault
from semantic.expressions import parse_expression, replace_columns

Made = dict[str, Any]

_AGGREGATIONS = {
    "sum": "sum", "count": "count", "count_distinct": "count_distinct", "average": "average", "min": "min",
    "max": "max", "median": "median", "percentile": "percentile", "sum_boolean": "sum",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Base:
    """A measure behind a metric, where its rows are and when they count."""

    model: SemanticModel
    measure: Measure

    @property
    def time(self) -> str | None:
        return self.measure.agg_time or self.model.agg_time


class MetricWriter:
    """Writes the metrics of a manifest; `made` and `losses` fill up."""

    def __init__(self, manifest: Manifest, graph: Graph, models: ModelWriter, *, each_day: bool) -> None:
        self.made: dict[str, Made] = {}
        self.losses: list[Loss] = []
        self._graph = graph
        self._models = models
        self._each_day = each_day
        self._metrics = {metric.name: metric for metric in manifest.metrics}
        self._bases = {
            measure.name: _Base(model=model, measure=measure)
            for model in manifest.models
            for measure in model.measures
        }
        self._refused: dict[str, Reason] = {}
        self._open: list[str] = []
        for metric in manifest.metrics:
            self._write(metric.name)
        self._name_unused(manifest)

    # ------------------------------------------------------------------------------------------- one by one

    def _write(self, name: str) -> None:
        """Write a metric and what it is made of; each once."""
        if name in self.made or name in self._refused:
            return
        metric = self._metrics.get(name)
        if metric is None:
            raise NotRead(Reason.UNKNOWN_NAME, f'no metric "{name}"')
        if name in self._open:
            raise NotRead(Reason.SHAPE, f"is made of itself: {' -> '.join([*self._open, name])}")
        self._open.append(name)
        try:
            build = _KINDS.get(metric.type)
            if build is None:
                raise NotRead(Reason.SHAPE, f'"{metric.type}" is no kind of metric')
            body = build(self, metric)
            self.made[name] = {"name": name} | _words(metric) | body
        except NotRead as error:
            self._refused[name] = error.reason
            lost = Loss(kind="metric", name=name, reason=error.reason, message=error.message, at=metric.at)
            self.losses.append(lost)
        finally:
            self._open.pop()

    def _needs(self, name: str) -> DbtMetric:
        """Return a metric that another is made of; it has been written."""
        self._write(name)
        if name in self._refused:
            raise NotRead(
                Reason.INPUT, f'is made of "{name}", which is not read ({self._refused[name].value})'
            )
        return self._metrics[name]

    def _name_unused(self, manifest: Manifest) -> None:
        used = {metric.measure.name for metric in manifest.metrics if metric.measure}
        for model in manifest.models:
            for measure in model.measures:
                if measure.name not in used:
                    message = "no metric is made of it, so no question could ask for it"
                    name = f"{model.name}.{measure.name}"
                    lost = Loss(
                        kind="measure", name=name, reason=Reason.UNUSED, message=message, at=measure.at
                    )
                    self.losses.append(lost)

    # -------------------------------------------------------------------------------------------- simple

    def simple(self, metric: DbtMetric) -> Made:
        taken = metric.measure
        if taken is None:
            raise NotRead(Reason.SHAPE, "a simple metric needs a measure")
        made = self._rows(taken.name, (*taken.filters, *metric.filters), metric.grain)
        return made | _gaps(fill=taken.fill, spine=taken.joins_spine)

    def _base(self, name: str) -> _Base:
        base = self._bases.get(name)
        if base is None:
            raise NotRead(Reason.UNKNOWN_NAME, f'no measure "{name}"')
        return base

    def _rows(self, name: str, filters: Sequence[str], grain: str | None) -> Made:
        """A measure over the rows that filters let through."""
        base = self._base(name)
        measure, model = base.measure, base.model
        if base.time is not None and ((found := model.dimension(base.time)) is None or found.type != "time"):
            raise NotRead(Reason.UNKNOWN_NAME, f'"{base.time}" is no time dimension of "{model.name}"')
        condition = self._reader(base, grain).read(filters)
        made: Made = {"model": self._models.name_at(model, base.time)}
        if base.time is not None and made["model"] == model.name and base.time != model.agg_time:
            made["time"] = base.time
        made |= _aggregation(model, measure)
        if measure.non_additive is not None:
            made["balance"] = self._balance(base)
        made |= {"where": condition.rows} if condition.rows else {}
        return made | self._members(model, condition)

    def _reader(self, base: _Base, grain: str | None) -> FilterReader:
        return FilterReader(self._graph, base.model, time=base.time, grain=grain)

    def _balance(self, base: _Base) -> Made:
        rule = base.measure.non_additive
        assert rule is not None
        if rule.name != base.time:
            message = f'it is taken at one end of "{rule.name}" and adds up at "{base.time}"'
            raise NotRead(Reason.AGGREGATION, message)
        made: Made = {"take": "last" if rule.window == "max" else "first", "among": "filtered"}
        for name in rule.groupings:
            if base.model.entity(name) is None:
                raise NotRead(Reason.UNKNOWN_NAME, f'no entity "{name}" in "{base.model.name}"')
        if rule.groupings:
            made["per"] = [entity_dimension(base.model, name) for name in rule.groupings]
        return made

    def _members(self, model: SemanticModel, condition: Condition) -> Made:
        if condition.members is None or condition.entity is None:
            return {}
        for name in condition.metrics:
            self._needs(name)
        for of in self._graph.members_of(model, condition.entity):
            if of.name == model.name or any(
                link.target.name == of.name for link in self._graph.links[model.name]
            ):
                return {"members": {"of": of.name, "where": condition.members, "over": "all"}}
        raise NotRead(
            Reason.FILTER, f'no model has one row for each "{condition.entity}" that "{model.name}" leads to'
        )

    # -------------------------------------------------------------------------------------- made of metrics

    def ratio(self, metric: DbtMetric) -> Made:
        if len(metric.inputs) != 2:
            raise NotRead(Reason.SHAPE, "a ratio needs a numerator and a denominator")
        inputs = [_filtered(each, metric.filters) for each in metric.inputs]
        top, bottom = inputs
        if not any(each.filters or each.offset or each.to_grain for each in inputs):
            for each in inputs:
                self._needs(each.name)
            return {"ratio": {"numerator": top.name, "denominator": bottom.name}, "on_zero": "undefined"}
        names, declared = self._inputs(metric, inputs)
        formula = f"{names[0]} / {names[1]}"
        return {"derived": formula, "inputs": declared, "on_zero": "undefined"}

    def derived(self, metric: DbtMetric) -> Made:
        if not metric.expr or not metric.inputs:
            raise NotRead(Reason.SHAPE, "a derived metric needs an expression and its metrics")
        try:
            parsed = parse_expression(metric.expr)
        except UserError as error:
            raise NotRead(Reason.FORMULA, f"{error.issues[0].message}, in {metric.expr}") from None
        inputs = [_filtered(each, metric.filters) for each in metric.inputs]
        names, declared = self._inputs(metric, inputs)
        meant = {each.called: name for each, name in zip(inputs, names, strict=True)}
        missing = [each for each in parsed.columns if each not in meant]
        if missing:
            raise NotRead(Reason.UNKNOWN_NAME, f'"{missing[0]}" of its expression is none of its metrics')
        tree = replace_columns(parsed.ast, lambda path: exp.column(meant[".".join(path)]))
        unused = [
            each
            for each in declared
            if each["as"] not in {column.name for column in tree.find_all(exp.Column)}
        ]
        declared = [each for each in declared if each not in unused]
        made: Made = {"derived": tree.sql()}
        made |= {"inputs": declared} if declared else {}
        divides = any(not isinstance(each.expression, exp.Literal) for each in tree.find_all(exp.Div))
        return made | ({"on_zero": "undefined"} if divides else {})

    def _inputs(self, metric: DbtMetric, inputs: Sequence[MetricInput]) -> tuple[list[str], list[Made]]:
        """What the formula calls each input, and those that need an entry."""
        names: list[str] = []
        declared: list[Made] = []
        for each in inputs:
            self._needs(each.name)
            made: Made = {"metric": each.name}
            suffix = ""
            if each.filters:
                condition = self._shared_condition(metric, each)
                if condition.members is not None:
                    made["metric"] = self._part(metric, each)
                elif condition.rows:
                    made["filter"], suffix = condition.rows, "_part"
            if each.offset is not None:
                made["offset"], suffix = _shown(_standard(each.offset)), f"{suffix}_before"
                if self._each_day and each.offset[1] not in ("day", "week"):
                    made["each_day"] = True
            if each.to_grain is not None:
                made["to_start"], suffix = _grain(each.to_grain), f"{suffix}_at_start"
            if len(made) == 1:
                names.append(made["metric"])
                continue
            taken = {*self._metrics, *self.made, *names}
            name = next(_names(each.called, suffix, taken))
            declared.append({"metric": made.pop("metric"), "as": name, **made})
            names.append(name)
        return names, declared

    def _shared_condition(self, metric: DbtMetric, given: MetricInput) -> Condition:
        """A filter on an input, which must read alike over each model behind it."""
        bases = self._behind(given.name)
        own = [time.grain for each in bases if (time := each.model.dimension(each.time or ""))]
        standard = [each for each in own if each in STANDARD_GRAINS]
        grain = metric.grain or max(standard, key=STANDARD_GRAINS.index, default=None)
        found = {self._reader(base, grain).read(given.filters) for base in bases}
        if len(found) != 1:
            message = f'its filter on "{given.name}" reads differently over the models behind that'
            raise NotRead(Reason.FILTER, message)
        return found.pop()

    def _behind(self, name: str) -> list[_Base]:
        """The measures behind a metric."""
        metric = self._metrics[name]
        if metric.measure is not None:
            return [self._base(metric.measure.name)]
        parts = metric.inputs or ((metric.of,) if metric.of else ())
        return [base for each in parts for base in self._behind(each.name)]

    def _part(self, metric: DbtMetric, given: MetricInput) -> str:
        """A metric of its own for an input whose rows are chosen by members."""
        of = self._metrics[given.name]
        if of.type != "simple" or of.measure is None:
            message = f'members are chosen for "{given.name}", which is no simple metric'
            raise NotRead(Reason.FILTER, message)
        filters = (*of.measure.filters, *of.filters, *given.filters)
        body = self._rows(of.measure.name, filters, of.grain) | _gaps(
            fill=of.measure.fill, spine=of.measure.joins_spine
        )
        for name, made in self.made.items():
            if {key: made.get(key) for key in body} == body and name.startswith(metric.name):
                return name
        name = next(_names(f"{metric.name}_{given.called}", "", {*self._metrics, *self.made}))
        self.made[name] = {"name": name, "description": f"What {metric.name} takes of {given.name}."} | body
        return name

    # ------------------------------------------------------------------------------------------ cumulative

    def cumulative(self, metric: DbtMetric) -> Made:
        rule: Made = {"of": self._added_up(metric)}
        if metric.window is not None:
            rule["rolling"] = _shown(_standard(metric.window))
        if metric.to_date is not None:
            rule["to_date"] = _grain(metric.to_date)
        if metric.period_agg not in ("first", "last", "average"):
            raise NotRead(Reason.SHAPE, f'"{metric.period_agg}" is no period_agg')
        rule["take"] = metric.period_agg
        taken = metric.measure
        if taken is not None and taken.joins_spine:  # then a day without a value is a day like others
            if metric.period_agg == "average":
                raise NotRead(Reason.SPINE, "days without a value are filled before a period is averaged")
            rule.pop("take")
            rule |= {"take": "first_day"} if metric.period_agg == "first" else {}
        gaps = _gaps(fill=taken.fill, spine=taken.joins_spine) if taken else {}
        return {"cumulative": rule} | gaps

    def _added_up(self, metric: DbtMetric) -> str:
        """The metric that is added up: one that is there, or one of its own for a measure or a filter."""
        if metric.of is not None:
            of = self._needs(metric.of.name)
            filters = (*metric.of.filters, *metric.filters)
            if not filters:
                return of.name
            if of.measure is None or of.type != "simple":
                raise NotRead(Reason.FILTER, f'a filter on "{of.name}", which is no simple metric')
            measure, filters = of.measure.name, (*of.measure.filters, *of.filters, *filters)
        elif metric.measure is not None:
            measure, filters = metric.measure.name, (*metric.measure.filters, *metric.filters)
            plain = (name for name, each in self._metrics.items() if _is_plain(each, measure))
            if not filters and (name := next(plain, None)) is not None:
                return self._needs(name).name
        else:
            raise NotRead(Reason.SHAPE, "a cumulative metric needs what it adds up")
        body = self._rows(measure, filters, metric.grain)
        wanted = measure if not filters else f"{metric.name}_rows"
        name = next(_names(wanted, "", {*self._metrics, *self.made}))
        self.made[name] = {"name": name, "description": f"What {metric.name} adds up."} | body
        return name

    def conversion(self, metric: DbtMetric) -> Made:
        message = "who did one thing and then another within a time is no metric of our catalog"
        raise NotRead(Reason.CONVERSION, message)


_KINDS = {
    "simple": MetricWriter.simple,
    "ratio": MetricWriter.ratio,
    "derived": MetricWriter.derived,
    "cumulative": MetricWriter.cumulative,
    "conversion": MetricWriter.conversion,
}


def _words(metric: DbtMetric) -> Made:
    made: Made = {"label": metric.label} if metric.label else {}
    made |= {"description": " ".join(metric.description.split())} if metric.description.strip() else {}
    return made | ({"owner": metric.owner} if metric.owner else {})


def _aggregation(model: SemanticModel, measure: Measure) -> Made:
    agg = _AGGREGATIONS.get(measure.agg)
    if agg is None:
        raise NotRead(Reason.AGGREGATION, f'"{measure.agg}" is no aggregation that is read')
    expr = measure.expr or measure.name
    if fault := expression_fault(model, expr):
        raise NotRead(*fault)
    made: Made = {"agg": agg}
    if measure.agg == "sum_boolean":
        expr = f"case when {expr} then 1 else 0 end"
    if agg != "count" or not expr.isdigit():
        made["expr"] = expr
    if agg == "percentile":
        if measure.percentile is None:
            raise NotRead(Reason.SHAPE, "a percentile needs its share (agg_params: percentile)")
        made |= {"agg": "percentile_disc"} if measure.is_discrete else {}
        made["percentile"] = measure.percentile
    return made


def _gaps(*, fill: float | None, spine: bool) -> Made:
    made: Made = {"fill": int(fill) if fill == int(fill) else fill} if fill is not None else {}
    return made | ({"every_period": True} if spine else {})


def _filtered(given: MetricInput, filters: tuple[str, ...]) -> MetricInput:
    """The input with the filter of the metric that takes it."""
    if not filters:
        return given
    return MetricInput(
        name=given.name,
        alias=given.alias,
        filters=(*given.filters, *filters),
        offset=given.offset,
        to_grain=given.to_grain,
    )


def _is_plain(metric: DbtMetric, measure: str) -> bool:
    taken = metric.measure
    if metric.type != "simple" or taken is None or taken.name != measure or metric.filters or taken.filters:
        return False
    return taken.fill is None and not taken.joins_spine


def _standard(span: Span) -> Span:
    _grain(span[1])
    return span


def _grain(unit: str) -> str:
    if unit in SUB_DAILY:
        raise NotRead(Reason.SUB_DAILY, f"a {unit} is finer than a day")
    if unit not in STANDARD_GRAINS:
        raise NotRead(Reason.CUSTOM_GRAIN, f'"{unit}" is a grain of a table of its own')
    return unit


def _shown(span: Span) -> str:
    return f"{span[0]} {span[1]}{'s' if span[0] != 1 else ''}"


def _names(wanted: str, suffix: str, taken: set[str]) -> Iterator[str]:
    """Names that nothing else has: as wanted, with the suffix, with a number."""
    if wanted not in taken:
        yield wanted
    number = 1
    while True:
        name = f"{wanted}{suffix or '_input'}{number if number > 1 else ''}"
        if name not in taken:
            yield name
        number += 1
