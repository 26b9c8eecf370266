"""The rules of a catalog: each fault is told with place, nearest name and next step, all at once."""

from __future__ import annotations

import pytest

from semantic.loader import load_catalog
from semantic.validation import RULES, WARNINGS, check_columns, lint_catalog
from tests.unit.semantic._catalogs import SAMPLE, catalog_of, issues_of

MODELS = """
    models:
      - model: sales
        table: gold.sales
        key: id
        time: day
        joins: [{to: customers, key: customer_id}]
        segments: {good: "status = 'ok'"}
        dimensions: [status, {name: day, type: time}, {name: size, expr: amount / 10}]
      - {model: customers, table: gold.customers, key: customer_id, dimensions: [region, {name: city, parent: region}]}
"""


def metrics(*entries: str) -> str:
    return "metrics:\n" + "\n".join(f"  - {{{entry}}}" for entry in entries)


GOOD = "name: revenue, model: sales, agg: sum, expr: amount, unit: currency, currency: EUR"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("name: x, model: slaes, agg: count", 'DT211 unknown model "slaes" in metric "x" (sales?)'),
        (
            "name: x, derived: revenu * 2",
            'file2.yml:3:24 DT211 unknown metric "revenu" in metric "x" (revenue?)',
        ),
        (
            "name: x, ratio: {numerator: revenue, denominator: orders}",
            'unknown metric "orders" in metric "x"',
        ),
        ("name: x, cumulative: {of: revenu, rolling: 90 days}", 'unknown metric "revenu"'),
        ("name: x, cumulative: {of: revenue, rolling: soon}", "no time span"),
        ("name: x, derived: x + 1", "is made of itself: x -> x"),
        (
            "name: x, derived: a, inputs: [{metric: revenu, as: a, offset: 1 year}]",
            'file2.yml:3:45 DT211 unknown metric "revenu" in metric "x" (revenue?)',
        ),
        ("name: x, derived: a, inputs: [{metric: x, as: a, offset: 1 year}]", "is made of itself: x -> x"),
        (
            "name: x, derived: a, inputs: [{metric: revenue, as: a, filter: regoin = 'EU'}]",
            'file2.yml:3:69 DT211 metric "x", input "a": revenue cannot be filtered by "regoin" (region?)',
        ),
        (
            "name: x, derived: a, inputs: [{metric: revenue, as: a, filter: (select 1)}]",
            'file2.yml:3:77 DT221 metric "x", input "a": "subquery" is not allowed',
        ),
        (
            "name: x, derived: a, inputs: [{metric: revenue, as: a, filter: size * 2}]",
            "its filter is no condition",
        ),
        (
            "name: x, derived: revenue / befor, inputs: [{metric: revenue, as: before, offset: 1 year}]",
            'file2.yml:3:72 DT213 metric "x", input "before" is not in the formula (befor?)',
        ),
        (
            "name: x, derived: revenue, inputs: [{metric: revenue, as: revenue, offset: 1 year}]",
            '"revenue" is a metric already, so the formula could mean either',
        ),
        (
            "name: x, derived: revenue, inputs: [{metric: revenue, offset: 1 year}]",
            'DT202 metric "x", input "revenue": other rows or days need a name of their own',
        ),
        ("name: x, derived: a, inputs: [{metric: revenue, as: a, offset: soon}]", "no time span like"),
        ("name: x, derived: a, inputs: [{metric: revenue, as: a, ofset: 1 year}]", '"ofset" (offset?)'),
        (
            "name: x, derived: a, inputs: [{metric: people, as: a, offset: 1 year}]}\n  - {name: people, model: customers, agg: count",
            "looks back in time, but people has no time",
        ),
        (
            "name: x, derived: a, inputs: [{metric: revenue, as: a, offset: 1 year}]}\n  - {name: y, cumulative: {of: x, to_date: year}",
            'metric "y" adds up x, which looks back in time itself',
        ),
        (
            "name: x, derived: a + revenue, inputs: [{metric: sold, as: a, offset: 1 year}]}\n  - {name: sold, model: sales, agg: count",
            "adds or subtracts",
        ),
        (
            "name: x, model: sales, agg: count, members: {of: custmers, where: revenue > 1}",
            'file2.yml:3:55 DT211 unknown model "custmers" in metric "x", members (customers?)',
        ),
        (
            "name: x, model: sales, agg: count, members: {of: customers, where: revenu > 1}",
            'file2.yml:3:73 DT211 unknown metric "revenu" in metric "x" (revenue?)',
        ),
        ("name: x, model: sales, agg: count, members: {of: customers, where: x > 1}", "is made of itself"),
        (
            "name: x, model: sales, agg: count, members: {of: customers, where: revenue + 1}",
            "is no condition",
        ),
        (
            "name: x, model: customers, agg: count, members: {of: sales, where: revenue > 1}",
            'no one many-to-one path leads from x (model "customers") to sales',
        ),
        (
            "name: x, model: sales, agg: count, members: {of: customers, where: people > 1}}\n"
            "  - {name: people, model: customers, agg: count",
            "people has no time, so it has no value in a period",
        ),
        (
            "name: x, model: sales, agg: count, members: {of: customers, where: so_far > 1}}\n"
            "  - {name: so_far, cumulative: {of: revenue, to_date: year}",
            'so_far is of kind "cumulative"',
        ),
        (
            "name: x, lifecycle: {of: y, entity: customer_id, state: new}}\n"
            "  - {name: y, model: sales, agg: count, members: {of: customers, where: revenue > 1}",
            "y counts some members only",
        ),
        (
            "name: x, derived: revenue, members: {of: customers, where: revenue > 1}",
            "chooses rows of an aggregate",
        ),
        ("name: x, model: sales, agg: count, bridge: unts", 'unknown metric "unts" in bridge of metric "x"'),
        ("name: x, model: sales, agg: count, bridge: x", "the quantity is the metric itself"),
        (
            "name: x, model: sales, agg: count, bridge: {quantity: revenue, price: p}}\n  - {name: p, ratio: revenue / x",
            "the price p is not x over revenue",
        ),
        ("name: x, ratio: revenue / revenue, inputs: [revenue]", '"inputs" are what a formula names'),
        ("name: x, model: sales, agg: sum, expr: sum(amount)", '"sum" is not allowed in an expression'),
        ("name: x, model: sales, agg: sum, expr: custmers.amount", 'no join "custmers" from model "sales"'),
        ("name: x, model: sales, agg: sum", '"expr" is missing'),
        ("name: x, model: sales, expr: amount", '"agg" is missing'),
        ("name: x, agg: count", '"model" is missing'),
        ("name: x, model: sales, agg: count, time: dya", 'unknown time dimension "dya" in metric "x" (day?)'),
        ("name: x, model: sales, agg: count, time: status", "not of type time"),
        ("name: x, model: customers, balance: {agg: sum, expr: v}", "a balance needs a time"),
        (
            "name: x, model: sales, agg: count, plan: {budget: plan_x}",
            'unknown metric "plan_x" in plan "budget"',
        ),
        (
            "name: x, model: sales, agg: sum, expr: v, currency: {from: currency, rate: average}",
            "has no group",
        ),
        ("name: revenue, model: sales, agg: count", "is declared twice; first in file2.yml:2:12"),
        ("name: x y, model: sales, agg: count", "a name has letters"),
        ("name: x, model: sales, agg: count, ratio: [revenue, revenue]", "is made of metrics"),
        ("name: x, model: sales, percentile: 90, expr: amount", "between 0 and 1"),
        ("name: x, derived: revenue - n", 'adds or subtracts "currency EUR" and "count"'),
        ("name: x, derived: select 1", "is not allowed"),
    ],
)
def test_faults_of_metrics(entry: str, said: str) -> None:
    found = issues_of(MODELS, metrics(GOOD, entry, "name: n, model: sales, agg: count"))
    assert any(said in issue for issue in found), found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "to: customers",
            "to: customer",
            'unknown model "customer" in join "customer" of model "sales" (customers?)',
        ),
        ("key: customer_id, dimensions", "dimensions", 'model "customers" has no key to join to'),
        ("key: customer_id}]", "key: [a, b]}]", "differ in length"),
        ("time: day", "time: custmers.since", 'no join "custmers"'),
        ("parent: region", "parent: regoin", 'unknown parent "regoin"'),
        ("[region,", "[{name: region, parent: city},", "its parents come round"),
        ("amount / 10", "size2 + 1}, {name: size2, expr: size", "is made of itself"),
        ("good:", "status:", "both a segment and a dimension"),
        ("status = 'ok'", "status ==== 1", "cannot be read"),
        ("table: gold.sales", "", '"table" is missing'),
        ("type: time", "type: tiem", 'type "tiem" is none of'),
    ],
)
def test_faults_of_models(old: str, new: str, said: str) -> None:
    found = issues_of(MODELS.replace(old, new, 1), metrics(GOOD))
    assert any(said in issue for issue in found), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("calendars: {f: {starts: 02-31}}", "no month and day"),
        ("calendars: {f: {pattern: 4-4-4}}", "4-4-5"),
        ("calendars: {f: {year_begins: nearest}}", "goes with `pattern`"),
        ("calendars: {f: {default: true}, g: {default: true}}", "the default is already"),
        ("timezone: Europe/Berln", "Europe/Berlin?"),
        ("closed_through: May", "no date like"),
        ("currency: {rates: x}", '"group" is missing'),
    ],
)
def test_faults_of_settings(text: str, said: str) -> None:
    found = issues_of(MODELS, text)
    assert any(said in issue for issue in found), found


def test_a_ring_is_told_once_and_everything_at_once() -> None:
    found = issues_of(
        MODELS,
        metrics(
            "name: a, derived: b + 1", "name: b, derived: c", "name: c, derived: a", "name: d, derived: zz"
        ),
    )
    assert found == [
        'file2.yml:2:12 DT212 metric "a" is made of itself: a -> b -> c -> a',
        'file2.yml:5:24 DT211 unknown metric "zz" in metric "d"',
    ]


def test_columns_are_checked_where_the_tables_are_known() -> None:
    catalog = catalog_of(
        MODELS,
        metrics(
            GOOD,
            "name: x, model: sales, agg: sum, expr: amout * customers.weight, where: good and stauts = 1",
        ),
    )
    tables = {
        "gold.sales": ["ID", "day", "status", "amount", "customer_id"],
        "gold.customers": ["customer_id", "region", "city"],
    }
    found = [f"{i.at} {i.message} ({i.suggestion})" for i in check_columns(catalog, tables)]
    assert found == [
        'file2.yml:3:45 unknown column "amout" in metric "x" (amount)',
        'file2.yml:3:53 unknown column "weight" in metric "x" (None)',
        'file2.yml:3:87 unknown column "stauts" in metric "x" (status)',
    ]
    assert check_columns(catalog, {**tables, "gold.sales": []}) != []  # nothing known of one table
    assert (
        'no table "gold.customers"' in check_columns(catalog, {"gold.sales": tables["gold.sales"]})[0].message
    )


def test_warnings_never_stop_loading() -> None:
    catalog = catalog_of(
        MODELS,
        metrics(
            "name: a, model: sales, agg: count, synonyms: [Orders]",
            "name: b, model: sales, agg: sum, expr: v, unit: currency, synonyms: [orders]",
            "name: r, ratio: b / a, deprecated: use b",
            "name: s, derived: r / 2",
        ),
    )
    codes = {issue.code for issue in lint_catalog(catalog)}
    assert codes == {"DT214", "DT231", "DT232", "DT233", "DT235", "DT237"}


@pytest.mark.parametrize(
    "condition",
    ["lines > 2", "lines >= 1 and lines < 5", "revenue < 5", "lines / lines < 1", "not revenue > 2"],
)
def test_conditions_that_a_member_without_rows_cannot_meet(condition: str) -> None:
    text = metrics(
        GOOD, "name: lines, model: sales, agg: count",
        f"name: x, model: sales, agg: count, members: {{of: customers, where: {condition}}}",
    )  # fmt: skip
    assert issues_of(MODELS, text) == []


def test_every_rule_is_listed_and_says_what_it_asks() -> None:
    from semantic.rules import columns, inputs, lint, members, metrics, models

    written = {
        name
        for module in (inputs, lint, members, metrics, models)
        for name, thing in vars(module).items()
        if callable(thing) and name.startswith(("check_", "warn_")) and thing.__module__ == module.__name__
    }
    assert written == {rule.__name__ for rule in (*RULES, *WARNINGS)}
    assert all(rule.__doc__ for rule in (*RULES, *WARNINGS, columns.check_columns))


def test_a_typo_in_the_sample_names_file_line_and_column() -> None:
    texts = dict(load_catalog(SAMPLE).texts)
    texts["metrics/sales.yml"] = texts["metrics/sales.yml"].replace(
        "numerator: refunds", "numerator: refundz"
    )
    line = next(n for n, each in enumerate(texts["metrics/sales.yml"].splitlines(), 1) if "refundz" in each)
    assert (
        issues_of(*texts.values())[0].split(" ", 1)[1]
        == 'DT211 unknown metric "refundz" in metric "refund_rate" (refunds?)'
    )
    assert f":{line}:24" in issues_of(*texts.values())[0]
