"""A third company, by configuration only: one run of examples/adventureworks, then SQL over the raw files to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from chatbot.agent import Agent
from datatrust.core.release import load_release
from datatrust.core.settings import Project
from datatrust.evaluation.cases import load_cases
from datatrust.evaluation.data import open_tables
from datatrust.evaluation.score import judge
from pipeline.run import run_pipeline
from pipeline.tables import find_tables
from semantic.data_checks import check_data
from semantic.engine import SemanticLayer
from semantic.query import EVERYONE
from tests.support.adventureworks import QUESTIONS, RAW, copy_example, open_by_hand, tables_by_hand

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.timeout(1200)]

# Each account in each line above it, walked from the top down: how it counts there.
LINES = """
with recursive down as (
    select account_key as line_key, account_key, 1 as weight from raw.accounts
    union all
    select d.line_key, a.account_key, d.weight * case a.operator when '+' then 1 when '-' then -1 else 0 end
    from raw.accounts a join down d on a.parent_key = d.account_key
)
select cast(line_key as bigint) as line_key, cast(account_key as bigint) as account_key, weight from down
"""
PROFIT_AND_LOSS = f"""
select f.fiscal_year, p.organization_key, p.department_key, l.line_key, cast(sum(p.amount * l.weight) as decimal(18, 2))
from gold.fct_profit_and_loss p join ({LINES}) l using (account_key)
join gold.fiscal_periods f on p.posting_date between f.first_day and f.last_day group by all
"""
BALANCE_SHEET = f"""
select p.posting_date, p.organization_key, l.line_key, cast(sum(p.amount * l.weight) as decimal(18, 2))
from gold.fct_balances p join ({LINES}) l using (account_key) group by all
"""


@pytest.fixture(scope="module")
def raw() -> Path:
    if not (RAW / "FactFinance.csv").is_file():
        pytest.skip(f"the Adventure Works files are not in {RAW}; DATATRUST_RAW names another place")
    return RAW


@pytest.fixture(scope="module")
def project(raw: Path, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example after its first pipeline run; do not write to it."""
    made = copy_example(raw, tmp_path_factory.mktemp("company") / "adventureworks")
    run_pipeline(made)
    return made


@pytest.fixture(scope="module")
def by_hand(raw: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_by_hand(raw) as connection:
        yield connection


@pytest.fixture(scope="module")
def gold(project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_tables(project) as connection:
        yield connection


def same(gold: duckdb.DuckDBPyConnection, ours: str, by_hand: duckdb.DuckDBPyConnection, theirs: str) -> int:
    """How many rows both statements give; fails on the first that differ."""
    made, wanted = (
        sorted(connection.execute(sql).fetchall(), key=repr)
        for connection, sql in ((gold, ours), (by_hand, theirs))
    )
    assert made == wanted, next(
        (pair for pair in zip(made, wanted, strict=False) if pair[0] != pair[1]), None
    )
    return len(made)


def test_every_row_is_valid(project: Project) -> None:
    release = load_release(project.warehouse)
    read = {control.source: control.read for control in release.controls}
    assert read["finance"] == 39_409
    assert read["customers"] == 18_148
    assert read["sales"] == 56_046
    assert all(control.read == control.valid for control in release.controls)


def test_every_table_is_what_sql_makes_of_the_raw_files(
    gold: duckdb.DuckDBPyConnection, by_hand: duckdb.DuckDBPyConnection
) -> None:
    for table in tables_by_hand(by_hand):
        shown = [name for name, *_ in by_hand.execute(f"describe gold.{table}").fetchall() if name != "band"]
        select = f"select {', '.join(shown)} from gold.{table}"
        assert same(gold, select, by_hand, select) > 0, table


def test_profit_and_loss_by_year_organization_and_department(
    gold: duckdb.DuckDBPyConnection, by_hand: duckdb.DuckDBPyConnection
) -> None:
    ours = """select fiscal_year, organization_key, department_key, line_key, cast(sum(amount) as decimal(18, 2))
              from gold.profit_and_loss group by all"""
    assert same(gold, ours, by_hand, PROFIT_AND_LOSS) > 1_000


def test_balance_sheet_by_day_and_organization(
    gold: duckdb.DuckDBPyConnection, by_hand: duckdb.DuckDBPyConnection
) -> None:
    ours = "select posting_date, organization_key, line_key, amount from gold.balance_sheet"
    assert same(gold, ours, by_hand, BALANCE_SHEET) > 10_000
    [(unbalanced,)] = gold.execute(
        "select count(*) from gold.balance_sheet where line = 'Balance Sheet' and amount <> 0"
    ).fetchall()
    assert unbalanced == 0


def test_trial_balance_has_as_many_debits_as_credits(
    gold: duckdb.DuckDBPyConnection, by_hand: duckdb.DuckDBPyConnection
) -> None:
    ours = """select posting_date, organization_key, sum(debit), sum(credit) from gold.trial_balance group by all"""
    # Debits by the raw files: assets of the day, and expenses of the year so far.
    theirs = """
    with spent as (
        select t.first_day as day, p.organization_key, sum(p.amount) filter (a.account_type = 'Expenditures') as debit,
               sum(p.amount) filter (a.account_type = 'Revenue') as credit
        from gold.fiscal_periods t join gold.fiscal_periods y on y.fiscal_year = t.fiscal_year and y.period <= t.period
        join gold.fct_profit_and_loss p on p.posting_date = y.first_day join gold.dim_accounts a using (account_key)
        group by all
    ), held as (
        select p.posting_date as day, p.organization_key, sum(p.amount) filter (a.account_type = 'Assets') as debit,
               sum(p.amount) filter (a.account_type = 'Liabilities' and a.account_key <> 46) as credit
        from gold.fct_balances p join gold.dim_accounts a using (account_key) group by all
    )
    select day, organization_key, spent.debit + held.debit, spent.credit + held.credit
    from spent join held using (day, organization_key)
    """
    assert same(gold, ours, by_hand, theirs) == 276
    assert all(debit == credit for _, _, debit, credit in gold.execute(ours).fetchall())


def test_nothing_is_compared_with_a_budget_that_nobody_made(
    gold: duckdb.DuckDBPyConnection, by_hand: duckdb.DuckDBPyConnection
) -> None:
    compared = """select min(posting_date), max(posting_date), count(*), sum(budget_amount), sum(actual_amount),
                         count(*) filter (actual_amount is null) from gold.fct_budget"""
    raw = """
    select cast(min(p.day) as date), cast(max(p.day) as date), count(*), sum(cast(p.amount as decimal(18, 2))),
           sum(cast(a.amount as decimal(18, 2))), 0
    from raw.finance p join raw.finance a on a.scenario_key = '1' and a.date_key = p.date_key
     and a.account_key = p.account_key and a.department_key = p.department_key and a.organization_key = p.organization_key
    where p.scenario_key = '2'"""
    same(gold, compared, by_hand, raw)


def test_no_person_is_in_gold(project: Project, by_hand: duckdb.DuckDBPyConnection) -> None:
    rows = by_hand.execute("select FirstName, EmailAddress, LastName from raw.customers").fetchall()
    mails = {mail.encode() for _, mail, _ in rows}
    tables = find_tables(project.warehouse)
    outside = [
        folder for name, folder in tables.items() if name.partition(".")[0] in ("gold", "silver", "ops")
    ]
    assert len(outside) > 20
    with duckdb.connect() as connection:
        for folder in outside:
            for file in folder.rglob("*.parquet"):
                names = {
                    name.lower()
                    for name, *_ in connection.execute(f"describe select * from '{file}'").fetchall()
                }
                assert not names & {"first_name", "last_name", "email_address"}, file
                assert not any(mail in file.read_bytes() for mail in list(mails)[:200]), file


def test_customers_are_described_by_groups_only(gold: duckdb.DuckDBPyConnection) -> None:
    columns = {column for column, *_ in gold.execute("describe gold.dim_customers").fetchall()}
    assert not columns & {"first_name", "last_name", "email_address", "birth_date", "annual_income"}


def test_every_question_gives_what_the_raw_files_give(
    project: Project, by_hand: duckdb.DuckDBPyConnection
) -> None:
    wrong = {}
    with closing(Agent(SemanticLayer.open(project))) as agent:
        for case in load_cases(QUESTIONS):
            answer = agent.ask(case.question, viewer=EVERYONE)
            verdict = judge(answer, case, lambda sql: by_hand.execute(sql).fetchall())
            if verdict not in (("right",) if case.accepted else ("asked", "refused")):
                wrong[case.question] = (verdict, answer.rows[:3])
    assert not wrong


def test_the_data_keep_what_the_catalog_says(project: Project) -> None:
    layer = SemanticLayer.open(project)
    assert list(check_data(layer, viewer=EVERYONE)) == []
