"""No figure of a small group is shown, and none can be worked out from what is shown beside it.

Each random answer is read as a system of linear equations over the figures of every group there is: a figure shown is
one equation, and so are each total, share, difference, percent, contribution, running total and quotient. Whoever
solves it must not get a figure that was withheld.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chatbot.agent import Agent
from datatrust.core.errors import AccessDenied
from datatrust.core.settings import Project
from semantic.access import load_viewer
from semantic.engine import SemanticLayer
from semantic.expressions import parse_filter
from semantic.query import OWNER, Compare, Fold, MetricQuery, TimeRange, Top, Viewer
from semantic.result import QueryResult
from semantic.suppression import Leaf, Told, hold_back
from tests.support.guarded import write_guarded, write_policy

PRIME = 2_147_483_629
Var = tuple[Any, ...]
BASIC = ("revenue", "cost", "orders", "owed", "emea_revenue", "buyers", "amount")
METRICS = (
    "revenue", "cost", "profit", "margin", "orders", "average_sale", "emea_revenue", "growth", "revenue_to_date", "owed", "buyers",
)  # fmt: skip
GROUPS = (
    (), ("region",), ("country",), ("category",), ("region", "country"), ("country", "category"), ("customer",),
    ("time.month",), ("time.month", "category"), ("time.quarter", "region"), ("time.month", "region"), ("time.year", "country"),
)  # fmt: skip
COUNTED = {
    "few": {"revenue": ("done_orders",), "cost": ("done_orders",), "profit": ("done_orders",), "margin": ("done_orders",),
            "emea_revenue": (), "orders": ("orders",), "average_sale": ("orders",), "buyers": (), "owed": ("owing",)},
    "few_buyers": {"revenue": ("paying",), "orders": ("all_buyers",), "average_sale": ("all_buyers",)},
}  # fmt: skip
LEAST = {"few": 5, "few_buyers": 3}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return write_guarded(tmp_path_factory.mktemp("small"), sales=260, seed=11)


@pytest.fixture(scope="module")
def layer(project: Project) -> Iterator[SemanticLayer]:
    found = SemanticLayer.open(project)
    yield found
    found.close()


def month(day: dt.date, back: int) -> dt.date:
    number = day.year * 12 + day.month - 1 - back
    return dt.date(number // 12, number % 12 + 1, 1)


def random_query(dice: random.Random) -> MetricQuery:
    by = dice.choice(GROUPS)
    first = month(dt.date(2026, 5, 1), dice.randint(0, 12))
    last = month(first, -dice.randint(0, 5))
    last = min(last, dt.date(2026, 5, 1))
    compare = dice.choice([None, None, "previous_year", "previous_period"])
    figures = tuple(dice.sample(METRICS, dice.choice([1, 1, 2, 3])))
    more: dict[str, Any] = {"totals": dice.random() < 0.6}
    if by and dice.random() < 0.3:
        more["share_of"] = dice.choice(["total", "parent", by[0]])
    if sum(each.startswith("time.") for each in by) == 1 and dice.random() < 0.4:
        more["running"] = True
    if compare and dice.random() < 0.4:
        more["contributions"] = True
    if dice.random() < 0.2:
        more["top"] = Top(n=dice.randint(1, 4), per=dice.choice([None, by[0]]) if len(by) > 1 else None)
    if dice.random() < 0.15 and figures[0] not in ("margin",):
        more["having"] = parse_filter(f"{figures[0]} > {dice.randint(1, 2000)}")
    if dice.random() < 0.15:
        more["order_by"] = (f"-{figures[0]}",)
    if dice.random() < 0.2:
        more["where"] = parse_filter(
            dice.choice(["category = 'Chairs'", "region != 'AMER'", "status = 'done'"])
        )
    time = (
        TimeRange(start=first, end=month(last, -1) - dt.timedelta(days=1)) if dice.random() < 0.85 else None
    )
    return MetricQuery(
        metrics=figures, group_by=by, time=time, compare=Compare(to=compare) if compare else None, **more
    )


class System:
    """The equations that an answer gives, over the figures of all groups."""

    def __init__(self, query: MetricQuery, whole: QueryResult) -> None:
        self.query = query
        self.keys = len(query.group_by)
        self.groups = [row[: self.keys] for row in whole.rows]
        self.time = next((i for i, name in enumerate(query.group_by) if name.startswith("time.")), None)
        self.grain = query.group_by[self.time].split(".")[1] if self.time is not None else None
        self.vars: dict[Var, int] = {}
        self.rows: list[dict[int, Fraction]] = []

    # a figure as a combination of the plain figures of groups

    def term(self, metric: str, group: tuple[Any, ...], base: bool) -> dict[Var, Fraction]:
        if metric == "profit":
            found = Counter(self.term("revenue", group, base))
            found.subtract(self.term("cost", group, base))
            return dict(found)
        if metric == "growth" and self.grain == "month" and self.time is not None:
            found = Counter(self.term("revenue", group, base))
            found.subtract(self.term("revenue", self.moved(group, 1), base))
            return dict(found)
        if (
            metric == "revenue_to_date"
            and self.grain == "month"
            and self.time is not None
            and group[self.time]
        ):
            found = Counter()
            for back in range(group[self.time].month):
                found.update(self.term("revenue", self.moved(group, back), base))
            return dict(found)
        if base and self.time is not None and self.grain == "month" and group[self.time] is not None:
            assert self.query.compare is not None
            group = self.moved(group, 12 if self.query.compare.to == "previous_year" else self.span())
            return {(metric, group): Fraction(1)}
        return {(metric, group, "base") if base else (metric, group): Fraction(1)}

    def span(self) -> int:
        """A comparison with the period before, along months, is with the month before."""
        return 1

    def moved(self, group: tuple[Any, ...], back: int) -> tuple[Any, ...]:
        assert self.time is not None
        day = group[self.time]
        there = month(day, back) if day is not None else None
        return (*group[: self.time], there, *group[self.time + 1 :])

    def total(self, metric: str, groups: list[tuple[Any, ...]], base: bool) -> dict[Var, Fraction]:
        found: Counter[Var] = Counter()
        for group in groups:
            found.update(self.term(metric, group, base))
        return dict(found)

    def add(self, terms: dict[Var, Fraction]) -> None:
        made: dict[int, Fraction] = {}
        for var, factor in terms.items():
            made[self.vars.setdefault(var, len(self.vars))] = Fraction(factor)
        self.rows.append({place: factor for place, factor in made.items() if factor})

    def read(self, answer: QueryResult) -> None:
        within = self.within()
        for row in answer.rows:
            group = row[: self.keys]
            for column, value in zip(answer.columns[self.keys :], row[self.keys :], strict=True):
                if value is not None and not isinstance(value, bool):
                    part = [g for g in self.groups if all(g[i] == group[i] for i in within)]
                    series = self.series(group)
                    self.equation(column.name, Fraction(str(value)), [group], part, series)
        if answer.totals is not None:
            for column, value in zip(answer.columns[self.keys :], answer.totals[self.keys :], strict=True):
                if value is not None and not isinstance(value, bool):
                    self.equation(column.name, Fraction(str(value)), self.groups, None, None)

    def within(self) -> list[int]:
        """The places of the groups that shares are within."""
        names = self.query.group_by
        times = [i for i, name in enumerate(names) if name.startswith("time.")]
        others = [i for i in range(len(names)) if i not in times]
        found = times if others else []
        if self.query.share_of == "parent":
            found = [*found, 0]
        elif self.query.share_of in names:
            found = [*found, names.index(str(self.query.share_of))]
        return found

    def series(self, group: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if self.time is None or group[self.time] is None:
            return [group]
        return [
            g
            for g in self.groups
            if g[self.time] is not None
            and g[self.time] <= group[self.time]
            and all(g[i] == group[i] for i in range(self.keys) if i != self.time)
        ]

    def equation(
        self, name: str, value: Fraction, groups: list[tuple[Any, ...]],
        part: list[tuple[Any, ...]] | None, series: list[tuple[Any, ...]] | None,
    ) -> None:  # fmt: skip
        metric, _, what = name.partition("__")
        is_sum = len(groups) != 1
        if metric in ("buyers", "growth", "revenue_to_date", "owed") and is_sum:
            return self.of_days(metric, what, groups)
        if metric in ("margin", "average_sale"):
            return self.quotient(metric, what, value, groups)
        one, other = (
            self.total(metric, groups, False),
            self.total(metric, groups, True) if self.query.compare else {},
        )
        if what == "":
            self.add(one)
        elif what == "base":
            self.add(other)
        elif what == "difference":
            self.add(_minus(one, other, 1))
        elif what == "percent":
            self.add(_minus(one, other, 1 + value))
        elif what == "share" and part is not None:
            self.add(_minus(one, self.total(metric, part, False), value))
        elif what == "running" and series is not None:
            self.add(self.total(metric, series, False))
        elif what == "contribution" and part is not None:
            same = [g for g in self.groups if self.time is None or g[self.time] == groups[0][self.time]]
            self.add(_minus(_minus(one, other, 1), self.total(metric, same, True), value))
        return None

    def of_days(self, metric: str, what: str, groups: list[tuple[Any, ...]]) -> None:
        """A total of what does not add up over time: the sum over the last day's groups, where it adds up there."""
        if what != "" or metric == "buyers":
            return
        if self.time is not None:
            days = [g[self.time] for g in groups if g[self.time] is not None]
            groups = [g for g in groups if days and g[self.time] == max(days)]
        if metric == "growth" and self.grain != "month":
            return
        self.add(self.total(metric, groups, False))

    def quotient(self, metric: str, what: str, value: Fraction, groups: list[tuple[Any, ...]]) -> None:
        above, below = ("profit", "revenue") if metric == "margin" else ("amount", "orders")
        if what in ("", "base"):
            base = what == "base"
            self.add(_minus(self.total(above, groups, base), self.total(below, groups, base), value))

    def solved(self) -> set[Var]:
        """Return the figures that the equations fix, by elimination modulo a prime."""
        if not self.rows:
            return set()
        matrix = np.zeros((len(self.rows), len(self.vars)), dtype=np.int64)
        for index, row in enumerate(self.rows):
            for place, factor in row.items():
                matrix[index, place] = factor.numerator * pow(factor.denominator, -1, PRIME) % PRIME
        at = 0
        for place in range(matrix.shape[1]):
            pivots = np.nonzero(matrix[at:, place])[0]
            if not len(pivots):
                continue
            other = at + int(pivots[0])
            matrix[[at, other]] = matrix[[other, at]]
            matrix[at] = matrix[at] * pow(int(matrix[at, place]), -1, PRIME) % PRIME
            factors = matrix[:, place].copy()
            factors[at] = 0
            used = np.nonzero(factors)[0]
            matrix[used] = (matrix[used] - factors[used, None] * matrix[at] % PRIME) % PRIME
            at += 1
            if at == matrix.shape[0]:
                break
        alone = np.nonzero((matrix != 0).sum(axis=1) == 1)[0]
        places = {int(np.nonzero(matrix[index])[0][0]) for index in alone}
        return {var for var, place in self.vars.items() if place in places}


def _minus(
    one: dict[Var, Fraction], other: dict[Var, Fraction], factor: Fraction | int
) -> dict[Var, Fraction]:
    found = dict(one)
    for var, each in other.items():
        found[var] = found.get(var, Fraction(0)) - each * Fraction(factor)
    return found


def check(layer: SemanticLayer, query: MetricQuery, viewer: Viewer, role: str) -> str:
    """Look at one answer; return what it was: "refused", "whole" or "withheld"."""
    if layer.check(query, viewer=OWNER):
        return "invalid"
    try:
        answer = layer.query(query, viewer=viewer)
    except AccessDenied:
        return "refused"
    plain = {"having": (), "top": None, "limit": None, "order_by": ()}
    whole = layer.query(_with(query, **plain), viewer=OWNER)
    keys = len(query.group_by)
    asked = sorted({name for metric in query.metrics for name in COUNTED[role].get(metric, ())})
    shown = {row[:keys]: row for row in answer.rows}
    withheld = {key for key, row in shown.items() if all(value is None for value in row[keys:])}
    truth = {row[:keys]: row for row in whole.rows}
    for key, row in shown.items():  # what is shown is true
        for mine, other in zip(row, truth[key], strict=True):
            assert mine is None or mine == other
    if asked:
        counts = layer.query(
            _with(
                query,
                **plain,
                metrics=tuple(asked),
                share_of=None,
                running=False,
                contributions=False,
                totals=False,
            ),
            viewer=OWNER,
        )
        for row in counts.rows:
            numbers = [
                value
                for column, value in zip(counts.columns, row, strict=True)
                if column.kind == "metric" or column.name.endswith("__base")
            ]
            if (
                any(value is not None and 0 < value < LEAST[role] for value in numbers)
                and row[:keys] in shown
            ):
                assert row[:keys] in withheld, (query, row)
    system = System(query, whole)
    system.read(answer)
    solved = system.solved()
    gone = set(truth) - set(shown) if query.having or query.top else set()
    for key in withheld | gone:
        for place, column in enumerate(whole.columns):
            if column.kind != "metric" or truth[key][place] is None:
                continue
            if key in gone and answer.flags.count("withheld") == 0:
                continue
            terms = system.term(column.name, key, False)
            if key in withheld and len(terms) == 1:
                assert next(iter(terms)) not in solved, (query, key, column.name, answer.rows, answer.totals)
    return "withheld" if "withheld" in answer.flags else "whole"


def _with(query: MetricQuery, **changed: Any) -> MetricQuery:
    from dataclasses import replace

    return replace(query, **changed)


@pytest.mark.parametrize(
    "number", [12, pytest.param(100, marks=pytest.mark.slow), pytest.param(600, marks=pytest.mark.soak)]
)
def test_nothing_withheld_can_be_worked_out_of_random_answers(
    layer: SemanticLayer, project: Project, number: int
) -> None:
    dice, seen = random.Random(20_26), Counter[str]()
    while seen["whole"] + seen["withheld"] < number:
        role = dice.choice(["few", "few", "few_buyers"])
        query = random_query(dice)
        if role == "few_buyers" and any(metric not in COUNTED[role] for metric in query.metrics):
            continue
        seen[check(layer, query, load_viewer(project, role), role)] += 1
    assert seen["withheld"] > number * 0.3, seen


def test_the_oracle_finds_a_lonely_cell(layer: SemanticLayer) -> None:
    """The check itself: one group taken out of an answer with its total can be worked out."""
    query = MetricQuery(metrics=("revenue",), group_by=("region",), totals=True)
    whole = layer.query(query, viewer=OWNER)
    system = System(query, whole)
    rows = tuple((row[0], None) if index == 1 else row for index, row in enumerate(whole.rows))
    from dataclasses import replace

    system.read(replace(whole, rows=rows))
    assert ("revenue", whole.rows[1][:1]) in system.solved()


def test_a_lonely_small_group_takes_another_with_it() -> None:
    from semantic.result import ResultColumn

    columns = (
        ResultColumn(name="region", label="", kind="dimension"),
        ResultColumn(name="revenue", label="", kind="metric"),
    )
    rows = (("A", Decimal(10)), ("B", Decimal(20)), ("C", Decimal(70)))
    held = hold_back(
        columns, rows, (None, Decimal(100)), [Leaf(behind=(2, 9, 30), least=5)], Told(keys=1, has_totals=True)
    )
    assert held.rows == (("A", None), ("B", None), ("C", Decimal(70)))
    assert held.totals == (None, Decimal(100))
    lonely = hold_back(
        columns, rows[:1], (None, Decimal(10)), [Leaf(behind=(2,), least=5)], Told(keys=1, has_totals=True)
    )
    assert lonely.rows == (("A", None),)
    assert lonely.totals == (None, None)
    same_members = hold_back(
        columns,
        rows,
        (None, Decimal(100)),
        [Leaf(behind=(3, 4, 30), least=5, members=True)],
        Told(keys=1, has_totals=True),
    )
    assert [row[1] for row in same_members.rows] == [None, None, None]  # the 3 may be among the 4
    assert same_members.totals == (None, Decimal(100))
    nothing = hold_back(
        columns, rows, (None, Decimal(100)), [Leaf(behind=(5, 9, 30), least=5)], Told(keys=1, has_totals=True)
    )
    assert nothing.rows == rows


def test_figures_that_would_need_small_groups_are_refused(layer: SemanticLayer, project: Project) -> None:
    viewer = load_viewer(project, "few")
    for more in (
        {"fold": Fold(how="count", key="customer"), "having": parse_filter("orders > 3")},
        {"top": Top(n=1, others=True)},
        {"place": parse_filter("customer = 'C1'")[0], "order_by": ("-orders",)},
        {"compare": Compare(to="as_reported")},
    ):
        with pytest.raises(AccessDenied):
            layer.query(MetricQuery(metrics=("orders",), group_by=("customer",), **more), viewer=viewer)


def test_a_figure_of_few_rows_is_withheld_in_words_and_not_called_nothing(project: Project) -> None:
    agent = Agent(SemanticLayer.open(project))
    viewer = load_viewer(project, "few")
    answer = agent.ask("orders by country and category", viewer=viewer)
    assert answer.status == "answered"
    assert any("withheld" in line for line in answer.assumptions)
    assert "withheld" in answer.flags
    country, category = next(row[:2] for row in answer.rows if row[2] is None and row[0])
    one = agent.ask(f"orders in {country} for {category}", viewer=viewer)
    assert one.status == "refused"
    assert one.reason == "not_allowed"
    assert "withheld" in one.text
    agent.close()


def test_a_member_that_is_not_known_counts_as_one(tmp_path: Path) -> None:
    """Trap: rows without a customer have no customer behind them, as if nothing stood there."""
    project = write_guarded(tmp_path)
    write_policy(
        project, "roles: {a: {metrics: all, dimensions: all, min_group: {least: 3, of: customers.customer}}}"
    )
    layer = SemanticLayer.open(project)
    found = layer.query(
        MetricQuery(metrics=("orders",), group_by=("customer",)), viewer=load_viewer(project, "a")
    )
    assert all(row[1] is None for row in found.rows)
    layer.close()
