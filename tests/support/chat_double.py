"""An agent with hand-made answers, so that the page can be tested without a release, a catalog or an index."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from chatbot.answer import Answer, Column, Excluded, Option
from datatrust.core.release import Quality, Release, SourceControl
from datatrust.core.stopping import interrupting
from semantic.model import Calendar, Catalog, Dimension, Metric, Model
from semantic.query import Compare, Filter, MetricQuery, TimeRange, Top

TODAY = dt.date(2026, 6, 30)
HOSTILE = '=2+5<script>alert("x")</script>{{value}}${value}'

EVIDENCE = {
    "release": "000003",
    "tables": {"gold.fct_sales": 12, "gold.dim_customers": 4},
    "metrics": {"revenue": {"definition": "sha256:ab12", "owner": "controlling", "certified": True}},
    "quality": "passed",
    "fresh_as_of": "2026-07-02T06:15:00+00:00",
    "role": None,
    "policy": "none",
    "result": "sha256:77aa",
}
REVENUE = Column(name="revenue", label="Net revenue", kind="metric", unit="currency", currency="EUR")
QUARTER = TimeRange(start=dt.date(2026, 4, 1), end=TODAY, dimension="order_date", calendar="fiscal")
SQL = "select sum(net_amount) as revenue\nfrom gold.fct_sales\nwhere status in ('completed', 'refunded')"


def _answered(question: str, **values: Any) -> Answer:
    defaults: dict[str, Any] = {
        "id": "a-1", "status": "answered", "question": question, "sql": SQL, "engine": "duckdb",
        "evidence": EVIDENCE, "excluded": Excluded(quarantined_rows=12, quarantined_amount=Decimal("345.60")),
    }  # fmt: skip
    return Answer(**{**defaults, **values})


def total(question: str) -> Answer:
    return _answered(
        question,
        interpretation="Net revenue, 1 Apr to 30 Jun 2026 (fiscal Q4 2026)",
        query=MetricQuery(metrics=("revenue",), time=QUARTER),
        columns=(REVENUE,),
        rows=((Decimal("12345678.905"),),),
        assumptions=("Without a period in the question, the last closed quarter is shown.",),
        options=(Option(label="The same by region", question="Net revenue by region last quarter"),),
    )


def by_region(question: str, *, names: Sequence[str] = ("EMEA", "Americas", HOSTILE)) -> Answer:
    part = {"kind": "comparison"}
    values = [(Decimal("5100000.10"), Decimal("4800000.00")), (Decimal("2900000.00"), Decimal("3100000.00")),
              (Decimal("-1250.55"), Decimal("900.00"))]  # fmt: skip
    rows = tuple(
        (name, now, was, now - was, ((now - was) / was).quantize(Decimal("0.0001")), now >= was)
        for name, (now, was) in zip(names, values, strict=True)
    )
    now, was = sum(v for v, _ in values), sum(v for _, v in values)
    return _answered(
        question,
        interpretation="Net revenue by region, 1 Apr to 30 Jun 2026 (fiscal Q4 2026), beside the year before",
        query=MetricQuery(
            metrics=("revenue",), group_by=("region",), time=QUARTER, compare=Compare(to="previous_year"),
            where=(Filter(field="status", op="in", values=("completed",)),), top=Top(n=5), order_by=("-revenue",),
        ),
        columns=(
            Column(name="region", label="Region", kind="dimension"), REVENUE,
            Column(name="revenue__base", label="", **part), Column(name="revenue__difference", label="", **part),
            Column(name="revenue__percent", label="", unit="percent", **part),
            Column(name="revenue__favourable", label="", **part),
        ),
        rows=rows,
        totals=(None, now, was, now - was, ((now - was) / was).quantize(Decimal("0.0001")), now >= was),
        flags=("open_period", "truncated"),
    )  # fmt: skip


def budget(question: str) -> Answer:
    return _answered(
        question,
        interpretation="Net revenue by category, fiscal year 2026, beside the budget",
        query=MetricQuery(
            metrics=("revenue",), group_by=("category",), time=QUARTER, compare=Compare(to="budget")
        ),
        columns=(
            Column(name="category", label="Category", kind="dimension"), REVENUE,
            Column(name="revenue__base", label="Budget", kind="comparison"),
            Column(name="revenue__difference", label="", kind="comparison"),
            Column(name="revenue__percent", label="", kind="comparison", unit="percent"),
            Column(name="revenue__favourable", label="", kind="comparison"),
        ),
        rows=tuple(
            (name, Decimal(a), Decimal(b), Decimal(a) - Decimal(b), (Decimal(a) - Decimal(b)) / Decimal(b), a >= b)
            for name, a, b in (
                ("Office", 8_400_000, 8_100_000), ("Technology", 6_900_000, 7_500_000),
                ("Furniture", 3_100_000, 3_000_000), ("Packaging", 1_900_000, 2_000_000), ("Safety", 900_000, 880_000),
            )
        ),
        totals=(None, Decimal(21_200_000), Decimal(21_480_000), Decimal(-280_000), Decimal("-0.0130"), False),
    )  # fmt: skip


def monthly(question: str, *, regions: Sequence[str] = ("EMEA", "Americas", "APAC")) -> Answer:
    months = [dt.date(2025 + (m > 6), (m + 5) % 12 + 1, 1) for m in range(1, 13)]
    return _answered(
        question,
        interpretation="Gross margin by month and region, fiscal year 2026",
        query=MetricQuery(metrics=("margin",), group_by=("order_date.month", "region"), time=QUARTER),
        columns=(
            Column(name="order_date.month", label="Month", kind="dimension"),
            Column(name="region", label="Region", kind="dimension"),
            Column(name="margin", label="Gross margin", kind="metric", unit="percent"),
        ),
        rows=tuple(
            (month, region, Decimal(3000 + 37 * at + 250 * place + 90 * ((at * 7 + place) % 5)) / 10000)
            for at, month in enumerate(months)
            for place, region in enumerate(regions)
        ),
    )


def trend(question: str) -> Answer:
    months = [dt.date(2025 + (m > 6), (m + 5) % 12 + 1, 1) for m in range(1, 13)]
    return _answered(
        question,
        interpretation="Net revenue by month, fiscal year 2026",
        query=MetricQuery(metrics=("revenue",), group_by=("time.month",), time=QUARTER),
        columns=(Column(name="time.month", label="Month", kind="dimension"), REVENUE),
        rows=tuple((m, Decimal(1_900_000 + 40_000 * at - 90_000 * (at % 3))) for at, m in enumerate(months)),
        totals=(None, Decimal("24000000.00")),
        flags=("partial_period",),
    )


def plan_total(question: str) -> Answer:
    part = {"kind": "comparison"}
    return _answered(
        question,
        interpretation="Net revenue, fiscal year 2026, beside the budget",
        query=MetricQuery(metrics=("revenue",), time=QUARTER, compare=Compare(to="budget")),
        columns=(
            REVENUE, Column(name="revenue__base", label="Budget", **part), Column(name="revenue__difference", label="", **part),
            Column(name="revenue__percent", label="", unit="percent", **part), Column(name="revenue__favourable", label="", **part),
        ),
        rows=((Decimal(21_200_000), Decimal(21_480_000), Decimal(-280_000), Decimal("-0.0130"), False),),
    )  # fmt: skip


def parts_of_a_change(question: str, *, members: int = 12) -> Answer:
    """The change by customer: some are new (no base), some are gone (no value)."""
    part = {"kind": "comparison"}
    rows = []
    for at in range(members):
        now = None if at == 1 else Decimal(900_000 - 70_000 * at)
        was = None if at == 2 else Decimal(500_000 + 11_000 * at)
        difference = None if now is None or was is None else now - was
        change = (now or 0) - (was or 0)
        rows.append(
            (
                f"C{at}",
                now,
                was,
                difference,
                None,
                None if difference is None else difference >= 0,
                change / 1000,
            )
        )
    return _answered(
        question,
        interpretation="Net revenue by customer, each part of the change, beside the year before",
        query=MetricQuery(
            metrics=("revenue",), group_by=("customer",), time=QUARTER, compare=Compare(to="previous_year"), contributions=True,
        ),
        columns=(
            Column(name="customer", label="Customer", kind="dimension"), REVENUE,
            Column(name="revenue__base", label="", **part), Column(name="revenue__difference", label="", **part),
            Column(name="revenue__percent", label="", unit="percent", **part), Column(name="revenue__favourable", label="", **part),
            Column(name="revenue__contribution", label="", unit="percent", **part),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def price_volume_mix(question: str) -> Answer:
    part: dict[str, Any] = {"kind": "comparison", "unit": "currency", "currency": "EUR"}
    return _answered(
        question,
        interpretation="Net revenue by category, each change by price, volume, mix and members",
        query=MetricQuery(
            metrics=("revenue",), group_by=("category",), time=QUARTER, compare=Compare(to="previous_year"), bridge=True,
        ),
        columns=(
            Column(name="category", label="Category", kind="dimension"), REVENUE,
            Column(name="revenue__base", label="", kind="comparison"),
            *(Column(name=f"revenue__{name}", label=f"Net revenue, change by {name}", **part)
              for name in ("price", "volume", "mix", "members")),
        ),
        rows=tuple(
            (name, *map(Decimal, values))
            for name, values in {
                "Office": (509_385, 458_246, 53_900, -99_881, 97_120, 0),
                "Furniture": (67_869, 139_810, -66_172, -30_473, 24_704, 0),
                "Safety": (12_000, 0, 0, 0, 0, 12_000),
            }.items()
        ),
    )  # fmt: skip


def two_ways(question: str) -> Answer:
    values = {
        ("EMEA", "Office"): 3_100_000, ("EMEA", "Safety"): 600_000, ("Americas", "Office"): 1_900_000,
        ("Americas", "Safety"): 0, ("APAC", "Office"): 800_000, ("APAC", "Technology"): 950_000,
    }  # fmt: skip
    return _answered(
        question,
        interpretation="Net revenue by region and category, fiscal year 2026",
        query=MetricQuery(metrics=("revenue",), group_by=("region", "category"), time=QUARTER),
        columns=(
            Column(name="region", label="Region", kind="dimension"),
            Column(name="category", label="Category", kind="dimension"),
            REVENUE,
        ),
        rows=tuple((*names, Decimal(value)) for names, value in values.items()),
        totals=(None, None, Decimal(sum(values.values()))),
    )


def monthly_shares(question: str) -> Answer:
    months = [dt.date(2026, month, 1) for month in range(1, 7)]
    parts = {"EMEA": Decimal("0.5"), "Americas": Decimal("0.333333333333"), "APAC": Decimal("0.166666666667")}
    return _answered(
        question,
        interpretation="Share of net revenue by month and region",
        query=MetricQuery(
            metrics=("revenue",), group_by=("time.month", "region"), time=QUARTER, share_of="total"
        ),
        columns=(
            Column(name="time.month", label="Month", kind="dimension"),
            Column(name="region", label="Region", kind="dimension"),
            Column(name="revenue__share", label="Net revenue, share of total", kind="share", unit="percent"),
        ),
        rows=tuple((month, name, share) for month in months for name, share in parts.items()),
    )


def several(question: str, *, of: str = "time.month") -> Answer:
    names: list[Any] = [dt.date(2026, m, 1) for m in range(1, 7)] if of == "time.month" else ["EMEA", "APAC"]
    return _answered(
        question,
        interpretation="Net revenue, orders and gross margin by month",
        query=MetricQuery(metrics=("revenue", "orders", "margin"), group_by=(of,), time=QUARTER),
        columns=(
            Column(name=of, label="Month" if of == "time.month" else "Region", kind="dimension"), REVENUE,
            Column(name="orders", label="Orders", kind="metric", unit="count"),
            Column(name="margin", label="Gross margin", kind="metric", unit="percent"),
        ),
        rows=tuple(
            (name, Decimal(1_900_000 - 90_000 * (at % 3)), 120 + 7 * at, Decimal(3000 + 40 * at) / 10000)
            for at, name in enumerate(names)
        ),
    )  # fmt: skip


def clarify(question: str) -> Answer:
    return Answer(
        id="a-2", status="clarify", question=question, reason="ambiguous",
        text='"Growth" can be read in two ways.',
        options=(
            Option(label="Net revenue beside the year before", question="net revenue by region"),
            Option(label="Net revenue, total", question="net revenue"),
        ),
    )  # fmt: skip


def refuse(question: str) -> Answer:
    return Answer(
        id="a-3", status="refused", question=question, reason="out_of_scope",
        text="I answer questions about this company's figures.",
        options=(Option(label="Net revenue last quarter", question="net revenue"),),
    )  # fmt: skip


def fake_release() -> Release:
    return Release(
        number=3, created_at=dt.datetime(2026, 7, 2, 6, 30, tzinfo=dt.UTC), tables={},
        quality=Quality(status="passed", checks=212),
        controls=(
            SourceControl(
                source="sales_transactions", table="silver.sales_clean", read=100, valid=88, quarantined=12,
                duplicate=0, superseded=0, discarded=0, reasons={"amount_positive": 9, "status_known": 3},
            ),
        ),
        lineage={"gold.fct_sales": ("sales_transactions",)},
        fresh_as_of=dt.datetime(2026, 7, 2, 6, 15, tzinfo=dt.UTC),
    )  # fmt: skip


class FakeAgent:
    """Answers by a word of the question; remembers what it was asked."""

    def __init__(self) -> None:
        calendar = Calendar(name="fiscal", starts=(7, 1), default=True)
        revenue = Metric(
            name="revenue", kind="aggregate", label="Net revenue", unit="currency", currency="EUR",
            description="Sales net of discounts and refunds, in the month each happened.", owner="controlling",
            definition_words="Sum of net amount over sales lines, status completed or refunded.",
            certified_by="controlling", certified_since=dt.date(2026, 1, 10),
        )  # fmt: skip
        region = Dimension(name="region", model="customers", label="Region")
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.layer = SimpleNamespace(
            catalog=Catalog(
                models={"customers": Model(name="customers", table="gold.dim_customers", dimensions={"region": region})},
                metrics={"revenue": revenue}, calendars={"fiscal": calendar}, default_calendar=calendar,
                closed_through=TODAY, currency="EUR",
            ),
            release=fake_release(), release_id="000003", today=TODAY,
        )  # fmt: skip

    def starters(self, viewer: object = None) -> tuple[str, ...]:
        return (
            "Net revenue last quarter", "Net revenue by region last quarter beside the year before",
            "Revenue against budget by category this fiscal year", "Gross margin by month and region",
            "Revenue by month this fiscal year", "Revenue growth",
        )  # fmt: skip

    def ask(
        self,
        question: str,
        *,
        viewer: object = None,
        today: dt.date | None = None,
        history: Sequence[str] = (),
        told: Callable[[str], None] = lambda _: None,
    ) -> Answer:
        told("Looking it up in the release …")
        self.asked.append((question, tuple(history)))
        text = question.lower()
        if "slow" in text:
            over = threading.Event()
            with interrupting(over.set):
                over.wait(30)
        if "explode" in text:
            raise RuntimeError("secret-detail of the machine room")
        if not text.strip() or len(text) > 2_000 or "weather" in text:
            return refuse(question)
        for word, answer in (
            ("plan in all", plan_total), ("each part of the change", parts_of_a_change), ("price, volume", price_volume_mix),
            ("by region and category", two_ways), ("shares", monthly_shares), ("several", several),
            ("growth", clarify), ("budget", budget), ("margin", monthly), ("by month", trend),
            ("region", by_region), ("revenue", total),
        ):  # fmt: skip
            if word in text:
                return answer(question)
        return refuse(question)
