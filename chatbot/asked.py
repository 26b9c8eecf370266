"""One question on its way to an answer: read it, run it, or say what stood in the way.

Refuses what was not understood, what the catalog does not hold, and what the viewer may not see; asks where two
readings are as good, or two readers differ. Types no digit and writes no SQL.
Layer: chatbot. Imports the planner and the semantic layer's door; made by the agent.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from chatbot.answer import Answer, Column, Excluded, Option, Reason, Status, Timings
from chatbot.explain import ask_by_weight, split_choices
from chatbot.judged import say_judged
from chatbot.planner.define import Definition, find_definition
from chatbot.planner.draft import Draft
from chatbot.planner.plan import Choices, NoPlan, Plan
from chatbot.planner.problems import Problem
from chatbot.planner.resolve import Candidate
from chatbot.planner.say import (
    list_words,
    lower_first,
    metric_words,
    say_completeness,
    say_interpretation,
    say_question,
)
from chatbot.planner.tokens import clean, tokenize
from chatbot.results import is_empty, metric_of, with_totals
from chatbot.second import (
    UNSAYABLE,
    Settled,
    both_readings,
    propose,
    same_figures,
    settle,
)
from chatbot.session import (
    Change,
    Earlier,
    Made,
    as_plan,
    divided,
    divisor,
    follow_up,
    is_fragment,
    other_figure,
    plain_change,
    reworded,
    words_of,
)
from chatbot.suggest import describe_choice, metrics_with_word, nearest, next_steps
from chatbot.text import show_value
from chatbot.ties import Against, Tie, find_against, find_tie
from datatrust.core.errors import AccessDenied, DataTrustError, TooLarge, UserError
from datatrust.core.jsonio import dumps
from semantic.calendar import show_day
from semantic.definition import own_conditions
from semantic.guarded import WITHHELD
from semantic.query import MetricQuery, Scalar, TimeRange, Viewer
from semantic.reach import base_metrics, reachable_together
from semantic.result import QueryResult

if TYPE_CHECKING:
    from chatbot.agent import Agent

MAX_QUESTION = 2_000  # characters
MAX_HISTORY = 10  # earlier questions that a follow-up may build on
_MAX_OPTIONS = 5


class Asked:
    """One question on its way to an answer."""

    def __init__(
        self, agent: Agent, text: str, raw: str, viewer: Viewer, today: dt.date, started: float
    ) -> None:
        self.agent, self.text, self.raw, self.viewer, self.today, self.started = (
            agent,
            text,
            raw,
            viewer,
            today,
            started,
        )
        self.layer = agent.layer_on(today)
        self.catalog = self.layer.catalog
        self.planned = started
        self.second = Settled()  # what a second reader changed
        self.shape: MetricQuery | None = None  # of a question that was not understood whole: what of it was

    def answer(self, history: tuple[Earlier, ...], told: Callable[[str], None]) -> Answer:
        if not self.text:
            return self._refuse(
                "out_of_scope", "Nothing was asked. Ask for a figure, for example one of these."
            )
        if len(self.text) > MAX_QUESTION:
            return self._refuse(
                "out_of_scope",
                f"That is more than {MAX_QUESTION:,} characters. A short question works better.",
                near="",
            )
        lexicon = self.agent.lexicon(self.viewer)
        definition = find_definition(tokenize(self.text), self.catalog, lexicon)
        if definition is not None:
            return self._define(definition)
        history = tuple(
            clean(turn[:MAX_QUESTION]) if isinstance(turn, str) else turn for turn in history[-MAX_HISTORY:]
        )
        outcome = self._read(self.text, history)
        reading = self.agent.second_reading(
            self.text, outcome, viewer=self.viewer, today=self.today, history=words_of(history), told=told
        )
        told("Looking it up in the release …")
        self.planned = time.perf_counter()
        if reading is not None:
            self.second = settle(
                outcome, reading, partial(same_figures, layer=self.layer, viewer=self.viewer)
            )
            if self.second.readings:
                return self._ask_back(outcome, self.second.readings)
        return self._first(outcome)

    def again(self, plan: Plan) -> Answer:
        """Answer by a plan that was made before."""
        self.planned = time.perf_counter()
        return self._run(plan)

    def _first(self, outcome: Plan | Choices | NoPlan) -> Answer:
        if isinstance(outcome, Plan):
            return self._run(outcome)
        if isinstance(outcome, Choices):
            return self._clarify(outcome.candidates)
        return self._explain(outcome)

    def _read(self, text: str, history: tuple[Earlier, ...]) -> Plan | Choices | NoPlan:
        """A question alone, or as a change of the one before it."""
        text = reworded(text) if history else text
        fragment = bool(history) and is_fragment(text)
        outcome = self.agent.plan(text, viewer=self.viewer, today=self.today, fragment=fragment)
        if not history or (not isinstance(outcome, NoPlan) and not fragment):
            return outcome
        last = history[-1]
        earlier = Plan(query=last.query) if isinstance(last, Made) else self._read(last, history[:-1])
        if not isinstance(earlier, Plan):
            return outcome
        change: Change | Choices | NoPlan | None = plain_change(text, earlier.query)
        if change is None and (per := divisor(text)) and len(earlier.query.metrics) == 1:
            asked = f"{metric_words(self.catalog, earlier.query.metrics[0])} {per}"
            whole = self.agent.plan(asked, viewer=self.viewer, today=self.today)
            change = divided(earlier.query, whole.query) if isinstance(whole, Plan) else None
        if change is None and isinstance(outcome, NoPlan):
            change = follow_up(earlier.query, outcome, self.catalog)
        elif change is None and isinstance(outcome, Plan):
            change = other_figure(text, earlier.query, outcome.query, self.catalog)
        if change is None or isinstance(change, Choices | NoPlan):
            return change or outcome
        kept = (
            earlier.shown if set(change.query.metrics) == set(earlier.query.metrics) else change.query.metrics
        )
        return as_plan(change, kept)

    # ------------------------------------------------------------------------------------------------ answered

    def _run(self, plan: Plan) -> Answer:
        try:
            result = ask_by_weight(self.layer, with_totals(plan.query), viewer=self.viewer)
            tie = find_tie(self.layer, plan.query, result, viewer=self.viewer)
        except AccessDenied:
            return self._refuse("not_allowed", "Your role does not allow this question.")
        except UserError as error:
            message = "; ".join(issue.message for issue in error.issues)
            return self._refuse(
                "out_of_scope", f"This cannot be answered: {message}.", prefer=plan.query.metrics
            )
        except TooLarge:
            return self._refuse(
                "out_of_scope",
                "A number in this is too large to be computed exactly, so none is given.",
                prefer=plan.query.metrics,
            )
        except DataTrustError:
            return self._refuse(
                "out_of_scope",
                "The data could not be read just now; no number is given.",
                prefer=plan.query.metrics,
            )
        if WITHHELD in result.flags and is_empty(result):
            told = next((line for line in result.assumptions if WITHHELD in line), "It is withheld")
            return self._refuse("not_allowed", f"{told}.")
        if is_empty(result) or self._is_outside(result.query) or self._is_stock_ahead(plan.query):
            return self._no_data(plan)
        if (against := find_against(result)) is not None:
            return self._refuse_change(plan, against)
        return self._answered(plan, result) if tie is None else self._ask_tie(plan, tie)

    def _answered(self, plan: Plan, result: QueryResult) -> Answer:
        query = result.query
        hidden = set(query.metrics) - set(plan.shown) if plan.shown else set()
        keep = [
            i
            for i, c in enumerate(result.columns)
            if c.kind == "dimension" or metric_of(c.name) not in hidden
        ]
        columns = [result.columns[i] for i in keep]
        rows = tuple(tuple(row[i] for i in keep) for row in self._rows_of(result))
        totals = tuple(result.totals[i] for i in keep) if result.totals is not None else None
        asked = plan.query.time
        data = self._coverage(query.metrics[0])
        interpretation = say_interpretation(
            replace(query, time=asked),
            self.catalog,
            today=self.today,
            coverage=None if asked and (asked.start or asked.end) else data,
            completeness=say_completeness(
                asked,
                is_partial="partial_period" in result.flags,
                known=data[1] if data else None,
                today=self.today,
                closed=self.catalog.closed_through if "open_period" in result.flags else None,
            ),
        )
        notes = (*plan.notes, *result.assumptions, *self._calendar_note(query), *self._own_conditions(query))
        assumptions = tuple(dict.fromkeys(notes))
        timings = self._timings(result)
        return self._make(
            "answered",
            interpretation=interpretation,
            query=query,
            asked=plan.query,
            columns=tuple(
                Column(name=c.name, label=c.label, kind=c.kind, unit=c.unit, currency=c.currency)
                for c in columns
            ),
            rows=rows,
            totals=totals,
            text=say_judged(
                query,
                columns,
                rows,
                self.catalog,
                verdict=plan.verdict,
                totals=totals,
                is_partial="partial_period" in result.flags,
            ),
            assumptions=assumptions,
            flags=result.flags,
            excluded=None
            if result.excluded is None
            else Excluded(
                quarantined_rows=result.excluded.quarantined_rows,
                quarantined_amount=result.excluded.quarantined_amount,
            ),
            options=next_steps(plan.query, self.catalog, self._accepts, self._understands),
            sql=result.sql,
            engine=result.engine,
            evidence=result.evidence.to_json(),
            timings_ms=timings,
        )

    def _rows_of(self, result: QueryResult) -> tuple[tuple[Scalar, ...], ...]:
        """The rows; where a figure looks back, without periods that only an earlier one reaches into."""
        metrics = [self.catalog.metrics[name] for name in result.query.metrics]
        if not any(each.offset for metric in metrics for each in metric.own_inputs.values()):
            return result.rows
        numbers = [i for i, c in enumerate(result.columns) if c.kind != "dimension"]
        return tuple(row for row in result.rows if any(row[i] is not None for i in numbers)) or result.rows

    def _timings(self, result: QueryResult) -> Timings:
        return Timings(
            plan=round((self.planned - self.started) * 1000, 3),
            compile=float(result.timings_ms.get("compile", 0.0)),
            run=float(result.timings_ms.get("run", 0.0)),
        )

    def _calendar_note(self, query: MetricQuery) -> tuple[str, ...]:
        calendar = self.catalog.default_calendar
        if not calendar.is_fiscal or (query.time and query.time.calendar not in (None, calendar.name)):
            return ()
        if any(g.split(".")[-1] in ("quarter", "year") for g in query.group_by if g.startswith("time.")):
            return ("Quarters and years are those of the company's fiscal calendar",)
        return ()

    def _own_conditions(self, query: MetricQuery) -> Iterator[str]:
        """Say where a condition of the question meets one of a figure's own definition on the same dimension."""
        for name in query.metrics:
            reach = reachable_together(self.catalog, (name,))
            for base in base_metrics(self.catalog, name):
                metric = self.catalog.metrics[base]
                for condition in query.where:
                    ref = reach.get(condition.field)
                    if ref is None or ref.path or ref.dimension.model != metric.model:
                        continue
                    for words in own_conditions(self.catalog, metric, ref.dimension.name):
                        yield f"{metric.label or base} by its definition holds only {words}"

    def _no_data(self, plan: Plan) -> Answer:
        coverage = self._coverage(plan.query.metrics[0])
        known = f" There is data from {show_day(coverage[0])} to {show_day(coverage[1])}." if coverage else ""
        said = say_interpretation(plan.query, self.catalog, today=self.today)
        return self._refuse(
            "no_data",
            f"There is no data for: {said}. That is not the same as zero.{known}",
            prefer=plan.query.metrics,
            query=plan.query,
            interpretation=said,
        )

    def _define(self, definition: Definition) -> Answer:
        evidence: dict[str, Any] = {
            "release": self.layer.release_id,
            "role": self.viewer.role,
            "policy": self.viewer.policy,
        }
        options: tuple[Option, ...] = ()
        if definition.metric is not None:
            metric = definition.metric
            evidence["metrics"] = {
                metric.name: {
                    "definition": metric.definition_hash,
                    "owner": metric.owner,
                    "certified": bool(metric.certified_by),
                }
            }
            options = nearest("", self.catalog, self._understands, prefer=[metric.name])[:1]
        if definition.is_help:
            options = tuple(Option(label=q, question=q) for q in self.agent.starters(self.viewer))
        self.planned = time.perf_counter()
        return self._make(
            "answered",
            interpretation=definition.interpretation,
            text=definition.text,
            evidence=evidence,
            options=options,
        )

    # ----------------------------------------------------------------------------------------- questions back

    def _clarify(self, candidates: Sequence[Candidate]) -> Answer:
        works = [c for c in candidates if self._accepts(c.query)]
        if not works:
            return self._run(Plan(query=candidates[0].query))
        queries = [c.query for c in works]
        options: list[Option] = []
        for index, candidate in enumerate(works):
            question = self._unambiguous(candidate.query)
            if question is not None and self._has_rows(candidate.query):
                options.append(Option(label=describe_choice(queries, index, self.catalog), question=question))
            if len(options) >= _MAX_OPTIONS:
                break
        if not options and any(self._has_rows(each.query) for each in works):
            said = say_interpretation(works[0].query, self.catalog, today=self.today)
            return self._refuse(
                "ambiguous", f"It is not sure that this is meant: {said}. Please say it in another way."
            )
        if not options:
            return self._no_data(Plan(query=works[0].query))
        return self._make(
            "clarify",
            reason="ambiguous",
            interpretation="Which of these is meant?" if len(options) > 1 else "Is this what is meant?",
            text=(
                "This can be read in more than one way. Which one is meant?"
                if len(options) > 1
                else "Is this what is meant?"
            ),
            options=tuple(options),
        )

    def _ask_tie(self, plan: Plan, tie: Tie) -> Answer:
        """A ranking that would be cut between equals: offer the limits that cut none."""
        top = plan.query.top
        assert top is not None
        value = show_value(tie.value, tie.column, self.catalog)
        if tie.is_inside:
            return self._refuse(
                "ambiguous",
                f"Some have the same {lower_first(tie.column.label)} as the one after them ({value}), so the first "
                f"{top.n} of each cannot be told apart. Ask for all of them, or for another number.",
                prefer=plan.query.metrics,
            )
        options: list[Option] = []
        for n in (tie.through, tie.before):
            query = replace(plan.query, top=replace(top, n=n))
            question = self._unambiguous(query) if n else None
            if question is not None:
                label = say_interpretation(query, self.catalog, today=self.today)
                options.append(Option(label=label, question=question))
        told = f"{tie.through - tie.before} share place {tie.before + 1} with {value}, so the first {top.n} cannot be told apart."
        if not options:
            return self._refuse("ambiguous", told, prefer=plan.query.metrics)
        return self._make(
            "clarify",
            reason="ambiguous",
            interpretation="With or without those that are equal?",
            text=told,
            options=tuple(options),
        )

    def _refuse_change(self, plan: Plan, against: Against) -> Answer:
        """ "The biggest drop" where nothing, or less than was asked for, went down."""
        metric = metric_words(self.catalog, plan.query.metrics[0])
        way = "decrease" if against.is_decrease else "increase"
        top = plan.query.top
        assert top is not None
        told = f"No {way} of {metric} was found among them, so none can be named as the largest."
        if against.holding and top.per is None:
            told = f"Only {against.holding} of them had {'a decrease' if against.is_decrease else 'an increase'} of {metric}, not {top.n}."
        elif against.holding:
            told = f"In some of the groups there was no {way} of {metric}."
        return self._refuse("no_data", told, prefer=plan.query.metrics, query=plan.query)

    def _ask_back(self, outcome: Plan | Choices | NoPlan, readings: Sequence[MetricQuery]) -> Answer:
        """Show the readings of both planners, each to be chosen with one tap; what neither shows is no number."""
        options: list[Option] = []
        for query in readings[:_MAX_OPTIONS]:
            question = self._unambiguous(query) if self._accepts(query) else None
            if question is not None and self._has_rows(query):
                options.append(
                    Option(label=say_interpretation(query, self.catalog, today=self.today), question=question)
                )
        if isinstance(outcome, NoPlan):
            first = self._explain(outcome)
            return propose(first, options)
        if not options:
            return self._refuse("ambiguous", UNSAYABLE)
        said = both_readings(options, len(readings))
        return self._make(
            "clarify", reason="ambiguous", interpretation=said, text=said, options=tuple(options)
        )

    def _unambiguous(self, query: MetricQuery) -> str | None:
        question = say_question(query, self.catalog)
        plan = self.agent.plan(question, viewer=self.viewer, today=self.today)
        if isinstance(plan, Plan) and _same_meaning(plan.query, query):
            return question
        return None

    def _has_rows(self, query: MetricQuery) -> bool:
        try:
            result = self.layer.query(query, viewer=self.viewer)
            tie = find_tie(self.layer, query, result, viewer=self.viewer)
            return tie is None and not is_empty(result) and find_against(result) is None
        except DataTrustError:
            return False

    def _explain(self, outcome: NoPlan) -> Answer:
        """Say what stood in the way, and what can be asked instead."""
        problem, draft = outcome.problem, outcome.draft
        self.shape = _shape(draft)
        understood = [m.metric for slot in draft.metrics for m in slot.choices if m.metric]
        if problem.kind == "unknown":
            return self._unknown(problem, draft, understood)
        if problem.kind == "metric":
            return self._ask_metric(draft)
        if problem.kind == "period":
            return self._ask_period(problem, draft)
        if problem.kind == "split" and (choices := split_choices(draft, self.catalog)):
            return self._clarify(choices)
        if problem.kind == "unreachable":
            words = list_words([f'"{w}"' for w in problem.words])
            names = list_words([metric_words(self.catalog, m) for m in dict.fromkeys(understood)])
            return self._refuse(
                "out_of_scope",
                f"{names[:1].upper()}{names[1:]} cannot be split or limited by {words}.",
                prefer=understood,
            )
        words = list_words([f'"{w}"' for w in problem.words]) if problem.words and not problem.message else ""
        told = problem.message or f"{words} could not be fitted into the question"
        return self._refuse(
            "out_of_scope", f"This question goes beyond what can be answered: {told}.", prefer=understood
        )

    def _unknown(self, problem: Problem, draft: Draft, understood: Sequence[str]) -> Answer:
        options = self._completed(problem.words)
        if options:
            return self._which_figure(options)
        words = list_words([f'"{w}"' for w in problem.words[:6]])
        known = "is not known" if len(problem.words) == 1 else "are not known"
        anything = understood or draft.groups or draft.filters or draft.contexts
        reason: Reason = "unknown_term" if anything else "out_of_scope"
        if reason == "out_of_scope":
            return self._refuse(
                reason, f"That is not something these figures speak of ({words} {known} here)."
            )
        return self._refuse(
            reason, f"{words} {known} here, and it could change the number.", prefer=understood
        )

    def _completed(self, words: Sequence[str]) -> tuple[Option, ...]:
        """The same question with a word that names no figure written out to each figure whose name holds it."""
        options: list[Option] = []
        for word in words:
            place = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
            for metric in metrics_with_word(word, self.catalog):
                name = metric_words(self.catalog, metric.name).replace("\\", "")
                written = place.sub(name, self.text, count=1)
                plan = self._understands(written)
                if plan is None or metric.name not in plan.query.metrics or not self._accepts(plan.query):
                    continue
                said = self._unambiguous(plan.query)
                if said is not None and self._has_rows(plan.query):
                    options.append(Option(label=metric.label or metric.name, question=said))
        return tuple(options[:_MAX_OPTIONS])

    def _which_figure(self, options: tuple[Option, ...]) -> Answer:
        text = "Which figure is meant?" if len(options) > 1 else "Is this the figure that is meant?"
        return self._make("clarify", reason="ambiguous", interpretation=text, text=text, options=options)

    def _ask_metric(self, draft: Draft) -> Answer:
        """Something was named, but no figure: offer figures that can be split or limited so."""
        options: list[Option] = []
        metrics = sorted(self.catalog.metrics.values(), key=lambda m: m.certified_by is None)
        for metric in metrics:
            if len(options) >= 4:
                break
            query = self._with_metric(metric.name, draft)
            if query is None or not self._accepts(query):
                continue
            said = self._unambiguous(query)
            if said is not None and self._has_rows(query):
                options.append(Option(label=metric.label or metric.name, question=said))
        if len(options) < 2:
            return self._refuse("unknown_term", "No figure is named in this question.")
        return self._which_figure(tuple(options))

    def _with_metric(self, name: str, draft: Draft) -> MetricQuery | None:
        from chatbot.planner.draft import MetricSlot
        from chatbot.planner.lexicon import Meaning
        from chatbot.planner.resolve import resolve_draft

        slot = MetricSlot((Meaning(kind="metric", metric=name),), name)
        found = resolve_draft(replace(draft, metrics=[slot]), self.catalog)
        if isinstance(found, Problem) or len(found) != 1:
            return None
        return found[0].query

    def _ask_period(self, problem: Problem, draft: Draft) -> Answer:
        """A comparison without a period: offer the running year, the last month, the last quarter."""
        from chatbot.planner.resolve import resolve_draft
        from chatbot.planner.timephrases import parse_time

        options: list[Option] = []
        calendar = self.catalog.default_calendar
        for phrase, label in (
            ("year to date", "This year so far"),
            ("last month", "Last month"),
            ("last quarter", "Last quarter"),
            ("last year", "Last year"),
        ):
            if draft.times:
                break
            spans = parse_time(
                tokenize(phrase), today=self.today, default=calendar, calendars=self.catalog.calendars
            )
            compare = draft.compare or (
                "previous_year" if draft.base is None or draft.base.unit == "year" else "previous_period"
            )
            tried = resolve_draft(
                replace(
                    draft, times=list(spans), base=None, compare=compare, compare_unit=None, change=False
                ),
                self.catalog,
            )
            if isinstance(tried, Problem) or len(tried) != 1 or not self._accepts(tried[0].query):
                continue
            said = self._unambiguous(tried[0].query)
            if said is not None and self._has_rows(tried[0].query):
                options.append(Option(label=label, question=said))
        understood = [m.metric for slot in draft.metrics for m in slot.choices if m.metric]
        if len(options) < 2:
            return self._refuse("ambiguous", f"It is not clear {problem.message}.", prefer=understood)
        return self._make(
            "clarify",
            reason="ambiguous",
            interpretation="Which period is meant?",
            text=f"It is not clear {problem.message}. Which period is meant?",
            options=tuple(options),
        )

    # ------------------------------------------------------------------------------------------------- helpers

    def _understands(self, question: str) -> Plan | None:
        plan = self.agent.plan(question, viewer=self.viewer, today=self.today)
        return plan if isinstance(plan, Plan) else None

    def _accepts(self, query: MetricQuery) -> bool:
        return not self.layer.check(query, viewer=self.viewer)

    def _coverage(self, metric: str) -> tuple[dt.date, dt.date] | None:
        try:
            return self.layer.coverage(metric, viewer=self.viewer)
        except DataTrustError:
            return None

    def _is_outside(self, query: MetricQuery) -> bool:
        """Whether a period lies wholly before or after the data: a count of nothing known is no zero."""
        time_asked = query.time
        if time_asked is None or not (time_asked.start or time_asked.end):
            return False
        known = [self._coverage(metric) for metric in query.metrics]
        return bool(known) and all(
            days is not None
            and (
                (time_asked.start is not None and time_asked.start > days[1])
                or (time_asked.end is not None and time_asked.end < days[0])
            )
            for days in known
        )

    def _is_stock_ahead(self, query: MetricQuery) -> bool:
        """Whether balances are asked of a day that has not come: the last one known is none of that day."""
        asked = query.time
        if asked is None or asked.start is not None or asked.end is None or asked.end <= self.today:
            return False
        bases = [base for metric in query.metrics for base in base_metrics(self.catalog, metric)]
        known = [days[1] for metric in query.metrics if (days := self._coverage(metric))]
        return all(self.catalog.metrics[base].kind == "balance" for base in bases) and asked.end > max(known)

    def _refuse(
        self, reason: Reason, text: str, *, near: str | None = None, prefer: Iterable[str] = (),
        query: MetricQuery | None = None, interpretation: str = "",
    ) -> Answer:  # fmt: skip
        words = self.text if near is None else near
        options = nearest(
            words[:300],
            self.catalog,
            self.answerable,
            self.agent.near_metrics if words else None,
            prefer=prefer,
            shape=self.shape,
        )
        return self._make(
            "refused", reason=reason, text=text, options=options, query=query, interpretation=interpretation
        )

    def answerable(self, question: str) -> Plan | None:
        """Return the plan of a question that has one, and a number for this viewer."""
        plan = self._understands(question)
        return plan if plan is not None and self._has_rows(plan.query) else None

    def _make(self, status: Status, **parts: Any) -> Answer:
        now = time.perf_counter()
        timings: Timings = parts.pop("timings_ms", None) or Timings(
            plan=round((self.planned - self.started) * 1000, 3)
        )
        timings = replace(timings, total=round((now - self.started) * 1000, 3))
        evidence = parts.get("evidence") or {}
        if self.second.agreed and self.agent.llm is not None:
            evidence = parts["evidence"] = {**evidence, "second_reader": self.agent.llm.model.name}
        parts["assumptions"] = (*parts.get("assumptions", ()), *self.second.notes)
        proof = dumps(
            [
                self.text,
                parts.get("query"),
                evidence,
                self.viewer.role,
                self.viewer.policy,
                self.today,
                status,
            ]
        )
        identifier = hashlib.sha256(proof.encode()).hexdigest()[:20]
        return Answer(
            id=identifier, status=status, question=self.raw[:MAX_QUESTION], timings_ms=timings, **parts
        )


def _shape(draft: Draft) -> MetricQuery:
    """What a draft says beside its figures, where it says one thing: its period and its grains of time."""
    spans = [span for span in draft.times if span.start is not None and span.end is not None]
    span = spans[0] if len(spans) == 1 and not spans[0].readings else None
    grains = tuple(f"time.{slot.grain}" for slot in draft.groups if slot.grain)
    return MetricQuery(
        metrics=(),
        group_by=grains[:1],
        time=TimeRange(start=span.start, end=span.end, calendar=span.calendar) if span else None,
    )


def _same_meaning(one: MetricQuery, other: MetricQuery) -> bool:
    def days(query: MetricQuery) -> tuple[dt.date | None, dt.date | None]:
        return (query.time.start, query.time.end) if query.time else (None, None)

    return (
        days(one) == days(other)
        and replace(one, time=None, where=()) == replace(other, time=None, where=())
        and set(one.where) == set(other.where)
    )
