"""Discrete percentiles are values of rows, chosen without floating numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.support.books import Books, open_books

SHARES = ("0.07", "0.1", "0.25", "0.29", "0.5", "0.9", "0.999")
SIZES = (1, 2, 3, 4, 7, 10, 20, 100)
TABLES = f"""
CREATE TABLE lines (size INT, amount DECIMAL(18,2), pieces INT, rate DOUBLE);
{"".join(f"INSERT INTO lines SELECT {n}, (i * 7919 % 1009) * 0.25 - 20, i * 31 % 17, i / 8 FROM range({n}) r(i);" for n in SIZES)}
INSERT INTO lines VALUES (10, NULL, NULL, NULL), (0, NULL, NULL, NULL);
"""
CATALOG = (
    "models: [{model: lines, table: lines, dimensions: [{name: size, type: number}]}]\nmetrics:\n"
    + "".join(
        f"  - {{name: p{share[2:]}_of_{column}, model: lines, agg: percentile_disc, percentile: {share}, expr: {column}}}\n"
        for share in SHARES
        for column in ("amount", "pieces", "rate")
    )
)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    books = open_books(tmp_path_factory.mktemp("percentiles"), TABLES, {"all": CATALOG})
    yield books
    books.layer.close()


def known(books: Books, statement: str) -> dict[Any, Any]:
    return dict(books.layer.run_statement(statement, ["lines"]))


@pytest.mark.parametrize("column", ["amount", "pieces", "rate"])
def test_it_is_the_first_value_with_so_many_rows_up_to_it(books: Books, column: str) -> None:
    """Trap: 100 * 0.07 is 7.000000000000001 for a floating number, and row 8 was taken."""
    lists = known(books, f"select size, list({column} order by {column}) from lines group by 1")
    rows = {
        size: [row[0] for row in books.layer.run_statement(
            f"select {column} from lines where size = {size} and {column} is not null order by 1", ["lines"]
        )]
        for size in lists
    }  # fmt: skip
    for share in SHARES:
        wanted = {
            size: values[math.ceil(len(values) * Fraction(share)) - 1] if values else None
            for size, values in rows.items()
        }
        assert books.groups(f"p{share[2:]}_of_{column}", "size") == wanted


def test_the_engines_own_gives_the_same_where_its_floats_are_exact(books: Books) -> None:
    for share in ("0.25", "0.5"):
        wanted = known(
            books,
            f"select size, percentile_disc({share}) within group (order by amount) from lines group by 1",
        )
        assert books.groups(f"p{share[2:]}_of_amount", "size") == wanted


def test_the_total_is_of_all_rows_and_none_of_none(books: Books) -> None:
    result = books.ask("p5_of_amount", by=("size",), totals=True)
    (row,) = books.layer.run_statement(
        "select percentile_disc(0.5) within group (order by amount) from lines", ["lines"]
    )
    assert result.totals is not None
    assert result.totals[1] == row[0]
    assert books.value("p5_of_amount", where="size = 0") is None
    assert books.layer.catalog.metrics["p9_of_amount"].definition_words == (
        "90th percentile of amount, as the value of a row over lines"
    )
    assert isinstance(books.value("p5_of_amount"), Decimal)
