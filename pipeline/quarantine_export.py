"""Write quarantined rows to a file: masked for anyone, or as they came for a role that policy names.

A masked export shows what the masked quarantine shows. An unmasked one holds every field as it was delivered under
the file's own column names, with a reference to the row, so that it can be repaired and delivered back; it is
logged before it is written and only its owner can read it. Texts that a spreadsheet would run are defused.
Layer: pipeline. Imports core, contracts, waiting, repair and tables; starts no Spark.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from datatrust.core.jsonio import dumps
from datatrust.core.release import Release, TablePin, load_release
from datatrust.core.restricted import check_may_export, load_restricted_policy
from datatrust.core.settings import Project
from datatrust.core.spreadsheet import defuse
from pipeline.bronze import bronze_table
from pipeline.contracts.model import SourceSpec
from pipeline.judge import safe_columns
from pipeline.quarantine import MASKED_ROW
from pipeline.quarantine_log import QuarantineStep, log_steps
from pipeline.repair import ACTION, FILE, LINE, RAW, REASONS, REFERENCE, WHY, make_reference
from pipeline.tables import query_tables
from pipeline.waiting import WaitingRow, load_waiting

Format = Literal["csv", "jsonl"]

_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*")  # harmless in a spreadsheet, and must come back as it went
_OWNER_ONLY, _ANYONE = 0o600, 0o644


@dataclass(frozen=True, kw_only=True)
class ExportedRows:
    """What an export holds. `file` is None where the text goes to standard output."""

    text: str
    rows: int
    release: str
    file: Path | None


@dataclass(frozen=True, kw_only=True)
class UnmaskedRequest:
    """Who wants the values as they came, and why."""

    role: str | None
    why: str | None
    by: str | None = None


def export_quarantine(
    project: Project,
    specs: Sequence[SourceSpec],
    *,
    source: str | None,
    out: Path | None,
    form: Format,
    unmasked: UnmaskedRequest | None = None,
) -> ExportedRows:
    """Export the quarantined rows of the current release, of one source or (masked) of all.

    Raises:
        UnknownName: no release, or no such source.
        AccessDenied: unmasked, and the role is none that may.
        UserError: unmasked without a reason, a source or a file; a file that cannot be written or that the
            pipeline would read as a delivery.
    """
    if unmasked is not None:
        _check_unmasked(project, unmasked, source, out)
    if out is not None:
        _check_place(project, out)
    waiting = load_waiting(project, specs, source=source)
    release = load_release(project.warehouse, waiting.release)
    spec = next((spec for spec in specs if spec.name == source), None)
    if unmasked is not None:
        assert spec is not None
        columns, rows = _unmasked_rows(project, release, spec, waiting.rows)
    else:
        columns, rows = _masked_rows(project, release, spec, waiting.rows)
    text = _as_csv(columns, rows) if form == "csv" else "".join(dumps(row) + "\n" for row in rows)
    step = QuarantineStep(
        action="unmasked export" if unmasked else "export",
        source=source,
        rows=len(rows),
        why=(unmasked.why if unmasked else None) or "masked",
        role=unmasked.role if unmasked else None,
        file=project.shown(out) if out else None,
        release=release.id,
    )
    log_steps(project.warehouse, [step], by=unmasked.by if unmasked else None)
    if out is not None:
        content = text.encode("utf-8-sig" if form == "csv" else "utf-8", errors="backslashreplace")
        _write_whole(out, content, _OWNER_ONLY if unmasked else _ANYONE)
    return ExportedRows(text=text, rows=len(rows), release=release.id, file=out)


def _check_unmasked(project: Project, asked: UnmaskedRequest, source: str | None, out: Path | None) -> None:
    check_may_export(load_restricted_policy(project), asked.role)
    issues = []
    if not (asked.why or "").strip():
        issues.append(Issue(code="DT493", message="an unmasked export needs a reason", hint="--reason TEXT"))
    if source is None:
        issues.append(
            Issue(code="DT493", message="an unmasked export is of one source", hint="name it: export SOURCE")
        )
    if out is None:
        issues.append(
            Issue(
                code="DT493",
                message="an unmasked export goes to a file that only you can read",
                hint=f"--out {source or 'SOURCE'}.repaired.csv",
            )
        )
    if issues:
        raise UserError.all(issues)


def _check_place(project: Project, out: Path) -> None:
    if out.resolve().is_relative_to(project.raw):
        raise UserError(
            Issue(
                code="DT493",
                message=f"{project.shown(out)} is in the raw folder: the next run would take the export in",
                hint="write it elsewhere, and put it there when it is repaired",
            )
        )
    if out.is_dir() or not out.resolve().parent.is_dir():
        what = "is a folder" if out.is_dir() else "is in no folder that exists"
        raise UserError(Issue(code="DT493", message=f"{out} {what}", hint="--out FILE"))


def _masked_rows(
    project: Project, release: Release, spec: SourceSpec | None, waiting: Sequence[WaitingRow]
) -> tuple[list[str], list[dict[str, Any]]]:
    shown: list[str] = []
    values: dict[tuple[int, int], dict[str, Any]] = {}
    pin = release.tables.get(spec.quarantine_table or "") if spec else None
    if spec is not None and pin is not None:
        stored = {name for name, _ in pin.columns}
        shown = [column.name for column in safe_columns(spec) if column.name in stored]
        picked = ", ".join(f'"{name}"' for name in (*MASKED_ROW, *shown))
        for found in _query(project, pin, f"select {picked} from t"):
            values[found[MASKED_ROW[0]], found[MASKED_ROW[1]]] = {name: found[name] for name in shown}
    head = ["source", FILE, LINE, "key", REASONS, WHY, "_owner"]
    rows = [
        {
            "source": row.source,
            FILE: row.file,
            LINE: row.line,
            "key": row.key,
            REASONS: "; ".join(reason.id for reason in row.reasons),
            WHY: "; ".join(reason.words for reason in row.reasons),
            "_owner": "; ".join(dict.fromkeys(reason.owner for reason in row.reasons if reason.owner)),
            **values.get((row.sequence, row.line), dict.fromkeys(shown)),
        }
        for row in waiting
    ]
    return [*head, *shown], rows


def _unmasked_rows(
    project: Project, release: Release, spec: SourceSpec, waiting: Sequence[WaitingRow]
) -> tuple[list[str], list[dict[str, Any]]]:
    pin = release.tables.get(bronze_table(spec))
    stored = {name for name, _ in pin.columns} if pin else set()
    columns = [column for column in spec.columns if column.name in stored]
    fields: dict[tuple[int, int], dict[str, Any]] = {}
    if pin is not None and waiting:
        picked = ", ".join(
            f'"{name}"' for name in ("_sequence", "_line", "_rescued", *[c.name for c in columns])
        )
        files = sorted({row.sequence for row in waiting})
        sql = f"select {picked} from t where list_contains(?, _sequence)"
        for found in _query(project, pin, sql, [files]):
            fields[found["_sequence"], found["_line"]] = found
    head = [REFERENCE, ACTION, FILE, LINE, REASONS, WHY]
    rows = []
    for row in waiting:
        record = fields[row.sequence, row.line]
        rows.append(
            {
                REFERENCE: make_reference(row.sequence, row.line),
                ACTION: None,
                FILE: row.file,
                LINE: row.line,
                REASONS: "; ".join(reason.id for reason in row.reasons),
                WHY: "; ".join(reason.words for reason in row.reasons),
                **{column.header: record.get(column.name) for column in spec.columns},
                RAW: record["_rescued"],
            }
        )
    return [*head, *(column.header for column in spec.columns), RAW], rows


def _query(project: Project, pin: TablePin, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    return query_tables(sql, {"t": project.warehouse / pin.path}, parameters, versions={"t": pin.version})


def _as_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([defuse(name) for name in columns])
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return out.getvalue()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if _NUMBER.fullmatch(text) else defuse(text)


def _write_whole(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all; nobody else can read it at any moment where `mode` says so."""
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(handle, "wb") as out:
                os.fchmod(out.fileno(), mode)
                out.write(content)
            os.replace(half, path)
        except OSError:
            half.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(
            Issue(code="DT493", message=f"{path} cannot be written: {error.strerror}", hint="--out FILE")
        ) from None
