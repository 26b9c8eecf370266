"""Any query that the sample company's catalog allows gives the same rows on DuckDB and on Spark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from datatrust.core.settings import Project
from semantic.query import EVERYONE
from tests.support.random_queries import Drawer, additive_queries
from tests.support.two_engines import TwoEngines

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

SEED = 360
COUNT = 16  # about half a second each on Spark
LONG = 400  # with `make soak`


@pytest.fixture(scope="module")
def company(spark: SparkSession, sample_project: Project) -> Iterator[TwoEngines]:
    engines = TwoEngines(sample_project, "spark")
    yield engines
    engines.close()


@pytest.mark.parametrize(
    ("seed", "count"), [(SEED, COUNT), pytest.param(SEED + 1, LONG, marks=pytest.mark.soak)]
)
def test_random_queries_give_the_same_rows(company: TwoEngines, seed: int, count: int) -> None:
    found = [company.differ(query) for query in Drawer(company.duckdb, seed).queries(count)]
    differences = [each for each in found if each]
    assert not differences, f"{len(differences)} of {count} differ\n\n" + "\n\n".join(differences[:5])


def test_what_is_additive_adds_up_on_spark_too(company: TwoEngines) -> None:
    for query, metric in additive_queries(company.duckdb, SEED, 4):
        result = company.other.query(query, viewer=EVERYONE)
        assert result.totals is not None
        assert sum(row[1] or 0 for row in result.rows) == (result.totals[1] or 0), metric
