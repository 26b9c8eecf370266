"""The conditions' language: what it has, what it refuses, and in which words."""

from __future__ import annotations

import pytest

from pipeline.contracts.model import ColumnSpec, ColumnType
from pipeline.rules.expression import ExpressionError, columns_of, parse_condition

COLUMNS = {
    name: ColumnSpec(name=name, header=name, type=kind)
    for name, kind in {
        "net": ColumnType(kind="decimal", precision=18, scale=2),
        "gross": ColumnType(kind="decimal", precision=18, scale=2),
        "units": ColumnType(kind="integer"),
        "state": ColumnType(kind="string"),
        "paid_on": ColumnType(kind="date"),
        "due_on": ColumnType(kind="date"),
        "booked_at": ColumnType(kind="timestamp"),
        "is_open": ColumnType(kind="boolean"),
    }.items()
}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("abs(gross - round(net * 1.19, 2)) <= 0.01", ("gross", "net")),
        ("(state = 'paid') = (paid_on is not null)", ("state", "paid_on")),
        ("paid_on >= due_on and paid_on <= today", ("paid_on", "due_on")),
        ("due_on between '2024-01-01' and DATE '2030-12-31'", ("due_on",)),
        ("due_on = last_day(due_on)", ("due_on",)),
        ("paid_on <= booked_at", ("paid_on", "booked_at")),
        ("state in ('a', 'b') or state like 'x%'", ("state",)),
        ("case when state = 'credit' then net < 0 else net > 0 end", ("state", "net")),
        ("not is_open or coalesce(units, 0) > 0", ("is_open", "units")),
        ("units % 2 = 0 and -units < 0", ("units",)),
    ],
)
def test_a_condition_is_read(text: str, named: tuple[str, ...]) -> None:
    assert set(columns_of(text, COLUMNS)) == set(named)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nett > 0", "did you mean net?"),
        ("net", "not a condition"),
        ("net > 'abc'", "mixes number and text"),
        ("due_on > '2024-13-01'", "is no date"),
        ("state > 5", "mixes number and text"),
        ("state + 1 > 2", "a number is needed"),
        ("net >", "cannot read the condition"),
        ("net > 0; drop table x", "one condition"),
        ("select 1", "not part of"),
        ("exists(select 1)", "not part of"),
        ("net in (select 1)", "not part of"),
        ("reflect('java.lang.System', 'exit') = 1", "not part of"),
        ("net::double > 1", "a cast is for date literals only"),
        ("t.net > 0", "name columns without a table"),
        ("net > 0 /* " + "x" * 2000 + " */", "at most"),
        ("round(net, units) > 1", "whole number"),
        ("(" * 500 + "net" + ")" * 500 + " > 0", ""),
    ],
)
def test_what_is_no_condition_is_told(text: str, told: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_condition(text, COLUMNS)
    assert told in str(caught.value)
    assert "\x1b" not in str(caught.value)
