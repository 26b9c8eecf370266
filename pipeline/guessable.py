"""Refuse tokens that counting undoes: a column with few values, each in many rows, has as many tokens.

Who knows roughly how often each value occurs puts both in order of their number and reads one off the other. The
policy says how many different values are enough; columns whose values hardly repeat tell nothing by counting.
Layer: pipeline. Imports core, contracts and tables; reads silver without Spark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datatrust.core.errors import OutcomeError
from datatrust.core.issues import Issue, SourcePosition
from datatrust.core.kept import table_folder
from datatrust.core.masking import MaskingPolicy
from datatrust.core.release import Release
from pipeline.contracts.model import SourceSpec
from pipeline.tables import find_tables, query_tables


@dataclass(frozen=True, kw_only=True)
class Guessable:
    """A column of tokens with too few values."""

    table: str
    column: str
    pii_class: str
    distinct: int
    rows: int
    at: SourcePosition | None

    def issue(self, policy: MaskingPolicy) -> Issue:
        """Return what is wrong and the next step."""
        return Issue(
            code="DT488",
            message=f"{self.table}.{self.column}: {self.distinct} different tokens in {self.rows:,} rows; counting "
            f"tells which is which (fewer than {policy.fewest_token_values} values)",
            at=self.at,
            hint=f'give the column a class that is dropped, redacted or grouped, instead of "{self.pii_class}", '
            f"in {policy.file}",
        )


def find_guessable(
    warehouse: Path,
    specs: Sequence[SourceSpec],
    policy: MaskingPolicy,
    *,
    release: Release | None = None,
) -> tuple[Guessable, ...]:
    """Return the token columns that counting undoes, in the tables as they stand or as a release pins them."""
    there = find_tables(warehouse)
    found: list[Guessable] = []
    for spec in specs:
        columns = [c for c in spec.pii_columns if policy.classes[c.pii_class or ""].action == "token"]
        pin = release.tables.get(spec.silver_table) if release else None
        if not columns or (pin is None if release else spec.silver_table not in there):
            continue
        versions: Mapping[str, int] = {"t": pin.version} if pin else {}
        folder = table_folder(warehouse, release, pin) if release and pin else there[spec.silver_table]
        held = {name for name, _ in pin.columns} if pin else None
        for column in columns:
            if held is not None and column.name not in held:
                continue
            [row] = query_tables(
                f'select count(distinct "{column.name}") as n, count("{column.name}") as rows from t',
                {"t": folder},
                versions=versions,
            )
            if policy.is_guessable(row["n"], row["rows"]):
                found.append(
                    Guessable(
                        table=spec.silver_table,
                        column=column.name,
                        pii_class=column.pii_class or "",
                        distinct=row["n"],
                        rows=row["rows"],
                        at=column.position,
                    )
                )
    return tuple(found)


def refuse_guessable(
    warehouse: Path, specs: Sequence[SourceSpec], policy: MaskingPolicy, *, release: Release | None = None
) -> None:
    """Stop where a column of tokens has so few values that counting undoes them.

    Raises:
        OutcomeError: there is one; each is named, with the next step.
    """
    found = find_guessable(warehouse, specs, policy, release=release)
    if found:
        said = "\n".join(guessable.issue(policy).render() for guessable in found)
        raise OutcomeError(f"tokens that counting undoes:\n{said}")
