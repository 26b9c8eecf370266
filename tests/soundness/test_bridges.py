"""Price, volume and mix of a change: beside arithmetic of the test's own, and exact to the last cent."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from datatrust.core.errors import UserError
from semantic.query import Top
from tests.support.books import Books, open_books

D = Decimal
TABLES = """
CREATE TABLE sales AS
  SELECT i AS sale, (DATE '2025-01-01' + CAST(i * 7 % 480 AS INT)) AS day, ['a', 'b', 'c', 'd', 'e'][i % 5 + 1] AS product,
         CAST((i * 37 % 1000) / 7.0 AS DECIMAL(18,2)) AS amount, CAST(i % 4 + 1 AS INT) AS pieces
  FROM range(0, 700) t(i) WHERE NOT (i % 5 = 3 AND i * 7 % 480 >= 365) AND NOT (i % 5 = 4 AND i * 7 % 480 < 365);
INSERT INTO sales VALUES (9001, '2025-02-01', 'free', 100, 0), (9002, '2026-02-01', 'free', 300, 2),
  (9003, '2025-02-01', NULL, 10, 3), (9004, '2026-02-01', NULL, 33.33, 7), (9005, '2026-02-02', 'gift', NULL, 5);
"""
CATALOG = {
    "all": """
model: sales
table: sales
key: [sale]
time: day
dimensions: [{name: day, type: time}, product]
metrics:
  - {name: revenue, agg: sum, expr: amount, bridge: {quantity: pieces, price: price}}
  - {name: pieces, agg: sum, expr: pieces}
  - {name: price, ratio: revenue / pieces, on_zero: undefined}
  - {name: buyers, agg: count_distinct, expr: product, bridge: pieces}
"""
}
PARTS = ("price", "volume", "mix", "members")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return open_books(tmp_path_factory.mktemp("bridges"), TABLES, CATALOG, today="2026-06-30")


def cents(value: Decimal) -> Decimal:
    return value.quantize(D("0.01"), ROUND_HALF_UP)


def expected(books: Books, since: str, until: str) -> dict[Any, tuple[Decimal, ...]]:
    """Parts by product, by Python over sums of the test's own."""
    sql = """SELECT product, sum(amount) FILTER ({0}), sum(pieces) FILTER ({0}), sum(amount) FILTER ({1}), sum(pieces) FILTER ({1})
              FROM sales WHERE ({0}) OR ({1}) GROUP BY 1"""
    now = f"day BETWEEN '{since}' AND '{until}'"
    then = f"day BETWEEN DATE '{since}' - INTERVAL 1 YEAR AND DATE '{until}' - INTERVAL 1 YEAR"
    found = {}
    rows = books.layer.run_statement(sql.format(now, then), ["sales"])
    both = [row for row in rows if row[1] is not None and row[3] is not None and row[2] and row[4]]
    all_now, all_then = (D(sum(row[index] for row in both)) for index in (2, 4))  # type: ignore[misc]
    for row in rows:
        value_1, value_0 = D(str(row[1] or 0)), D(str(row[3] or 0))
        if row not in both:
            found[row[0]] = (D(0), D(0), D(0), value_1 - value_0)
            continue
        kept = cents(value_0 * D(row[2]) / D(row[4]))  # type: ignore[arg-type]
        volume = cents(value_0 * (all_now - all_then) / all_then)
        found[row[0]] = (value_1 - kept, volume, kept - value_0 - volume, D(0))
    return found


def parts(result: Any, row: Any) -> tuple[Decimal, ...]:
    names = [column.name for column in result.columns]
    return tuple(row[names.index(f"revenue__{part}")] for part in PARTS)


@pytest.mark.parametrize(("since", "until"), [("2026-01-01", "2026-03-31"), ("2026-02-01", "2026-02-28")])
def test_parts_are_those_of_the_formula_and_add_up_to_the_change(
    books: Books, since: str, until: str
) -> None:
    result = books.ask(
        "revenue", by=("product",), compare="previous_year", bridge=True, start=since, end=until
    )
    ours = {row[0]: parts(result, row) for row in result.rows}
    assert ours == expected(books, since, until)
    for row in result.rows:
        assert sum(parts(result, row)) == (row[1] or 0) - (row[2] or 0)
    assert len(result.columns) == 6 + len(PARTS)


def test_new_lost_and_members_without_a_quantity(books: Books) -> None:
    result = books.ask(
        "revenue", by=("product",), compare="previous_year", bridge=True, start="2026-01-01", end="2026-03-31"
    )
    ours = {row[0]: (parts(result, row), row[1], row[2]) for row in result.rows}
    for lost, new in (("d", "e"),):
        assert ours[lost][0] == (0, 0, 0, -ours[lost][2])
        assert ours[new][0] == (0, 0, 0, ours[new][1])
    assert ours["free"][0] == (0, 0, 0, 200)
    assert ours["gift"][0] == (0, 0, 0, 0)
    assert ours[None][0][3] == 0
    assert sum(part[2] for part in (each[0] for each in ours.values())) != 0


def test_each_period_has_a_bridge_of_its_own(books: Books) -> None:
    """Trap: quantities of all months together would set the volume of each."""
    result = books.ask(
        "revenue",
        by=("time.month", "product"),
        compare="previous_year",
        bridge=True,
        start="2026-01-01",
        end="2026-02-28",
    )
    ours = {row[1]: parts(result, (*row,)) for row in result.rows if row[0] == dt.date(2026, 2, 1)}
    assert ours == expected(books, "2026-02-01", "2026-02-28")


def test_choosing_rows_changes_no_part(books: Books) -> None:
    """Trap: a top or a limit that is applied first makes the rest of the members vanish from the quantities."""
    asked: dict[str, Any] = {
        "compare": "previous_year",
        "bridge": True,
        "start": "2026-01-01",
        "end": "2026-03-31",
    }
    whole = expected(books, "2026-01-01", "2026-03-31")
    for more in (
        {"top": Top(n=2)},
        {"limit": 1},
        {"having": "revenue__price > 0"},
        {"order_by": ("-revenue__mix",)},
    ):
        result = books.ask("revenue", by=("product",), **asked, **more)
        assert result.rows
        assert all(parts(result, row) == whole[row[0]] for row in result.rows)


@pytest.mark.parametrize(
    ("metric", "ask", "said"),
    [
        ("revenue", {"by": ("product",)}, "name the one to compare with"),
        ("revenue", {"by": ("time.month",), "compare": "previous_year"}, "needs the members"),
        ("revenue", {"by": ("product",), "compare": "previous_year", "totals": True}, "no prices of members"),
        ("pieces", {"by": ("product",), "compare": "previous_year"}, "declares no quantity"),
        ("buyers", {"by": ("product",), "compare": "previous_year"}, "does not add up over groups"),
    ],
)
def test_what_has_no_bridge_is_refused(books: Books, metric: str, ask: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        books.ask(metric, bridge=True, start="2026-01-01", end="2026-03-31", **ask)
