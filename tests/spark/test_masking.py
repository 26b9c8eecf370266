"""Every mask with right and wrong input, and a key rotation on a company whose tables join on tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from datatrust.core.masking import MaskAction, MaskingPolicy
from pipeline.contracts.model import ColumnSpec, ColumnType, Kind
from pipeline.masking import Masker

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

KEY = b"k" * 40


def masker(action: MaskAction) -> Masker:
    policy = MaskingPolicy(classes={"it": action}, key_variable="K", file="", hash="")
    return Masker(policy=policy, key=KEY)


def generalise(to: str, **options: Any) -> MaskAction:
    return MaskAction(action="generalise", to=to, **options)


COUNTRIES = generalise("group", groups={"Germany": ["Hamburg", "Köln"], "France": ["Paris"]})
# action, kind of the column, what stands in it -> what silver holds
MASKS: list[tuple[MaskAction, Kind, dict[str | None, str | None]]] = [
    (MaskAction(action="redact"), "string", {"Ada": "[redacted]", None: None}),
    (generalise("year"), "date", {"1984-02-29": "1984", None: None}),
    (generalise("year"), "string", {"1984-02-29": "1984", "29.2.1984": None, "1984": None}),
    (generalise("prefix", keep=2), "string", {"20095": "20", "7": "7", None: None}),
    (generalise("band", width=10), "date", {"1980-01-01": "1980-1989", "1989-12-31": "1980-1989"}),
    (generalise("band", width=10), "integer", {"0": "0-9", "39": "30-39", "40": "40-49", "-1": "-10--1"}),
    (generalise("band", width=5), "decimal", {"99.99": "95-99", None: None}),
    (generalise("band", width=5), "string", {"12": "10-14", "a dozen": None}),
    (COUNTRIES, "string", {"Hamburg": "Germany", " KÖLN ": "Germany", "paris": "France", "Rome": "other", None: None}),
    (
        generalise("group", groups={"A": ["x"]}, otherwise="elsewhere"),
        "string",
        {"x": "A", "y": "elsewhere", "": "elsewhere"},
    ),
]  # fmt: skip


def test_every_mask_gives_what_the_policy_says(spark: SparkSession) -> None:
    from pyspark.sql import functions as F  # noqa: N812

    values = sorted({text for _, _, cases in MASKS for text in cases if text is not None})
    picked, places = [], []
    for place, (action, kind, _) in enumerate(MASKS):
        column = ColumnSpec(
            name="v", header="v", type=ColumnType(kind=kind, precision=18, scale=2), pii_class="it"
        )
        own = masker(action)
        masked = own.masked(column, F.col("v").try_cast(column.type.spark))
        assert masked is not None
        picked.append(masked.cast(own.silver_type(column)).cast("string").alias(f"m{place}"))
        places.append((place, own.silver_type(column)))
    frame = spark.createDataFrame([(text,) for text in [*values, None]], "v string")
    rows = {row["v"]: row for row in frame.select("v", *picked).collect()}
    wrong = [
        (action, text, expected, rows[text][f"m{place}"])
        for place, (action, _, cases) in enumerate(MASKS)
        for text, expected in cases.items()
        if rows[text][f"m{place}"] != expected
    ]
    assert wrong == []
    assert [kind for _, kind in places if kind != "string"] == ["int", "int"], "a year is a number"


def test_a_dropped_column_has_no_place_in_silver() -> None:
    own = masker(MaskAction(action="drop"))
    column = ColumnSpec(name="v", header="v", type=ColumnType(kind="string"), pii_class="it")
    assert own.silver_type(column) is None
    assert own.masked(column, None) is None  # type: ignore[arg-type]
