"""Bridge tables: a row that belongs to several members is shared by weight, or counted once in each group, never twice."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datatrust.core.errors import AccessDenied, UserError
from semantic.access import load_viewer
from semantic.data_checks import check_data
from semantic.engine import SemanticLayer
from semantic.query import EVERYONE, Fold, MetricQuery, Top
from tests.support.books import Books, open_books, write_file_project
from tests.support.guarded import write_policy
from tests.unit.semantic._catalogs import issues_of

TABLES = """
CREATE TABLE payments (id INT, day DATE, account VARCHAR, amount DECIMAL(18,2), currency VARCHAR, kind VARCHAR);
INSERT INTO payments VALUES
  (1, '2026-01-05', 'A1', 100.01, 'EUR', 'in'), (2, '2026-01-31', 'A2', 50, 'USD', 'in'), (3, '2026-02-01', 'A1', -7.77, 'EUR', 'out'),
  (4, '2026-02-10', 'A3', 10, 'EUR', 'in'), (5, '2026-02-28', NULL, 3, 'EUR', 'in'), (6, '2026-03-01', 'A9', 2, 'EUR', 'out'),
  (7, '2026-03-02', 'A1', NULL, 'EUR', 'in'), (8, '2026-03-03', 'A2', 50, 'EUR', 'in'), (9, '2026-03-04', 'A4', 50, 'EUR', 'in');
CREATE TABLE balances (day DATE, account VARCHAR, amount DECIMAL(18,2));
INSERT INTO balances VALUES
  ('2026-01-30', 'A1', 1), ('2026-01-31', 'A1', 100), ('2026-01-31', 'A2', 40.05), ('2026-02-28', 'A1', 90), ('2026-02-28', 'A2', 41),
  ('2026-02-28', 'A3', 9), ('2026-02-28', NULL, 5);
CREATE TABLE accounts (account VARCHAR, branch VARCHAR);
INSERT INTO accounts VALUES ('A1', 'North'), ('A2', 'South'), ('A3', 'South'), ('A4', 'North');
CREATE TABLE holders (account VARCHAR, customer VARCHAR, share DECIMAL(9,6), rough DOUBLE, said VARCHAR);
INSERT INTO holders VALUES
  ('A1', 'C1', 0.333333, 0.5, 'first'), ('A1', 'C2', 0.333333, 0.25, 'joint'), ('A1', 'C3', 0.333334, 0.25, 'joint'),
  ('A2', 'C1', 0.5, 1, 'first'), ('A2', 'C9', 0.5, 0, 'first'), ('A4', 'C2', 1, 1, 'first'), (NULL, 'C3', 0.2, 0.2, 'lost');
CREATE TABLE customers (customer VARCHAR, region VARCHAR);
INSERT INTO customers VALUES ('C1', 'EMEA'), ('C2', 'EMEA'), ('C3', NULL);
CREATE TABLE advice (account VARCHAR, adviser VARCHAR, team VARCHAR);
INSERT INTO advice VALUES ('A1', 'Kim', 'Red'), ('A1', 'Ann', 'Red'), ('A1', 'Lee', 'Blue'), ('A2', 'Lee', 'Blue'), ('A2', 'Lee', 'Blue'),
  ('A4', 'Kim', 'Red');
CREATE TABLE rates (month DATE, currency VARCHAR, rate DECIMAL(18,6));
INSERT INTO rates VALUES ('2026-01-01', 'USD', 0.9), ('2026-02-01', 'USD', 0.9), ('2026-03-01', 'USD', 0.9);
CREATE TABLE notes (account VARCHAR, amount DECIMAL(18,2)); INSERT INTO notes VALUES ('A1', 1), ('A1', 1);
CREATE TABLE staff (person VARCHAR, account VARCHAR, hired DATE, gone DATE); INSERT INTO staff VALUES ('P1', 'A1', '2026-01-01', NULL);
"""
CATALOG = """
currency: {group: EUR, rates: rates, average: rate}
models:
  - model: payments
    table: payments
    key: [id]
    time: day
    joins: [{to: accounts, key: account}]
    via: {holders: accounts.holders, customers: accounts.holders.customers}
    dimensions: [{name: day, type: time}, {name: kind}]
  - model: balances
    table: balances
    key: [day, account]
    time: day
    joins: [{to: accounts, key: account}]
    via: {holders: accounts.holders, customers: accounts.holders.customers}
    dimensions: [{name: day, type: time}]
  - model: accounts
    table: accounts
    key: [account]
    dimensions: [{name: branch}, {name: account, type: identifier}]
    joins:
      - {to: holders, key: account, cardinality: one_to_many, weight: share}
      - {to: holders, as: rough_holders, key: account, cardinality: one_to_many, weight: rough}
      - {to: advice, key: account, cardinality: one_to_many, label: advisers}
  - model: holders
    table: holders
    key: [account, customer]
    dimensions: [{name: said}]
    joins: [{to: customers, key: customer}]
  - {model: customers, table: customers, key: [customer], dimensions: [{name: region}, {name: customer, type: identifier}]}
  - {model: advice, table: advice, key: [account, adviser], dimensions: [{name: adviser}, {name: team}]}
  - {model: notes, table: notes, joins: [{to: accounts, key: account}], via: {customers: accounts.holders.customers}}
  - {model: staff, table: staff, key: [person], joins: [{to: accounts, key: account}], dimensions: [{name: hired, type: time}]}
metrics:
  - {name: paid, model: payments, agg: sum, expr: amount}
  - {name: paid_in, model: payments, agg: sum, expr: amount, where: kind = 'in'}
  - {name: payments, model: payments, agg: count}
  - {name: known_payments, model: payments, agg: count, expr: amount}
  - {name: average_payment, model: payments, agg: average, expr: amount}
  - {name: accounts_used, model: payments, agg: count_distinct, expr: account}
  - {name: largest, model: payments, agg: max, expr: amount}
  - {name: middle, model: payments, agg: median, expr: amount}
  - {name: part_in, ratio: {numerator: paid_in, denominator: paid}, on_zero: undefined}
  - {name: paid_euro, model: payments, agg: sum, expr: amount, currency: {from: currency, rate: average}}
  - {name: paid_60d, cumulative: {of: paid, rolling: 60 days}}
  - {name: held, model: balances, balance: {agg: sum, expr: amount, take: last}}
  - {name: highest_held, model: balances, balance: {agg: sum, expr: amount, take: max}}
  - {name: records_held, model: balances, balance: {agg: count, take: last}}
  - {name: average_held, model: balances, balance: {agg: sum, expr: amount, take: average}}
  - {name: noted, model: notes, agg: sum, expr: amount}
  - {name: staffed, model: staff, balance: {agg: count, valid: [hired, gone]}}
  - {name: new_payers, lifecycle: {of: payments, entity: account, state: new}}
  - {name: emea_paid, derived: emea, inputs: [{metric: paid, as: emea, filter: region = 'EMEA'}]}
"""
SHARED = """from payments p left join (select * from holders where account is not null) h on h.account = p.account
left join customers c on c.customer = h.customer"""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    books = open_books(tmp_path_factory.mktemp("shared"), TABLES, {"all": CATALOG})
    yield books
    books.layer.close()


def rows_of(books: Books, statement: str) -> dict[Any, Any]:
    """What SQL written for the test gives, as a mapping of its first column."""
    return {
        row[0]: row[1]
        for row in books.layer.run_statement(statement, ["payments", "holders", "customers", "advice"])
    }


def groups(books: Books, metric: str, *by: str, **more: Any) -> dict[Any, Any]:
    return {row[0]: row[-1] for row in books.ask(metric, by=by, **more).rows}


def is_near(found: dict[Any, Any], wanted: dict[Any, Any]) -> bool:
    return found.keys() == wanted.keys() and all(
        abs(float(found[key]) - float(wanted[key])) < 1e-9 for key in wanted
    )


def test_parts_by_weight_add_up_to_the_whole_to_the_last_digit(books: Books) -> None:
    """Trap: a join to the bridge counts a payment once for each holder, so that groups and total are too large."""
    result = books.ask("paid", "payments", "known_payments", by=("customer",), totals=True)
    found = {row[0]: row[1:] for row in result.rows}
    wanted = rows_of(books, f"select c.customer, sum(p.amount * coalesce(h.share, 1)) {SHARED} group by 1")
    counts = rows_of(books, f"select c.customer, sum(coalesce(h.share, 1)) {SHARED} group by 1")
    assert {name: row[0] for name, row in found.items()} == wanted
    assert {name: row[1] for name, row in found.items()} == counts
    total = Decimal("257.24")
    assert sum(row[0] for row in found.values()) == total == result.totals[1] == books.value("paid")
    assert sum(row[1] for row in found.values()) == 9 == result.totals[2]
    assert sum(row[2] for row in found.values()) == 8 == result.totals[3]
    assert any("each row is shared between its holders by share" in each for each in result.assumptions)


def test_ratios_and_averages_divide_shares_by_shares(books: Books) -> None:
    averages = rows_of(
        books,
        f"""select c.region, sum(p.amount * coalesce(h.share, 1))::double
        / sum(case when p.amount is not null then coalesce(h.share, 1) end)::double {SHARED} group by 1""",
    )
    assert is_near(groups(books, "average_payment", "region"), averages)
    parts = rows_of(
        books,
        f"""select c.region, (sum(p.amount * coalesce(h.share, 1)) filter (where p.kind = 'in'))::double
        / sum(p.amount * coalesce(h.share, 1))::double {SHARED} group by 1""",
    )
    assert is_near(groups(books, "part_in", "region"), parts)


def test_a_condition_behind_a_weight_leaves_the_shares_of_those_who_meet_it(books: Books) -> None:
    wanted = rows_of(books, f"select 1, sum(p.amount * h.share) {SHARED} where c.region = 'EMEA'")
    assert books.value("paid", where="region = 'EMEA'") == wanted[1] == books.value("emea_paid")
    others = rows_of(
        books,
        f"select 1, sum(p.amount * coalesce(h.share, 1)) {SHARED} where c.region is distinct from 'EMEA'",
    )
    assert books.value("paid", where="region != 'EMEA'") == others[1]
    assert wanted[1] + others[1] == books.value("paid")


def test_the_dimensions_of_the_bridge_itself_share_too(books: Books) -> None:
    wanted = rows_of(books, f"select h.said, sum(p.amount * coalesce(h.share, 1)) {SHARED} group by 1")
    assert groups(books, "paid", "said") == wanted


def test_what_no_weight_can_share_counts_each_row_in_its_groups(books: Books) -> None:
    wanted = rows_of(books, f"select c.customer, count(distinct p.account) {SHARED} group by 1")
    assert groups(books, "accounts_used", "customer") == wanted
    wanted = rows_of(books, f"select c.customer, max(p.amount) {SHARED} group by 1")
    assert groups(books, "largest", "customer") == wanted
    with pytest.raises(UserError, match="middle is a median, which no weight can share"):
        books.ask("middle", by=("customer",))


def test_a_floating_weight_is_exact_or_refused(books: Books) -> None:
    found = groups(books, "paid", "rough_holders.said")
    assert sum(found.values()) == books.value("paid")


def test_money_is_converted_before_it_is_shared(books: Books) -> None:
    wanted = rows_of(
        books,
        f"""select c.region, round(sum(p.amount * case p.currency when 'USD' then 0.9 else 1 end * coalesce(h.share, 1)), 2)
        {SHARED} group by 1""",
    )
    assert groups(books, "paid_euro", "region") == wanted


def test_balances_are_taken_first_and_shared_then(books: Books) -> None:
    """Trap: the account's closing balance once for each holder."""
    result = books.ask("held", by=("customer", "time.month"), totals=False)
    found = {(row[0], row[1].month): row[2] for row in result.rows}
    third = Decimal("0.333333")
    assert found["C1", 1] == 100 * third + Decimal("40.05") / 2
    assert found["C3", 1] == 100 * Decimal("0.333334")
    assert sum(value for (_, month), value in found.items() if month == 1) == Decimal("140.05")
    assert sum(value for (_, month), value in found.items() if month == 2) == 145 == books.value("held")
    assert sum(groups(books, "records_held", "customer").values()) == 4 == books.value("records_held")
    averages = groups(books, "average_held", "customer")
    assert is_near({"all": sum(averages.values())}, {"all": books.value("average_held")})
    assert groups(books, "highest_held", "customer")["C2"] == 100 * third


def test_days_of_a_window_are_shared_alike(books: Books) -> None:
    rows = books.ask("paid_60d", by=("region", "time.month"), start="2026-01-01", end="2026-03-31").rows
    whole = {
        row[0]: row[1]
        for row in books.ask("paid_60d", by=("time.month",), start="2026-01-01", end="2026-03-31").rows
    }
    for month, value in whole.items():
        assert sum(row[2] for row in rows if row[1] == month) == value


# -------------------------------------------------------------------------------------------- without a weight


def test_without_a_weight_a_row_counts_once_in_each_group_and_once_in_the_total(books: Books) -> None:
    """Trap: Kim and Ann are both of team Red, and the payment counted twice for Red."""
    result = books.ask("paid", "payments", "middle", by=("team",), totals=True)
    found = {row[0]: row[1:] for row in result.rows}
    wanted = {
        row[0]: row[1:]
        for row in books.layer.run_statement(
            """select team, sum(amount), count(*), median(amount) from (select distinct p.id, p.amount, a.team from payments p
            left join advice a on a.account = p.account) group by 1""",
            ["payments", "advice"],
        )
    }
    assert found == wanted
    assert found["Red"][0] == Decimal("142.24")
    assert result.totals[1] == books.value("paid") == Decimal("257.24")
    assert result.totals[2] == 9
    assert sum(row[0] for row in found.values()) > result.totals[1]
    assert any("a row counts whole for each of its advisers" in each for each in result.assumptions)


def test_without_a_weight_a_condition_holds_or_not_for_a_row(books: Books) -> None:
    """Trap: A1 has an adviser of each team and was counted for both, in a figure that has no groups."""
    asked = books.ask("paid", where="team in ('Red', 'Blue')")
    assert asked.rows[0][0] == Decimal("242.24")
    assert any("counts once where any of its advisers meets" in each for each in asked.assumptions)
    assert books.value("paid", where="adviser = 'Lee'") == Decimal("192.24")
    assert groups(books, "paid", "adviser", where="team = 'Red'") == {
        "Kim": Decimal("142.24"),
        "Ann": Decimal("92.24"),
    }


def test_without_a_weight_balances_and_windows_count_a_row_once(books: Books) -> None:
    found = {(row[0], row[1].month): row[2] for row in books.ask("held", by=("team", "time.month")).rows}
    assert found["Red", 1] == 100
    assert found["Blue", 1] == Decimal("140.05")
    assert books.value("held", where="team is not null") == 131
    windows = books.ask("paid_60d", by=("team", "time.month"), start="2026-03-01", end="2026-03-31").rows
    assert {row[0]: row[2] for row in windows}["Red"] == Decimal("42.23")


def test_what_adds_overlapping_groups_up_is_refused(books: Books) -> None:
    for more in (
        {"share_of": "total"},
        {"top": Top(n=1, others=True)},
        {"contributions": True, "compare": "previous_period", "start": "2026-02-01", "end": "2026-02-28"},
    ):
        with pytest.raises(UserError, match="counts for each of its advisers"):
            books.ask("paid", by=("adviser",), **more)
    shares = books.ask("paid", by=("customer",), share_of="total")  # parts by weight do add up
    assert sum(row[2] for row in shares.rows) == pytest.approx(Decimal(1), abs=Decimal("1e-9"))
    mean = books.ask("paid", by=("adviser",), fold=Fold(how="count", key="adviser"), having="paid > 100")
    assert mean.rows == ((2,),)


def test_two_bridges_share_the_shares_and_kinds_do_not_mix(books: Books) -> None:
    both = books.ask("paid", by=("said", "rough_holders.said"))
    assert sum(row[2] for row in both.rows) == books.value("paid")
    with pytest.raises(UserError, match="has no weight, so that neither parts nor counts would be right"):
        books.ask("paid", by=("customer", "adviser"))


def test_what_cannot_be_shared_yet_is_refused_and_never_counted_twice(books: Books) -> None:
    for metric in ("staffed", "new_payers"):
        with pytest.raises(UserError, match="leads from one row to several"):
            books.ask(metric, by=("team",))
    with pytest.raises(UserError, match="has no key to count each row once"):
        books.ask("noted", by=("team",))
    assert sum(groups(books, "noted", "customer").values()) == 2


def test_rows_without_a_key_are_not_taken_for_one(tmp_path: Path) -> None:
    """Trap: two payments of 50 without an id, made distinct, are one."""
    keyless = TABLES.replace("(8, '2026-03-03'", "(NULL, '2026-03-03'").replace(
        "(2, '2026-01-31'", "(NULL, '2026-01-31'"
    )
    books = open_books(tmp_path, keyless, {"all": CATALOG})
    with pytest.raises(UserError, match="several rows of payments have the same key, or none"):
        books.ask("paid", by=("team",))
    assert sum(groups(books, "paid", "customer").values()) == books.value("paid")
    books.layer.close()


def test_days_that_stand_for_a_period_are_taken_of_rows_that_count_once(tmp_path: Path) -> None:
    more = "  - {name: mean_60d, cumulative: {of: paid, rolling: 60 days, take: average}}\n"
    books = open_books(tmp_path, TABLES, {"all": CATALOG + more})
    span = {"start": "2026-03-01", "end": "2026-03-04"}
    found = {row[0]: row[2] for row in books.ask("mean_60d", by=("team", "time.month"), **span).rows}
    wanted = dict(
        books.layer.run_statement(
            """select team, avg(total) from (select d.day, r.team, sum(r.amount) total from
            (select unnest(range(date '2026-03-01', date '2026-03-05', interval 1 day))::date as day) d
            join (select distinct p.id, p.day, p.amount, a.team from payments p left join advice a on a.account = p.account) r
            on r.day between d.day - 59 and d.day group by 1, 2) group by 1""",
            ["payments", "advice"],
        )
    )
    assert is_near(found, wanted)
    books.layer.close()


def test_a_key_that_is_there_twice_is_refused_where_rows_must_be_told_apart(tmp_path: Path) -> None:
    twice = TABLES.replace("(9, '2026-03-04'", "(8, '2026-03-04'")
    books = open_books(tmp_path, twice, {"all": CATALOG})
    with pytest.raises(UserError, match="several rows of payments have the same key"):
        books.ask("paid", by=("team",))
    assert sum(groups(books, "paid", "customer").values()) == books.value("paid")
    books.layer.close()


@pytest.mark.parametrize(
    "broken",
    [
        "'A4', 'C2', 0.999999",
        "'A4', 'C2', NULL",
        "'A4', 'C2', 1, 1, 'x'), ('A4', 'C3', 0.5, 0, 'x'), ('A4', 'C1', -0.5",
    ],
)
def test_shares_that_do_not_add_up_to_one_give_no_number(tmp_path: Path, broken: str) -> None:
    books = open_books(tmp_path, TABLES.replace("'A4', 'C2', 1", broken), {"all": CATALOG})
    with pytest.raises(UserError, match="nothing can be shared by share of holders"):
        books.ask("paid", by=("region",))
    assert books.value("paid") == Decimal("257.24")  # what does not go over the bridge is not touched
    found = [each for each in check_data(books.layer, viewer=EVERYONE) if "(share)" in each.issue.message]
    assert [(each.issue.code, each.is_error) for each in found] == [("DT246", True)]
    assert "of 1 keys the shares (share) in holders do not add up to 1" in found[0].issue.message
    books.layer.close()


def test_a_catalog_speaks_of_one_row_and_declares_bridges_plainly() -> None:
    issues = issues_of(
        CATALOG.replace(
            "expr: amount, where: kind = 'in'", "expr: amount, where: accounts.advice.team = 'Red'"
        )
        .replace("cardinality: one_to_many, label", "cardinality: one_to_many, where: team = 'Red', label")
        .replace(
            "joins: [{to: customers, key: customer}]",
            "joins: [{to: customers, key: customer, weight: share}]",
        )
    )
    texts = "\n".join(issues)
    assert 'leads over "advice" from one row to several' in texts
    assert '"where" does not go with one_to_many' in texts
    assert "a weight shares one row between several, and this join leads to one" in texts


def test_a_direct_way_has_the_short_name(tmp_path: Path) -> None:
    """A dimension that a row has itself is never read over a bridge, whichever way is shorter."""
    direct = CATALOG.replace(
        "joins: [{to: accounts, key: account}]\n    via: {holders",
        "joins: [{to: accounts, key: account}, {to: advice_of, key: id, to_key: id}, {to: own_advice, key: account,"
        " to_key: account, cardinality: one_to_many}]\n    via: {holders",
        1,
    ).replace(
        "  - {model: notes,",
        "  - {model: advice_of, table: advice_of, key: [id], joins: [{to: teams, key: team}]}\n"
        "  - {model: teams, table: teams, key: [code], dimensions: [{name: code, type: identifier}, {name: floor}]}\n"
        "  - {model: own_advice, table: advice, key: [account, adviser], dimensions: [{name: floor, expr: team}]}\n  - {model: notes,",
    )
    more = """CREATE TABLE advice_of (id INT, team VARCHAR); INSERT INTO advice_of VALUES (1, 'T');
    CREATE TABLE teams (code VARCHAR, floor VARCHAR); INSERT INTO teams VALUES ('T', 'second');"""
    books = open_books(tmp_path, TABLES + more, {"all": direct})
    assert groups(books, "paid", "floor") == {"second": Decimal("100.01"), None: Decimal("157.23")}
    assert books.layer.reachable("paid")["floor"].path == ("advice_of", "teams")
    books.layer.close()


# ----------------------------------------------------------------------------------------------------- who may see


POLICY = """
roles:
  northern: {metrics: [all], dimensions: [all], rows: ["accounts.branch = 'North'"]}
  emea: {metrics: [all], dimensions: [all], rows: ["customers.region = 'EMEA'"]}
  few: {metrics: [all], dimensions: [all], min_group: 2}
"""


def test_roles_see_their_rows_shared_and_nothing_that_cannot_be_told(tmp_path: Path) -> None:
    """Trap: whose row is one that several share? And half a payment is no small group of its own."""
    project = write_file_project(tmp_path, TABLES, {"all": CATALOG})
    write_policy(project, POLICY)
    layer = SemanticLayer.open(project)
    by_customer = MetricQuery(metrics=("paid",), group_by=("customer",))
    northern = layer.query(by_customer, viewer=load_viewer(project, "northern")).rows
    wanted = layer.run_statement(
        f"select c.customer, sum(p.amount * coalesce(h.share, 1)) {SHARED} join accounts a on a.account = p.account "
        "where a.branch = 'North' group by 1 order by 1",
        ["payments", "holders", "customers", "accounts"],
    )
    assert northern == wanted
    assert sum(row[1] for row in northern) == Decimal("142.24")
    for query in (by_customer, MetricQuery(metrics=("paid",))):
        with pytest.raises(AccessDenied, match="cannot be told"):
            layer.query(query, viewer=load_viewer(project, "emea"))
    few = load_viewer(project, "few")
    with pytest.raises(AccessDenied, match="would tell of small groups"):
        layer.query(by_customer, viewer=few)
    assert layer.check(by_customer, viewer=few)
    assert layer.query(MetricQuery(metrics=("paid",), group_by=("branch",)), viewer=few).rows
    layer.close()
