"""Spark's words for exact arithmetic: what Spark 4 was seen to round or to refuse is written otherwise."""

from __future__ import annotations

import re

import pytest
from sqlglot import exp

from datatrust.core.errors import UserError
from semantic.compiler import sql
from semantic.compiler.arithmetic import EXACT_QUOTIENT
from semantic.compiler.binding import typed
from semantic.compiler.dialects import print_sql
from semantic.expressions import parse_expression
from semantic.schema import SqlType


def number(name: str, scale: int) -> exp.Column:
    return typed(sql.column(name), SqlType("decimal", scale))


def text(node: exp.Expr, dialect: str = "spark") -> str:
    return re.sub(r"\s+", " ", print_sql(exp.Select(expressions=[node]), dialect)).removeprefix("SELECT ")


def quotient(top: exp.Expr, bottom: exp.Expr, one: int = 2, other: int = 2) -> exp.Expr:
    digits = [exp.Literal.number(each) for each in (one, other, 12)]
    return exp.Anonymous(this=EXACT_QUOTIENT, expressions=[top, digits[0], bottom, digits[1], digits[2]])


def test_no_decimal_is_so_wide_that_a_sum_of_two_loses_a_digit() -> None:
    assert text(sql.decimal(sql.column("a"), 12)) == "CAST(`a` AS DECIMAL(37, 12))"
    assert text(sql.decimal(sql.column("a"), 2)) == "CAST(`a` AS DECIMAL(27, 2))"


@pytest.mark.parametrize(("one", "other"), [(2, 2), (2, 6), (8, 6), (12, 2), (0, 0), (20, 2)])
def test_a_quotient_is_rounded_once_at_twelve_digits(one: int, other: int) -> None:
    """Spark: scale = 38 - (digits of the dividend - its scale + scale of the divisor), cut from a longer one."""
    made = text(quotient(sql.column("a"), sql.column("b"), one, other))
    found = re.match(
        r"CAST\(CAST\(`a` AS DECIMAL\((\d+), (\d+)\)\) / NULLIF\(CAST\(`b` AS DECIMAL\(38, (\d+)\)\), 0\)",
        made,
    )
    assert found is not None
    precision, scale, divisor = (int(each) for each in found.groups())
    assert precision <= 38
    assert divisor >= other
    assert 38 - (precision - scale + divisor) == 12


def test_a_product_keeps_all_its_digits() -> None:
    made = text(exp.Mul(this=sql.decimal(number("a", 6), 6), expression=sql.decimal(number("b", 6), 6)))
    found = re.findall(r"DECIMAL\((\d+), (\d+)\)", made)
    precision = sum(int(each) for each, _ in found) + 1
    assert precision <= 38
    assert sum(int(scale) for _, scale in found) == 12


def test_a_product_of_few_digits_is_left_alone() -> None:
    assert text(exp.Mul(this=number("a", 2), expression=number("b", 4))) == "`a` * `b`"


def test_results_of_a_choice_have_one_scale() -> None:
    made = text(exp.Coalesce(this=number("a", 12), expressions=[number("b", 2)]))
    assert made == "COALESCE(CAST(`a` AS DECIMAL(37, 12)), CAST(`b` AS DECIMAL(37, 12)))"


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "databricks"])
def test_a_quotient_inside_another_is_written_out_too(dialect: str) -> None:
    inner = exp.Add(this=quotient(number("a", 2), number("b", 2)), expression=number("c", 2))
    assert EXACT_QUOTIENT not in text(quotient(inner, number("d", 2), 12, 2), dialect)


def test_a_with_inside_another_has_names_of_its_own() -> None:
    def part(name: str, of: str) -> exp.Select:
        return exp.Select(expressions=[sql.column("x", of)]).from_(sql.table(of), copy=False)

    inner = part("x", "sales").with_(
        sql.name("sales"), as_=exp.Select(expressions=[sql.aliased(sql.number(2), "x")])
    )
    whole = part("x", "members").with_(sql.name("members"), as_=inner)
    whole = whole.with_(sql.name("sales"), as_=exp.Select(expressions=[sql.aliased(sql.number(1), "x")]))
    made = re.sub(r"\s+", " ", print_sql(whole, "spark"))
    assert "`members__sales` AS ( SELECT 2 AS `x` )" in made
    assert "FROM `members__sales` AS `sales`" in made


def test_parts_of_dates_are_those_of_duckdb() -> None:
    """Trap: sqlglot writes isodow(d) as DAYOFWEEK % 7 + 1, which is 2 on a Sunday; Spark counts complete months."""
    day = sql.column("d")
    assert text(exp.DayOfWeekIso(this=day.copy())) == "EXTRACT(DAYOFWEEK_ISO FROM `d`)"
    assert (
        text(parse_expression("week(d)").ast.copy()) == "EXTRACT(WEEK FROM `d`)"
    )  # Spark has no such function
    assert text(parse_expression("extract(isoyear from d)").ast.copy()) == "EXTRACT(YEAROFWEEK FROM `d`)"
    assert "DATEDIFF" not in text(parse_expression("date_diff('month', d, today)").ast.copy())
    assert text(parse_expression("date_trunc('day', d)").ast.copy()) == "CAST(`d` AS DATE)"


def test_a_day_less_a_day_is_days() -> None:
    """Spark's own is an interval, which no sum takes."""
    days = [typed(sql.column(name), SqlType("date")) for name in ("a", "b")]
    assert text(exp.Sub(this=days[0], expression=days[1])) == "DATEDIFF(DAY, `b`, `a`)"


def test_a_whole_number_is_a_rounded_one() -> None:
    """Trap: cast(2.7 as int) is 3 for DuckDB and 2 for Spark."""
    assert text(sql.cast(number("a", 2), "INT")) == "CAST(ROUND(`a`) AS INT)"
    assert text(sql.cast(sql.column("a"), "INT")) == "CAST(`a` AS INT)"


def test_parts_that_engines_count_otherwise_are_refused() -> None:
    for part, words in {
        "dow": "isodow: Monday is 1",
        "second": "parts: year",
        "epoch": "parts: year",
    }.items():
        with pytest.raises(UserError, match=f'"{part}" is no part of a date here(.|\n)*{words}'):
            parse_expression(f"extract({part} from d)")
    with pytest.raises(UserError, match="date_trunc goes to a day"):
        parse_expression("date_trunc('hour', d)")
