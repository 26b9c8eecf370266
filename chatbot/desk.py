"""The one door for questions that are shown to somebody: asks the agent, and shows nothing that the log has not taken.

Chat, command line, REST and MCP come here; the evaluation asks the agent, whose answers nobody is shown.
Layer: chatbot. Imports the agent, the answer log and the semantic layer's door.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chatbot.answer import Answer, Reason
from chatbot.chip_choices import Chooser
from chatbot.chips import WORDS, Edit, edited
from chatbot.history import MOST_PINNED, Entry, History
from chatbot.limits import Limits, TooMany, Turns
from chatbot.log import AnswerLog, Channel, answer_body, new_id, refused_body, result_body, unknown_answer
from chatbot.planner.say import say_question
from chatbot.replay import Replay, Replayer, asked_of, query_of
from chatbot.second import PlannerName
from chatbot.session import Earlier, words_of
from chatbot.signin.reception import asker_of
from chatbot.signing import Signature, read_certificate, sign
from datatrust.core.chain import Record
from datatrust.core.errors import AccessDenied, DataTrustError, NotRecorded, Stopped, UserError
from datatrust.core.issues import Issue
from datatrust.core.settings import Project
from datatrust.core.stopping import Stop, stoppable
from semantic.access import load_policy
from semantic.model import Catalog
from semantic.query import EVERYONE, MetricQuery, Viewer
from semantic.result import QueryResult

if TYPE_CHECKING:
    from chatbot.figures import Figures

LOG = logging.getLogger("datatrust.chat")
GROUP_SECONDS = 0.25  # answers of a batch wait so long for others, to be written together
GROUP_MOST = 200


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question of a batch."""

    text: str
    viewer: Viewer = EVERYONE
    today: dt.date | None = None
    history: tuple[Earlier, ...] = ()


class Desk:
    """Takes questions and gives answers that are in the log. Safe for many threads."""

    def __init__(
        self,
        agent: Any,
        project: Project,
        log: AnswerLog | None = None,
        *,
        viewer: Callable[[], Viewer] = lambda: EVERYONE,
        limits: Limits | None = None,
        figures: Figures | None = None,
    ) -> None:
        self.agent = agent  # may be replaced at any moment: what answers takes it once
        self.project = project
        self.viewer = viewer  # who asks where nobody signs in, said anew for each question
        self.log = log or AnswerLog.of(project)
        self.replayer = Replayer(project, self.log)
        self.history = History.of(project)
        self.figures = figures  # of the server; the command line has none
        self.turns = Turns(limits, figures)

    @classmethod
    def open(cls, project: Project, *, planner: PlannerName | None = None) -> Desk:
        """Open a project on its current release.

        Raises:
            UserError: no release, a catalog with faults, or no language model where one was asked for.
        """
        from chatbot.agent import Agent

        return cls(Agent.open(project, planner=planner), project)

    def ask(
        self,
        question: str,
        *,
        channel: Channel,
        viewer: Viewer = EVERYONE,
        today: dt.date | None = None,
        history: Sequence[Earlier] = (),
        told: Callable[[str], None] = lambda _: None,
        stop: Stop | None = None,
    ) -> Answer:
        """Return the answer to a question, once the log has it; where it was stopped, a refusal that says so.

        Raises:
            NotRecorded: the log cannot be written; there is no answer then.
        """
        asked = Question(text=question, viewer=viewer, today=today, history=tuple(history))
        with self.turns.turn(channel, viewer.user) as turn:
            answer, body = self._asked(asked, channel, told, stop)
            self.log.append([body])
            turn.status = _outcome(answer)
        self._remember(body)
        return answer

    def again(self, answer_id: str, *, channel: Channel, viewer: Viewer) -> Answer:
        """Answer anew what an earlier answer was to: on the current release, under the rights of `viewer` as they are.

        It is an answer of its own, with its own record; no number of the earlier one is kept anywhere to be shown.

        Raises:
            UnknownAnswer: there is none, or none that this viewer may open.
            UserError: it gave no number.
            NotRecorded: the log cannot be written.
        """
        agent = self.agent
        record, query, _ = self.opened(answer_id, viewer=viewer)
        is_own = viewer.user is None or record.body["user"] == viewer.user
        said = record.body["question"] if is_own else None  # the words of another person stay theirs
        shown = [name for name in query.metrics if name in record.body["shown"]]
        with self.turns.turn(channel, viewer.user) as turn:
            catalog = self.log.keep_catalog(agent.layer.catalog)
            answer: Answer = agent.again(
                query, question=said or "", shown=shown, viewer=viewer,
                notes=(f"asked on {record.at[:10]}, computed again just now on the current release",),
            )  # fmt: skip
            answer = replace(answer, id=new_id())
            body = answer_body(
                answer, channel=channel, viewer=viewer, today=agent.layer.today, catalog=catalog
            )
            self.log.append([{**body, "repeats": record.id}])
            turn.status = answer.status
        return answer

    def edit(
        self,
        answer_id: str,
        edit: Edit,
        *,
        channel: Channel,
        viewer: Viewer,
        history: Sequence[Earlier] = (),
        told: Callable[[str], None] = lambda _: None,
        stop: Stop | None = None,
    ) -> Answer:
        """Answer what an earlier answer was to, with one part of its query changed: an answer of its own.

        Raises:
            UnknownAnswer: there is none, or none that this viewer may open.
            AccessDenied: the viewer may not see it as things stand.
            UserError: it gave no number, or what it would become cannot be asked.
            NotRecorded: the log cannot be written.
        """
        agent = self.agent
        record, query, issues = self.opened(answer_id, viewer=viewer)
        if issues:
            raise not_theirs_now()
        with self.turns.turn(channel, viewer.user) as turn:
            kept = self.log.keep_catalog(agent.layer.catalog)
            chooser = Chooser(agent.layer, viewer)
            changed = edited(asked_of(record), edit)
            if issues := tuple(chooser.layer.check(changed, viewer=viewer)):
                raise UserError.all(list(issues))
            told("Looking it up in the release …")
            hidden = set(query.metrics) - set(record.body["shown"])
            said = say_question(changed, chooser.catalog)
            answer = _unless_stopped(
                stop, said,
                lambda: agent.again(
                    changed, question=said, viewer=viewer,
                    shown=[name for name in changed.metrics if name not in hidden],
                    notes=(f"changed: {WORDS[edit.part]}; kept: all else",),
                ),
            )  # fmt: skip
            answer = replace(answer, id=new_id())
            body = answer_body(
                answer, channel=channel, viewer=viewer, today=agent.layer.today, catalog=kept,
                history=words_of(history),
            )  # fmt: skip
            self.log.append([{**body, "edits": record.id}])
            turn.status = _outcome(answer)
        self._remember(body)
        return answer

    def chooser(self, viewer: Viewer) -> Chooser:
        """Return what knows the choices that `viewer` has for the parts of a query.

        Raises:
            AccessDenied: the project has an access policy and `viewer` was made without it.
        """
        return Chooser(self.agent.layer, viewer)

    def opened(self, answer_id: str, *, viewer: Viewer) -> tuple[Record, MetricQuery, tuple[Issue, ...]]:
        """Return an answer that `viewer` may open, its query, and why they may not see it as things stand.

        An answer can be opened by who asked it, and by others once it was shared.

        Raises:
            UnknownAnswer: there is none, or none that this viewer may open.
            UserError: it gave no number.
            AccessDenied: the project has an access policy and `viewer` was made without it.
        """
        record = self.log.answer(answer_id)
        is_own = viewer.user is None or record.body["user"] == viewer.user
        if not is_own and not self.history.is_shared(answer_id):
            raise unknown_answer()
        query = query_of(record)
        return record, query, tuple(self.agent.seen_by(viewer).layer.check(query, viewer=viewer))

    def share(self, answer_id: str, *, viewer: Viewer) -> str:
        """Let others open an answer by its link, each under their own rights; return the link's path.

        Raises:
            UserError: no such answer of the viewer's, or one without a number.
        """
        record = self.find(answer_id, viewer=viewer)
        query_of(record)
        self.history.share(record.id, person=viewer.user or "")
        return f"/a/{record.id}"

    def unshare(self, answer_id: str, *, viewer: Viewer) -> None:
        """Let nobody else open an answer of the viewer's by its link any more.

        Raises:
            UnknownAnswer: no such answer of theirs.
        """
        self.history.unshare(self.find(answer_id, viewer=viewer).id)

    def pin(self, answer_id: str, *, viewer: Viewer) -> None:
        """Put an answer on the viewer's dashboard: what it asks, and no number of it.

        Raises:
            UserError: none that they may open, one without a number, or the dashboard is full.
        """
        record, _, _ = self.opened(answer_id, viewer=viewer)
        now = dt.datetime.now(tz=dt.UTC).isoformat()
        if not self.history.pin(record.id, person=viewer.user or "", at=now):
            message = f"the dashboard holds {MOST_PINNED} answers: take one off first"
            raise UserError(Issue(code="DT357", message=message))

    def unpin(self, answer_id: str, *, viewer: Viewer) -> None:
        """Take an answer off the viewer's dashboard."""
        self.history.unpin(answer_id, person=viewer.user or "")

    def pinned(self, viewer: Viewer) -> list[str]:
        """Return the ids of the answers on the viewer's dashboard, in their order."""
        return self.history.pinned(viewer.user or "")

    def ask_all(self, questions: Iterable[Question], *, channel: Channel = "batch") -> Iterator[Answer]:
        """Yield the answers in order; several are written together, and none is yielded before it is.

        Raises:
            NotRecorded: the log cannot be written; what came before was yielded.
        """
        waiting: list[tuple[Answer, dict[str, Any]]] = []
        since = time.monotonic()
        try:
            for question in questions:
                waiting.append(self._asked(question, channel, lambda _: None))
                if len(waiting) >= GROUP_MOST or time.monotonic() - since >= GROUP_SECONDS:
                    yield from self._recorded(waiting)
                    waiting, since = [], time.monotonic()
        except DataTrustError:
            yield from self._recorded(waiting)
            raise
        yield from self._recorded(waiting)

    def viewer_of(self, scope: Mapping[str, Any]) -> Viewer:
        """Return who asks by a request: who signed in, else whoever reaches a server without sign-in.

        Raises:
            AccessDenied: the access policy does not know them.
        """
        asker = asker_of(scope)
        return self.viewer() if asker is None else asker.viewer()

    def catalog_of(self, viewer: Viewer) -> Catalog:
        """Return the definitions that `viewer` may see.

        Raises:
            AccessDenied: the project has an access policy and `viewer` was made without it.
        """
        agent = self.agent if viewer.access is None else self.agent.seen_by(viewer)
        catalog: Catalog = agent.layer.catalog
        return catalog

    def query(self, query: MetricQuery, *, channel: Channel, viewer: Viewer) -> tuple[str, QueryResult]:
        """Run a metric query; return its id in the log, and its result.

        Raises:
            UserError: what is wrong with it, all at once; the refusal is in the log.
            NotRecorded: the log cannot be written.
        """
        layer = self.agent.layer
        answer_id = new_id()
        catalog = self.log.keep_catalog(layer.catalog)
        common: dict[str, Any] = {
            "channel": channel, "viewer": viewer, "today": layer.today, "catalog": catalog,
        }  # fmt: skip
        with self.turns.turn(channel, viewer.user) as turn:
            try:
                result: QueryResult = layer.query(query, viewer=viewer)
            except UserError as error:
                why = "; ".join(issue.message for issue in error.issues)
                self.log.append([refused_body(answer_id, query=query, why=why, **common)])
                turn.status = "refused"
                raise
            self.log.append([result_body(answer_id, result, **common)])
            turn.status = "answered"
        return answer_id, result

    def query_json(self, query: MetricQuery, *, channel: Channel, viewer: Viewer) -> dict[str, Any]:
        """Run a metric query and return its document, as REST and MCP give it."""
        answer_id, result = self.query(query, channel=channel, viewer=viewer)
        return {"id": answer_id, **result.to_json()}

    def replay(self, answer_id: str, *, viewer: Viewer) -> Replay:
        """Run an answer of the log again with the rights of `viewer`.

        Raises:
            UserError: no such answer, or one without a number, or not for this viewer.
            FilesGone: its release is gone.
        """
        record = self.find(answer_id, viewer=viewer)
        with self.turns.turn("replay", viewer.user) as turn:
            found = self.replayer.replay(record, viewer=viewer)
            turn.status = "answered"
        return found

    def sign(self, answer_id: str, *, comment: str, viewer: Viewer, signer: str | None = None) -> Signature:
        """Sign an answer of the log.

        Raises:
            UserError: no such answer, one without a number, or no comment.
            OutcomeError: it does not replay equal; nothing was signed.
        """
        self.find(answer_id, viewer=viewer)
        return sign(
            self.project, self.log, self.replayer, answer_id, comment=comment, viewer=viewer, signer=signer
        )

    def certificate(self, answer_id: str, *, viewer: Viewer) -> bytes:
        """Return the newest certificate of an answer, for whoever has the rights that it was signed under.

        Raises:
            UserError: it is not signed.
            AccessDenied: other rights.
        """
        self.find(answer_id, viewer=viewer)
        return read_certificate(self.log, answer_id, viewer=viewer)

    def find(self, answer_id: str, *, viewer: Viewer = EVERYONE) -> Record:
        """Return the record of an answer; to who signed in, another one's answer is one that there is not.

        Raises:
            UnknownAnswer: there is none.
        """
        found = self.log.answer(answer_id)
        if viewer.user is not None and found.body["user"] != viewer.user:
            raise unknown_answer()
        return found

    def unready(self) -> list[str]:
        """Return what keeps answers from being given just now; nothing is good."""
        found = []
        try:
            self.log.verify_writable()
        except NotRecorded:
            found.append("the answer log cannot be written")
        if self.project.access_policy.exists():
            try:
                load_policy(self.project)
            except UserError:
                found.append("the access policy has a fault")
        return found

    def _remember(self, body: Mapping[str, Any]) -> None:
        """Note a question for the person who asked it; the answer stands whether or not this can be written."""
        if body["user"] is None:
            return
        try:
            entry = Entry(id=body["id"], at=body["at"], question=body["question"], status=body["status"])
            self.history.note(body["user"], entry)
        except (OSError, sqlite3.Error):
            LOG.exception("a question could not be noted in the history")

    def close(self) -> None:
        """Let go of files and memory."""
        self.history.close()
        self.replayer.close()
        self.log.close()
        self.agent.close()

    def _asked(
        self, question: Question, channel: Channel, told: Callable[[str], None], stop: Stop | None = None
    ) -> tuple[Answer, dict[str, Any]]:
        agent = self.agent
        catalog = self.log.keep_catalog(agent.layer.catalog)  # first: without a log nothing is computed
        text = question.text.encode("utf-8", "replace").decode("utf-8")  # half a character cannot be kept
        answer = _unless_stopped(
            stop, text,
            lambda: agent.ask(
                text, viewer=question.viewer, today=question.today, history=question.history, told=told
            ),
        )  # fmt: skip
        answer = replace(answer, id=new_id())
        body = answer_body(
            answer, channel=channel, viewer=question.viewer, today=question.today or agent.layer.today,
            catalog=catalog, history=words_of(question.history),
        )  # fmt: skip
        return answer, body

    def _recorded(self, waiting: Sequence[tuple[Answer, dict[str, Any]]]) -> Iterator[Answer]:
        self.log.append([body for _, body in waiting])
        for answer, _ in waiting:
            yield answer


def _unless_stopped(stop: Stop | None, question: str, work: Callable[[], Answer]) -> Answer:
    """Return what `work` answers; where it was stopped before it was done, a refusal that says so and nothing else."""
    answer: Answer | None = None
    try:
        with stoppable(stop), contextlib.suppress(Stopped):
            answer = work()
    finally:
        is_whole = stop is None or stop.finish()
    if answer is not None and is_whole:
        return answer
    return Answer(
        id="",
        status="refused",
        question=question[:2_000],
        reason="stopped",
        text="You stopped this question before it was answered. Nothing of it was kept but that it was asked.",
    )


def _outcome(answer: Answer) -> str:
    """What the server's figures count an answer as."""
    return "stopped" if answer.reason == "stopped" else answer.status


def not_theirs_now() -> AccessDenied:
    """Return the error for an answer that its reader may not see as things stand."""
    message = "your role does not allow this answer any more, or what it was defined by is gone"
    return AccessDenied(Issue(code="DT354", message=message))


def unrecorded(question: str) -> dict[str, Any]:
    """Return the refusal that is shown in place of an answer that the log could not take."""
    return Answer(
        id="",
        status="refused",
        question=question[:400],
        reason="not_recorded",
        text="The answer log cannot be written, so no number is given: an answer without its record proves nothing. "
        "Tell those who look after this server; nothing is lost, ask again later.",
    ).to_json()


def denied(question: str, error: UserError) -> dict[str, Any]:
    """Return the refusal that is shown to somebody whom the access policy gives nothing, or cannot while it has a fault."""
    known = isinstance(error, AccessDenied)
    message = error.issues[0].message
    return _refusal(
        question,
        f"{message[:1].upper()}{message[1:]}. Those who look after this server can give you a role."
        if known
        else "The access policy has a fault, so nobody is let in. Tell those who look after this server.",
    )


def misfit(question: str, error: UserError) -> dict[str, Any]:
    """Return the refusal of a change that leaves no question."""
    told = "; ".join(issue.message for issue in error.issues)
    return _refusal(question, f"This cannot be changed so: {told}.", reason="out_of_scope")


def outdated(question: str) -> dict[str, Any]:
    """Return what is shown in place of an answer that was given under other rights than the asker has now."""
    return _refusal(
        question,
        "Your rights have changed since this was answered. Ask it again to see what you may see now.",
    )


def slowed(question: str, error: TooMany) -> dict[str, Any]:
    """Return what is shown to somebody who asked too much at once."""
    told = str(error)
    return _refusal(question, f"{told[:1].upper()}{told[1:]}.", reason="out_of_scope")


def _refusal(question: str, text: str, *, reason: Reason = "not_allowed") -> dict[str, Any]:
    return Answer(id="", status="refused", question=question[:400], reason=reason, text=text).to_json()
