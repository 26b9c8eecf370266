"""Candidate, restore, conservation, lock and fingerprints on hand-made Delta tables: no Spark."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from datatrust.core.errors import OutcomeError
from datatrust.core.release import (
    METRICS_TABLE,
    Quality,
    Release,
    SourceControl,
    load_release,
    publish_release,
)
from datatrust.core.settings import Project
from pipeline.conservation import check_conservation
from pipeline.contracts.model import ColumnSpec, ColumnType, ForeignKey, Rule, SourceSpec
from pipeline.fingerprint import compare_hashes, compute_hashes
from pipeline.ledger import LedgerEntry
from pipeline.lock import hold_lock
from pipeline.observe import StepMetric, load_steps, next_run, record_steps
from pipeline.publish import BUSINESS_METRICS, Evidence, make_candidate, with_business_metrics
from pipeline.quarantine import OUTCOMES, QUARANTINE
from pipeline.restore import restore_tables
from pipeline.tables import (
    count_rows,
    find_tables,
    open_table,
    pin_table,
    query_tables,
    table_path,
    table_version,
)
from tests.support.projects import write_project

PASSED = Quality(status="passed", checks=1)
MONEY = pa.decimal128(18, 2)


def write(project: Project, name: str, columns: Mapping[str, Any], **options: Any) -> None:
    folder = project.warehouse / table_path(name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_deltalake(str(folder), pa.table(dict(columns)), **options)


def ids(project: Project, name: str) -> list[int]:
    rows = query_tables("select id from t order by id", {"t": project.warehouse / table_path(name)})
    return [row["id"] for row in rows]


def spec(name: str = "sales", parents: tuple[str, ...] = ()) -> SourceSpec:
    def column(name: str, kind: Any) -> ColumnSpec:
        return ColumnSpec(name=name, header=name, type=ColumnType(kind=kind, precision=18, scale=2))

    rule = Rule(id="reference:x", kind="reference", columns=("id",), reason="")
    return SourceSpec(
        name=name,
        version="1.0.0",
        title=name,
        owner=None,
        file=f"contracts/{name}.yml",
        hash=f"hash of {name}",
        glob="*.csv",
        reader="csv",
        reader_options={},
        columns=(column("id", "integer"), column("amount", "decimal"), column("currency", "string")),
        key=("id",),
        sequence=None,
        load_mode="upsert",
        duplicates="drop",
        silver_table=f"silver.{name}_clean",
        quarantine_table=None,
        rules=(),
        foreign_keys=tuple(
            ForeignKey(rule=rule, columns=("id",), parent=parent, parent_columns=("id",))
            for parent in parents
        ),
        amount_column="amount",
        currency_column="currency",
    )


def ledger_entry(**changes: Any) -> LedgerEntry:
    entry = LedgerEntry(
        source="sales",
        sequence=1,
        path="sales.csv",
        delivery=None,
        sha256="a" * 64,
        size=10,
        arrived_at=dt.datetime(2026, 4, 30, tzinfo=dt.UTC),
        status="loaded",
        physical_lines=5,
        header_lines=1,
        blank_lines=0,
        records=4,
        contract_version="1.0.0",
        contract_hash="x",
    )
    return replace(entry, **changes)


CONTROL = SourceControl(
    source="sales",
    table="silver.sales_clean",
    read=4,
    valid=2,
    quarantined=1,
    duplicate=1,
    superseded=0,
    discarded=0,
    reasons={"range:amount": 1},
    amount_column="amount",
    amounts={
        "EUR": {
            "read": Decimal("45.06"),
            "valid": Decimal("20.02"),
            "quarantined": Decimal("15.03"),
            "duplicate": Decimal("10.01"),
        },
    },
)


DEAD_ROW = {"_sequence": pa.array([2], pa.int64()), "id": ["9"], "amount": ["1.00"], "currency": ["EUR"]}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return write_project(tmp_path, {"name": "tiny"})


@pytest.fixture
def loaded(project: Project) -> Project:
    """Four rows in bronze; two of them valid, one quarantined, one a duplicate."""
    amounts = {"_currency": ["EUR"], "_amount": pa.array([Decimal("15.03")], pa.decimal128(38, 6))}
    write(
        project,
        "bronze.sales",
        {
            "_sequence": pa.array([1, 1, 1, 1], pa.int64()),
            "id": ["1", "2", "3", "1"],
            "amount": ["10.01", " 10.01", "15.03", "10.01"],
            "currency": ["EUR"] * 4,
        },
    )
    write(
        project,
        "silver.sales_clean",
        {
            "id": pa.array([1, 2], pa.int64()),
            "amount": pa.array([Decimal("10.01"), Decimal("10.01")], MONEY),
            "currency": ["EUR", "EUR"],
        },
    )
    write(project, QUARANTINE, {"source": ["sales"], "reasons": [["range:amount"]], **amounts})
    duplicate = pa.array([Decimal("10.01")], pa.decimal128(38, 6))
    write(project, OUTCOMES, {"source": ["sales"], "status": ["duplicate"], **amounts, "_amount": duplicate})
    return project


def prove(project: Project, control: SourceControl = CONTROL) -> int:
    return check_conservation(project.warehouse, [spec()], [control], [ledger_entry()])


def test_figures_that_agree_are_counted(loaded: Project) -> None:
    assert prove(loaded) == 16


@pytest.mark.parametrize(
    ("table", "part"),
    [
        ("bronze.sales", "read"),
        ("silver.sales_clean", "valid"),
        (QUARANTINE, "quarantined"),
        (OUTCOMES, "duplicate"),
    ],
)
def test_a_row_lost_anywhere_refuses_the_release(loaded: Project, table: str, part: str) -> None:
    folder = loaded.warehouse / table_path(table)
    rows = query_tables("from t", {"t": folder})
    schema = pa.schema(DeltaTable(str(folder)).schema().to_arrow())
    write_deltalake(str(folder), pa.Table.from_pylist(rows[:-1], schema=schema), mode="overwrite")
    with pytest.raises(
        OutcomeError, match=rf"sales: {part} rows now, and then: {len(rows) - 1} is not {len(rows)}"
    ):
        prove(loaded)


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("bronze.sales", {"amount": "'10.00'"}, "EUR read now, and then: 45.05 is not 45.06"),
        ("silver.sales_clean", {"amount": "cast('10.00' as decimal(18, 2))"}, "EUR valid now, and then: 20.01"),
        (QUARANTINE, {"_amount": "_amount - cast('0.01' as decimal(38, 6))"}, "EUR quarantined now, and then: 15.02"),
        (OUTCOMES, {"_amount": "_amount - cast('0.01' as decimal(38, 6))"}, "EUR duplicate now, and then: 10.00"),
    ],
)  # fmt: skip
def test_a_cent_lost_anywhere_refuses_the_release(
    loaded: Project, table: str, change: dict[str, str], said: str
) -> None:
    where = "id = '2'" if table == "bronze.sales" else "id = 2" if table.startswith("silver") else None
    DeltaTable(str(loaded.warehouse / table_path(table))).update(predicate=where, updates=change)
    with pytest.raises(OutcomeError, match=said):
        prove(loaded)


def test_a_loss_that_ingest_has_counted_already_shows_as_a_row_without_a_fate(loaded: Project) -> None:
    """Trap: a recount agrees with figures that were taken after the loss."""
    DeltaTable(str(loaded.warehouse / "silver/sales_clean")).delete("id = 2")
    short = {**CONTROL.amounts["EUR"], "valid": Decimal("10.01")}
    with pytest.raises(OutcomeError) as caught:
        prove(loaded, replace(CONTROL, valid=1, amounts={"EUR": short}))
    assert "sales: rows read, and the sum of their fates: 4 is not 3" in str(caught.value)
    assert "sales: EUR read, and the sum of its fates: 45.06 is not 35.05" in str(caught.value)


def test_a_record_lost_before_bronze_refuses_the_release(loaded: Project) -> None:
    with pytest.raises(OutcomeError, match="records in the files, and rows in bronze: 5 is not 4"):
        check_conservation(loaded.warehouse, [spec()], [CONTROL], [ledger_entry(records=5)])


def test_rows_of_a_dead_run_do_not_count(loaded: Project) -> None:
    write(loaded, "bronze.sales", DEAD_ROW, mode="append")
    assert prove(loaded) == 16


def candidate(project: Project, *gold: str) -> Release:
    evidence = Evidence(
        controls=(CONTROL,),
        quality=PASSED,
        gold=dict.fromkeys(gold, ("silver.sales_clean",)),
        hashes={"code": "1"},
        fresh_as_of=None,
    )
    return make_candidate(project, [spec()], evidence, parent=None)


def test_a_candidate_pins_what_belongs_to_it(loaded: Project) -> None:
    write(loaded, "gold.fct", {"id": pa.array([1], pa.int64())})
    write(loaded, "gold.fct", {"id": pa.array([2], pa.int64())}, mode="append")
    write(loaded, "gold.forgotten", {"id": pa.array([1], pa.int64())})
    release = candidate(loaded, "gold.fct")
    assert sorted(release.tables) == [
        "bronze.sales",
        "gold.fct",
        "restricted.outcomes",
        "restricted.quarantine",
        "silver.sales_clean",
    ]
    pin = release.tables["gold.fct"]
    assert (pin.path, pin.version, pin.rows, pin.columns) == ("gold/fct", 1, 2, (("id", "bigint"),))
    assert release.tables["silver.sales_clean"].columns[1] == ("amount", "decimal(18,2)")
    assert release.lineage["gold.fct"] == ("sales",)


def test_a_declared_gold_table_must_exist(loaded: Project) -> None:
    with pytest.raises(OutcomeError, match=r"gold tables are missing: gold\.absent"):
        candidate(loaded, "gold.absent")


def test_business_metrics_are_sorted_exact_and_pinned(loaded: Project) -> None:
    rows = [
        ("revenue", dt.date(2026, 5, 1), "month", "{}", Decimal("2.5"), "EUR"),
        ("margin", "2026-05-01", "month", "{}", None, "percent"),
        ("revenue", dt.date(2026, 4, 1), "month", "{}", 7, "EUR"),
    ]
    release = with_business_metrics(loaded.warehouse, candidate(loaded), rows)
    assert release.tables[BUSINESS_METRICS].rows == 3
    assert ("value", "decimal(38,6)") in release.tables[BUSINESS_METRICS].columns
    stored = query_tables("from t", {"t": loaded.warehouse / "gold/business_metrics"})
    assert [(row["metric"], row["value"]) for row in stored] == [
        ("margin", None),
        ("revenue", Decimal("7.000000")),
        ("revenue", Decimal("2.500000")),
    ]


def test_a_table_without_rows_can_be_pinned_and_read(loaded: Project) -> None:
    release = with_business_metrics(loaded.warehouse, candidate(loaded), [])
    assert release.tables[BUSINESS_METRICS].rows == 0
    assert query_tables("from t", {"t": loaded.warehouse / "gold/business_metrics"}) == []


def test_a_dead_run_is_undone(loaded: Project) -> None:
    write(loaded, "gold.fct", {"id": pa.array([1], pa.int64())})
    publish_release(loaded.warehouse, candidate(loaded, "gold.fct"))
    current = load_release(loaded.warehouse)
    assert restore_tables(loaded.warehouse, current) == ()

    write(loaded, "gold.fct", {"id": pa.array([9], pa.int64())}, mode="overwrite")
    write(loaded, "gold.new", {"id": pa.array([9], pa.int64())})
    write(loaded, "bronze.sales", DEAD_ROW, mode="append")
    write(loaded, "kept.ledger", {"id": pa.array([1], pa.int64())})  # a copy, which no release names
    record_steps(loaded.warehouse, run=1, delivery=None, steps=[StepMetric(step="gold", success=False)])
    assert restore_tables(loaded.warehouse, current) == ("gold.fct", "gold.new")

    assert ids(loaded, "gold.fct") == [1]
    assert "gold.new" not in find_tables(loaded.warehouse)
    assert table_version(loaded.warehouse / "restricted/bronze/sales") == 1
    assert METRICS_TABLE in find_tables(loaded.warehouse)
    assert ids(loaded, "kept.ledger") == [1]
    assert restore_tables(loaded.warehouse, current) == (), "a restored table is not restored again"


def test_tables_that_only_other_releases_know_are_emptied_and_stay_readable(loaded: Project) -> None:
    """Trap: after a rollback behind the first superseded row its outcome would count beside the row itself."""
    write(loaded, "gold.old", {"id": pa.array([1], pa.int64())})
    publish_release(loaded.warehouse, candidate(loaded, "gold.old"))
    publish_release(loaded.warehouse, replace(candidate(loaded), number=2))
    assert restore_tables(loaded.warehouse, load_release(loaded.warehouse)) == ("gold.old",)
    assert ids(loaded, "gold.old") == []
    assert count_rows(open_table(loaded.warehouse / "gold" / "old", version=0)) == 1
    assert restore_tables(loaded.warehouse, load_release(loaded.warehouse)) == ()


def test_a_missing_table_of_the_current_release_is_told(loaded: Project) -> None:
    write(loaded, "gold.fct", {"id": pa.array([1], pa.int64())})
    release = candidate(loaded, "gold.fct")
    (loaded.warehouse / "gold" / "fct").rename(loaded.root / "elsewhere")
    with pytest.raises(OutcomeError, match=r"files are gone: gold\.fct"):
        restore_tables(loaded.warehouse, release)


def test_without_a_release_only_bronze_and_the_record_stay(loaded: Project) -> None:
    record_steps(loaded.warehouse, run=1, delivery=None, steps=[StepMetric(step="silver")])
    restore_tables(loaded.warehouse, None)
    assert sorted(find_tables(loaded.warehouse)) == ["bronze.sales", METRICS_TABLE]


def test_runs_are_numbered_and_remembered(project: Project) -> None:
    assert next_run(project.warehouse) == 1
    assert load_steps(project.warehouse) == ()
    record_steps(
        project.warehouse,
        run=1,
        delivery="2026-04",
        steps=[StepMetric(step="gold", table="gold.a", row_count=3)],
    )
    assert next_run(project.warehouse) == 2
    (step,) = load_steps(project.warehouse)
    assert (step.run, step.delivery, step.table, step.row_count, step.success) == (
        1,
        "2026-04",
        "gold.a",
        3,
        True,
    )


def test_a_second_run_is_told_who_holds_the_lock(project: Project) -> None:
    with hold_lock(project.warehouse):
        code = (
            "import sys; from pathlib import Path; from pipeline.lock import hold_lock\n"
            "try:\n    hold_lock(Path(sys.argv[1])).__enter__()\n"
            "except Exception as error:\n    print(error)"
        )
        said = subprocess.run(
            [sys.executable, "-c", code, str(project.warehouse)], capture_output=True, text=True, check=True
        ).stdout
    assert f"process {os.getpid()}, since 20" in said
    with hold_lock(project.warehouse):
        pass


HOLDER = """
import subprocess, sys
from pathlib import Path
from pipeline.lock import hold_lock

with hold_lock(Path(sys.argv[1])) as descriptor:
    print(subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, pass_fds=(descriptor,)).pid, flush=True)
    sys.stdin.read()
"""


def test_the_lock_outlives_a_killed_run_while_its_java_lives(project: Project) -> None:
    """Java inherits the lock: killing Python alone does not let a second run write beside an orphan."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(project.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    orphan = int(holder.stdout.readline())
    holder.kill()
    holder.wait()
    with (
        pytest.raises(OutcomeError, match="its Java process is still stopping"),
        hold_lock(project.warehouse),
    ):
        pass
    os.kill(orphan, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OutcomeError), hold_lock(project.warehouse):
            return
    pytest.fail("the lock was not given back")


def test_what_changed_says_how_far_back_to_go(project: Project) -> None:
    specs = [spec("customers"), spec("sales", parents=("customers",)), spec("budgets")]
    now = compute_hashes(project, specs)
    assert not compare_hashes(now, now, specs).any
    assert not compare_hashes(None, now, specs).any

    contract = compare_hashes({**now, "contract.customers": "other", "contracts": "other"}, now, specs)
    assert contract.sources == {"customers", "sales"}
    assert contract.gold

    assert compare_hashes({**now, "masking": "other"}, now, specs).sources == {
        "customers",
        "sales",
        "budgets",
    }
    dbt = compare_hashes({**now, "dbt": "other"}, now, specs)
    assert (dbt.sources, dbt.gold) == (frozenset(), True)
    catalog = compare_hashes({**now, "catalog": "other"}, now, specs)
    assert (catalog.sources, catalog.gold, catalog.definitions) == (frozenset(), False, True)


def test_pins_survive_types_of_every_kind(project: Project) -> None:
    write(
        project,
        "silver.kinds",
        {
            "day": pa.array([dt.date(2026, 1, 1)]),
            "at": pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)], pa.timestamp("us", "UTC")),
            "list": pa.array([["a"]], pa.list_(pa.string())),
            "small": pa.array([1], pa.int32()),
        },
    )
    pin = pin_table(project.warehouse, "silver.kinds")
    assert dict(pin.columns) == {"day": "date", "at": "timestamp", "list": "array<string>", "small": "int"}
