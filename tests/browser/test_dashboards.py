"""`make dashboards` on the sample company: every notebook runs, every chart is drawn, every figure is a query's."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

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


def test_every_notebook_has_a_page(pages: list[Path]) -> None:
    assert {page.stem for page in pages} == {
        file.stem for file in (ROOT / "notebooks" / "dashboards").glob("*.ipynb")
    }


def test_every_chart_is_drawn_and_nothing_is_loaded(pages: list[Path], browser: Browser) -> None:
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
        sections = page.locator("section")
        assert sections.count() > 0
        for at in range(sections.count()):
            section = sections.nth(at)
            words = section.inner_text()
            assert "Release 000003" in words, file.stem
            drawn = section.locator(
                ".plotly .trace, .plotly .bars path, .plotly .barlayer path, .plotly .scatterlayer path"
            )
            told = section.locator("details[open] tbody tr")  # one row is told in words
            assert drawn.count() > 0 or told.count() == 1, (file.stem, words[:60])
        assert not faults, file.stem
        assert {url.partition(":")[0] for url in requests} <= {"file", "data", "blob"}
        page.close()


def test_every_figure_is_what_the_query_gives(
    pages: list[Path], browser: Browser, sample_project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    checked = 0
    for file in pages:
        page = browser.new_page()
        page.goto(file.as_uri())
        for section in page.locator("section").all():
            found = re.search(r"<code>(.*?)</code>", section.locator("details").inner_html())
            assert found is not None
            words = shlex.split(section.locator("details code").text_content() or "")
            if words[1:3] != ["semantic", "query"]:
                continue
            assert main(["--project", str(sample_project.root), *words[1:], "--json"]) == 0
            rows = json.loads(capsys.readouterr().out, parse_float=str, parse_int=str)["rows"]
            shown = [
                [cell.text_content() or "" for cell in row.locator("td").all()]
                for row in section.locator("tbody tr").all()
            ]
            assert shown == [["" if each is None else str(each) for each in row] for row in rows], words
            checked += 1
        page.close()
    assert checked >= 15
