"""Which names a metric can be asked by: short names, roles, several hops, conformed dimensions, grains."""

from __future__ import annotations

import pytest

from semantic.loader import load_catalog
from semantic.model import Catalog
from semantic.reach import (
    base_metrics,
    find_dimension,
    follow_path,
    grains_of,
    qualified_names,
    reachable,
    reachable_together,
    tables_of,
)
from tests.unit.semantic._catalogs import SAMPLE, catalog_of

CATALOG = """
    models:
      - model: sales
        table: s
        key: id
        time: ordered_on
        dimensions: [status, {name: ordered_on, type: time}, {name: secret, hidden: true}]
        joins:
          - {to: customers, key: customer_id}
          - {to: customers, key: ship_to_id, as: ship_to, label: Ship-to}
          - {to: products, key: product_id}
      - {model: customers, table: c, key: cid, dimensions: [name, status, {name: since, type: time, grain: month}],
         joins: [{to: regions, key: region_id}]}
      - {model: products, table: p, key: pid, dimensions: [colour, family], joins: {brand: {to: brands, key: brand_id}}}
      - {model: brands, table: b, key: bid, dimensions: [brand, family, colour]}
      - {model: regions, table: r, key: rid, dimensions: [region]}
      - {model: budget, table: g, key: [month, brand], time: month, dimensions: [{name: month, type: time, grain: month}, brand, colour]}
      - {model: staff, table: e, key: eid, time: hired, dimensions: [team], joins: [{to: staff, key: boss_id, as: boss}]}
    metrics:
      - {name: revenue, model: sales, agg: sum, expr: v}
      - {name: plan, model: budget, agg: sum, expr: v}
      - {name: gap, derived: revenue - plan}
      - {name: heads, model: staff, agg: count}
      - {name: per_head, ratio: [revenue, heads]}
      - {name: shipped, model: sales, agg: count, time: ship_to.since}
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return catalog_of(CATALOG)


@pytest.mark.parametrize(
    ("name", "model", "path", "shown"),
    [
        ("status", "sales", (), "status"),
        ("sales.status", "sales", (), "status"),
        ("customers.status", "customers", ("customers",), "customers.status"),
        ("ship_to.status", "customers", ("ship_to",), "ship_to.status"),
        ("colour", "products", ("products",), "colour"),
        ("brand", "brands", ("products", "brand"), "brand"),
        ("brands.colour", "brands", ("products", "brand"), "brand.colour"),
        ("products.brand.colour", "brands", ("products", "brand"), "brand.colour"),
        ("customers.regions.region", "regions", ("customers", "regions"), "customers.regions.region"),
        ("ship_to.regions.region", "regions", ("ship_to", "regions"), "ship_to.regions.region"),
        ("time", "sales", (), "ordered_on"),
    ],
)
def test_names_lead_where_the_rules_say(
    catalog: Catalog, name: str, model: str, path: tuple[str, ...], shown: str
) -> None:
    ref = reachable(catalog, "revenue")[name]
    assert (ref.dimension.model, ref.path, ref.query_name) == (model, path, shown)


@pytest.mark.parametrize("name", ["name", "region", "regions.region", "secret", "month", "team"])
def test_names_that_are_ambiguous_hidden_or_elsewhere_are_not_offered(catalog: Catalog, name: str) -> None:
    assert name not in reachable(catalog, "revenue")


def test_an_ambiguous_name_can_be_spelt_out(catalog: Catalog) -> None:
    names = reachable(catalog, "revenue")
    assert qualified_names(names, "name") == ("customers.name", "ship_to.name")
    assert names["ship_to.name"].label == "Ship-to: Name"


def test_a_query_name_is_its_own_key(catalog: Catalog) -> None:
    for metric in ("revenue", "gap", "per_head", "heads"):
        names = reachable(catalog, metric)
        assert all(ref.query_name in names for ref in names.values())


def test_a_formula_has_what_all_its_inputs_have(catalog: Catalog) -> None:
    assert set(reachable(catalog, "gap")) == {"brand", "colour", "time"}
    assert set(reachable(catalog, "per_head")) == {"time"}
    assert set(reachable_together(catalog, ["revenue", "plan"])) == {"brand", "colour", "time"}


def test_a_table_joined_to_itself_is_met_once(catalog: Catalog) -> None:
    names = reachable(catalog, "heads")
    assert names["team"].path == ()
    assert names["boss.team"].path == ("boss",)
    assert not any("boss.boss" in name for name in names)


def test_grains(catalog: Catalog) -> None:
    names = reachable(catalog, "revenue")
    assert find_dimension(names, "time.month") == (names["time"], "month")
    assert find_dimension(names, "customers.since.fiscal_year") == (names["customers.since"], "fiscal_year")
    assert find_dimension(names, "status.month") is None
    assert "week" not in grains_of(names["customers.since"].dimension)
    assert "day" in grains_of(names["ordered_on"].dimension)
    budget = reachable(catalog, "plan")
    assert find_dimension(budget, "month") == (budget["month"], None)


def test_a_metrics_own_time_may_lie_over_a_join(catalog: Catalog) -> None:
    assert reachable(catalog, "shipped")["time"].query_name == "ship_to.since"


def test_paths_and_lineage(catalog: Catalog) -> None:
    followed = follow_path(catalog, "sales", ["products", "brands"])
    assert followed is not None
    assert followed[0] == ("products", "brand")
    assert follow_path(catalog, "sales", ["customers", "brand"]) is None
    assert base_metrics(catalog, "gap") == ("revenue", "plan")
    assert tables_of(catalog, "per_head") == ("s", "e")


def test_the_sample_variance_is_asked_by_region_category_and_time() -> None:
    sample = load_catalog(SAMPLE)
    assert set(reachable(sample, "revenue_variance")) == {"region", "category", "time"}
    assert {"country", "product_name", "segment", "status"} <= set(reachable(sample, "revenue"))
