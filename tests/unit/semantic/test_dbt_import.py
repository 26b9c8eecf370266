"""dbt's semantic models as a catalog: the sample manifests of MetricFlow's wheel, both spellings, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from datatrust.cli import main
from datatrust.core.errors import UserError
from semantic.dbt.importer import Imported, import_dbt
from tests.support.books import Books, open_books
from tests.support.metricflow_tables import FIRST, LAST, SCHEMA, TABLES

samples = pytest.importorskip("metricflow_semantics.test_helpers.semantic_manifest_yamls")
ROOT = Path(samples.__file__).parent
ALIKE = {"shared", "__pycache__"}
BROKEN = {"config_linter_manifest"}  # on purpose: two models in one YAML document
MANIFESTS = sorted(each.name for each in ROOT.iterdir() if each.is_dir() and each.name not in ALIKE | BROKEN)
EXCEPTED = {"conversion_metric", "sub_daily_grain"}


def files_of(made: Imported) -> dict[str, str]:
    return {name.removesuffix(".yml"): text for name, text in made.texts.items()}


@pytest.fixture(scope="module")
def simple(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """The largest sample, on tables of its own."""
    made = import_dbt(ROOT / "simple_manifest", schema=SCHEMA)
    books = open_books(tmp_path_factory.mktemp("simple"), TABLES, files_of(made), today=LAST)
    yield books
    books.layer.close()


def rows(books: Books, sql: str) -> list[tuple[Any, ...]]:
    """Rows of independent SQL on the same file."""
    file = books.layer.project.root / "books.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_nine_of_ten_metrics_of_the_samples_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    read = asked = excepted = 0
    reasons: dict[str, int] = {}
    for name in MANIFESTS:
        made = import_dbt(ROOT / name, schema=SCHEMA)
        read, asked = read + made.metrics, asked + made.asked
        for loss in made.refused:
            assert loss.message
            assert loss.reason.value
            reasons[loss.reason.value] = reasons.get(loss.reason.value, 0) + 1
            excepted += loss.reason.value in EXCEPTED
        assert made.metrics + len(made.refused) == made.asked, f"{name}: a metric was dropped silently"
    with capsys.disabled():
        print(f"\n{read} of {asked} metrics of {len(MANIFESTS)} manifests read; refused: {reasons}")
    assert read / (asked - excepted) >= 0.9


def test_a_file_that_is_no_yaml_is_refused_with_its_place() -> None:
    with pytest.raises(UserError, match=r"without_divider.yml:22:1 .*duplicate key"):
        import_dbt(ROOT / "config_linter_manifest", schema=SCHEMA)


MONTHS = f"BETWEEN DATE '{FIRST}' AND DATE '{LAST}'"
SPINE = f"(SELECT ds FROM demo.mf_time_spine WHERE ds {MONTHS})"
# kind -> metric, groups, independent SQL over the tables
ANSWERS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "sum": (
        "booking_value", ("time.month",),
        "SELECT date_trunc('month', ds), sum(booking_value) FROM demo.fct_bookings GROUP BY 1",
    ),
    "another time": (
        "booking_payments", ("time.month",),
        "SELECT date_trunc('month', paid_at), sum(booking_value) FROM demo.fct_bookings GROUP BY 1",
    ),
    "boolean sum": ("instant_bookings", (), "SELECT count(*) FROM demo.fct_bookings WHERE is_instant"),
    "distinct count": ("bookers", (), "SELECT count(DISTINCT guest_id) FROM demo.fct_bookings"),
    "filter on a flag": (
        "instant_booking_value", (), "SELECT sum(booking_value) FROM demo.fct_bookings WHERE is_instant",
    ),
    "filter on an entity": (
        "booking_value_for_non_null_listing_id", (),
        "SELECT sum(booking_value) FROM demo.fct_bookings WHERE listing_id IS NOT NULL",
    ),
    "filter over a join": (
        "lux_booking_fraction_of_max_value", (),
        "SELECT (SELECT avg(booking_value) FROM demo.fct_bookings JOIN demo.dim_listings_latest USING (listing_id)"
        " WHERE is_lux) / max(booking_value) FROM demo.fct_bookings",
    ),
    "measure and metric filter": (
        "instant_bookings_with_measure_filter", (),
        "SELECT count(*) FROM demo.fct_bookings WHERE is_instant AND listing_id IS NOT NULL",
    ),
    "filter on a metric of members": (
        "active_listings", ("time.month",),
        "SELECT date_trunc('month', created_at), count(*) FROM demo.dim_listings_latest WHERE listing_id IN"
        " (SELECT listing_id FROM demo.fct_bookings GROUP BY 1 HAVING count(*) > 2) GROUP BY 1",
    ),
    "ratio over two models": (
        "bookings_per_view", ("listings_latest.country_latest",),
        "SELECT b.country, b.n / v.n FROM"
        " (SELECT country, count(*) n FROM demo.fct_bookings LEFT JOIN demo.dim_listings_latest USING (listing_id)"
        "  GROUP BY 1) b JOIN"
        " (SELECT country, count(*) n FROM demo.fct_views LEFT JOIN demo.dim_listings_latest USING (listing_id)"
        "  GROUP BY 1) v ON b.country IS NOT DISTINCT FROM v.country",
    ),
    "derived": ("booking_fees", (), "SELECT sum(booking_value) * 0.05 FROM demo.fct_bookings"),
    "balance, first day": (
        "total_account_balance_first_day", ("time.month",),
        "SELECT date_trunc('month', ds), sum(account_balance) FROM demo.fct_accounts WHERE ds IN"
        " (SELECT min(ds) FROM demo.fct_accounts GROUP BY date_trunc('month', ds)) GROUP BY 1",
    ),
    "balance, last of each": (
        "current_account_balance_by_user", (),
        "SELECT sum(account_balance) FROM demo.fct_accounts a WHERE ds ="
        " (SELECT max(ds) FROM demo.fct_accounts b WHERE b.user_id = a.user_id)",
    ),
    "balance, filters first": (
        "regional_starting_balance_ratios", (),
        "WITH r AS (SELECT a.*, home_state_latest s FROM demo.fct_accounts a LEFT JOIN demo.dim_users_latest"
        " USING (user_id)) SELECT (SELECT sum(account_balance) FROM r WHERE s IN ('CA', 'HI', 'WA') AND ds ="
        " (SELECT min(ds) FROM r WHERE s IN ('CA', 'HI', 'WA'))) / (SELECT sum(account_balance) FROM r"
        " WHERE s IN ('MD', 'NY', 'TX') AND ds = (SELECT min(ds) FROM r WHERE s IN ('MD', 'NY', 'TX')))",
    ),
    "window by day": (
        "trailing_7_days_bookings", ("time.day",),
        f"SELECT s.ds, count(*) FROM {SPINE} s JOIN demo.fct_bookings b ON b.ds <= s.ds AND b.ds > s.ds - INTERVAL 7 DAY"
        " GROUP BY 1",
    ),
    "window, average of the days": (
        "trailing_2_months_revenue", ("time.month",),
        f"SELECT date_trunc('month', ds), avg(v) FROM (SELECT s.ds, sum(revenue) v FROM {SPINE} s JOIN demo.fct_revenue r"
        " ON r.created_at <= s.ds AND r.created_at > s.ds - INTERVAL 2 MONTH GROUP BY 1) GROUP BY 1",
    ),
    "to date, first day with a value": (
        "revenue_mtd", ("time.month",),
        "SELECT date_trunc('month', created_at), arg_min(v, created_at) FROM (SELECT created_at, sum(revenue) v"
        " FROM demo.fct_revenue GROUP BY 1) GROUP BY 1",
    ),
    "all time, last day": (
        "revenue_all_time", ("time.quarter",),
        f"SELECT date_trunc('quarter', s.ds), max(v) FROM {SPINE} s JOIN LATERAL (SELECT sum(revenue) v"
        " FROM demo.fct_revenue r WHERE r.created_at <= s.ds) ON TRUE GROUP BY 1",
    ),
    "window, filled on days without rows": (
        "every_two_days_bookers_fill_nulls_with_0", ("time.month",),
        f"SELECT s.ds, (SELECT count(DISTINCT guest_id) FROM demo.fct_bookings b WHERE b.ds <= s.ds"
        f" AND b.ds > s.ds - INTERVAL 2 DAY) FROM {SPINE} s WHERE day(s.ds) = 1",
    ),
    "offset by days": (
        "bookings_5_day_lag", ("time.day",),
        "SELECT ds + INTERVAL 5 DAY, count(*) FROM demo.fct_bookings GROUP BY 1",
    ),
    "offset by a month": (
        "bookings_1_month_ago", ("time.month",),
        "SELECT date_trunc('month', ds) + INTERVAL 1 MONTH, count(*) FROM demo.fct_bookings GROUP BY 1",
    ),
    "offset to a grain": (
        "bookings_growth_since_start_of_month", ("time.day",),
        f"SELECT s.ds, nullif((SELECT count(*) FROM demo.fct_bookings b WHERE b.ds = s.ds), 0) - nullif((SELECT count(*)"
        f" FROM demo.fct_bookings b WHERE b.ds = date_trunc('month', s.ds)), 0) FROM {SPINE} s",
    ),
    "every period, filled": (
        "bookings_fill_nulls_with_0", ("time.day",),
        f"SELECT s.ds, (SELECT count(*) FROM demo.fct_bookings b WHERE b.ds = s.ds) FROM {SPINE} s",
    ),
    "a grain of the table of days": (
        "bookings", ("metric_time.alien_day",),
        "SELECT alien_day, count(*) FROM demo.fct_bookings JOIN demo.mf_time_spine USING (ds) GROUP BY 1",
    ),
}  # fmt: skip


def as_numbers(found: Any) -> list[tuple[Any, ...]]:
    """Comparable rows without those that have no value."""
    kept = [tuple(row) for row in found if row[-1] is not None]
    return sorted((*map(_plain, row[:-1]), round(Decimal(str(row[-1])), 8)) for row in kept)


def _plain(value: Any) -> str:
    return str(value)[:10]


def test_answers_equal_independent_sql(simple: Books) -> None:
    wrong = {}
    for kind, (metric, by, sql) in ANSWERS.items():
        result = simple.ask(metric, by=by, start=FIRST, end=LAST)
        ours, theirs = as_numbers(result.rows), as_numbers(rows(simple, sql))
        if by and by[0].startswith("time"):
            theirs = [row for row in theirs if row[0] <= LAST]
        if ours != theirs or not ours:
            wrong[kind] = (ours[:4], theirs[:4])
    assert not wrong


def test_twice_is_the_same_to_the_byte(simple: Books) -> None:
    path = ROOT / "simple_manifest"
    assert import_dbt(path, schema=SCHEMA).texts == import_dbt(path, schema=SCHEMA).texts
    for metric, by, _ in list(ANSWERS.values())[:6]:
        first, second = (simple.ask(metric, by=by, start=FIRST, end=LAST) for _ in range(2))
        assert json.dumps(first.rows, default=str) == json.dumps(second.rows, default=str)


def test_the_manifest_file_reads_like_the_yaml(tmp_path: Path) -> None:
    from metricflow_semantics.test_helpers.manifest_helpers import mf_load_manifest_from_yaml_directory

    loaded = mf_load_manifest_from_yaml_directory(ROOT / "simple_manifest", {"source_schema": SCHEMA})
    file = tmp_path / "semantic_manifest.json"
    file.write_text(loaded.json())
    by_file, by_yaml = import_dbt(file), import_dbt(ROOT / "simple_manifest", schema=SCHEMA)
    models = [name for name in by_yaml.texts if name.startswith("models/")]
    assert len(models) == 14
    for name in models:  # the file has its models, and so their joins, in another order
        assert sorted(by_file.texts[name].splitlines()) == sorted(by_yaml.texts[name].splitlines())
    assert by_file.metrics >= by_yaml.metrics
    assert {loss.reason for loss in by_file.refused} == {loss.reason for loss in by_yaml.refused}


LATEST = """
models:
  - name: fct_orders
    semantic_model: {enabled: true, name: orders}
    agg_time_dimension: ordered_at
    columns:
      - {name: order_id, entity: {type: primary, name: order}}
      - {name: customer_id, entity: {type: foreign, name: customer}}
      - {name: placed_on, granularity: day, dimension: {type: time, name: ordered_at}}
      - {name: status, dimension: categorical}
    derived_semantics:
      dimensions: [{name: is_large, type: categorical, expr: amount > 100}]
    metrics:
      - {name: revenue, type: simple, agg: sum, expr: amount, label: Revenue}
      - {name: paid_revenue, type: simple, agg: sum, expr: amount, filter: "{{ Dimension('order__status') }} = 'paid'"}
      - {name: p50, type: simple, agg: percentile, expr: amount, percentile: 50.0, percentile_type: continuous}
      - {name: p50_disc, type: simple, agg: percentile, expr: amount, percentile: 50.0, percentile_type: discrete}
      - {name: orders, type: simple, agg: count, expr: 1, fill_nulls_with: 0, join_to_timespine: true}
      - name: paid_share
        type: ratio
        numerator: {name: revenue, filter: "{{ Dimension('order__status') }} = 'paid'", alias: paid}
        denominator: revenue
      - {name: revenue_to_date, type: cumulative, input_metric: revenue, period_agg: last}
      - name: revenue_growth
        type: derived
        expr: revenue - before
        input_metrics: [{name: revenue}, {name: revenue, alias: before, offset_window: 1 month}]
      - {name: bought_again, type: conversion, entity: customer, base_metric: orders, conversion_metric: orders, window: 7 days}
  - name: dim_customers
    semantic_model: true
    columns:
      - {name: customer_id, entity: {type: primary, name: customer}}
      - {name: region, dimension: {type: categorical}}
  - {name: stg_orders, columns: [{name: id}]}
metrics:
  - name: eu_revenue
    type: derived
    expr: eu
    input_metrics: [{name: revenue, alias: eu, filter: "{{ Dimension('customer__region') }} = 'EU'"}]
saved_queries: [{name: monthly, query_params: {metrics: [revenue]}}]
"""
ORDERS = """
CREATE TABLE fct_orders (order_id INT, customer_id INT, placed_on DATE, status VARCHAR, amount DECIMAL(18, 2));
INSERT INTO fct_orders VALUES (1, 1, '2026-01-05', 'paid', 100), (2, 2, '2026-01-20', 'open', 50),
  (3, 1, '2026-02-03', 'paid', 70), (4, NULL, '2026-04-01', 'paid', 200);
CREATE TABLE dim_customers (customer_id INT, region VARCHAR);
INSERT INTO dim_customers VALUES (1, 'EU'), (2, 'US');
"""


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Imported, Books]]:
    root = tmp_path_factory.mktemp("orders")
    (root / "dbt.yml").write_text(LATEST)
    made = import_dbt(root / "dbt.yml")
    books = open_books(root, ORDERS, files_of(made), today="2026-04-30")
    yield made, books
    books.layer.close()


def test_the_spelling_without_measures_gives_the_same_numbers(orders: tuple[Imported, Books]) -> None:
    _, books = orders
    year = {"start": "2026-01-01", "end": "2026-04-30"}
    values = {name: books.value(name, **year) for name in ("revenue", "paid_revenue", "p50", "eu_revenue")}
    assert values == {"revenue": 420, "paid_revenue": 370, "p50": 85, "eu_revenue": 170}
    assert books.value("p50_disc", **year) == 70
    assert round(books.value("paid_share", **year), 8) == round(Decimal(370) / 420, 8)
    counted = [row[1] for row in books.ask("orders", by=("time.month",), **year).rows]
    assert counted == [2, 1, 0, 1], "March has no order, and is filled"
    grown = {row[0].month: row[1] for row in books.ask("revenue_growth", by=("time.month",), **year).rows}
    assert (grown[2], grown[3], grown[4]) == (-80, None, None), "a month without orders is a gap"
    to_date = [row[1] for row in books.ask("revenue_to_date", by=("time.month",), **year).rows]
    assert to_date == [150, 220, 220, 420]


def test_what_is_not_read_is_named(orders: tuple[Imported, Books]) -> None:
    made, _ = orders
    found = {(loss.kind, loss.name): loss.reason.value for loss in made.losses}
    assert found == {
        ("metric", "bought_again"): "conversion_metric",
        ("saved query", "monthly"): "saved_query",
    }
    assert (made.metrics, made.asked) == (9, 10)


OLD = """
semantic_models:
  - name: sales
    model: ref('sales')
    defaults: {agg_time_dimension: day}
    primary_entity: sale
    entities: [{name: shop, type: foreign, expr: shop_id}]
    dimensions:
      - {name: day, type: time, type_params: {time_granularity: day}}
      - {name: amount, type: categorical, expr: amount_band}
      - {name: kind, type: categorical}
    measures:
      - {name: turnover, agg: sum, expr: amount}
      - {name: pieces, agg: sum, expr: quantity}
      - {name: odd, agg: hll_sketch, expr: quantity}
      - {name: regular, agg: sum, expr: "regexp_extract(kind, 'a')"}
metrics:
"""
REFUSALS: dict[str, tuple[str, str]] = {
    "measure: turnover": ("column_hidden_by_dimension", '"amount" means the column in dbt'),
    "measure: odd": ("aggregation_not_read", '"hll_sketch" is no aggregation'),
    "measure: regular": ("formula_not_read", "regexp_extract"),
    "measure: nothing": ("unknown_name", 'no measure "nothing"'),
    "measure: {name: pieces, filter: \"{{ Dimension('shop__city') }} = 'a'\"}": ("unknown_name", '"shop__city" is not reached'),
    "measure: {name: pieces, filter: \"{{ Dimension('sale__kind').date_part('year') }} = 1\"}": ("filter_not_read", "date_part"),
    "measure: {name: pieces, filter: \"{{ var('x') }} = 1\"}": ("filter_not_read", "no call that is read"),
    "measure: {name: pieces, filter: \"{% if x %} 1 = 1 {% endif %}\"}": ("filter_not_read", "template"),
    "measure: {name: pieces, filter: \"{{ TimeDimension('metric_time', 'hour') }} > '2020-01-01'\"}": ("sub_daily_grain", "finer"),
    "measure: {name: pieces, filter: \"{{ TimeDimension('metric_time', 'moon') }} > '2020-01-01'\"}": ("custom_grain", "moon"),
    "measure: {name: pieces, filter: \"{{ Dimension('sale__kind') }} = (select 1)\"}": ("filter_not_read", "in chosen|select"),
}  # fmt: skip


@pytest.mark.parametrize("params", REFUSALS)
def test_what_cannot_be_read_is_refused_with_its_reason(params: str, tmp_path: Path) -> None:
    reason, words = REFUSALS[params]
    file = tmp_path / "sales.yml"
    file.write_text(
        f"{OLD}  - {{name: good, type: simple, type_params: {{measure: pieces}}}}\n"
        f"  - name: bad\n    type: simple\n    type_params:\n      {params}\n"
        "  - {name: over, type: derived, type_params: {expr: bad * 2, metrics: [{name: bad}]}}\n"
    )
    made = import_dbt(file)
    found = {loss.name: loss for loss in made.refused}
    assert found["bad"].reason.value == reason
    assert any(word in found["bad"].message for word in words.split("|")), found["bad"].message
    assert found["bad"].at is not None
    assert found["bad"].at.line == 19
    assert found["over"].reason.value == "input_not_read"
    assert made.metrics == 1


def test_the_command_writes_a_catalog_that_passes_its_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dbt.yml").write_text(LATEST)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "pipeline_config.json").write_text('{"catalog": "catalog"}')
    base = ["--project", str(tmp_path), "semantic"]
    into = [*base, "import", "--from", "dbt", str(tmp_path / "dbt.yml"), "--into", str(tmp_path / "catalog")]
    assert main(into) == 1, "a metric was refused"
    shown = capsys.readouterr()
    assert "2 models, 9 of 10 metrics" in shown.out
    assert "conversion_metric" in shown.err
    assert main([*base, "check"]) == 0, capsys.readouterr().err
    assert main(into) == 1, "the same again changes nothing"
    (tmp_path / "catalog" / "metrics.yml").write_text("metrics: []\n")
    assert main(into) == 2, "what an author changed is not replaced"
