"""Say for each column of silver and gold which columns it is made of, back to the header in the raw file.

Gold is read from dbt's compiled SQL, silver from the contracts and the masking policy; nothing is run. What
cannot be traced says why: it counts rows, it is a constant, its SQL could not be read.
Layer: pipeline. Imports core, contracts and sqlglot; opens no table.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node
from sqlglot.lineage import lineage as trace

from datatrust.core.errors import UnknownName
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.masking import MaskingPolicy
from datatrust.core.release import TablePin
from pipeline.contracts.model import SourceSpec
from pipeline.tables import split_name

DIALECT = "spark"
TECHNICAL = {  # columns of silver tables that no contract names
    "_file_sha": "hash of the raw file",
    "_sequence": "number of the raw file in the ledger",
    "_line": "line in the raw file",
    "_row_hash": "keyed or plain hash of all columns of the row",
    "valid_from": "the version's own stamp",
    "valid_to": "the stamp of the next version",
    "is_current": "there is no next version",
}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """One column of a contract, as it stands in the raw files."""

    source: str
    column: str
    header: str
    contract: str  # the contract's path
    pii_class: str | None = None
    mask: str | None = None  # what the policy makes of it, in words


@dataclass(frozen=True, kw_only=True)
class ColumnLineage:
    """One column of a table. `made_of` is one step back, `silver` and `origins` are the ends of every path."""

    column: str
    made_of: tuple[str, ...] = ()  # "gold.fct_sales.net_amount"
    silver: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    reason: str | None = None  # why it is made of no column


@dataclass(frozen=True, kw_only=True)
class TableLineage:
    """The columns of one table, in its order; `withheld` are contract columns that the policy drops."""

    table: str
    columns: tuple[ColumnLineage, ...]
    withheld: tuple[Origin, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Traced:
    """One column of a model, one step back."""

    made_of: tuple[str, ...] = ()
    reason: str | None = None


@dataclass
class _Known:
    """What is known of every column so far, by its whole name: "gold.fct_sales.net_amount"."""

    found: dict[str, ColumnLineage] = field(default_factory=dict)
    traced: dict[str, _Traced] = field(default_factory=dict)  # gold, one step back


def make_lineage(
    specs: Sequence[SourceSpec],
    policy: MaskingPolicy,
    compiled: Mapping[str, str],
    pins: Mapping[str, TablePin],
) -> tuple[TableLineage, ...]:
    """Return the lineage of every silver and gold table of a release.

    Args:
        compiled: the SQL of each gold table that dbt built.
        pins: the tables of the release, with their columns.
    """
    known = _Known()
    columns = {name: [column for column, _ in pin.columns] for name, pin in pins.items()}
    tables: list[TableLineage] = []
    for spec in specs:
        for table in filter(None, (spec.silver_table, spec.quarantine_table)):
            if table in columns:
                tables.append(_silver_table(spec, policy, table, columns[table]))
    known.found = {f"{t.table}.{c.column}": c for t in tables for c in t.columns}
    schema = _nested(pins)
    gold = [name for name in columns if name.startswith("gold.")]
    for name in gold:
        known.traced |= _trace_model(name, compiled.get(name), columns[name], schema)
    for name in gold:
        tables.append(
            TableLineage(
                table=name, columns=tuple(_resolved(f"{name}.{column}", known) for column in columns[name])
            )
        )
    return tuple(sorted(tables, key=lambda table: table.table))


def find_lineage(tables: Sequence[TableLineage], wanted: str) -> tuple[TableLineage, ColumnLineage | None]:
    """Return the table that `wanted` names, and the column if it names one too; the schema may be left out.

    Raises:
        UnknownName: there is no such table or column.
    """
    names: dict[str, TableLineage] = {}
    for table in tables:
        names[table.table] = table
        names.setdefault(split_name(table.table)[1], table)
    if wanted in names:
        return names[wanted], None
    name, _, column = wanted.rpartition(".")
    if name not in names:
        known = sorted({table.table for table in tables})
        schemas = {split_name(table)[0] for table in known}
        meant = wanted if name in ("", *schemas) else name
        raise UnknownName(
            Issue(
                code="DT464",
                message=f'no table "{meant}" in this release',
                suggestion=did_you_mean(meant, names),
                hint=f"tables: {', '.join(known)}",
            )
        )
    found = names[name]
    for one in found.columns:
        if one.column == column:
            return found, one
    known = [one.column for one in found.columns]
    raise UnknownName(
        Issue(
            code="DT464",
            message=f'{found.table} has no column "{column}"',
            suggestion=did_you_mean(column, known),
            hint=f"columns: {', '.join(known)}",
        )
    )


def lineage_to_json(tables: Sequence[TableLineage]) -> dict[str, Any]:
    """Return the lineage as the document that a release keeps."""
    return {"format": 1, "tables": list(tables)}


def lineage_from_json(document: Mapping[str, Any]) -> tuple[TableLineage, ...]:
    """Return what `lineage_to_json` wrote."""
    return tuple(
        TableLineage(
            table=table["table"],
            columns=tuple(
                ColumnLineage(
                    column=column["column"],
                    made_of=tuple(column["made_of"]),
                    silver=tuple(column["silver"]),
                    origins=tuple(Origin(**origin) for origin in column["origins"]),
                    reason=column["reason"],
                )
                for column in table["columns"]
            ),
            withheld=tuple(Origin(**origin) for origin in table["withheld"]),
        )
        for table in document["tables"]
    )


def _silver_table(
    spec: SourceSpec, policy: MaskingPolicy, table: str, columns: Sequence[str]
) -> TableLineage:
    origins = {
        column.name: Origin(
            source=spec.name,
            column=column.name,
            header=column.header,
            contract=spec.file,
            pii_class=column.pii_class,
            mask=policy.classes[column.pii_class].words if column.pii_class else None,
        )
        for column in spec.columns
    }
    found = []
    for name in columns:
        if name in origins:
            found.append(ColumnLineage(column=name, silver=(f"{table}.{name}",), origins=(origins[name],)))
        else:
            reason = TECHNICAL.get(
                name, "written by the pipeline: where the row came from and what befell it"
            )
            found.append(ColumnLineage(column=name, silver=(f"{table}.{name}",), reason=reason))
    withheld = tuple(
        origins[column.name]
        for column in spec.pii_columns
        if table == spec.silver_table and column.name not in columns
    )
    return TableLineage(table=table, columns=tuple(found), withheld=withheld)


def _trace_model(
    name: str, sql: str | None, columns: Sequence[str], schema: Mapping[str, Any]
) -> dict[str, _Traced]:
    """Return each column of a gold table one step back."""
    if sql is None:
        reason = "computed from the catalog's metrics on this release: datatrust semantic describe"
        return {f"{name}.{column}": _Traced(reason=reason) for column in columns}
    quiet = logging.getLogger("sqlglot")
    before = quiet.level
    quiet.setLevel(logging.CRITICAL)
    try:
        nodes = trace(None, sql, dict(schema), dialect=DIALECT, trim_selects=False)
    except (SqlglotError, ValueError, KeyError):
        reason = "its SQL could not be analysed"
        return {f"{name}.{column}": _Traced(reason=reason) for column in columns}
    finally:
        quiet.setLevel(before)
    return {
        f"{name}.{column}": _traced(name, nodes[column])
        if column in nodes
        else _Traced(reason="not among the columns of the model's SQL")
        for column in columns
    }


def _traced(name: str, node: Node) -> _Traced:
    """Return the table columns at the leaves; an incremental model's own rows are no origin."""
    made_of = set()
    unresolved = False
    for leaf in _leaves(node):
        if isinstance(leaf.expression, exp.Table):
            column = leaf.name.rpartition(".")[2]
            table = f"{leaf.expression.db}.{leaf.expression.name}"
            unresolved = unresolved or column == "*"
            if table != name:
                made_of.add(f"{table}.{column}")
    if unresolved:
        return _Traced(reason="its SQL takes every column of a table whose columns are not known")
    if made_of:
        return _Traced(made_of=tuple(sorted(made_of)))
    counts = any(
        isinstance(n.expression, exp.Expression) and n.expression.find(exp.Count) for n in node.walk()
    )
    if counts:
        tables = sorted(
            {
                f"{table.db}.{table.name}"
                for n in node.walk()
                for table in n.source.find_all(exp.Table)
                if table.db
            }
            - {name}
        )
        return _Traced(reason=f"counts rows of {', '.join(tables)}")
    return _Traced(reason="a constant of the model's SQL")


def _leaves(node: Node) -> Iterator[Node]:
    return (one for one in node.walk() if not one.downstream)


def _resolved(name: str, known: _Known) -> ColumnLineage:
    """Return a gold column with the ends of every path that leads to it."""
    if name in known.found:
        return known.found[name]
    step = known.traced[name]
    ends = [
        _resolved(one, known) if one in known.found or one in known.traced else ColumnLineage(column=one)
        for one in step.made_of
    ]
    origins = {(o.source, o.column): o for end in ends for o in end.origins}
    reasons = [end.reason for end in ends if end.reason]
    found = ColumnLineage(
        column=name.rpartition(".")[2],
        made_of=step.made_of,
        silver=tuple(sorted({column for end in ends for column in end.silver})),
        origins=tuple(origins[key] for key in sorted(origins)),
        reason=step.reason or (None if origins else next(iter(reasons), None)),
    )
    known.found[name] = found
    return found


def _nested(pins: Mapping[str, TablePin]) -> dict[str, dict[str, dict[str, str]]]:
    """Return the schema as sqlglot takes it: schema -> table -> column -> type."""
    nested: dict[str, dict[str, dict[str, str]]] = {}
    for name, pin in pins.items():
        schema, table = split_name(name)
        nested.setdefault(schema, {})[table] = dict(pin.columns)
    return nested
