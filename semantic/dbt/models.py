"""Write dbt's semantic models as models of our catalog: dimensions, keys as dimensions, joins, versions, grains.

A model whose joins look at the day (versions, grains of a table of days) has that day as its time; measures that add
up at another time get a model of their own over the same table.
Layer: semantic. Pure.
"""

from __future__ import annotations

from typing import Any

from datatrust.core.errors import UserError
from semantic.dbt.form import STANDARD_GRAINS, SUB_DAILY, DbtDimension, Manifest, SemanticModel, TimeSpine
from semantic.dbt.graph import Graph, Link, entity_dimension, key_of
from semantic.dbt.losses import Loss, Reason
from semantic.expressions import parse_expression

METRIC_TIME = "metric_time"  # the alias under which a table of days is joined
_DAY = "metric_day"  # the dimension that meets it

Made = dict[str, Any]


class ModelWriter:
    """Writes the models of a manifest, as they are asked for."""

    def __init__(self, manifest: Manifest, graph: Graph) -> None:
        self.made: dict[str, Made] = {}  # by our name
        self.losses: list[Loss] = []
        self._graph = graph
        self._spine = _custom_spine(manifest, {model.name for model in manifest.models})
        for model in manifest.models:
            self.made[model.name] = self._write(model, model.agg_time, name=model.name, is_first=True)
        if self._spine is not None:
            self.made[_spine_name(self._spine)] = _spine_model(self._spine)

    def name_at(self, model: SemanticModel, time: str | None) -> str:
        """Return our model for measures that add up at `time`; one of its own where its joins look at the day."""
        if time in (None, model.agg_time) or not self._looks_at_day(model, time):
            return model.name
        name = f"{model.name}_by_{time}"
        if name not in self.made:
            self.made[name] = self._write(model, time, name=name, is_first=False)
        return name

    def _looks_at_day(self, model: SemanticModel, time: str | None) -> bool:
        joined = any(link.by_day for link in self._graph.links[model.name])
        return joined or self._day_column(model, time) is not None

    def _write(self, model: SemanticModel, time: str | None, *, name: str, is_first: bool) -> Made:
        made: Made = {"model": name, "table": model.table}
        made |= {"label": model.label} if model.label else {}
        made |= {"description": " ".join(model.description.split())} if model.description.strip() else {}
        made |= {"owner": model.owner} if model.owner else {}
        if key := self._key(model, is_first):
            made["key"] = key
        if time is not None and (found := model.dimension(time)) is not None and found.type == "time":
            made["time"] = time
        joins = [
            self._join(model, link)
            for link in self._graph.links[model.name]
            if self._has_day(model, link, time, is_first)
        ]
        dimensions = self._dimensions(model, is_first)
        if (day := self._day_column(model, time)) is not None and self._spine is not None:
            joins.append(
                {"to": _spine_name(self._spine), "as": METRIC_TIME, "key": {_DAY: self._spine.column}}
            )
            dimensions.append({"name": _DAY, "type": "category", "expr": day, "hidden": True})
        made |= {"joins": joins} if joins else {}
        made |= {"dimensions": dimensions} if dimensions else {}
        return made

    def _key(self, model: SemanticModel, is_first: bool) -> list[str]:
        columns = []
        for name in key_of(model):
            entity, dimension = model.entity(name), model.dimension(name)
            column = entity.key if entity else (dimension.expr or dimension.name) if dimension else name
            if not column.isidentifier() or hides(model, column):
                if is_first:
                    self._lose("model", model.name, Reason.NOT_CARRIED, f"its key is an expression ({column}) and is not checked", model)  # fmt: skip
                return []
            columns.append(column)
        return columns

    def _has_day(self, model: SemanticModel, link: Link, time: str | None, is_first: bool) -> bool:
        if not link.by_day or time is not None:
            return True
        if is_first:
            message = f"{link.target.name} keeps versions, and {model.name} has no time to choose among them"
            self._lose("join", f"{model.name}.{link.alias}", Reason.RULE, message, model)
        return False

    def _join(self, model: SemanticModel, link: Link) -> Made:
        made: Made = {"to": link.target.name}
        made |= {"as": link.alias} if link.alias != link.target.name else {}
        pairs = {_column(model, link.own.name): _column(link.target, link.other.name)}
        pairs |= {own.name: other.name for own, other in link.partitions}
        made["key"] = pairs
        if link.by_day and link.target.validity is not None:
            made["valid"] = [each.name for each in link.target.validity]
        return made

    def _day_column(self, model: SemanticModel, time: str | None) -> str | None:
        """The days that meet the table of days, as an expression; None without one."""
        found = model.dimension(time or "")
        if self._spine is None or found is None or found.type != "time" or found.grain != "day":
            return None
        return f"cast({found.name} as date)"

    def _dimensions(self, model: SemanticModel, is_first: bool) -> list[Made]:
        made = [one for each in model.dimensions if (one := self._dimension(model, each, is_first))]
        for entity in model.entities:
            name = entity_dimension(model, entity.name)
            if all(each["name"] != name for each in made):
                entry: Made = {"name": name, "type": "identifier"}
                made.append(entry | ({"expr": entity.key} if entity.key != name else {}))
        return made

    def _dimension(self, model: SemanticModel, dimension: DbtDimension, is_first: bool) -> Made | None:
        name = f"{model.name}.{dimension.name}"
        made: Made = {"name": dimension.name, "type": "time" if dimension.type == "time" else "category"}
        if dimension.expr and dimension.expr != dimension.name:
            if fault := expression_fault(model, dimension.expr, own=dimension.name):
                if is_first:
                    self._lose("dimension", name, fault[0], fault[1], dimension)
                return None
            made["expr"] = dimension.expr
        if dimension.type == "time":
            if dimension.grain in STANDARD_GRAINS:
                made |= {"grain": dimension.grain} if dimension.grain != "day" else {}
            elif is_first:
                reason = Reason.NOT_CARRIED if dimension.grain in SUB_DAILY else Reason.CUSTOM_GRAIN
                self._lose("dimension", name, reason, f"is read by days, not by {dimension.grain}", dimension)
        made |= {"label": dimension.label} if dimension.label else {}
        made |= (
            {"description": " ".join(dimension.description.split())} if dimension.description.strip() else {}
        )
        return made

    def _lose(
        self, kind: str, name: str, reason: Reason, message: str, thing: SemanticModel | DbtDimension
    ) -> None:
        self.losses.append(Loss(kind=kind, name=name, reason=reason, message=message, at=thing.at))


def hides(model: SemanticModel, column: str, *, own: str | None = None) -> bool:
    """Whether a dimension of the model has a column's name and means something else."""
    found = model.dimension(column)
    if found is not None and column != own:
        return (found.expr or found.name) != column
    entity = model.entity(column)
    return entity is not None and column != own and entity.key != column


def expression_fault(model: SemanticModel, text: str, *, own: str | None = None) -> tuple[Reason, str] | None:
    """Return why an expression over columns cannot stand in our catalog, or None where it can."""
    try:
        columns = parse_expression(text).columns
    except UserError as error:
        return Reason.FORMULA, f"{error.issues[0].message}, in {text}"
    hidden = [each for each in columns if hides(model, each, own=own)]
    if hidden:
        return Reason.SHADOWED, f'"{hidden[0]}" means the column in dbt, and a dimension of that name here'
    return None


def _column(model: SemanticModel, entity: str) -> str:
    """The column of an entity's key, or its dimension where no plain column can be named."""
    found = model.entity(entity)
    assert found is not None
    plain = found.key.isidentifier() and not hides(model, found.key, own=entity)
    return found.key if plain and found.key != entity else entity_dimension(model, entity)


def _custom_spine(manifest: Manifest, taken: set[str]) -> TimeSpine | None:
    """The table of days that has grains of its own."""
    spines = [each for each in manifest.spines if each.custom and each.grain == "day"]
    return next((each for each in spines if _spine_name(each) not in taken), None)


def _spine_name(spine: TimeSpine) -> str:
    return spine.table.rpartition(".")[2]


def _spine_model(spine: TimeSpine) -> Made:
    grains = [
        {"name": name} | ({"expr": column} if column != name else {}) for name, column in spine.custom.items()
    ]
    return {"model": _spine_name(spine), "table": spine.table, "key": [spine.column], "dimensions": grains}
