"""The expression language: what it reads, what it refuses and where, and what becomes a filter."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from datatrust.core.errors import UserError
from datatrust.core.issues import SourcePosition
from semantic.expressions import parse_expression, parse_filter, replace_columns, shift_position, walk_columns
from semantic.query import Filter

AT = SourcePosition(file="m.yml", line=4, column=11)


@pytest.mark.parametrize(
    "text",
    [
        "net_amount",
        "-net_amount",
        "quantity * list_price * (1 - discount / 100)",
        "status in ('completed', 'refunded') and not is_test",
        "customers.region = 'EMEA' or claim.policy.product.line like 'A%'",
        "order_date between date '2026-01-01' and date '2026-03-31'",
        "case when paid_on is null then 0 else amount end",
        "coalesce(nullif(amount, 0), 1)",
        "round(abs(amount), 2) >= floor(10.5)",
        "lower(trim(name)) = 'x'",
        "extract(year from order_date) = 2026 and month(order_date) = 7",
        "cast(code as varchar) = '7'",
        "order_date >= current_date - interval '30' day",
        "order_date >= today - interval 1 month",
    ],
)
def test_the_language_is_read(text: str) -> None:
    assert parse_expression(text).ast is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sum(amount)", '"sum" is not allowed'),
        ("amount in (select 1)", "in takes values, not a query"),
        ("1; drop table gold.fct_sales", "not several statements"),
        ("read_csv('/etc/passwd')", '"read_csv" is not allowed'),
        ("row_number() over (order by a)", '"window" is not allowed'),
        ("x = null", "nothing equals null"),
        ("cast(a as blob)", "is not allowed"),
        ("date '2026-02-30' > d", "no date like"),
        ("x ==== 1", "cannot be read"),
        ("x = 'open", "cannot be read"),
        ("?", "not allowed"),
        ("", "empty"),
        ("(" * 5000 + "a" + ")" * 5000, ""),
        ("a" * 30_000, "at most"),
        ("*", "not allowed"),
        ("select a from b", "not allowed"),
    ],
)
def test_everything_else_is_refused(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_expression(text, at=AT)
    assert said in str(caught.value)
    assert caught.value.issues[0].at is not None


def test_every_fault_of_an_expression_is_told_at_its_place() -> None:
    with pytest.raises(UserError) as caught:
        parse_expression("sum(a) + foo(b)", at=AT)
    assert [str(issue.at) for issue in caught.value.issues] == ["m.yml:4:11", "m.yml:4:20"]


def test_columns_come_once_in_order_with_their_places() -> None:
    expression = parse_expression("b.c + a.b.c.d.e.f * b.c", at=AT)
    assert expression.columns == ("b.c", "a.b.c.d.e.f")
    assert str(expression.position_of("a.b.c.d.e.f", AT)) == "m.yml:4:17"


def test_a_second_line_counts_from_its_own_start() -> None:
    assert shift_position(AT, "a\n  and b", 8) == SourcePosition(file="m.yml", line=5, column=7)


@pytest.mark.parametrize(
    "text",
    [
        "today - due_date",
        "date_diff('day', due_date, today)",
        "datediff(today(), due_date)",
        "days_between(due_date, today)",
    ],
)
def test_date_differences_have_one_meaning(text: str) -> None:
    assert parse_expression(text).ast.sql(dialect="duckdb") == "DATE_DIFF('DAY', due_date, CURRENT_DATE)"


def test_replacing_names_leaves_the_shared_tree_alone() -> None:
    from sqlglot import exp

    expression = parse_expression("a + b.c")
    replaced = replace_columns(expression.ast, lambda path: exp.column("_".join(path), table="t"))
    assert replaced.sql() == "t.a + t.b_c"
    assert [path for _, path in walk_columns(expression.ast)] == [("a",), ("b", "c")]


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("x = 'a'", [Filter(field="x", op="=", values=("a",))]),
        ("x <> 5", [Filter(field="x", op="!=", values=(5,))]),
        ("5 < x", [Filter(field="x", op=">", values=(5,))]),
        ("x >= -1.50", [Filter(field="x", op=">=", values=(Decimal("-1.50"),))]),
        ("x in ('a', 'b')", [Filter(field="x", op="in", values=("a", "b"))]),
        ("x not in (1)", [Filter(field="x", op="not_in", values=(1,))]),
        ("x = 'a' or x = 'b'", [Filter(field="x", op="in", values=("a", "b"))]),
        ("x is null", [Filter(field="x", op="is_null")]),
        ("x is not null", [Filter(field="x", op="not_null")]),
        ("x like '%ab%'", [Filter(field="x", op="contains", values=("ab",))]),
        ("x not like '%ab%'", [Filter(field="x", op="not_contains", values=("ab",))]),
        ("x like 'ab%'", [Filter(field="x", op="starts_with", values=("ab",))]),
        ("x between 1 and 2", [Filter(field="x", op="between", values=(1, 2))]),
        ("d >= date '2026-01-31'", [Filter(field="d", op=">=", values=(dt.date(2026, 1, 31),))]),
        ("net_sales", [Filter(field="net_sales", op="=", values=(True,))]),
        ("not is_test", [Filter(field="is_test", op="=", values=(False,))]),
        (
            "(a.b = 1 and (c = 'x'))",
            [Filter(field="a.b", op="=", values=(1,)), Filter(field="c", op="=", values=("x",))],
        ),
    ],
)
def test_conditions_become_filters(text: str, filters: list[Filter]) -> None:
    assert list(parse_filter(text)) == filters


@pytest.mark.parametrize(
    "text",
    ["a = b", "a = 1 or b = 2", "lower(a) = 'x'", "a + 1 > 2", "a like 'x_y%z'", "a not between 1 and 2"],
)
def test_what_is_no_simple_condition_is_refused_as_a_filter(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_filter(text)
    assert caught.value.issues[0].code == "DT222"
