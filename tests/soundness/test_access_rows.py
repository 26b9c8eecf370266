"""What a role sees is what stands in the tables after everything else has been taken out of them, and never more."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from chatbot.agent import Agent
from chatbot.desk import Desk
from chatbot.export import ExportStore
from chatbot.routes import make_routes
from datatrust.core.errors import AccessDenied, UserError
from datatrust.core.jsonio import dumps
from datatrust.core.release import SourceControl, load_release
from datatrust.core.settings import Project
from semantic.access import load_viewer
from semantic.engine import SemanticLayer
from semantic.expressions import parse_filter
from semantic.query import EVERYONE, OWNER, Compare, Fold, MetricQuery, TimeRange, Top, Viewer
from tests.support.books import publish, write_release_project
from tests.support.guarded import CATALOG, POLICY, TWO_ROLES, connect, tables, write_guarded, write_policy

MINE = "customer in (select customer from customers join countries using (country) where region = '{0}')"
YEAR = TimeRange(start=dt.date(2026, 1, 1), end=dt.date(2026, 6, 30))

SHAPES: list[dict[str, Any]] = [
    {"metrics": ("revenue",)},
    {"metrics": ("revenue", "orders", "buyers", "average_sale"), "group_by": ("category",), "totals": True},
    {"metrics": ("revenue",), "group_by": ("region",), "share_of": "total", "totals": True},
    {"metrics": ("revenue",), "group_by": ("country", "category"), "share_of": "country"},
    {"metrics": ("revenue",), "group_by": ("time.month",), "running": True},
    {"metrics": ("revenue",), "group_by": ("category",), "time": YEAR, "compare": Compare(to="previous_year")},
    {"metrics": ("revenue",), "group_by": ("time.month",), "time": YEAR, "compare": Compare(to="previous_period")},
    {"metrics": ("revenue",), "group_by": ("category",), "time": YEAR, "compare": Compare(to="previous_year"),
     "contributions": True, "totals": True},
    {"metrics": ("orders",), "group_by": ("customer",), "top": Top(n=3)},
    {"metrics": ("orders",), "group_by": ("category",), "top": Top(n=1, others=True)},
    {"metrics": ("orders",), "group_by": ("country", "category"), "top": Top(n=1, per="country")},
    {"metrics": ("revenue",), "group_by": ("customer",), "having": parse_filter("revenue > 500")},
    {"metrics": ("revenue",), "where": parse_filter("region != 'AMER'")},
    {"metrics": ("revenue",), "where": parse_filter("not region = 'APAC'")},
    {"metrics": ("orders",), "where": parse_filter("large")},
    {"metrics": ("orders",), "where": parse_filter("region in ('APAC', 'EMEA', 'AMER')")},
    {"metrics": ("emea_revenue", "revenue"), "group_by": ("category",)},
    {"metrics": ("growth",), "group_by": ("time.month",), "time": YEAR},
    {"metrics": ("revenue_to_date",), "group_by": ("time.month",), "time": YEAR},
    {"metrics": ("new_buyers",), "group_by": ("time.quarter",), "time": YEAR},
    {"metrics": ("owed",), "group_by": ("time.month",), "time": YEAR},
    {"metrics": ("owed", "revenue"), "group_by": ("country",), "time": YEAR},
    {"metrics": ("owed", "orders"), "time": YEAR},
    {"metrics": ("running_contracts",), "group_by": ("time.month",), "time": YEAR},
    {"metrics": ("running_contracts", "orders"), "group_by": ("country",), "time": YEAR},
    {"metrics": ("owed_lately",), "group_by": ("time.quarter", "country"), "time": YEAR},
    {"metrics": ("large_buyers_orders",), "group_by": ("time.month",), "time": YEAR},
    {"metrics": ("large_buyers_orders", "orders"), "group_by": ("category",), "totals": True},
    {"metrics": ("half_year",), "group_by": ("time.month",), "time": YEAR},
    {"metrics": ("orders",), "group_by": ("country",), "fold": Fold(how="count", key="country"), "having": parse_filter("orders > 3")},
    {"metrics": ("orders",), "group_by": ("country",), "place": parse_filter("country = 'FR'")[0], "order_by": ("-orders",)},
]  # fmt: skip

SQL = {
    ("revenue",): "select sum(amount) from sales where status = 'done' and {0}",
    ("orders",): "select count(*) from sales where {0}",
    ("buyers",): "select count(distinct customer) from sales where {0}",
    ("revenue", "category"): "select category, sum(amount) from sales join products using (product)"
    " where status = 'done' and {0} group by 1 order by 1",
    ("orders", "region"): "select region, count(*) from sales join customers using (customer)"
    " join countries using (country) where {0} group by 1 order by 1",
    ("revenue", "time.month"): "select date_trunc('month', day)::date, sum(amount) from sales"
    " where status = 'done' and {0} group by 1 order by 1",
    ("owed",): "select sum(owed) from balances where {0} and day = (select max(day) from balances where {0})",
    ("new_buyers", "time.year"): "select date_trunc('year', first)::date, count(*) from"
    " (select customer, min(day) first from sales where {0} group by 1) group by 1 order by 1",
}


@dataclass
class Place:
    """The guarded company, and a copy for each region from which the rows of all others were deleted."""

    project: Project
    agent: Agent
    copies: dict[str, Agent]
    sql: duckdb.DuckDBPyConnection

    @property
    def layer(self) -> SemanticLayer:
        return self.agent.layer


def _cut(root: Path, region: str) -> Agent:
    project = write_guarded(root)
    project.access_policy.unlink()
    connection = duckdb.connect(str(root / "books.duckdb"))
    for table in ("sales", "balances", "contracts"):
        connection.execute(f"delete from {table} where not coalesce({MINE.format(region)}, false)")
    connection.execute(f"delete from customers where not coalesce({MINE.format(region)}, false)")
    connection.close()
    return Agent(SemanticLayer.open(project))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    project = write_guarded(tmp_path_factory.mktemp("guarded"))
    copies = {region: _cut(tmp_path_factory.mktemp(region), region) for region in ("EMEA", "APAC")}
    found = Place(project, Agent(SemanticLayer.open(project)), copies, connect(project))
    yield found
    found.sql.close()
    for agent in (found.agent, *copies.values()):
        agent.close()


def viewers(place: Place) -> list[tuple[str, Viewer]]:
    return [
        ("EMEA", load_viewer(place.project, "region")),
        ("APAC", load_viewer(place.project, user="akira")),
    ]


def test_every_shape_of_query_is_that_of_the_rows_alone(place: Place) -> None:
    for region, viewer in viewers(place):
        for shape in SHAPES:
            query = MetricQuery(**shape)
            mine = place.layer.query(query, viewer=viewer)
            other = place.copies[region].layer.query(query, viewer=EVERYONE)
            assert mine.rows == other.rows, (region, shape, mine.sql)
            assert mine.totals == other.totals, (region, shape)
            assert mine.excluded is None
            assert mine.evidence.policy == viewer.policy
            assert any(line.startswith("Only rows that the role region may see") for line in mine.assumptions)


def test_plain_numbers_are_those_of_sql_under_the_filter(place: Place) -> None:
    for region, viewer in viewers(place):
        for (metric, *by), sql in SQL.items():
            result = place.layer.query(MetricQuery(metrics=(metric,), group_by=tuple(by)), viewer=viewer)
            wanted = place.sql.execute(sql.format(MINE.format(region))).fetchall()
            assert [tuple(row) for row in result.rows] == [tuple(row) for row in wanted], (region, metric, by)


def test_a_model_that_cannot_reach_the_filter_is_refused_never_shown_whole(place: Place) -> None:
    for _, viewer in viewers(place):
        for query in (
            MetricQuery(metrics=("stock_value",)),
            MetricQuery(metrics=("stock_value", "revenue")),
            MetricQuery(metrics=("target",)),
            MetricQuery(metrics=("revenue",), compare=Compare(to="budget"), time=YEAR),
        ):
            with pytest.raises(AccessDenied):
                place.layer.query(query, viewer=viewer)
            assert place.layer.check(query, viewer=viewer)
            with pytest.raises(AccessDenied):
                place.layer.compile(query, viewer=viewer)


def test_another_role_of_the_filtered_table_is_not_shown(tmp_path: Path) -> None:
    """Trap: a sale to a customer of one's own region, sent to one whom one may not see."""
    project = write_guarded(tmp_path, catalog=TWO_ROLES)
    layer, viewer = SemanticLayer.open(project), load_viewer(project, "region")
    assert (
        layer.query(MetricQuery(metrics=("orders",), group_by=("region",)), viewer=viewer).rows[0][0]
        == "EMEA"
    )
    for query in (
        MetricQuery(metrics=("revenue",), group_by=("ship_to.name",)),
        MetricQuery(metrics=("revenue",), where=parse_filter("ship_to.countries.region = 'AMER'")),
    ):
        with pytest.raises(AccessDenied):
            layer.query(query, viewer=viewer)
    write_policy(project, "roles: {a: {metrics: all, dimensions: all, rows: customers.tier != 'gold'}}")
    golden = load_viewer(project, "a")
    found = layer.query(MetricQuery(metrics=("orders",), group_by=("ship_to.tier",)), viewer=golden)
    connection = connect(project)
    wanted = connection.execute(
        """select s.tier, count(*) from sales join customers c using (customer)
        left join customers s on s.customer = ship_to and s.tier != 'gold' where c.tier != 'gold' group by 1"""
    ).fetchall()
    assert dict(found.rows) == dict(wanted)
    assert "gold" not in dict(wanted)
    layer.close()


def test_values_and_days_are_those_of_the_viewers_rows(place: Place) -> None:
    for region, viewer in viewers(place):
        copy = place.copies[region].layer
        for name in ("countries.region", "countries.country", "customers.customer"):
            assert set(place.layer.values(name, viewer=viewer)) <= {
                row[0]
                for row in place.sql.execute(
                    f"select {name.split('.')[1]} from customers left join countries using (country) where region = '{region}'"
                ).fetchall()
            }
        assert place.layer.values("countries.region", viewer=viewer) == (region,)
        assert place.layer.values("customers.name", viewer=viewer) == ()
        assert place.layer.coverage("orders", viewer=viewer) == copy.coverage("orders", viewer=EVERYONE)
        assert place.layer.coverage("stock_value", viewer=viewer) is None


def test_a_masked_dimension_is_one_word_and_cannot_be_asked_for_by_value(place: Place) -> None:
    region = load_viewer(place.project, "region")
    result = place.layer.query(MetricQuery(metrics=("orders",), group_by=("name",)), viewer=region)
    count = place.sql.execute(f"select count(*) from sales where {MINE.format('EMEA')}").fetchone()
    assert count is not None
    assert result.rows == (("a customer", count[0]),)
    named = MetricQuery(metrics=("orders",), where=parse_filter("name = 'Firm 1'"))
    assert place.layer.query(named, viewer=region).rows == ((0,),)


def test_a_condition_inside_a_definition_is_not_masked_or_hidden(place: Place, tmp_path: Path) -> None:
    """Trap: a figure of Europe for a role that may not group by region would count other rows, or none."""
    project = write_guarded(tmp_path)
    write_policy(project, "roles: {a: {metrics: all, dimensions: [products.*]}}")
    layer = SemanticLayer.open(project)
    for policy in (
        "roles: {a: {metrics: all, dimensions: [products.*]}}",
        "roles: {a: {metrics: all, dimensions: all, masks: {countries.region: somewhere, sales.status: some}}}",
    ):
        write_policy(project, policy)
        query = MetricQuery(metrics=("emea_revenue", "revenue"), group_by=("category",))
        mine = layer.query(query, viewer=load_viewer(project, "a"))
        assert mine.rows == layer.query(query, viewer=OWNER).rows
    layer.close()


def test_nobody_without_a_role_reads_a_guarded_project(place: Place) -> None:
    query = MetricQuery(metrics=("orders",))
    for ask in (
        lambda: place.layer.query(query, viewer=EVERYONE),
        lambda: place.layer.compile(query, viewer=EVERYONE),
        lambda: place.layer.resolve(query, viewer=EVERYONE),
        lambda: place.layer.values("countries.region", viewer=EVERYONE),
        lambda: place.layer.coverage("orders", viewer=EVERYONE),
        lambda: place.agent.ask("orders", viewer=EVERYONE),
        lambda: place.agent.starters(EVERYONE),
        lambda: place.layer.seen_by(load_viewer(place.project, "region")).query(query, viewer=OWNER),
    ):
        with pytest.raises(AccessDenied):
            ask()


QUESTIONS = [
    f"{metric} {rest}".strip()
    for metric in ("revenue", "orders", "buyers", "amount owed", "average sale")
    for rest in (
        "", "in 2025", "by category", "by country", "by month in 2026", "by region", "this year compared to last year",
        "top 2 countries", "in Germany", "in Japan", "in the Americas",
    )
]  # fmt: skip


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.slow)])
def test_questions_are_answered_from_the_viewers_rows_in_cli_and_rest_alike(place: Place, every: int) -> None:
    """The same questions of two roles in one process, by turns; each beside a company that has no other rows."""
    today = dt.date(2026, 6, 30)
    clients = {}
    for region, viewer in viewers(place):
        app = FastAPI()
        app.include_router(
            make_routes(Desk(place.agent, place.project, viewer=lambda viewer=viewer: viewer), ExportStore())
        )
        clients[region] = TestClient(app)
    answered = 0
    for question in QUESTIONS[::every]:
        for region, viewer in viewers(place):
            mine = place.agent.ask(question, viewer=viewer, today=today)
            assert "AMER" not in mine.dumps()
            if mine.status != "answered":
                continue
            other = place.copies[region].ask(question, today=today)
            assert (mine.rows, mine.totals) == (other.rows, other.totals), (region, question, mine.text)
            rest = (
                clients[region].post("/api/v1/ask", json={"question": question, "today": "2026-06-30"}).json()
            )
            assert (rest["sql"], rest["interpretation"]) == (mine.sql, mine.interpretation)
            assert rest["rows"] == json.loads(dumps(mine.rows))
            answered += mine.status == "answered"
            if mine.status == "answered" and mine.query is not None:
                assert mine.evidence["role"] == "region"
                assert mine.evidence["policy"] == viewer.policy
                assert mine.excluded is None
    assert answered >= 70 / every, answered


def test_the_policy_of_today_holds_on_an_older_release(tmp_path: Path) -> None:
    """The older release has an older catalog, in which a figure has another name and a dimension was shown to all."""
    stored = re.sub(r"table: (\w+)", r"table: main.\1", CATALOG)
    old = stored.replace("name: orders, label: Orders", "name: sold, label: Sold").replace(
        "of: orders", "of: sold"
    )
    project = write_release_project(
        tmp_path,
        tables(),
        {"all": stored},
        files={"semantic/catalog/all.yml": old},
        lineage={"main.sales": ("crm",)},
        controls=(
            SourceControl(
                source="crm",
                table="silver.sales",
                read=9,
                valid=4,
                quarantined=5,
                duplicate=0,
                superseded=0,
                discarded=0,
            ),
        ),
    )
    write_policy(project, POLICY)
    first = load_release(project.warehouse)
    publish(project, 2, dict(first.tables), lineage={"main.sales": ("crm",)}, controls=first.controls)
    layer = SemanticLayer.open(project)
    region, whole = load_viewer(project, "region"), load_viewer(project, "whole")
    now = layer.query(MetricQuery(metrics=("orders",)), viewer=region)
    then = layer.query(MetricQuery(metrics=("sold",), as_of="1"), viewer=region)
    assert now.rows == then.rows != layer.query(MetricQuery(metrics=("orders",)), viewer=whole).rows
    assert then.evidence.release != now.evidence.release
    assert then.evidence.policy == now.evidence.policy == region.policy
    assert then.excluded is now.excluded is None
    everything = layer.query(MetricQuery(metrics=("orders",)), viewer=whole)
    assert everything.excluded is not None
    assert everything.excluded.quarantined_rows == 5
    for query in (
        MetricQuery(metrics=("profit",), as_of="1"),
        MetricQuery(metrics=("sold",), group_by=("tier",), as_of="1"),
        MetricQuery(metrics=("stock_value",), as_of="1"),
    ):
        with pytest.raises(UserError):
            layer.query(query, viewer=region)
    beside = MetricQuery(metrics=("revenue",), group_by=("country",), compare=Compare(to="as_reported"))
    found = layer.query(beside, viewer=region)
    assert {row[0] for row in found.rows} == {"DE", "FR"}
    assert all(row[1] == row[2] for row in found.rows)
    layer.close()


def test_the_policy_of_today_holds_on_an_older_day(place: Place) -> None:
    viewer = load_viewer(place.project, "region")
    there = place.layer.seen_by(viewer).on_day(dt.date(2025, 12, 31))
    query = MetricQuery(metrics=("orders",))
    assert there.query(query, viewer=viewer).rows == place.layer.query(query, viewer=viewer).rows
    with pytest.raises(UserError):
        there.query(MetricQuery(metrics=("profit",)), viewer=viewer)
