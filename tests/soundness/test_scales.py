"""Traps where decimals of several scales meet: digits that an engine leaves out without a word."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.books import Books, open_books

TABLES = """
CREATE TABLE sales (id INT, revenue DECIMAL(18,2), cost DECIMAL(18,2), rate DECIMAL(18,6), weight DECIMAL(18,4));
INSERT INTO sales VALUES (1, 3.00, 2.00, 0.333333, 1.5000), (2, 4.00, 3.00, 0.666666, 2.5000);
"""
CATALOG = {
    "all": """
model: sales
table: sales
key: [id]
metrics:
  - {name: revenue, agg: sum, expr: revenue}
  - {name: cost, agg: sum, expr: cost}
  - {name: lines, agg: count}
  - {name: margin, derived: (revenue - cost) / revenue, on_zero: undefined}
  - {name: chosen, derived: case when revenue > cost then margin else revenue end, on_zero: undefined}
  - {name: filled, derived: "coalesce(margin, revenue)", on_zero: undefined}
  - {name: least_of, derived: "least(margin, revenue)", on_zero: undefined}
  - {name: nearly, derived: case when margin + 0.71 > 1 - 0.004 + revenue - revenue then 1 else 0 end, on_zero: undefined}
  - {name: row_choice, agg: sum, expr: case when id = 1 then revenue * rate else revenue * id end}
  - {name: inner_quotient, derived: (revenue / cost + lines) / revenue, on_zero: undefined}
"""
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    root: Path = tmp_path_factory.mktemp("scales")
    return open_books(root, TABLES, CATALOG)


@pytest.mark.parametrize("metric", ["chosen", "filled", "least_of"])
def test_a_quotient_keeps_its_digits_beside_money(books: Books, metric: str) -> None:
    """Was 0.29: the quotient took the two digits of the sum that it was chosen instead of."""
    assert books.value(metric) == Decimal("0.285714285714")


def test_a_comparison_looks_at_all_digits(books: Books) -> None:
    """0.995714... is less than 0.996; both are 1.00 at two digits."""
    assert books.value("nearly") == 0


def test_products_of_rows_keep_their_digits_in_a_choice(books: Books) -> None:
    assert books.value("row_choice") == Decimal("3.00") * Decimal("0.333333") + Decimal("8.00")


def test_a_quotient_inside_another_is_computed(books: Books) -> None:
    """Was refused by the engine: the inner one was left in words of our own."""
    assert books.value("inner_quotient") == Decimal("0.485714285714")
