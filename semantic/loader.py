"""Read a catalog: YAML files in a folder, or the texts of a release, into the types of `semantic.model`.

Tolerant about shape where the meaning is clear (a text for a list of one, a list for a mapping of names), strict
about names: an unknown key, a duplicate, a wrong type or a name that nothing answers to is an issue with its file,
line and column, and all issues come at once. A catalog that loads has passed every rule of `semantic.validation`.
Layer: semantic. Reads disk; imports core, the types and the rules.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition, look_in
from datatrust.core.yaml import MAX_BYTES, load_yaml, parse_yaml
from semantic.calendar import GREGORIAN
from semantic.calendar_form import read_calendar
from semantic.catalog_cache import cache_key, keep, load_cached
from semantic.definition import define
from semantic.fields import CatalogFile, Fields
from semantic.metrics import UNTIL_ALIASES, joined, read_identity, read_metric
from semantic.model import (
    Calendar,
    Catalog,
    CurrencyRates,
    Dimension,
    DimensionType,
    Identity,
    Join,
    Metric,
    Model,
    Segment,
)
from semantic.quotients import Metrics
from semantic.units import infer_units
from semantic.validation import check_catalog

SUFFIXES = (".yml", ".yaml")

TYPE_ALIASES = {
    "date": "time", "datetime": "time", "timestamp": "time",
    "string": "category", "text": "category", "categorical": "category",
    "id": "identifier", "key": "identifier",
    "numeric": "number", "integer": "number", "decimal": "number", "float": "number",
    "boolean": "flag", "bool": "flag",
}  # fmt: skip
_TYPES = ("time", "category", "identifier", "number", "flag")
TIME_GRAINS = ("day", "week", "month", "quarter", "year")
CARDINALITIES = ("many_to_one", "one_to_one", "one_to_many")
CARDINALITY_ALIASES = {"n:1": "many_to_one", "1:1": "one_to_one", "1:n": "one_to_many"}

_Named = TypeVar("_Named", Model, Metric, Calendar, Dimension, Segment, Identity)


def load_catalog(
    root: Path,
    *,
    texts: Mapping[str, str] | None = None,
    shown_root: Path | None = None,
    cache: Path | None = None,
) -> Catalog:
    """Read every `*.yml` under `root`, or the given texts, into one checked catalog.

    Args:
        root: the catalog's folder.
        texts: file name -> text, in place of the folder's files: the catalog as a release holds it.
        shown_root: messages name files relative to this folder, usually the project's; by default relative to
            the current folder where they lie under it.
        cache: a folder to keep the checked catalog in, for the next time.

    Raises:
        UserError: the folder is missing or empty, a file is not YAML, or the catalog has faults; all at once.
    """
    issues: list[Issue] = []
    shown = _shown(root, shown_root)
    read = _read_texts(root, texts, shown, issues)
    kept = {each.name: each.text for each in read}
    key = cache_key(kept, shown) if cache is not None and not issues else None
    if cache is not None and key is not None and (known := load_cached(cache, key, kept)) is not None:
        return replace(known, metrics=Metrics(known.metrics))
    files = _parse_files(read, issues)
    draft = _Draft(issues)
    for file in files:
        _read_file(file, draft)
    catalog = _assemble(draft, kept)
    issues += check_catalog(catalog)
    if not issues and not catalog.metrics and not catalog.models:
        issues.append(
            Issue(
                code="DT101", message=f"the catalog in {shown} has no model and no metric", hint=_HINT_EMPTY
            )
        )
    if issues:
        raise UserError.all(_in_order(issues))
    catalog = replace(catalog, metrics=Metrics(define(catalog)))
    if cache is not None and key is not None:
        keep(cache, key, catalog)
    return catalog


_HINT_EMPTY = "a model is a file with `model:` and `table:`; a metric is an entry under `metrics:`"


@dataclass
class _Draft:
    """What has been read so far, over all files."""

    issues: list[Issue]
    models: dict[str, Model] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    identities: dict[str, Identity] = field(default_factory=dict)
    closed_through: dt.date | None = None
    timezone: str | None = None
    currency: str | None = None
    rates: CurrencyRates | None = None
    settings: dict[str, SourcePosition] = field(default_factory=dict)  # where each catalog-wide key stands


# ----------------------------------------------------------------------------------------------------------- files


def _shown(root: Path, base: Path | None) -> str:
    """How messages call the catalog's folder."""
    if base is not None:
        look_in(base)
    try:
        return root.resolve().relative_to((base or Path.cwd()).resolve()).as_posix()
    except ValueError:
        return root.as_posix()


@dataclass(frozen=True, kw_only=True)
class _Text:
    """A file as it was read."""

    name: str
    shown: str
    text: str


def _parse_files(read: Iterable[_Text], issues: list[Issue]) -> list[CatalogFile]:
    files: list[CatalogFile] = []
    for each in read:
        _collect(files, issues, each.shown, each.text)
    return files


def _read_texts(
    root: Path, texts: Mapping[str, str] | None, shown_root: str, issues: list[Issue]
) -> list[_Text]:
    if texts is not None:
        return [
            _Text(name=name, shown=name, text=texts[name])
            for name in sorted(texts)
            if name.endswith(SUFFIXES)
        ]
    read: list[_Text] = []
    if not root.is_dir():
        raise UserError(
            Issue(
                code="DT101",
                message=f"no catalog folder {shown_root}",
                hint="a catalog is a folder of YAML files with models and metrics",
            )
        )
    paths = sorted(path for path in root.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    if not paths:
        raise UserError(
            Issue(code="DT101", message=f"the catalog folder {shown_root} has no .yml file", hint=_HINT_EMPTY)
        )
    for path in paths:
        name = path.relative_to(root).as_posix()
        shown = f"{shown_root}/{name}" if shown_root not in ("", ".") else name
        try:
            if path.stat().st_size > MAX_BYTES:
                load_yaml(path, shown_as=shown)  # says so
            text = path.read_bytes().decode("utf-8-sig")
        except UserError as error:
            issues.extend(error.issues)
            continue
        except (OSError, UnicodeDecodeError):
            try:
                load_yaml(path, shown_as=shown)
            except UserError as error:
                issues.extend(error.issues)
            continue
        read.append(_Text(name=name, shown=shown, text=text))
    return read


def _collect(files: list[CatalogFile], issues: list[Issue], shown: str, text: str) -> None:
    try:
        document = parse_yaml(text, file=shown)
    except UserError as error:
        issues.extend(error.issues)
        return
    if document.data is None:
        return
    if not isinstance(document.data, dict):
        message = "a catalog file is a mapping with calendars, model, models or metrics"
        issues.append(Issue(code="DT203", message=message, at=document.at()))
        return
    files.append(CatalogFile(document, text, issues))


def _read_file(file: CatalogFile, draft: _Draft) -> None:
    data = file.document.data
    top = Fields(file, (), data, "catalog file")
    _read_settings(top, draft)
    defaults: dict[str, Any] = {}
    model_name = data.get("model")
    if isinstance(model_name, str) and ("table" in data or "dimensions" in data or "key" in data):
        body = Fields(file, (), data, f'model "{model_name}"')
        model, defaults = _read_model(body, draft)
        _add(draft.models, model, draft, "model")
        defaults.setdefault("model", model.name if model else None)
        body.finish(*_TOP_KEYS)
    else:
        if isinstance(model_name, dict):
            inner = top.mapping("model", "model")
            if inner is not None:
                model, defaults = _read_model(inner, draft)
                _add(draft.models, model, draft, "model")
                defaults.setdefault("model", model.name if model else None)
                inner.finish("model", "name")
        elif isinstance(model_name, str):
            defaults = {"model": model_name}  # a file of metrics over one model
        shared = top.mapping("defaults", "defaults")
        defaults |= _read_defaults(shared)
        top.finish("model", *_TOP_KEYS)
    for entry in top.entries("models", key="model", what="model"):
        if "model" not in entry.data and "name" in entry.data:
            entry.what = f'model "{entry.data["name"]}"'
        model, own = _read_model(entry, draft)
        _add(draft.models, model, draft, "model")
        entry.finish("model", "name", "metrics")
        if model is not None:
            for nested in entry.entries("metrics", key="name", what="metric"):
                _add(draft.metrics, read_metric(nested, {**own, "model": model.name}), draft, "metric")
    for entry in top.entries("metrics", key="name", what="metric"):
        _add(draft.metrics, read_metric(entry, defaults), draft, "metric")


_TOP_KEYS = (
    "metrics", "models", "calendars", "closed_through", "timezone", "currency", "defaults", "identities",
)  # fmt: skip


def _add(known: dict[str, _Named], made: _Named | None, draft: _Draft, what: str) -> None:
    if made is None:
        return
    if made.name in known:
        first = known[made.name].position
        draft.issues.append(
            Issue(
                code="DT205",
                message=f'{what} "{made.name}" is declared twice; first in {first}',
                at=made.position,
                hint="rename or remove one",
            )
        )
        return
    known[made.name] = made


def _in_order(issues: list[Issue]) -> list[Issue]:
    """By place, each once."""
    unique = {issue.render(): issue for issue in issues}.values()
    return sorted(
        unique, key=lambda issue: (issue.at.file, issue.at.line, issue.at.column) if issue.at else ("", 0, 0)
    )


# --------------------------------------------------------------------------------------------- catalog-wide settings


def _read_settings(top: Fields, draft: _Draft) -> None:
    for name in ("closed_through", "timezone", "currency"):
        if not top.has(name):
            continue
        if name in draft.settings:
            top.file.report(
                f'"{name}" is set twice; first in {draft.settings[name]}', top.at(name), code="DT205"
            )
            continue
        draft.settings[name] = top.at(name)
        if name == "closed_through":
            draft.closed_through = top.date(name)
        elif name == "timezone":
            draft.timezone = top.text(name)
        else:
            _read_currency(top, draft)
    for entry in top.entries("calendars", key="name", what="calendar"):
        _add(draft.calendars, read_calendar(entry), draft, "calendar")
    for entry in top.entries("identities", key="name", what="identity", plain="holds"):
        _add(draft.identities, read_identity(entry), draft, "identity")


def _read_currency(top: Fields, draft: _Draft) -> None:
    if not isinstance(top.raw("currency"), dict):
        draft.currency = top.text("currency")
        return
    body = top.mapping("currency", "currency")
    if body is None:
        return
    draft.currency = body.text("group", required=True)
    table = body.text("rates")
    rates = CurrencyRates(
        table=table or "",
        average=body.text("average"),
        closing=body.text("closing"),
        transaction=body.text("transaction"),
        currency=body.text("currency") or "currency",
        period=body.text("period") or "month",
        grain=body.choice("grain", ("day", "month", "quarter", "year")) or "month",
        position=body.at("rates"),
    )
    if table:
        draft.rates = rates
    body.finish()


def _assemble(draft: _Draft, texts: Mapping[str, str]) -> Catalog:
    """Join what was read; fill in what one entry takes from another."""
    calendars = dict(draft.calendars)
    defaults = [calendar for calendar in calendars.values() if calendar.default]
    for second in defaults[1:]:
        message = f'calendar "{second.name}": the default is already "{defaults[0].name}"'
        draft.issues.append(Issue(code="DT205", message=message, at=second.position))
    chosen = next(iter([*defaults, *calendars.values()]), GREGORIAN)
    calendars.setdefault(GREGORIAN.name, GREGORIAN)
    metrics = {name: with_rows_of(metric, draft.metrics) for name, metric in draft.metrics.items()}
    models = {name: with_stock_times(model, metrics.values()) for name, model in draft.models.items()}
    catalog = Catalog(
        models={name: _with_join_keys(model, models) for name, model in models.items()},
        metrics=_with_owners(metrics, models),
        calendars=calendars,
        default_calendar=chosen,
        identities=draft.identities,
        closed_through=draft.closed_through,
        timezone=draft.timezone or "UTC",
        currency=draft.currency,
        rates=draft.rates,
        texts=dict(texts),
        hash="sha256:" + hashlib.sha256("\0".join(sorted(texts.values())).encode()).hexdigest(),
    )
    return replace(catalog, metrics=infer_units(catalog))


def _with_owners(metrics: Mapping[str, Metric], models: Mapping[str, Model]) -> dict[str, Metric]:
    """A metric belongs to its model's owner, or to the one owner of all its inputs, unless it says."""
    owned: dict[str, Metric] = {}

    def owner_of(name: str, above: tuple[str, ...]) -> str | None:
        metric = metrics.get(name)
        if metric is None or name in above:
            return None
        if metric.owner:
            return metric.owner
        if metric.model:
            return models[metric.model].owner if metric.model in models else None
        owners = {owner_of(each, (*above, name)) for each in metric.inputs}
        return owners.pop() if len(owners) == 1 else None

    for name, metric in metrics.items():
        owned[name] = metric if metric.owner else replace(metric, owner=owner_of(name, ()))
    return owned


def with_rows_of(metric: Metric, metrics: Mapping[str, Metric]) -> Metric:
    """A lifecycle counts the rows of the metric that it is of."""
    of = metrics.get(metric.inputs[0]) if metric.lifecycle and metric.inputs else None
    if of is None or of.kind != "aggregate":
        return metric
    return replace(metric, model=of.model, where=of.where, time=metric.time or of.time)


def with_stock_times(model: Model, metrics: Iterable[Metric]) -> Model:
    """The first day of a stock's intervals is a time dimension, declared or not."""
    for metric in metrics:
        rule = metric.balance
        if metric.model != model.name or rule is None or rule.valid is None:
            continue
        name = rule.valid[0]
        if name.isidentifier() and name not in model.dimensions:
            made = Dimension(
                name=name,
                model=model.name,
                type="time",
                label=_titled(name),
                hidden=True,
                position=metric.position,
            )
            model = replace(model, dimensions={**model.dimensions, name: made})
    return model


def _with_join_keys(model: Model, models: Mapping[str, Model]) -> Model:
    """A join leads to the other model's key, and starts from columns of the same names, unless it says."""
    joins = {}
    for alias, join in model.joins.items():
        target = models.get(join.to)
        own_names = join.key if join.valid or join.many else ()
        to_key = join.to_key or own_names or (target.key if target else ())
        joins[alias] = replace(join, key=join.key or to_key, to_key=to_key)
    return replace(model, joins=joins)


# ---------------------------------------------------------------------------------------------------------- models


def _read_defaults(body: Fields | None) -> dict[str, Any]:
    if body is None:
        return {}
    read: dict[str, Any] = {
        name: body.raw(name)
        for name in ("owner", "model", "unit", "currency", "better", "on_zero", "decimals", "time")
        if body.has(name)
    }
    body.finish()
    return read


def _read_model(body: Fields, draft: _Draft) -> tuple[Model | None, dict[str, Any]]:
    name = body.text("model") or body.text("name")
    table = body.text("table", required=True)
    defaults = _read_defaults(body.mapping("defaults"))
    if name is None:
        body.report("a model needs a name: `model: …`", code="DT202")
    owner = body.text("owner") or cast("str | None", defaults.get("owner"))
    if owner:
        defaults.setdefault("owner", owner)
    model = Model(
        name=name or "",
        table=table or "",
        key=body.texts("key"),
        time=body.text("time"),
        dimensions=_read_dimensions(body, name or "", draft),
        joins={join.alias: join for join in _read_joins(body)},
        segments=_read_segments(body),
        via=_read_via(body),
        where=joined(body.texts("where")),
        label=body.text("label") or _titled(name or ""),
        description=body.text("description") or "",
        synonyms=body.texts("synonyms"),
        owner=owner,
        position=body.at("model") if "model" in body.data else body.position,
        positions=body.positions(),
    )
    if name is None:
        return None, defaults
    return _with_time_dimension(model), defaults


def _read_via(body: Fields) -> dict[str, str]:
    """`via: {customers: bill_to}`: which of several join paths the short names of a model mean."""
    nested = body.mapping("via", f"{body.what}, via")
    return {model: path for model in nested.data if (path := nested.text(model))} if nested else {}


def _with_time_dimension(model: Model) -> Model:
    """A model's `time` is a time dimension, declared or not."""
    time = model.time
    if time is None or "." in time:
        return model
    declared = model.dimensions.get(time)
    if declared is None:
        made = Dimension(
            name=time,
            model=model.name,
            type="time",
            label=_titled(time),
            position=model.positions.get("time"),
        )
    elif declared.type == "category" and "type" not in declared.positions:
        made = replace(declared, type="time")
    else:
        return model
    return replace(model, dimensions={**model.dimensions, time: made})


def _read_dimensions(body: Fields, model: str, draft: _Draft) -> dict[str, Dimension]:
    read: dict[str, Dimension] = {}
    for entry in body.entries("dimensions", key="name", what=f'model "{model}", dimension', plain="type"):
        _add(read, _read_dimension(entry, model), draft, f'model "{model}", dimension')
    return read


def _read_dimension(body: Fields, model: str) -> Dimension | None:
    name = body.text("name", required=True)
    grain = body.choice("grain", TIME_GRAINS)
    kind = body.choice("type", _TYPES, aliases=TYPE_ALIASES) or ("time" if grain else "category")
    if grain and kind != "time":
        body.report(f'a grain is for a time dimension; this is of type "{kind}"', "grain", code="DT203")
    dimension = Dimension(
        name=name or "",
        model=model,
        type=cast(DimensionType, kind),
        expr=body.text("expr"),
        grain=grain or "day",
        label=body.text("label") or _titled(name or ""),
        description=body.text("description") or "",
        synonyms=body.texts("synonyms"),
        values=_read_values(body),
        parent=body.text("parent"),
        bins=_read_bins(body),
        hidden=body.flag("hidden"),
        position=body.position,
        positions=body.positions(),
    )
    body.finish()
    return dimension if name else None


def _read_values(body: Fields) -> dict[str, tuple[str, ...]]:
    """`[A, B]`, or `{A: [a word, another], B: a word, C: }`."""
    values = body.raw("values")
    if values is None:
        return {}
    if isinstance(values, dict):
        nested = Fields(body.file, (*body.path, "values"), values, f"{body.what}, values")
        return {value: nested.texts(value) for value in values}
    return dict.fromkeys(body.texts("values"), ())


def _read_bins(body: Fields) -> tuple[float, ...]:
    bins = body.raw("bins")
    if bins is None:
        return ()
    good = isinstance(bins, list) and all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in bins
    )
    if not good or sorted(set(bins)) != bins:
        body.report('"bins" must be a list of rising numbers', "bins", code="DT203")
        return ()
    return tuple(float(each) for each in bins)


def _read_joins(body: Fields) -> Iterator[Join]:
    seen: set[str] = set()
    shaped = isinstance(body.data.get("joins"), dict)
    for entry in body.entries("joins", key="as" if shaped else "to", what=f"{body.what}, join", plain="key"):
        to = entry.text("to") or (entry.text("as") if shaped else None)
        alias = entry.text("as") or to
        cardinality = entry.choice("cardinality", CARDINALITIES, aliases=CARDINALITY_ALIASES)
        raw_key = entry.raw("key")
        if isinstance(raw_key, dict):
            pairs = entry.mapping("key", f"{entry.what}, key")
            key = tuple(raw_key)
            to_key = tuple(pairs.text(column) or "" for column in raw_key) if pairs else ()
        else:
            key, to_key = entry.texts("key"), entry.texts("to_key")
        valid = entry.texts("valid")
        if valid and len(valid) != 2:
            entry.report('"valid" is two columns there: from and to', "valid", code="DT203")
        until = entry.choice("until", ("included", "excluded"), aliases=UNTIL_ALIASES)
        join = Join(
            to=to or "",
            valid=(valid[0], valid[1]) if len(valid) == 2 else None,
            until=until if until == "included" else None,
            at=entry.text("at"),
            many=cardinality == "one_to_many",  # the others: at most one row over there
            weight=entry.text("weight"),
            key=key,
            to_key=to_key,
            alias=alias or "",
            where=joined(entry.texts("where")),
            label=entry.text("label") or "",
            synonyms=entry.texts("synonyms"),
            position=entry.position,
            positions=entry.positions(),
        )
        entry.finish()
        if not to:
            entry.report('"to" is missing: the model that is joined', code="DT202")
        elif join.alias in seen:
            entry.report(
                f'"{join.alias}" is joined twice', code="DT205", hint="give one of them a role: `as: …`"
            )
        else:
            seen.add(join.alias)
            yield join


def _read_segments(body: Fields) -> dict[str, Segment]:
    read: dict[str, Segment] = {}
    for entry in body.entries("segments", key="name", what=f"{body.what}, segment", plain="expr"):
        name = entry.text("name", required=True)
        expr = joined(entry.texts("where")) or entry.text("expr")
        at = entry.at("where" if "where" in entry.data else "expr")
        segment = Segment(
            name=name or "",
            expr=expr or "",
            label=entry.text("label") or _titled(name or ""),
            synonyms=entry.texts("synonyms"),
            position=at,
        )
        entry.texts("description")
        entry.finish()
        if not expr:
            entry.report("a segment needs a condition", code="DT202")
        elif name in read:
            entry.report("is declared twice", code="DT205")
        elif name:
            read[name] = segment
    return read


def _titled(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()
