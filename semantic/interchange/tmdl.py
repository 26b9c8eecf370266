"""Write a catalog as a Power BI project: a semantic model in TMDL, with measures in DAX where DAX gives our number.

Tables are the models, with the columns that a dimension or a measure reads; relationships are joins by one column;
data come from the Delta tables of a folder, which is a parameter. A metric that is no measure is named with the
reason, never approximated; Power BI has no field for our catalog, so there is no import.
Layer: semantic. Pure.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from semantic.dbt.losses import Loss, Reason
from semantic.interchange.dax import aggregate_dax, data_type, formula_dax
from semantic.interchange.exported import Exported
from semantic.interchange.native import column_of, columns_of, writable_joins
from semantic.interchange.portable import NotPortable, Portable, portable_metrics
from semantic.model import Catalog, Metric, Model
from semantic.schema import Schema, SqlType

_M_TYPES = {
    "int64": "Int64.Type", "decimal": "Currency.Type", "dateTime": "type date", "boolean": "type logical",
    "string": "type text",
}  # fmt: skip
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MODEL_TYPE = "https://developer.microsoft.com/json-schemas/fabric/item/semanticModel/definitionProperties/1.0.0/schema.json"
_REPORT_TYPE = (
    "https://developer.microsoft.com/json-schemas/fabric/item/report/definitionProperties/1.0.0/schema.json"
)
_REPORT = {
    "config": json.dumps({"version": "5.43", "activeSectionIndex": 0}),
    "layoutOptimization": 0,
    "sections": [
        {
            "name": "page1", "displayName": "Page 1", "displayOption": 1, "width": 1280, "height": 720,
            "config": "{}", "filters": "[]", "visualContainers": [],
        }
    ],
}  # fmt: skip


def export_tmdl(catalog: Catalog, schema: Schema, *, name: str) -> Exported:
    """Return a checked catalog as a Power BI project.

    Args:
        catalog: the catalog.
        schema: the types of its tables' columns.
        name: what the project is called.
    """
    made = _Project(catalog, schema)
    root, report = f"{name}.SemanticModel", f"{name}.Report"
    texts = {
        f"{name}.pbip": _json({"version": "1.0", "artifacts": [{"report": {"path": report}}], "settings": {"enableAutoRecovery": True}}),
        f"{report}/definition.pbir": _json({"$schema": _REPORT_TYPE, "version": "4.0", "datasetReference": {"byPath": {"path": f"../{root}"}}}),
        f"{report}/report.json": _json(_REPORT),
        f"{root}/definition.pbism": _json({"$schema": _MODEL_TYPE, "version": "4.0", "settings": {}}),
        f"{root}/definition/database.tmdl": "database\n\tcompatibilityLevel: 1601\n",
        f"{root}/definition/model.tmdl": made.model(),
        f"{root}/definition/expressions.tmdl": made.parameter(),
    }  # fmt: skip
    if relationships := made.relationships():
        texts[f"{root}/definition/relationships.tmdl"] = relationships
    for model in made.tables:
        texts[f"{root}/definition/tables/{model.name}.tmdl"] = made.table(model)
    return Exported(
        texts=texts, losses=tuple(made.losses), metrics=len(made.measures), of=len(catalog.metrics)
    )


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


@dataclass
class _Names:
    """Names that differ by more than the case of their letters, as Power BI wants them."""

    taken: set[str] = field(default_factory=set)

    def free(self, *wanted: str) -> str:
        """Take the first that is free; at last one with a number."""
        candidates = [each for each in wanted if each]
        number = 2
        while candidates[0].lower() in self.taken:
            rest = candidates[1:]
            candidates = rest or [f"{wanted[-1]} {number}"]
            number += 1
        self.taken.add(candidates[0].lower())
        return candidates[0]


class _Project:
    """The objects of a project, by our names."""

    def __init__(self, catalog: Catalog, schema: Schema) -> None:
        self.losses: list[Loss] = []
        self._catalog = catalog
        self._schema = schema
        self._table_names: dict[str, str] = {}
        names = _Names()
        for name, each in catalog.models.items():
            self._table_names[name] = names.free(each.label, name)
        self._columns: dict[str, dict[str, str]] = {}  # model -> column -> what it is called
        self._shown: dict[str, set[str]] = {}  # model -> columns that are not hidden
        portable = portable_metrics(catalog)
        for each in catalog.models.values():
            self._name_columns(each, portable)
        self.measures: dict[str, str] = {}  # metric -> DAX
        self._measure_names: dict[str, str] = {}
        self._write_measures(portable)
        self.tables = [each for each in catalog.models.values() if self._columns[each.name]]

    def _lose(self, kind: str, name: str, message: str) -> None:
        self.losses.append(Loss(kind=kind, name=name, reason=Reason.NOT_EXPORTED, message=message))

    def _typed(self, model: Model, column: str) -> SqlType:
        return self._schema.column(model.table, column).type

    def _name_columns(self, model: Model, portable: Portable) -> None:
        names, found = _Names(), dict[str, str]()
        self._shown[model.name] = set()
        for each in model.dimensions.values():
            column = column_of(model, each.name)
            where = f"{model.name}.{each.name}"
            if column is None or each.bins:
                self._lose("dimension", where, "it is an expression; a table shows columns")
            elif data_type(self._typed(model, column)) is None:
                self._lose("dimension", where, "Power BI has no type that holds it to every digit")
            elif column not in found:
                found[column] = names.free(each.label, each.name)
                if not each.hidden:
                    self._shown[model.name].add(column)
        inputs = [
            column
            for each in portable.aggregates.values()
            if each.model == model.name
            for column in columns_of(each)
        ]
        for join in [*self._joins_of(model), *self._joins_to(model)]:
            inputs.append(join)
        for column in dict.fromkeys(inputs):
            if column not in found and data_type(self._typed(model, column)) is not None:
                found[column] = names.free(column)
        self._columns[model.name] = found

    def _joins_of(self, model: Model) -> Iterator[str]:
        for _, here, _ in writable_joins(self._catalog, model):
            yield from here if len(here) == 1 else ()

    def _joins_to(self, model: Model) -> Iterator[str]:
        for other in self._catalog.models.values():
            for alias, _, there in writable_joins(self._catalog, other):
                if other.joins[alias].to == model.name and len(there) == 1:
                    yield from there

    def _write_measures(self, portable: Portable) -> None:
        names = _Names({each.lower() for columns in self._columns.values() for each in columns.values()})
        for name in portable.names():
            metric = self._catalog.metrics[name]
            try:
                aggregate = portable.aggregates.get(name)
                if aggregate is not None:
                    model = self._catalog.models[aggregate.model]
                    text = aggregate_dax(
                        aggregate,
                        self._table(model.name),
                        lambda column, model=model: self._column(model, column),  # type: ignore[misc]
                        lambda column, model=model: self._typed(model, column),  # type: ignore[misc]
                    )
                else:
                    text = formula_dax(portable.formulas[name], self._measure)
            except NotPortable as error:
                self._lose("metric", name, str(error))
                continue
            if metric.decimals is not None:
                self._lose("metric", name, f"shown with {metric.decimals} digits after the point, and not rounded to them")  # fmt: skip
                self.losses[-1] = replace(self.losses[-1], reason=Reason.OTHERWISE)
            self._measure_names[name] = names.free(metric.label, name)
            self.measures[name] = text
        for name, reason in portable.reasons.items():
            self._lose("metric", name, reason)

    # ---------------------------------------------------------------------------------------------- names in DAX

    def _table(self, model: str) -> str:
        return "'" + self._table_names[model].replace("'", "''") + "'"

    def _column(self, model: Model, column: str) -> str:
        return f"{self._table(model.name)}[{_bracketed(self._columns[model.name][column])}]"

    def _measure(self, name: str) -> str:
        if name not in self._measure_names:
            raise NotPortable(f'it is made of "{name}", which is no measure')
        return f"[{_bracketed(self._measure_names[name])}]"

    # ---------------------------------------------------------------------------------------------------- files

    def model(self) -> str:
        """Return model.tmdl."""
        lines = [
            "model Model", "\tculture: en-US", "\tdefaultPowerBIDataSourceVersion: powerBI_V3",
            "\tdiscourageImplicitMeasures", "",
        ]  # fmt: skip
        lines += [f"ref table {_name(self._table_names[each.name])}" for each in self.tables]
        return "\n".join(lines) + "\n"

    def parameter(self) -> str:
        """Return expressions.tmdl: where the Delta tables lie."""
        return (
            "/// The folder that holds the Delta tables of gold, one folder each\n"
            'expression GoldFolder = "gold" meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]\n'
        )

    def relationships(self) -> str:
        """Return relationships.tmdl; of several to the same table the first is active."""
        blocks, active = [], set[tuple[str, str]]()
        for model in self.tables:
            for alias, join in model.joins.items():
                where = f"{model.name}.{alias}"
                plain = {name: (here, there) for name, here, there in writable_joins(self._catalog, model)}
                here, there = plain.get(alias, ([], []))
                if len(here) != 1:
                    self._lose("join", where, "a relationship is between one column and one column")
                    continue
                target = self._catalog.models[join.to]
                if here[0] not in self._columns[model.name] or there[0] not in self._columns[target.name]:
                    self._lose("join", where, "Power BI has no type that holds its key")
                    continue
                identity = uuid.uuid5(uuid.NAMESPACE_URL, f"datatrust360/{where}")
                lines = [f"relationship {identity}"]
                if (model.name, target.name) in active:
                    lines.append("\tisActive: false")
                active.add((model.name, target.name))
                lines.append(f"\tfromColumn: {self._path(model, here[0])}")
                lines.append(f"\ttoColumn: {self._path(target, there[0])}")
                blocks.append("\n".join(lines))
        return "\n\n".join(blocks) + "\n" if blocks else ""

    def _path(self, model: Model, column: str) -> str:
        return f"{_name(self._table_names[model.name])}.{_name(self._columns[model.name][column])}"

    def table(self, model: Model) -> str:
        """Return one table's file."""
        lines = [*_description(model.description, 0), f"table {_name(self._table_names[model.name])}"]
        for name, text in self.measures.items():
            if self._model_of(name) == model.name:
                lines += ["", *self._measure_lines(self._catalog.metrics[name], text)]
        for column, called in self._columns[model.name].items():
            lines += ["", *self._column_lines(model, column, called)]
        lines += ["", *self._partition(model)]
        return "\n".join(lines) + "\n"

    def _model_of(self, name: str) -> str:
        metric = self._catalog.metrics[name]
        return metric.model or self._model_of(metric.inputs[0])

    def _measure_lines(self, metric: Metric, text: str) -> list[str]:
        head = f"\tmeasure {_name(self._measure_names[metric.name])} ="
        lines = _description(metric.description, 1)
        if "\n" in text:
            lines += [f"{head} ```", *(f"\t\t\t{line}" for line in text.splitlines()), "\t\t\t```"]
        else:
            lines.append(f"{head} {text}")
        if form := _format(metric):
            lines.append(f"\t\tformatString: {form}")
        return [*lines, "", f"\t\tannotation DataTrust360_Metric = {metric.name}"]

    def _column_lines(self, model: Model, column: str, called: str) -> list[str]:
        dimension = next((each for each in model.dimensions.values() if column_of(model, each.name) == column), None)  # fmt: skip
        lines = _description(dimension.description if dimension else "", 1)
        lines += [f"\tcolumn {_name(called)}", f"\t\tdataType: {data_type(self._typed(model, column))}"]
        if column not in self._shown[model.name]:
            lines.append("\t\tisHidden")
        if len(model.key) == 1 and column_of(model, model.key[0]) == column:
            lines.append("\t\tisKey")
        if self._typed(model, column).kind == "date":
            lines.append("\t\tformatString: yyyy-mm-dd")
        return [*lines, "\t\tsummarizeBy: none", f"\t\tsourceColumn: {self._source(model, column)}"]

    def _source(self, model: Model, column: str) -> str:
        return self._schema.column(model.table, column).name

    def _partition(self, model: Model) -> list[str]:
        columns = [self._source(model, each) for each in self._columns[model.name]]
        types = [_M_TYPES[data_type(self._typed(model, each)) or ""] for each in self._columns[model.name]]
        quoted = [f'"{each}"' for each in columns]
        typed = [f"{{{name}, {kind}}}" for name, kind in zip(quoted, types, strict=True)]
        folder = model.table.rpartition(".")[2]
        lines = [
            "let",
            f'\tSource = DeltaLake.Table(Folder.Contents(GoldFolder & "/{folder}")),',
            f"\tChosen = Table.SelectColumns(Source, {{{', '.join(quoted)}}}),",
            f"\tTyped = Table.TransformColumnTypes(Chosen, {{{', '.join(typed)}}})",
            "in",
            "\tTyped",
        ]
        return [
            f"\tpartition {_name(model.name)} = m",
            "\t\tmode: import",
            "\t\tsource =",
            *(f"\t\t\t\t{line}" for line in lines),
        ]


def _name(name: str) -> str:
    """A name as TMDL writes it: in quotes where it is more than letters, digits and underscores."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    return "'" + name.replace("'", "''") + "'"


def _bracketed(name: str) -> str:
    return name.replace("]", "]]")


def _description(text: str, depth: int) -> list[str]:
    words = " ".join(text.split())
    return ["\t" * depth + f"/// {words}"] if words else []


def _format(metric: Metric) -> str | None:
    digits = f".{'0' * metric.decimals}" if metric.decimals else ""
    if metric.unit == "percent":
        return f"0{digits or '.0'}%"
    if metric.unit == "currency":
        return f"#,##0{digits or '.00'}"
    return "#,##0" if metric.unit == "count" else None
