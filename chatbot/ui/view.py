"""Decide what an answer shows: chips, the number, the table, the notes, the evidence. Texts only, no HTML.

Everything is read from the answer's JSON document, so that the page can say nothing that the answer does not.
Layer: chatbot. Imports format, the shape of results and the page's context.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go

from chatbot.charts._registry import chart_note, draw_chart
from chatbot.charts._shape import (
    PeriodNamer,
    Shape,
    base_label,
    dimension_text,
    measured,
    shape_of,
)
from chatbot.format import (
    NOTHING,
    format_cell,
    format_day,
    format_moment,
    format_number,
    negatives_as,
)
from chatbot.judged import is_judged
from chatbot.ui.chips import ShownChip, chips_of, condition_words, dates_words
from chatbot.ui.context import PageContext, words
from chatbot.ui.lineage import Stage

MAX_TABLE_ROWS = 200
MAX_SHOWN_QUESTION = 400
MAX_REASONS = 6  # of quarantine, in the evidence

FLAGS = {
    "partial_period": "The last period is not complete yet.",
    "open_period": "The period is still open: its books are not closed and the number may change.",
    "stale": "The data is older than it should be.",
    "withheld": "Figures of groups that are too small for your role are withheld.",
    "truncated": "There are more rows than are shown: the result was cut at the row limit.",
}

REASONS = {
    "ambiguous": "Which one do you mean?",
    "unknown_term": "I do not know one of these words",
    "out_of_scope": "This is not something the data can answer",
    "not_allowed": "Your role may not see this",
    "no_data": "There is no data for this",
    "not_recorded": "No number without its record",
    "stopped": "Stopped",
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """How a value moved against its base. `judgement` is "favourable", "adverse" or empty."""

    arrow: str
    text: str
    judgement: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One big number, with the words above and below it."""

    label: str
    value: str
    exact: str
    negative: bool
    change: Change | None


@dataclass(frozen=True, kw_only=True)
class Cell:
    text: str
    number: bool
    negative: bool = False
    judgement: str = ""
    exact: str = ""  # every digit, for a reader who points at it


@dataclass(frozen=True, kw_only=True)
class Head:
    text: str
    unit: str
    number: bool


@dataclass(frozen=True, kw_only=True)
class Table:
    head: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[Cell, ...] | None
    note: str  # what is left out, in words


@dataclass(frozen=True, kw_only=True)
class MetricProof:
    """One metric of the evidence."""

    label: str
    description: str
    definition: str
    owner: str
    certified: str
    is_certified: bool
    hash: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """How the number came about. `lines` are (label, value) pairs; `code` values are shown as written."""

    metrics: tuple[MetricProof, ...]
    lines: tuple[tuple[str, str], ...]
    withheld: str
    reasons: tuple[tuple[str, str], ...]
    tables: tuple[tuple[str, str], ...]
    code: tuple[tuple[str, str], ...]
    sql: str
    engine: str
    stages: tuple[Stage, ...] = ()  # from raw sources to the metrics


@dataclass(frozen=True, kw_only=True)
class AnswerView:
    """All that the answer card shows."""

    id: str
    status: str
    question: str
    full_question: str
    interpretation: str
    headline: str
    text: str
    said: str  # what the figures and the table do not say by themselves
    chips: tuple[ShownChip, ...]
    figures: tuple[Figure, ...]
    table: Table | None
    chart_note: str
    warnings: tuple[str, ...]
    assumptions: tuple[str, ...]
    evidence: Evidence | None
    options: tuple[tuple[str, str], ...]  # label, question
    announcement: str  # for a screen reader
    was_stopped: bool = False  # by the asker: there is nothing to call wrong


def view_of(document: Mapping[str, Any], context: PageContext, *, locale: str) -> AnswerView:
    """Return what to show of an answer's JSON document."""
    status = str(document["status"])
    answered = status == "answered"
    namer = context.period_namer(_calendar(document), locale=locale)
    figures = _figures(document, locale=locale, name_period=namer) if answered else ()
    interpretation = str(document.get("interpretation") or "")
    headline = _headline(document) if not answered else ""
    text = str(document.get("text") or "")
    has_parts = bool((document.get("query") or {}).get("contributions"))
    tells = is_judged(text) or has_parts or not (figures or document.get("rows"))
    said = text if answered and interpretation and tells else ""
    spoken = [interpretation or headline or text, said]
    spoken += [f"{figure.label}: {figure.value}" for figure in figures[:3]]
    question = str(document.get("question") or "")
    return AnswerView(
        id=str(document.get("id") or ""),
        status=status,
        question=clip(question, MAX_SHOWN_QUESTION),
        full_question=question[:20_000],
        interpretation=interpretation,
        headline=headline,
        text=text,
        said=said,
        chips=chips_of(document, context, locale=locale) if answered else (),
        figures=figures,
        table=_table(document, locale=locale, name_period=namer) if answered else None,
        chart_note=chart_note(shape_for(document, context, locale=locale)) if answered else "",
        warnings=tuple(FLAGS.get(str(flag), words(str(flag)) + ".") for flag in document.get("flags") or ()),
        assumptions=tuple(_sentence(str(item)) for item in document.get("assumptions") or ()),
        evidence=_evidence(document, context, locale=locale) if answered else None,
        options=tuple((str(o["label"]), str(o["question"])) for o in document.get("options") or ()),
        announcement=". ".join(part for part in spoken if part),
        was_stopped=document.get("reason") == "stopped",
    )


def _headline(document: Mapping[str, Any]) -> str:
    """What stands over an answer without a number. Where nothing was missing, and none is the largest, it says so."""
    reason = str(document.get("reason"))
    if reason == "no_data" and not document.get("interpretation"):
        return "There is none to name"
    return REASONS.get(reason, "")


def picture_of(
    document: Mapping[str, Any], context: PageContext, *, locale: str
) -> tuple[AnswerView, go.Figure | None]:
    """Return what an answer shows and its chart, None where words alone say more; numbers as the project wants them."""
    with negatives_as(context.project.config.display.negatives):
        view = view_of(document, context, locale=locale)
        if view.status != "answered" or not document.get("rows"):
            return view, None
        return view, draw_chart(shape_for(document, context, locale=locale))


def shape_for(document: Mapping[str, Any], context: PageContext, *, locale: str) -> Shape:
    """Return the shape of an answer's result, its periods named as the catalog names them."""
    return shape_of(
        document, locale=locale, name_period=context.period_namer(_calendar(document), locale=locale)
    )


def _calendar(document: Mapping[str, Any]) -> str | None:
    name = ((document.get("query") or {}).get("time") or {}).get("calendar")
    return str(name) if name else None


def clip(text: str, limit: int) -> str:
    """Return `text` on one line, cut where it is too long to show."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _sentence(text: str) -> str:
    """Return `text` as a sentence: a capital at the start, a full stop at the end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _figures(document: Mapping[str, Any], *, locale: str, name_period: PeriodNamer) -> tuple[Figure, ...]:
    columns: Sequence[Mapping[str, Any]] = document.get("columns") or []
    rows: Sequence[Sequence[Any]] = document.get("rows") or []
    totals = document.get("totals")
    has_dimension = any(column["kind"] == "dimension" for column in columns)
    if len(rows) == 1:
        row, prefix = rows[0], ""
    elif rows and totals is not None:
        row, prefix = totals, "Total"
    else:
        return ()
    place = {str(column["name"]): at for at, column in enumerate(columns)}
    base = base_label(((document.get("query") or {}).get("compare") or {}).get("to")).lower()
    figures = []
    for column in measured(columns):
        name, value = str(column["name"]), row[place[str(column["name"])]]
        if value is None and prefix:
            continue  # this metric has no total
        label = str(column.get("label") or words(name))
        if prefix:
            label = f"{label}, total"
        elif has_dimension:
            texts = [
                dimension_text(row[at], str(c["name"]), locale=locale, name_period=name_period)
                for at, c in enumerate(columns) if c["kind"] == "dimension"
            ]  # fmt: skip
            label = f"{label}, {', '.join(texts)}"
        unit, currency = column.get("unit"), column.get("currency")
        figures.append(
            Figure(
                label=label,
                value=format_cell(value, unit=unit, currency=currency, locale=locale, symbol=True),
                exact=""
                if value is None
                else format(value, "f")
                if isinstance(value, Decimal)
                else str(value),
                negative=isinstance(value, int | Decimal) and value < 0,
                change=_change(name, column, row, place, base, locale=locale),
            )
        )
    return tuple(figures[:4])


def _change(
    name: str,
    column: Mapping[str, Any],
    row: Sequence[Any],
    place: Mapping[str, int],
    base: str,
    *,
    locale: str,
) -> Change | None:
    def part(suffix: str) -> Any:
        at = place.get(f"{name}__{suffix}")
        return None if at is None else row[at]

    difference, before = part("difference"), part("base")
    if difference is None and before is None:
        return None
    unit, currency = column.get("unit"), column.get("currency")
    was = format_cell(before, unit=unit, currency=currency, locale=locale, symbol=True)
    if difference is None:
        return Change(arrow="", text=f"{base}: {was}", judgement="")
    moved = format_number(
        difference,
        unit="points" if unit == "percent" else unit,
        currency=currency,
        locale=locale,
        signed=True,
    )
    percent = part("percent")
    share = (
        f" ({format_number(percent, unit='percent', locale=locale, signed=True)})"
        if percent is not None
        else ""
    )
    favourable = part("favourable")
    return Change(
        arrow="▲" if difference > 0 else "▼" if difference < 0 else "＝",
        text=f"{moved}{share} against {base}: {was}",
        judgement="" if favourable is None or difference == 0 else "favourable" if favourable else "adverse",
    )


def _table(document: Mapping[str, Any], *, locale: str, name_period: PeriodNamer) -> Table | None:
    columns: Sequence[Mapping[str, Any]] = document.get("columns") or []
    rows: Sequence[Sequence[Any]] = document.get("rows") or []
    has_dimension = any(column["kind"] == "dimension" for column in columns)
    if not rows or (len(rows) == 1 and not has_dimension and len(columns) <= 1):
        return None
    styles = [_style(column, columns) for column in columns]
    base = base_label(((document.get("query") or {}).get("compare") or {}).get("to"))
    head = tuple(
        Head(
            text=_head_text(column, columns, base),
            unit=_head_unit(style),
            number=column["kind"] != "dimension",
        )
        for column, style in zip(columns, styles, strict=True)
    )

    def cells(row: Sequence[Any], *, total: bool) -> tuple[Cell, ...]:
        return tuple(
            _cell(value, column, style, total=total, locale=locale, name_period=name_period)
            for value, column, style in zip(row, columns, styles, strict=True)
        )

    totals = document.get("totals")
    total_cells: tuple[Cell, ...] | None = None
    if totals is not None and len(rows) > 1 and has_dimension:
        total_cells = (Cell(text="Total", number=False), *cells(totals, total=True)[1:])
    note = ""
    if len(rows) > MAX_TABLE_ROWS:
        note = f"The first {MAX_TABLE_ROWS:,} of {len(rows):,} rows. The CSV has all of them."
    return Table(
        head=head,
        rows=tuple(cells(row, total=False) for row in rows[:MAX_TABLE_ROWS]),
        totals=total_cells,
        note=note,
    )


def _style(column: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The unit of a column; a comparison without one of its own has its metric's."""
    name = str(column["name"])
    unit, currency = column.get("unit"), column.get("currency")
    metric, mark, part = name.rpartition("__")
    if column["kind"] == "comparison" and mark and unit is None:
        own = next((c for c in columns if c["name"] == metric), {})
        if part == "percent":
            unit = "percent"
        elif part in ("base", "difference"):
            unit, currency = own.get("unit"), own.get("currency")
            if part == "difference" and unit == "percent":
                unit = "points"
    return {"unit": unit, "currency": currency, "part": part if column["kind"] == "comparison" else ""}


def _head_text(column: Mapping[str, Any], columns: Sequence[Mapping[str, Any]], base: str) -> str:
    name = str(column["name"])
    label = str(column.get("label") or "")
    metric, _, part = name.rpartition("__")
    named = {
        "base": base,
        "difference": "Difference",
        "percent": "Difference %",
        "favourable": "Assessment",
        "contribution": "Part of change",
    }
    if column["kind"] == "comparison" and part in named:
        if len(measured(columns)) == 1:
            return named[part]  # the metric stands in the column before: its name need not be said again
        if not label or label == name:
            own = next((str(c.get("label") or metric) for c in columns if c["name"] == metric), metric)
            return f"{own}: {named[part].lower()}"
    return label or words(name)


def _head_unit(style: Mapping[str, Any]) -> str:
    if style["currency"]:
        return str(style["currency"])
    if style["unit"] in (None, "count", "currency", "percent"):
        return ""
    return str(style["unit"])


def _cell(
    value: Any,
    column: Mapping[str, Any],
    style: Mapping[str, Any],
    *,
    total: bool,
    locale: str,
    name_period: PeriodNamer,
) -> Cell:
    name = str(column["name"])
    if column["kind"] == "dimension":
        return Cell(
            text="" if total else dimension_text(value, name, locale=locale, name_period=name_period),
            number=False,
        )
    if style["part"] == "favourable":
        if value is None:
            return Cell(text=NOTHING, number=True)
        judgement = "favourable" if value else "adverse"
        return Cell(text=judgement, number=True, judgement=judgement)
    return Cell(
        text=format_cell(
            value, unit=style["unit"], currency=style["currency"], locale=locale,
            symbol=style["unit"] == "percent", signed=style["part"] in ("difference", "percent"),
        ),
        number=True,
        negative=isinstance(value, int | Decimal) and not isinstance(value, bool) and value < 0,
        exact=_exact(value),
    )  # fmt: skip


def _exact(value: Any) -> str:
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _evidence(document: Mapping[str, Any], context: PageContext, *, locale: str) -> Evidence | None:
    evidence: Mapping[str, Any] = document.get("evidence") or {}
    if not evidence:
        return None
    query = document.get("query") or {}
    lines = [("Release", str(evidence.get("release") or NOTHING))]
    if fresh := evidence.get("fresh_as_of"):
        lines.append(("Data as of", _moment(str(fresh), locale=locale)))
    lines.append(("Quality of the release", _quality(evidence, context)))
    if dates := dates_words(query, locale=locale):
        calendar = (query.get("time") or {}).get("calendar")
        lines.append(("Exact dates", dates + (f", {calendar} calendar" if calendar else "")))
    filters = [
        condition_words(c, context.dimension_label(str(c["field"])), locale) for c in query.get("where") or ()
    ]
    lines.append(("Filters of the question", "; ".join(filters) or "none"))
    if evidence.get("role"):
        lines.append(("Role", str(evidence["role"])))
    tables = tuple((str(name), str(version)) for name, version in (evidence.get("tables") or {}).items())
    excluded = document.get("excluded") or {}
    return Evidence(
        metrics=tuple(
            _proof(str(name), proof, context, locale=locale)
            for name, proof in (evidence.get("metrics") or {}).items()
        ),
        lines=tuple(lines),
        withheld=_withheld(excluded, context, locale=locale),
        reasons=_reasons(tuple(name for name, _ in tables), context, locale=locale)
        if excluded.get("quarantined_rows")
        else (),
        tables=tables,
        code=tuple(
            (label, str(value))
            for label, value in (
                ("Result", evidence.get("result")),
                ("Policy", evidence.get("policy")),
                ("Answer", document.get("id")),
            )
            if value
        ),
        sql=str(document.get("sql") or ""),
        engine=str(document.get("engine") or ""),
        stages=context.stages(tuple(evidence.get("metrics") or ()), tuple(name for name, _ in tables)),
    )


def _proof(name: str, proof: Mapping[str, Any], context: PageContext, *, locale: str) -> MetricProof:
    metric = context.metric(name)
    certified = bool(proof.get("certified"))
    words_of_it = "Not certified"
    if certified:
        words_of_it = "Certified"
        if metric is not None and metric.certified_by:
            words_of_it += f" by {metric.certified_by}"
        if metric is not None and metric.certified_since:
            words_of_it += f" since {format_day(metric.certified_since, locale=locale)}"
    return MetricProof(
        label=context.metric_label(name),
        description=metric.description if metric else "",
        definition=metric.definition_words if metric else "",
        owner=str(proof.get("owner") or "no owner named"),
        certified=words_of_it,
        is_certified=certified,
        hash=str(proof.get("definition") or ""),
    )


def _quality(evidence: Mapping[str, Any], context: PageContext) -> str:
    text = words(str(evidence.get("quality") or "not audited"))
    release = context.release
    if release is not None and release.id == evidence.get("release") and release.quality.checks:
        text += f", {release.quality.checks:,} checks"
    return text


def _withheld(excluded: Mapping[str, Any], context: PageContext, *, locale: str) -> str:
    rows = excluded.get("quarantined_rows")
    if rows is None:
        return ""
    if not rows:
        return "Nothing: no row of the sources behind this number is in quarantine."
    counted = format_number(rows, unit="count", locale=locale)
    noun = "source row is" if rows == 1 else "source rows are"
    amount = excluded.get("quarantined_amount")
    text = f"{counted} {noun} in quarantine and not in this number"
    if amount is not None:
        currency = context.catalog.currency
        text += (
            f", worth {format_number(amount, unit='currency', currency=currency, locale=locale)} as delivered"
        )
    return text + "."


def _reasons(tables: tuple[str, ...], context: PageContext, *, locale: str) -> tuple[tuple[str, str], ...]:
    """Why rows are held back, the most frequent reasons first: "range:amount" reads "Amount, range"."""
    counted = context.withheld_reasons(tables)
    shown = [(_reason_words(reason), rows) for reason, rows in counted[:MAX_REASONS]]
    if rest := counted[MAX_REASONS:]:
        shown.append((f"{len(rest)} other reasons", sum(rows for _, rows in rest)))
    return tuple((text, format_number(rows, unit="count", locale=locale)) for text, rows in shown)


def _reason_words(reason: str) -> str:
    rule, _, column = reason.partition(":")
    return f"{words(column)}, {words(rule).lower()}" if column else words(rule)


def _moment(text: str, *, locale: str) -> str:
    try:
        return format_moment(dt.datetime.fromisoformat(text), locale=locale)
    except ValueError:
        return text
