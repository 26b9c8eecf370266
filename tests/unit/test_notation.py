"""Numbers and dates mean what their declared notation says, in Python and DuckDB; Spark is held to it elsewhere."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contracts.model import ColumnSpec, ColumnType, NumberFormat
from pipeline.controls import amount_sql
from pipeline.notation import (
    check_date_formats,
    check_number_format,
    plain_number,
    read_date,
    write_date,
    write_number,
)
from tests.support.notations import DATES, ENGLISH, FRENCH, GERMAN, NUMBERS, SWISS


@pytest.mark.parametrize(("notation", "text", "expected"), NUMBERS)
def test_a_number_is_read_as_declared(notation: NumberFormat | None, text: str, expected: str | None) -> None:
    assert plain_number(text, notation) == expected


def test_duckdb_recounts_by_the_same_notation() -> None:
    for notation, text, expected in NUMBERS:
        money = ColumnType(kind="decimal", precision=18, scale=2)
        column = ColumnSpec(name="a", header="a", type=money, number_format=notation)
        sql = f"select {amount_sql(column)} from (select ? as a)"
        ((found,),) = duckdb.connect().execute(sql, [f" {text}\u00a0"]).fetchall()
        assert found == (None if expected is None else Decimal(expected)), (notation, text)


@given(
    number=st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12
    ),
    notation=st.sampled_from([None, ENGLISH, GERMAN, SWISS, FRENCH]),
)
def test_a_typed_number_comes_back_as_it_was(number: Decimal, notation: NumberFormat | None) -> None:
    plain = plain_number(write_number(number, notation), notation)
    assert plain is not None
    assert Decimal(plain) == number


@pytest.mark.parametrize(
    ("notation", "told"),
    [
        (NumberFormat(decimal="."), None),
        (NumberFormat(decimal=";"), "decimal must be"),
        (NumberFormat(thousands="x"), "thousands must be"),
        (NumberFormat(decimal=",", thousands=","), "the same sign"),
        (NumberFormat(currency=("1$",)), "no digit"),
        (NumberFormat(currency=(" €",)), "no digit"),
        (NumberFormat(currency=("E",), exponent=True), "power of ten"),
        (NumberFormat(negative=("red",)), "not 'red'"),
    ],
)
def test_a_notation_that_could_be_misread_is_refused(notation: NumberFormat, told: str | None) -> None:
    messages = list(check_number_format(notation))
    assert messages == [] if told is None else any(told in message for message in messages)


@pytest.mark.parametrize(("written", "text", "expected"), DATES)
def test_a_date_is_read_as_declared(written: str, text: str, expected: str | None) -> None:
    found = read_date(text, written)
    assert (None if found is None else f"{found:%Y-%m-%d %H:%M}") == expected


@given(
    day=st.dates(min_value=dt.date(2000, 1, 1), max_value=dt.date(2099, 12, 31)),
    clock=st.times(),
    written=st.sampled_from(["yyyy-MM-dd HH:mm:ss.SSSSSS", "d/M/yy hh:mm:ss.SSSSSS a"]),
)
def test_a_typed_instant_comes_back_as_it_was(day: dt.date, clock: dt.time, written: str) -> None:
    at = dt.datetime.combine(day, clock)
    assert read_date(write_date(at, written), written) == at


@pytest.mark.parametrize(
    ("formats", "told"),
    [
        (("dd.MM.yyyy", "yyyy-MM-dd"), None),
        (("M/d/yyyy", "MM/dd/yyyy"), None),
        (("M/d/yyyy", "d/M/yyyy"), "two different days"),
        (("dd.MM.yy", "MM.dd.yy"), "two different days"),
        (("dd.MM.yyyy", "QQ"), "letters that are not read"),
        (("MM.yyyy",), "must name year, month and day"),
        (("dd.MM.yyyy dd",), "each part once"),
        (("dd.MM.yyyy hh:mm",), "go together"),
    ],
)
def test_formats_that_leave_a_guess_are_refused(formats: tuple[str, ...], told: str | None) -> None:
    messages = list(check_date_formats(formats))
    assert messages == [] if told is None else any(told in message for message in messages)
