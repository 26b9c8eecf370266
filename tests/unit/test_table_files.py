"""Which files make up a Delta table as it stands, and which of them can hold the rows that are asked for."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from datatrust.core.errors import OutcomeError
from pipeline.tables import list_files


def _append(folder: Path, numbers: list[int], **columns: list[str]) -> None:
    rows = pa.table({"_sequence": pa.array(numbers, pa.int64()), **columns})
    write_deltalake(str(folder), rows, mode="append", schema_mode="merge")


def _names(folder: Path, sequences: list[int] | None = None) -> set[int]:
    """Return the numbers in the listed files."""
    import pyarrow.parquet as pq

    files = list_files(folder, sequences)
    assert files is not None
    return {n for path in files.paths for n in pq.read_table(path)["_sequence"].to_pylist()}


def test_files_without_a_wanted_number_are_left_out(tmp_path: Path) -> None:
    table = tmp_path / "t"
    for numbers in ([1, 2], [3], [4, 9], [10]):
        _append(table, numbers)
    assert _names(table) == {1, 2, 3, 4, 9, 10}
    assert _names(table, [3]) == {3}
    assert _names(table, [7]) == {4, 9}, "bounds are all that is known"
    assert _names(table, [2, 10]) == {1, 2, 10}
    assert _names(table, []) == set()


def test_replaced_files_are_not_listed_and_new_columns_are(tmp_path: Path) -> None:
    table = tmp_path / "t"
    _append(table, [1])
    _append(table, [2], city=["Bern"])
    files = list_files(table)
    assert files is not None
    assert [field["name"] for field in files.schema["fields"]] == ["_sequence", "city"]
    DeltaTable(str(table)).delete("_sequence = 1")
    assert _names(table) == {2}


def test_a_table_that_asks_more_of_readers_is_not_listed(tmp_path: Path) -> None:
    rows = pa.table({"_sequence": [1, 2], "region": ["a", "b"]})
    write_deltalake(str(tmp_path / "parts"), rows, partition_by=["region"])
    assert list_files(tmp_path / "parts") is None
    properties = {"delta.enableDeletionVectors": "true"}
    write_deltalake(str(tmp_path / "vectors"), rows, configuration=properties)
    assert list_files(tmp_path / "vectors") is None


def test_a_damaged_log_is_told(tmp_path: Path) -> None:
    _append(tmp_path / "t", [1])
    next((tmp_path / "t" / "_delta_log").glob("*.json")).write_text("{", encoding="utf-8")
    with pytest.raises(OutcomeError, match="damaged"):
        list_files(tmp_path / "t")
