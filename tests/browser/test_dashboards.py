"""`make dashboards` on the sample company: every notebook runs, every chart is drawn, every figure is a query's."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from datatrust.cli import main
from datatrust.core.settings import Project

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.spark, pytest.mark.browser]


@pytest.fixture(scope="module")
def pages(sample_project: Project, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("dashboards")
    command = [
        sys.executable,
        "tools/dashboards.py",
        "--project",
        str(sample_project.root),
        "--out",
        str(out),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return sorted(out.glob("*.html"))


# One call a page: asking the browser for each cell by itself takes longer than everything else here.
READ = """() => [...document.querySelectorAll("section")].map(section => ({
    words: section.innerText,
    drawn: section.querySelectorAll(
        ".plotly .trace, .plotly .bars path, .plotly .barlayer path, .plotly .scatterlayer path").length,
    told: section.querySelectorAll("details[open] tbody tr").length,
    query: section.querySelector("details code")?.textContent ?? "",
    rows: [...section.querySelectorAll("tbody tr")].map(
        row => [...row.querySelectorAll("td")].map(cell => cell.textContent)),
}))"""


@pytest.fixture(scope="module")
def read(pages: list[Path], browser: Browser) -> dict[str, list[dict[str, Any]]]:
    """What each page shows, section by section, once its charts are drawn; nothing fails and nothing is loaded."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for file in pages:
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        faults: list[str] = []
        requests: list[str] = []
        page.on("pageerror", lambda error, faults=faults: faults.append(str(error)))
        page.on(
            "console", lambda line, faults=faults: faults.append(line.text) if line.type == "error" else None
        )
        page.on("request", lambda request, requests=requests: requests.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_timeout(800)
        sections[file.stem] = page.evaluate(READ)
        assert not faults, file.stem
        assert {url.partition(":")[0] for url in requests} <= {"file", "data", "blob"}
        page.close()
    return sections


def test_every_notebook_has_a_page(pages: list[Path]) -> None:
    assert {page.stem for page in pages} == {
        file.stem for file in (ROOT / "notebooks" / "dashboards").glob("*.ipynb")
    }


def test_every_chart_is_drawn(read: dict[str, list[dict[str, Any]]]) -> None:
    for name, sections in read.items():
        assert sections, name
        for section in sections:
            assert "Release 000003" in section["words"], name
            # One row is told in words.
            assert section["drawn"] > 0 or section["told"] == 1, (name, section["words"][:60])


def test_every_figure_is_what_the_query_gives(
    read: dict[str, list[dict[str, Any]]], sample_project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    checked = 0
    for section in (section for sections in read.values() for section in sections):
        words = shlex.split(section["query"])
        assert words
        if words[1:3] != ["semantic", "query"]:
            continue
        assert main(["--project", str(sample_project.root), *words[1:], "--json"]) == 0
        rows = json.loads(capsys.readouterr().out, parse_float=str, parse_int=str)["rows"]
        assert section["rows"] == [["" if each is None else str(each) for each in row] for row in rows], words
        checked += 1
    assert checked >= 15
