"""The seam between writing and reading: a numbered manifest that names the Delta version of every table.

A release is created only if its number is free (a hard link on disk), never changed, and read whole. The
highest number is current. Readers pin one release, so that many tables change together.
Layer: core. Knows manifests; opens no table.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from datatrust.core.errors import OutcomeError, UnknownName, UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.jsonio import dumps, loads

FOLDER = "releases"
RESTRICTED = "restricted"  # folder of everything that is not masked
METRICS_TABLE = "ops.pipeline_metrics"
QUARANTINE_LOG = "ops.quarantine_log"


@dataclass(frozen=True, kw_only=True)
class TablePin:
    """One table at one Delta version. `path` is relative to the warehouse; `columns` are (name, type) pairs."""

    path: str
    version: int
    columns: tuple[tuple[str, str], ...] = ()
    rows: int | None = None


@dataclass(frozen=True, kw_only=True)
class SourceControl:
    """The conservation figures of one source, over all its rows so far.

    ``read = valid + quarantined + duplicate + superseded + discarded`` holds in every published release.
    """

    source: str
    table: str  # the silver table that the valid rows stand in, e.g. "silver.sales_clean"
    read: int
    valid: int
    quarantined: int
    duplicate: int
    superseded: int
    discarded: int
    reasons: dict[str, int] = field(
        default_factory=dict
    )  # quarantined rows by rule; a row may count in several
    amount_column: str | None = None
    amounts: dict[str, dict[str, Decimal]] = field(
        default_factory=dict
    )  # currency -> {"read": …, "valid": …, …}
    unparseable_amounts: int = 0


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What the audit of this release found."""

    status: str  # "passed" or "passed_with_warnings"
    checks: int = 0
    warnings: int = 0
    details: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a reader sees: tables at their versions, and the proof that came with them."""

    number: int
    created_at: dt.datetime  # UTC
    tables: dict[str, TablePin]  # "gold.fct_sales" -> pin
    quality: Quality
    controls: tuple[SourceControl, ...] = ()
    lineage: dict[str, tuple[str, ...]] = field(default_factory=dict)  # table -> the sources it is made of
    files: dict[str, str] = field(
        default_factory=dict
    )  # catalog and policy texts of the day, by project path
    hashes: dict[str, str] = field(default_factory=dict)  # config, contracts, policies, dbt, code
    fresh_as_of: dt.datetime | None = None  # when the newest raw file arrived
    parent: int | None = None
    restores: int | None = None  # a rollback names the release whose versions it brings back
    compacts: int | None = None  # made by maintenance: the release whose rows it holds in other files
    delivery: str | None = None  # the folder of raw files that it closes
    documents: dict[str, str] = field(
        default_factory=dict
    )  # what was written about it: path relative to the warehouse -> sha256

    @property
    def id(self) -> str:
        return f"{self.number:06d}"

    def control(self, source: str) -> SourceControl | None:
        return next((c for c in self.controls if c.source == source), None)


def is_growing(table: str) -> bool:
    """Return whether a table is only ever added to, so that a release cannot be put back in its place.

    >>> is_growing("bronze.sales"), is_growing("ops.pipeline_metrics"), is_growing("ops.ledger")
    (True, True, False)
    """
    return table.startswith("bronze.") or table in (METRICS_TABLE, QUARANTINE_LOG)


def list_releases(warehouse: Path) -> list[int]:
    """Return the numbers of the releases in `warehouse`, oldest first."""
    folder = warehouse / FOLDER
    if not folder.is_dir():
        return []
    return sorted(int(p.stem) for p in folder.glob("*.json") if p.stem.isdigit())


def load_release(warehouse: Path, wanted: str | None = None) -> Release:
    """Read one release: the current one, the one with an id, or the one that was current at an instant.

    Args:
        warehouse: the folder that holds `releases/`.
        wanted: None, an id such as "000003" or "3", or an ISO date or instant ("2026-06-30", whole day; or
            "2026-06-30T12:00:00+02:00"; without an offset the machine's zone counts).

    Raises:
        UnknownName: no release at all, none with that id, or none yet at that instant.
        UserError: a manifest cannot be read.
    """
    numbers = list_releases(warehouse)
    if not numbers:
        raise UnknownName(
            Issue(
                code="DT120", message="no release has been published yet", hint="run: datatrust pipeline run"
            )
        )
    if wanted is None:
        return _read(warehouse, numbers[-1])
    if wanted.isdigit():
        if int(wanted) in numbers:
            return _read(warehouse, int(wanted))
        raise _unknown(wanted, numbers)
    moment = _parse_instant(wanted)
    if moment is None:
        raise _unknown(wanted, numbers)
    for number in reversed(numbers):
        release = _read(warehouse, number)
        if release.created_at <= moment:
            return release
    raise UnknownName(
        Issue(
            code="DT122",
            message=f"no release had been published by {wanted}",
            hint="list them: datatrust release list",
        )
    )


def next_number(warehouse: Path) -> int:
    """Return the number that the next release takes."""
    return (list_releases(warehouse) or [0])[-1] + 1


def publish_release(warehouse: Path, release: Release) -> Path:
    """Write the manifest of `release`, only if its number is free; return its path.

    Raises:
        OutcomeError: another run has published that number in the meantime.
    """
    folder = warehouse / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{release.id}.json"
    handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(dumps(_to_json(release), indent=1) + "\n")
            out.flush()
            os.fsync(out.fileno())
        os.chmod(name, 0o644)
        try:
            os.link(name, target)
        except FileExistsError:
            raise OutcomeError(
                f"release {release.id} has been published by another run; nothing was changed"
            ) from None
    finally:
        os.unlink(name)
    return target


def _to_json(release: Release) -> dict[str, Any]:
    return {"format": 1, **{name: getattr(release, name) for name in Release.__dataclass_fields__}}


def _read(warehouse: Path, number: int) -> Release:
    path = warehouse / FOLDER / f"{number:06d}.json"
    try:
        raw = loads(path.read_text(encoding="utf-8"))
        if raw.get("format") != 1:
            raise ValueError("format")
        return Release(
            number=raw["number"],
            created_at=dt.datetime.fromisoformat(raw["created_at"]),
            tables={
                name: TablePin(
                    path=pin["path"],
                    version=pin["version"],
                    rows=pin["rows"],
                    columns=tuple((c[0], c[1]) for c in pin["columns"]),
                )
                for name, pin in raw["tables"].items()
            },
            quality=Quality(**{**raw["quality"], "details": tuple(raw["quality"]["details"])}),
            controls=tuple(
                SourceControl(
                    **{
                        **control,
                        "amounts": {
                            currency: {k: Decimal(str(v)) for k, v in sums.items()}
                            for currency, sums in control["amounts"].items()
                        },
                    }
                )
                for control in raw["controls"]
            ),
            lineage={table: tuple(sources) for table, sources in raw["lineage"].items()},
            files=raw["files"],
            hashes=raw["hashes"],
            fresh_as_of=dt.datetime.fromisoformat(raw["fresh_as_of"]) if raw["fresh_as_of"] else None,
            parent=raw["parent"],
            restores=raw["restores"],
            compacts=raw.get("compacts"),
            delivery=raw["delivery"],
            documents=raw.get("documents", {}),
        )
    except FileNotFoundError:
        raise _unknown(f"{number:06d}", list_releases(warehouse)) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            Issue(
                code="DT121",
                message="this release's manifest is damaged and is not served",
                at=SourcePosition(file=str(path)),
                hint=_next_best(warehouse, number),
            )
        ) from None


def _next_best(warehouse: Path, damaged: int) -> str:
    """Name the release before the damaged one."""
    before = [number for number in list_releases(warehouse) if number < damaged]
    if not before:
        return "restore the file from a copy of the warehouse"
    return f"restore the file, or go back: datatrust release rollback {before[-1]:06d}"


def _parse_instant(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == len("2026-06-30"):
        moment = dt.datetime.combine(moment.date(), dt.time.max)
    return moment if moment.tzinfo else moment.astimezone()


def _unknown(wanted: str, numbers: list[int]) -> UnknownName:
    return UnknownName(
        Issue(
            code="DT122",
            message=f'no release "{wanted}"',
            suggestion=did_you_mean(wanted.zfill(6), [f"{n:06d}" for n in numbers]) if numbers else None,
            hint="list them: datatrust release list",
        )
    )
