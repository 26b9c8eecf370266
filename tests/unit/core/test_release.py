"""The release manifest: created once, read whole, found by id or instant."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from datatrust.core.errors import OutcomeError, UnknownName, UserError
from datatrust.core.release import (
    Quality,
    Release,
    SourceControl,
    TablePin,
    list_releases,
    load_release,
    next_number,
    publish_release,
)


def make(number: int, *, day: int = 1, version: int = 0) -> Release:
    return Release(
        number=number,
        created_at=dt.datetime(2026, 7, day, 12, tzinfo=dt.UTC),
        tables={"gold.fct_sales": TablePin(path="gold/fct_sales", version=version, columns=(("net", "decimal(18,2)"),))},
        quality=Quality(status="passed", checks=3),
        controls=(
            SourceControl(
                source="sales", table="silver.sales", read=10, valid=8, quarantined=1, duplicate=1, superseded=0,
                discarded=0, reasons={"not_null": 1}, amount_column="amount",
                amounts={"EUR": {"read": Decimal("100.10"), "valid": Decimal("99.10")}},
            ),
        ),
        lineage={"gold.fct_sales": ("sales",)},
        files={"semantic/catalog/calendar.yml": "closed_through: 2026-06-30\n"},
    )  # fmt: skip


def test_round_trip_keeps_every_figure(tmp_path: Path) -> None:
    publish_release(tmp_path, make(1))
    assert load_release(tmp_path) == make(1)


def test_a_number_is_given_once(tmp_path: Path) -> None:
    publish_release(tmp_path, make(1))
    with pytest.raises(OutcomeError, match="another run"):
        publish_release(tmp_path, make(1, version=9))
    assert load_release(tmp_path) == make(1)
    assert [p.name for p in (tmp_path / "releases").iterdir()] == ["000001.json"], "no temporary file stays"


def test_the_highest_is_current_and_instants_find_the_one_of_the_day(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        publish_release(tmp_path, make(number, day=number * 5))
    assert list_releases(tmp_path) == [1, 2, 3]
    assert next_number(tmp_path) == 4
    assert load_release(tmp_path).number == 3
    assert load_release(tmp_path, "2").number == 2
    assert load_release(tmp_path, "000002").number == 2
    assert load_release(tmp_path, "2026-07-12").number == 2
    assert load_release(tmp_path, "2026-07-10T11:59:59+00:00").number == 1
    with pytest.raises(UnknownName, match="no release had been published by"):
        load_release(tmp_path, "2026-07-01")
    with pytest.raises(UnknownName, match="no release"):
        load_release(tmp_path, "17")
    with pytest.raises(UnknownName, match="release list"):
        load_release(tmp_path, "yesterday-ish")


def test_none_yet_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="pipeline run"):
        load_release(tmp_path)


@pytest.mark.parametrize("text", ["", "{", '{"format": 1}', '{"format": 2, "number": 1}', "null"])
def test_a_damaged_manifest_is_a_typed_error(tmp_path: Path, text: str) -> None:
    publish_release(tmp_path, make(1))
    (tmp_path / "releases" / "000001.json").write_text(text)
    with pytest.raises(UserError, match=r"damaged(.|\n)*restore the file from a copy"):
        load_release(tmp_path)
    publish_release(tmp_path, make(2))
    (tmp_path / "releases" / "000001.json").unlink()
    publish_release(tmp_path, make(1))
    (tmp_path / "releases" / "000002.json").write_text(text)
    with pytest.raises(UserError, match=r"damaged(.|\n)*datatrust release rollback 000001"):
        load_release(tmp_path)
    assert load_release(tmp_path, "1") == make(1)
