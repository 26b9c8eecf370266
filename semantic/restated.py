"""Set each number beside the number as it was reported: the same question on an earlier release, joined on its groups.

A group that only the earlier release has is shown too, with no value now. The earlier release answers with its own
data and its own definitions. Differences are computed in decimals, by the rules of every other comparison.
Layer: semantic. Pure, over two results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal

from datatrust.core.issues import Issue
from semantic.certificate import hash_rows
from semantic.compiler.arithmetic import QUOTIENT_SCALE
from semantic.model import Metric
from semantic.query import MetricQuery, Scalar
from semantic.result import QueryResult, ResultColumn

AS_REPORTED = "as_reported"
_WIDE = Context(prec=76, rounding=ROUND_HALF_UP)
_UNIT = Decimal(1).scaleb(-QUOTIENT_SCALE)


def refuse_with_reported(query: MetricQuery) -> list[Issue]:
    """Return what cannot be asked together with the numbers as reported."""
    given = {
        "having": bool(query.having), "share_of": query.share_of is not None, "running": query.running,
        "top with others": query.top is not None and query.top.others,
    }  # fmt: skip
    return [
        Issue(
            code="DT308",
            message=f"{what} and a comparison with the number as reported do not go together",
            hint=f"leave {what} out, or ask on the earlier release alone: as_of",
        )
        for what, is_given in given.items()
        if is_given
    ]


def with_reported(
    now: QueryResult, then: QueryResult, *, words: str, metrics: Mapping[str, Metric], query: MetricQuery
) -> QueryResult:
    """Return `now` with the values of `then` beside each metric.

    Args:
        words: which release `then` is of, for people.
        metrics: what each metric is, for its better side.
        query: as it was asked.
    """
    keys = [index for index, column in enumerate(now.columns) if column.kind == "dimension"]
    before = {tuple(row[index] for index in keys): row for row in then.rows}
    rows = [_row(now.columns, row, before.pop(_group(row, keys), None), metrics) for row in now.rows]
    if query.limit is None and query.top is None:
        none: tuple[Scalar, ...] = (None,) * (len(now.columns) - len(keys))
        rows += [_row(now.columns, (*group, *none), row, metrics) for group, row in before.items()]
    totals = None
    if now.totals is not None:
        totals = _row(now.columns, now.totals, then.totals, metrics)
    columns = tuple(made for column in now.columns for made in _columns(column))
    return replace(
        now,
        query=replace(now.query, compare=query.compare, as_of=query.as_of),
        columns=columns,
        rows=tuple(rows),
        totals=totals,
        sql=f"{now.sql};\n\n-- as reported, on release {then.evidence.release}\n{then.sql}",
        assumptions=(*now.assumptions, f"Beside the number as reported in {words}"),
        evidence=replace(now.evidence, result=hash_rows(columns, rows, totals)),
        timings_ms={
            name: round(value + then.timings_ms.get(name, 0), 3) for name, value in now.timings_ms.items()
        },
    )


def _group(row: tuple[Scalar, ...], keys: list[int]) -> tuple[Scalar, ...]:
    return tuple(row[index] for index in keys)


def _columns(column: ResultColumn) -> list[ResultColumn]:
    if column.kind != "metric":
        return [column]

    def beside(suffix: str, words: str, unit: str | None) -> ResultColumn:
        return replace(
            column,
            name=f"{column.name}__{suffix}",
            label=f"{column.label}, {words}",
            kind="comparison",
            unit=unit,
            currency=column.currency if unit == "currency" else None,
        )

    points = "points" if column.unit == "percent" else column.unit
    return [
        column,
        beside("base", "as reported", column.unit),
        beside("difference", "difference", points),
        beside("percent", "change in percent", "percent"),
        beside("favourable", "favourable", None),
    ]


def _row(
    columns: tuple[ResultColumn, ...],
    row: tuple[Scalar, ...],
    before: tuple[Scalar, ...] | None,
    metrics: Mapping[str, Metric],
) -> tuple[Scalar, ...]:
    made: list[Scalar] = []
    for index, column in enumerate(columns):
        made.append(row[index])
        if column.kind == "metric":
            base = before[index] if before is not None else None
            made += [base, *_compared(row[index], base, metrics[column.metric or column.name].better)]
    return tuple(made)


def _compared(value: Scalar, base: Scalar, better: str | None) -> tuple[Scalar, Scalar, Scalar]:
    """Difference, percent of the base's size, and whether it is good news."""
    if not _is_number(value) or not _is_number(base):
        return None, None, None
    actual, other = Decimal(str(value)), Decimal(str(base))
    difference = _WIDE.subtract(actual, other)
    percent = _WIDE.divide(difference, abs(other)).quantize(_UNIT, context=_WIDE) if other else None
    if percent is not None:
        percent = percent.normalize(_WIDE) if percent else Decimal(0)
    favourable = None
    if better is not None and difference:
        favourable = (difference > 0) == (better == "higher")
    return difference, percent, favourable


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
