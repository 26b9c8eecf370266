"""What a source promises: columns, key, rules, masks and where its rows go. Read once, never changed.

Layer: pipeline. Imports core only; every other step of ingest imports this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from datatrust.core.issues import SourcePosition

Kind = Literal["string", "integer", "decimal", "date", "timestamp", "boolean"]
LoadMode = Literal["append", "snapshot", "upsert", "scd2"]
LOAD_MODES: tuple[LoadMode, ...] = get_args(LoadMode)
VALID_FROM, VALID_TO, IS_CURRENT = "valid_from", "valid_to", "is_current"  # of a silver that keeps history
Severity = Literal["reject", "warn"]
Decision = Literal["evolve", "freeze", "discard", "quarantine"]  # what follows when a file departs from it
DECISIONS: tuple[Decision, ...] = get_args(Decision)


@dataclass(frozen=True, kw_only=True)
class ColumnType:
    """The type of a silver column. `precision` and `scale` count for decimals only."""

    kind: Kind
    precision: int = 0
    scale: int = 0

    @property
    def spark(self) -> str:
        """Return the type as Spark writes it.

        >>> ColumnType(kind="decimal", precision=18, scale=2).spark
        'decimal(18,2)'
        """
        if self.kind == "decimal":
            return f"decimal({self.precision},{self.scale})"
        return {"integer": "bigint"}.get(self.kind, self.kind)


@dataclass(frozen=True, kw_only=True)
class NumberFormat:
    """How raw text writes the numbers of a column; `pipeline.notation` gives it its meaning."""

    decimal: str = "."
    thousands: str | None = None  # between groups of three; numbers without any are read too
    currency: tuple[str, ...] = ()  # signs that may stand before or after the number, such as "$" or "EUR"
    negative: tuple[str, ...] = ("minus",)  # "trailing_minus", "parentheses"; a leading minus always counts
    exponent: bool = False  # a power of ten may follow: 1.5E-3


@dataclass(frozen=True, kw_only=True)
class ControlTotals:
    """Figures that the sender gives along with a file; a file that does not agree is not taken in."""

    pattern: str  # its named groups `rows` and `sum` hold the figures
    column: str | None = None  # whose sum it is
    side_file: str | None = (
        None  # beside the raw file, "{name}.ctl" or "{stem}.ctl"; None: the file's own footer
    )


@dataclass(frozen=True, kw_only=True)
class DatabaseTable:
    """Where a source's rows lie in a database. The password is only ever named, by its environment variable."""

    host: str
    port: int
    database: str
    user: str
    password_variable: str
    query: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that every row must fulfil.

    `id` is "<family>:<column or name>", unique in its source and stable: it is the reason a quarantined row
    carries. `kind` names the plug-in in `pipeline.rules` that turns `arguments` into a Spark expression.
    """

    id: str
    kind: str
    columns: tuple[str, ...]
    reason: str  # the sentence a person reads
    severity: Severity = "reject"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    owner: str | None = None
    position: SourcePosition | None = None


@dataclass(frozen=True, kw_only=True)
class ColumnSpec:
    """One column of a source. `name` is the column's name in bronze and silver, `header` the one in raw files."""

    name: str
    header: str
    type: ColumnType
    required: bool = False
    unique: bool = False
    number_format: NumberFormat | None = None  # None: a point, no separators, a leading sign
    date_formats: tuple[str, ...] = ()  # Java's letters, each of exact width; none is ISO
    missing: tuple[str, ...] = ()  # words that stand for nothing, e.g. "n/a"
    pii_class: str | None = None
    on_missing: Decision | None = None  # None: what the source says
    on_type_change: Decision | None = None
    is_evolved: bool = False  # not of the contract: a new column of some file that it lets in
    description: str | None = None
    position: SourcePosition | None = None

    @property
    def is_pii(self) -> bool:
        return self.pii_class is not None


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    """Values of `columns` must stand in the valid rows of source `parent`, in `parent_columns`."""

    rule: Rule
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DriftPolicy:
    """What a source does when a file departs from its contract, where a column says nothing of its own."""

    new_column: Decision = "discard"  # its values stay in bronze only
    new_columns: Mapping[str, Decision] = field(default_factory=dict)  # by header, in small letters
    missing_column: Decision | None = None  # None: freeze a required one, take another as empty
    type_change: Decision = "freeze"
    type_change_share: float | None = None  # of values that no longer read, from which a type has changed


@dataclass(frozen=True, kw_only=True)
class RowCount:
    """A bound on the rows of the silver table, checked by the audit and not per row."""

    id: str
    minimum: int | None = None
    maximum: int | None = None
    severity: Severity = "reject"


@dataclass(frozen=True, kw_only=True)
class SourceSpec:
    """One contract, as the pipeline works on it."""

    name: str  # bronze.<name>
    version: str
    title: str
    owner: str | None
    file: str  # the contract's path as shown to a person
    hash: str  # sha256 of the contract's text
    glob: str  # raw files, relative to the raw folder; of a database, relative to its extracts
    reader: str  # a plug-in of pipeline.readers
    reader_options: Mapping[str, Any]
    control_totals: ControlTotals | None = None
    database: DatabaseTable | None = None  # the raw files are extracts of it, made by the pipeline
    columns: tuple[ColumnSpec, ...]
    key: tuple[str, ...]  # empty: the whole row is the key
    sequence: str | None  # the column that orders versions of a key; None: the later delivery wins
    load_mode: LoadMode
    snapshot_date: str | None = None  # finds in a file's path what orders snapshots; None: their arrival
    max_shrink: float | None = None  # the share of rows that a snapshot may lose against the one before it
    duplicates: Literal["drop", "keep"]  # of a source without key
    drift: DriftPolicy = DriftPolicy()
    silver_table: str  # "silver.sales_clean"
    quarantine_table: str | None  # "silver.sales_quarantine", masked
    rules: tuple[Rule, ...]  # every rule that rejects or warns, foreign keys among them
    foreign_keys: tuple[ForeignKey, ...]
    source_rules: tuple[Rule, ...] = ()  # rules of the whole source: freshness, unusual deliveries
    row_counts: tuple[RowCount, ...] = ()
    redelivery: Literal["replace", "add"] | None = None  # of a known path, other content; None: `corrections`
    amount_column: str | None = None
    currency_column: str | None = None
    currency: str | None = None  # the one currency of a source that has no such column
    description: str | None = None
    position: SourcePosition | None = None

    @property
    def keeps_history(self) -> bool:
        """Say whether silver keeps every version of a key, with the time it was valid."""
        return self.load_mode == "scd2"

    @property
    def silver_key(self) -> tuple[str, ...]:
        """Return the columns whose values name one row of silver; none where the whole row does."""
        return (*self.key, VALID_FROM) if self.keeps_history else self.key

    @property
    def parents(self) -> tuple[str, ...]:
        """Return the sources that must be loaded before this one."""
        return tuple(dict.fromkeys(fk.parent for fk in self.foreign_keys if fk.parent != self.name))

    @property
    def repair_glob(self) -> str:
        """Return the pattern of files that bring repaired rows, whatever the source's own files look like."""
        return f"**/{self.name}.repaired*.csv"

    @property
    def pii_columns(self) -> tuple[ColumnSpec, ...]:
        return tuple(column for column in self.columns if column.is_pii)

    def on_new(self, header: str) -> Decision:
        """Return what a column that the contract does not know means for its file."""
        return self.drift.new_columns.get(header.strip().lower(), self.drift.new_column)

    def on_missing(self, column: ColumnSpec) -> Decision:
        """Return what it means for a file that a column is not there."""
        default: Decision = "freeze" if column.required else "evolve"
        return column.on_missing or self.drift.missing_column or default

    def on_type_change(self, column: ColumnSpec) -> Decision:
        """Return what it means for a file that most values of a column do not read as its type."""
        return column.on_type_change or self.drift.type_change

    def column(self, name: str) -> ColumnSpec:
        """Return the column called `name`; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
