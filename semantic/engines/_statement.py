"""Check a statement for engines that cannot be locked, and point its tables at pinned versions.

DuckDB is opened so that nothing but its views can be reached. Spark and a warehouse have no such lock, so each
statement is parsed: one SELECT, of the engine's own tables, without functions that reach the machine. The text that
runs is the text that came, but for the tables' names.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from datatrust.core.errors import EngineError
from semantic.compiler.sql import DEFAULT_SCHEMA

_TABLE_FUNCTIONS = ("range", "explode", "posexplode", "inline", "stack")
_REACHING = (
    "reflect", "java_method", "try_reflect", "input_file_name", "input_file_block_start", "input_file_block_length",
    "current_user", "user", "session_user", "read_files", "http_request", "ai_query", "secret", "try_secret",
    "list_secrets", "remote_query", "from_avro", "schema_of_avro",
)  # fmt: skip


def point_tables(statement: str, names: Mapping[str, str], dialect: str) -> str:
    """Return `statement` with each table replaced by what `names` gives for it ("gold.fct_sales" -> text).

    Raises:
        EngineError: it is more than one SELECT of these tables.
    """
    try:
        trees = sqlglot.parse(statement, dialect=dialect)
    except SqlglotError:
        raise EngineError("the statement cannot be read", sql=statement) from None
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Query):
        raise EngineError("only one SELECT at a time can be run", sql=statement)
    _check_functions(tree, statement)
    parts = {each.alias for each in tree.find_all(exp.CTE)}
    places = []
    for table in tree.find_all(exp.Table):
        found = _place(table, names, parts, statement)
        if found is not None:
            places.append(found)
    for first, last, text in sorted(places, reverse=True):
        statement = statement[:first] + text + statement[last + 1 :]
    return statement


def _place(
    table: exp.Table, names: Mapping[str, str], parts: set[str], statement: str
) -> tuple[int, int, str] | None:
    """Where a table's name stands, and what takes its place; None where it is a part of the statement."""
    name, schema = table.this, table.args.get("db")
    if not isinstance(name, exp.Identifier):
        if str(getattr(name, "name", "")).lower() in _TABLE_FUNCTIONS:
            return None
        raise EngineError("the statement reads what is no table", sql=statement)
    if schema is None and name.name in parts:
        return None
    shown = f"{schema.name}.{name.name}" if schema is not None else name.name
    known = names.get(shown) or names.get(shown.removeprefix(f"{DEFAULT_SCHEMA}."))
    if known is None or table.args.get("catalog") is not None:
        raise EngineError(f"the statement reads {shown}, which is none of its tables", sql=statement)
    first = schema if schema is not None else name
    return int(first.meta["start"]), int(name.meta["end"]), known


def _check_functions(tree: exp.Expr, statement: str) -> None:
    for node in tree.find_all(exp.Func, exp.QueryTransform, exp.Command, exp.Into):
        if isinstance(node, exp.Func):
            word = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
            if str(word).lower() not in _REACHING:
                continue
        raise EngineError("the statement calls what no query of metrics needs", sql=statement)
