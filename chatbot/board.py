"""What a dashboard's notebook is made of: questions to the semantic layer as one viewer, in the chat's style.

Every panel holds the exact figures that its picture shows, the period, release and freshness in words, and the
command that asks for them again. A notebook calls this and defines nothing of its own.
Layer: chatbot. Imports semantic and the charts; of pipeline only what it has written down of its runs, lazily.
"""

from __future__ import annotations

import datetime as dt
import html
import json
import shlex
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import plotly.io

from chatbot.charts._groups import draw_groups
from chatbot.charts._registry import draw_chart
from chatbot.charts._shape import Measure, shape_of
from chatbot.charts._style import MAX_BARS
from chatbot.charts._waterfall import draw_waterfall
from chatbot.format import format_day
from chatbot.ui.context import PageContext
from datatrust.core.errors import AccessDenied, UserError
from datatrust.core.issues import Issue
from datatrust.core.jsonio import dumps, loads
from datatrust.core.release import Release
from datatrust.core.settings import find_project, load_project
from semantic.access import load_viewer
from semantic.calendar import calendar_for, period_of, shift
from semantic.engine import SemanticLayer
from semantic.expressions import parse_filter
from semantic.query import Compare, MetricQuery, TimeRange, Top, Viewer
from semantic.result import QueryResult

PANEL = "application/vnd.datatrust360.panel+json"
PLOTLY = "application/vnd.plotly.v1+json"
CONFIG = {"displaylogo": False, "displayModeBar": False, "responsive": True}
LOCALE = "en"


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One picture with its title, its figures, and where they come from."""

    title: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    command: str | None = None  # that asks for the figures again
    figure: go.Figure | None = None  # None where words alone say more
    brings_plotly: bool = False  # the first of its notebook

    def data(self) -> dict[str, Any]:
        """Return it without its picture; numbers as texts, with every digit."""
        rows = [[None if each is None else str(each) for each in row] for row in self.rows]
        return {
            "title": self.title, "caption": self.caption, "columns": list(self.columns), "rows": rows,
            "command": self.command,
        }  # fmt: skip

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """What Jupyter shows; the page is built from the first two."""
        shown = f"<h4>{html.escape(self.title)}</h4>"
        bundle: dict[str, Any] = {PANEL: self.data()}
        if self.figure is not None:
            bundle[PLOTLY] = json.loads(self.figure.to_json() or "null")
            shown += plotly.io.to_html(
                self.figure, full_html=False, include_plotlyjs=self.brings_plotly, config=CONFIG
            )
        return {**bundle, "text/html": f"{shown}<p>{html.escape(self.caption)}</p>"}


@dataclass(frozen=True)
class _Seen:
    """What the page's context wants to know of who answers."""

    layer: SemanticLayer

    def seen_by(self, viewer: Viewer) -> _Seen:
        return _Seen(self.layer.seen_by(viewer))


class Board:
    """One dashboard on the current release of a project, as one viewer sees it."""

    def __init__(self, layer: SemanticLayer, viewer: Viewer) -> None:
        self.layer = layer
        self.viewer = viewer
        self._seen = layer.seen_by(viewer)
        self._context = PageContext(_Seen(layer), layer.project, lambda: viewer)
        self._has_plotly = False

    @classmethod
    def open(cls, project: Path | None = None, *, role: str | None = None) -> Board:
        """Open the nearest project upward, or one given.

        Args:
            role: whose rights the questions have; the access policy's `cli_default` unless said.

        Raises:
            UserError: no project, no release yet, or a catalog with faults.
        """
        found = load_project(project or find_project())
        return cls(SemanticLayer.open(found), load_viewer(found, role))

    # ------------------------------------------------------------------------------------------------ periods

    @property
    def last_day(self) -> dt.date:
        """The last day that is told of: books are closed through it, else today."""
        return self._seen.catalog.closed_through or self.layer.today

    def months(self, count: int) -> TimeRange:
        """The last whole months."""
        return self._periods("month", count)

    def fiscal_years(self, count: int) -> TimeRange:
        """The last fiscal years, the present one up to the last day."""
        return self._periods("fiscal_year", count)

    def _periods(self, grain: str, count: int) -> TimeRange:
        calendar = calendar_for(self._seen.catalog, grain=grain)
        first = shift(period_of(self.last_day, grain, calendar), 1 - count, calendar)
        return TimeRange(start=first.start, end=self.last_day)

    # -------------------------------------------------------------------------------------------------- panels

    def ask(
        self,
        metrics: str,
        by: str = "",
        *,
        where: str = "",
        time: TimeRange | None = None,
        compare: str | None = None,
        top: int | None = None,
    ) -> QueryResult:
        """Ask the semantic layer; names are separated by commas."""
        return self.layer.query(
            MetricQuery(
                metrics=_names(metrics),
                group_by=_names(by),
                where=parse_filter(where) if where else (),
                time=time,
                compare=Compare(to=compare) if compare else None,
                top=Top(n=top) if top else None,
            ),
            viewer=self.viewer,
        )

    def chart(self, title: str, metrics: str, by: str = "", **question: Any) -> Panel:
        """Return a question's figures and the picture that the chat would draw of them."""
        result = self.ask(metrics, by, **question)
        document = loads(dumps(result.to_json()))
        namer = self._context.period_namer(None, locale=LOCALE)
        shape = shape_of(document, locale=LOCALE, name_period=namer)
        return self._panel(title, result, draw_chart(shape), metrics, by, **question)

    def variance(self, title: str, metric: str, by: str, *, time: TimeRange, to: str = "budget") -> Panel:
        """Return the way from a plan to the actual value: one step for each group, which add up.

        A group without a plan, or with nothing but a plan, is a step of all that it has.

        Raises:
            UserError: the groups do not add up to the whole, as those of a quotient or a distinct count do not.
        """
        result = self.ask(metric, by, time=time, compare=to)
        whole = self.ask(metric, time=time, compare=to)
        names = [column.name for column in result.columns]
        base, actual = names.index(f"{metric}__base"), names.index(metric)
        start = sum((_amount(row[base]) for row in result.rows), Decimal(0))
        steps = [_amount(row[actual]) - _amount(row[base]) for row in result.rows]
        for shown, column in ((start, f"{metric}__base"), (start + sum(steps, Decimal(0)), metric)):
            if shown != _amount(whole.value(column)):
                message = f"the groups of {metric} by {by} add up to {shown}, and all of it is {whole.value(column)}"
                raise UserError(
                    Issue(code="DT203", message=message, hint="show it as a chart beside its plan")
                )
        found = self._seen.catalog.metrics[metric]
        labels = [
            f"{row[0] if row[0] is not None else '(blank)'}{'' if row[base] is not None else f' (no {to})'}"
            for row in result.rows
        ]
        figure = draw_waterfall(
            [to.capitalize(), *labels, "Actual"],
            [start, *steps, start + sum(steps, Decimal(0))],
            [True, *(False for _ in steps), True],
            self._measure(metric),
            locale=LOCALE,
            lower_is_better=found.better == "lower",
        )
        return self._panel(title, result, figure, metric, by, time=time, compare=to)

    def statement(self, title: str, steps: str, *, time: TimeRange) -> Panel:
        """Return a statement as a waterfall.

        Args:
            steps: metrics with signs: "revenue - cost_of_sales = gross_profit - operating_expenses =
                operating_profit"; what stands after = is a total, and must be what the steps before add up to.

        Raises:
            UserError: a total is not what its steps add up to.
        """
        signed = _signed(steps)
        metrics = ",".join(dict.fromkeys(name for _, name in signed))
        result = self.ask(metrics, time=time)
        value = {name: Decimal(str(result.value(name) or 0)) for name in _names(metrics)}
        labels, values, totals, running = [], [], [], Decimal(0)
        for at, (sign, name) in enumerate(signed):
            step = -value[name] if sign == "-" else value[name]
            is_total = sign == "=" or at == 0
            running = step if at == 0 else running if sign == "=" else running + step
            if sign == "=" and running != value[name]:
                message = f"{name} is {value[name]}, and the steps before it add up to {running}"
                raise UserError(Issue(code="DT203", message=message, hint="name every step of the statement"))
            labels.append(self._context.metric_label(name))
            values.append(step)
            totals.append(is_total)
        measure = self._measure(signed[0][1])
        figure = draw_waterfall(labels, values, totals, measure, locale=LOCALE)
        return self._panel(title, result, figure, metrics, "", time=time)

    # ------------------------------------------------------------------------------------ runs and their records

    @property
    def release(self) -> Release:
        """The release, for figures of its records: they are of all rows, so they are for who sees everything.

        Raises:
            UserError: the project stands on another tool's file, or the viewer does not see everything.
        """
        access = self.viewer.access
        if access is not None and not access.sees_everything:
            message = f"records, runs and storage are told to who sees everything, not to {self.viewer.role}"
            raise AccessDenied(
                Issue(code="DT330", message=message, hint="ask with another role: Board.open(role=...)")
            )
        if self.layer.release is None:
            message = "this project has no release of its own: its tables come from another tool"
            raise UserError(Issue(code="DT312", message=message))
        return self.layer.release

    def records(self, title: str) -> Panel:
        """Return what became of every source's records: valid, in quarantine, and otherwise not counted."""
        controls = sorted(self.release.controls, key=lambda each: -each.read)
        parts = ("valid", "quarantined", "duplicate", "superseded", "discarded")
        rows = tuple((each.source, each.read, *(getattr(each, part) for part in parts)) for each in controls)
        shown = [part for part in parts if any(getattr(each, part) for each in controls)]
        figure = draw_groups(
            [each.source for each in controls],
            {part: [getattr(each, part) for each in controls] for part in shown},
            "records",
            locale=LOCALE,
            stacked=True,
        )
        return self.panel(title, ("source", "read", *parts), rows, figure, "datatrust pipeline status")

    def reasons(self, title: str) -> Panel:
        """Return why records are in quarantine, the most frequent reason first."""
        counts: dict[str, int] = {}
        for control in self.release.controls:
            for reason, number in control.reasons.items():
                counts[reason] = counts.get(reason, 0) + number
        rows = tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
        figure = draw_groups(
            [each for each, _ in rows[:MAX_BARS]],
            {"records": [n for _, n in rows[:MAX_BARS]]},
            "records",
            locale=LOCALE,
        )
        return self.panel(title, ("reason", "records"), rows, figure, "datatrust quarantine list")

    def layers(self, title: str) -> Panel:
        """Return the rows of each table of the release, by layer."""
        pins = sorted(self.release.tables.items())
        rows = tuple((name.partition(".")[0], name, pin.rows) for name, pin in pins)
        sums: dict[str, int] = {}
        for layer, _, number in rows:
            sums[layer] = sums.get(layer, 0) + (number or 0)
        order = [each for each in ("bronze", "silver", "restricted", "gold", "ops") if each in sums]
        order += [each for each in sums if each not in order]
        figure = draw_groups(order, {"rows": [sums[each] for each in order]}, "rows", locale=LOCALE)
        return self.panel(title, ("layer", "table", "rows"), rows, figure, "datatrust release show")

    def runs(self, title: str) -> Panel:
        """Return how long each run took and whether it succeeded."""
        from pipeline.observe import load_run_steps, seconds_by_run

        _ = self.release  # refuses who does not see everything
        steps = load_run_steps(self.layer.project.warehouse)
        failed = {each.run for each in steps if not each.success}
        rows = tuple(
            (run, round(took, 1), "failed" if run in failed else "done")
            for run, took in seconds_by_run(steps).items()
        )
        figure = draw_groups(
            [f"run {run}{' (failed)' if run in failed else ''}" for run, _, _ in rows],
            {"seconds": [Decimal(str(took)) for _, took, _ in rows]},
            "seconds",
            locale=LOCALE,
        )
        return self.panel(
            title, ("run", "seconds of its steps", "outcome"), rows, figure, "datatrust pipeline status"
        )

    def freshness(self, title: str) -> Panel:
        """Return how old the newest file of each source was when the release was published, and what was agreed."""
        from pipeline.ledger import load_ledger
        from pipeline.status import load_status

        release = self.release
        newest: dict[str, dt.datetime] = {}
        for entry in load_ledger(self.layer.project.warehouse):
            newest[entry.source] = max(entry.arrived_at, newest.get(entry.source, entry.arrived_at))
        stale = {each.source: each.message for each in load_status(self.layer.project).stale}
        hours = {source: (release.created_at - at).total_seconds() / 3600 for source, at in newest.items()}
        order = sorted(newest, key=lambda source: (-hours[source], source))
        rows = tuple(
            (each, newest[each].isoformat(timespec="minutes"), stale.get(each, "as agreed")) for each in order
        )
        figure = draw_groups(
            order, {"hours": [Decimal(str(round(hours[each], 1))) for each in order]}, "hours", locale=LOCALE
        )
        return self.panel(
            title, ("source", "newest file", "by its contract"), rows, figure, "datatrust pipeline status"
        )

    def storage(self, title: str) -> Panel:
        """Return what storage costs a month, now and after maintenance; nothing is changed."""
        from pipeline.maintenance.run import maintain

        _ = self.release  # refuses who does not see everything
        report = maintain(self.layer.project, dry_run=True)
        rows = tuple(
            (
                each.table,
                each.files_before,
                each.files_after,
                each.stored_before.bytes,
                each.stored_after.bytes,
            )
            for each in report.tables
        )
        total = ("all", "", "", report.stored_before.bytes, report.stored_after.bytes)
        moved = sorted(rows, key=lambda row: -row[3])[:MAX_BARS]
        figure = draw_groups(
            [row[0] for row in moved],
            {
                "now": [_megabytes(row[3]) for row in moved],
                "after maintenance": [_megabytes(row[4]) for row in moved],
            },
            "MB",
            locale=LOCALE,
        )
        made = self.panel(
            title,
            ("table", "files", "files afterwards", "bytes stored", "bytes stored afterwards"),
            (*rows, total),
            figure,
            "datatrust maintain --dry-run",
        )
        price, unit = report.price_per_gb_month, report.currency
        now, later = (stored.bytes * price / 10**9 for stored in (report.stored_before, report.stored_after))
        told = (
            f"{unit} {now:.6f} a month now, {later:.6f} after maintenance, at {unit} {price} a GB and month"
        )
        return replace(made, caption=f"{told} · {made.caption}")

    # ------------------------------------------------------------------------------------------------- helpers

    def _measure(self, metric: str) -> Measure:
        found = self._seen.catalog.metrics[metric]
        return Measure(name=metric, label=found.label, unit=found.unit, currency=found.currency, values=())

    def _panel(self, title: str, result: QueryResult, figure: go.Figure | None, metrics: str, by: str, **question: Any) -> Panel:  # fmt: skip
        time = result.query.time
        period = ""
        if time is not None and time.start and time.end:
            days = [format_day(day, locale=LOCALE) for day in (time.start, time.end)]
            period = f"{days[0]} to {days[1]}"
        flags = ", ".join(flag.replace("_", " ") for flag in result.flags)
        withheld = result.excluded.quarantined_rows if result.excluded else 0
        left_out = f"{withheld:,} records in quarantine are not in it" if withheld else ""
        return self._shown(
            Panel(
                title=title,
                caption=" · ".join(each for each in (period, *self._facts(), left_out, flags) if each),
                columns=tuple(column.name for column in result.columns),
                rows=result.rows,
                command=_command(metrics, by, self.viewer.role, **question),
                figure=figure,
            )
        )

    def panel(
        self, title: str, columns: tuple[str, ...], rows: tuple[tuple[Any, ...], ...], figure: go.Figure | None, command: str
    ) -> Panel:  # fmt: skip
        """Return a panel of figures that no query gave, with the release's facts in words."""
        caption = " · ".join(self._facts())
        return self._shown(
            Panel(title=title, caption=caption, columns=columns, rows=rows, command=command, figure=figure)
        )

    def _facts(self) -> list[str]:
        facts = [f"{each.label} {each.value}" for each in self._context.facts(locale=LOCALE)]
        return [each for each in facts if not each.startswith("Today")]

    def _shown(self, panel: Panel) -> Panel:
        if panel.figure is None or self._has_plotly:
            return panel
        self._has_plotly = True
        return replace(panel, brings_plotly=True)


def _megabytes(number: int) -> Decimal:
    return (Decimal(number) / 10**6).quantize(Decimal("0.001"))


def _amount(value: Any) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _signed(steps: str) -> list[tuple[str, str]]:
    """A statement's words as pairs of sign and metric; the first is added."""
    words = steps.split()
    pairs = [("+", words[0])] if words else []
    return pairs + list(zip(words[1::2], words[2::2], strict=False))


def _command(
    metrics: str,
    by: str,
    role: str | None,
    *,
    where: str = "",
    time: TimeRange | None = None,
    compare: str | None = None,
    top: int | None = None,
) -> str:
    """The command line that asks the same."""
    words = ["datatrust", "semantic", "query", "--metrics", metrics]
    words += ["--by", by] if by else []
    words += ["--where", where] if where else []
    words += ["--from", str(time.start)] if time and time.start else []
    words += ["--to", str(time.end)] if time and time.end else []
    words += ["--compare", compare] if compare else []
    words += ["--top", str(top)] if top else []
    words += ["--role", role] if role else []
    return shlex.join(words)
