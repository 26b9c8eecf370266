"""Load modes: many loads end as one, corrected files as right ones; snapshots and histories against plain Python."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.conservation import check_conservation
from pipeline.derive import Deriver
from pipeline.ledger import load_ledger
from pipeline.results import IngestResult
from pipeline.work import Work
from tests.support.payables import Payables, make_payables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

_HEAD = """\
apiVersion: v3.1.0
kind: DataContract
id: {name}
version: 1.0.0
servers: [{{server: files, type: local, path: "**/{name}*.csv", format: csv}}]
schema:
  - name: {name}
    customProperties: [{properties}]
    properties:
"""
_AMOUNT = "{property: amountColumn, value: price}, {property: currencyCode, value: EUR}"
_SKU = "      - {name: sku, logicalType: string, primaryKey: true}\n"
_PRICE = '      - {name: price, logicalType: number, physicalType: "decimal(12,2)", required: true}\n'


def contract(name: str, properties: str, *columns: str) -> str:
    return _HEAD.format(name=name, properties=properties) + "".join(columns)


CONTRACTS = {
    "prices": contract(
        "prices",
        "{property: loadMode, value: scd2}, {property: sequenceColumn, value: changed_on}, " + _AMOUNT,
        _SKU,
        _PRICE,
        "      - {name: changed_on, logicalType: date, required: true}\n",
    ),
    "stock": contract(
        "stock",
        "{property: loadMode, value: snapshot}, {property: snapshotDate, value: 'stock_([0-9-]+)'}, "
        "{property: maxShrink, value: 0.9}, " + _AMOUNT,
        _SKU,
        _PRICE,
    ),
    "tiers": contract(
        "tiers", "{property: loadMode, value: snapshot}, {property: maxShrink, value: 0.5}", _SKU
    ),
    "orders": contract(
        "orders",
        _AMOUNT,
        "      - {name: order_id, logicalType: string, primaryKey: true}\n",
        "      - {name: tier, logicalType: string, relationships: [{to: tiers.sku}]}\n",
        _PRICE,
    ),
}
PRICES_HEAD = "sku,price,changed_on"
Version = tuple[str, str, str]  # sku, price, day


def write_state(company: Payables, folder: str, day: str, state: Mapping[str, str]) -> None:
    company.write(f"{folder}/stock_{day}.csv", "sku,price", *(f"{k},{v}" for k, v in state.items()))


def ingest(company: Payables, **options: Any) -> IngestResult:
    """Take one delivery in; no row and no cent may be lost, counted from the stored tables."""
    result = company.ingest(**options)
    controls = [source.control for source in result.sources]
    check_conservation(company.project.warehouse, company.specs, controls, result.ledger)
    return result


def expected_history(versions: Iterable[Version]) -> list[tuple[Any, ...]]:
    """The rule in plain Python: by day; what says the same as the one before is no version."""
    found: list[list[Any]] = []
    for sku, price, day in sorted(set(versions), key=lambda v: (v[0], v[2])):
        if found and found[-1][0] == sku and found[-1][1] == price:
            continue
        since = dt.date.fromisoformat(day)
        if found and found[-1][0] == sku:
            found[-1][3] = since
        found.append([sku, price, since, None])
    return sorted((sku, price, since, until, until is None) for sku, price, since, until in found)


def history(company: Payables) -> list[tuple[Any, ...]]:
    rows = company.table("silver.prices").collect()
    return sorted((r.sku, str(r.price), r.valid_from, r.valid_to, r.is_current) for r in rows)


def expected_fates(states: Mapping[str, Mapping[str, str]]) -> Counter[str]:
    """A state's row is a duplicate of an unchanged earlier one; else it stands while the newest state has its key."""
    newest = states[max(states)]
    fates: Counter[str] = Counter()
    for sku in {sku for state in states.values() for sku in state}:
        before, runs = None, 0
        for day in sorted(states):
            price = states[day].get(sku)
            if price is None:
                continue
            fates["duplicate" if price == before else "run"] += 1
            runs += price != before
            before = price
        fates["valid"] += sku in newest
        fates["superseded"] += runs - (sku in newest)
    del fates["run"]
    return fates


def test_many_loads_in_any_order_end_as_one_load(tmp_path: Path, spark: SparkSession) -> None:
    draw = random.Random(11)
    days = [f"2026-0{month}-15" for month in range(1, 7)]
    loads: list[list[Version]] = [[], []]
    for number in range(60):  # every key's versions come in an order of their own, some of them twice
        for day in draw.sample(days, draw.randint(1, 4)):
            version = (f"S{number}", draw.choice(["1.00", "2.00"]), day)
            for _ in range(draw.choice([1, 1, 1, 2])):
                draw.choice(loads).append(version)
    states = {
        day: {f"S{n}": draw.choice(["1.00", "2.00"]) for n in draw.sample(range(40), draw.randint(15, 30))}
        for day in days[:5]
    }
    arrivals = [[days[4], days[1]], [days[3], days[0], days[2]]]  # the newest state is not the last to come
    many = make_payables(tmp_path / "many", spark, contracts=CONTRACTS, deliveries="folder")
    for number, versions in enumerate(loads):
        many.write(f"{number}/prices.csv", PRICES_HEAD, *map(",".join, versions))
        for day in arrivals[number]:
            write_state(many, str(number), day, states[day])
        ingest(many)
        so_far = [version for load in loads[: number + 1] for version in load]
        assert history(many) == expected_history(so_far), "history is that of all rows so far"
    one = make_payables(tmp_path / "one", spark, contracts=CONTRACTS)
    shutil.copytree(many.project.raw, one.project.raw)
    at_once = ingest(one)

    assert history(one) == history(many)
    assert any(until for *_, until, _current in history(many)), "some versions have ended"
    fates = expected_fates(states)
    assert {"valid", "duplicate", "superseded"} <= set(fates)
    control = at_once.source("stock").control
    assert Counter(valid=control.valid, duplicate=control.duplicate, superseded=control.superseded) == fates
    stood = {r.sku: str(r.price) for r in many.table("silver.stock").collect()}
    assert stood == states[max(states)]
    in_steps, together = many.state(), one.state()
    assert in_steps["stock"] == together["stock"]
    for table in ("outcomes", "quarantine"):
        rows = [[r for r in state[table] if r[0] == "stock"] for state in (in_steps, together)]
        assert rows[0] == rows[1]

    ingest(many, refresh=["prices", "stock"])
    assert history(many) == history(one)
    assert many.state()["stock"] == together["stock"]


def test_a_snapshot_is_the_whole_state(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = make_payables(tmp_path, spark, contracts=CONTRACTS)
    company.write("tiers_1.csv", "sku", "gold", "silver", "bronze", "gold")
    company.write("orders_1.csv", "order_id,tier,price", "A,gold,1.00", "B,silver,2.00")
    company.write("stock_latest.csv", "sku,price", "S1,1.00")
    first = ingest(company)
    tiers = first.source("tiers")
    assert (tiers.valid, tiers.duplicate) == (3, 1), "a repeated row is a duplicate"
    assert first.source("orders").valid == 2
    (undated,) = first.source("stock").rejected_files
    assert "its path has no date that snapshotDate" in str(undated.message)

    company.write("tiers_2.csv", "sku", "gold", "bronze", "iron")
    second = ingest(company)
    tiers = second.source("tiers")
    assert (tiers.valid, tiers.duplicate, tiers.displaced, tiers.keys_lost) == (1, 2, 1, 1)
    assert company.rows("silver.tiers", "sku") == [("bronze",), ("gold",), ("iron",)]
    orders = second.source("orders")
    assert orders.refreshed
    assert (orders.control.valid, orders.control.quarantined) == (1, 1)
    assert orders.control.reasons == {"reference:tier": 1}, "its tier has left, so the order is an orphan"
    assert second.needs_rebuild

    company.write("tiers_3.csv", "sku", "gold")
    company.write("orders_2.csv", "order_id,tier,price", "C,iron,3.00")
    third = ingest(company)
    (doubted,) = third.source("tiers").rejected_files
    assert "holds 1 rows, 67% fewer than the 3 of tiers_2.csv" in str(doubted.message)
    assert "maxShrink allows (50%)" in str(doubted.message)
    assert third.source("tiers").control.read == 7, "nothing of it counts"
    assert third.source("orders").valid == 1, "the other sources go on"
    assert company.find().deliveries == ()

    path = company.project.configs / "contracts" / "tiers.yml"
    path.write_text(path.read_text().replace("value: 0.5", "value: 0.7"))
    company.write("tiers_4.csv", "sku", "gold", "silver")
    broken = Deriver.derive

    def fails_for_orders(self: Deriver, work: Work) -> None:
        broken(self, work)
        if work.spec.name == "prices":
            raise RuntimeError("the words of a row: 4711")

    monkeypatch.setattr(Deriver, "derive", fails_for_orders)
    company.write("prices.csv", PRICES_HEAD, "S1,1.00,2026-01-01")
    fourth = ingest(company)
    assert company.rows("silver.tiers", "sku") == [("gold",), ("silver",)]
    assert fourth.source("prices").failure == "an unexpected RuntimeError"
    assert fourth.source("prices").control.read == 0
    assert company.rows("silver.prices", "sku") == [], "what it had written is taken back"
    assert "prices.csv" not in {entry.path for entry in load_ledger(company.project.warehouse)}
    assert company.rows("silver.orders", "order_id") == [("A",), ("B",)], "judged by the tiers of today"

    monkeypatch.setattr(Deriver, "derive", broken)
    (again,) = company.find().deliveries
    assert [(file.path, file.in_bronze) for file in again.files] == [("prices.csv", True)]


def test_a_corrected_file_counts_as_if_it_had_come_right(tmp_path: Path, spark: SparkSession) -> None:
    """An older state and an older history are delivered again: junk comes right, a price is another, a row is new."""
    contracts = {name: CONTRACTS[name] for name in ("prices", "stock")}
    company = make_payables(tmp_path / "corrected", spark, contracts=contracts)
    company.write("prices_1.csv", PRICES_HEAD, "S1,1.00,2026-01-01", "S2,x,2026-01-01", "S3,3.00,2026-01-01")
    write_state(company, ".", "2026-01-01", {"S1": "1.00", "S2": "2.00", "S3": "x"})
    ingest(company)
    company.write("prices_2.csv", PRICES_HEAD, "S1,1.20,2026-03-01", "S3,3.00,2026-02-01")
    write_state(company, ".", "2026-02-01", {"S1": "1.00", "S2": "2.50", "S3": "9.00"})
    ingest(company)

    company.write(
        "prices_1.csv", PRICES_HEAD, "S1,1.10,2026-01-01", "S2,2.00,2026-01-01", "S3,3.50,2026-01-01"
    )
    write_state(company, ".", "2026-01-01", {"S1": "1.00", "S2": "2.20", "S3": "9.00"})
    ingest(company)
    write_state(company, ".", "2026-02-01", {"S1": "1.01", "S2": "2.50", "S4": "4.00"})
    ingest(company)

    right = make_payables(tmp_path / "right", spark, contracts=contracts)
    shutil.copytree(company.project.raw, right.project.raw)
    ingest(right)
    assert history(company) == history(right)
    assert company.rows("silver.stock", "sku", "price") == right.rows("silver.stock", "sku", "price")
    assert company.rows("restricted.quarantine", "source", "_line") == []
    before = company.state()
    ingest(company, refresh=["prices", "stock"])
    assert company.state() == before
