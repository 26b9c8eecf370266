"""What dashboards' notebooks are made of: figures equal to a query, steps that add up, words of period and release."""

from __future__ import annotations

import ast
import json
import shlex
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chatbot.board import PANEL, PLOTLY, Board, Panel
from chatbot.board_page import page_of, panels_of
from datatrust.cli import main
from datatrust.core.errors import UserError
from tests.support.gold_double import make_gold_double
from tests.support.guarded import write_guarded

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks" / "dashboards").glob("*.ipynb"))


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    made = Board.open(make_gold_double(tmp_path_factory.mktemp("board") / "company").root)
    yield made
    made.layer.close()


def asked_again(panel: Panel, board: Board, capsys: pytest.CaptureFixture[str]) -> list[list[str | None]]:
    """The rows that a panel's own command gives."""
    assert panel.command is not None
    words = shlex.split(panel.command)
    assert words.pop(0) == "datatrust"
    assert main(["--project", str(board.layer.project.root), *words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out, parse_float=str, parse_int=str)["rows"]
    return [[None if each is None else str(each) for each in row] for row in rows]


def test_a_chart_shows_what_its_command_asks_for(board: Board, capsys: pytest.CaptureFixture[str]) -> None:
    panels = [
        board.chart("a", "revenue", "time.month", time=board.months(13), compare="previous_year"),
        board.chart("b", "booked_sales", "status", time=board.fiscal_years(1), where="region = 'EMEA'"),
        board.chart("c", "revenue", "company_name", time=board.fiscal_years(2), top=5),
        board.chart("d", "gross_margin_pct,revenue", "category", time=board.months(3)),
    ]
    for panel in panels:
        assert panel.figure is not None
        assert panel.rows
        assert panel.data()["rows"] == asked_again(panel, board, capsys), panel.title
    assert "1 May 2025 to 31 May 2026" in panels[0].caption
    assert f"Release {str(board.layer.release_id).removeprefix('sha256:')[:10]}" in panels[0].caption
    assert [panel.brings_plotly for panel in panels] == [True, False, False, False]


def test_the_steps_from_a_plan_add_up_to_the_actual_value(board: Board) -> None:
    panel = board.variance("v", "revenue", "category", time=board.fiscal_years(1))
    bars = panel.figure.data[0]  # type: ignore[union-attr]
    assert list(bars.measure) == ["absolute", *["relative"] * 5, "absolute"]
    values = [Decimal(str(each)) for each in bars.y]
    assert abs(sum(values[:-1]) - values[-1]) < Decimal("0.000001")
    actual = board.ask("revenue", time=board.fiscal_years(1)).value("revenue")
    assert sum((row[1] for row in panel.rows), Decimal(0)) == actual


def test_a_group_without_a_plan_counts_in_full(board: Board) -> None:
    """Two departments have expenses and no budget: they were once left out, and the actual value with them."""
    time = board.fiscal_years(1)
    panel = board.variance("v", "operating_expenses", "department", time=time)
    assert any(row[2] is None for row in panel.rows)
    bars = panel.figure.data[0]  # type: ignore[union-attr]
    actual = board.ask("operating_expenses", time=time).value("operating_expenses")
    assert bars.customdata[-1] == "Actual: €" + f"{actual:,.2f}"
    assert sum("(no budget)" in label for label in bars.x) == sum(row[2] is None for row in panel.rows)


def test_what_does_not_add_up_over_groups_has_no_steps(board: Board) -> None:
    with pytest.raises(UserError, match="add up to"):
        board.variance("v", "gross_margin_pct", "category", time=board.fiscal_years(1))


def test_a_fall_of_what_should_be_low_is_favourable(board: Board) -> None:
    panel = board.variance("v", "operating_expenses", "department", time=board.fiscal_years(1))
    bars = panel.figure.data[0]  # type: ignore[union-attr]
    more = board.variance("v", "revenue", "region", time=board.fiscal_years(1)).figure.data[0]  # type: ignore[union-attr]
    assert bars.decreasing.marker.color == more.increasing.marker.color


def test_a_statement_is_checked_against_its_totals(board: Board) -> None:
    panel = board.statement("s", "revenue - cost_of_sales = gross_profit", time=board.fiscal_years(1))
    assert list(panel.figure.data[0].measure) == ["absolute", "relative", "absolute"]  # type: ignore[union-attr]
    with pytest.raises(UserError, match="the steps before it add up to"):
        board.statement("s", "revenue = gross_profit", time=board.fiscal_years(1))


def test_records_of_runs_need_a_release_of_ones_own(board: Board) -> None:
    with pytest.raises(UserError, match="no release of its own"):
        board.records("r")


def test_a_board_has_the_rights_of_its_role(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = write_guarded(tmp_path)
    made = {}
    for role in (None, "region", "counter", "few"):
        board = Board.open(project.root, role=role)
        made[role] = board
        if role != "counter":
            panel = board.chart("r", "revenue", "region")
            assert panel.data()["rows"] == asked_again(panel, board, capsys)
            assert ("--role" in (panel.command or "")) == (board.viewer.role is not None)
        with pytest.raises(
            UserError, match="no release of its own" if role is None else "who sees everything"
        ):
            board.records("r")
    own = {row[0] for row in made["region"].chart("r", "revenue", "region").rows}
    assert own == {"EMEA"}
    with pytest.raises(UserError):
        made["counter"].chart("r", "revenue", "region")
    for board in made.values():
        board.layer.close()


def test_a_panel_is_one_bundle_with_its_exact_figures(board: Board) -> None:
    panel = board.chart("a & b", "revenue", "region", time=board.months(1))
    bundle = panel._repr_mimebundle_()
    assert set(bundle) == {PANEL, PLOTLY, "text/html"}
    assert bundle[PANEL]["rows"][0][1] == str(panel.rows[0][1])
    assert "a &amp; b" in bundle["text/html"]


def test_the_page_holds_plotly_once_loads_nothing_and_escapes_what_it_shows(board: Board) -> None:
    panels = [board.chart("<b>one</b>", "revenue", "region"), board.chart("two", "orders", "region")]
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "source": "# Sales\nWords <script>x</script>"}]
    cells += [{"cell_type": "code", "outputs": [{"data": each._repr_mimebundle_()}]} for each in panels]
    page = page_of({"cells": cells})
    assert "<title>Sales</title>" in page
    assert page.count("plotly.js v") == 1
    assert "<b>one</b>" not in page
    assert "<script>x</script>" not in page
    assert "src=" not in page[page.rindex("</style>") : page.index("<script>")]
    assert "default-src 'none'" in page
    assert [each["title"] for each in panels_of({"cells": cells})] == ["<b>one</b>", "two"]


# -------------------------------------------------------------------------------------------------------- notebooks


def test_there_are_dashboards() -> None:
    names = {file.stem for file in NOTEBOOKS}
    assert {
        "sales_kpis_plotly",
        "revenue_trends",
        "profit_analysis",
        "variance_to_budget",
        "data_quality",
    } <= names
    assert {"anomalies", "storage_cost"} <= names


def test_notebooks_are_clean_and_only_ask_the_board() -> None:
    """No outputs in git, no SQL, no helper of their own: a figure that is not asked of the layer cannot get in."""
    for file in NOTEBOOKS:
        notebook = json.loads(file.read_text())
        assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
        cells = [each for each in notebook["cells"] if each["cell_type"] == "code"]
        for cell in cells:
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
        source = "\n".join("".join(cell["source"]) for cell in cells)
        assert "select " not in source.lower()
        for node in ast.parse(source).body:
            if isinstance(node, ast.ImportFrom):
                assert node.module == "chatbot.board", file.name
            elif isinstance(node, ast.Assign):
                assert ast.unparse(node) == "board = Board.open()", file.name
            else:
                assert isinstance(node, ast.Expr), file.name
                assert ast.unparse(node).startswith("board."), file.name


def test_without_a_release_the_command_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import dashboards
    finally:
        sys.path.pop(0)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "pipeline_config.json").write_text('{"name": "empty"}')
    assert dashboards.main(["--project", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "no release has been published yet" in said
    assert "datatrust pipeline run" in said
    assert not (tmp_path / "out").exists()
    assert dashboards.main(["--project", str(tmp_path), "sales"]) == 2
    assert "no dashboard is called sales" in capsys.readouterr().err
