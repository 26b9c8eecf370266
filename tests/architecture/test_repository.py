"""The rules that hold the house together: what CONTRIBUTING says, checked."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("datatrust", "pipeline", "semantic", "chatbot")
MODULES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_opens_with_what_it_does(module: Path) -> None:
    docstring = ast.get_docstring(ast.parse(module.read_text()))
    assert docstring, f"{name(module)} has no docstring"
    assert len(docstring.splitlines()[0]) > 20, f"{name(module)}: say what it does"


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_can_be_held_in_the_head(module: Path) -> None:
    lines = len(module.read_text().splitlines())
    assert lines <= 700, f"{name(module)} has {lines} lines: split it by reason to change"


def test_the_glossary_has_each_word_once_and_in_order() -> None:
    rows = [line for line in (ROOT / "GLOSSARY.md").read_text().splitlines() if line.startswith("| ")][1:]
    words = [row.split("|")[1].strip() for row in rows]
    assert len(words) == len(set(words))
    assert words == sorted(words, key=str.lower)


def test_make_help_names_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^([a-z]+):", text, re.M))
    described = set(re.findall(r"^([a-z]+):.*## ", text, re.M))
    assert phony == described


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_the_command_line_starts_without_the_heavy_packages(argument: str) -> None:
    """`datatrust --help` must answer at once, on a machine without Spark or Gradio."""
    code = (
        "import sys; from datatrust.cli import main; main([sys.argv[1]]);"
        "heavy = {'pyspark', 'gradio', 'chromadb', 'great_expectations', 'dbt', 'pandas', 'duckdb', 'plotly'};"
        "print('heavy:', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, argument],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=ROOT,
    )
    assert "heavy: []" in done.stdout


def test_adrs_are_numbered_without_gaps() -> None:
    numbers = sorted(int(p.name[:4]) for p in (ROOT / "docs" / "adr").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_each_test_file_has_a_name_of_its_own() -> None:
    """Two of one name cannot be collected together: the whole suite would stop, though each runs alone."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
