"""One contract for every chart kind found in the folder, and the kind that each shape of result gets."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import tests.support.chat_double as double
from chatbot.charts._registry import choose_chart, draw_chart, load_charts
from chatbot.charts._shape import Shape
from chatbot.charts._style import ADVERSE, bar_rows, shorten
from chatbot.ui.context import PageContext
from chatbot.ui.view import shape_for, view_of
from datatrust.core.settings import Config, Project

CONTEXT = PageContext(double.FakeAgent(), Project(root=Path("/nowhere"), config=Config()))
ANSWERS: dict[str, Any] = {
    "tile": double.total,
    "comparison": double.by_region,
    "variance": double.budget,
    "multi_line": double.monthly,
    "line": double.trend,
    "bullet": double.plan_total,
    "bridge": double.parts_of_a_change,
    "stacked": double.two_ways,
    "small_multiples": double.several,
}
OTHERS: dict[str, Any] = {  # a second result that gets the same picture
    "bridge": double.price_volume_mix,
    "stacked": double.monthly_shares,
    "small_multiples": partial(double.several, of="region"),
}


def shape(name: str, **values: Any) -> Shape:
    return shape_for({**ANSWERS[name]("q").to_json(), **values}, CONTEXT, locale="en")


def without_comparison() -> Shape:
    document = double.budget("q").to_json()
    columns = [c for c in document["columns"] if c["kind"] != "comparison"]
    document |= {"columns": columns, "rows": [row[:2] for row in document["rows"]]}
    document["query"]["compare"] = None
    return shape_for(document, CONTEXT, locale="en")


@pytest.mark.parametrize(("name", "answer"), [*ANSWERS.items(), *OTHERS.items()])
def test_the_shape_chooses_the_chart(name: str, answer: Any) -> None:
    chosen = choose_chart(shape_for(answer("q").to_json(), CONTEXT, locale="en"))
    assert chosen is not None
    assert chosen.name == name


def test_categories_alone_are_bars() -> None:
    chosen = choose_chart(without_comparison())
    assert chosen is not None
    assert chosen.name == "bars"


@pytest.mark.parametrize("chart", load_charts(), ids=lambda chart: chart.name)
def test_every_kind_survives_every_shape_it_accepts(chart: Any) -> None:
    answers = [*ANSWERS.values(), *OTHERS.values()]
    shapes = [without_comparison()]
    for answer in answers:
        document = answer("q").to_json()
        shapes.append(shape_for(document, CONTEXT, locale="en"))
        empty = [[v if c["kind"] == "dimension" else None for v, c in zip(row, document["columns"], strict=True)]
                 for row in document["rows"]]  # fmt: skip
        shapes += [
            shape_for(document | {"rows": empty}, CONTEXT, locale="de"),
            shape_for(document | {"rows": []}, CONTEXT, locale="en"),
        ]
    accepted = [s for s in shapes if chart.fits(s)]
    assert accepted
    for each in accepted:
        figure = chart.draw(each)
        if figure is not None:
            plain = json.dumps(figure.to_plotly_json(), default=str)
            assert "http" not in plain
            assert "<script" not in plain


def test_bars_are_sorted_and_carry_exact_values() -> None:
    figure = draw_chart(without_comparison())
    assert figure is not None
    assert list(figure.data[0].y)[-1] == "Office"  # the largest is on top
    assert figure.data[0].customdata[-1].endswith("€8,400,000.00")


@pytest.mark.parametrize("name", ["bars", "comparison", "variance"])
def test_bars_keep_an_order_that_was_asked_for(name: str) -> None:
    """Trap: "lowest first" was drawn with the largest on top."""
    document = double.by_region("q").to_json() if name == "comparison" else double.budget("q").to_json()
    group = document["query"]["group_by"][0]
    document["query"] |= {"order_by": ["revenue"], "top": None}
    document["rows"] = sorted(document["rows"], key=lambda row: row[1])
    if name == "bars":
        document["columns"] = [c for c in document["columns"] if c["kind"] != "comparison"]
        document["rows"] = [row[:2] for row in document["rows"]]
        document["query"]["compare"] = None
    asked = shape_for(document, CONTEXT, locale="en")
    usual = shape_for(document | {"query": document["query"] | {"order_by": [group]}}, CONTEXT, locale="en")
    chart = choose_chart(asked)
    assert chart is not None
    assert chart.name == name
    drawn, unasked = draw_chart(asked), draw_chart(usual)
    assert drawn is not None
    assert unasked is not None
    names = list(drawn.data[0].y)  # from the bottom up
    assert len(names) == len(document["rows"])
    assert names == list(unasked.data[0].y)[::-1]
    assert names[-1] == shorten(document["rows"][0][0])


def test_of_many_rows_in_an_order_the_first_are_drawn() -> None:
    values = [Decimal(n) for n in range(40)]
    assert bar_rows(values, is_ranked=True) == list(range(15))
    assert bar_rows(values, is_ranked=False) == list(range(39, 24, -1))
    document = double.budget("q").to_json()
    rows = [[f"c{n}", *document["rows"][0][1:]] for n in range(40)]
    for order, told in ((["revenue"], "first 15 of 40"), (["category"], "15 largest of 40")):
        many = document | {"rows": rows, "query": document["query"] | {"order_by": order}}
        assert told in view_of(many, CONTEXT, locale="en").chart_note


def test_the_value_of_a_negative_bar_has_room_beside_the_categories() -> None:
    drawn = without_comparison()
    (first, *others) = drawn.measures
    lost = replace(first, values=(Decimal(-900_000), *first.values[1:]))
    figure = draw_chart(replace(drawn, measures=(lost, *others)))
    assert figure is not None
    low, high = figure.layout.xaxis.range
    assert low < min(figure.data[0].x) < 0 < max(figure.data[0].x) <= high


def test_lines_stop_at_six() -> None:
    document = double.monthly("q", regions=[f"r{n}" for n in range(9)]).to_json()
    figure = draw_chart(shape_for(document, CONTEXT, locale="en"))
    assert figure is not None
    assert len(figure.data) == 6


def test_variance_is_told_by_colour_and_by_side() -> None:
    figure = draw_chart(shape("variance"))
    assert figure is not None
    difference = figure.data[2]
    favourable = {label: value > 0 for label, value in zip(difference.y, difference.x, strict=True)}
    assert favourable["Office"]
    assert not favourable["Technology"]
    assert len(set(difference.marker.color)) == 2


def test_periods_are_named_by_the_catalogs_calendar() -> None:
    document = double.trend("q").to_json()
    document["columns"][0]["name"] = "time.fiscal_quarter"
    document["rows"] = [["2026-01-01", 5]]
    axis = shape_for(document, CONTEXT, locale="en").time
    assert axis is not None
    assert axis.texts == ("Q3 FY2026",)


def steps(answer: Any) -> dict[str, float]:
    figure = draw_chart(shape_for(answer.to_json(), CONTEXT, locale="en"))
    assert figure is not None
    (drawn,) = figure.data
    assert drawn.measure[0] == drawn.measure[-1] == "absolute"
    return dict(zip(drawn.x, drawn.y, strict=True))


@pytest.mark.parametrize("answer", [double.parts_of_a_change("q"), double.price_volume_mix("q")])
def test_the_steps_of_a_bridge_lead_from_the_base_to_the_value(answer: Any) -> None:
    """Also over members that are new or gone, and over those that share the last step."""
    first, *middle, last = steps(answer).values()
    assert first + sum(middle) == pytest.approx(last)
    at = {column.name: place for place, column in enumerate(answer.columns)}
    was, now = (
        float(sum(row[at[name]] or 0 for row in answer.rows)) for name in ("revenue__base", "revenue")
    )
    assert last / first == pytest.approx(now / was)


def test_small_members_of_a_change_share_a_step() -> None:
    assert list(steps(double.parts_of_a_change("q", members=12)))[-2] == "4 others"
    assert "others" not in " ".join(steps(double.parts_of_a_change("q", members=9)))


@pytest.mark.parametrize("cut", [{"top": {"n": 5}}, {"limit": 5}, {"having": [{"field": "revenue"}]}])
def test_some_parts_of_a_change_are_no_bridge(cut: dict[str, Any]) -> None:
    document = double.parts_of_a_change("q").to_json()
    chosen = choose_chart(shape_for(document | {"query": document["query"] | cut}, CONTEXT, locale="en"))
    assert chosen is not None
    assert chosen.name == "comparison"


@pytest.mark.parametrize(
    ("total", "value"), [(None, 600_000), (Decimal(1), 600_000), (Decimal(7_350_000), -600_000)]
)
def test_what_does_not_make_the_whole_is_not_stacked(total: Decimal | None, value: int) -> None:
    """Trap: distinct customers by region and category do not add up; nor does a bar of a loss show what it takes away."""
    document = double.two_ways("q").to_json()
    document["totals"] = None if total is None else [None, None, total]
    document["rows"][1][2] = Decimal(value)
    chosen = choose_chart(shape_for(document, CONTEXT, locale="en"))
    assert chosen is not None
    assert chosen.name == "bars"


def test_a_bullet_marks_the_plan_and_colours_the_value() -> None:
    figure = draw_chart(shape("bullet"))
    assert figure is not None
    plan, actual = figure.data
    assert figure.layout.shapes[0].x0 == plan.x[0] == 21.48
    assert actual.x[0] == 21.2
    assert actual.marker.color == ADVERSE
    assert "€21,200,000.00" in actual.customdata[0]


def test_each_of_several_figures_has_a_panel_of_its_own_unit() -> None:
    figure = draw_chart(shape("small_multiples"))
    assert figure is not None
    assert [note.text for note in figure.layout.annotations] == [
        "Net revenue, EUR million", "Orders", "Gross margin",
    ]  # fmt: skip
    assert len({trace.yaxis for trace in figure.data}) == 3
    assert view_of(double.several("q").to_json(), CONTEXT, locale="en").chart_note == ""
