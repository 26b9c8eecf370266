"""What an answer card says, and that nothing in it can run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import tests.support.chat_double as double
from chatbot.ui.context import PageContext
from chatbot.ui.render import render_detail, render_history, render_lead, render_waiting
from chatbot.ui.session import MAX_TURNS, Conversation, Turn
from chatbot.ui.view import AnswerView, picture_of, view_of
from datatrust.core.settings import Config, Display, Project


@pytest.fixture(scope="module")
def context() -> PageContext:
    return PageContext(double.FakeAgent(), Project(root=Path("/nowhere"), config=Config(title="A & B")))


def view(make: Any, context: PageContext, locale: str = "en", **values: Any) -> AnswerView:
    return view_of({**make("what <b>is</b> it?").to_json(), **values}, context, locale=locale)


def test_the_number_is_the_results(context: PageContext) -> None:
    seen = view(double.total, context)
    assert [f.value for f in seen.figures] == ["€12,345,678.91"]
    assert seen.figures[0].exact == "12345678.905"
    assert seen.table is None
    assert [(c.kind, c.text) for c in seen.chips] == [
        ("Metric", "Net revenue"), ("Dates", "1 Apr 2026 to 30 Jun 2026"),
    ]  # fmt: skip


def test_the_number_follows_the_locale(context: PageContext) -> None:
    assert view(double.total, context, "de").figures[0].value == "12.345.678,91\xa0€"


def test_a_comparison_says_favourable_in_words(context: PageContext) -> None:
    change = view(double.budget, context).figures[0].change
    assert change is not None
    assert (change.arrow, change.judgement) == ("▼", "adverse")
    assert change.text == "−€280,000.00 (−1.3%) against budget: €21,480,000.00"


def test_negatives_stand_in_parentheses_where_the_project_wants_them() -> None:
    project = Project(root=Path("/nowhere"), config=Config(display=Display(negatives="parentheses")))
    context = PageContext(double.FakeAgent(), project)
    seen, figure = picture_of(double.by_region("q").to_json(), context, locale="en")
    assert seen.table is not None
    assert seen.table.rows[2][1].text == "(1,250.55)"
    assert seen.table.rows[1][3].text == "(200,000.00)"
    assert seen.table.rows[0][3].text == "+300,000.10"
    assert figure is not None
    assert "(€1,250.55)" in figure.data[1].customdata
    plain = view_of(double.by_region("q").to_json(), context, locale="en").table
    assert plain is not None
    assert plain.rows[2][1].text == "−1,250.55", "the style ends with the picture"


def test_a_table_has_heads_units_and_a_total(context: PageContext) -> None:
    table = view(double.by_region, context).table
    assert table is not None
    assert [h.text for h in table.head] == [
        "Region", "Net revenue", "Year before", "Difference", "Difference %", "Assessment",
    ]  # fmt: skip
    assert table.rows[0][1].text == "5,100,000.10"
    assert table.rows[2][1].negative
    assert table.totals is not None
    assert [c.text for c in table.totals][:2] == ["Total", "7,998,749.55"]


def test_what_was_stopped_can_be_asked_again_and_not_called_wrong(context: PageContext) -> None:
    seen = view(double.refuse, context, reason="stopped", options=[])
    shown = render_detail(seen, export=None)
    assert seen.headline == "Stopped"
    assert "Ask again" in shown
    assert "Not right" not in shown
    assert "Not right" in render_detail(view(double.refuse, context), export=None)


def test_evidence_names_everything(context: PageContext) -> None:
    proof = view(double.by_region, context).evidence
    assert proof is not None
    lines = dict(proof.lines)
    assert lines["Release"] == "000003"
    assert lines["Exact dates"] == "1 Apr 2026 to 30 Jun 2026, fiscal calendar"
    assert lines["Filters of the question"] == "Status is completed"
    assert lines["Quality of the release"] == "Passed, 212 checks"
    assert (
        proof.withheld
        == "12 source rows are in quarantine and not in this number, worth €345.60 as delivered."
    )
    assert proof.reasons == (("Amount positive", "9"), ("Status known", "3"))
    assert proof.metrics[0].definition.startswith("Sum of net amount")
    assert proof.metrics[0].certified == "Certified by controlling since 10 Jan 2026"
    assert proof.tables[0] == ("gold.fct_sales", "12")


def test_nothing_from_data_or_asker_becomes_markup(context: PageContext) -> None:
    hostile = '"><img src=x onerror=alert(1)>'
    document = {
        **double.by_region(double.HOSTILE).to_json(),
        "interpretation": hostile, "assumptions": [hostile], "flags": [hostile], "sql": hostile,
        "options": [{"label": hostile, "question": hostile}],
        "evidence": {**double.EVIDENCE, "metrics": {hostile: {"owner": hostile, "definition": hostile}},
                     "tables": {hostile: 1}},
    }  # fmt: skip
    seen = view_of(document, context, locale="en")
    conversation = Conversation()
    conversation.add(Turn(question=hostile, document=document))
    pages = [
        render_lead(seen), render_detail(seen, export="k"), render_history(conversation), render_waiting(hostile),
    ]  # fmt: skip
    for page in pages:
        assert "<img" not in page
        assert "<script" not in page
        assert 'value="">' not in page


def test_a_refusal_is_polite_and_offers_questions(context: PageContext) -> None:
    page = render_lead(view(double.refuse, context))
    assert "This is not something the data can answer" in page
    assert 'data-value="net revenue"' in page


def test_a_definition_has_text_alone(context: PageContext) -> None:
    seen = view(
        double.total, context, rows=[], columns=[], text="Net revenue is …", interpretation="What it means"
    )
    assert "Net revenue is …" in render_lead(seen)


def test_a_long_question_is_cut_for_show_only(context: PageContext) -> None:
    document = {**double.refuse("x" * 10_000).to_json()}
    seen = view_of(document, context, locale="en")
    assert len(seen.question) <= 400
    assert len(seen.full_question) == 10_000


def test_many_rows_are_cut_in_the_table_and_said(context: PageContext) -> None:
    rows = [[f"r{n}", Decimal(n), None, None, None, None] for n in range(500)]
    table = view(double.by_region, context, rows=rows).table
    assert table is not None
    assert len(table.rows) == 200
    assert "500" in table.note


def test_a_conversation_forgets_the_oldest() -> None:
    conversation = Conversation()
    for n in range(MAX_TURNS + 5):
        conversation.add(Turn(question=f"q{n}", document={"status": "answered"}))
    assert len(conversation.turns) == MAX_TURNS
    assert conversation.questions()[-1] == f"q{MAX_TURNS + 4}"
    assert conversation.show(999) is None
    conversation.clear()
    assert conversation.questions() == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Yes. Net revenue is €12.", True),
        ("So far no. Net revenue is €12.", True),
        ("Net revenue is €12.", False),
    ],
)
def test_a_yes_or_no_stands_above_the_number(context: PageContext, text: str, shown: bool) -> None:
    seen = view(double.total, context, text=text)
    assert seen.figures
    assert (text in render_lead(seen)) is shown
    assert (text in seen.announcement) is shown
