"""Any query that the sample company's catalog allows is answered, and what is additive adds up over any dimension."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from semantic.compiler.dialects import DIALECTS
from semantic.engine import SemanticLayer
from semantic.query import EVERYONE, MetricQuery
from tests.support.gold_double import make_gold_double
from tests.support.random_queries import Drawer, additive_queries

pytestmark = pytest.mark.slow

SEED, COUNT = 360, 60


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SemanticLayer]:
    opened = SemanticLayer.open(make_gold_double(tmp_path_factory.mktemp("company")))
    yield opened
    opened.close()


def test_what_is_allowed_is_answered_and_has_a_text_in_every_dialect(layer: SemanticLayer) -> None:
    bare = 0
    for query in Drawer(layer, SEED).queries(COUNT):
        result = layer.query(query, viewer=EVERYONE)
        assert all(len(row) == len(result.columns) for row in result.rows)
        bare += query == MetricQuery(metrics=query.metrics)
        for dialect in DIALECTS:
            assert "EXACT_" not in layer.compile(query, viewer=EVERYONE, dialect=dialect).sql
    assert bare < COUNT / 4  # the drawing finds more than metrics alone


def test_what_is_additive_adds_up_over_any_dimension(layer: SemanticLayer) -> None:
    asked = list(additive_queries(layer, SEED, COUNT))
    assert len({metric for _, metric in asked}) > 10
    for query, metric in asked:
        result = layer.query(query, viewer=EVERYONE)
        (whole,) = layer.query(MetricQuery(metrics=(metric,)), viewer=EVERYONE).rows
        known = [row[1] for row in result.rows if row[1] is not None]
        assert result.totals is not None
        assert sum(known) == (whole[0] or 0) == (result.totals[1] or 0), (metric, query.group_by)


def test_totals_stand_beside_shares_of_each_period(layer: SemanticLayer) -> None:
    """Was refused by the engine: the total's share was one of a period that it does not have."""
    query = MetricQuery(
        metrics=("revenue",), group_by=("region", "time.fiscal_year"), share_of="total", totals=True
    )
    result = layer.query(query, viewer=EVERYONE)
    assert result.totals is not None
    assert result.totals[result.columns.index(next(c for c in result.columns if c.kind == "share"))] == 1
