"""A table of a real PostgreSQL becomes a raw file: exact, read-only, once for each state, and no secret shown."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from datatrust.core.errors import UserError
from datatrust.core.settings import Project
from pipeline.bronze import inspect
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.extract import extract_new, list_extracts
from pipeline.ledger import find_new_files
from pipeline.readers.base import Layout
from tests.support.formats import read_back
from tests.support.postgres import PASSWORD, Postgres, find_postgres, running_postgres
from tests.support.projects import write_project

PROGRAMS = find_postgres()
VARIABLE = "TEST_ERP_PASSWORD"
needs_postgres = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed: make postgres")

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: invoices
version: 1.0.0
servers:
  - server: erp
    type: postgresql
    host: {host}
    port: {port}
    database: {database}
    schema: public
    customProperties:
      - {{property: user, value: reader}}
      - {{property: passwordVariable, value: TEST_ERP_PASSWORD}}
      - {{property: {what}, value: {source}}}
schema:
  - name: invoices
    properties:
      - {{name: invoice_id, logicalType: integer, primaryKey: true}}
      - {{name: net, physicalName: Net Amount, logicalType: number, physicalType: "decimal(38,21)"}}
      - {{name: booked_on, logicalType: date}}
      - {{name: changed_at, logicalType: timestamp}}
      - {{name: local_at, logicalType: timestamp}}
      - {{name: paid, logicalType: boolean}}
      - {{name: note, logicalType: string}}
"""
TABLE = (
    'create table invoices (invoice_id int, "Net Amount" numeric, booked_on date, changed_at timestamptz, '
    "local_at timestamp, paid boolean, note text, tags int[], raw bytea)"
)
ROWS = (
    "insert into invoices values (2, -0.1, null, null, null, null, 'zwei; \"2\"', '{{1,2}}', '\\x00ff'), "
    "(1, 12345678901234567.123456789012345678901, '2026-04-05', '2026-04-05 06:07:08+02', "
    "'2026-04-05 06:07:08.123456', true, null, null, null)"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    assert PROGRAMS is not None
    with running_postgres(PROGRAMS) as running:
        running.run(TABLE, ROWS.replace("{{", "{").replace("}}", "}"))
        yield running


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)


def project_of(
    tmp_path: Path, server: Postgres | None = None, **changed: object
) -> tuple[Project, SourceSpec]:
    project = write_project(tmp_path, {"sources": {"include": "contracts/*.yml"}, "deliveries": "folder"})
    folder = tmp_path / "configs"
    (folder / "contracts").mkdir(exist_ok=True)
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "masking.yml").write_text("classes: {email: {action: token}}\n")
    place = {
        "host": server.host if server else "127.0.0.1",
        "port": server.port if server else 1,
        "database": server.database if server else "erp",
        "what": "table",
        "source": "invoices",
    } | changed
    (folder / "contracts" / "invoices.yml").write_text(CONTRACT.format(**place))
    (spec,) = load_contracts(project)
    return project, spec


@needs_postgres
@pytest.mark.slow
class TestWithServer:
    def test_every_value_comes_as_exact_text(self, server: Postgres, password: None, tmp_path: Path) -> None:
        project, spec = project_of(tmp_path, server)
        assert extract_new(project.warehouse, [spec]) == []
        (path,) = list_extracts(project.warehouse, "invoices")
        one, two = read_back(path, spec)
        assert one.values == (
            "1",
            "12345678901234567.123456789012345678901",
            "2026-04-05",
            "2026-04-05 04:07:08.000000Z",
            "2026-04-05 06:07:08.123456",
            "true",
            None,
        )
        assert two.values == ("2", "-0.1", None, None, None, None, 'zwei; "2"')
        assert two.extra == '{"tags": "{1,2}", "raw": "\\\\x00ff"}'
        zone = project.warehouse / "restricted"
        assert stat.S_IMODE(zone.stat().st_mode) == 0o700

    def test_a_state_is_extracted_once_and_again_when_it_comes_back(
        self, server: Postgres, password: None, tmp_path: Path
    ) -> None:
        server.run("create table rates as select 1 as invoice_id, 'a' as note")
        project, spec = project_of(tmp_path, server, source="rates")

        def extract() -> list[str]:
            assert extract_new(project.warehouse, [spec]) == []
            return [path.name[:6] for path in list_extracts(project.warehouse, "invoices")]

        assert extract() == ["000001"]
        assert extract() == ["000001"]
        server.run("update rates set note = 'b'")
        assert extract() == ["000001", "000002"]
        server.run("update rates set note = 'a'")
        assert extract() == ["000001", "000002", "000003"]
        assert extract() == ["000001", "000002", "000003"]
        (delivery,) = find_new_files(project, [spec]).deliveries
        assert delivery.name == "raw"
        assert len({file.sha256 for file in delivery.files}) == 3  # each is a file of its own to the ledger
        assert [file.resent_of for file in delivery.files] == [None] * 3
        assert all(isinstance(one.outcome, Layout) for one in inspect(spec, delivery.files))

    def test_rows_come_in_the_order_of_the_key_whatever_the_database_does(
        self, server: Postgres, password: None, tmp_path: Path
    ) -> None:
        server.run(
            "create table shuffled as select n as invoice_id, 'x' as note from generate_series(1, 500) n"
        )
        project, spec = project_of(tmp_path, server, source="shuffled")
        assert extract_new(project.warehouse, [spec]) == []
        server.run(
            "create table again as select * from shuffled order by random()",
            "drop table shuffled",
            "alter table again rename to shuffled",
        )
        assert extract_new(project.warehouse, [spec]) == []
        assert len(list_extracts(project.warehouse, "invoices")) == 1

    def test_a_query_is_run_read_only(self, server: Postgres, password: None, tmp_path: Path) -> None:
        query = "select invoice_id, note from invoices where invoice_id = 1 -- the first"
        project, spec = project_of(tmp_path, server, what="query", source=f'"{query};"')
        assert extract_new(project.warehouse, [spec]) == []
        (path,) = list_extracts(project.warehouse, "invoices")
        assert len(read_back(path, spec)) == 1
        server.run("create sequence numbers")
        project, spec = project_of(
            tmp_path, server, what="query", source="\"select nextval('numbers') as invoice_id\""
        )
        (problem,) = extract_new(project.warehouse, [spec])
        assert "run read-only" in problem

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"source": "nowhere"}, "a table of the query does not exist"),
            ({"database": "nodb"}, "has no database nodb"),
            ({"port": 1}, "cannot be reached"),
            (
                {"what": "query", "source": "\"select note::int from invoices where note like 'z%'\""},
                "it broke off",
            ),
            ({"what": "query", "source": "selec"}, "no SQL that the database reads"),
        ],
    )
    def test_a_fault_costs_its_source_and_quotes_no_row(
        self, changed: dict[str, object], told: str, server: Postgres, password: None, tmp_path: Path
    ) -> None:
        project, spec = project_of(tmp_path, server, **changed)
        (problem,) = extract_new(project.warehouse, [spec])
        assert problem.startswith("invoices: not extracted from its database: ")
        assert told in problem
        assert "zwei" not in problem
        assert PASSWORD not in problem
        assert list_extracts(project.warehouse, "invoices") == []

    def test_a_wrong_password_is_told_without_showing_it(
        self, server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        project, spec = project_of(tmp_path, server)
        monkeypatch.setenv(VARIABLE, "guessed")
        (problem,) = extract_new(project.warehouse, [spec])
        assert f"refuses user reader; is {VARIABLE} its password?" in problem
        assert "guessed" not in problem
        monkeypatch.delenv(VARIABLE)
        (problem,) = extract_new(project.warehouse, [spec])
        assert f"set the environment variable {VARIABLE}" in problem


def test_only_selected_sources_are_asked(tmp_path: Path) -> None:
    project, spec = project_of(tmp_path)
    assert extract_new(project.warehouse, [spec], ["others"]) == []


def test_a_run_that_reaches_no_source_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.run import run_pipeline

    project, _ = project_of(tmp_path)
    monkeypatch.setenv(VARIABLE, PASSWORD)
    with pytest.raises(UserError) as caught:
        run_pipeline(project)
    assert "no raw file for any source" in str(caught.value)
    assert "invoices: not extracted from its database: 127.0.0.1:1 cannot be reached" in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    host: 127.0.0.1\n", "", "a database needs `host`"),
        ("port: 1\n", "port: x\n", "`port` must be a number"),
        ("value: TEST_ERP_PASSWORD", "value: hunter2!", "not a password"),
        (
            "{property: user, value: reader}",
            "{property: table, value: b}",
            "needs the custom property `user`",
        ),
        ("property: table", "property: tabel", "unknown custom property"),
        (
            "  - name: invoices\n",
            "  - name: invoices\n    customProperties: [{property: duplicates, value: keep}]\n",
            "extracted whole each time",
        ),
    ],
)
def test_a_wrong_server_is_told_in_the_contract(old: str, new: str, told: str, tmp_path: Path) -> None:
    project, _ = project_of(tmp_path)
    path = project.configs / "contracts" / "invoices.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(UserError) as caught:
        load_contracts(project)
    assert told in str(caught.value)
