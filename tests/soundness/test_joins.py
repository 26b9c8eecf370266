"""Joins that other layers get wrong: versions of a dimension, two paths to one table, one-to-one, unknown keys."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from datatrust.core.errors import UserError
from semantic.data_checks import check_data
from semantic.query import EVERYONE
from tests.support.books import Books, open_books
from tests.unit.semantic._catalogs import issues_of

TABLES = """
CREATE TABLE sales (id INT, day DATE, booked TIMESTAMP, customer VARCHAR, shop VARCHAR, amount DECIMAL(18,2));
INSERT INTO sales VALUES
  (1, '2026-01-31', '2026-02-01 09:00', 'C1', 'S1', 100), (2, '2026-02-01', '2026-02-01 10:00', 'C1', 'S1', 10),
  (3, '2026-03-05', '2026-03-05 10:00', 'C1', 'S2', 1), (4, '2025-12-31', '2026-01-01 10:00', 'C1', 'S2', 1000),
  (5, '2026-02-01', '2026-02-01 10:00', 'C2', 'S2', 7), (6, '2026-02-01', '2026-02-01 10:00', NULL, NULL, 5),
  (7, NULL, NULL, 'C1', 'S1', 3);
CREATE TABLE versions (customer VARCHAR, since DATE, until DATE, tier VARCHAR);
INSERT INTO versions VALUES
  ('C1', '2026-01-01', '2026-02-01', 'silver'), ('C1', '2026-02-01', '2026-02-01', 'never'), ('C1', '2026-02-01', NULL, 'gold'),
  ('C2', '2025-01-01', NULL, 'bronze'), (NULL, '2025-01-01', NULL, 'nobody');
CREATE TABLE customers (customer VARCHAR, home VARCHAR); INSERT INTO customers VALUES ('C1', 'R1'), ('C2', 'R2');
CREATE TABLE shops (shop VARCHAR, place VARCHAR); INSERT INTO shops VALUES ('S1', 'R2'), ('S2', 'R2');
CREATE TABLE regions (region VARCHAR, country VARCHAR); INSERT INTO regions VALUES ('R1', 'DE'), ('R2', 'FR');
"""
CATALOG = """
models:
  - model: sales
    table: sales
    key: [id]
    time: day
    joins:
      - {to: versions, key: customer, valid: [since, until]}
      - {to: versions, as: booked_version, key: customer, valid: [since, until], at: booked}
      - {to: customers, key: customer}
      - {to: shops, key: shop}
    dimensions: [{name: day, type: time}]
  - {model: versions, table: versions, key: [customer, since], dimensions: [tier]}
  - {model: customers, table: customers, key: [customer], joins: [{to: regions, key: home, to_key: region}]}
  - {model: shops, table: shops, key: [shop], joins: [{to: regions, key: place, to_key: region}]}
  - {model: regions, table: regions, key: [region], dimensions: [country]}
metrics:
  - {name: amount, model: sales, agg: sum, expr: amount}
  - {name: gold_amount, model: sales, agg: sum, expr: amount, where: versions.tier = 'gold'}
"""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    books = open_books(tmp_path_factory.mktemp("joins"), TABLES, {"all": CATALOG})
    yield books
    books.layer.close()


def test_a_row_meets_the_version_of_its_own_day(books: Books) -> None:
    """Trap: today's tier for last year's sales, or each sale once for each version of its customer."""
    groups = books.groups("amount", "versions.tier")
    wanted = books.layer.run_statement(
        """select (select tier from versions v where v.customer = s.customer and v.since <= s.day
        and (v.until is null or v.until > s.day)) tier, sum(amount) from sales s group by 1""",
        ["sales", "versions"],
    )
    assert groups == dict(wanted) == {"silver": 100, "gold": 11, "bronze": 7, None: 1008}
    assert sum(groups.values()) == books.value("amount") == 1126
    assert books.value("gold_amount") == 11


def test_a_role_may_take_another_day(books: Books) -> None:
    assert books.groups("amount", "booked_version.tier") == {
        "silver": 1000,
        "gold": 111,
        "bronze": 7,
        None: 8,
    }


@pytest.mark.parametrize(
    "version", ["'2025-06-01', NULL", "'2026-01-15', '2026-01-16'", "'2026-02-01', '2026-02-02'"]
)
def test_versions_that_are_valid_on_one_day_are_refused(tmp_path: Path, version: str) -> None:
    """Trap: an overlap doubles the rows of a few days, and only those."""
    books = open_books(
        tmp_path, f"{TABLES} INSERT INTO versions VALUES ('C1', {version}, 'twice');", {"all": CATALOG}
    )
    with pytest.raises(UserError, match="valid on the same day"):
        books.ask("amount", by=("versions.tier",))
    assert books.value("amount") == 1126


def test_the_last_day_of_a_version_counts_where_it_is_said(tmp_path: Path) -> None:
    catalog = CATALOG.replace("{to: versions, key: customer, valid: [since, until]}",
                              "{to: versions, key: customer, valid: [since, until], until: included}")  # fmt: skip
    books = open_books(tmp_path, TABLES, {"all": catalog})
    with pytest.raises(UserError, match="valid on the same day"):
        books.ask("amount", by=("versions.tier",))


def test_two_paths_to_one_table_are_never_chosen_by_chance(books: Books, tmp_path: Path) -> None:
    """Trap (convergent paths): country by the customer's home or by the shop's place, whichever join came first."""
    with pytest.raises(UserError) as raised:
        books.ask("amount", by=("country",))
    assert "customers.regions.country" in str(raised.value)
    assert books.groups("amount", "customers.regions.country") == {"DE": Decimal(1114), "FR": 7, None: 5}
    assert books.groups("amount", "shops.regions.country") == {"FR": 1121, None: 5}
    chosen = open_books(
        tmp_path,
        TABLES,
        {"all": CATALOG.replace("    time: day\n", "    time: day\n    via: {regions: shops.regions}\n", 1)},
    )
    assert chosen.groups("amount", "country") == {"FR": 1121, None: 5}
    assert chosen.groups("amount", "customers.regions.country") == {"DE": 1114, "FR": 7, None: 5}
    both = chosen.ask("amount", by=("customers.regions.country", "country"))
    assert both.rows == (("DE", "FR", 1114), ("FR", "FR", 7), (None, None, 5))


def test_what_cannot_be_joined_is_said_at_once() -> None:
    said = "\n".join(
        issues_of(
            CATALOG.replace("    time: day\n", "    via: {regions: shops, regoins: shops.regions}\n", 1),
        )
    )
    assert "which day chooses among the versions?" in said
    assert 'the joins "shops" do not lead to model "regions"' in said
    assert '"regoins"' in said
    assert "(regions?)" in said


def test_the_data_checks_know_versions(books: Books) -> None:
    found = {each.issue.code: each.issue.message for each in check_data(books.layer, viewer=EVERYONE)}
    assert "there more than once in versions" not in " ".join(found.values())
