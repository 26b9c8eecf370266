"""Anomalies without Spark: the scale, the score and the table, with Lloyd's own steps in the place of MLlib's."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable

from datatrust.core.errors import UserError
from datatrust.core.settings import AnomalyRule, Project
from pipeline import anomalies
from pipeline.anomalies import Scored, build_anomalies, write_anomalies
from pipeline.fingerprint import compute_hashes
from pipeline.gold import GoldResult
from pipeline.tables import query_tables
from tests.support.outliers import RULE, write_fact
from tests.support.projects import write_project

TABLE = "gold.odd"
fits: list[int] = []


def lloyd(spark: Any, file: Path, names: Sequence[str], rule: AnomalyRule) -> anomalies.Centres:
    """KMeans over one feature, from the lowest and the highest value."""
    values = [row[0] for row in duckdb.sql(f"select {names[0]} from read_parquet('{file}')").fetchall()]
    fits.append(len(values))
    centres = [min(values), max(values)]
    for _ in range(30):
        groups: list[list[float]] = [[], []]
        for value in values:
            groups[abs(value - centres[1]) < abs(value - centres[0])].append(value)
        centres = [sum(group) / len(group) for group in groups]
    return tuple((round(centre, 6),) for centre in sorted(centres))


@pytest.fixture(autouse=True)
def _no_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    fits.clear()
    monkeypatch.setattr(anomalies, "_kmeans", lloyd)


def find(warehouse: Path, rule: AnomalyRule = RULE) -> Scored:
    return write_anomalies(None, warehouse, TABLE, rule)  # type: ignore[arg-type]


def rows(warehouse: Path) -> list[dict[str, Any]]:
    return query_tables("select * from t order by id", {"t": warehouse / "gold/odd"})


def spread(**more: float) -> dict[str, Decimal]:
    """Two hundred amounts between 80 and 120, and others."""
    usual = {f"U{place:03d}": Decimal(80 + place % 41) for place in range(200)}
    return {**usual, **{name: Decimal(str(value)) for name, value in more.items()}}


def test_amounts_far_too_large_and_far_too_small_are_found(tmp_path: Path) -> None:
    write_fact(tmp_path, spread(high=9000, low=0.8, negative=-100))
    assert find(tmp_path) == Scored(table=TABLE, rows=3, fitted=True)
    found = rows(tmp_path)
    assert [row["id"] for row in found] == ["high", "low", "negative"]
    assert list(found[0]) == ["id", "product", "amount", "cluster", "distance", "score"]
    assert found[0]["amount"] == 9000
    assert all(row["score"] > Decimal("4.5") for row in found)


def test_a_cluster_of_outliers_is_not_usual(tmp_path: Path) -> None:
    """Trap: with k = 2 the second centre sits among a few enormous amounts, whose distance to it is small."""
    enormous = {f"E{place}": 1_000_000 + place for place in range(6)}
    write_fact(tmp_path, spread(**enormous))
    find(tmp_path)
    assert [row["id"] for row in rows(tmp_path)] == sorted(enormous)
    naive = RULE.model_copy(update={"min_share": 0.0})
    find(tmp_path, naive)
    assert not rows(tmp_path), "what the plain distance to the own centre finds of them"


def test_the_same_rows_are_not_scored_twice_and_give_the_same_table(tmp_path: Path) -> None:
    write_fact(tmp_path / "a", spread(high=9000))
    write_fact(tmp_path / "b", spread(high=9000))
    assert [find(tmp_path / name).fitted for name in "aab"] == [True, False, True]
    assert rows(tmp_path / "a") == rows(tmp_path / "b")
    assert DeltaTable(str(tmp_path / "a/gold/odd")).version() == 0
    assert find(tmp_path / "a", RULE.model_copy(update={"threshold": 99.0})).fitted, (
        "another rule is asked anew"
    )
    write_fact(tmp_path / "a", spread(high=9000, other=5))
    assert find(tmp_path / "a").fitted


def test_beside_what_is_usual_of_the_group(tmp_path: Path) -> None:
    """By amounts alone a cheap thing at a dear thing's price is not seen."""
    (tmp_path / "gold").mkdir()
    duckdb.sql(
        "create or replace table groups as select 'D' || range as id, 'dear' as product, (900 + range)::decimal(18,2) "
        "as amount from range(200) union all select 'C' || range, 'cheap', (9 + range / 100)::decimal(18,2) "
        "from range(200) union all select 'X', 'cheap', 950"
    )
    from deltalake import write_deltalake

    write_deltalake(str(tmp_path / "gold/fct"), duckdb.sql("from groups").to_arrow_table())
    assert find(tmp_path).rows == 0
    find(tmp_path, RULE.model_copy(update={"relative_to": ("product",)}))
    assert [row["id"] for row in rows(tmp_path)] == ["X"]


@pytest.mark.parametrize("amounts", [{}, {"A": 5}, {"A": 5, "B": 5}, {"A": None}, {"A": 1, "B": 2, "C": 3}])
def test_hardly_any_rows_are_no_reason_to_fail(amounts: dict[str, Any], tmp_path: Path) -> None:
    write_fact(tmp_path, {name: None if value is None else Decimal(value) for name, value in amounts.items()})
    assert find(tmp_path).rows == 0
    assert rows(tmp_path) == []


def test_equal_amounts_do_not_make_a_cent_remarkable(tmp_path: Path) -> None:
    amounts = {f"U{place:03d}": Decimal(100) for place in range(200)}
    write_fact(
        tmp_path, {**amounts, "cent": Decimal("100.01"), "half": Decimal(200), "more": Decimal(100_000)}
    )
    find(tmp_path)
    assert "cent" not in [row["id"] for row in rows(tmp_path)]


def test_many_rows_are_fitted_by_a_part_of_them(tmp_path: Path) -> None:
    write_fact(tmp_path, spread(high=9000))
    find(tmp_path, RULE.model_copy(update={"fit_rows": 100, "where": "amount > 0"}))
    assert fits == [67], "every third of 201"
    assert [row["id"] for row in rows(tmp_path)] == ["high"]


def test_gold_says_what_it_is_made_of(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    write_fact(project.warehouse, spread(high=9000))
    built = build_anomalies(None, project, GOLD)  # type: ignore[arg-type]
    assert built.tables == ("gold.fct", TABLE)
    assert built.lineage[TABLE] == ("silver.sales",)
    assert [(test.kind, test.columns) for test in built.column_tests] == [
        ("unique", ("id",)),
        ("not_null", ("score",)),
    ]
    assert built.texts[TABLE].sql.endswith("amount as score from gold.fct")


def test_names_that_are_not_there_are_refused_all_at_once(tmp_path: Path) -> None:
    project = make_project(tmp_path, features=["amout"], columns=["produkt"])
    write_fact(project.warehouse, spread())
    with pytest.raises(UserError) as caught:
        build_anomalies(None, project, GOLD)  # type: ignore[arg-type]
    said = str(caught.value)
    assert 'gold.fct has no column "amout"' in said
    assert "did you mean: amount?" in said
    assert 'has no column "produkt"' in said
    with pytest.raises(UserError, match=r'gold has no table "gold\.fact"'):
        build_anomalies(None, make_project(tmp_path, input="gold.fact"), GOLD)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="should match pattern"):
        write_project(
            tmp_path,
            {"anomalies": {"silver.x": {"input": "gold.fct", "key": ["id"], "features": ["amount"]}}},
        )


def test_another_rule_makes_another_release(tmp_path: Path) -> None:
    plain = compute_hashes(write_project(tmp_path / "p", {}), ())
    assert "anomalies" not in plain, "a project without anomalies has the hashes that it always had"
    first = compute_hashes(make_project(tmp_path / "a"), ())["anomalies"]
    assert first != compute_hashes(make_project(tmp_path / "b", threshold=5), ())["anomalies"]


GOLD = GoldResult(
    tables=("gold.fct",),
    seconds={},
    lineage={"gold.fct": ("silver.sales",)},
    column_tests=(),
    texts={},
    tests=0,
)


def make_project(root: Path, **rule: object) -> Project:
    declared = {"input": "gold.fct", "key": ["id"], "features": ["amount"], **rule}
    return write_project(root, {"anomalies": {TABLE: declared}})
