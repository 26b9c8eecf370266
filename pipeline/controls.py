"""Count what the tables hold, source by source, into the figures of conservation: rows, reasons, exact amounts.

Nothing is carried over from an earlier run or from Spark: every figure is counted by DuckDB from the stored files
as they stand. Amounts in bronze are parsed from the raw text again and by another engine than the one that wrote
silver, so that a cent lost on the way shows.
Layer: pipeline. Imports core, contracts, ledger, tables and the names of ingest's tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from deltalake import DeltaTable

from datatrust.core.release import SourceControl
from pipeline.bronze import bronze_table
from pipeline.contracts.model import ColumnSpec, SourceSpec
from pipeline.ledger import LedgerEntry, loaded_sequences
from pipeline.notation import (
    BLANKS,
    DECIMAL_PATTERN,
    EXPONENT,
    MANTISSA,
    NEGATIVE_SIGN,
    currency_pattern,
    number_pattern,
    other_than_digits,
)
from pipeline.quarantine import OUTCOMES, QUARANTINE
from pipeline.silver import DUPLICATE, QUARANTINED, SUPERSEDED, VALID
from pipeline.store import exists
from pipeline.tables import query_tables, table_path
from pipeline.values import AMOUNT_LIMIT, SURPLUS_PATTERN

READ = "read"
FATES = (VALID, QUARANTINED, DUPLICATE, SUPERSEDED, "discarded")
_REASON = "reason"


@dataclass(frozen=True, kw_only=True)
class LineCount:
    """The records of one file in bronze: how many, the lines they span, and the blank lines between them."""

    records: int
    lines: int
    gaps: int


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """One counted group: rows of a source in one place, under one currency, or quarantined for one reason."""

    source: str
    part: str
    name: str  # currency, or the reason
    rows: int
    amount: Decimal | None
    unparseable: int


def count_lines(warehouse: Path, spec: SourceSpec, sequences: Sequence[int]) -> dict[int, LineCount]:
    """Return what bronze holds of each file, by its number."""
    if not sequences:
        return {}
    rows = query_tables(
        "select _sequence as number, count(*) as records, sum(_span) as lines, sum(_gap) as gaps "
        f"from bronze where {_within(sequences)} group by 1",
        {"bronze": warehouse / table_path(bronze_table(spec))},
    )
    return {
        row["number"]: LineCount(records=row["records"], lines=int(row["lines"]), gaps=int(row["gaps"]))
        for row in rows
    }


def count_controls(
    warehouse: Path, specs: Sequence[SourceSpec], ledger: Iterable[LedgerEntry]
) -> tuple[SourceControl, ...]:
    """Return the conservation figures of every source, counted from the tables as they stand."""
    entries = tuple(ledger)
    tables: dict[str, Path] = {}
    parts: list[str] = []
    for place, spec in enumerate(specs):
        parts += _parts_of(warehouse, spec, place, loaded_sequences(entries, spec.name), tables)
    parts += _shared_parts(warehouse, tables)
    rows = query_tables("\nunion all ".join(parts), tables) if parts else []
    figures = [_Figure(**row) for row in rows]
    return tuple(_control(spec, [f for f in figures if f.source == spec.name]) for spec in specs)


def sum_amounts(warehouse: Path, spec: SourceSpec, sequences: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    """Return the sum of the amounts that bronze holds of each file, by its number and by currency."""
    if not sequences or spec.amount_column is None or not exists(warehouse, bronze_table(spec)):
        return {}
    folder = warehouse / table_path(bronze_table(spec))
    stored = {field.name for field in DeltaTable(str(folder)).schema().fields}
    rows = query_tables(
        f"select _sequence as number, {_raw_currency(spec, stored)} as code, "
        f"sum(cast({_raw_amount(spec, stored)} as decimal(38,6))) as amount "
        f"from bronze where {_within(sequences)} group by 1, 2",
        {"bronze": folder},
    )
    found: dict[int, dict[str, Decimal]] = {}
    for row in rows:
        if row["amount"] is not None:
            found.setdefault(row["number"], {})[row["code"]] = _scaled(row["amount"], spec)
    return found


def ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return numbers as ranges of neighbours.

    >>> ranges([1, 2, 3, 7, 9, 10])
    [(1, 3), (7, 7), (9, 10)]
    """
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _within(numbers: Iterable[int]) -> str:
    return "(" + " or ".join(f"_sequence between {low} and {high}" for low, high in ranges(numbers)) + ")"


def _parts_of(
    warehouse: Path, spec: SourceSpec, place: int, listed: Sequence[int], tables: dict[str, Path]
) -> list[str]:
    """Return the counts of one source's own tables as SQL; the tables that they name go to `tables`."""
    parts = []
    source = _quoted(spec.name)
    if listed and exists(warehouse, bronze_table(spec)):
        name = f"bronze_{place}"
        tables[name] = warehouse / table_path(bronze_table(spec))
        stored = {field.name for field in DeltaTable(str(tables[name])).schema().fields}
        amount = _raw_amount(spec, stored)
        code = _raw_currency(spec, stored)
        parts.append(_count(source, f"'{READ}'", code, amount, f"{name} where {_within(listed)}"))
    if exists(warehouse, spec.silver_table):
        name = f"silver_{place}"
        tables[name] = warehouse / table_path(spec.silver_table)
        amount = f'cast("{spec.amount_column}" as decimal(38,6))' if spec.amount_column else "null"
        amount = f"case when abs({amount}) < {AMOUNT_LIMIT} then {amount} end"
        code = f'"{spec.currency_column}"' if spec.currency_column else _quoted(spec.currency or "")
        parts.append(_count(source, f"'{VALID}'", _code(spec, code), amount, name))
    return parts


def _shared_parts(warehouse: Path, tables: dict[str, Path]) -> list[str]:
    parts = []
    code = "coalesce(_currency, '?')"
    if exists(warehouse, QUARANTINE):
        tables["quarantine"] = warehouse / table_path(QUARANTINE)
        parts.append(_count("source", f"'{QUARANTINED}'", code, "_amount", "quarantine"))
        each = "(select source, unnest(reasons) as why from quarantine)"
        parts.append(_count("source", f"'{_REASON}'", "why", "null", each))
    if exists(warehouse, OUTCOMES):
        tables["outcomes"] = warehouse / table_path(OUTCOMES)
        parts.append(_count("source", "status", code, "_amount", "outcomes"))
    return parts


def _count(source: str, part: str, name: str, amount: str, rows: str) -> str:
    exact = f"cast({amount} as decimal(38,6))"
    return (
        f"select {source} as source, {part} as part, {name} as name, count(*) as rows, "
        f"sum({exact}) as amount, count(*) filter ({exact} is null) as unparseable from {rows} group by 1, 2, 3"
    )


def _raw_amount(spec: SourceSpec, stored: set[str]) -> str:
    """Return the amount of a row of bronze as SQL; null where it has none."""
    if spec.amount_column is None or spec.amount_column not in stored:
        return "null"
    return amount_sql(spec.column(spec.amount_column))


def amount_sql(column: ColumnSpec) -> str:
    """Return the exact amount of a raw column as SQL, by the same rules as `values.exact_amount`."""
    text = _number_text(column)
    decimals = f"length(regexp_extract({text}, {_quoted(SURPLUS_PATTERN)}, 1))"
    exact = f"try_cast({text} as decimal(38,6))"
    is_number = f"regexp_matches({text}, {_quoted(DECIMAL_PATTERN)}) and {decimals} <= 6"
    return f"case when {is_number} and abs({exact}) < {AMOUNT_LIMIT} then {exact} end"


def _raw_currency(spec: SourceSpec, stored: set[str]) -> str:
    if spec.currency_column is None:
        return _quoted(spec.currency or "")
    if spec.currency_column not in stored:
        return "'?'"
    return _code(spec, _raw_text(spec.column(spec.currency_column)))


def _code(spec: SourceSpec, text: str) -> str:
    """Return a currency as `judge.currency` does: a code of three letters, else "?"."""
    if spec.currency_column is None:
        return text
    return f"case when regexp_full_match({text}, '[A-Z]{{3}}') then {text} else '?' end"


def _raw_text(column: ColumnSpec) -> str:
    trimmed = f'trim("{column.name}", {_quoted(BLANKS)})'
    absent = ", ".join(_quoted(word) for word in ("", *column.missing))
    return f"(case when {trimmed} not in ({absent}) then {trimmed} end)"


def _number_text(column: ColumnSpec) -> str:
    """Return a raw number with a point and a leading sign as SQL, by the same rules as `values.number_text`."""
    text, notation = _raw_text(column), column.number_format
    if notation is None:
        return text
    bare = (
        f"regexp_replace({text}, {_quoted(currency_pattern(notation))}, '', 'g')"
        if notation.currency
        else text
    )
    power = f"regexp_extract({bare}, {_quoted(EXPONENT)}, 1)"
    if notation.exponent:
        bare = f"regexp_extract({bare}, {_quoted(MANTISSA)}, 1)"
    digits = f"regexp_replace({bare}, {_quoted(other_than_digits(notation))}, '', 'g')"
    digits = f"replace({digits}, {_quoted(notation.decimal)}, '.')"
    if notation.exponent:
        places = f"try_cast(replace({power}, '+', '') as integer)"
        digits = f"case when {power} <> '' then {_moved_point(digits, places)} else {digits} end"
    sign = f"case when regexp_matches({bare}, {_quoted(NEGATIVE_SIGN)}) then '-' else '' end"
    fits = f"regexp_matches({text}, {_quoted(number_pattern(notation))})"
    return f"(case when {fits} then {sign} || {digits} end)"


def _moved_point(digits: str, places: str) -> str:
    """Return digits with their point moved as SQL, as `notation` does."""
    whole = f"regexp_extract({digits}, '^([0-9]*)', 1)"
    every = f"({whole} || regexp_extract({digits}, '[.]([0-9]*)$', 1))"
    point = f"(length({whole}) + {places})"
    return (
        f"(case when {point} <= 0 then '0.' || repeat('0', -{point}) || {every} "
        f"when {point} >= length({every}) then {every} || repeat('0', {point} - length({every})) "
        f"else {every}[:{point}] || '.' || {every}[{point} + 1:] end)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _control(spec: SourceSpec, figures: Sequence[_Figure]) -> SourceControl:
    counts = {part: sum(f.rows for f in figures if f.part == part) for part in (READ, *FATES)}
    amounts: dict[str, dict[str, Decimal]] = {}
    if spec.amount_column:
        zero = _scaled(Decimal(0), spec)
        for figure in figures:
            if figure.part != _REASON and figure.amount is not None:
                sums = amounts.setdefault(figure.name, dict.fromkeys((READ, *FATES), zero))
                sums[figure.part] = _scaled(figure.amount, spec)
    unparseable = sum(f.unparseable for f in figures if f.part == READ)
    return SourceControl(
        source=spec.name,
        table=spec.silver_table,
        read=counts[READ],
        valid=counts[VALID],
        quarantined=counts[QUARANTINED],
        duplicate=counts[DUPLICATE],
        superseded=counts[SUPERSEDED],
        discarded=counts["discarded"],
        reasons={f.name: f.rows for f in sorted(figures, key=lambda f: f.name) if f.part == _REASON},
        amount_column=spec.amount_column,
        amounts=dict(sorted(amounts.items())),
        unparseable_amounts=unparseable if spec.amount_column else 0,
    )


def _scaled(amount: Decimal, spec: SourceSpec) -> Decimal:
    """Return an amount with the decimals of its column where that loses nothing."""
    assert spec.amount_column is not None
    rounded = amount.quantize(Decimal(1).scaleb(-spec.column(spec.amount_column).type.scale))
    return rounded if rounded == amount else amount
