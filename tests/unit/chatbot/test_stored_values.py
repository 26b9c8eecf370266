"""Values said in questions: found by spelling and by part, unless others of their dimension were left out."""

from __future__ import annotations

import datetime as dt

import pytest

from chatbot.planner.lexicon import build_lexicon
from chatbot.planner.plan import Choices, NoPlan, Plan, make_plan
from semantic.model import Catalog
from tests.support.dated import dated

TODAY = dt.date(2026, 6, 30)
VALUES = {("sales", "channel"): ("Nordwind Foods", "Kestrel"), ("sales", "region"): ("North",)}


def ask(question: str, *, partial: bool) -> Plan | Choices | NoPlan:
    catalog: Catalog = dated("january")[0]
    lexicon = build_lexicon(catalog, VALUES, partial=[("sales", "channel")] if partial else ())
    return make_plan(question, catalog, lexicon, today=TODAY)


@pytest.mark.parametrize("partial", [True, False])
def test_a_value_is_found_as_it_is_written(partial: bool) -> None:
    found = ask("revenue of nordwind foods", partial=partial)
    assert isinstance(found, Plan)
    assert [each.values for each in found.query.where] == [("Nordwind Foods",)]


def test_a_misspelled_value_is_found_and_a_part_is_asked_about() -> None:
    slip = ask("revenue of kestral", partial=False)
    assert isinstance(slip, Choices | Plan)
    part = ask("revenue of nordwind", partial=False)
    assert isinstance(part, Choices)


@pytest.mark.parametrize("question", ["revenue of kestral", "revenue of nordwind", "revenue of kestrels"])
def test_what_is_near_a_value_may_be_one_that_was_left_out(question: str) -> None:
    """Trap: of a dimension with more values than are held, the value that was said may be another one."""
    found = ask(question, partial=True)
    if question.endswith("kestrels"):  # its plural: the very stem
        assert isinstance(found, Plan)
    else:
        assert isinstance(found, NoPlan)
