"""Profile a file and draft its contract: decided, explained, proven to load, and written only then.

Refuses to overwrite a contract, to take a file that another source takes, and a draft that the pipeline would refuse.
Layer: pipeline. Imports the profile's parts, contracts and core.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datatrust.core.errors import InternalError, UserError
from datatrust.core.issues import Issue
from datatrust.core.masking import MaskAction, MaskingPolicy, load_masking_policy
from datatrust.core.settings import Project
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.contracts.odcs import read_contract
from pipeline.profile import names
from pipeline.profile.columns import ColumnProfile, profile_columns
from pipeline.profile.contract import OWNER, Drawn, write_contract
from pipeline.profile.formats import FileFormat, tell_format
from pipeline.profile.keys import KeyGuess, find_key
from pipeline.profile.personal import detectors
from pipeline.profile.register import (
    STRICTER,
    Change,
    change_config,
    change_policy,
    contract_path,
    has_sources,
    write_changes,
)
from pipeline.profile.rows import open_rows


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A contract as drafted, what was decided and why, and what a person should look at. It holds no personal value."""

    name: str
    path: Path
    file: str
    told: FileFormat
    rows: int
    unreadable: Mapping[str, int]
    columns: tuple[ColumnProfile, ...]
    key: KeyGuess
    classes: Mapping[str, str]  # column -> PII class
    new_classes: Mapping[str, str]  # PII class -> action, added to the masking policy
    spec: SourceSpec
    look: tuple[str, ...]
    changes: tuple[Change, ...]


def draft_source(project: Project, file: Path, *, name: str | None, overwrite: bool) -> Draft:
    """Return the draft for the source that `file` belongs to; nothing is written yet.

    Raises:
        UserError: no reader reads the file, the name is no name or taken, or the project's own contracts are wrong.
    """
    shown = file.name
    if not file.is_file():
        raise UserError(Issue(code="DT494", message=f"no such file: {file}"))
    folder = file.resolve().parent
    chosen = name or names.source_name(file.stem, project.name if folder == project.raw else folder.name)
    path = contract_path(project, chosen)
    others = _check_name(project, chosen, path, overwrite=overwrite)
    policy = load_masking_policy(project)
    told = tell_format(file, shown=shown)
    today = project.today()
    with open_rows(file, told, shown=shown, warehouse=project.warehouse) as rows:
        columns = profile_columns(rows, told, today=today)
        classes = {c.name: _class_of(c, policy) for c in columns if c.personal is not None}
        new_classes = {
            pii: _default_action(pii) for pii in dict.fromkeys(classes.values()) if pii not in policy.classes
        }
        policy = replace(
            policy,
            classes={**policy.classes, **{pii: MaskAction(action=act) for pii, act in new_classes.items()}},
        )
        key = find_key(rows, columns, may_be_key=lambda column: _may_be_key(column, classes, policy))
        count, unreadable = rows.count, dict(rows.unreadable)
    pattern = _pattern(project, file)
    drawn = Drawn(name=chosen, project=project.name, file=shown, pattern=pattern, rows=count, today=today)
    text = write_contract(drawn, told, columns, key, classes)
    spec = _prove(text, chosen, policy)
    shown_path = project.shown(path)
    changes = [
        change_policy(project, new_classes),
        Change(path=path, text=text, undo=f"delete {shown_path}"),
        change_config(project, path),
    ]
    return Draft(
        name=chosen,
        path=path,
        file=shown,
        told=told,
        rows=count,
        unreadable=unreadable,
        columns=columns,
        key=key,
        classes=classes,
        new_classes=new_classes,
        spec=spec,
        look=tuple(_look(project, file, told, columns, key, count, unreadable, others, pattern)),
        changes=tuple(change for change in changes if change is not None),
    )


def write_draft(draft: Draft) -> None:
    """Put the draft into the project."""
    write_changes(list(draft.changes))


def _check_name(project: Project, name: str, path: Path, *, overwrite: bool) -> tuple[SourceSpec, ...]:
    """Refuse a name that is none or taken; return the project's other sources."""
    if names.snake(name) != name:
        raise UserError(
            Issue(
                code="DT495",
                message=f'"{name}" is no name of a source',
                suggestion=names.snake(name) or None,
                hint="use small letters, digits and _, a letter first",
            )
        )
    if path.exists() and not overwrite:
        raise UserError(
            Issue(
                code="DT495",
                message=f"{project.shown(path)} exists, and is not overwritten",
                hint="choose another --name, or --force to draft it again",
            )
        )
    listed = load_contracts(project) if has_sources(project) else ()
    others = tuple(spec for spec in listed if spec.file != project.shown(path))
    taken = next((spec for spec in others if name in (spec.name, spec.silver_table.partition(".")[2])), None)
    if taken is not None:
        raise UserError(
            Issue(
                code="DT495",
                message=f'the name "{name}" is taken by {taken.file}',
                hint="choose another with --name",
            )
        )
    return others


def _class_of(column: ColumnProfile, policy: MaskingPolicy) -> str:
    """Return the class of a personal column; a stricter one where its few values would be told from their tokens."""
    assert column.personal is not None
    pii = column.personal.pii_class
    action = policy.classes.get(pii)
    if (
        action is not None
        and action.action == "token"
        and policy.is_guessable(column.distinct, column.filled)
    ):
        return f"{pii}{STRICTER}"
    return pii


def _default_action(pii_class: str) -> str:
    known = detectors()
    return known[pii_class].action if pii_class in known else "redact"


def _may_be_key(column: ColumnProfile, classes: Mapping[str, str], policy: MaskingPolicy) -> bool:
    pii = classes.get(column.name)
    return pii is None or policy.classes[pii].action == "token"


def _pattern(project: Project, file: Path) -> str:
    """Return where files like this one lie under the raw folder."""
    return f"**/{names.file_pattern(file.name)}"


def _prove(text: str, name: str, policy: MaskingPolicy) -> SourceSpec:
    """Return the draft as the pipeline reads it; a draft that it would refuse is our own fault."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yml"
        path.write_text(text, encoding="utf-8")
        spec, issues = read_contract(path, shown=path.name, policy=policy)
    if spec is None:
        said = "; ".join(issue.message for issue in issues)
        raise InternalError(f"the draft of {name} would not load ({said}): please report this")
    return spec


def _look(
    project: Project,
    file: Path,
    told: FileFormat,
    columns: Sequence[ColumnProfile],
    key: KeyGuess,
    rows: int,
    unreadable: Mapping[str, int],
    others: Sequence[SourceSpec],
    pattern: str,
) -> list[str]:
    """Return what a person should look at before the numbers count."""
    said = [f"the owner is not known: put a name in the place of {OWNER}"]
    said += told.notes
    if not told.is_named:
        said.append("the file has no header: its columns are numbered; give them names, in the file's order")
    if unreadable:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(unreadable.items()))
        said.append(f"some lines cannot be read and will be quarantined ({reasons})")
    if rows < _FEW_ROWS:
        said.append(f"{rows} rows prove little: give a larger file, or tighten the contract by hand")
    said += key.look
    said += [f"{column.name}: {look}" for column in columns for look in column.guess.look]
    if not _is_under(file, project.raw):
        said.append(
            f"the file does not lie under {project.shown(project.raw)}: files matching {pattern} are taken there"
        )
    said += [
        f"{spec.file} takes files matching {spec.glob} too: a file belongs to one source"
        for spec in others
        if Path(_inside(file, project.raw)).match(spec.glob.removeprefix("**/"))
    ]
    return said


_FEW_ROWS = 100


def _is_under(file: Path, folder: Path) -> bool:
    return folder in file.resolve().parents


def _inside(file: Path, folder: Path) -> str:
    return str(file.resolve().relative_to(folder)) if _is_under(file, folder) else file.name
