"""Sign an answer: prove it again, keep its release, write its certificate, and put the signature into the log.

Refuses an answer that does not replay equal under the signer's own rights. A signed figure that a later release moves is
found by `moved`, which runs it on the current release beside its own.
Layer: chatbot. Imports the answer log, replay and the certificate.
"""

from __future__ import annotations

import getpass
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from chatbot.certificate_pdf import compose, write_pdf
from chatbot.log import SIGNATURE, AnswerLog, new_id, now
from chatbot.personal import mask_personal
from chatbot.replay import Replay, Replayer, query_of
from datatrust.core.chain import Record
from datatrust.core.errors import AccessDenied, DataTrustError, NotRecorded, OutcomeError, UserError
from datatrust.core.files import write_whole
from datatrust.core.issues import Issue
from datatrust.core.kept import keep_release
from datatrust.core.settings import Project
from semantic.engine import SemanticLayer
from semantic.projection import told_catalog
from semantic.query import Scalar, Viewer
from semantic.result import QueryResult

MAX_COMMENT = 500
MAX_SIGNER = 100
MAX_MOVES = 20  # rows that are named of one figure
_CERTIFICATES = "certificates"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One signature: who, when, why, of which answer, and where its certificate stands."""

    id: str
    answer: str
    signer: str
    at: str
    comment: str
    release: str
    is_kept: bool
    file: Path

    def to_json(self) -> dict[str, Any]:
        """Return it as REST gives it."""
        return {
            "id": self.id, "answer": self.answer, "signer": self.signer, "at": self.at, "comment": self.comment,
            "release": self.release, "kept": self.is_kept,
        }  # fmt: skip

    def told(self) -> str:
        """Return it in a sentence."""
        kept = (
            f"release {self.release[:12]} is kept"
            if self.is_kept
            else "its file is another tool's and is not kept"
        )
        return f"Signed by {self.signer}; {kept}."


@dataclass(frozen=True, kw_only=True)
class Move:
    """One value of a signed answer that is another on the current release. A row that is gone or new has None."""

    column: str
    row: tuple[Scalar, ...]  # its dimensions; () for the whole
    then: Scalar
    now: Scalar

    @property
    def by(self) -> Decimal | int | None:
        """By how much it moved; None where one of the two is no number."""
        if isinstance(self.then, bool) or isinstance(self.now, bool):
            return None
        if isinstance(self.then, int | Decimal) and isinstance(self.now, int | Decimal):
            return self.now - self.then
        return None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a signed answer stands on the current release. `fault` says why that is not known."""

    signature: Record
    question: str
    release: str
    moves: tuple[Move, ...] = ()
    more: int = 0  # moves beyond those that are named
    causes: tuple[str, ...] = ()  # tables and definitions that are others now
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as `datatrust audit signed --json` prints it."""
        body = self.signature.body
        return {
            "answer": body["about"], "signer": body["signer"], "at": body["at"], "question": self.question,
            "signed_on": body["release"], "release": self.release,
            "moved": [{"column": m.column, "row": m.row, "then": m.then, "now": m.now, "by": m.by} for m in self.moves],
            "more": self.more, "causes": self.causes, "fault": self.fault,
        }  # fmt: skip


def sign(
    project: Project, log: AnswerLog, replayer: Replayer, answer_id: str, *, comment: str, viewer: Viewer,
    signer: str | None = None,
) -> Signature:  # fmt: skip
    """Sign an answer.

    Args:
        signer: who signs; the user of this machine where None. A viewer that signed in signs as themself.

    Raises:
        UserError: no such answer, one without a number, or a comment that is empty or too long.
        OutcomeError: it does not replay equal under the rights of `viewer`; nothing was signed.
        FilesGone: its release is gone.
        NotRecorded: the log or the certificate cannot be written; nothing was signed.
    """
    comment, name = (
        _checked(comment, MAX_COMMENT, "comment"),
        _checked(viewer.user or signer or os_user(), MAX_SIGNER, "signer"),
    )
    record = log.answer(answer_id)
    replay = replayer.replay(record, viewer=viewer)
    if replay.changed:
        raise OutcomeError(f"not signed: {replay.told()}")
    layer = replayer.layer_of(record)
    if layer.release is not None:
        keep_release(project.warehouse, layer.release.id, reason=f"answer {record.id} signed by {name}")
    body: dict[str, Any] = {
        "id": new_id(), "kind": SIGNATURE, "about": record.id, "at": now(), "signer": name,
        "comment": mask_personal(comment), "role": viewer.role, "user": viewer.user, "policy": viewer.policy,
        "release": layer.release_id, "kept": layer.release is not None, "result": replay.result.evidence.result,
        "answer": record.hash,
    }  # fmt: skip
    certificate = compose(
        title=project.title, answer=record.body, answer_hash=record.hash, signature=body, result=replay.result,
        catalog=told_catalog(layer.seen_by(viewer).catalog), release=layer.release,
    )  # fmt: skip
    content = write_pdf(certificate)
    file = _keep_file(certificate_file(log, body["id"]), content)
    try:
        log.append([{**body, "certificate": "sha256:" + hashlib.sha256(content).hexdigest()}])
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return Signature(
        id=body["id"], answer=record.id, signer=name, at=body["at"], comment=body["comment"],
        release=body["release"], is_kept=body["kept"], file=file,
    )  # fmt: skip


def certificate_file(log: AnswerLog, signature_id: str) -> Path:
    """Return where the certificate of a signature stands."""
    return log.folder / _CERTIFICATES / f"{signature_id}.pdf"


def read_certificate(log: AnswerLog, answer_id: str, *, viewer: Viewer) -> bytes:
    """Return the newest certificate of an answer, for whoever has the rights that it was signed under.

    Raises:
        UserError: the answer is not signed, or its certificate is gone or was edited.
        AccessDenied: other rights.
    """
    signatures = log.signatures(log.answer(answer_id).id)
    if not signatures:
        raise UserError(
            Issue(code="DT353", message="this answer is not signed", hint="datatrust sign ANSWER_ID")
        )
    last = signatures[-1].body
    if (last["role"], last["policy"]) != (viewer.role, viewer.policy):
        raise AccessDenied(
            Issue(code="DT354", message="this certificate was signed under other rights than yours")
        )
    try:
        content = certificate_file(log, last["id"]).read_bytes()
    except OSError:
        content = b""
    if "sha256:" + hashlib.sha256(content).hexdigest() != last["certificate"]:
        raise UserError(
            Issue(
                code="DT355", message="the certificate is gone or was edited; the signature in the log stands"
            )
        )
    return content


def signed_standing(
    project: Project, log: AnswerLog, viewer_of: Callable[[str | None, str | None], Viewer]
) -> Iterator[Standing]:
    """Yield how each signed answer stands on the current release, the oldest signature first.

    Args:
        viewer_of: the rights of a role, and of a user.
    """
    signatures = log.signatures()
    if not signatures:
        return
    layer = SemanticLayer.open(project)
    replayer = Replayer(project, log)
    try:
        for signature in signatures:
            yield _standing(log, replayer, layer, signature, viewer_of)
    finally:
        replayer.close()
        layer.close()


def os_user() -> str:
    """Return who runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _standing(
    log: AnswerLog, replayer: Replayer, layer: SemanticLayer, signature: Record,
    viewer_of: Callable[[str | None, str | None], Viewer],
) -> Standing:  # fmt: skip
    record = log.answer(str(signature.about))
    question = str(record.body["question"] or record.body["interpretation"] or "")
    try:
        viewer = viewer_of(signature.body["role"], signature.body["user"])
        replay: Replay = replayer.replay(record, viewer=viewer)
        current = layer.query(query_of(record), viewer=viewer)
    except DataTrustError as error:
        told = str(error).splitlines()[0]
        return Standing(signature=signature, question=question, release=layer.release_id, fault=told)
    fault = None if replay.equal else replay.told()
    shown = frozenset(record.body["shown"])
    moves = tuple(_moves(replay.result, current, shown))
    return Standing(
        signature=signature, question=question, release=layer.release_id, moves=moves[:MAX_MOVES],
        more=max(0, len(moves) - MAX_MOVES), causes=tuple(_causes(replay.result, current)) if moves else (),
        fault=fault,
    )  # fmt: skip


def _moves(then: QueryResult, now_: QueryResult, shown: frozenset[str]) -> Iterator[Move]:
    keys = [i for i, column in enumerate(then.columns) if column.kind == "dimension"]
    values = [i for i, c in enumerate(then.columns) if c.kind != "dimension" and c.name in shown]
    places = {column.name: i for i, column in enumerate(now_.columns)}
    if then.totals is not None and now_.totals is not None:
        for i in values:
            at = places.get(then.columns[i].name)
            new = None if at is None else now_.totals[at]
            if new != then.totals[i]:
                yield Move(column=then.columns[i].name, row=(), then=then.totals[i], now=new)
    new_keys = [places[then.columns[i].name] for i in keys if then.columns[i].name in places]
    left = {tuple(row[i] for i in new_keys): row for row in now_.rows}
    for row in then.rows:
        key = tuple(row[i] for i in keys)
        found = left.pop(key, None)
        for i in values:
            at = places.get(then.columns[i].name)
            value = None if found is None or at is None else found[at]
            if value != row[i]:
                yield Move(column=then.columns[i].name, row=key, then=row[i], now=value)
    for key, row in left.items():
        for i in values:
            at = places.get(then.columns[i].name)
            if at is not None and row[at] is not None:
                yield Move(column=then.columns[i].name, row=key, then=None, now=row[at])


def _causes(then: QueryResult, now_: QueryResult) -> Iterator[str]:
    for name, version in then.evidence.tables.items():
        new = now_.evidence.tables.get(name)
        if new != version:
            yield f"{name} was at version {str(version)[:20]}, is at {str(new)[:20]}"
    for name, known in then.evidence.metrics.items():
        if now_.evidence.metrics.get(name, {}).get("definition") != known["definition"]:
            yield f"the definition of {name} is another"


def _checked(text: str, most: int, what: str) -> str:
    clean = " ".join(text.split())
    if not clean or len(clean) > most:
        told = "is empty" if not clean else f"has more than {most} characters"
        raise UserError(
            Issue(code="DT356", message=f"the {what} {told}", hint="say in a sentence what is signed and why")
        )
    return clean


def _keep_file(file: Path, content: bytes) -> Path:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(file, content)
    except OSError as error:
        raise NotRecorded(f"not signed: the certificate cannot be written ({error.strerror})") from None
    return file
