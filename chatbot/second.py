"""Set a second reading of a question beside the offline planner's, and decide what the asker is shown.

A number is shown unasked only where the offline planner has a reading and the model's, if it has one, gives the very
same statement. Where they differ both are offered; where the offline planner has none, the model's is proposed.
Where the model failed, the offline planner goes on alone and says so.
Layer: chatbot. Runs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chatbot.answer import Answer, Option
from chatbot.llm.openai import OpenAiModel
from chatbot.llm.settings import LLM_FILE, load_llm_settings
from chatbot.planner.llm.planner import LlmPlanner, Reading
from chatbot.planner.plan import Choices, NoPlan, Plan
from chatbot.planner.say import say_question
from chatbot.retrieval.endpoint import EndpointEmbedding
from datatrust.core.errors import DataTrustError, UserError
from datatrust.core.issues import Issue
from datatrust.core.settings import Project
from semantic.engine import SemanticLayer
from semantic.model import Catalog
from semantic.query import Filter, MetricQuery, Viewer

PlannerName = Literal["offline", "llm"]
UNSAYABLE = (
    "The offline planner and the language model read this question differently, and neither reading can be put to you "
    "in words that are sure. No number is given; please say it in another way."
)


def open_planner(project: Project, name: PlannerName | None) -> LlmPlanner | None:
    """Return the project's language model as a planner; None where the offline one reads alone.

    Raises:
        UserError: the settings have faults, or "llm" was asked for and it is not switched on.
    """
    if name == "offline":
        return None
    settings = load_llm_settings(project)
    if settings is not None and settings.is_on:
        config = settings.config
        return LlmPlanner(OpenAiModel(settings), config.limits, config.prices)
    if name is None:
        return None
    missing = f"no {LLM_FILE}" if settings is None else f"the variable {settings.config.key} is not set"
    raise UserError(
        Issue(
            code="DT116",
            message=f"there is no language model to ask: {missing}",
            hint="see docs/language-model.md, or ask with --planner offline",
        )
    )


def open_embedding(project: Project) -> EndpointEmbedding | None:
    """Return the project's embedding endpoint; None where the packaged model does the work.

    Raises:
        UserError: the settings have faults.
    """
    settings = load_llm_settings(project)
    if settings is None or not settings.is_on or settings.config.embeddings is None:
        return None
    asked = settings.config.embeddings
    return EndpointEmbedding(
        endpoint=settings.config.endpoint, model=asked.model, secret=settings.secret, seconds=asked.seconds
    )


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What came of two readings. `readings` are to be asked about, and nothing is shown before; `notes` are told."""

    agreed: bool = False
    notes: tuple[str, ...] = ()
    readings: tuple[MetricQuery, ...] = ()


def settle(
    first: Plan | Choices | NoPlan, second: Reading, same: Callable[[MetricQuery, MetricQuery], bool]
) -> Settled:
    """Return what two readings of one question come to.

    Args:
        same: whether two queries give the same figures.
    """
    if second.failure:
        told = f"The language model {second.failure}; the offline planner read this question alone"
        return Settled(notes=(told,))
    query = second.query
    if query is None:
        alone = "The language model found no reading of this question; the offline planner's is shown"
        return Settled(notes=(alone,) if isinstance(first, Plan) else ())
    if isinstance(first, Plan):
        return Settled(agreed=True) if same(first.query, query) else Settled(readings=(first.query, query))
    if isinstance(first, Choices):
        known = tuple(candidate.query for candidate in first.candidates)
        return Settled() if any(same(each, query) for each in known) else Settled(readings=(query, *known))
    return Settled(readings=(query,))


def same_figures(one: MetricQuery, other: MetricQuery, *, layer: SemanticLayer, viewer: Viewer) -> bool:
    """Return whether two queries compile to the same statement, apart from the order of columns and rows."""
    try:
        return (
            layer.compile(_plain(one), viewer=viewer).sql == layer.compile(_plain(other), viewer=viewer).sql
        )
    except DataTrustError:
        return False


def _plain(query: MetricQuery) -> MetricQuery:
    cut = query.top is not None or query.limit is not None
    return replace(
        query,
        metrics=tuple(sorted(set(query.metrics))),
        group_by=tuple(sorted(set(query.group_by))),
        where=_sorted(query.where),
        having=_sorted(query.having),
        order_by=query.order_by if cut else (),
        totals=False,
        bridge=False,
        contributions=False,  # each row's part in the change: more about the same figures
    )


def _sorted(filters: Iterable[Filter]) -> tuple[Filter, ...]:
    one = {"in": "=", "not_in": "!="}
    plain = {
        replace(each, op=one[each.op])  # type: ignore[arg-type]
        if each.op in one and len(each.values) == 1
        else replace(each, values=tuple(sorted(each.values, key=str)) if each.op in one else each.values)
        for each in filters
    }
    return tuple(sorted(plain, key=repr))


def is_own_wording(question: str, first: Plan | Choices | NoPlan, catalog: Catalog) -> bool:
    """Whether a question is the one that the offline planner itself writes for its reading.

    So are the options of a question back, the next steps and the nearest questions: who taps one has chosen.
    """
    return isinstance(first, Plan) and question.casefold() == say_question(first.query, catalog).casefold()


def metrics_of(first: Plan | Choices | NoPlan, earlier: Iterable[Plan | Choices | NoPlan]) -> tuple[str, ...]:
    """Return the metrics of a reading and of the one before it."""
    queries: list[MetricQuery] = []
    for each in (first, *earlier):
        if isinstance(each, Plan):
            queries.append(each.query)
        elif isinstance(each, Choices):
            queries += [candidate.query for candidate in each.candidates]
    return tuple(dict.fromkeys(metric for query in queries for metric in query.metrics))


def both_readings(options: Sequence[Option], readings: int) -> str:
    """Return the question that stands over the readings of both planners."""
    told = "The offline planner and the language model read this question differently."
    if len(options) == 1 and readings > 1:
        return f"{told} Only one of the readings has data and can be said for sure: is it what is meant?"
    return f"{told} Which one is meant?"


def propose(answer: Answer, options: Sequence[Option]) -> Answer:
    """Return the offline planner's refusal with the model's reading as a question back; unchanged without one."""
    if not options:
        return answer
    said = f"The language model reads the question as: {options[0].label}. Is this what is meant?"
    others = answer.options if answer.status == "clarify" else ()
    return replace(
        answer,
        status="clarify",
        text=f"{answer.text} {said}",
        interpretation="Is this what is meant?",
        options=(*options, *others),
    )
