"""Convert a row's money: times the rate of its currency, over the rate of the wanted one, exactly.

The group currency is 1 of itself whatever the table says. A row whose rate is missing gives no number but a fault:
a statement beside the query finds it, as another finds two rates for one currency and period.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from semantic.calendar import GREGORIAN
from semantic.compiler import sql
from semantic.compiler.arithmetic import EXACT_QUOTIENT, QUOTIENT_SCALE
from semantic.compiler.binding import Binder, Proof, type_of, typed_paren
from semantic.compiler.buckets import add_months, bucket
from semantic.compiler.measures import numeric
from semantic.model import Catalog, CurrencyRates, Metric
from semantic.resolved import Conversion
from semantic.schema import Schema, SqlType


class Converter:
    """The rates that one pass needs; `missing` are conditions under which a row lacks one."""

    def __init__(
        self, binder: Binder, catalog: Catalog, schema: Schema, day: exp.Expr | None, years: int
    ) -> None:
        self._binder = binder
        self._catalog = catalog
        self._schema = schema
        self._day = day  # the day whose rates count
        self._years = years  # how many years earlier the rates are taken
        self.missing: list[tuple[exp.Expr, exp.Expr, str]] = []  # (condition, currency, kind)

    def convert(self, metric: Metric, value: exp.Expr, conversion: Conversion) -> exp.Expr:
        """Return `value` in the target currency."""
        amount, kind = numeric(metric, value)
        scale = kind.scale
        code = (
            self._binder.expression(conversion.source)
            if conversion.source
            else exp.Literal.string(conversion.code or "")
        )
        if conversion.own_rate is not None:
            rate = self._binder.expression(conversion.own_rate)
            amount, scale = _times(amount, scale, rate, type_of(rate))
            self._need(value, rate, code, "transaction")
        elif conversion.code != conversion.group:
            rate, rate_type = self._rate(code, conversion)
            amount, scale = _times(amount, scale, rate, rate_type)
            self._need(value, rate, code, conversion.kind)
        if conversion.target != conversion.group:
            wanted = exp.Literal.string(conversion.target)
            rate, rate_type = self._rate(wanted, conversion)
            self._need(value, rate, wanted, conversion.kind)
            amount = exp.Anonymous(
                this=EXACT_QUOTIENT,
                expressions=[
                    sql.decimal(amount, scale), sql.number(scale), sql.decimal(rate, rate_type.scale),
                    sql.number(rate_type.scale), sql.number(QUOTIENT_SCALE),
                ],
            )  # fmt: skip
            scale = QUOTIENT_SCALE
        return typed_paren(amount, SqlType("decimal", scale))

    def _rate(self, code: exp.Expr, conversion: Conversion) -> tuple[exp.Expr, SqlType]:
        """Group currency for one unit of `code`, in the period of the day that counts."""
        rates = self._catalog.rates
        assert rates is not None
        assert conversion.column is not None
        assert self._day is not None
        day = add_months(self._day.copy(), -12 * self._years)
        alias = f"rates_{'of_it' if conversion.source and not isinstance(code, exp.Literal) else code.name.lower()}"
        there = self._schema.column(rates.table, rates.currency)
        period = sql.column(self._schema.column(rates.table, rates.period).name, alias)
        on = sql.all_of(
            [
                exp.EQ(this=sql.column(there.name, alias), expression=code.copy()),
                exp.EQ(
                    this=bucket(_as_date(period), rates.grain, GREGORIAN),
                    expression=bucket(day, rates.grain, GREGORIAN),
                ),
            ]
        )
        assert on is not None
        self._binder.join_table(rates.table, alias, on, _unique(rates, self._schema))
        column = self._schema.column(rates.table, conversion.column)
        scale = column.type.scale if column.type.kind in ("decimal", "integer") else QUOTIENT_SCALE
        rate: exp.Expr = sql.decimal(sql.column(column.name, alias), scale)
        if not isinstance(code, exp.Literal):
            is_group = exp.EQ(this=code.copy(), expression=exp.Literal.string(conversion.group))
            rate = exp.Case(ifs=[exp.If(this=is_group, true=exp.Literal.number(1))], default=rate)
        return rate, SqlType("decimal", scale)

    def _need(self, value: exp.Expr, rate: exp.Expr, code: exp.Expr, kind: str) -> None:
        there = exp.Not(this=exp.Is(this=exp.Paren(this=value.copy()), expression=exp.Null()))
        lacking = exp.Is(this=exp.Paren(this=rate.copy()), expression=exp.Null())
        self.missing.append((exp.And(this=there, expression=lacking), code.copy(), kind))


def missing_rates(
    select: exp.Select,
    missing: Sequence[tuple[exp.Expr, exp.Expr, str]],
    day: exp.Expr,
    model: str,
    table: str,
) -> list[Proof]:
    """Return the statements that give a currency and a day for which a pass lacks a rate.

    Args:
        select: the pass, whose FROM and WHERE say which rows count.
        day: the day of a row.
    """
    proofs = []
    for condition, code, kind in missing:
        found = select.copy()
        found.set("group", None)
        shown = sql.cast(code.copy(), "TEXT")
        found.set("expressions", [sql.aliased(shown, "currency"), sql.aliased(day.copy(), "day")])
        found = sql.limited(found.where(condition, copy=False), 1)
        proofs.append(
            Proof(
                code="DT326",
                model=model,
                table=table,
                statement=found,
                message=f"no {kind} rate for {{0}} on {{1}}, so rows would be left out of the sum",
                hint=f"complete {table}, or leave those rows out",
            )
        )
    return proofs


def _times(amount: exp.Expr, scale: int, rate: exp.Expr, rate_type: SqlType) -> tuple[exp.Expr, int]:
    digits = rate_type.scale if rate_type.kind in ("decimal", "integer") else QUOTIENT_SCALE
    return exp.Mul(this=sql.decimal(amount, scale), expression=sql.decimal(rate, digits)), scale + digits


def _as_date(node: exp.Column) -> exp.Expr:
    return sql.cast(node, "DATE")


def _unique(rates: CurrencyRates, schema: Schema) -> Proof:
    """No currency has two rates for one period."""
    currency = sql.column(schema.column(rates.table, rates.currency).name, "rates")
    period = bucket(
        _as_date(sql.column(schema.column(rates.table, rates.period).name, "rates")), rates.grain, GREGORIAN
    )
    select = exp.Select(expressions=[sql.cast(currency.copy(), "TEXT"), period.copy()])
    select = select.from_(sql.stored_table(rates.table, "rates"), copy=False).group_by(
        currency, period, copy=False
    )
    twice = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
    return Proof(
        code="DT327",
        model=rates.table,
        table=rates.table,
        statement=select.having(twice, copy=False).limit(1, copy=False),
        message=f"{rates.table} has two rates for {{0}} in the period of {{1}}",
        hint="a currency has one rate a period; leave one of them out",
    )
