"""The catalog tab: every metric that the viewer may see, with what it means, who owns it and what it is made of.

Layer: chatbot. Imports Gradio; reads what the semantic layer describes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.desk import Desk, denied
from chatbot.format import format_day
from chatbot.ui.asking import ON_CLICK, act_of, locale_of, scope_of
from chatbot.ui.context import words
from chatbot.ui.lineage import stages_of
from chatbot.ui.render import render
from datatrust.core.errors import UserError
from semantic.describe import Description, describe
from semantic.model import Catalog, Metric
from semantic.projection import limits_rows, told_catalog
from semantic.query import Viewer

MOST_QUESTIONS = 6


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One metric of the list; `sought` holds every word that finds it."""

    name: str
    label: str
    about: str
    certified: bool
    sought: str


class CatalogTab:
    """The handlers of the tab; keeps nothing."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def build(self) -> None:
        """Make the tab's parts, inside the tab that is open."""
        with gr.Row(elem_id="dt-catalog"):
            with gr.Column(elem_id="dt-catalog-side", scale=0, min_width=0):
                self.shelf = gr.HTML(elem_classes=["dt-bare"], js_on_load=ON_CLICK, apply_default_css=False)
            with gr.Column(elem_id="dt-catalog-main", min_width=0):
                self.entry = gr.HTML(elem_classes=["dt-bare"], js_on_load=ON_CLICK, apply_default_css=False)

    def open(self, request: gr.Request) -> tuple[str, str]:
        """Fill the tab: the list, and its first metric."""
        try:
            viewer = self.desk.viewer_of(scope_of(request))
            catalog = told_catalog(self.desk.catalog_of(viewer))
        except UserError as error:
            return render("denied.html", told=denied("", error)["text"]), ""
        groups = grouped(catalog)
        first = next((entry.name for _, entries in groups for entry in entries), None)
        shelf = render("shelf.html", groups=groups, count=len(catalog.metrics), shown=first)
        return shelf, self._entry(first, catalog, viewer, request) if first else ""

    def show(self, request: gr.Request, event: gr.EventData) -> Any:
        """Show the metric whose button was pressed."""
        act, name = act_of(event)
        if act != "metric":
            return gr.skip()
        try:
            viewer = self.desk.viewer_of(scope_of(request))
            catalog = told_catalog(self.desk.catalog_of(viewer))
        except UserError as error:
            return render("denied.html", told=denied("", error)["text"])
        return self._entry(name, catalog, viewer, request) if name in catalog.metrics else gr.skip()

    def _entry(self, name: str, catalog: Catalog, viewer: Viewer, request: gr.Request) -> str:
        metric, about = catalog.metrics[name], _about(catalog, name)
        layer = self.desk.agent.layer
        release = None if limits_rows(viewer.access) else layer.release
        certified = about["certified"]
        told = "Not certified"
        if certified:
            told = f"Certified by {certified['by']}"
            if certified["since"]:
                told += f" since {format_day(certified['since'], locale=locale_of(request))}"
        elif about["lapsed"]:
            told = "Certification lapsed: the definition has changed since"
        lines = [
            ("Owner", metric.owner or "no owner named"),
            ("Unit", " ".join(each for each in (about["unit"], about["currency"]) if each)),
            ("Better when", about["better"]),
            ("Also called", ", ".join(about["synonyms"])),
            ("Beside it", ", ".join(_label(catalog, each) for each in about["plan"].values())),
            ("Used by", ", ".join(_label(catalog, each) for each in about["used_by"])),
            ("Instead use", about["deprecated"]),
        ]
        return render(
            "metric.html",
            metric=metric,
            label=_label(catalog, name),
            certified=told,
            lines=[(label, value) for label, value in lines if value],
            dimensions=about["dimensions"],
            stages=stages_of(
                [name], about["lineage"].tables, catalog, release, lambda each: _label(catalog, each)
            ),
            tests=_tests(metric, catalog, layer.release),
            questions=_questions(metric, catalog),
        )


def grouped(catalog: Catalog) -> list[tuple[str, list[Entry]]]:
    """Return the metrics by the model that their rows come from, in the catalog's order."""
    groups: dict[str, list[Entry]] = {}
    for metric in catalog.metrics.values():
        lineage = _about(catalog, metric.name)["lineage"]
        model = catalog.models.get(lineage.models[0]) if lineage.models else None
        title = (model.label or words(model.name)) if model else "Other"
        sought = " ".join(
            (metric.name, metric.label, metric.description, metric.owner or "", title, *metric.synonyms)
        )
        groups.setdefault(title, []).append(
            Entry(
                name=metric.name,
                label=_label(catalog, metric.name),
                about=metric.owner or "",
                certified=metric.certified_by is not None,
                sought=sought.casefold(),
            )
        )
    return list(groups.items())


def _about(catalog: Catalog, name: str) -> Description:
    """What is described of a metric, whatever else has its name."""
    about = describe(catalog, name)
    found = about["found"] if about["kind"] == "several" else [about]
    return next(each for each in found if each["kind"] == "metric")


def _label(catalog: Catalog, name: str) -> str:
    metric = catalog.metrics.get(name)
    return (metric.label if metric else "") or words(name)


def _tests(metric: Metric, catalog: Catalog, release: Any) -> list[str]:
    """What proves the metric, in words: known answers, identities, the checks of the release."""
    known = [each.ask for each in metric.examples if each.check_sql]
    told = [f"Answer known by SQL of its own: {ask}" for ask in known]
    told += [
        f"Must hold: {identity.words}"
        for identity in catalog.identities.values()
        if re.search(rf"\b{re.escape(metric.name)}\b", identity.words)
    ]
    if release is not None and release.quality.checks:
        told.append(
            f"{release.quality.checks:,} checks of the release's tables: {words(release.quality.status).lower()}"
        )
    return told


def _questions(metric: Metric, catalog: Catalog) -> list[str]:
    asked = [each.ask for each in metric.examples] or [_label(catalog, metric.name)]
    return list(dict.fromkeys(asked))[:MOST_QUESTIONS]
