"""What the answer log holds of each answer: enough to prove it and to run it again, no number and no row.

Questions are kept with personal data masked. The catalog that an answer was computed by is kept once, by its hash,
beside the log. Refuses, as the chain does, whatever cannot be written.
Layer: chatbot. Imports core's chain; runs nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from chatbot.answer import Answer
from chatbot.personal import mask_personal
from datatrust.core.chain import Chain, Record, Verdict, check_chain
from datatrust.core.errors import NotRecorded, UnknownName, UserError
from datatrust.core.files import write_whole
from datatrust.core.issues import Issue
from datatrust.core.jsonio import dumps, loads, to_plain
from datatrust.core.settings import Project
from semantic.model import Catalog
from semantic.query import Viewer
from semantic.result import QueryResult

Channel = Literal["chat", "ask", "batch", "rest", "mcp"]
FOLDER = "answers"
ANSWER, SIGNATURE = "answer", "signature"
_CATALOGS = "catalogs"
_MAX_TEXT = 2_000
_LEAST_FREE = 1_000_000  # bytes


class UnknownAnswer(UnknownName):
    """No answer of the log has this id."""


def unknown_answer() -> UnknownAnswer:
    """Return the error for an id that nothing, or nothing of the asker's, answers to."""
    return UnknownAnswer(
        Issue(
            code="DT350",
            message="the answer log has no answer with this id",
            hint="the id stands in the answer's JSON and under its evidence",
        )
    )


def new_id() -> str:
    """Return an id that nobody can guess."""
    return secrets.token_hex(12)


def now() -> str:
    """Return this instant in UTC."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="milliseconds")


def answer_body(
    answer: Answer,
    *,
    channel: Channel,
    viewer: Viewer,
    today: dt.date,
    catalog: str,
    history: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what is kept of an answer."""
    return {
        **_head(answer.id, channel, viewer, today, catalog),
        "question": _masked(answer.question),
        "history": [_masked(text) for text in history[-10:]],
        "status": answer.status,
        "reason": answer.reason,
        "interpretation": _masked(answer.interpretation),
        "query": to_plain(answer.query),
        "asked": to_plain(answer.asked),
        "shown": [column.name for column in answer.columns],
        "rows": len(answer.rows),
        "sql": answer.sql,
        "engine": answer.engine,
        "evidence": _proof(answer.evidence),
        "timings_ms": to_plain(answer.timings_ms),
    }


def result_body(
    answer_id: str, result: QueryResult, *, channel: Channel, viewer: Viewer, today: dt.date, catalog: str
) -> dict[str, Any]:
    """Return what is kept of a metric query that was asked without words."""
    return {
        **_head(answer_id, channel, viewer, today, catalog),
        "question": None,
        "history": [],
        "status": "answered",
        "reason": None,
        "interpretation": None,
        "query": to_plain(result.query),
        "shown": [column.name for column in result.columns],
        "rows": len(result.rows),
        "sql": result.sql,
        "engine": result.engine,
        "evidence": _proof(result.evidence.to_json()),
        "timings_ms": to_plain(dict(result.timings_ms)),
    }


def refused_body(
    answer_id: str, *, channel: Channel, viewer: Viewer, today: dt.date, catalog: str, query: Any, why: str
) -> dict[str, Any]:
    """Return what is kept of a metric query that was refused."""
    return {
        **_head(answer_id, channel, viewer, today, catalog),
        "question": None,
        "history": [],
        "status": "refused",
        "reason": _masked(why),
        "query": to_plain(query),
        "evidence": {},
    }


class AnswerLog:
    """The answer log of one project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chain = Chain(folder)
        self._kept: tuple[Catalog, str] | None = None  # the catalog of the last answer, and its hash
        self._guard = threading.Lock()

    @classmethod
    def of(cls, project: Project) -> AnswerLog:
        """Return the log of a project; nothing is written before the first answer."""
        return cls(project.state / FOLDER)

    def append(self, bodies: Sequence[Mapping[str, Any]]) -> list[Record]:
        """Keep records, all or none; what they prove may be shown once this returns.

        Raises:
            NotRecorded: it cannot be written.
        """
        return self.chain.append(bodies)

    def answer(self, answer_id: str) -> Record:
        """Return the record of an answer.

        Raises:
            UnknownAnswer: there is none with that id.
        """
        found = self.chain.find(answer_id) if answer_id.isalnum() and len(answer_id) <= 64 else None
        if found is None or found.kind != ANSWER:
            raise unknown_answer()
        return found

    def signatures(self, answer_id: str | None = None) -> list[Record]:
        """Return the signatures, of one answer or of all, oldest first."""
        if answer_id is None:
            return list(self.chain.read(kind=SIGNATURE))
        return [each for each in self.chain.about(answer_id) if each.kind == SIGNATURE]

    def verify_writable(self) -> None:
        """Check that a record could be written just now; nothing is.

        Raises:
            NotRecorded: it could not.
        """
        folder = next(each for each in (self.folder, *self.folder.parents) if each.exists())
        if not os.access(folder, os.W_OK) or shutil.disk_usage(folder).free < _LEAST_FREE:
            raise NotRecorded("the answer log cannot be written: its folder is read-only or the disk is full")

    def verify(self, *, known: str | None = None) -> Verdict:
        """Check the whole chain, and that it still holds a hash that was noted elsewhere."""
        return check_chain(self.folder, known=known)

    def keep_catalog(self, catalog: Catalog) -> str:
        """Keep the texts of a catalog by their hash, once; return the hash.

        Raises:
            NotRecorded: they cannot be written.
        """
        with self._guard:
            if self._kept is None or self._kept[0] is not catalog:
                text = dumps(catalog.texts, sort_keys=True)
                found = hashlib.sha256(text.encode()).hexdigest()
                file = self.folder / _CATALOGS / f"{found}.json"
                try:
                    if not file.exists():
                        _write_new(file, text)
                except OSError as error:
                    raise NotRecorded(
                        f"the answer log cannot keep the catalog ({error.strerror}), so no number is given\n"
                        "  make room or give the folder its rights back, then ask again"
                    ) from None
                self._kept = (catalog, f"sha256:{found}")
            return self._kept[1]

    def load_catalog_texts(self, found: str) -> dict[str, str]:
        """Return the texts of a catalog by their hash.

        Raises:
            UserError: they are gone, or are not what they were.
        """
        digest = found.removeprefix("sha256:")
        try:
            text = (self.folder / _CATALOGS / f"{digest}.json").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            text = ""
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            raise UserError(
                Issue(
                    code="DT352",
                    message="the definitions that this answer was computed by are gone or were edited",
                    hint=f"bring {FOLDER}/{_CATALOGS} back from a copy",
                )
            )
        texts: dict[str, str] = loads(text)
        return texts

    def close(self) -> None:
        """Let go of the file."""
        self.chain.close()


def _head(answer_id: str, channel: Channel, viewer: Viewer, today: dt.date, catalog: str) -> dict[str, Any]:
    return {
        "id": answer_id,
        "kind": ANSWER,
        "at": now(),
        "channel": channel,
        "role": viewer.role,
        "user": viewer.user,
        "policy": viewer.policy,
        "today": today.isoformat(),
        "catalog": catalog,
    }


def _masked(text: str) -> str:
    return mask_personal(text[: 2 * _MAX_TEXT]).encode("utf-8", "replace").decode("utf-8")[:_MAX_TEXT]


def _proof(evidence: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("release", "tables", "metrics", "quality", "fresh_as_of", "result", "second_reader")
    return {name: to_plain(evidence[name]) for name in kept if name in evidence}


def _write_new(file: Path, text: str) -> None:
    for folder in (file.parent.parent, file.parent):  # made one by one: a mode is that of the last alone
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(file, text.encode())
