"""Run an answer of the log again on its own release, by its own definitions, on its own day; say what is different.

The statement is compiled anew under the rights that the reader has now, so a replay never shows a row that they may
not see. Refuses an answer that gave no number, and one whose release is gone.
Layer: chatbot. Imports the answer log and the semantic layer's door.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.log import AnswerLog
from datatrust.core.chain import Record
from datatrust.core.errors import FilesGone, UnknownName, UserError
from datatrust.core.issues import Issue
from datatrust.core.jsonio import to_plain
from datatrust.core.settings import Project
from semantic.engine import SemanticLayer
from semantic.engines import engine_for
from semantic.loader import load_catalog
from semantic.query import MetricQuery, Viewer
from semantic.query_form import parse_query
from semantic.result import QueryResult

_KEPT_LAYERS = 4


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that is not as it was: what, then and now."""

    what: str
    then: Any
    now: Any


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What came of running an answer again. `equal` is said of columns, rows and totals, to the byte."""

    id: str
    equal: bool
    release: str
    at: str  # when the answer was given
    changed: tuple[Difference, ...]
    result: QueryResult

    def to_json(self) -> dict[str, Any]:
        """Return it as `datatrust replay --json` prints it: the rows are those of now."""
        return {
            "id": self.id,
            "equal": self.equal,
            "release": self.release,
            "at": self.at,
            "changed": to_plain(self.changed),
            "columns": [column.to_json() for column in self.result.columns],
            "rows": to_plain(self.result.rows),
            "totals": to_plain(self.result.totals),
            "result": self.result.evidence.result,
        }

    def told(self) -> str:
        """Return it in a sentence."""
        said = "; ".join(_words(each) for each in self.changed)
        if not self.equal:
            return f"Not equal: {said}."
        told = f"Equal: the same rows on release {self.release}, by the definitions of that day"
        return f"{told}; {said}." if said else f"{told}."


class Replayer:
    """Runs answers of one project again; keeps the last few releases open. Safe for many threads."""

    def __init__(self, project: Project, log: AnswerLog) -> None:
        self.project = project
        self.log = log
        self._layers: dict[tuple[str, str], SemanticLayer] = {}

    def replay(self, record: Record, *, viewer: Viewer) -> Replay:
        """Run an answer again with the rights of `viewer`.

        Raises:
            UserError: the answer gave no number, or the viewer may not see it.
            FilesGone: its release is gone.
        """
        query = query_of(record)
        layer = self.layer_of(record)
        result = layer.query(query, viewer=viewer)
        changed = tuple(_differences(record.body, result, viewer))
        equal = all(each.what != "rows" for each in changed)
        return Replay(
            id=record.id,
            equal=equal,
            release=layer.release_id,
            at=record.at,
            changed=changed,
            result=result,
        )

    def layer_of(self, record: Record) -> SemanticLayer:
        """Return the release, definitions and day of an answer.

        Raises:
            FilesGone: its release is gone.
            UserError: its definitions are gone or were edited.
        """
        release, catalog = str(record.body["evidence"]["release"]), str(record.body["catalog"])
        day = dt.date.fromisoformat(record.body["today"])
        key = (release, catalog)
        layer = self._layers.get(key)
        if layer is None:
            layer = self._open(release, catalog)
            if len(self._layers) >= _KEPT_LAYERS:
                self._layers = {}  # those in use live on until their query is done
            self._layers[key] = layer
        return layer.on_day(day)

    def close(self) -> None:
        """Let go of files and memory."""
        layers, self._layers = self._layers, {}
        for layer in layers.values():
            layer.close()

    def _open(self, release: str, catalog_hash: str) -> SemanticLayer:
        project = self.project
        texts = self.log.load_catalog_texts(catalog_hash)
        catalog = load_catalog(
            project.catalog, texts=texts, shown_root=project.root, cache=project.state / "catalog"
        )
        serving = project.config.serving
        keeps_releases = engine_for(serving.connection, serving.engine).reads_releases
        try:
            layer = SemanticLayer.open(project, as_of=release if keeps_releases else None, catalog=catalog)
        except UnknownName:
            raise _gone(release, "there is no such release any more") from None
        if layer.release_id != release:
            layer.close()
            raise _gone(release, f"the tables are those of {layer.release_id[:12]} now")
        return layer


def query_of(record: Record) -> MetricQuery:
    """Return the query of an answer.

    Raises:
        UserError: it gave no number, so that there is nothing to run.
    """
    body = record.body
    if body["status"] != "answered" or not body["query"]:
        what = "explained a word" if body["status"] == "answered" else "gave no number"
        raise UserError(
            Issue(
                code="DT351",
                message=f"this answer {what}: there is nothing to run again",
                hint="only answers with a number can be replayed and signed",
            )
        )
    return parse_query(body["query"])


def asked_of(record: Record) -> MetricQuery:
    """Return the query of an answer as it was asked: without the days, the order and the totals that were filled in.

    Raises:
        UserError: it gave no number.
    """
    whole = query_of(record)
    asked = record.body.get("asked")
    return parse_query(asked) if asked else whole


def _differences(body: Mapping[str, Any], result: QueryResult, viewer: Viewer) -> list[Difference]:
    """Compare an answer as it was given with the same query run now; the most telling first."""
    then, now = body["evidence"], result.evidence
    found = []
    is_equal = then["result"] == now.result
    if not is_equal:
        found.append(Difference(what="rows", then=then["result"], now=now.result))
    other_rights = body["role"] != viewer.role or body["policy"] != viewer.policy
    if other_rights:
        rights = {"role": body["role"], "policy": body["policy"]}
        found.append(
            Difference(what="rights", then=rights, now={"role": viewer.role, "policy": viewer.policy})
        )
    pairs = (
        ("definition", {n: m["definition"] for n, m in then["metrics"].items()},
         {n: m["definition"] for n, m in now.metrics.items()}),
        ("tables", then["tables"], to_plain(dict(now.tables))),
    )  # fmt: skip
    for what, before, after in pairs:
        if before != after:
            found.append(Difference(what=what, then=before, now=after))
    # An open end was written out as the last day with data, so an equal answer may have another statement.
    if not is_equal and body["sql"] != result.sql and not other_rights:  # theirs may name what they limit
        found.append(Difference(what="statement", then=body["sql"], now=result.sql))
    return found


def _words(each: Difference) -> str:
    told = {
        "rows": "the rows are others than those that were shown",
        "rights": "it was asked under other rights than yours",
        "definition": "a definition is another",
        "tables": "a table is at another version",
        "statement": "the statement is written otherwise",
    }
    return told[each.what]


def _gone(release: str, why: str) -> FilesGone:
    return FilesGone(
        f"release {release} is gone, and with it the proof of this answer: {why}\n"
        "  a signed answer keeps its release; `datatrust release keep ID` keeps any other"
    )
