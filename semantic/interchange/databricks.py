"""Write a catalog as Databricks metric views (YAML 1.1), one for each model, and read them.

A metric view has no field for what others say, so the extension is a file of its own beside the views. Measures are
built on each other by `MEASURE(...)`; conditions stand in `FILTER (WHERE ...)`.
Layer: semantic. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import exp

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.yaml import Document
from semantic.dbt.losses import Loss, NotRead, Reason
from semantic.expressions import conjuncts, path_of
from semantic.interchange.exported import Exported, export_losses
from semantic.interchange.imported import Imported, finished, plain_of
from semantic.interchange.judged import MadeCatalog, dump_yaml
from semantic.interchange.native import field_sql, writable_joins
from semantic.interchange.overlay import Extension, extension_from, extension_of
from semantic.interchange.plain import plain_catalog
from semantic.interchange.portable import (
    NotPortable,
    Portable,
    aggregate_sql,
    column,
    formula_sql,
    model_condition,
    portable_metrics,
)
from semantic.interchange.sql_reader import MetricReader, is_table, parse_sql, row_expression, short
from semantic.model import Catalog, Dimension, Metric, Model

TOOL = "Databricks metric views"
DIALECT = "databricks"
VERSIONS = ("0.1", "1.1")
SUFFIX = ".metric_view.yml"
EXTENSION = "datatrust360.yml"
_SYNONYMS, _WORDS = 10, 255  # at most, of one field: synonyms, and characters of a display name
_VIEW = (
    "version",
    "comment",
    "source",
    "filter",
    "joins",
    "dimensions",
    "fields",
    "measures",
    "materialization",
)
_FIELD = ("name", "expr", "display_name", "comment", "synonyms", "format", "window")
_JOIN = ("name", "source", "on", "using", "joins", "rely", "cardinality")

Made = dict[str, Any]


# ---------------------------------------------------------------------------------------------------------- export


def export_databricks(catalog: Catalog) -> Exported:
    """Return a checked catalog as metric views, and the extension beside them."""
    portable = _expressible(catalog)
    views = {
        f"{model.name}{SUFFIX}": made
        for model in catalog.models.values()
        if (made := _view(catalog, portable, model))
    }
    documents = {name: Document(name, view, {}) for name, view in views.items()}
    read, _, _ = _read(documents)
    read.judge()
    extension = extension_of(plain_catalog(catalog), plain_of(read))
    head = "# Written by `datatrust semantic export --to databricks`: {}.\n"
    texts = {name: dump_yaml(view, head.format("a metric view, YAML 1.1")) for name, view in views.items()}
    texts[EXTENSION] = dump_yaml(
        {"extension_of": TOOL, "models": dict(extension.models), "metrics": dict(extension.metrics), "rest": extension.rest},
        head.format("what metric views cannot hold; read by `datatrust semantic import`"),
    )  # fmt: skip
    return Exported(
        texts=texts,
        losses=tuple(export_losses(extension, portable.reasons)),
        metrics=sum(len(view.get("measures", ())) for view in views.values()),
        of=len(catalog.metrics),
    )


def _expressible(catalog: Catalog) -> Portable:
    portable = portable_metrics(catalog)
    reasons = {}
    for name in portable.names():
        found = portable.aggregates.get(name) or portable.formulas[name]
        model = catalog.models[found.model]
        if name in model.dimensions:
            reasons[name] = "a dimension of its view has its name"
        elif _condition(model) is None:
            reasons[name] = "the condition of its model cannot be written as a filter"
    return portable.without(reasons)


def _condition(model: Model) -> tuple[exp.Expr, ...] | None:
    """The conditions of a model; None where they cannot be written."""
    try:
        return model_condition(model)
    except NotPortable:
        return None


def _view(catalog: Catalog, portable: Portable, model: Model) -> Made | None:
    conditions = _condition(model)
    if conditions is None:
        return None  # without its condition a view would show rows that are not the model's
    made: Made = {"version": "1.1"}
    made |= {"comment": model.description} if model.description else {}
    made["source"] = model.table
    if conditions:
        made["filter"] = exp.and_(*conditions).sql(dialect=DIALECT)
    joins = list(_joins(catalog, model, "source", (model.name,)))
    made |= {"joins": joins} if joins else {}
    dimensions = [
        entry
        for each in model.dimensions.values()
        if (entry := _dimension(each, field_sql(model, each), each.name))
    ]
    taken = {each["name"] for each in dimensions} | {name for name in portable.names() if _model_of(portable, name) == model.name}  # fmt: skip
    dimensions += _joined_dimensions(catalog, model, (), taken)
    made |= {"dimensions": dimensions} if dimensions else {}
    measures = [
        _measure(catalog.metrics[name], portable, model)
        for name in portable.names()
        if _model_of(portable, name) == model.name
    ]
    made |= {"measures": measures} if measures else {}
    return made if dimensions or measures else None


def _model_of(portable: Portable, name: str) -> str:
    return (portable.aggregates.get(name) or portable.formulas[name]).model


def _joins(catalog: Catalog, model: Model, parent: str, above: tuple[str, ...]) -> Iterator[Made]:
    for alias, here, there in writable_joins(catalog, model):
        target = catalog.models[model.joins[alias].to]
        if target.name in above or _condition(target) != ():
            continue  # a joined table is joined whole
        pairs = [
            exp.EQ(this=column(parent, own), expression=column(alias, other))
            for own, other in zip(here, there, strict=True)
        ]
        made: Made = {"name": alias, "source": target.table, "on": exp.and_(*pairs).sql(dialect=DIALECT)}
        nested = list(_joins(catalog, target, alias, (*above, target.name)))
        yield made | ({"joins": nested} if nested else {})


def _joined_dimensions(catalog: Catalog, model: Model, path: tuple[str, ...], taken: set[str], above: tuple[str, ...] = ()) -> list[Made]:  # fmt: skip
    """Dimensions behind the joins, by their own name where it is free, else with the joins before it."""
    found = []
    for alias, _, _ in writable_joins(catalog, model):
        target = catalog.models[model.joins[alias].to]
        if target.name in (*above, model.name) or _condition(target) != ():
            continue
        way = (*path, alias)
        for each in target.dimensions.values():
            tree = field_sql(target, each)
            if tree is None or path_of(tree) is None or each.hidden:
                continue
            name = each.name if each.name not in taken else "_".join((*way, each.name))
            if name not in taken:
                taken.add(name)
                found.append(_dimension(each, column(*way, tree.name), name))
        found += _joined_dimensions(catalog, target, way, taken, (*above, model.name))
    return [each for each in found if each]


def _dimension(dimension: Dimension, tree: exp.Expr | None, name: str) -> Made | None:
    if tree is None:
        return None
    made: Made = {"name": name, "expr": tree.sql(dialect=DIALECT)}
    made |= _told(dimension.label, dimension.description, dimension.synonyms)
    if dimension.type == "time":
        made["format"] = {"type": "date", "date_format": "year_month_day"}
    return made


def _measure(metric: Metric, portable: Portable, model: Model) -> Made:
    made: Made = {
        "name": metric.name,
        "expr": _measure_sql(metric.name, portable, model).sql(dialect=DIALECT),
    }
    made |= _told(metric.label, metric.description, metric.synonyms)
    places = (
        {"decimal_places": {"type": "exact", "places": metric.decimals}}
        if metric.decimals is not None
        else {}
    )
    if metric.unit == "currency" and metric.currency:
        made["format"] = {"type": "currency", "currency_code": metric.currency, **places}
    elif metric.unit == "percent":
        made["format"] = {"type": "percentage", **places}
    return made


def _measure_sql(name: str, portable: Portable, model: Model) -> exp.Expr:
    aggregate = portable.aggregates.get(name)
    if aggregate is not None:
        own = {each.sql() for each in _condition(model) or ()}  # which the view's filter says once for all
        left = tuple(each for each in aggregate.conditions if each.sql() not in own)
        return aggregate_sql(aggregate.under(left), column, filtered=True)
    return formula_sql(
        portable.formulas[name].tree,
        lambda each: exp.Anonymous(this="MEASURE", expressions=[column(each)]),
        exact=False,
    )


def _told(label: str, description: str, synonyms: tuple[str, ...]) -> Made:
    made: Made = {"display_name": label[:_WORDS]} if label else {}
    made |= {"comment": description} if description else {}
    words = [each for each in synonyms if len(each) <= _WORDS][:_SYNONYMS]
    return made | ({"synonyms": words} if words else {})


# ---------------------------------------------------------------------------------------------------------- import


def import_databricks(documents: Mapping[str, Document], *, extensions: bool = True) -> Imported:
    """Read metric views as a catalog that passes its check.

    Args:
        documents: parsed files by name; one may be the extension that our export has written.
        extensions: read it.

    Raises:
        UserError: a file is no metric view of a known version, or nothing of them could be read.
    """
    views = {name: each for name, each in documents.items() if not _is_extension(each)}
    faults = [fault for each in views.values() for fault in _faults(each)]
    if not views:
        faults = [Issue(code="DT101", message="there is no metric view", hint="a metric view is a YAML file with version, source and measures")]  # fmt: skip
    if faults:
        raise UserError.all(faults)
    made, losses, asked = _read(views)
    extension = next((_extension(each) for each in documents.values() if _is_extension(each)), None)
    return finished(made, losses, extension=extension if extensions else None, asked=asked)


def _is_extension(document: Document) -> bool:
    return isinstance(document.data, dict) and document.data.get("extension_of") == TOOL


def _extension(document: Document) -> Extension:
    data = document.data
    return extension_from(data.get("models") or {}, data.get("metrics") or {}, data.get("rest") or {})


def _faults(document: Document) -> Iterator[Issue]:
    """What keeps a file from being a metric view."""
    data = document.data
    if not isinstance(data, dict):
        yield Issue(code="DT203", message="a metric view is a mapping with version, source and measures", at=document.at())  # fmt: skip
        return
    if "version" not in data or "source" not in data:
        missing = "version" if "version" not in data else "source"
        yield Issue(
            code="DT202",
            message=f'"{missing}" is missing: this is no metric view',
            at=document.at(),
            hint=f"versions: {', '.join(VERSIONS)}; a metric view has version, source, dimensions, measures",
        )
        return
    if str(data["version"]) not in VERSIONS:
        yield Issue(
            code="DT204",
            message=f'version "{data["version"]}" of a metric view is not read',
            at=document.at("version"),
            suggestion=did_you_mean(str(data["version"]), VERSIONS),
            hint=f"versions: {', '.join(VERSIONS)}",
        )
    for key in ("joins", "dimensions", "fields", "measures"):
        value = data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            yield Issue(code="DT203", message=f'"{key}" must be a list of mappings', at=document.at(key))
            continue
        for index, each in enumerate(value):
            needed = ("name", "source") if key == "joins" else ("name", "expr")
            for name in needed:
                if not isinstance(each.get(name), str):
                    at = document.at(key, index)
                    yield Issue(
                        code="DT202", message=f'{key}[{index}]: "{name}" is missing or no text', at=at
                    )


def _read(
    documents: Mapping[str, Document],
) -> tuple[MadeCatalog, list[Loss], dict[str, SourcePosition | None]]:
    losses: list[Loss] = []
    names = {name: _slug(name.rpartition("/")[2].split(".")[0]) for name in documents}
    by_table = {str(each.data["source"]): names[name] for name, each in documents.items()}
    made = MadeCatalog(tool=TOOL, models={}, metrics={}, places={})
    asked: dict[str, SourcePosition | None] = {}
    readers = [_ViewReader(each, names[name], by_table, losses) for name, each in documents.items()]
    for reader in readers:
        made.models[reader.name] = reader.model()
    for reader in readers:
        for name, entry in reader.more.items():
            made.models.setdefault(name, entry)
    for reader in readers:
        made.metrics |= reader.metrics(asked)
    made.places = asked
    return made, losses, asked


class _ViewReader:
    """Reads one metric view as a model and its metrics."""

    def __init__(self, document: Document, name: str, by_table: dict[str, str], losses: list[Loss]) -> None:
        self.name = name
        self.more: dict[str, Made] = {}  # models of joined tables that have no view of their own
        self._document = document
        self._data: Made = document.data
        self._tables = by_table
        self._losses = losses
        self._aliases: dict[str, str] = {}  # alias -> model; of nested joins too
        self._names = {
            str(each["name"]): _slug(str(each["name"])) for each in (*self._fields(), *self._data.get("measures", ()))
        }  # fmt: skip

    def _fields(self) -> list[Made]:
        return [*self._data.get("dimensions", ()), *self._data.get("fields", ())]

    def _lose(self, kind: str, name: str, reason: Reason, message: str, *path: Any) -> None:
        at = self._document.at(*path)
        self._losses.append(Loss(kind=kind, name=name, reason=reason, message=message, at=at))

    def _unknown(self, entry: Made, known: tuple[str, ...], kind: str, name: str, *path: Any) -> None:
        for key in entry:
            if key not in known:
                self._lose(
                    kind, name, Reason.NOT_CARRIED, f'"{key}" has no counterpart and is left out', *path, key
                )

    def model(self) -> Made:
        """Read the view without its measures."""
        data, name = self._data, self.name
        self._unknown(data, _VIEW, "model", name)
        if data.get("materialization"):
            self._lose("model", name, Reason.NOT_CARRIED, "a materialization changes no number and is left out", "materialization")  # fmt: skip
        made: Made = {"model": name, "table": str(data["source"]).strip()}
        if not is_table(made["table"]):
            at = self._document.at("source")
            message = f"the source of {name} is a query; a model stands on a table"
            raise UserError(Issue(code="DT213", message=message, at=at, hint="make it a view, and name that"))
        made |= {"description": " ".join(str(data["comment"]).split())} if data.get("comment") else {}
        joins = [join for index, each in enumerate(data.get("joins", ())) if (join := self._join(each, "source", "joins", index))]  # fmt: skip
        made |= {"joins": joins} if joins else {}
        if data.get("filter"):
            made["where"] = self._filter(str(data["filter"]))
        dimensions = []
        for key in ("dimensions", "fields"):
            for index, each in enumerate(data.get(key, ())):
                entry = self._dimension(each, key, index)
                dimensions += [entry] if entry else []
        times = [each["name"] for each in dimensions if each["type"] == "time"]
        made |= {"time": times[0]} if len(times) == 1 else {}
        return made | ({"dimensions": dimensions} if dimensions else {})

    def _filter(self, text: str) -> str:
        """The model's condition; one that is not read makes the model unreadable, for its rows would be others."""
        try:
            return row_expression(parse_sql(text, dialect=DIALECT), self._named)
        except NotRead as error:
            at = self._document.at("filter")
            message = f"the filter of {self.name} is not read: {error.message}"
            raise UserError(Issue(code="DT213", message=message, at=at)) from None

    def _join(self, each: Made, parent: str, *path: Any) -> Made | None:
        alias, table = str(each["name"]), str(each["source"]).strip()
        self._unknown(each, _JOIN, "join", alias, *path)
        target = self._tables.get(table, _slug(alias))
        try:
            if not is_table(table):
                raise NotRead(Reason.SHAPE, "its source is a query; a model stands on a table")
            pairs = _pairs(each, parent, alias)
        except NotRead as error:
            self._lose("join", f"{self.name}.{alias}", error.reason, error.message, *path)
            return None
        self._aliases[alias] = target
        if target not in self._tables.values():
            self.more.setdefault(
                target, {"model": target, "table": table, "key": [there for _, there in pairs]}
            )
        nested = [join for index, below in enumerate(each.get("joins", ())) if (join := self._join(below, alias, *path, "joins", index))]  # fmt: skip
        if nested and target in self.more:
            self.more[target]["joins"] = nested
        made: Made = {"to": target, "key": dict(pairs)}
        return made | ({"as": alias} if alias != target else {})

    def _named(self, path: tuple[str, ...]) -> exp.Expr:
        """A name of the view as ours: `source.x` is x, `customers.x` stays a path."""
        if len(path) == 1:
            return column(self._names.get(path[0], path[0]))
        if path[0] == "source":
            return column(*path[1:])
        if path[0] not in self._aliases:
            raise NotRead(Reason.UNKNOWN_NAME, f'no join is called "{path[0]}"')
        return column(*path)

    def _dimension(self, each: Made, *path: Any) -> Made | None:
        name = self._names[str(each["name"])]
        self._unknown(each, _FIELD, "dimension", f"{self.name}.{name}", *path)
        form = each.get("format") or {}
        made: Made = {
            "name": name,
            "type": "time" if form.get("type") in ("date", "date_time") else "category",
        }
        try:
            tree = parse_sql(str(each["expr"]), dialect=DIALECT)
            found = path_of(tree)
            if found and len(found) > 1 and found[0] in self._aliases:
                self._joined_dimension(found, made | _read_told(each))
                return None
            if found not in ((name,), ("source", name)):
                hidden = {n for n in self._names if self._names[n] != name}
                made["expr"] = row_expression(tree, lambda p: self._column(p, hidden))
        except NotRead as error:
            self._lose("dimension", f"{self.name}.{name}", error.reason, error.message, *path)
            return None
        return made | _read_told(each)

    def _column(self, path: tuple[str, ...], others: set[str]) -> exp.Expr:
        """A column of the source; another field of that name must be that column."""
        if len(path) == 1 and path[0] in others:
            other = next((f for f in self._fields() if f["name"] == path[0]), None)
            if other is not None and str(other["expr"]).strip("` ") not in (path[0], f"source.{path[0]}"):
                return column(self._names[path[0]])  # an earlier field, which a later one may name
        return self._named(path)

    def _joined_dimension(self, path: tuple[str, ...], made: Made) -> None:
        """A column behind a join is a dimension of the model there; where that has a view, the view says it."""
        target = self.more.get(self._aliases[path[-2]])
        if target is None:
            return
        entries = target.setdefault("dimensions", [])
        if all(each.get("expr", each["name"]) != path[-1] for each in entries):
            own = made if made["name"] == path[-1] else made | {"expr": path[-1]}
            if all(each["name"] != own["name"] for each in entries):
                entries.append(own)

    def metrics(self, asked: dict[str, SourcePosition | None]) -> dict[str, Made]:
        """Read the measures."""
        texts, entries = {}, {}
        for index, each in enumerate(self._data.get("measures", ())):
            name = self._names[str(each["name"])]
            if name in asked:
                self._lose("metric", f"{self.name}.{name}", Reason.SHAPE, "a measure of another view has its name", "measures", index)  # fmt: skip
                continue
            asked[name] = self._document.at("measures", index)
            self._unknown(each, _FIELD, "metric", name, "measures", index)
            if each.get("window"):
                self._lose("metric", name, Reason.SHAPE, "a window is not read; write it as `cumulative` or `balance`", "measures", index, "window")  # fmt: skip
                continue
            texts[name], entries[name] = str(each["expr"]), each

        def refused(name: str, error: NotRead) -> None:
            at = asked.get(name)
            self._losses.append(
                Loss(kind="metric", name=name, reason=error.reason, message=error.message, at=at)
            )

        reader = MetricReader(lambda tree: (self.name, self._named), DIALECT, rename=self._names)
        reader.read(texts, refused)
        return {
            name: {"name": name, **_read_told(entries.get(name, {})), **_unit(entries.get(name, {})), **each}
            for name, each in reader.made.items()
        }


def _pairs(join: Made, parent: str, alias: str) -> list[tuple[str, str]]:
    """The columns of a join, here and there.

    Raises:
        NotRead: it joins by more than equal columns.
    """
    if isinstance(join.get("using"), list):
        return [(str(each), str(each)) for each in join["using"]]
    if not isinstance(join.get("on"), str):
        raise NotRead(Reason.SHAPE, 'a join needs "on" or "using"')
    found = []
    for node in conjuncts(parse_sql(join["on"], dialect=DIALECT)):
        sides = (
            [path_of(side) for side in (node.this, node.expression)] if isinstance(node, exp.EQ) else [None]
        )
        by_table = {path[-2] if len(path) > 1 else parent: path[-1] for path in sides if path}
        if len(by_table) != 2 or set(by_table) != {parent, alias}:
            raise NotRead(Reason.SHAPE, f"joins by more than equal columns: {short(join['on'])}")
        found.append((by_table[parent], by_table[alias]))
    return found


def _read_told(each: Made) -> Made:
    made: Made = {}
    name = str(each.get("name") or "")
    label = each.get("display_name") or (name if _slug(name) != name else None)
    made |= {"label": str(label)} if label else {}
    made |= {"description": " ".join(str(each["comment"]).split())} if each.get("comment") else {}
    return made | ({"synonyms": [str(word) for word in each["synonyms"]]} if each.get("synonyms") else {})


def _unit(each: Made) -> Made:
    form = each.get("format") or {}
    code = str(form.get("currency_code") or "")
    if form.get("type") == "currency" and re.fullmatch("[A-Z]{3}", code):
        return {"unit": "currency", "currency": code}
    return {"unit": "percent"} if form.get("type") == "percentage" else {}


def _slug(name: str) -> str:
    if name.isidentifier():
        return name
    made = re.sub(r"\W+", "_", name).strip("_").lower()
    return made if made.isidentifier() else f"_{made}"
