"""Write a catalog as an Apache Ossie document (formerly Open Semantic Interchange), and read one.

Models are datasets, dimensions fields, joins relationships, portable metrics metrics. What the form has no place for
stands in `custom_extensions`, as it allows; without them the file is a whole and right one, of fewer words.
Layer: semantic. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from datatrust.core.errors import UserError
from datatrust.core.issues import SourcePosition
from datatrust.core.yaml import Document
from semantic.dbt.losses import Loss, NotRead, Reason
from semantic.expressions import path_of, walk_columns
from semantic.interchange.exported import Exported, export_losses, extension_data
from semantic.interchange.imported import Imported, finished, plain_of
from semantic.interchange.judged import MadeCatalog, dump_yaml
from semantic.interchange.native import column_of, columns_of, field_sql, writable_joins
from semantic.interchange.ossie_form import NEWEST, VERSIONS, form_faults
from semantic.interchange.overlay import Extension, extension_from, extension_of
from semantic.interchange.plain import plain_catalog
from semantic.interchange.portable import (
    Aggregate,
    Portable,
    aggregate_sql,
    column,
    formula_sql,
    portable_metrics,
)
from semantic.interchange.sql_reader import MetricReader, is_table, parse_sql, row_expression
from semantic.model import Catalog, Dimension, Model

TOOL = "Apache Ossie"
_VENDOR = {VERSIONS[0]: "COMMON", NEWEST: "DATATRUST360"}  # the first version's vendors are a closed list
_KEY = "datatrust360"  # inside the extension's data

Made = dict[str, Any]


# ---------------------------------------------------------------------------------------------------------- export


def export_ossie(catalog: Catalog, *, name: str, version: str = NEWEST) -> Exported:
    """Return a checked catalog as one Ossie document.

    Args:
        catalog: the catalog.
        name: what the semantic model is called.
        version: of the specification.
    """
    portable = _expressible(catalog)
    model = _model(catalog, portable, name)
    document = _document(model, version)
    extension = extension_of(plain_catalog(catalog), plain_of(_judged(document)))
    _extend(model, extension, version)
    head = f"# Written by `datatrust semantic export --to ossie`: Apache Ossie {version}.\n"
    return Exported(
        texts={f"{name}.ossie.yml": dump_yaml(_document(model, version), head)},
        losses=tuple(export_losses(extension, portable.reasons)),
        metrics=len(model.get("metrics", ())),
        of=len(catalog.metrics),
    )


def _document(model: Made, version: str) -> Made:
    if version == VERSIONS[0]:
        return {"version": version, "semantic_model": [model]}
    return {"version": version, **model}


def _judged(document: Made) -> MadeCatalog:
    made, _, _ = _read(Document("ossie.yml", document, {}))
    made.judge()
    return made


def _expressible(catalog: Catalog) -> Portable:
    """Of the portable metrics those that an aggregate over fields of one dataset says."""
    portable = portable_metrics(catalog)
    reasons = {
        name: "it counts rows, and its model has no key to count by"
        for name, each in portable.aggregates.items()
        if each.value is None and not each.conditions and not _key_column(catalog.models[each.model])
    }
    return portable.without(reasons)


def _key_column(model: Model) -> str | None:
    return next((found for name in model.key if (found := column_of(model, name))), None)


def _model(catalog: Catalog, portable: Portable, name: str) -> Made:
    inputs: dict[str, dict[str, None]] = {model: {} for model in catalog.models}
    for each in portable.aggregates.values():
        inputs[each.model].update(dict.fromkeys(columns_of(each)))
        if each.value is None and not each.conditions and (key := _key_column(catalog.models[each.model])):
            inputs[each.model][key] = None
    made: Made = {
        "name": name,
        "datasets": [_dataset(each, list(inputs[each.name])) for each in catalog.models.values()],
    }
    relationships = [
        _relationship(model, alias, keys, to_keys)
        for model in catalog.models.values()
        for alias, keys, to_keys in writable_joins(catalog, model)
    ]
    made |= {"relationships": relationships} if relationships else {}
    metrics = [_metric(catalog, portable, each) for each in portable.names()]
    return made | ({"metrics": metrics} if metrics else {})


def _dataset(model: Model, inputs: list[str]) -> Made:
    made: Made = {"name": model.name, "source": model.table}
    key = [found for name in model.key if (found := column_of(model, name))]
    if key and len(key) == len(model.key):
        made["primary_key"] = key
    made |= {"description": model.description} if model.description else {}
    made |= _synonyms(model.synonyms)
    fields = [entry for each in model.dimensions.values() if (entry := _field(model, each))]
    named = {each["name"] for each in fields}
    fields += [
        {"name": each, "expression": _expression(column(each))} for each in inputs if each not in named
    ]
    return made | ({"fields": fields} if fields else {})


def _field(model: Model, dimension: Dimension) -> Made | None:
    tree = field_sql(model, dimension)
    if tree is None:
        return None
    made: Made = {"name": dimension.name, "expression": _expression(tree)}
    made["dimension"] = {"is_time": dimension.type == "time"}
    made |= {"description": dimension.description} if dimension.description else {}
    return made | _synonyms(dimension.synonyms)


def _relationship(model: Model, alias: str, keys: list[str], to_keys: list[str]) -> Made:
    join = model.joins[alias]
    made: Made = {
        "name": f"{model.name}_to_{alias}",
        "from": model.name,
        "to": join.to,
        "from_columns": keys,
        "to_columns": to_keys,
    }
    return made | _synonyms(join.synonyms)


def _metric(catalog: Catalog, portable: Portable, name: str) -> Made:
    metric = catalog.metrics[name]
    made: Made = {"name": name, "expression": _expression(_metric_sql(catalog, portable, name))}
    made |= {"description": metric.description} if metric.description else {}
    context: Made = {}
    context |= {"synonyms": list(metric.synonyms)} if metric.synonyms else {}
    context |= {"examples": [each.ask for each in metric.examples]} if metric.examples else {}
    return made | ({"ai_context": context} if context else {})


def _metric_sql(catalog: Catalog, portable: Portable, name: str) -> exp.Expr:
    """A metric as aggregates alone: a metric of Ossie names no other."""
    if name in portable.aggregates:
        return _aggregate_sql(catalog.models[portable.aggregates[name].model], portable.aggregates[name])
    tree = portable.formulas[name].tree
    return formula_sql(tree, lambda each: _metric_sql(catalog, portable, each), exact=True)


def _aggregate_sql(model: Model, aggregate: Aggregate) -> exp.Expr:
    if aggregate.value is None and not aggregate.conditions:
        return exp.Count(
            this=column(model.name, _key_column(model) or "")
        )  # a bare count(*) names no dataset
    return aggregate_sql(aggregate, lambda name: column(model.name, name), filtered=False)


def _expression(tree: exp.Expr) -> Made:
    return {"dialects": [{"dialect": "ANSI_SQL", "expression": tree.sql()}]}


def _synonyms(words: tuple[str, ...]) -> Made:
    return {"ai_context": {"synonyms": list(words)}} if words else {}


def _extend(model: Made, extension: Extension, version: str) -> None:
    """Put the extension where it belongs: at the datasets and metrics, the rest at the model."""
    for dataset in model["datasets"]:
        _put(dataset, extension.models.get(dataset["name"]), version)
    for metric in model.get("metrics", ()):
        _put(metric, extension.metrics.get(metric["name"]), version)
    _put(model, extension.rest, version)


def _put(entry: Made, data: Made | None, version: str) -> None:
    if data:
        text = json.dumps({_KEY: data}, ensure_ascii=False)
        entry["custom_extensions"] = [{"vendor_name": _VENDOR[version], "data": text}]


# ---------------------------------------------------------------------------------------------------------- import


def import_ossie(document: Document, *, extensions: bool = True) -> Imported:
    """Read an Ossie document as a catalog that passes its check.

    Args:
        document: the parsed file, YAML or JSON.
        extensions: read what our own export has put into `custom_extensions`.

    Raises:
        UserError: it is no Ossie document of a known version, or nothing of it could be read.
    """
    faults = form_faults(document)
    if faults:
        raise UserError.all(faults)
    made, losses, asked = _read(document)
    found = _extension(document) if extensions else None
    return finished(made, losses, extension=found, asked=asked)


def _models_of(data: Made) -> list[tuple[tuple[Any, ...], Made]]:
    if "semantic_model" not in data:
        return [((), data)]
    return [(("semantic_model", index), each) for index, each in enumerate(data["semantic_model"])]


def _read(document: Document) -> tuple[MadeCatalog, list[Loss], dict[str, SourcePosition | None]]:
    made = MadeCatalog(tool=TOOL, models={}, metrics={}, places={})
    losses: list[Loss] = []
    asked: dict[str, SourcePosition | None] = {}
    for path, model in _models_of(document.data):
        reader = _ModelReader(document, path, model, losses)
        made.models |= reader.models()
        made.metrics |= reader.metrics(made.models)
        asked |= reader.asked
    made.places = asked
    return made, losses, asked


class _ModelReader:
    """Reads one semantic model."""

    def __init__(self, document: Document, path: tuple[Any, ...], model: Made, losses: list[Loss]) -> None:
        self.asked: dict[str, SourcePosition | None] = {}
        self._document = document
        self._path = path
        self._model = model
        self._losses = losses
        self._datasets = {each["name"]: each for each in model["datasets"]}
        self._joins: dict[str, dict[str, tuple[str, Made]]] = {name: {} for name in self._datasets}
        self._inputs = self._metric_inputs()
        self._home: str | None = None  # the dataset whose metrics are being read

    def models(self) -> dict[str, Made]:
        for index, each in enumerate(self._model.get("relationships", ())):
            self._relationship(each, self._document.at(*self._path, "relationships", index))
        return {
            name: made
            for index, (name, each) in enumerate(self._datasets.items())
            if (made := self._dataset(each, self._document.at(*self._path, "datasets", index)))
        }

    def _lose(self, kind: str, name: str, reason: Reason, message: str, at: SourcePosition | None) -> None:
        self._losses.append(Loss(kind=kind, name=name, reason=reason, message=message, at=at))

    def _relationship(self, each: Made, at: SourcePosition) -> None:
        source, target, name = each["from"], each["to"], str(each["name"])
        if source not in self._datasets or target not in self._datasets:
            missing = source if source not in self._datasets else target
            self._lose("join", name, Reason.UNKNOWN_NAME, f'no dataset is called "{missing}"', at)
            return
        if len(each["from_columns"]) != len(each["to_columns"]):
            self._lose("join", name, Reason.SHAPE, "its two sides have different numbers of columns", at)
            return
        alias = name.removeprefix(f"{source}_to_")
        several = sum(r["from"] == source and r["to"] == target for r in self._model.get("relationships", ()))
        if not alias.isidentifier() or (several == 1 and alias == name):
            alias = target if target not in self._joins[source] else name
        made: Made = {"to": target, "key": dict(zip(each["from_columns"], each["to_columns"], strict=True))}
        made |= {"as": alias} if alias != target else {}
        self._joins[source][alias] = (target, made | _read_synonyms(each))

    def _dataset(self, each: Made, at: SourcePosition) -> Made | None:
        name, source = each["name"], each["source"]
        made: Made = {"model": name, "table": source["object"] if isinstance(source, dict) else source}
        if not is_table(made["table"]):
            self._lose("model", name, Reason.SHAPE, "its source is a query; a model stands on a table", at)
            return None
        made |= {"description": " ".join(each["description"].split())} if each.get("description") else {}
        made |= _read_synonyms(each)
        made |= {"key": list(each["primary_key"])} if each.get("primary_key") else {}
        entries = [
            entry
            for field in each.get("fields", ())
            if (entry := self._field(name, each, field, at, is_input=(name, field["name"]) in self._inputs))
        ]
        times = [entry["name"] for entry in entries if entry.get("type") == "time"]
        made |= {"time": times[0]} if len(times) == 1 else {}
        made |= {"joins": [join for _, join in self._joins[name].values()]} if self._joins[name] else {}
        return made | ({"dimensions": entries} if entries else {})

    def _metric_inputs(self) -> set[tuple[str, ...]]:
        """Fields that a metric names: a column to count with, unless it is marked as a dimension."""
        found: set[tuple[str, ...]] = set()
        for _, metric, _ in self._all_metrics():
            try:
                tree = parse_sql(_sql_of(metric["expression"]), dialect=_dialect_of(metric["expression"]))
            except NotRead:
                continue
            found |= {path[-2:] for _, path in walk_columns(tree)}
        return found

    def _field(
        self, dataset: str, each: Made, field: Made, at: SourcePosition, *, is_input: bool
    ) -> Made | None:
        name, marked = str(field["name"]), field.get("dimension")
        try:
            tree = parse_sql(_sql_of(field["expression"]), dialect=_dialect_of(field["expression"]))
            plain = path_of(tree) in ((name,), (dataset, name))
            if plain and is_input and marked is None:
                return None  # a column, which an expression of ours names as it is
            made: Made = {"name": name}
            is_time = (marked or {}).get(
                "is_time", field.get("datatype") in ("Date", "DateTime", "DateTimeTz")
            )
            made |= {"type": "time"} if is_time else {"type": "category"}
            if not plain:
                others = {f["name"]: f for f in each.get("fields", ()) if f["name"] != name}
                made["expr"] = row_expression(tree, lambda path: _own_column(path, dataset, others))
            if is_input and marked is None:
                made["hidden"] = True
        except NotRead as error:
            self._lose("dimension", f"{dataset}.{name}", error.reason, error.message, at)
            return None
        made |= {"description": " ".join(field["description"].split())} if field.get("description") else {}
        return made | _read_synonyms(field)

    # ------------------------------------------------------------------------------------------------- metrics

    def _all_metrics(self) -> Iterator[tuple[str | None, Made, SourcePosition]]:
        for index, each in enumerate(self._model.get("metrics", ())):
            yield None, each, self._document.at(*self._path, "metrics", index)
        for number, dataset in enumerate(self._datasets.values()):
            for index, each in enumerate(dataset.get("metrics", ())):
                at = self._document.at(*self._path, "datasets", number, "metrics", index)
                yield dataset["name"], each, at

    def metrics(self, models: dict[str, Made]) -> dict[str, Made]:
        """Read the metrics; one of a dataset keeps its name where no other has it."""
        found: dict[str, Made] = {}
        entries: dict[str, Made] = {}
        for home in (None, *self._datasets):
            texts: dict[str, str] = {}
            reader = MetricReader(self._resolve, None, made=found)
            for owner, each, at in self._all_metrics():
                if owner != home:
                    continue
                name = each["name"] if each["name"] not in entries else f"{owner}_{each['name']}"
                self.asked[name], entries[name] = at, each
                if _dialect_of(each["expression"]) is not None:
                    self._lose("metric", name, Reason.FORMULA, "it is in no standard SQL", at)
                    continue
                texts[name] = _sql_of(each["expression"])
            self._home = home
            reader.read(texts, self._refused)
        return {name: {"name": name, **_words(entries.get(name, {})), **each} for name, each in found.items()}

    def _refused(self, name: str, error: NotRead) -> None:
        self._lose("metric", name, error.reason, error.message, self.asked.get(name))

    def _resolve(self, tree: exp.Expr) -> tuple[str, Any]:
        """The model whose rows an aggregate counts, and how its names are called there."""
        only = self._home or (next(iter(self._datasets)) if len(self._datasets) == 1 else None)
        used: dict[str, None] = {}
        for _, path in walk_columns(tree):
            if len(path) == 1 and only is None:
                raise NotRead(Reason.UNKNOWN_NAME, f'"{path[0]}" names no dataset; write dataset.field')
            dataset = path[-2] if len(path) > 1 else only or ""
            if dataset not in self._datasets:
                raise NotRead(Reason.UNKNOWN_NAME, f'no dataset is called "{dataset}"')
            used[dataset] = None
        if not used and only is not None:
            used[only] = None
        if not used:
            raise NotRead(Reason.AMBIGUOUS, "it names no dataset: count a field of one")
        bases = {base: paths for base in used if (paths := self._paths(base, set(used))) is not None}
        if len(bases) != 1:
            raise NotRead(Reason.AMBIGUOUS, f"no one of its datasets leads to the others: {', '.join(used)}")
        base, paths = next(iter(bases.items()))

        def named(path: tuple[str, ...]) -> exp.Expr:
            return column(*(paths[path[-2]] if len(path) > 1 else ()), path[-1])

        return base, named

    def _paths(self, base: str, used: set[str]) -> dict[str, tuple[str, ...]] | None:
        """The one shortest way of joins from a dataset to each other; None where there is none, or several."""
        ways: dict[str, tuple[str, ...]] = {base: ()}
        level: dict[str, list[tuple[str, ...]]] = {base: [()]}
        while level and not used <= set(ways):
            following: dict[str, list[tuple[str, ...]]] = {}
            for here, given in level.items():
                for alias, (target, _) in self._joins[here].items():
                    if target not in ways:
                        following.setdefault(target, []).extend((*way, alias) for way in given)
            if any(len(given) > 1 for name, given in following.items() if name in used):
                return None
            ways |= {name: given[0] for name, given in following.items()}
            level = following
        return ways if used <= set(ways) else None


def _own_column(path: tuple[str, ...], dataset: str, others: dict[str, Made]) -> exp.Expr:
    if len(path) > 1 and path[-2] != dataset:
        raise NotRead(Reason.FORMULA, "a field reads its own dataset alone")
    hidden = others.get(path[-1])
    if hidden is not None and _sql_of(hidden["expression"]) not in (path[-1], f"{dataset}.{path[-1]}"):
        raise NotRead(
            Reason.SHADOWED, f'"{path[-1]}" means the column there, and a dimension of that name here'
        )
    return column(path[-1])


def _sql_of(expression: Made) -> str:
    return str(_chosen(expression)["expression"])


def _dialect_of(expression: Made) -> str | None:
    """How the chosen expression is read: standard SQL, or the name of a tool's own language."""
    chosen = _chosen(expression)["dialect"]
    return None if chosen in ("ANSI_SQL", "OSSIE_SQL_2026") else str(chosen).lower()


def _chosen(expression: Made) -> Made:
    found: list[Made] = expression["dialects"]
    return next((each for each in found if each["dialect"] in ("ANSI_SQL", "OSSIE_SQL_2026")), found[0])


def _read_synonyms(entry: Made) -> Made:
    context = entry.get("ai_context")
    words = context.get("synonyms") if isinstance(context, dict) else None
    return {"synonyms": list(words)} if words else {}


def _words(entry: Made) -> Made:
    made = {"description": " ".join(entry["description"].split())} if entry.get("description") else {}
    context = entry.get("ai_context")
    asks = context.get("examples") if isinstance(context, dict) else None
    return made | _read_synonyms(entry) | ({"examples": [{"ask": each} for each in asks]} if asks else {})


def _extension(document: Document) -> Extension | None:
    """What our own export has put into the file; None of another tool's file."""
    models: dict[str, Made] = {}
    metrics: dict[str, Made] = {}
    rest: Made = {}
    found = False
    for path, model in _models_of(document.data):
        for key, into in (("datasets", models), ("metrics", metrics)):
            for index, each in enumerate(model.get(key, ())):
                if data := _data_of(document, (*path, key, index), each):
                    into[each["name"]], found = data, True
        if data := _data_of(document, path, model):
            rest, found = data, True
    if not found:
        return None
    return extension_from(models, metrics, rest)


def _data_of(document: Document, path: tuple[Any, ...], entry: Made) -> Made:
    for index, each in enumerate(entry.get("custom_extensions", ())):
        if each["vendor_name"] in _VENDOR.values():
            return extension_data(each["data"], _KEY, document.at(*path, "custom_extensions", index, "data"))
    return {}
