"""Build the chat page: header, earlier questions, the answer card, the question box; and what each of them does.

Refuses nothing itself: a fault while answering is logged with a reference and shown in plain words with it.
Layer: chatbot. Imports Gradio; asks the agent, renders with templates, draws with the charts folder.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gradio as gr

from chatbot.answer import Answer
from chatbot.chips import Edit, parse_edit, parse_key
from chatbot.desk import Desk, denied, misfit, outdated, slowed, unrecorded
from chatbot.export import Export, ExportStore, file_name, provenance_of
from chatbot.feedback import Verdict, keep_feedback
from chatbot.history import MAX_WORDS
from chatbot.limits import TooMany
from chatbot.session import words_of
from chatbot.signin.reception import asker_of
from chatbot.ui.asking import ON_CLICK, act_of, locale_of, scope_of
from chatbot.ui.chips import ChipBar, chip_bar
from chatbot.ui.context import PageContext
from chatbot.ui.guard import owner_of
from chatbot.ui.health_tab import HealthTab
from chatbot.ui.pinboard import Pinboard
from chatbot.ui.render import (
    render,
    render_detail,
    render_failure,
    render_history,
    render_lead,
    render_waiting,
    render_welcome,
)
from chatbot.ui.running import Running
from chatbot.ui.session import Conversation, Turn
from chatbot.ui.shelf import CatalogTab
from chatbot.ui.steps import Told, told_meanwhile
from chatbot.ui.view import AnswerView, picture_of
from datatrust.core.errors import AccessDenied, DataTrustError, NotRecorded, UserError
from datatrust.core.stopping import Stop
from semantic.access import starters_of
from semantic.query import Viewer

LOG = logging.getLogger("datatrust.chat")
CONCURRENT_ANSWERS = 16
HOURS_KEPT = 12
KEPT_STARTERS = 32
SHOWN_EARLIER = 30  # questions of other days
MAX_KEY = 250  # characters of the name of an open chip


class Page:
    """The handlers of one page; holds what every tab shares, never what one tab asked."""

    def __init__(self, desk: Desk, exports: ExportStore) -> None:
        self.desk = desk
        self.exports = exports
        self.pinboard, self.catalog, self.health = Pinboard(desk), CatalogTab(desk), HealthTab(desk)
        self.running = Running()
        self._starters: dict[tuple[str, ...], tuple[str, ...]] = {}  # by release, catalog, policy and words
        with contextlib.suppress(UserError):
            self.starters(desk.viewer())  # where nobody signs in it is known already who will ask

    def starters(self, viewer: Viewer) -> tuple[str, ...]:
        """Return the questions of the empty page, which this asker may ask."""
        agent = self.desk.agent
        declared = starters_of(self.desk.project, viewer)
        key = (str(agent.layer.release_id), agent.layer.catalog.hash, viewer.policy, *declared)
        if key not in self._starters:
            kept = list(self._starters.items())[1 - KEPT_STARTERS :]
            self._starters = dict([*kept, (key, tuple(agent.starters(viewer)))])
        return self._starters[key]

    def build(self) -> gr.Blocks:
        """Return the page, its events wired and its queue wide enough for a team."""
        with gr.Blocks(
            title=f"{self.desk.project.title} · DataTrust 360", analytics_enabled=False, fill_width=True
        ) as blocks:
            state = gr.State(Conversation(), time_to_live=HOURS_KEPT * 3600)
            header = gr.HTML(elem_id="dt-header", js_on_load=None, apply_default_css=False)
            with gr.Tabs(selected="chat", elem_id="dt-tabs") as tabs:
                with gr.Tab("Ask", id="chat"), gr.Row(elem_id="dt-body"):
                    with gr.Column(elem_id="dt-side", scale=0, min_width=0):
                        history = gr.HTML(elem_id="dt-history", js_on_load=ON_CLICK, apply_default_css=False)
                    with gr.Column(elem_id="dt-main", min_width=0):
                        with gr.Column(elem_id="dt-answer", min_width=0):
                            lead = gr.HTML(elem_id="dt-lead", js_on_load=ON_CLICK, apply_default_css=False)
                            chart = gr.Plot(
                                elem_id="dt-chart", visible=False, show_label=False, container=False,
                                label="Chart of the answer",
                            )  # fmt: skip
                            detail = gr.HTML(
                                elem_id="dt-detail", js_on_load=ON_CLICK, apply_default_css=False
                            )
                        with gr.Row(elem_id="dt-composer"):
                            question = gr.Textbox(
                                elem_id="dt-question", label="Your question", show_label=False, container=False,
                                placeholder="Ask a question about the figures", lines=1, max_lines=5,
                                autofocus=True, scale=1,
                            )  # fmt: skip
                            send = gr.Button(
                                "Ask", variant="primary", elem_id="dt-send", scale=0, min_width=88
                            )
                with gr.Tab("Dashboard", id="dashboard") as dashboard_tab:
                    self.pinboard.build()
                with gr.Tab("Catalog", id="catalog") as catalog_tab:
                    self.catalog.build()
                with gr.Tab("Data health", id="health") as health_tab:
                    self.health.build()
            status = gr.HTML(elem_id="dt-status", js_on_load=None, apply_default_css=False)

            shown = [state, history, lead, chart, detail, status]
            quiet: dict[str, Any] = {
                "show_progress": "hidden", "api_visibility": "private", "concurrency_limit": CONCURRENT_ANSWERS,
            }  # fmt: skip
            blocks.load(self.open_page, state, [header, *shown], **quiet)
            gr.on(
                [question.submit, send.click], self.ask_typed, [question, state], [question, *shown],
                trigger_mode="once", **quiet,
            )  # fmt: skip
            for part in (history, lead, detail):
                part.act(self.act, state, shown, trigger_mode="once", **quiet)
            lead.halt(self.halt, None, status, **quiet)
            pins, shelf, health = self.pinboard, self.catalog, self.health
            dashboard_tab.select(pins.open, None, pins.outputs, **quiet)
            for part in pins.tiles.heads:
                part.act(pins.act, None, pins.outputs, **quiet)
            catalog_tab.select(shelf.open, None, [shelf.shelf, shelf.entry], **quiet)
            shelf.shelf.act(shelf.show, None, shelf.entry, **quiet)
            shelf.entry.act(_take_question, None, [tabs, question], **quiet)
            health_tab.select(health.open, None, health.outputs, **quiet)
        blocks.queue(default_concurrency_limit=CONCURRENT_ANSWERS, max_size=1_000, api_open=False)
        return blocks

    def open_page(self, conversation: Conversation, request: gr.Request) -> tuple[Any, ...]:
        """Fill a fresh tab; a link to an answer opens it."""
        conversation = self._own(conversation, request)
        try:
            facts = self._context(request).facts(locale=locale_of(request))
        except UserError:  # told below, by the page itself
            facts = ()
        wanted = str(request.query_params.get("answer") or "") if hasattr(request, "query_params") else ""
        if wanted and not conversation.turns:
            self._open(wanted, conversation, request)
        asker = asker_of(scope_of(request))
        header = render(
            "header.html", title=self.desk.project.title, facts=facts, person=asker.name if asker else "",
            leave=asker.leave_token if asker and asker.session else "",
        )  # fmt: skip
        return (header, *self._show(conversation, request))

    def ask_typed(
        self, question: str, conversation: Conversation, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Answer what stands in the question box, and empty it."""
        conversation = self._own(conversation, request)
        for update in self._ask(question or "", conversation, request):
            yield ("", *update)

    def act(
        self, conversation: Conversation, request: gr.Request, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """Do what a button in our HTML says: ask a question, show an earlier answer, start afresh, forget all, call one wrong."""
        name, value = act_of(event)
        conversation = self._own(conversation, request)
        if name == "ask":
            yield from self._ask(value, conversation, request)
            return
        if name in ("edit", "drop"):
            yield from self._edit(name, value, conversation, request)
            return
        conversation.opened = value[:MAX_KEY] if name == "chip" else ""
        if name == "show" and value.isdigit():
            conversation.show(int(value))
        elif name == "home":
            conversation.show(None)
        elif name == "undo":
            conversation.undo()
        elif name == "clear":
            conversation.clear()
        elif name in ("right", "wrong"):
            self._note_verdict("right" if name == "right" else "wrong", value, conversation, request)
        elif name == "replay":
            self._replay(conversation, request)
        elif name == "sign":
            self._sign(conversation, value, request)
        elif name == "link":
            self._link(conversation, request)
        elif name == "unlink":
            self._unlink(conversation, request)
        elif name in ("pin", "unpin"):
            self._pin(conversation, request, on=name == "pin")
        elif name == "open":
            self._open(value, conversation, request)
        elif name == "search":
            conversation.sought = value[:MAX_WORDS]
        elif name == "forget":
            self._forget(request)
        yield self._show(conversation, request)

    def halt(self, request: gr.Request, event: gr.EventData) -> str:
        """Stop a question that is being answered; the handler that answers it shows what came of that."""
        word, asker = act_of(event)[1], asker_of(scope_of(request))
        stopped = self.running.stop(word, asker.name if asker else None)
        return "Stopping …" if stopped else "It is answered already."

    def _viewer(self, request: gr.Request) -> Viewer:
        return self.desk.viewer_of(scope_of(request))

    def _context(self, request: gr.Request) -> PageContext:
        viewer = self._viewer(request)
        return PageContext(self.desk.agent, self.desk.project, lambda: viewer)

    def _own(self, conversation: Conversation, request: gr.Request) -> Conversation:
        """Return the conversation where it is the asker's; a new one where it is another person's."""
        asker = asker_of(scope_of(request))
        return conversation.of(asker.name if asker else None)

    def _ask(
        self, question: str, conversation: Conversation, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Answer a question that was typed, or that stands on a button."""
        history = conversation.questions()

        def work(told: Told, stop: Stop) -> Answer:
            return self.desk.ask(
                question, channel="chat", viewer=self._viewer(request), history=history, told=told, stop=stop
            )

        yield from self._answer(question, work, conversation, request)

    def _edit(
        self, name: str, value: str, conversation: Conversation, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Answer the question that is shown with one part of it changed or left out."""
        turn = conversation.show(conversation.shown)
        if turn is None or turn.document is None:
            yield self._show(conversation, request)
            return
        answer_id, history = str(turn.document["id"]), conversation.before((conversation.shown or 0) + 1)

        def work(told: Told, stop: Stop) -> Answer:
            chip = parse_key(value) if name == "drop" else None
            edit = Edit(part=chip.part, place=chip.place) if chip is not None else parse_edit(value)
            return self.desk.edit(
                answer_id, edit, channel="chat", viewer=self._viewer(request), history=history, told=told,
                stop=stop,
            )  # fmt: skip

        yield from self._answer(turn.question, work, conversation, request, is_made=True)

    def _answer(
        self,
        question: str,
        work: Callable[[Told, Stop], Answer],
        conversation: Conversation,
        request: gr.Request,
        *,
        is_made: bool = False,
    ) -> Iterator[tuple[Any, ...]]:
        """Show what is being done, then the turn that came of it.

        Args:
            is_made: the question is not typed but made: its words are those of the answer.
        """

        asker, word = asker_of(scope_of(request)), ""

        def waiting(step: str) -> tuple[Any, ...]:
            lead, no_chart = render_waiting(question, step, word=word), gr.update(visible=False, value=None)
            return (conversation, gr.skip(), lead, no_chart, "", step)

        try:
            with self.running.begin(asker.name if asker else None) as (word, stop):
                yield waiting("Reading the question …")
                answer = yield from told_meanwhile(lambda told: work(told, stop), waiting)
            turn = self._turn(answer, request, is_made=is_made, asked=question)
        except NotRecorded as error:
            LOG.error("%s", error)
            turn = Turn(question=question, document=unrecorded(question))
        except TooMany as error:
            turn = Turn(question=question, document=slowed(question, error))
        except UserError as error:  # the access policy gives them nothing any more
            told = misfit if is_made and not isinstance(error, AccessDenied) else denied
            turn = Turn(question=question, document=told(question, error))
        except Exception:  # whatever it is, the asker gets words and we get the trace
            turn = _failed(question)
        conversation.add(turn)
        yield self._show(conversation, request)

    def _turn(self, answer: Answer, request: gr.Request, *, is_made: bool, asked: str = "") -> Turn:
        """Return the turn of an answer; one that was not typed has the words of the answer."""
        document: Mapping[str, Any] = answer.to_json()
        said = str(document["question"] or document["interpretation"]) if is_made else asked
        return Turn(
            question=said, document=document, export=self._keep(document, request), asked=answer.asked,
            is_made=is_made and answer.asked is not None,
        )  # fmt: skip

    def _note_verdict(
        self, verdict: Verdict, why: str, conversation: Conversation, request: gr.Request
    ) -> None:
        """Keep the answer that is shown as one that the asker calls right or wrong, once."""
        turn = conversation.show(conversation.shown)
        if turn is None or turn.document is None or turn.noted or conversation.shown is None:
            return
        try:
            keep_feedback(
                self.desk.project,
                turn.document,
                words_of(conversation.before(conversation.shown)),
                verdict=verdict,
                why=why,
                today=self._context(request).today,
            )
            called = "right" if verdict == "right" else "not right"
            conversation.note(f"Noted as {called}, for those who look after the figures. Thank you.")
        except OSError:
            LOG.exception("feedback could not be kept")
            conversation.note(
                "This could not be noted just now; please tell those who look after the figures."
            )

    def _replay(self, conversation: Conversation, request: gr.Request) -> None:
        """Run the answer that is shown again, and say beside its evidence what came of it."""
        turn = conversation.show(conversation.shown)
        if turn is None or turn.document is None:
            return
        try:
            told = self.desk.replay(str(turn.document["id"]), viewer=self._viewer(request)).told()
        except DataTrustError as error:
            told = str(error)
        conversation.prove(told)

    def _sign(self, conversation: Conversation, comment: str, request: gr.Request) -> None:
        """Sign the answer that is shown, and say beside its evidence what came of it."""
        turn = conversation.show(conversation.shown)
        if turn is None or turn.document is None:
            return
        try:
            signed = self.desk.sign(str(turn.document["id"]), comment=comment, viewer=self._viewer(request))
            conversation.prove(signed.told(), is_signed=True)
        except DataTrustError as error:
            conversation.prove(str(error))

    def _link(self, conversation: Conversation, request: gr.Request) -> None:
        """Let others open the answer that is shown, each under their own rights."""
        turn = conversation.show(conversation.shown)
        if turn is None or turn.document is None:
            return
        try:
            conversation.give_link(self.desk.share(str(turn.document["id"]), viewer=self._viewer(request)))
        except (DataTrustError, OSError, sqlite3.Error) as error:
            conversation.note(
                str(error) if isinstance(error, DataTrustError) else "The link could not be made just now."
            )

    def _unlink(self, conversation: Conversation, request: gr.Request) -> None:
        """Let nobody else open the answer that is shown any more."""
        turn = conversation.show(conversation.shown)
        if turn is None or turn.document is None:
            return
        try:
            self.desk.unshare(str(turn.document["id"]), viewer=self._viewer(request))
            conversation.give_link("")
        except (DataTrustError, OSError, sqlite3.Error):
            conversation.note("The link could not be taken back just now.")

    def _pin(self, conversation: Conversation, request: gr.Request, *, on: bool) -> None:
        """Put the answer that is shown on the asker's dashboard, or take it off."""
        turn = conversation.show(conversation.shown)
        if turn is None or turn.document is None:
            return
        change = self.desk.pin if on else self.desk.unpin
        try:
            change(str(turn.document["id"]), viewer=self._viewer(request))
            conversation.pin(on)
        except (DataTrustError, OSError, sqlite3.Error) as error:
            conversation.note(
                str(error) if isinstance(error, DataTrustError) else "This could not be pinned just now."
            )

    def _open(self, answer_id: str, conversation: Conversation, request: gr.Request) -> None:
        """Show an earlier answer, computed again under the rights of this moment."""
        try:
            answer = self.desk.again(answer_id, channel="chat", viewer=self._viewer(request))
            turn = self._turn(answer, request, is_made=True)
        except NotRecorded as error:
            LOG.error("%s", error)
            turn = Turn(question="", document=unrecorded(""))
        except UserError as error:
            turn = Turn(question="An earlier answer", document=denied("", error))
        except Exception:  # whatever it is, the asker gets words and we get the trace
            turn = _failed("An earlier answer")
        conversation.add(turn)

    def _forget(self, request: gr.Request) -> None:
        """Forget what the person asked before; the answer log keeps it."""
        asker = asker_of(scope_of(request))
        if asker is not None:
            with contextlib.suppress(OSError, sqlite3.Error):
                self.desk.history.clear(asker.name)

    def _side(self, conversation: Conversation, request: gr.Request) -> str:
        """The questions of this tab, and those that the person asked before."""
        asker = asker_of(scope_of(request))
        if asker is None:
            return render_history(conversation)
        mine = {str(turn.document["id"]) for turn in conversation.turns if turn.document is not None}
        try:
            found = self.desk.history.find(asker.name, conversation.sought, limit=SHOWN_EARLIER + len(mine))
        except (OSError, sqlite3.Error):
            LOG.exception("the history cannot be read")
            found = []
        earlier = [each for each in found if each.id not in mine][:SHOWN_EARLIER]
        return render_history(conversation, earlier=earlier, has_earlier=True)

    def _keep(self, document: Mapping[str, Any], request: gr.Request) -> str | None:
        """Make the answer's rows fetchable by the session that asked; None where there is nothing to fetch."""
        owner = owner_of(scope_of(request), request.cookies)
        if not owner or not document.get("rows"):
            return None
        title = str(document.get("interpretation") or document.get("question") or "")
        return self.exports.add(
            Export(
                owner=owner,
                name=file_name(title, self._context(request).today),
                columns=tuple(document["columns"]),
                rows=tuple(tuple(row) for row in document["rows"]),
                totals=tuple(document["totals"]) if document.get("totals") is not None else None,
                about=provenance_of(document),
            )
        )

    def _show(self, conversation: Conversation, request: gr.Request) -> tuple[Any, ...]:
        """Return the updates that show the conversation as it stands."""
        conversation = self._own(conversation, request)
        turn = conversation.show(conversation.shown)
        side, no_chart = self._side(conversation, request), gr.update(visible=False, value=None)
        try:
            viewer = self._viewer(request)
            welcome = render_welcome(self._context(request), self.starters(viewer)) if turn is None else ""
        except UserError as error:
            LOG.warning("somebody who signed in may see nothing: %s", error)
            lead = render("denied.html", told=denied("", error)["text"])
            return conversation, side, lead, no_chart, "", ""
        if turn is None:
            return conversation, side, welcome, no_chart, "", ""
        if turn.document is not None and _is_of_other_rights(turn.document, viewer):
            turn = Turn(question=turn.question, document=outdated(turn.question))
        if turn.document is not None:
            try:
                lead, chart, detail, spoken = self._render(turn, conversation, request)
                return conversation, side, lead, chart, detail, spoken
            except Exception:  # a card that cannot be drawn must not take the page down
                turn = _failed(turn.question)
        spoken = f"Something went wrong. Reference {turn.reference}"
        return conversation, side, render_failure(turn), no_chart, "", spoken

    def _bar(self, turn: Turn, view: AnswerView, opened: str, request: gr.Request) -> ChipBar | None:
        """What can be done with the chips of an answer; nothing where its query cannot be asked any more."""
        if not view.chips or not view.id or turn.asked is None:
            return None
        try:
            chooser = self.desk.chooser(self._viewer(request))
            return chip_bar(chooser, turn.asked, view.chips, opened=opened)
        except (DataTrustError, LookupError):
            LOG.exception("the choices of an answer could not be found")
            return None

    def _render(
        self, turn: Turn, conversation: Conversation, request: gr.Request
    ) -> tuple[str, Any, str, str]:
        assert turn.document is not None  # the caller looked
        context, locale = self._context(request), locale_of(request)
        view, figure = picture_of(turn.document, context, locale=locale)
        return (
            render_lead(
                view, self._bar(turn, view, conversation.opened, request), can_undo=conversation.can_undo
            ),
            gr.update(visible=figure is not None, value=figure),
            render_detail(
                view,
                export=turn.export,
                noted=turn.noted,
                proved=turn.proved,
                signed=turn.signed,
                link=turn.link,
                pinned=turn.pinned,
                made=turn.is_made,
            ),
            view.announcement,
        )


def _take_question(event: gr.EventData) -> tuple[Any, Any]:
    """Put a question of the catalog into the question box, for the asker to send."""
    name, value = act_of(event)
    return (gr.update(selected="chat"), value) if name == "try" else (gr.skip(), gr.skip())


def _is_of_other_rights(document: Mapping[str, Any], viewer: Viewer) -> bool:
    """Whether an answer was made under rights that its asker does not have any more."""
    policy = (document.get("evidence") or {}).get("policy")
    return viewer.user is not None and policy is not None and policy != viewer.policy


def _failed(question: str) -> Turn:
    """Log the fault being handled under a reference and return the turn that shows it."""
    reference = secrets.token_hex(4)
    LOG.exception("question failed, reference %s", reference)
    return Turn(question=question, document=None, reference=reference)
