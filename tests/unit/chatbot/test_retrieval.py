"""The meaning index: found by meaning, kept between runs, brought up to date by content, never in the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from chatbot.agent import Agent
from chatbot.retrieval.documents import Document, make_documents
from chatbot.retrieval.embedding import embed
from chatbot.retrieval.index import MeaningIndex
from datatrust.core.settings import load_project
from semantic.loader import load_catalog
from tests.support.gold_double import make_gold_double

ROOT = Path(__file__).parents[3]
DOCUMENTS = (
    Document(kind="metric", ref="revenue", text="Net revenue, sales, turnover"),
    Document(kind="metric", ref="headcount", text="Number of employees, staff"),
    Document(kind="dimension", ref="customers.country", text="Country, nation"),
)


class Counting:
    """The real embedding, and how many texts it was given."""

    def __init__(self) -> None:
        self.texts = 0

    def __call__(self, texts: Sequence[str]) -> list[list[float]]:
        self.texts += len(texts)
        return embed(texts)


def test_near_in_meaning(tmp_path: Path) -> None:
    index = MeaningIndex.open(tmp_path / "a", DOCUMENTS, embed)
    assert index.near("how many people work here", kinds=("metric",))[0].ref == "headcount"
    assert index.near("income from selling")[0].ref == "revenue"
    assert index.is_persistent


def test_only_what_is_new_is_embedded(tmp_path: Path) -> None:
    MeaningIndex.open(tmp_path / "a", DOCUMENTS, embed).close()
    counting = Counting()
    changed = (*DOCUMENTS[:2], Document(kind="dimension", ref="customers.city", text="City, town"))
    index = MeaningIndex.open(tmp_path / "a", changed, counting)
    assert counting.texts == 1
    assert len(index) == 3
    assert {hit.ref for hit in index.near("place", limit=3)} == {"revenue", "headcount", "customers.city"}


def test_a_second_opener_works_in_memory(tmp_path: Path) -> None:
    first = MeaningIndex.open(tmp_path / "a", DOCUMENTS, embed)
    second = MeaningIndex.open(tmp_path / "a", DOCUMENTS, embed)
    assert first.is_persistent
    assert not second.is_persistent
    assert second.near("staff")[0].ref == "headcount"


def test_a_damaged_folder_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    (folder / "chroma").mkdir(parents=True)
    (folder / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 1000)
    first = MeaningIndex.open(folder, DOCUMENTS, embed)
    assert first.near("staff")[0].ref == "headcount"
    first.close()
    again = MeaningIndex.open(folder, DOCUMENTS, embed)
    assert again.is_persistent
    assert len(again) == 3


def test_documents_hold_no_hidden_dimension() -> None:
    project = load_project(ROOT)
    catalog = load_catalog(project.catalog, shown_root=project.root)
    documents = make_documents(
        catalog, {("sales", "line_type"): ("sale",), ("customers", "region"): ("EMEA",)}
    )
    refs = {document.ref for document in documents}
    assert "customers.region=EMEA" in refs
    assert not any("line_type" in ref for ref in refs)


def test_documents_hold_no_token_of_a_masked_value() -> None:
    project = load_project(ROOT)
    catalog = load_catalog(project.catalog, shown_root=project.root)
    token = f"tok_0123abcd_{'0f' * 32}"
    refs = {each.ref for each in make_documents(catalog, {("customers", "region"): (token, "EMEA")})}
    assert "customers.region=EMEA" in refs
    assert not any("tok_" in ref for ref in refs)


def test_a_changed_definition_costs_one_embedding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_gold_double(tmp_path / "project")
    counting = Counting()
    monkeypatch.setattr("chatbot.agent.embed", counting)

    def made() -> int:
        agent, before = Agent.open(project, planner="offline"), counting.texts
        count = len(agent.index())
        agent.close()
        assert count > 50
        return counting.texts - before

    assert made() > 50
    assert made() == 0
    file = next(f for f in project.catalog.rglob("*.yml") if "label: Net revenue" in f.read_text())
    file.write_text(file.read_text().replace("label: Net revenue", "label: Net income of sales", 1))
    assert 1 <= made() <= 3
    monkeypatch.setattr("chatbot.agent.model_name", lambda: "another")
    assert made() > 50
