"""What counts as drift, and what the contract's word makes of it: heads of files only, no session."""

from __future__ import annotations

from pathlib import Path

import pytest

from datatrust.core.errors import UserError
from datatrust.core.settings import Project
from pipeline.bronze import Inspected, inspect
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.drift import Finding, Ruling, evolve, fate_of, from_json, frozen, look, rule, to_json
from pipeline.ledger import find_new_files
from pipeline.readers.base import Refusal
from pipeline.snapshots import order_of, without_shrunk, without_undated
from tests.support.payables import write_payables

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: sales
version: 1.0.0
servers: [{server: files, type: local, path: "sales*.csv", format: csv}]
schema:
  - name: sales
    customProperties:
      - {property: drift, value: {}}
    properties:
      - {name: id, logicalType: string, primaryKey: true}
      - {name: day, logicalType: date}
      - {name: net, logicalType: number, physicalType: "decimal(12,2)", required: true}
      - {name: amount, physicalName: Quantity, logicalType: integer}
"""
HEAD = "id,day,net,Quantity"


def project_of(root: Path, drift: str = "{}", **replaced: str) -> Project:
    text = CONTRACT.replace("value: {}}", f"value: {drift}}}")
    for old, new in replaced.items():
        assert f"name: {old}," in text
        text = text.replace(f"name: {old},", f"name: {old}, {new},")
    return write_payables(root, contracts={"sales": text})


def inspected(project: Project, *files: str) -> tuple[SourceSpec, tuple[Inspected, ...]]:
    """Lay out files of the given texts, called sales_0.csv and so on."""
    project.raw.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(files):
        (project.raw / f"sales_{number}.csv").write_text(text)
    (spec,) = load_contracts(project)
    (delivery,) = find_new_files(project, [spec]).deliveries
    return spec, inspect(spec, delivery.files)


def rulings(project: Project, text: str) -> tuple[Ruling, ...]:
    spec, (one,) = inspected(project, text)
    return rule(spec, look(spec, one))


def rows(*values: str) -> str:
    return "".join(f"{value}\n" for value in (HEAD, *values))


def test_a_file_that_keeps_its_contract_has_no_drift(tmp_path: Path) -> None:
    text = rows(*(f"A{n},2026-01-01,{n}.50,{n}" for n in range(30)), "B,nonsense,x,y")
    assert rulings(project_of(tmp_path), text) == (), "single bad rows are for the rules to judge"


def test_a_renamed_column_is_missing_and_its_new_name_suggested(tmp_path: Path) -> None:
    found = rulings(project_of(tmp_path), "id,day,net,Quantty\nA,2026-01-01,1.00,3\n")
    assert [(r.finding.kind, r.finding.column, r.decision) for r in found] == [
        ("missing_column", "amount", "evolve"),
        ("new_column", "Quantty", "discard"),
    ]
    assert found[0].message == (
        'column "Quantity" is missing; perhaps it is called "Quantty" now: taken as empty'
    )


def test_a_required_column_freezes_its_file_unless_the_contract_says_else(tmp_path: Path) -> None:
    text = "id,day,nett,Quantity\nA,2026-01-01,1.00,3\n"
    spec, (refused,) = inspected(project_of(tmp_path / "default"), text)
    (ruling,) = rule(spec, look(spec, refused))
    assert (ruling.finding.column, ruling.finding.near, ruling.decision) == ("net", "nett", "freeze")
    assert isinstance(refused.outcome, Refusal)
    assert "its header lacks net (perhaps written 'nett')" in refused.outcome.reason
    own = project_of(tmp_path / "own", net="customProperties: [{property: drift, value: quarantine}]")
    fate = fate_of(rulings(own, text))
    assert fate is not None
    assert (fate.decision, fate.reason) == ("quarantine", "drift:missing_column:net")
    _, (optional,) = inspected(
        project_of(tmp_path / "all", "{missingColumn: freeze}"), "id,day,net\nA,,1.00\n"
    )
    assert isinstance(optional.outcome, Refusal)


@pytest.mark.parametrize(
    ("column", "bad"),
    [("day", "A,30.04.2026,1.00,3"), ("net", "A,2026-04-30,one euro,3"), ("amount", "A,2026-04-30,1.00,3.5")],
)
def test_a_type_has_changed_when_most_values_do_not_read(tmp_path: Path, column: str, bad: str) -> None:
    good = "B,2026-04-30,1.00,3"
    (changed,) = rulings(project_of(tmp_path / "20"), rows(*[bad] * 20))
    assert (changed.finding.kind, changed.finding.column, changed.decision) == (
        "type_change",
        column,
        "freeze",
    )
    assert frozen([changed]) is not None
    assert rulings(project_of(tmp_path / "19"), rows(*[bad] * 19)) == (), "too few to say"
    assert rulings(project_of(tmp_path / "half"), rows(*[bad] * 20, *[good] * 20)) == ()
    strict = project_of(tmp_path / "strict", "{typeChangeShare: 0.1, typeChange: discard}")
    (few,) = rulings(strict, rows(bad, good))
    assert few.decision == "discard"
    other = project_of(tmp_path / "column", "{typeChange: discard, typeChangeShare: 0.1}",
                       **{column: "customProperties: [{property: drift, value: {typeChange: evolve}}]"})  # fmt: skip
    (evolving,) = rulings(other, rows(bad))
    assert fate_of([evolving]) is None, "its rows are judged one by one"


def test_new_columns_one_by_one(tmp_path: Path) -> None:
    project = project_of(tmp_path, "{newColumn: evolve, newColumns: {Memo: discard, secret: quarantine}}")
    text = (
        f"{HEAD},Sales Channel,memo,Secret,e-mail,day,x\nA,2026-01-01,1.00,3,web,hello,s,a@b.de,,\n".replace(
            ",day,x\n", ",note 12345,id_2\n"
        )
    )
    found = rulings(project, text)
    assert {r.finding.column: r.decision for r in found} == {
        "Sales Channel": "evolve", "memo": "discard", "Secret": "quarantine", "e-mail": "discard",
        "unknown column 5": "discard", "id_2": "evolve",
    }  # fmt: skip
    assert "personal data" in next(r.message for r in found if r.finding.column == "e-mail")
    (spec,) = load_contracts(project)
    grown = evolve(spec, [r.finding for r in found])
    assert [(c.name, c.header) for c in grown.columns if c.is_evolved] == [
        ("sales_channel", "sales channel"),
        ("id_2", "id_2"),
    ]
    later = [
        *(r.finding for r in found),
        Finding(kind="new_column", column="Sales Channel", personal="email"),
    ]
    assert [c.name for c in evolve(spec, later).columns if c.is_evolved] == ["id_2"], (
        "personal once is enough"
    )


def test_findings_are_void_once_the_contract_has_caught_up(tmp_path: Path) -> None:
    frozen_policy = "{newColumn: freeze, typeChange: freeze, typeChangeShare: 0.1}"
    found = [
        r.finding for r in rulings(project_of(tmp_path / "a", frozen_policy), f"{HEAD},memo\nA,,x,3,m\n")
    ]
    assert {f.kind for f in found} == {"new_column", "type_change"}
    assert from_json(to_json(found)) == tuple(found)
    root = tmp_path / "b"
    caught = CONTRACT.replace(
        'name: net, logicalType: number, physicalType: "decimal(12,2)"', "name: net, logicalType: string"
    ).replace("      - {name: id,", "      - {name: memo, logicalType: string}\n      - {name: id,")
    (spec,) = load_contracts(write_payables(root, contracts={"sales": caught}))
    assert rule(spec, found) == ()


def with_mode(root: Path, properties: str, text: str = CONTRACT) -> Project:
    return write_payables(root, contracts={"sales": text.replace("{property: drift, value: {}}", properties)})


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ("{property: loadMode, value: snapshots}", "did you mean: snapshot"),
        ("{property: loadMode, value: scd2}", "needs a sequenceColumn"),
        (
            "{property: snapshotDate, value: 'sales_(.*)'}",
            "snapshotDate is for loadMode snapshot, not upsert",
        ),
        ("{property: snapshotDate, value: 'sales_.*'}", "a pattern with one group"),
        ("{property: maxShrink, value: 50}", "a share between 0 and 1, not 50"),
        ("{property: drift, value: evolve}", "drift must be a mapping"),
        ("{property: drift, value: {newColum: evolve}}", "did you mean: newColumn"),
        ("{property: drift, value: {newColumn: evolv}}", "did you mean: evolve"),
        ("{property: drift, value: {newColumns: [memo]}}", "newColumns must map names to decisions"),
        ("{property: drift, value: {typeChangeShare: 50}}", "typeChangeShare must be a share"),
    ],
)
def test_a_wrong_word_is_told(tmp_path: Path, properties: str, told: str) -> None:
    with pytest.raises(UserError) as raised:
        load_contracts(with_mode(tmp_path, properties))
    assert told in str(raised.value)
    assert "sales.yml:" in str(raised.value)


def test_a_history_needs_a_key_a_time_and_its_own_columns(tmp_path: Path) -> None:
    text = CONTRACT.replace("primaryKey: true", "required: true").replace("name: day,", "name: valid_from,")
    properties = "{property: loadMode, value: scd2}\n      - {property: sequenceColumn, value: id}"
    with pytest.raises(UserError) as raised:
        load_contracts(with_mode(tmp_path, properties, text))
    for told in (
        "keeps versions of a key",
        "needs a sequenceColumn",
        'column "valid_from" is written by loadMode',
    ):
        assert told in str(raised.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-04-30", "2026-05-01"),
        ("20260430", "20260501"),
        ("2026_04", "2026_05"),
        ("2026-04-30T0900", "2026-04-30T1800"),
    ],
)
def test_snapshots_are_ordered_by_the_date_in_their_path(tmp_path: Path, first: str, second: str) -> None:
    properties = (
        "{property: loadMode, value: snapshot}\n      - {property: snapshotDate, value: 'sales_(.*)[.]csv'}"
    )
    (spec,) = load_contracts(with_mode(tmp_path, properties))
    early, late = order_of(spec, f"x/sales_{first}.csv", 9), order_of(spec, f"x/sales_{second}.csv", 3)
    assert early is not None
    assert late is not None
    assert early < late
    again = order_of(spec, f"x/sales_{first}.csv", 10)
    assert again is not None
    assert early < again < late, "of one date the later arrival counts"


@pytest.mark.parametrize(
    "path", ["sales_30-04-2026.csv", "sales_2026-4-1.csv", "sales_2026-13-01.csv", "sales.csv"]
)
def test_a_date_that_digits_would_not_order_is_refused(tmp_path: Path, path: str) -> None:
    properties = (
        "{property: loadMode, value: snapshot}\n      - {property: snapshotDate, value: 'sales_(.*)[.]csv'}"
    )
    project = with_mode(tmp_path, properties)
    project.raw.mkdir(parents=True)
    (project.raw / path).write_text(rows("A,2026-01-01,1.00,3"))
    (spec,) = load_contracts(project)
    (delivery,) = find_new_files(project, [spec]).deliveries
    (one,) = without_undated(spec, inspect(spec, delivery.files))
    assert isinstance(one.outcome, Refusal)


@pytest.mark.parametrize(
    ("share", "counts", "refused"),
    [
        ("", [100, 49, 60], [1]),  # the third is compared with the first: the second is no state
        ("", [100, 50, 25], []),
        ("", [10, 1], []),  # too few rows to doubt by default
        ("", [10, 0], [1]),  # but an empty state is always doubted
        ("      - {property: maxShrink, value: 0.1}", [10, 8, 9], [1]),
        ("      - {property: maxShrink, value: 1}", [10, 0], []),
    ],
)
def test_a_snapshot_that_lost_too_much_is_doubted(
    tmp_path: Path, share: str, counts: list[int], refused: list[int]
) -> None:
    project = with_mode(tmp_path, f"{{property: loadMode, value: snapshot}}\n{share}")
    spec, files = inspected(project, *(rows(f"A{n},,1.00,{n}") for n in range(len(counts))))
    numbered = dict(zip([one.file.sequence for one in files], counts, strict=True))
    judged = without_shrunk(spec, files, numbered, [])
    assert [n for n, one in enumerate(judged) if isinstance(one.outcome, Refusal)] == refused
