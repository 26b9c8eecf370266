"""What the page knows of the project beside answers: labels, definitions, the release and its quality, in words.

Reads the agent's semantic layer and nothing else; every text it returns is plain and is escaped where it is shown.
Layer: chatbot. Imports core and semantic types.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatbot.charts._shape import PeriodNamer
from chatbot.format import GRAINS, format_day, format_moment, format_month
from chatbot.ui.lineage import Stage, stages_of
from datatrust.core.release import Release
from datatrust.core.settings import Project
from semantic.calendar import calendar_for, period_of
from semantic.model import Catalog, Metric
from semantic.projection import limits_rows
from semantic.query import EVERYONE, Viewer


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One line of the header: a word and its value. `good` is None where there is nothing to judge."""

    label: str
    value: str
    good: bool | None = None


class PageContext:
    """The project as the page tells it. Safe to use from many threads: it only reads."""

    def __init__(self, agent: Any, project: Project, viewer: Callable[[], Viewer] = lambda: EVERYONE) -> None:
        self._agent = agent
        self._viewer = viewer  # says who reads the page
        self.project = project

    @property
    def _layer(self) -> Any:
        asker = self._viewer()
        return (self._agent.seen_by(asker) if asker.access is not None else self._agent).layer

    @property
    def title(self) -> str:
        return self.project.title

    @property
    def catalog(self) -> Catalog:
        catalog: Catalog = self._layer.catalog
        return catalog

    @property
    def release(self) -> Release | None:
        release: Release | None = self._layer.release
        return release

    @property
    def release_id(self) -> str:
        return str(self._layer.release_id)

    @property
    def today(self) -> dt.date:
        today: dt.date = self._layer.today
        return today

    def metric(self, name: str) -> Metric | None:
        return self.catalog.metrics.get(name)

    def metric_label(self, name: str) -> str:
        metric = self.metric(name)
        return (metric.label if metric else "") or words(name)

    def dimension_label(self, name: str) -> str:
        """Return what a query's field is called: the catalog's label, else its name in words."""
        parts = name.split(".")
        grain = None
        if len(parts) > 1 and parts[-1] in GRAINS:
            grain = words(parts.pop()).lower()
        if parts == ["time"]:
            return (grain or "time").capitalize()
        label = ""
        for model in self.catalog.models.values():
            dimension = model.dimensions.get(parts[-1])
            if dimension is not None and dimension.label:
                label = dimension.label
                break
        label = label or words(parts[-1])
        return f"{label} ({grain})" if grain else label

    def period_namer(self, calendar: str | None, *, locale: str) -> PeriodNamer:
        """Return what names periods as the catalog's calendars do: "Q3 FY2026"; months in the reader's language."""

        def name_period(day: dt.date, grain: str) -> str:
            if grain == "month":
                return format_month(day, locale=locale)
            if grain == "day":
                return format_day(day, locale=locale)
            name = calendar if calendar in self.catalog.calendars else None
            return period_of(day, grain, calendar_for(self.catalog, grain=grain, name=name)).label

        return name_period

    def facts(self, *, locale: str) -> tuple[Fact, ...]:
        """Return the header's lines: how far the data goes, what day counts as today, release, freshness, quality."""
        release, closed = self.release, self.catalog.closed_through
        facts = []
        if closed is not None:
            facts.append(Fact(label="Closed through", value=format_day(closed, locale=locale)))
        facts.append(Fact(label="Today is", value=format_day(self.today, locale=locale)))
        shown = (
            self.release_id if len(self.release_id) <= 12 else self.release_id.removeprefix("sha256:")[:10]
        )
        facts.append(Fact(label="Release", value=shown))
        if release is not None:
            if release.fresh_as_of is not None:
                facts.append(
                    Fact(label="Data as of", value=format_moment(release.fresh_as_of, locale=locale))
                )
            facts.append(
                Fact(
                    label="Quality", value=quality_words(release.quality.status),
                    good=release.quality.status.startswith("passed"),
                )
            )  # fmt: skip
        return tuple(facts)

    def withheld_reasons(self, tables: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        """Return why rows of the sources behind `tables` are in quarantine, the most frequent reason first."""
        release = self.release
        if release is None or limits_rows(self._viewer().access):
            return ()
        sources = {source for table in tables for source in release.lineage.get(table, ())}
        counts: dict[str, int] = {}
        for control in release.controls:
            if control.source in sources:
                for reason, rows in control.reasons.items():
                    counts[reason] = counts.get(reason, 0) + rows
        return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))

    def stages(self, metrics: tuple[str, ...], tables: tuple[str, ...]) -> tuple[Stage, ...]:
        """Return the way from raw sources to some metrics; sources are told to who sees every row."""
        release = None if limits_rows(self._viewer().access) else self.release
        return stages_of(metrics, tables, self.catalog, release, self.metric_label)


def quality_words(status: str) -> str:
    """Return an audit's outcome for reading: "passed_with_warnings" -> "Passed with warnings"."""
    return words(status)


def words(name: str) -> str:
    """Return a technical name for reading.

    >>> words("gross_margin")
    'Gross margin'
    """
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]
