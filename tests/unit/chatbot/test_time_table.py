"""Over 200 phrases of time, each on six days and in calendars that begin in January, April and July, by whole questions.

The days that are expected come from `tests.support.time_oracle`, which counts them anew, or stand here as they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from tests.support.dated import days
from tests.support.time_oracle import ONE, Asked, after, ask, before, plus, since, text, until

TODAYS = [
    dt.date(2024, 2, 29),  # the leap day
    dt.date(2025, 12, 31),  # the last day of a year
    dt.date(2026, 1, 1),  # the first of a year, of quarters and months
    dt.date(2026, 4, 1),  # the first of a fiscal year in April
    dt.date(2026, 5, 20),  # a Wednesday in the middle
    dt.date(2026, 7, 1),  # the first of a fiscal year in July
]
CALENDARS = {"january": 1, "april": 4, "july": 7}
Rule = str | Callable[[Asked], str]

# Words that say their year: the same on every day, and in every calendar but for quarters, halves and years.
ABSOLUTE: list[tuple[str, Rule]] = [
    ("on 2026-03-15", "2026-03-15..2026-03-15"),
    ("on 2026/03/15", "2026-03-15..2026-03-15"),
    ("on 15 March 2026", "2026-03-15..2026-03-15"),
    ("on March 15 2026", "2026-03-15..2026-03-15"),
    ("on March 15th, 2026", "2026-03-15..2026-03-15"),
    ("on the 15th of March 2026", "2026-03-15..2026-03-15"),
    ("on 15-Mar-2026", "2026-03-15..2026-03-15"),
    ("on 15.03.2026", "2026-03-15..2026-03-15"),
    ("on 15-03-2026", "2026-03-15..2026-03-15"),
    ("on 3/15/2026", "2026-03-15..2026-03-15"),
    ("on 15/3/2026", "2026-03-15..2026-03-15"),
    ("on Sunday 15 March 2026", "2026-03-15..2026-03-15"),
    ("on Monday 15 March 2026", "no"),
    ("on 3/4/2026", ask("2026-03-04..2026-03-04", "2026-04-03..2026-04-03")),
    ("on 4.3.2026", "2026-03-04..2026-03-04"),
    ("on 29 February 2024", "2024-02-29..2024-02-29"),
    ("on 29 February 2025", "no"),
    ("on 31/02/2026", "no"),
    ("on 2026-02-30", "no"),
    ("in Mar 2026", "2026-03-01..2026-03-31"),
    ("in March, 2026", "2026-03-01..2026-03-31"),
    ("in March of 2026", "2026-03-01..2026-03-31"),
    ("in March '26", "2026-03-01..2026-03-31"),
    ("in Mar-26", "2026-03-01..2026-03-31"),
    ("in 2026-03", "2026-03-01..2026-03-31"),
    ("in 3/2026", "2026-03-01..2026-03-31"),
    ("in 03/2026", "2026-03-01..2026-03-31"),
    ("in 03-2026", "2026-03-01..2026-03-31"),
    ("in 2026 March", "2026-03-01..2026-03-31"),
    ("in the month of March 2026", "2026-03-01..2026-03-31"),
    ("in February 2024", "2024-02-01..2024-02-29"),
    ("in sept 2025", "2025-09-01..2025-09-30"),
    ("during May 2026", "2026-05-01..2026-05-31"),
    ("throughout May 2026", "2026-05-01..2026-05-31"),
    ("in FY2026", lambda t: t.fy(2026)),
    ("in FY26", lambda t: t.fy(2026)),
    ("in FY'26", lambda t: t.fy(2026)),
    ("in fiscal year 2026", lambda t: t.fy(2026)),
    ("in fiscal 2026", lambda t: t.fy(2026)),
    ("in financial year 2026", lambda t: t.fy(2026)),
    ("in FY25/26", lambda t: "no" if t.begins == 1 else t.fy(2026)),
    ("in FY2025/26", lambda t: "no" if t.begins == 1 else t.fy(2026)),
    ("in FY2025-26", lambda t: "no" if t.begins == 1 else t.fy(2026)),
    ("in 2025/26", lambda t: "no" if t.begins == 1 else t.fy(2026)),
    ("in FY25/27", "no"),
    ("in calendar year 2025", "2025-01-01..2025-12-31"),
    ("in calendar 2025", "2025-01-01..2025-12-31"),
    ("in 2025", lambda t: t.year(2025)),
    ("in all of 2025", lambda t: t.year(2025)),
    ("in the whole of 2025", lambda t: t.year(2025)),
    ("in the year 2025", lambda t: t.year(2025)),
    ("in Q2 2025", lambda t: t.q(2025, 2)),
    ("in Q2/2025", lambda t: t.q(2025, 2)),
    ("in Q2'25", lambda t: t.q(2025, 2)),
    ("in 2Q25", lambda t: t.q(2025, 2)),
    ("in 2025 Q2", lambda t: t.q(2025, 2)),
    ("in 2025-Q2", lambda t: t.q(2025, 2)),
    ("in Q2 FY25", lambda t: t.q(2025, 2)),
    ("in FY2025 Q2", lambda t: t.q(2025, 2)),
    ("in the second quarter of 2025", lambda t: t.q(2025, 2)),
    ("in quarter 2 of FY2025", lambda t: t.q(2025, 2)),
    ("in calendar Q2 2025", "2025-04-01..2025-06-30"),
    ("in Q5 2025", "no"),
    ("in H2 FY26", lambda t: t.h(2026, 2)),
    ("in H2 2026", lambda t: t.h(2026, 2)),
    ("in 1H25", lambda t: t.h(2025, 1)),
    ("in the first half of 2025", lambda t: t.h(2025, 1)),
    ("in the second half of FY2025", lambda t: t.h(2025, 2)),
    ("in the last month of FY2025", lambda t: text(plus(t.fy_days(2025)[1] + ONE, -1), t.fy_days(2025)[1])),
    ("in the first 3 months of FY2025", lambda t: t.q(2025, 1)),
    ("in the last quarter of FY2025", lambda t: t.q(2025, 4)),
    ("in the week of 3 March 2026", "2026-03-02..2026-03-08"),
    ("in the week of March 3rd 2026", "2026-03-02..2026-03-08"),
    ("in the week ending 8 March 2026", "2026-03-02..2026-03-08"),
    ("in week 10 of 2026", "2026-03-02..2026-03-08"),
    ("in calendar week 10 of 2026", "2026-03-02..2026-03-08"),
    ("in 2026-W10", "2026-03-02..2026-03-08"),
    ("in week 60 of 2026", "no"),
    ("in the year ended 31 March 2026", "2025-04-01..2026-03-31"),
    ("in the year to 31 March 2026", "2025-04-01..2026-03-31"),
    ("in the 12 months to March 2026", "2025-04-01..2026-03-31"),
    ("in the three months ended 31 March 2026", "2026-01-01..2026-03-31"),
    ("in the quarter ending February 2024", "2023-12-01..2024-02-29"),
    ("in the 6 months ending 15 June 2026", "2025-12-16..2026-06-15"),
]
RANGES: list[tuple[str, Rule]] = [
    ("from 1 to 15 March 2026", "2026-03-01..2026-03-15"),
    ("1-15 March 2026", "2026-03-01..2026-03-15"),
    ("March 1 to 15, 2026", "2026-03-01..2026-03-15"),
    ("from the 1st to the 15th of March 2026", "2026-03-01..2026-03-15"),
    ("between 1 and 15 March 2026", "2026-03-01..2026-03-15"),
    ("between 1 and 15 March 2026 exclusive", "2026-03-02..2026-03-14"),
    ("between 1 March and 15 March 2026", "2026-03-01..2026-03-15"),
    ("between 1 March 2026 and 15 March 2026 inclusive", "2026-03-01..2026-03-15"),
    ("between 1 March 2026 and 15 March 2026 (exclusive)", "2026-03-02..2026-03-14"),
    ("from 1 March 2026 to 15 April 2026", "2026-03-01..2026-04-15"),
    ("from 2026-03-01 until 2026-04-15", "2026-03-01..2026-04-15"),
    ("from 2026-03-01 up to 2026-04-15", "2026-03-01..2026-04-15"),
    ("from March to May 2026", "2026-03-01..2026-05-31"),
    ("from March through May 2026", "2026-03-01..2026-05-31"),
    ("March-May 2026", "2026-03-01..2026-05-31"),
    ("between March and May 2026", "2026-03-01..2026-05-31"),
    ("from November to February 2026", "2025-11-01..2026-02-28"),
    ("from November 2025 to February 2026", "2025-11-01..2026-02-28"),
    ("from November 2025 to February", "2025-11-01..2026-02-28"),
    ("from the start of March to the end of May 2026", "2026-03-01..2026-05-31"),
    ("from the beginning of March 2026 to 15 May 2026", "2026-03-01..2026-05-15"),
    ("from Q1 to Q3 FY2025", lambda t: t.q(2025, 1, 3)),
    ("Q1-Q3 2025", lambda t: t.q(2025, 1, 3)),
    ("from Q4 2025 to Q1 2026", lambda t: text(t.part(2025, 3, 4)[0], t.part(2026, 3, 1)[1])),
    ("from Q4 to Q1 2026", lambda t: text(t.part(2025, 3, 4)[0], t.part(2026, 3, 1)[1])),
    ("from FY2024 to FY2025", lambda t: text(t.fy_days(2024)[0], t.fy_days(2025)[1])),
    ("FY24-FY25", lambda t: text(t.fy_days(2024)[0], t.fy_days(2025)[1])),
    (
        "from 2024 to 2025",
        lambda t: ask(text(t.fy_days(2024)[0], t.fy_days(2025)[1]), "2024-01-01..2025-12-31"),
    ),
    ("between March 2026 and January 2026", "no"),
    ("from 15 March 2026 to 1 March 2026", "no"),
    ("since March 2023", "2023-03-01.."),
    ("since 15 March 2023", "2023-03-15.."),
    ("from 2023-03-15 onwards", "2023-03-15.."),
    ("from 15 March 2023 on", "2023-03-15.."),
    ("starting 15 March 2023", "2023-03-15.."),
    ("on or after 15 March 2023", "2023-03-15.."),
    ("no earlier than 15 March 2023", "2023-03-15.."),
    ("after 15 March 2023", "2023-03-16.."),
    ("after March 2023", "2023-04-01.."),
    ("later than March 2023", "2023-04-01.."),
    ("after the end of March 2023", "2023-04-01.."),
    ("before 15 March 2023", "..2023-03-14"),
    ("before March 2023", "..2023-02-28"),
    ("before the end of March 2023", "..2023-03-30"),
    ("prior to March 2023", "..2023-02-28"),
    ("earlier than March 2023", "..2023-02-28"),
    ("until 15 March 2023", "..2023-03-15"),
    ("until the end of June 2023", "..2023-06-30"),
    ("up to and including 15 March 2023", "..2023-03-15"),
    ("up to but not including 15 March 2023", "..2023-03-14"),
    ("until but excluding 15 March 2023", "..2023-03-14"),
    ("through March 2023", "..2023-03-31"),
    ("on or before 15 March 2023", "..2023-03-15"),
    ("no later than 15 March 2023", "..2023-03-15"),
    ("from 15 March 2023", ask("2023-03-15..", "2023-03-15..2023-03-15")),
    ("from March 2023", ask("2023-03-01..", "2023-03-01..2023-03-31")),
    ("since FY2023", lambda t: since(t.fy(2023))),
    ("before FY2023", lambda t: before(t.fy(2023))),
    ("after Q2 2023", lambda t: after(t.q(2023, 2))),
    ("before 2023", lambda t: ask(before(t.fy(2023)), "..2022-12-31")),
    ("since the start of FY2023", lambda t: since(t.fy(2023))),
]
RELATIVE: list[tuple[str, Rule]] = [
    ("today", lambda t: t.day()),
    ("yesterday", lambda t: t.day(1)),
    ("3 days ago", lambda t: t.day(3)),
    ("this week", lambda t: t.week()),
    ("last week", lambda t: t.week(1)),
    ("the previous week", lambda t: t.week(1)),
    ("the week before last", lambda t: t.week(2)),
    ("two weeks ago", lambda t: t.week(2)),
    ("next week", lambda t: t.week(-1)),
    ("this month", lambda t: t.months_back(0, 0)),
    ("the current month", lambda t: t.months_back(0, 0)),
    ("last month", lambda t: t.months_back(1, 1)),
    ("the prior month", lambda t: t.months_back(1, 1)),
    ("the month before last", lambda t: t.months_back(2, 2)),
    ("3 months ago", lambda t: t.months_back(3, 3)),
    ("next month", lambda t: t.months_back(-1, -1)),
    ("this quarter", lambda t: t.this_quarter()),
    ("last quarter", lambda t: t.this_quarter(1)),
    ("the previous quarter", lambda t: t.this_quarter(1)),
    ("the quarter before last", lambda t: t.this_quarter(2)),
    ("2 quarters ago", lambda t: t.this_quarter(2)),
    ("next quarter", lambda t: t.this_quarter(-1)),
    ("this year", lambda t: t.this_year()),
    ("this fiscal year", lambda t: t.this_year()),
    ("the current financial year", lambda t: t.this_year()),
    ("last year", lambda t: t.this_year(1)),
    ("last fiscal year", lambda t: t.this_year(1)),
    ("the year before last", lambda t: t.this_year(2)),
    ("two years ago", lambda t: t.this_year(2)),
    ("next year", lambda t: t.this_year(-1)),
    ("this calendar year", lambda t: t.month(t.today.year, 1, 12)),
    ("last calendar year", lambda t: t.month(t.today.year - 1, 1, 12)),
    ("the last 6 full months", lambda t: t.months_back(6, 1)),
    ("the last 3 complete months", lambda t: t.months_back(3, 1)),
    ("the previous 3 months", lambda t: t.months_back(3, 1)),
    ("the last 2 full quarters", lambda t: t.quarters_back(2, 1)),
    ("the last 6 months excluding the current month", lambda t: t.months_back(6, 1)),
    ("the last 3 months", lambda t: ask(t.months_back(3, 1), t.rolled(3))),
    ("the last twelve months", lambda t: ask(t.months_back(12, 1), t.rolled(12))),
    ("trailing twelve months", lambda t: t.rolled(12)),
    ("the trailing 3 months", lambda t: t.rolled(3)),
    ("rolling 12 months", lambda t: t.rolled(12)),
    ("TTM", lambda t: t.rolled(12)),
    ("LTM", lambda t: t.rolled(12)),
    ("T12M", lambda t: t.rolled(12)),
    ("past 90 days", lambda t: t.days(90)),
    ("the last 30 days", lambda t: t.days(30)),
    ("the last 30 days including today", lambda t: t.days(29)),
    ("the last 30 days excluding today", lambda t: t.days(30, 1)),
    ("the next 3 months", lambda t: t.months_back(-1, -3)),
    ("month to date", lambda t: t.to_date("month")),
    ("mtd", lambda t: t.to_date("month")),
    ("week to date", lambda t: t.to_date("week")),
    ("quarter to date", lambda t: t.to_date("quarter")),
    ("qtd", lambda t: t.to_date("quarter")),
    ("year to date", lambda t: t.to_date("year")),
    ("ytd", lambda t: t.to_date("year")),
    ("this fiscal year to date", lambda t: t.to_date("year")),
    ("fytd", lambda t: t.to_date("year")),
    ("this year so far", lambda t: t.to_date("year")),
    ("so far this month", lambda t: t.to_date("month")),
    ("since the start of the year", lambda t: since(t.to_date("year"))),
    ("since the beginning of the month", lambda t: since(t.to_date("month"))),
    ("since last month", lambda t: since(t.months_back(1, 1))),
    ("since yesterday", lambda t: since(t.day(1))),
    ("before this year", lambda t: before(t.this_year())),
    ("until last month", lambda t: until(t.months_back(1, 1))),
    ("until the end of last month", lambda t: until(t.months_back(1, 1))),
    ("from the start of last year to the end of last month",
     lambda t: text(t.fy_days(t.fy_now() - 1)[0], t.today.replace(day=1) - ONE)),
    ("from last month to today", lambda t: text(plus(t.today.replace(day=1), -1), t.today)),
    ("from January 2023 to now", lambda t: text(dt.date(2023, 1, 1), t.today)),
    ("from January 2023 to date", lambda t: text(dt.date(2023, 1, 1), t.today)),
    ("from January 2023 until yesterday", lambda t: text(dt.date(2023, 1, 1), t.today - ONE)),
    ("Monday last week", lambda t: t.weekday(0, of_week=1)),
    ("on Friday of last week", lambda t: t.weekday(4, of_week=1)),
    ("this Friday", lambda t: t.weekday(4, of_week=0)),
    ("on Friday", lambda t: t.weekday(4, of_week=0 if t.today.weekday() > 4 else 1)),
    ("last Friday", lambda t: t.weekday(4, of_week=0 if t.today.weekday() > 4 else 1)),
    ("last Monday", lambda t: t.weekday(0, of_week=1) if t.today.weekday() == 0 else
     ask(t.weekday(0, of_week=0), t.weekday(0, of_week=1))),
    ("Q1 last year", lambda t: t.q(t.fy_now() - 1, 1)),
    ("the first half of last year", lambda t: t.h(t.fy_now() - 1, 1)),
    ("June last year", lambda t: text(*_in_year(t, 6))),
    ("the first month of the year", lambda t: text(t.fy_days(t.fy_now())[0], plus(t.fy_days(t.fy_now())[0], 1) - ONE)),
    ("all time", ".."),
    ("since inception", ".."),
    ("to date", lambda t: text(None, t.today)),
]  # fmt: skip


def _in_year(t: Asked, month: int) -> tuple[dt.date, dt.date]:
    """A month in the company's last year."""
    start, end = t.fy_days(t.fy_now() - 1)
    first = dt.date(start.year if month >= start.month else end.year, month, 1)
    return first, plus(first, 1) - ONE


def _april_to_june(t: Asked) -> str:
    """The most recent whole one, or also the one that runs."""
    year = t.month_year(6)
    running = dt.date(year + 1, 4, 1) <= t.today
    return ask(t.month(year, 4, 6), *([t.month(year + 1, 4, 6)] if running else []))


def _autumn_to_february(t: Asked) -> str:
    year = t.month_year(2)
    whole = text(dt.date(year - 1, 11, 1), plus(dt.date(year, 2, 1), 1) - ONE)
    if dt.date(year, 11, 1) <= t.today:
        return ask(whole, text(dt.date(year, 11, 1), plus(dt.date(year + 1, 2, 1), 1) - ONE))
    return whole


def _until_june(t: Asked) -> str:
    past = until(t.last_month_called(6))
    return past if t.today.month >= 6 else ask(past, until(t.month(t.today.year, 6)))


NO_YEAR: list[tuple[str, Rule]] = [
    ("in May", lambda t: t.last_month_called(5)),
    ("in Mar", lambda t: t.last_month_called(3)),
    ("in December", lambda t: t.last_month_called(12)),
    ("in January", lambda t: t.last_month_called(1)),
    ("on 15 March", lambda t: text(t.date_called(3, 15), t.date_called(3, 15))),
    ("on March 15th", lambda t: text(t.date_called(3, 15), t.date_called(3, 15))),
    ("1 to 15 March", lambda t: text(t.date_called(3, 15).replace(day=1), t.date_called(3, 15))),
    ("in the week of 3 March", lambda t: t.week(day=t.date_called(3, 3))),
    ("since April", lambda t: since(t.last_month_called(4))),
    ("since 1 April", lambda t: since(text(t.date_called(4, 1), t.date_called(4, 1)))),
    ("after January", lambda t: after(t.last_month_called(1))),
    ("until end of June", _until_june),
    ("in Q2", lambda t: t.last_q(2)),
    ("in the first quarter", lambda t: t.last_q(1)),
    ("in Q4", lambda t: t.last_q(4)),
    ("in the first half", lambda t: t.last_h(1)),
    ("in H2", lambda t: t.last_h(2)),
    ("from January to February", lambda t: _two_months(t)),
    ("from April to June", _april_to_june),
    ("April-June", _april_to_june),
    ("from November to February", _autumn_to_february),
    ("between November and February", _autumn_to_february),
]


def _two_months(t: Asked) -> str:
    year = t.month_year(2)
    running = dt.date(year + 1, 1, 1) <= t.today
    return ask(t.month(year, 1, 2), *([t.month(year + 1, 1, 2)] if running else []))


# Two periods that are named are two numbers: shown by their grain, or the earlier beside the later.
SEVERAL: list[tuple[str, Rule]] = [
    ("in May and June 2026", "2026-05-01..2026-06-30 by month"),
    ("in May 2026 and June 2026", "2026-05-01..2026-06-30 by month"),
    ("in Jan/Feb 2026", "2026-01-01..2026-02-28 by month"),
    ("in January, February and March 2026", "2026-01-01..2026-03-31 by month"),
    ("in November and February 2026", "no"),
    ("in December and January 2026", "2025-12-01..2026-01-31 by month"),
    ("in Q1 and Q2 FY2025", lambda t: t.q(2025, 1, 2) + " by quarter"),
    ("in Q1 and Q3 FY2025", "no"),
    ("in FY2024 and FY2025", lambda t: text(t.fy_days(2024)[0], t.fy_days(2025)[1]) + " by year"),
    ("in 2024 and 2025", lambda t: ask(text(t.fy_days(2024)[0], t.fy_days(2025)[1]) + " by year", "2024-01-01..2025-12-31 by year")),
    ("this month and last month", lambda t: t.months_back(1, 0) + " by month"),
    ("in H1 vs H2 FY2025", lambda t: t.h(2025, 2) + " against previous_period"),
    ("in the months of May and June 2026", "2026-05-01..2026-06-30 by month"),
    ("growth from FY2024 to FY2025", lambda t: t.fy(2025) + " against previous_year"),
    ("change from April to May 2026", "2026-05-01..2026-05-31 against previous_period"),
    ("growth from FY2022 to FY2025", "no"),
    ("in H1 and H2 FY2025", lambda t: t.h(2025, 2) + " against previous_period"),
    ("in May 2025 and May 2026", "2026-05-01..2026-05-31 against previous_year"),
    ("in May 2026 vs May 2025", "2026-05-01..2026-05-31 against previous_year"),
    ("in May 2025 vs May 2026", "2026-05-01..2026-05-31 against previous_year"),
    ("in January vs February 2026", "2026-02-01..2026-02-28 against previous_period"),
    ("in January 2026 vs December", "2026-01-01..2026-01-31 against previous_period"),
    ("in FY2024 vs FY2025", lambda t: t.fy(2025) + " against previous_year"),
    ("in FY2025 vs FY2024", lambda t: t.fy(2025) + " against previous_year"),
    ("in FY2025 vs FY2023", "no"),
    ("in May 2026 and FY2025", "no"),
    ("this month and FY2023", "no"),
    ("combined in May and June 2026", "2026-05-01..2026-06-30"),
    ("last month vs the same month last year", lambda t: t.months_back(1, 1) + " against previous_year"),
    ("last quarter vs the same period last year", lambda t: t.this_quarter(1) + " against previous_year"),
    ("ytd vs prior year to date", lambda t: t.to_date("year") + " against previous_year"),
    ("this month vs last month", lambda t: t.months_back(0, 0) + " against previous_period"),
]  # fmt: skip

PARTS_OF_MONTHS = [
    ("in the second week of May 2026", ask("2026-05-08..2026-05-14", "2026-05-11..2026-05-17")),
    ("in the first week of June 2026", "2026-06-01..2026-06-07"),
    ("in the last week of April 2026", ask("2026-04-24..2026-04-30", "2026-04-20..2026-04-26")),
    ("in the first half of March 2026", "2026-03-01..2026-03-15"),
    ("in the second half of February 2024", "2024-02-16..2024-02-29"),
    ("in the last half of May 2026", "2026-05-16..2026-05-31"),
    ("last ytd", lambda t: t.last_to_date()), ("lytd", lambda t: t.last_to_date()), ("prior year to date", lambda t: t.last_to_date()),
    ("last year to date", lambda t: t.last_to_date()), ("ytd last year", lambda t: t.last_to_date()),
]  # fmt: skip

# Some days of every week, which leave the range as it is.
WEEKDAYS = [
    ("on weekends", ".."), ("on weekdays", ".."), ("on Mondays", ".."), ("by day of week", ".. by weekday"), ("by day of the week", ".. by weekday"),
    ("by weekday", ".. by weekday"), ("in March 2026 excluding weekends", "2026-03-01..2026-03-31"), ("on a Friday in May 2026", "2026-05-01..2026-05-31"),
]  # fmt: skip

# Words that change the days and have none of their own: no number.
NO_DAYS = [
    "last summer", "in spring 2026", "in winter", "this autumn", "at Christmas", "over Easter", "in early March 2026",
    "in mid-March 2026", "in late 2025", "recently", "in recent months", "lately", "in the last few months", "a few months ago",
    "in the last fortnight", "last decade", "this century", "this weekend", "last weekend", "every Monday", "each Friday",
    "in the rest of the year", "at year end", "at the end of the year",
    "not in March 2026", "except March 2026", "in 2025 except December",
    "by March 2026", "by yesterday", "on the 15th", "in month 13", "same period last year", "to March 2026", "sometime in 2026",
    "around March 2026", "about a year ago", "in the coming weeks", "between March 2026", "before", "since", "in the month",
    "from March 2026 to the merger", "until the launch", "since the crisis",
]  # fmt: skip

TABLE = [
    *ABSOLUTE,
    *RANGES,
    *RELATIVE,
    *NO_YEAR,
    *SEVERAL,
    *PARTS_OF_MONTHS,
    *WEEKDAYS,
    *((phrase, "no") for phrase in NO_DAYS),
]


def test_the_table_is_as_wide_as_promised() -> None:
    assert len({phrase for phrase, _ in TABLE}) == len(TABLE) >= 200
    assert len(TODAYS) >= 5


@pytest.mark.parametrize(("phrase", "rule"), TABLE, ids=[phrase for phrase, _ in TABLE])
def test_the_days_of_a_phrase(phrase: str, rule: Rule) -> None:
    found, wanted = {}, {}
    for today in TODAYS:
        for name, begins in CALENDARS.items():
            found[today, name] = days(f"revenue {phrase}", today, name)
            wanted[today, name] = rule if isinstance(rule, str) else rule(Asked(today, begins))
    assert found == wanted
