"""Read a question with a language model: ground it, ask, check the reply, give errors back at most twice.

Gives a query that the semantic layer accepts, or that the model did not understand, or why it failed; never raises.
Touches no data: the query goes the way of every other.
Layer: chatbot.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from chatbot.llm.base import ChatModel, Completion
from chatbot.llm.budget import DayBudget, Meter
from chatbot.llm.settings import Limits, Prices
from chatbot.personal import has_personal
from chatbot.planner.lexicon import Lexicon
from chatbot.planner.llm.form import make_schema, read_reply
from chatbot.planner.llm.ground import Near, make_ground
from chatbot.planner.llm.prompt import write_prompt, write_repair
from datatrust.core.errors import ModelFailure, Stopped, UserError
from datatrust.core.issues import Issue
from semantic.model import Catalog
from semantic.query import MetricQuery

LOG = logging.getLogger("datatrust.llm")
REPAIRS = 2
_ASKING = "Asking the language model too …"
_CHECKING = "Checking what the language model read …"
_ASKING_AGAIN = "Its plan had faults: asking the language model again …"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the model made of a question: a query, or nothing (`query` None), or a failure with its words."""

    query: MetricQuery | None = None
    failure: str = ""  # ends "the language model …"


class LlmPlanner:
    """Asks one model, within its limits. Shared by all askers of a process."""

    def __init__(self, model: ChatModel, limits: Limits, prices: Prices | None = None) -> None:
        self.model, self.limits, self.prices = model, limits, prices
        self._day = DayBudget(limits.cost_a_day)

    def read(
        self,
        question: str,
        catalog: Catalog,
        lexicon: Lexicon,
        *,
        today: dt.date,
        near: Near,
        visible: Collection[tuple[str, str]],
        check: Callable[[MetricQuery], Sequence[Issue]],
        history: Sequence[str] = (),
        before: Iterable[str] = (),
        told: Callable[[str], None] = lambda _: None,
    ) -> Reading:
        """Return what the model makes of a question.

        Args:
            check: says what is wrong with a query, for this viewer.
            visible, before: as `make_ground` takes them.
            told: takes what is being done, in words for the asker.
        """
        if any(has_personal(text) for text in (question, *history)):
            return Reading(failure="was not asked, for the question holds what looks like personal data")
        try:
            ground = make_ground(
                question, catalog, lexicon, today=today, near=near, visible=visible, before=before
            )
            schema = make_schema(ground)
            schema_text = json.dumps(schema)
            self.model.load()  # before the clock runs
            meter = Meter(self.limits, self.prices, self._day)
            messages = write_prompt(question, history, ground, catalog, today=today)
            for attempt in range(1 + REPAIRS):
                told(_ASKING if attempt == 0 else _ASKING_AGAIN)
                seconds = meter.before(messages, schema_text)
                reply: Completion | None = None
                try:
                    reply = self.model.complete(messages, schema, seconds=seconds)
                finally:
                    meter.after(messages, schema_text, reply)
                told(_CHECKING)
                try:
                    if reply.data is None:
                        raise UserError(
                            Issue(code="DT320", message="the reply is no JSON object of the schema")
                        )
                    query = read_reply(reply.data, ground)
                    issues = check(query) if query is not None else ()
                    if not issues:
                        return Reading(query=query)
                    raise UserError.all(issues)
                except UserError as error:
                    messages = [*messages, *write_repair(reply.text, error.issues)]
        except Stopped:
            raise
        except ModelFailure as error:
            return Reading(failure=error.why)
        except Exception as error:  # a second reading must never cost the asker the first
            LOG.error("the language model's reading failed: %s", type(error).__name__)
            return Reading(failure="could not be asked")
        return Reading(failure="gave no plan that holds")
