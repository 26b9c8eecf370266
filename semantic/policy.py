"""The file that says who may see what: `configs/policies/access.yml`, read strictly, every fault at once.

A role that does not say a thing does not allow it. Names are checked against the catalog, so that a slip of the pen
neither opens nor hides anything in silence.
Layer: semantic. Reads one text; imports the catalog's types and the expression language.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.yaml import parse_yaml
from semantic.expressions import parse_expression
from semantic.fields import CatalogFile, Fields
from semantic.model import Catalog, Metric

TAG = "tag:"  # "tag:sales" names every metric with that tag
EVERYTHING = "*"
_WILD = re.compile(r"[*?\[]")
_ATTRIBUTE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WHOLE_ATTRIBUTE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}\Z")
NAME = re.compile(r"[A-Za-z0-9_.@+-]+\Z")

Attributes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class MinGroup:
    """How many rows, or different members of `of`, must stand behind a figure for it to be shown."""

    least: int
    of: str | None = None  # "customers.customer_id"; None counts rows


@dataclass(frozen=True, kw_only=True)
class Role:
    """What one role may see. Nothing said is nothing allowed."""

    name: str
    metrics: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    masks: Mapping[str, str] = field(default_factory=dict)
    min_group: MinGroup | None = None
    attributes: Attributes = field(default_factory=dict)  # where the user has none of that name
    starters: tuple[str, ...] = ()  # questions to begin with; no right
    position: SourcePosition | None = None
    places: Mapping[tuple[str | int, ...], SourcePosition] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class User:
    """Someone who signs in: their roles, all of which bind them, and what is known of them."""

    name: str
    roles: tuple[str, ...]
    attributes: Attributes = field(default_factory=dict)
    position: SourcePosition | None = None


@dataclass(frozen=True, kw_only=True)
class AccessPolicy:
    """The file, read."""

    file: str
    roles: Mapping[str, Role]
    users: Mapping[str, User]
    cli_default: str | None = None


def read_policy(text: str, *, file: str) -> AccessPolicy:
    """Return the policy that `text` holds; names of the catalog are not looked up yet.

    Raises:
        UserError: it is no policy; every issue at once.
    """
    document = parse_yaml(text, file=file)
    issues: list[Issue] = []
    if not isinstance(document.data, dict):
        at = SourcePosition(file=file)
        raise UserError(Issue(code="DT370", message="an access policy is a mapping with `roles`", at=at))
    whole = Fields(CatalogFile(document, text, issues), (), document.data, "access policy")
    roles = {role.name: role for role in _roles(whole)}
    users = {user.name: user for user in _users(whole, roles)}
    default = whole.text("cli_default")
    if default is not None and default not in roles:
        _unknown(whole, f'cli_default "{default}" is no role', default, roles, "cli_default")
    if not roles and not issues:
        whole.report('"roles" is missing: what each role may see', code="DT370")
    whole.finish()
    if issues:
        raise UserError.all(sorted(issues, key=_place))
    return AccessPolicy(file=file, roles=roles, users=users, cli_default=default)


def check_policy(policy: AccessPolicy, catalog: Catalog) -> list[Issue]:
    """Return the names of a policy that nothing in the catalog answers to, and what it can not do with them."""
    return [issue for role in policy.roles.values() for issue in _check_role(role, catalog)]


def allows_metric(patterns: Iterable[str], metric: Metric) -> bool:
    """Return whether one of a role's patterns names the metric."""
    return any(
        pattern.removeprefix(TAG) in metric.tags
        if pattern.startswith(TAG)
        else fnmatch.fnmatchcase(metric.name, pattern)
        for pattern in patterns
    )


def allows_dimension(patterns: Iterable[str], model: str, name: str) -> bool:
    """Return whether one of a role's patterns names the dimension, as "model.dimension"."""
    return any(fnmatch.fnmatchcase(f"{model}.{name}", pattern) for pattern in patterns)


def attributes_in(text: str) -> tuple[str, ...]:
    """Return the attributes of the viewer that a row filter speaks of.

    >>> attributes_in("customers.region = '${region}'")
    ('region',)
    """
    return tuple(dict.fromkeys(_ATTRIBUTE.findall(text)))


def with_attributes(text: str, attributes: Attributes) -> str:
    """Return a row filter with the viewer's attributes as values; they never become anything but values.

    An attribute with several values stands in a list: ``region in ('${regions}')``.

    Raises:
        KeyError: an attribute that the viewer does not have.
        ValueError: several values where the filter compares with one.
    """
    tree = parse_expression(text).ast.copy()
    marked = [(node, name) for node in tree.find_all(exp.Literal) if (name := _attribute(node)) is not None]
    for (
        node,
        name,
    ) in marked:  # found before anything is put in: a value that reads like an attribute is a value
        values = [exp.Literal.string(value) for value in attributes[name]]
        listed = node.parent
        if isinstance(listed, exp.In) and node.arg_key == "expressions":
            kept = [[each] if each is not node else values for each in listed.expressions]
            listed.set("expressions", [each for part in kept for each in part])
        elif len(values) == 1:
            node.replace(values[0])
        else:
            raise ValueError(name)
    return tree.sql()


def _attribute(node: exp.Expr) -> str | None:
    if not isinstance(node, exp.Literal) or not node.is_string:
        return None
    found = _WHOLE_ATTRIBUTE.match(str(node.this))
    return found[1] if found else None


# ------------------------------------------------------------------------------------------------------- the file


def _roles(whole: Fields) -> Iterator[Role]:
    for body in whole.entries("roles", key="name", what="role"):
        name = body.text("name", required=True)
        if name is not None and not NAME.match(name):
            body.report("a name has letters, digits and . _ - @ + only", "name", code="DT370")
        role = Role(
            name=name or "",
            metrics=_patterns(body, "metrics"),
            dimensions=_patterns(body, "dimensions"),
            hidden=body.texts("hide"),
            rows=body.texts("rows"),
            masks=_masks(body),
            min_group=_min_group(body),
            attributes=_attributes(body),
            starters=body.texts("starters"),
            position=body.position,
            places=_places(body),
        )
        body.finish()
        for index, text in enumerate(role.rows):
            _check_language(body, text, index)
        yield role


def _places(body: Fields) -> dict[tuple[str | int, ...], SourcePosition]:
    """Where each text of the role stands."""
    found: dict[tuple[str | int, ...], SourcePosition] = {}
    for name in ("metrics", "dimensions", "hide", "rows"):
        value = body.data.get(name)
        count = len(value) if isinstance(value, list) else 1
        for index in range(count):
            found[name, index] = body.at(name, index) if isinstance(value, list) else body.at(name)
    masks = body.data.get("masks")
    for name in masks if isinstance(masks, dict) else ():
        found["masks", name] = body.file.document.key_at(*body.path, "masks", name)
    found["min_group", 0] = body.at("min_group", "of")
    return found


def _patterns(body: Fields, name: str) -> tuple[str, ...]:
    found = body.texts(name)
    return tuple(EVERYTHING if each == "all" else each for each in found)


def _masks(body: Fields) -> dict[str, str]:
    nested = body.mapping("masks")
    if nested is None:
        return {}
    found = {name: nested.text(name) for name in list(nested.data)}
    for name, word in found.items():
        if not word:
            nested.report(f'the word that stands for "{name}" is missing', name, code="DT370")
    return {name: word for name, word in found.items() if word}


def _min_group(body: Fields) -> MinGroup | None:
    value = body.raw("min_group")
    if value is None:
        return None
    of = None
    if isinstance(value, dict):
        nested = body.mapping("min_group")
        assert nested is not None
        value, of = nested.raw("least"), nested.text("of")
        nested.finish()
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:
        body.report(
            'min_group is a whole number from 2, or {least: 5, of: "customers.customer_id"}',
            "min_group",
            code="DT370",
        )
        return None
    return MinGroup(least=value, of=of)


def _attributes(body: Fields) -> dict[str, tuple[str, ...]]:
    nested = body.mapping("attributes")
    if nested is None:
        return {}
    found = {name: nested.texts(name) for name in list(nested.data)}
    for name, values in found.items():
        if not values or any(not value for value in values):
            nested.report(f'attribute "{name}" has no value', name, code="DT370")
    return found


def _users(whole: Fields, roles: Mapping[str, Role]) -> Iterator[User]:
    for body in whole.entries("users", key="name", what="user", plain="roles"):
        name = body.text("name", required=True)
        given = body.texts("roles")
        if not given:
            body.report('"roles" is missing: a user without a role sees nothing', code="DT370")
        for role in given:
            if role not in roles:
                _unknown(body, f'unknown role "{role}"', role, roles, "roles")
        attributes = _attributes(body)
        body.finish()
        yield User(name=name or "", roles=given, attributes=attributes, position=body.position)


def _unknown(body: Fields, message: str, name: str, known: Iterable[str], *path: str) -> None:
    body.report(message, *path, code="DT371", suggestion=did_you_mean(name, known))


def _check_language(body: Fields, text: str, index: int) -> None:
    at = body.at("rows", index) if isinstance(body.data.get("rows"), list) else body.at("rows")
    try:
        parsed = parse_expression(text, at=at)
    except UserError as error:
        body.file.issues.extend(error.issues)
        return
    if not parsed.columns:
        body.file.report(f'{body.what}: a row filter names a dimension: "{text}"', at, code="DT370")
    if not _reads_alike(parsed.ast.sql()):
        message = f"{body.what}: a row filter compares dimensions with values; this is more than that"
        body.file.report(message, at, code="DT370")
    whole = [name for node in parsed.ast.find_all(exp.Literal) if (name := _attribute(node)) is not None]
    if set(whole) != set(attributes_in(text)) or len(whole) != len(_ATTRIBUTE.findall(text)):
        message = f"{body.what}: an attribute is a whole value in quotes: customers.region = '${{region}}'"
        body.file.report(message, at, code="DT370")


def _reads_alike(text: str) -> bool:
    try:
        return parse_expression(text).ast.sql() == text
    except UserError:
        return False  # of the functions that are written in two ways


def _place(issue: Issue) -> tuple[int, int]:
    return (issue.at.line, issue.at.column) if issue.at else (0, 0)


# ---------------------------------------------------------------------------------------------------- its names


def _check_role(role: Role, catalog: Catalog) -> Iterator[Issue]:
    tags = sorted({tag for metric in catalog.metrics.values() for tag in metric.tags})
    for index, pattern in enumerate(role.metrics):
        if any(allows_metric((pattern,), metric) for metric in catalog.metrics.values()):
            continue
        known: Sequence[str] = (
            [f"{TAG}{tag}" for tag in tags] if pattern.startswith(TAG) else [*catalog.metrics]
        )
        yield _no_such(role, "metric", pattern, known, ("metrics", index))
    dimensions = [f"{m.name}.{d}" for m in catalog.models.values() for d in m.dimensions]
    for field_name, listed in (("dimensions", role.dimensions), ("hide", role.hidden)):
        for index, pattern in enumerate(listed):
            if not any(fnmatch.fnmatchcase(each, pattern) for each in dimensions):
                yield _no_such(role, "dimension", pattern, dimensions, (field_name, index))
    for name in role.masks:
        found = _dimension(catalog, name)
        if found is None:
            yield _no_such(role, "dimension", name, dimensions, ("masks", name))
        elif found.type == "time":
            message = f'role "{role.name}": {name} is a date; it can be hidden, not shown as a word'
            yield Issue(code="DT372", message=message, at=role.places.get(("masks", name)))
    for index, text in enumerate(role.rows):
        for name in parse_expression(text).columns:
            if _dimension(catalog, name) is None:
                yield _no_such(role, "dimension", name, dimensions, ("rows", index))
    entity = role.min_group.of if role.min_group is not None else None
    if entity is not None and _dimension(catalog, entity) is None:
        yield _no_such(role, "dimension", entity, dimensions, ("min_group", 0))
    yield from _check_inputs(role, catalog)


def _check_inputs(role: Role, catalog: Catalog) -> Iterator[Issue]:
    """A metric that is named outright needs all that it is made of: a quotient beside its divisor tells the rest."""
    for index, pattern in enumerate(role.metrics):
        metric = catalog.metrics.get(pattern)
        if metric is None:
            continue
        missing = [name for name in inputs_of(catalog, metric) if not _allowed(role, catalog, name)]
        if missing:
            yield Issue(
                code="DT373",
                message=f'role "{role.name}": {pattern} is made of {", ".join(missing)}, which the role may not see',
                at=role.places.get(("metrics", index)),
                hint="name these too, or leave the metric out",
            )


def inputs_of(catalog: Catalog, metric: Metric) -> tuple[str, ...]:
    """Return every metric that `metric` is made of, at any depth."""
    found: dict[str, None] = {}
    waiting = [*metric.inputs]
    while waiting:
        name = waiting.pop(0)
        if name not in found and name in catalog.metrics:
            found[name] = None
            waiting += catalog.metrics[name].inputs
    return tuple(found)


def _allowed(role: Role, catalog: Catalog, name: str) -> bool:
    return name in catalog.metrics and allows_metric(role.metrics, catalog.metrics[name])


def _dimension(catalog: Catalog, path: str) -> Any:
    model, _, name = path.rpartition(".")
    found = catalog.models.get(model)
    return found.dimensions.get(name) if found is not None else None


def _no_such(role: Role, what: str, name: str, known: Sequence[str], place: tuple[str | int, ...]) -> Issue:
    is_pattern = bool(_WILD.search(name)) or name.startswith(TAG)
    message = f'no {what} is meant by "{name}"' if is_pattern else f'unknown {what} "{name}"'
    return Issue(
        code="DT371",
        message=f'role "{role.name}": {message}',
        at=role.places.get(place),
        suggestion=did_you_mean(name, known),
        hint="a dimension is named with its model: customers.region" if what == "dimension" else None,
    )
