"""Rules about models, dimensions, segments, joins and calendars. Layer: semantic."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from semantic.expressions import parse_expression
from semantic.model import Catalog
from semantic.reach import follow_path
from semantic.rules.common import all_texts, model_texts, parsed, path_issue, place, unknown


def check_names(catalog: Catalog) -> Iterator[Issue]:
    """A name is used in expressions and in SQL: letters, digits and underscores, and no digit first."""
    named = [
        *(("model", each.name, each.position) for each in catalog.models.values()),
        *(("metric", each.name, each.position) for each in catalog.metrics.values()),
        *(("calendar", each.name, each.position) for each in catalog.calendars.values()),
        *(("dimension", d.name, d.position) for m in catalog.models.values() for d in m.dimensions.values()),
        *(("segment", s.name, s.position) for m in catalog.models.values() for s in m.segments.values()),
        *(("join", j.alias, j.position) for m in catalog.models.values() for j in m.joins.values()),
    ]
    for what, name, at in named:
        if name and not name.isidentifier():
            message = f'{what} "{name}": a name has letters, digits and underscores, and no digit first'
            yield Issue(code="DT213", message=message, at=at, hint="what people call it goes into `label`")


def check_expressions_read(catalog: Catalog) -> Iterator[Issue]:
    """Every expression over a model is of the expression language."""
    for text in all_texts(catalog):
        try:
            parse_expression(text.text, at=text.at)
        except UserError as error:
            for issue in error.issues:
                yield Issue(
                    code=issue.code, message=f"{text.owner}: {issue.message}", at=issue.at, hint=issue.hint
                )


def check_paths(catalog: Catalog) -> Iterator[Issue]:
    """Every dotted path in an expression follows joins that exist."""
    for text in all_texts(catalog):
        expression = parsed(text)
        for name in expression.columns if expression else ():
            at = expression.position_of(name, text.at) if expression else None
            if "." in name and (issue := path_issue(catalog, text.model, name, text.owner, at)):
                yield issue


def check_joins(catalog: Catalog) -> Iterator[Issue]:
    """A join leads to a model that exists, over as many columns here as that model's key has there."""
    for model in catalog.models.values():
        for join in model.joins.values():
            owner = f'join "{join.alias}" of model "{model.name}"'
            target = catalog.models.get(join.to)
            if target is None:
                yield unknown("DT211", "model", join.to, owner, place(join, "to"), catalog.models)
            elif not join.to_key:
                yield Issue(
                    code="DT218",
                    message=f'{owner}: model "{join.to}" has no key to join to',
                    at=join.position,
                    hint=f"declare `key:` in model {join.to}, or say the columns: key: {{here: there}}",
                )
            elif len(join.key) != len(join.to_key):
                here, there = ", ".join(join.key), ", ".join(join.to_key)
                yield Issue(
                    code="DT218",
                    message=f"{owner}: its key ({here}) and that of {join.to} ({there}) differ in length",
                    at=place(join, "key"),
                    hint="many rows here must meet one row there: name all columns of its key",
                )


def check_bridge_tables(catalog: Catalog) -> Iterator[Issue]:
    """What shares a row between several is a plain join by keys, and only such a join has a weight."""
    for model in catalog.models.values():
        for join in model.joins.values():
            owner = f'join "{join.alias}" of model "{model.name}"'
            if join.weight and not join.many:
                yield Issue(
                    code="DT218",
                    message=f"{owner}: a weight shares one row between several, and this join leads to one",
                    at=place(join, "weight"),
                    hint="say `cardinality: one_to_many`, or leave the weight out",
                )
            for name, given in (("where", join.where), ("valid", join.valid)):
                if join.many and given:
                    yield Issue(
                        code="DT218",
                        message=f'{owner}: "{name}" does not go with one_to_many: shares would not add up',
                        at=place(join, name),
                        hint="put the condition into the `where` of the bridge table's own model",
                    )


def check_versions(catalog: Catalog) -> Iterator[Issue]:
    """A join to versions knows the day that chooses among them."""
    for model in catalog.models.values():
        for join in model.joins.values():
            owner = f'join "{join.alias}" of model "{model.name}"'
            if join.valid and not (join.at or model.time):
                yield Issue(
                    code="DT218",
                    message=f"{owner}: which day chooses among the versions?",
                    at=place(join, "valid"),
                    hint="say the column here: `at: order_date`, or give the model a `time`",
                )
            elif join.at and (issue := path_issue(catalog, model, join.at, owner, place(join, "at"))):
                yield issue


def check_via(catalog: Catalog) -> Iterator[Issue]:
    """A chosen join path exists and leads to the model that it is chosen for."""
    for model in catalog.models.values():
        for name, path in model.via.items():
            owner = f'via of model "{model.name}"'
            followed = follow_path(catalog, model.name, path.split("."))
            if name not in catalog.models:
                yield unknown("DT211", "model", name, owner, place(model, "via"), catalog.models)
            elif followed is None or followed[1].name != name:
                message = f'{owner}: the joins "{path}" do not lead to model "{name}"'
                hint = f"joins of {model.name}: {', '.join(model.joins) or 'none'}"
                yield Issue(code="DT215", message=message, at=place(model, "via"), hint=hint)


def check_model_time(catalog: Catalog) -> Iterator[Issue]:
    """A model's time is a time dimension of its own or over joins."""
    for model in catalog.models.values():
        if model.time:
            yield from time_issues(
                catalog, model.name, model.time, f'model "{model.name}"', place(model, "time")
            )


def time_issues(
    catalog: Catalog, model_name: str, time: str, owner: str, at: SourcePosition | None
) -> Iterator[Issue]:
    """Yield what is wrong with a `time` of a model or metric."""
    model = catalog.models[model_name]
    issue = path_issue(catalog, model, time, owner, at)
    if issue:
        yield issue
        return
    *steps, last = time.split(".")
    followed = follow_path(catalog, model_name, steps)
    target = followed[1] if followed else model
    dimension = target.dimensions.get(last)
    times = {name: each for name, each in target.dimensions.items() if each.type == "time"}
    if dimension is None:
        yield unknown("DT216", "time dimension", time, owner, at, times)
    elif dimension.type != "time":
        yield Issue(
            code="DT216",
            message=f'{owner}: "{time}" is a dimension of type "{dimension.type}", not of type time',
            at=at,
            suggestion=did_you_mean(last, times),
            hint="give it `type: time`, or choose another",
        )


def check_parents(catalog: Catalog) -> Iterator[Issue]:
    """A dimension's parent is another dimension of its model, and no chain of parents comes round."""
    for model in catalog.models.values():
        for dimension in model.dimensions.values():
            owner = f'dimension "{model.name}.{dimension.name}"'
            at = dimension.positions.get("parent", dimension.position)
            if dimension.parent is None:
                continue
            if dimension.parent not in model.dimensions:
                yield unknown("DT211", "parent", dimension.parent, owner, at, model.dimensions)
                continue
            chain, here = [dimension.name], dimension.parent
            while here in model.dimensions and here not in chain:
                chain.append(here)
                here = model.dimensions[here].parent or ""
            if here == dimension.name:
                message = f"{owner}: its parents come round: {' -> '.join([*chain, here])}"
                yield Issue(code="DT212", message=message, at=at)


def check_dimension_cycles(catalog: Catalog) -> Iterator[Issue]:
    """A dimension or segment is not made of itself by way of others of its model."""
    for model in catalog.models.values():
        uses: dict[str, set[str]] = {}
        named = {*model.dimensions, *model.segments}
        for text in model_texts(catalog, model):
            if text.own_name and (expression := parsed(text)):
                uses[text.own_name] = {name for name in expression.columns if name in named} - (
                    {text.own_name} if text.own_name in model.dimensions else set()
                )
        for name in uses:
            chain = _cycle_from(name, uses)
            if chain:
                where = (model.dimensions.get(name) or model.segments[name]).position
                message = f'"{model.name}.{name}" is made of itself: {" -> ".join(chain)}'
                yield Issue(code="DT212", message=message, at=where)


def _cycle_from(name: str, uses: dict[str, set[str]]) -> list[str]:
    """The way from `name` back to it, or nothing."""
    stack = [[name]]
    seen: set[str] = set()
    while stack:
        chain = stack.pop()
        for following in sorted(uses.get(chain[-1], ())):
            if following == name:
                return [*chain, name]
            if following not in seen:
                seen.add(following)
                stack.append([*chain, following])
    return []


def check_segment_names(catalog: Catalog) -> Iterator[Issue]:
    """A segment and a dimension of one model have different names: a filter must know which is meant."""
    for model in catalog.models.values():
        for name in model.segments.keys() & model.dimensions.keys():
            message = f'model "{model.name}": "{name}" is both a segment and a dimension'
            yield Issue(code="DT205", message=message, at=model.segments[name].position)


def check_timezone(catalog: Catalog) -> Iterator[Issue]:
    """The time zone is one of the tz database."""
    try:
        zoneinfo.ZoneInfo(catalog.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        names = zoneinfo.available_timezones()
        yield Issue(
            code="DT204",
            message=f'unknown timezone "{catalog.timezone}"',
            suggestion=did_you_mean(catalog.timezone, names),
            hint="a name like Europe/Berlin",
        )
