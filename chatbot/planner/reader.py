"""Read items left to right into a `Draft`: what is asked, with every choice that the words leave open.

The reader knows how sentences are built (lists, "by", "top 5", "more than", "compared with"); what a word of the
business means stays a set of meanings until `resolve` has seen all of the question. A word that found no part in the
reading is kept in `unknown` or `unsupported`: the plan is then not used.
Layer: chatbot.
"""

from __future__ import annotations

from dataclasses import replace

from chatbot.planner.draft import Draft, GroupSlot, HavingSlot, MetricSlot
from chatbot.planner.language import RANKS, SCENARIO_WORDS
from chatbot.planner.reading.wholes import Wholes
from chatbot.planner.reading.words import AGGREGATE_WORDS, PARTICIPLES, Word


class Reader(Wholes):
    """Reads one cover of a question."""

    def read(self) -> Draft:
        """Return the draft."""
        self.draft.whether = self._is_whether()
        while self.at < len(self.words):
            word = self.words[self.at]
            before = self.at
            if word.sentence and self.at:
                self._end_sentence()
            self._begins(word)
            self._step(self.words[self.at])
            self.at = max(self.at, before + 1)
        self._end_sentence()
        self._finish()
        return self.draft

    def _one(self, word: Word) -> None:
        item = word.item
        if item.unknown:
            self.draft.unknown.append(item.text)
            self.last = "unknown"
        elif item.time is not None:
            self._time(word, item.time)
        elif item.meanings:
            self._mention(word)
        elif item.number is not None and not item.ops:
            self._number(word)
        else:
            self._operator(word)

    def _operator(self, word: Word) -> None:
        item, draft = word.item, self.draft
        nxt = self._next()
        self._note_test(item)
        if item.op("why") or item.op("bridge"):
            draft.why = True
            draft.bridge = draft.bridge or bool(item.op("bridge"))
        elif item.op("how"):
            pass
        elif (
            ((symbol := item.op("comparison")) and self._comparison(str(symbol), item))
            or (item.op("between") and self._between(item))
            or (item.op("missing") and self._missing(item, nxt))
            or ((how := item.op("contains")) and self._contains(str(how), item))
        ):
            return
        elif item.op("minus") and self.last == "metric" and nxt and self._is_figure(nxt):
            self.minus = True
            self.last = "metric"
        elif item.op("negation") and not (
            item.op("missing") and nxt and not nxt.item.of_kind("value", "segment")
        ):
            self.negative = True
            self.before_negation = self.last
            self.last = "negation"
        elif item.op("share"):
            draft.share = True
            if self.last == "metric" and {"as", "in"} & {*item.text.lower().split(), *word.before}:
                self.over = (draft.metrics[-1], item.text.lower())
        elif item.op("ratio"):
            self.ratio = item.text
        elif item.op("running"):
            draft.running = True
        elif item.op("comparative") and draft.why and item.text.lower() in ("up", "down"):
            draft.change = True  # "why is margin down": why did it change
        elif (symbol := item.op("comparative")) and draft.whether and self.comparative is None:
            self.comparative = item.text
            draft.tests.append(str(symbol))
        elif word_of_plan := item.op("plan_and_actual"):
            self._beside_plan(str(word_of_plan), item.text)
        elif item.op("more_than"):
            self.needs_base = item.text
            self._set_aggregate("sum" if "much" in item.text.lower() else "count")
            self.last = "aggregate"
        elif column := item.op("measure"):
            draft.measure = str(column)
        elif item.op("trend"):
            draft.trend = True
        elif item.op("order"):
            self.ordering, self.grouping = True, None
            self.ranks = self.ranks or item.text.lower().startswith("rank")
            self.last = "order"
        elif direction := item.op("direction"):
            draft.direction = str(direction)
        elif item.op("versus") or item.op("compare"):
            if (
                item.op("versus")
                and not self.fragment
                and not (draft.metrics or draft.filters or draft.times or draft.change)
            ):
                draft.unsupported.append(item.text)
            self.versus = bool(item.op("versus")) or self.versus
            self.before_versus = self.last
            self.comparing = True
            self.grouping = None
            self.last = "versus"
        elif standing := item.op("standing"):
            draft.tests.append(str(standing))
            self.versus, self.needs_base = True, item.text
            self.last = "versus"
        elif item.op("variance") or item.op("beat"):
            self.versus, self.needs_base = True, item.text
            self.last = "versus"
        elif (direction := item.op("superlative")) and self._starts_superlative(str(direction), item, nxt):
            return
        elif aggregate := item.op("aggregate"):
            self._set_aggregate(str(aggregate))
        elif item.op("change"):
            draft.change = True
        elif item.op("constant"):
            draft.constant = item.text
        elif item.op("convert"):
            self.converting, self.last = True, "convert"
        elif code := item.op("currency"):
            self._currency(word, str(code))
        elif item.op("group"):
            self.agent = bool(PARTICIPLES & set(word.before))
            self.grouping, self.listing = item.text.lower(), False
            self.before_group, self.last = self.last, "group"
        elif unit := item.op("unit"):
            self._unit(word, str(unit))
        elif item.number is not None:
            self._number(word)
        else:
            draft.unsupported.append(item.text)

    def _beside_plan(self, said: str, text: str) -> None:
        """ "Budget vs actual": the plan that the catalog's figures have of this kind."""
        scenarios = {name for metric in self.catalog.metrics.values() for name in metric.plan}
        meant = [name for name in scenarios if said in SCENARIO_WORDS.get(name, (name,))]
        if said in meant:
            meant = [said]
        if len(meant) != 1 or self.draft.scenario not in (None, *meant):
            self.draft.unsupported.append(text)
            return
        self.draft.scenario, self.last = meant[0], "scenario"

    def _is_figure(self, word: Word) -> bool:
        """Whether a word is a figure and nothing that could be left out of one."""
        return bool(self._metrics_of(word.item, None)) and not word.item.of_kind("value", "segment")

    def _currency(self, word: Word, code: str) -> None:
        """ "in dollars", "in USD": what the figures are to be shown in."""
        draft = self.draft
        if not (self.converting or "in" in word.before) or draft.currency not in (None, code):
            draft.unsupported.append(word.item.text)
            return
        draft.currency, self.converting = code, False
        if word.item.text.upper() != code:
            draft.notes.append(f'"{word.item.text}" read as {code}')

    def _end_sentence(self) -> None:
        draft = self.draft
        if self.aggregate in ("average", "min", "max", "median", "distinct"):
            draft.unsupported.append(AGGREGATE_WORDS[self.aggregate])
        self._end_alternative()
        if self.negative:
            draft.unsupported.append("not")
        if self.converting:
            draft.unsupported.append("converted")
        if self.number is not None:
            draft.unsupported.append(str(self.number))
        if self.open_time_dim is not None and self.last in ("timedim",):
            draft.unsupported.append(self.open_time_dim[1])
        if self.versus and self.last == "versus":
            draft.unsupported.append("compared")
        if self.ratio:
            draft.unsupported.append(self.ratio)
        self._end_part()
        self.aggregate, self.number, self.grouping, self.open_time_dim = None, None, None, None
        self.negative = self.versus = self.ordering = self.converting = False
        self.superlative = None
        self.last = ""

    def _finish(self) -> None:
        draft = self.draft
        self._find_planned()
        self._hold_threshold()
        self._check_alternatives()
        self._find_place()
        if self.shared and draft.share and any(not slot.grain for slot in (*draft.groups, *draft.bare)):
            draft.unsupported.append(f"the share of {self.shared}: in each, or of each in all of it")
        self._count_members()
        if self.divided_late and len(draft.times) > 1:
            draft.unsupported.append("one period over another")
        if self.open_edge and not draft.times and not any(g.grain for g in draft.groups):
            draft.unsupported.append(self.open_edge)
        self._put_earlier_beside()
        self._hold_end_against_start()
        if self.comparative and not (draft.scenario or draft.compare or draft.base):
            draft.unsupported.append(self.comparative)
        if draft.measure and not (draft.change and draft.superlative):
            draft.unsupported.append(f"in {draft.measure}")
        if self.needs_base and not (draft.scenario or draft.compare or draft.base or draft.change):
            draft.unsupported.append(self.needs_base)  # "missed", and nothing that could be missed
        if draft.superlative and not any(g.ranked for g in draft.groups):
            if len(draft.groups) == 1:
                draft.groups[0].ranked = True
                draft.unsure = (
                    draft.top_n is None
                    and draft.groups[0].grain is None
                    and draft.ranked_word not in ("top", "bottom")
                )
            elif not draft.groups and len(draft.bare) == 1:
                slot = draft.bare.pop()
                slot.ranked = True
                draft.groups.append(slot)
            elif not draft.groups and not draft.bare and draft.contexts:
                item, meanings = draft.contexts.pop(0)
                draft.groups.append(
                    GroupSlot(text=item.text, choices=meanings, ranked=True, plural=item.plural)
                )
        for slot in draft.groups:
            slot.focus = slot.focus or (slot.ranked and draft.ranked_word in RANKS)
        draft.groups.extend(replace(slot, bare=True) for slot in draft.bare)
        draft.bare = []
        asked = {m.metric for slot in draft.metrics for m in slot.choices}
        if draft.having and not draft.groups and draft.contexts and draft.counted is None:
            item, meanings = draft.contexts.pop(0)
            draft.groups.append(GroupSlot(text=item.text, choices=meanings, plural=item.plural))
        if not draft.metrics and not draft.having and not self.fragment:
            for context in list(draft.contexts):
                promoted = self._metrics_of(context[0], None)
                if promoted:
                    draft.contexts.remove(context)
                    draft.metrics.append(MetricSlot(promoted, context[0].text))
        self._list_things()
        if not draft.metrics and draft.having:
            for having in draft.having:
                if not asked & {m.metric for m in having.choices}:
                    draft.metrics.append(MetricSlot(having.choices, having.text))
        self._check_mean()

    def _put_earlier_beside(self) -> None:
        """ "FY2025 vs FY2026": the earlier one is what the later is held against, whichever came first."""
        draft = self.draft
        if draft.base is None or len(draft.times) != 1:
            return
        if draft.whether or draft.tests or draft.change or draft.why or self.needs_base:
            return  # "did FY2025 beat FY2026" is not whether FY2026 beat FY2025
        asked, base = draft.times[0], draft.base
        if asked.start and base.start and asked.start < base.start:
            draft.times, draft.base = [base], asked
            draft.notes.append("the later period is shown, with the earlier one beside it")

    def _hold_end_against_start(self) -> None:
        """ "growth from FY2024 to FY2025": the last period against the first, not both against what went before."""
        draft = self.draft
        held = draft.base or draft.compare or draft.scenario or any(slot.grain for slot in draft.groups)
        if not draft.change or held or len(draft.times) != 1 or draft.times[0].readings:
            return
        span = draft.times[0]
        if span.ends is None or span.ends[0].unit != span.ends[1].unit:
            return
        first, last = (
            replace(
                span, start=end.start, end=end.end, unit=end.unit, calendar=end.calendar, ends=None, point=end
            )
            for end in span.ends
        )
        draft.times, draft.base = [last], first

    def _list_things(self) -> None:
        """ "customers with more than 10 orders" lists customers; "how many customers with …" cannot be asked yet."""
        draft = self.draft
        if draft.order is not None and not draft.groups and len(draft.metrics) > 1:
            listed = [slot for slot in draft.metrics if slot is not draft.order]
            is_list = len(listed) == 1 and listed[0].things and listed[0].plural and not listed[0].counted
            if is_list and not draft.order.shown:
                slot = listed[0]  # "customers ranked by revenue": the customers, not how many
                draft.metrics.remove(slot)
                draft.order.shown = True
                draft.groups.append(GroupSlot(text=slot.text, choices=slot.things, plural=True))
            else:
                draft.unsupported.append("ordered, where there is one row")
        if not draft.having or draft.groups or draft.counted is not None:
            return
        if draft.mean is not None and len(draft.metrics) == 2 and all(h.of_mean for h in draft.having):
            first = draft.metrics[0]
            if first.things and first.plural and not first.counted:
                draft.metrics.remove(first)  # "customers whose average monthly revenue is above 10k"
                draft.groups.append(GroupSlot(text=first.text, choices=first.things, plural=True))
                return
        limited = [h for h in draft.having if not self._is_asked(h)]
        if not limited:
            return
        if any(slot.counted for slot in draft.metrics) or not draft.metrics:
            draft.unsupported.append(limited[0].text)
            return
        slot = draft.metrics[0]
        if not slot.things:
            draft.unsupported.append(limited[0].text)
            return
        draft.metrics.remove(slot)
        draft.groups.append(GroupSlot(text=slot.text, choices=slot.things, plural=slot.plural))

    def _is_asked(self, having: HavingSlot) -> bool:
        names = {m.metric for m in having.choices}
        return any(names & {m.metric for m in slot.choices} for slot in self.draft.metrics)
