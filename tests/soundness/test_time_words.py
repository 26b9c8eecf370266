"""Periods that were once read wrong and answered with a straight face: one pin each."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.support.dated import days, plan

DAY = dt.date(2026, 5, 20)


@pytest.mark.parametrize(
    "season", ["summer 2025", "spring 2026", "winter 2025", "early 2026", "late 2025", "mid 2025"]
)
def test_a_part_of_a_year_without_days_is_not_the_year(season: str) -> None:
    """Trap: "summer" was put right to "summed", and the year beside it answered alone."""
    assert days(f"revenue {season}", DAY, "january") == "no"


def test_a_holiday_is_no_value_of_a_dimension() -> None:
    """Trap: "Easter" was read as the region East by its ending."""
    assert days("revenue at Easter", DAY, "january") == "no"


def test_a_range_up_to_now_is_not_its_first_month() -> None:
    """Trap: "to now" was taken for filler, and only March was counted."""
    assert days("revenue from March 2026 to now", DAY, "january") == "2026-03-01..2026-05-20"


def test_before_the_end_of_a_month_holds_the_month() -> None:
    """Trap: "the end of" was skipped, and all of March left out."""
    assert days("revenue before the end of March 2026", DAY, "january") == "..2026-03-30"


@pytest.mark.parametrize(("words", "end"), [("before and including", "2026-03-31"), ("before", "2026-02-28")])
def test_including_is_heard(words: str, end: str) -> None:
    """Trap: "before and including March" left March out."""
    assert days(f"revenue {words} March 2026", DAY, "january") == f"..{end}"


def test_the_running_month_is_left_out_of_a_year_where_asked() -> None:
    """Trap: "excluding the current month" was swallowed after a period that it cuts."""
    assert days("revenue this year excluding the current month", DAY, "january") == "2026-01-01..2026-04-30"


def test_a_month_with_a_short_year_is_no_day() -> None:
    """Trap: "Mar-26" was 26 March."""
    assert days("revenue Mar-26", DAY, "january") == "2026-03-01..2026-03-31"
    assert days("revenue March 26", DAY, "january").startswith("ask")


def test_a_single_day_is_not_the_end_of_a_span() -> None:
    """Trap: of "1 to 15 March" only the 15th was read."""
    assert days("revenue 1 to 15 March 2026", DAY, "january") == "2026-03-01..2026-03-15"


def test_twelve_months_to_a_month_are_not_that_month() -> None:
    assert days("revenue 12 months to March 2026", DAY, "january") == "2025-04-01..2026-03-31"


def test_two_named_months_are_not_one_number() -> None:
    """Trap: "May and June" gave their sum, and "May" of one year with "June" of another."""
    assert days("revenue in May and June 2026", DAY, "january") == "2026-05-01..2026-06-30 by month"
    assert days("revenue in March and April", DAY, "january") == "2026-03-01..2026-04-30 by month"
    assert "2025-05-01..2025-06-30" in days("revenue in May and June", DAY, "january")


def test_a_quarter_and_its_year_are_one_period() -> None:
    """Trap: "Q2/2025" was the last second quarter and, beside it, the year 2025."""
    assert days("revenue Q2/2025", DAY, "january") == "2025-04-01..2025-06-30"


def test_a_year_over_two_is_none_where_years_are_calendar_years() -> None:
    """Trap: "FY25/26" was 2025."""
    assert days("revenue FY25/26", DAY, "january") == "no"


def test_this_friday_has_not_been() -> None:
    """Trap: "this Friday" was the last one."""
    assert days("revenue this Friday", DAY, "january") == "2026-05-22..2026-05-22"


def test_an_edge_of_no_period_is_not_dropped() -> None:
    """Trap: "at year end" was heard and forgotten: the balance of today was given."""
    assert days("stock value at year end", DAY, "january") == "no"
    assert days("stock value at the end of 2025", DAY, "january") == "..2025-12-31"


def test_a_flow_has_no_state() -> None:
    """Trap: "revenue as of 31 March" was all revenue ever, unsaid."""
    wanted = "ask ..2026-03-31 or 2026-01-01..2026-03-31"
    assert days("revenue as of 31 March 2026", DAY, "january") == wanted
    assert days("stock value as of 31 March 2026", DAY, "january") == "..2026-03-31"


@pytest.mark.parametrize(
    "question", ["did revenue in FY2024 beat FY2025", "did revenue grow in FY2024 vs FY2025"]
)
def test_a_test_is_not_turned_round(question: str) -> None:
    """Trap: putting the earlier period beside the later would answer the opposite question."""
    assert days(question, DAY, "january") == "no"


@pytest.mark.parametrize("words", ["growth from FY2024 to FY2025", "change between FY2024 and FY2025"])
def test_a_change_from_one_to_another_is_between_these_two(words: str) -> None:
    """Trap: both together were held against the time before them."""
    assert days(f"revenue {words}", DAY, "january") == "2025-01-01..2025-12-31 against previous_year"


@pytest.mark.parametrize("words", ["by March 2026", "by yesterday"])
def test_by_a_day_is_not_on_it(words: str) -> None:
    """Trap: "by" was taken for a group word that found nothing, and the figure limited to the period itself."""
    assert days(f"revenue {words}", DAY, "january") == "no"


@pytest.mark.parametrize(("first", "second"), [("H1", "H2"), ("Q2", "Q3")])
@pytest.mark.parametrize("calendar", ["january", "april", "july"])
def test_the_year_beside_is_that_of_both(first: str, second: str, calendar: str) -> None:
    found = days(f"revenue {first} vs {second} FY2025", DAY, calendar)
    assert found == days(f"revenue {second} FY2025 vs {first} FY2025", DAY, calendar)
    assert found.endswith("against previous_period")


def test_what_was_put_beside_what_is_said() -> None:
    outcome = plan("revenue FY2024 vs FY2025", DAY, "april")
    assert any("earlier" in note for note in outcome.notes)  # type: ignore[union-attr]
