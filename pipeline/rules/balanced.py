"""Debit and credit of an entry must be equal to the last digit; else every row of it is rejected.

An entry is what one file brings under one number: it is judged whole, file by file, so that the verdict does not
depend on what comes later. A file that brings only some lines of an entry, or only one corrected line, is out of
balance; corrections come as whole entries. An entry with a row that is rejected for another reason is rejected
too, and judged again with that row (an orphan whose parent has come). Copies of a row within the file count once,
and of several versions the newest. Sums are exact decimals; one that overflows does not balance.
Layer: pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from datatrust.core.issues import did_you_mean
from pipeline.contracts.model import ColumnSpec, Rule, SourceSpec
from pipeline.rules.base import Columns, GroupedRow, GroupRule

if TYPE_CHECKING:
    from pyspark.sql import Column

_SIDES = ("debit", "credit")


def _check(arguments: Mapping[str, Any], columns: Columns, column: ColumnSpec | None) -> Iterator[str]:
    if column is not None:
        yield "a balanced rule belongs to the table: write it under its `quality`"
    per = arguments.get("per")
    if not isinstance(per, list) or not per:
        yield "`per` must list what makes an entry, e.g. [journal_id] or [journal_id, currency]"
        per = []
    given = [name for name in ("amount", *_SIDES) if arguments.get(name) is not None]
    if given not in (["amount"], list(_SIDES)):
        yield "name `debit` and `credit`, or one signed `amount`"
    for name in [*per, *(arguments[name] for name in given)]:
        if name not in columns:
            near = did_you_mean(str(name), columns)
            yield f'there is no column "{name}"' + (f"; did you mean {near}?" if near else "")
        elif name not in per and columns[name].type.kind not in ("decimal", "integer"):
            yield f'column "{name}" is a {columns[name].type.kind}, not a number'
    types = {columns[arguments[name]].type for name in given if arguments[name] in columns}
    if len(types) > 1:
        yield "`debit` and `credit` must have the same type, so that no digit is lost between them"


def _columns(arguments: Mapping[str, Any], columns: Columns, column: ColumnSpec | None) -> tuple[str, ...]:
    return (*arguments["per"], *(arguments[name] for name in ("amount", *_SIDES) if name in arguments))


def _breaks(rule: Rule, row: GroupedRow) -> Column:
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    number = [row.value(name) for name in rule.arguments["per"]]
    named = F.lit(True)
    for part in number:
        named = named & part.isNotNull()
    entry = Window.partitionBy(row.file, *number, F.when(~named, row.line))

    def total(argument: str) -> Column:
        name = rule.arguments[argument]
        number = F.coalesce(row.value(name), F.lit(0).cast(row.spec(name).type.spark))
        return F.try_sum(F.when(row.stands_in_file, number)).over(entry)

    is_even = total("amount") == 0 if "amount" in rule.arguments else total("debit") == total("credit")
    is_whole = F.min(row.is_good).over(entry)
    return named & ~(is_whole & F.coalesce(is_even, F.lit(False)))


def _failing(rule: Rule, spec: SourceSpec) -> str:
    names = ", ".join(f'"{name}"' for name in rule.arguments["per"])
    present = " and ".join(f'"{name}" is not null' for name in rule.arguments["per"])
    sums = []
    for argument, sign in (("amount", ""), ("debit", ""), ("credit", "- ")):
        if name := rule.arguments.get(argument):
            exact = f"decimal(38,{spec.column(name).type.scale})"
            sums.append(f'{sign}coalesce(sum(cast("{name}" as {exact})), 0)')
    uneven = f"select {names} from stored where {present} group by {names} having {' '.join(sums)} <> 0"
    return f"select * from stored where ({names}) in ({uneven})"


RULE = GroupRule(
    name="balanced",
    arguments=("per", "debit", "credit", "amount"),
    needs_column=False,
    check=_check,
    columns=_columns,
    breaks=_breaks,
    failing=_failing,
    rank=2,
    reason=lambda arguments, column: (
        f"debit and credit of its {' and '.join(arguments.get('per') or ())} differ in this file, "
        "or a row of it is rejected"
    ),
    summary="debit and credit of an entry must be equal; else all its rows in the file are rejected",
    written="quality: {rule: balanced, per: [journal_id], debit: debit, credit: credit}, or with amount: amount",
)
