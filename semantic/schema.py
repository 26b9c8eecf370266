"""Column types of the tables behind a catalog, in the few kinds that arithmetic and filters need to know.

Reads the type words of Delta ("decimal(18,2)", "string") and of DuckDB ("DECIMAL(18,2)", "VARCHAR") alike. A
type it does not know is "unknown", which is treated with the same care as a floating number.
Layer: semantic. Imports core and the catalog's types; opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from datatrust.core.issues import Issue, did_you_mean
from semantic.model import Catalog

Kind = Literal["integer", "decimal", "double", "date", "timestamp", "boolean", "text", "unknown"]

DOUBLE_SCALE = 6  # digits that a floating or unknown number keeps where its metric declares none

_INTEGERS = {
    "tinyint", "smallint", "int", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint",
    "uhugeint", "byte", "short", "long",
}  # fmt: skip
_DECIMAL = re.compile(r"(?:decimal|numeric)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?$")


@dataclass(frozen=True)
class SqlType:
    """A kind, and for decimals the digits after the point."""

    kind: Kind
    scale: int = 0

    def __deepcopy__(self, memo: object) -> SqlType:
        """A frozen value is its own copy: trees that are copied carry many of them."""
        return self

    @property
    def is_number(self) -> bool:
        """Whether it adds up."""
        return self.kind in ("integer", "decimal", "double", "unknown")


UNKNOWN = SqlType("unknown")


def parse_type(text: str) -> SqlType:
    """Return the kind of a type's name.

    >>> parse_type("decimal(18,2)")
    SqlType(kind='decimal', scale=2)
    """
    word = text.strip().lower()
    if found := _DECIMAL.match(word):
        if found[1] is None:
            return SqlType("decimal", 3)
        return SqlType("decimal", int(found[2] or 0))
    if word in _INTEGERS:
        return SqlType("integer")
    if word in ("double", "float", "real"):
        return SqlType("double")
    if word == "date":
        return SqlType("date")
    if word.startswith(("timestamp", "datetime")):
        return SqlType("timestamp")
    if word in ("boolean", "bool"):
        return SqlType("boolean")
    if word.startswith(("varchar", "string", "text", "char", "uuid", "enum")):
        return SqlType("text")
    return UNKNOWN


@dataclass(frozen=True)
class Column:
    """A column as the table spells it."""

    name: str
    type: SqlType


@dataclass(frozen=True, kw_only=True)
class Schema:
    """Tables and their columns. A table that is not in it is taken as its catalog describes it."""

    tables: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)  # table -> lower name -> column

    @classmethod
    def of(cls, tables: Mapping[str, Iterable[tuple[str, str]]]) -> Schema:
        """Build one from (name, type) pairs of each table."""
        return cls(
            tables={
                table: {name.lower(): Column(name, parse_type(kind)) for name, kind in columns}
                for table, columns in tables.items()
            }
        )

    def column(self, table: str, name: str) -> Column:
        """Return the column of `table` that `name` means, in any case of letters."""
        columns = self.tables.get(table)
        found = columns.get(name.lower()) if columns else None
        return found or Column(name, UNKNOWN)

    def has(self, table: str, name: str) -> bool:
        """Whether `table` has that column; true where the table's columns are not known."""
        columns = self.tables.get(table)
        return columns is None or name.lower() in columns


def missing_column(table: str, name: str, columns: Mapping[str, Column], **where: object) -> Issue:
    """Return the issue for a column that `table` does not have, with the nearest that it has."""
    return Issue(
        code="DT203",
        message=f'unknown column "{name}": {table} has no such column',
        suggestion=did_you_mean(name, [column.name for column in columns.values()]),
        hint=f"columns of {table}: {', '.join(sorted(column.name for column in columns.values())[:30])}",
        **where,  # type: ignore[arg-type]
    )


def tables_of(catalog: Catalog) -> tuple[str, ...]:
    """Return the tables that the catalog reads, each once: those of its models, of rates and of listed periods."""
    read = sorted({model.table for model in catalog.models.values()})
    read += [catalog.rates.table] if catalog.rates is not None else []
    read += [each.periods.table for each in catalog.calendars.values() if each.periods is not None]
    return tuple(dict.fromkeys(read))
