"""What later files put right: which redelivery is a correction, and where a repaired row belongs. No Spark."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipeline.bronze import inspect
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.corrections import mark_corrections, mark_references
from pipeline.drift import look
from pipeline.ledger import LedgerEntry, append_ledger, claims, find_new_files, load_ledger, matches
from pipeline.readers.base import Layout, Refusal
from pipeline.repair import RowRepair, load_repairs, make_reference, reading_spec
from pipeline.tables import table_path
from tests.support.payables import write_payables

SCHEMA = pa.schema(
    [
        ("_sequence", pa.int64()),
        ("_line", pa.int64()),
        ("_rescue_reason", pa.string()),
        ("_extra", pa.string()),
    ]
    + [(name, pa.string()) for name in ("invoice_id", "currency", "_row_hash")]
)


@pytest.fixture
def spec(tmp_path: Path) -> SourceSpec:
    specs = load_contracts(write_payables(tmp_path))
    return next(spec for spec in specs if spec.name == "invoices")


def entry(
    sequence: int, *, path: str = "4/invoices.csv", delivery: str | None = "4", **more: Any
) -> LedgerEntry:
    facts: dict[str, Any] = {
        "source": "invoices", "sha256": str(sequence), "size": 1, "status": "loaded", "physical_lines": 1,
        "arrived_at": dt.datetime(2026, 6, 30, tzinfo=dt.UTC), "header_lines": 1, "blank_lines": 0, "records": 1,
        "contract_version": "1", "contract_hash": "h",
    }  # fmt: skip
    return LedgerEntry(sequence=sequence, path=path, delivery=delivery, **{**facts, **more})


def write_rows(warehouse: Path, sequence: int, keys: list[str | None], references: list[str] = []) -> None:  # noqa: B006
    """Append rows to bronze; no key means that the record cannot be read."""
    rows = [
        {
            "_sequence": sequence,
            "_line": line,
            "_rescue_reason": None if key is not None else "too_few_fields",
            "invoice_id": key,
            "currency": key,
            "_row_hash": key,
        }
        for line, key in enumerate(keys, start=2)
    ]
    for row, text in zip(rows, references, strict=False):
        reference, _, action = text.partition(" ")
        row["_extra"] = json.dumps({"_ref": reference, "_action": action})
    write_deltalake(
        str(warehouse / table_path("bronze.invoices")),
        pa.Table.from_pylist(rows, schema=SCHEMA),
        mode="append",
    )


def write_standing(warehouse: Path, *rows: tuple[int, int]) -> None:
    listed = [{"_sequence": sequence, "_line": line} for sequence, line in rows]
    schema = pa.schema([("_sequence", pa.int64()), ("_line", pa.int64())])
    write_deltalake(str(warehouse / "silver/invoices"), pa.Table.from_pylist(listed, schema=schema))


@pytest.mark.parametrize(
    ("redelivery", "again", "corrects", "told"),
    [
        (None, ["A", " B ", "C", "D"], 1, "replaces what it said before"),
        (None, ["A", "B"], 1, "replaces"),  # C never stood, half of all keys come again
        (None, ["A", "C", "D"], None, "lacks 1 keys"),
        (None, ["X", "Y"], None, None),  # a feed that writes over its file
        ("replace", ["X"], 1, "replaces"),
        ("add", ["A", "B", "C"], None, None),
    ],
)
def test_a_redelivery_is_a_correction_when_it_takes_nothing_back(
    tmp_path: Path,
    spec: SourceSpec,
    redelivery: Any,
    again: list[str | None],
    corrects: int | None,
    told: str | None,
) -> None:
    write_rows(tmp_path, 1, ["A", "B", "C", None])
    write_standing(tmp_path, (1, 2), (1, 3))
    write_rows(tmp_path, 5, again)
    spec = replace(spec, redelivery=redelivery)
    (marked,) = mark_corrections(tmp_path, spec, [entry(5)], [entry(1), entry(2, path="5/invoices.csv")])
    assert marked.corrects == corrects
    assert (told or "") in (marked.message or "")
    assert (marked.message is None) == (told is None)


def test_a_file_of_which_nothing_stood_needs_half_of_its_keys(tmp_path: Path, spec: SourceSpec) -> None:
    write_rows(tmp_path, 1, ["A", "B", "C"])
    for sequence, keys in ((5, ["A"]), (6, ["A", "B"]), (7, [None])):
        write_rows(tmp_path, sequence, list(keys))
    write_rows(tmp_path, 8, [None, None])
    replaced = {
        fresh: mark_corrections(tmp_path, spec, [entry(fresh)], [entry(old)])[0].corrects
        for fresh, old in ((5, 1), (6, 1), (7, 1), (8, 7))
    }
    assert replaced == {5: None, 6: 1, 7: None, 8: None}


def test_a_source_without_a_key_goes_by_whole_rows(tmp_path: Path, spec: SourceSpec) -> None:
    write_rows(tmp_path, 1, ["A", "B"])
    write_standing(tmp_path, (1, 2), (1, 3))
    write_rows(tmp_path, 2, ["B", "A", "C"])
    (marked,) = mark_corrections(tmp_path, replace(spec, key=()), [entry(2)], [entry(1)])
    assert marked.corrects == 1


def test_a_snapshot_is_corrected_by_its_next_state_only(tmp_path: Path, spec: SourceSpec) -> None:
    """A file of repaired rows, taken for a state, would empty silver of every other key."""
    states = replace(spec, load_mode="snapshot")
    write_rows(tmp_path, 1, ["A"])
    write_rows(tmp_path, 5, ["A"])
    (marked,) = mark_corrections(tmp_path, states, [entry(5)], [entry(1)])
    assert (marked.corrects, marked.message) == (None, None)
    project = write_payables(tmp_path)
    file = project.raw / "4" / "invoices.repaired.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("_ref,invoice_id\nrow:1:2,A\n")
    findings = find_new_files(project, load_contracts(project))
    (repaired,) = [
        f for d in findings.deliveries for f in d.files if f.path.endswith("invoices.repaired.csv")
    ]
    (refused,) = inspect(states, [repaired])
    assert isinstance(refused.outcome, Refusal)
    assert "row by row" in refused.outcome.reason
    (taken,) = inspect(spec, [repaired])
    if isinstance(taken.outcome, Layout):
        assert look(spec, taken) == (), "the export's own columns are no drift"


def test_corrections_follow_each_other(tmp_path: Path, spec: SourceSpec) -> None:
    """The third content replaces the second, not the first; all take the first one's place, in a closing."""
    for sequence in (1, 4, 6):
        write_rows(tmp_path, sequence, ["A"])
    first, second = mark_corrections(tmp_path, spec, [entry(4), entry(6)], [entry(1)])
    assert (first.corrects, second.corrects) == (1, 4)
    repairs = load_repairs(tmp_path, spec, [entry(1), first, second])
    assert (repairs.replaced_files, repairs.places) == ({1, 4}, {4: 1, 6: 1})
    loose = [replace(one, delivery=None) for one in (entry(1), first, second)]
    assert load_repairs(tmp_path, spec, loose).places == {}


def test_a_row_takes_the_place_of_the_one_it_refers_to(tmp_path: Path, spec: SourceSpec) -> None:
    write_rows(tmp_path, 1, ["A", "B", "C"])
    write_rows(tmp_path, 3, ["A", "B", "X", "Y"], ["row:1:2", "row:1:3 Discard", "row:1:99", "=row"])
    write_rows(tmp_path, 4, ["A", "A2", "B"], ["row:3:2", "row:3:2", "row:1:3"])
    write_rows(tmp_path, 5, ["Z", "Z", "Z"], ["row:9:2", "row:5:3", ""])
    ledger = [entry(1), *(mark_references(tmp_path, spec, entry(n)) for n in (3, 4, 5))]
    assert [one.repairs for one in ledger] == [0, 3, 3, 2]
    repairs = load_repairs(tmp_path, spec, ledger)
    assert repairs.rows == {
        (1, 2): RowRepair(is_replaced=True),
        (1, 3): RowRepair(is_replaced=True),
        (3, 2): RowRepair(place=1, is_replaced=True),
        (3, 3): RowRepair(place=1, is_replaced=True, is_discard=True),  # a newer file says otherwise
        (4, 2): RowRepair(place=1),
        (4, 3): RowRepair(place=1),  # one row may become two
        (4, 4): RowRepair(place=1),
    }
    assert not load_repairs(tmp_path, spec, [entry(1)])


def test_a_repaired_file_belongs_to_its_source_alone(tmp_path: Path) -> None:
    project = write_payables(tmp_path)
    (project.configs / "contracts" / "rates.yml").unlink()
    contract = project.configs / "contracts" / "vendors.yml"
    contract.write_text(contract.read_text().replace("**/vendors*.csv", "**/*.csv"))
    specs = load_contracts(project)
    (project.raw / "x").mkdir(parents=True)
    for name in ("invoices.repaired.csv", "vendors.repaired.2.csv", "invoices.csv"):
        (project.raw / "x" / name).write_text(f'"_ref";{name}\n')
    found = [(f.source, f.path) for d in find_new_files(project, specs).deliveries for f in d.files]
    assert sorted(found) == [
        ("invoices", "x/invoices.csv"),
        ("invoices", "x/invoices.repaired.csv"),
        ("vendors", "x/invoices.csv"),
        ("vendors", "x/vendors.repaired.2.csv"),
    ]
    invoices = next(spec for spec in specs if spec.name == "invoices")
    file = project.raw / "x" / "invoices.repaired.csv"
    read_by = reading_spec(replace(invoices, reader="other"), "x/invoices.repaired.csv", file)
    assert (read_by.reader, read_by.reader_options) == ("csv", {"delimiter": ";"})
    assert reading_spec(invoices, "x/invoices.csv", project.raw / "x" / "invoices.csv") is invoices
    assert claims(invoices, "x/invoices.repaired-by-me.csv")


def test_a_ledger_of_before_is_read(tmp_path: Path) -> None:
    old, new = entry(2, message="m"), entry(3, corrects=2, repairs=4)
    names = [
        name for name in LedgerEntry.__dataclass_fields__ if name not in ("corrects", "repairs", "drift")
    ]
    rows = pa.Table.from_pylist([{name: getattr(old, name) for name in names}])
    write_deltalake(str(tmp_path / table_path("ops.ledger")), rows)
    assert load_ledger(tmp_path) == (old,)
    append_ledger(tmp_path, [new])
    assert load_ledger(tmp_path) == (old, new)


def test_a_reference_is_no_time_for_a_spreadsheet() -> None:
    assert make_reference(7, 12) == "row:7:12"


@pytest.mark.parametrize(
    ("path", "glob", "fits"),
    [
        ("a/2010-12-01.csv", "**/[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].csv", True),
        ("2010-12-xx.csv", "**/[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].csv", False),
        ("sales_9.csv", "sales_[!a-z].csv", True),
        ("sales_x.csv", "sales_[!a-z].csv", False),
        ("a^b.csv", "a[^]b.csv", True),
        ("a[z-a].csv", "a[z-a].csv", True),  # no range: the text as it stands
        ("a/b.csv", "a[!x]b.csv", False),  # no class crosses a folder
    ],
)
def test_patterns_of_paths(path: str, glob: str, fits: bool) -> None:
    assert matches(path, glob) is fits
