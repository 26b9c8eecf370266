"""Rules that need the tables: every column that the catalog names is there. Layer: semantic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from semantic.model import Catalog, Model
from semantic.reach import follow_path
from semantic.rules.common import all_texts, parsed, place

Tables = Mapping[str, Iterable[str]]


def check_columns(catalog: Catalog, tables: Tables) -> Iterator[Issue]:
    """Yield every table and column that the catalog names and the data does not have.

    Args:
        catalog: a loaded catalog.
        tables: the columns of each table that exists, none where they are not known. Names are compared
            without regard to case, as engines do.
    """
    known = {name.lower(): {column.lower() for column in columns} for name, columns in tables.items()}
    for model in catalog.models.values():
        if model.table.lower() not in known:
            yield Issue(
                code="DT211",
                message=f'no table "{model.table}" for model "{model.name}"',
                at=place(model, "table"),
                suggestion=did_you_mean(model.table, tables),
                hint="run the pipeline, or correct `table:`",
            )
    for model, name, owner, at in _named_columns(catalog):
        columns = known.get(model.table.lower())
        if not columns or name.lower() in columns:
            continue
        yield Issue(
            code="DT201",
            message=f'unknown column "{name}" in {owner}',
            at=at,
            suggestion=_nearest(name, columns, model),
            hint=f"list them: datatrust semantic describe {model.name}",
        )
    yield from _check_period_tables(catalog, known)
    rates = catalog.rates
    if rates is not None and (columns := known.get(rates.table.lower())):
        for rate in (rates.currency, rates.period, rates.average, rates.closing, rates.transaction):
            if rate and rate.lower() not in columns:
                message = f'unknown column "{rate}" in the rates of {rates.table}'
                nearest = did_you_mean(rate, columns)
                yield Issue(code="DT201", message=message, at=rates.position, suggestion=nearest)
    elif rates is not None and any(metric.currency_from for metric in catalog.metrics.values()):
        yield Issue(code="DT211", message=f'no table "{rates.table}" for currency rates', at=rates.position)


def _check_period_tables(catalog: Catalog, known: Mapping[str, set[str]]) -> Iterator[Issue]:
    for calendar in catalog.calendars.values():
        listed = calendar.periods
        if listed is None:
            continue
        if (columns := known.get(listed.table.lower())) is None:
            yield Issue(
                code="DT211",
                message=f'no table "{listed.table}" for the periods of calendar "{calendar.name}"',
                at=calendar.position,
                suggestion=did_you_mean(listed.table, known),
                hint="run the pipeline, or correct `periods: {table: …}`",
            )
        for name in listed.columns:
            if name and columns and name.lower() not in columns:
                yield Issue(
                    code="DT201",
                    message=f'unknown column "{name}" in the periods of calendar "{calendar.name}"',
                    at=calendar.position,
                    suggestion=did_you_mean(name, columns),
                )


def _named_columns(catalog: Catalog) -> Iterator[tuple[Model, str, str, SourcePosition | None]]:
    """Every use of a column: the model of its table, its name, who uses it, and where."""
    for model in catalog.models.values():
        owner = f'model "{model.name}"'
        for name in model.key:
            yield model, name, f"the key of {owner}", place(model, "key")
        for dimension in model.dimensions.values():
            if dimension.expr is None:
                yield model, dimension.name, f'dimension "{model.name}.{dimension.name}"', dimension.position
        for join in model.joins.values():
            for name in join.key:
                if name not in model.dimensions:
                    yield model, name, f'join "{join.alias}" of {owner}', place(join, "key")
            target = catalog.models[join.to]
            for name in join.valid or ():
                if name not in target.dimensions:
                    yield target, name, f'join "{join.alias}" of {owner}', place(join, "valid")
            for name in join.to_key:
                if join.to_key != target.key and name not in target.dimensions:
                    yield target, name, f'join "{join.alias}" of {owner}', place(join, "key")
    for text in all_texts(catalog):
        expression = parsed(text)
        for name in expression.columns if expression else ():
            at = expression.position_of(name, text.at) if expression else None
            found = _column_behind(catalog, text.model, name, text.own_name)
            if found:
                yield *found, text.owner, at
    for metric in catalog.metrics.values():
        base = catalog.models.get(metric.model or "")
        if base is None:
            continue
        extra = [*(metric.balance.per if metric.balance else ())]
        extra += metric.balance.valid or () if metric.balance else ()
        extra += [each for each in (metric.currency_from, metric.currency_column) if each]
        extra += [metric.lifecycle.entity] if metric.lifecycle else []
        key = "currency" if metric.currency_from else "entity" if metric.lifecycle else "balance"
        for name in extra:
            found = _column_behind(catalog, base, name, None)
            if found:
                yield *found, f'metric "{metric.name}"', place(metric, key)


def _column_behind(
    catalog: Catalog, model: Model, name: str, own_name: str | None
) -> tuple[Model, str] | None:
    """The model and column that a name must be, where it is no dimension or segment."""
    *steps, last = name.split(".")
    followed = follow_path(catalog, model.name, steps)
    if followed is None:
        return None
    target = followed[1]
    if target is model and last == own_name:
        return target, last
    return None if last in target.dimensions or last in target.segments else (target, last)


def _nearest(name: str, columns: Iterable[str], model: Model) -> str | None:
    """A name of this model; else the joined model's dimension of that name."""
    return did_you_mean(name, {*columns, *model.dimensions, *model.segments})
