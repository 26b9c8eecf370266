"""Find the project's contracts and bring them in order: parents first, every issue of every file at once.

Layer: pipeline. Imports core, odcs and the model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.masking import MaskingPolicy, load_masking_policy
from datatrust.core.settings import Project, SourceEntry, SourceInclude, load_json
from pipeline.contracts.loading import check_load_mode
from pipeline.contracts.model import SourceSpec
from pipeline.contracts.odcs import read_contract


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """A contract file that the config lists or includes, and what the config says beside it."""

    path: Path
    at: SourcePosition
    entry: SourceEntry | None = None


def load_contracts(project: Project) -> tuple[SourceSpec, ...]:
    """Return every source of the project, parents before their children.

    Raises:
        UserError: a contract, the masking policy or the list of sources is wrong; every issue at once.
    """
    policy = load_masking_policy(project)
    issues: list[Issue] = []
    specs: list[SourceSpec] = []
    for listed in _list_contracts(project, issues):
        try:
            spec, found = read_contract(listed.path, shown=project.shown(listed.path), policy=policy)
        except UserError as error:
            issues += error.issues
            continue
        issues += found
        if spec is not None:
            specs.append(_with_entry(spec, listed, issues))
    for check in (_check_names, _check_tables, _check_references):
        issues += check(specs)
    issues += _check_masked_references(specs, policy)
    issues += _check_tokens_hide(specs, policy)
    issues += [issue for spec in specs for issue in check_load_mode(spec)]
    if issues:
        raise UserError.all(issues)
    return _parents_first(specs)


def _list_contracts(project: Project, issues: list[Issue]) -> list[_Listed]:
    document = load_json(project.config_file, shown_as=str(project.config_file))
    sources = project.config.sources
    entries: Sequence[SourceEntry | SourceInclude] = (
        (sources,) if isinstance(sources, SourceInclude) else sources
    )
    found: dict[Path, _Listed] = {}
    for index, entry in enumerate(entries):
        at = document.at("sources", index)
        if isinstance(entry, SourceInclude):
            paths = sorted(project.configs.glob(entry.include))
            if not paths:
                issues.append(
                    Issue(
                        code="DT400",
                        message=f'"{entry.include}" finds no contract in {project.shown(project.configs)}',
                        at=at,
                    )
                )
            for path in paths:
                found.setdefault(path, _Listed(path=path, at=at))
        else:
            path = project.configs / entry.contract
            if not path.is_file():
                near = [str(p.relative_to(project.configs)) for p in project.configs.rglob("*.yml")]
                issues.append(
                    Issue(
                        code="DT400",
                        message=f'no contract "{entry.contract}" in {project.shown(project.configs)}',
                        at=at,
                        suggestion=did_you_mean(entry.contract, near),
                    )
                )
                continue
            found[path] = _Listed(path=path, at=at, entry=entry)
    return list(found.values())


def _with_entry(spec: SourceSpec, listed: _Listed, issues: list[Issue]) -> SourceSpec:
    """Return `spec` with what the config's own entry says; it may not rename the source."""
    entry = listed.entry
    if entry is None:
        return spec
    if entry.name is not None and entry.name != spec.name:
        issues.append(
            Issue(
                code="DT400",
                message=f'the source is called "{spec.name}" in its contract, "{entry.name}" here',
                at=listed.at,
                hint="name it once, in the contract's schema",
            )
        )
    if entry.reader is not None and entry.reader != spec.reader:
        spec = replace(spec, reader=_known_reader(entry.reader, listed, issues) or spec.reader)
    if entry.load_mode is None or entry.load_mode == spec.load_mode:
        return spec
    shaped = hashlib.sha256(f"{spec.hash} {entry.load_mode}".encode()).hexdigest()
    return replace(spec, load_mode=entry.load_mode, hash=shaped)


def _known_reader(name: str, listed: _Listed, issues: list[Issue]) -> str | None:
    from pipeline.readers import readers

    if name in readers():
        return name
    issues.append(
        Issue(
            code="DT409",
            message=f'no reader "{name}"',
            at=listed.at,
            suggestion=did_you_mean(name, readers()),
            hint=f"readers: {', '.join(sorted(readers()))}",
        )
    )
    return None


def _check_names(specs: Sequence[SourceSpec]) -> Iterator[Issue]:
    """A source has one contract."""
    seen: dict[str, SourceSpec] = {}
    for spec in specs:
        if spec.name in seen:
            yield Issue(
                code="DT414",
                message=f'source "{spec.name}" has a second contract; the other is {seen[spec.name].file}',
                at=spec.position,
            )
        seen.setdefault(spec.name, spec)


def _check_tables(specs: Sequence[SourceSpec]) -> Iterator[Issue]:
    """Two sources never write the same table."""
    seen: dict[str, SourceSpec] = {}
    for spec in specs:
        for table in filter(None, (spec.silver_table, spec.quarantine_table)):
            if table in seen:
                yield Issue(
                    code="DT414",
                    message=f"{table} is written by {seen[table].name} and by {spec.name}",
                    at=spec.position,
                    hint="set `silverTable` or `quarantineTable`",
                )
            seen.setdefault(table, spec)


def _check_references(specs: Sequence[SourceSpec]) -> Iterator[Issue]:
    """A foreign key points to columns of a source that exists, of its own kind; nothing goes round in a circle."""
    by_name = {spec.name: spec for spec in specs}
    for spec in specs:
        for fk in spec.foreign_keys:
            parent = by_name.get(fk.parent)
            if fk.parent == spec.name:
                yield Issue(
                    code="DT415",
                    message=f'"{spec.name}" refers to itself, which is not judged here',
                    at=fk.rule.position,
                    hint="leave the relationship out, or split the source in two",
                )
                continue
            if parent is None:
                yield Issue(
                    code="DT415",
                    message=f'"{spec.name}" refers to source "{fk.parent}", which has no contract',
                    at=fk.rule.position,
                    suggestion=did_you_mean(fk.parent, by_name),
                )
                continue
            for name, target in zip(fk.columns, fk.parent_columns, strict=True):
                yield from _check_reference_column(spec, parent, name, target, fk.rule.position)
    yield from _check_circles(specs)


def _check_reference_column(
    spec: SourceSpec, parent: SourceSpec, name: str, target: str, at: SourcePosition | None
) -> Iterator[Issue]:
    mine = {column.name: column for column in spec.columns}
    theirs = {column.name: column for column in parent.columns}
    for wanted, columns, where in ((name, mine, spec.name), (target, theirs, parent.name)):
        if wanted not in columns:
            yield Issue(
                code="DT415",
                message=f'source "{where}" has no column "{wanted}"',
                at=at,
                suggestion=did_you_mean(wanted, columns),
            )
    if name in mine and target in theirs:
        if mine[name].type.kind != theirs[target].type.kind:
            yield Issue(
                code="DT415",
                message=f"{spec.name}.{name} is {mine[name].type.kind}, "
                f"{parent.name}.{target} is {theirs[target].type.kind}",
                at=at,
            )
        if mine[name].pii_class != theirs[target].pii_class:
            yield Issue(
                code="DT415",
                message=f"{spec.name}.{name} and {parent.name}.{target} have different PII classes: "
                "their masked values would never be equal",
                at=at,
            )


def _check_masked_references(specs: Sequence[SourceSpec], policy: MaskingPolicy) -> Iterator[Issue]:
    """A foreign key over personal data is compared masked, so its mask must tell values apart."""
    for spec in specs:
        columns = {column.name: column for column in spec.columns}
        for fk in spec.foreign_keys:
            for name in fk.columns:
                pii = columns[name].pii_class if name in columns else None
                if pii is not None and pii in policy.classes and policy.classes[pii].action != "token":
                    yield Issue(
                        code="DT408",
                        message=f"{spec.name}.{name} is a foreign key masked by {policy.classes[pii].action}: "
                        "its values could not be told apart",
                        at=fk.rule.position,
                        hint="a foreign key may be masked by token only",
                    )


def _check_tokens_hide(specs: Sequence[SourceSpec], policy: MaskingPolicy) -> Iterator[Issue]:
    """A token hides a value among many only: of a few, how often each token occurs tells which it is."""
    for spec in specs:
        listed = {rule.columns for rule in spec.rules if rule.kind == "value_set"}
        for column in spec.pii_columns:
            action = policy.classes.get(column.pii_class or "")
            is_few = column.type.kind == "boolean" or (column.name,) in listed
            if action is not None and action.action == "token" and is_few:
                yield Issue(
                    code="DT418",
                    message=f"{spec.name}.{column.name} is masked by tokens and can have a few values only: "
                    "how often each token occurs would tell which it is",
                    at=column.position or spec.position,
                    hint="redact it, generalise it, or drop it",
                )


def _check_circles(specs: Sequence[SourceSpec]) -> Iterator[Issue]:
    ordered = {spec.name for spec in _parents_first(specs, stop_at_circle=True)}
    stuck = [spec for spec in specs if spec.name not in ordered]
    if stuck:
        names = ", ".join(spec.name for spec in stuck)
        yield Issue(
            code="DT416",
            message=f"foreign keys go round in a circle: {names}",
            at=stuck[0].position,
            hint="one of them must load first: leave out one relationship",
        )


def _parents_first(specs: Sequence[SourceSpec], *, stop_at_circle: bool = False) -> tuple[SourceSpec, ...]:
    known = {spec.name for spec in specs}
    waiting = sorted(specs, key=lambda spec: spec.name)
    ordered: list[SourceSpec] = []
    while waiting:
        done = {spec.name for spec in ordered}
        ready = [spec for spec in waiting if set(spec.parents) & known <= done]
        if not ready:
            assert stop_at_circle
            break
        ordered += ready
        waiting = [spec for spec in waiting if spec not in ready]
    return tuple(ordered)
