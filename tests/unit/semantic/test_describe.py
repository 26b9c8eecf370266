"""Describing and checking a project's catalog."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from datatrust.core.errors import UnknownName
from datatrust.core.jsonio import dumps
from datatrust.core.settings import load_project
from semantic.describe import check_catalog, describe, render_description
from semantic.loader import load_catalog
from tests.unit.semantic._catalogs import SAMPLE


@pytest.mark.parametrize(
    "name", [None, "revenue", "sales", "region", "sales.status", "net_sales", "operating_margin_pct"]
)
def test_everything_can_be_described(name: str | None) -> None:
    about = describe(load_catalog(SAMPLE), name)
    assert render_description(about)
    assert dumps(about)


def test_a_metric_tells_what_it_stands_on() -> None:
    about = describe(load_catalog(SAMPLE), "operating_margin_pct")
    assert about["lineage"].metrics == ("operating_profit", "gross_profit", "operating_expenses", "revenue")
    assert about["lineage"].tables == ("gold.fct_sales", "gold.fct_expenses")
    text = render_description(describe(load_catalog(SAMPLE), "revenue"))
    assert "Sum of net_amount over sales where net_sales (status in completed, refunded)" in text


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"did you mean: revenue\?"):
        describe(load_catalog(SAMPLE), "revenu")


def test_check_counts_and_finds(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "pipeline_config.json").write_text("{}")
    shutil.copytree(SAMPLE, tmp_path / "semantic" / "catalog")
    errors, warnings, counts = check_catalog(load_project(tmp_path))
    assert (errors, warnings) == ([], [])
    assert counts["metrics"] >= 50
    file = tmp_path / "semantic" / "catalog" / "metrics" / "fx.yml"
    file.write_text(file.read_text().replace("agg: average", "agg: averge"))
    errors, _, counts = check_catalog(load_project(tmp_path))
    assert [str(issue.at) for issue in errors] == ["semantic/catalog/metrics/fx.yml:7:10"]
    assert "agg: averge" in errors[0].render()  # the line, read from the project's folder


def test_columns_are_checked_on_another_tools_file(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as database:
        database.execute("create table payments (id int, paid_on date, amount_net decimal(18,2))")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "pipeline_config.json").write_text(
        '{"catalog": "catalog", "serving": {"connection": "duckdb:///shop.duckdb"}}'
    )
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "all.yml").write_text(
        "models: [{model: payments, table: payments, key: id, time: paid_on}]\n"
        "metrics:\n  - name: paid\n    model: payments\n    agg: sum\n    expr: amout_net\n"
    )
    errors, warnings, _ = check_catalog(load_project(tmp_path))
    assert [f"{issue.at} {issue.code} {issue.suggestion}" for issue in errors] == [
        "catalog/all.yml:6:11 DT201 amount_net"
    ]
    assert {issue.code for issue in warnings} == {"DT231", "DT232"}
