"""A catalog that is being imported: its entries as files, judged by the catalog's own rules.

What a rule refuses is left out with the rule's own words, until all that is left loads: the catalog that comes out
passes `semantic check`. Same input, same text.
Layer: semantic. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml as pyyaml

from datatrust.core.errors import InternalError, UserError
from datatrust.core.issues import Issue, SourcePosition
from datatrust.core.yaml import Document, parse_yaml
from semantic.dbt.losses import Loss, Reason
from semantic.loader import load_catalog
from semantic.model import Catalog

METRICS = "metrics.yml"
SETTINGS = "catalog.yml"
_HEAD = "# Imported from {tool} by `datatrust semantic import`: {words}.\n"

_PARTS = ("dimensions", "joins")  # of a model, that can be left out alone

Made = dict[str, Any]


@dataclass
class MadeCatalog:
    """What has been written, and may still be left out."""

    tool: str
    models: dict[str, Made]
    metrics: dict[str, Made]
    places: Mapping[str, SourcePosition | None]  # where each metric that was asked for stands
    settings: Made = field(default_factory=dict)
    loaded: Catalog | None = None  # what `judge` has loaded

    def texts(self) -> dict[str, str]:
        """Return the files."""
        found = {
            f"models/{name}.yml": dump_yaml(made, self._head(f"the model {name}"))
            for name, made in sorted(self.models.items())
        }
        if self.metrics:
            found[METRICS] = dump_yaml(
                {"metrics": list(self.metrics.values())}, self._head(f"{len(self.metrics)} metrics")
            )
        if self.settings and found:
            found[SETTINGS] = dump_yaml(self.settings, self._head("calendars, currency, identities"))
        return found

    def _head(self, words: str) -> str:
        return _HEAD.format(tool=self.tool, words=words)

    def judge(self) -> list[Loss]:
        """Leave out what the catalog's rules refuse, and say so."""
        losses: list[Loss] = []
        while self.models or self.metrics:
            texts = self.texts()
            try:
                self.loaded = load_catalog(Path("imported"), texts=texts)
            except UserError as error:
                found = self._left_out(error.issues, texts)
                if not found:
                    raise InternalError(
                        f"the imported catalog does not load: {error}; please report this"
                    ) from error
                losses += found
            else:
                return losses
        return losses

    def _left_out(self, issues: tuple[Issue, ...], texts: Mapping[str, str]) -> list[Loss]:
        """Leave out the thing that each issue is about; models and what they hold first, for metrics may follow them."""
        documents = {name: parse_yaml(text, file=name) for name, text in texts.items()}
        about = [(each, _place(each, documents)) for each in issues]
        in_models = [(each, place) for each, place in about if place and place[0] not in (METRICS, SETTINGS)]
        named = list(self.metrics)
        identities = list(self.settings.get("identities", ()))
        parts = {
            (name, key): list(model.get(key, ())) for name, model in self.models.items() for key in _PARTS
        }
        losses = []
        for issue, place in in_models or about:
            if place is None:
                continue
            file, entry = place
            if file == METRICS:
                loss = self._leave_out_metric(issue, named[entry[1]]) if entry else None
            elif file == SETTINGS:
                loss = self._leave_out_setting(issue, identities[entry[1]] if entry else None)
            else:
                name = file.removeprefix("models/").removesuffix(".yml")
                loss = self._leave_out_of_model(
                    issue, name, parts[name, entry[0]][entry[1]] if entry else None, entry
                )
            losses += [loss] if loss else []
        return losses

    def _leave_out_metric(self, issue: Issue, name: str) -> Loss | None:
        if self.metrics.pop(name, None) is None:
            return None
        reason = Reason.INPUT if issue.code == "DT211" and "unknown metric" in issue.message else Reason.RULE
        return Loss(kind="metric", name=name, reason=reason, message=issue.message, at=self.places.get(name))

    def _leave_out_setting(self, issue: Issue, identity: Made | None) -> Loss | None:
        """An identity alone; a calendar or a currency that is wrong takes all settings with it."""
        if identity is None:
            self.settings = {}
            return Loss(
                kind="file", name="settings of the catalog", reason=Reason.RULE, message=issue.message
            )
        left = [each for each in self.settings["identities"] if each is not identity]
        if len(left) == len(self.settings["identities"]):
            return None
        self.settings["identities"] = left
        return Loss(kind="identity", name=identity["name"], reason=Reason.RULE, message=issue.message)

    def _leave_out_of_model(
        self, issue: Issue, name: str, part: Made | None, entry: tuple[Any, ...]
    ) -> Loss | None:
        model = self.models.get(name)
        if model is None:
            return None
        if part is not None:
            if all(each is not part for each in model[entry[0]]):
                return None
            model[entry[0]] = [each for each in model[entry[0]] if each is not part]
            kind = str(entry[0])[:-1]
            called = f"{name}.{part.get('name') or part.get('as') or part.get('to')}"
            return Loss(kind=kind, name=called, reason=Reason.RULE, message=issue.message)
        del self.models[name]
        return Loss(kind="model", name=name, reason=Reason.RULE, message=issue.message)


def _place(issue: Issue, documents: Mapping[str, Document]) -> tuple[str, tuple[Any, ...]] | None:
    """The file and the entry that an issue is about: the last one that begins before it."""
    if issue.at is None or issue.at.file not in documents:
        return None
    document = documents[issue.at.file]
    best: tuple[Any, ...] = ()
    for key in ("metrics", "identities", *_PARTS):
        for index, _ in enumerate(document.data.get(key) or ()):
            at = document.at(key, index)
            if at.line <= issue.at.line and (not best or document.at(*best).line <= at.line):
                best = (key, index)
    if best and best[0] != "metrics":
        end = document.key_at(best[0]).line
        best = best if end <= issue.at.line else ()
    return issue.at.file, best


_Base: Any = getattr(pyyaml, "CSafeDumper", pyyaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[misc]  # the C class where there is one
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    """A text that YAML 1.2 would read as a number, and PyYAML not (12e5), is quoted."""
    style = "'" if _NUMBER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_Dumper.add_representer(str, _represent_text)


def dump_yaml(made: Any, head: str = "") -> str:
    """Return data as YAML text, in the order in which they were made."""
    return head + pyyaml.dump(
        made, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )
