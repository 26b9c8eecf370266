"""Question in, `Answer` out: the door to a project's answers, and what its questions share.

Holds the words that each viewer may use, the meaning index, the second reader where one is set up, and the same data
seen from other days. What becomes of one question stands in `asked`.
Layer: chatbot. Imports the planner and the semantic layer's door.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from chatbot.answer import Answer
from chatbot.asked import MAX_QUESTION, Asked
from chatbot.personal import has_personal
from chatbot.planner.lexicon import Lexicon, build_lexicon
from chatbot.planner.llm.planner import LlmPlanner, Reading
from chatbot.planner.plan import Choices, NoPlan, Plan, make_plan
from chatbot.planner.tokens import clean
from chatbot.retrieval.documents import Document, make_documents
from chatbot.retrieval.embedding import embed, model_name
from chatbot.retrieval.endpoint import EmbeddingFailed, EndpointEmbedding
from chatbot.retrieval.index import MeaningIndex
from chatbot.second import (
    PlannerName,
    is_own_wording,
    metrics_of,
    open_embedding,
    open_planner,
)
from chatbot.session import Earlier
from chatbot.suggest import starters
from datatrust.core.errors import AccessDenied
from datatrust.core.settings import Project
from semantic.access import starters_of
from semantic.engine import SemanticLayer
from semantic.query import EVERYONE, OWNER, MetricQuery, Scalar, Viewer

_VALUES_PER_DIMENSION = 200_000
_KEPT_VIEWERS = 32
_WAIT_FOR_INDEX = 0.4  # seconds that a refusal waits for better suggestions


class Agent:
    """Answers questions about one project on one release."""

    def __init__(
        self,
        layer: SemanticLayer,
        *,
        llm: LlmPlanner | None = None,
        embedding: EndpointEmbedding | None = None,
    ) -> None:
        self.layer = layer
        self._embedding = embedding  # None: the packaged model
        self._seen: OrderedDict[str, Agent] = OrderedDict()  # by the hash of a viewer's policy
        self._seen_lock = threading.Lock()
        self.llm = llm  # the second reader, where one is set up
        self._lexicons: dict[str, Lexicon] = {}  # by policy: persons of the same rights share one
        self._visible: dict[str, frozenset[tuple[str, str]]] = {}  # the dimensions whose values are in it
        self._layers: dict[dt.date, SemanticLayer] = {layer.today: layer}
        self._lock = threading.Lock()
        self._index: MeaningIndex | None = None
        self._index_lock = threading.Lock()

    @classmethod
    def open(cls, project: Project, *, planner: PlannerName | None = None) -> Agent:
        """Open a project on its current release.

        Args:
            planner: "offline" reads alone; "llm" also asks the project's language model; None asks it where it is on.

        Raises:
            UserError: no release, a catalog with faults, or no language model where one was asked for.
        """
        llm = open_planner(project, planner)
        embedding = open_embedding(project) if planner != "offline" else None
        return cls(SemanticLayer.open(project), llm=llm, embedding=embedding)

    def seen_by(self, viewer: Viewer) -> Agent:
        """Return the agent that knows what `viewer` may see and nothing else: words, values, index and plans of its own.

        Raises:
            AccessDenied: the project has an access policy and `viewer` was made without it.
        """
        layer = self.layer.seen_by(viewer)
        if layer is self.layer:
            return self
        with self._seen_lock:
            found = self._seen.get(viewer.policy)
            if found is None:
                found = self._seen[viewer.policy] = Agent(layer, llm=self.llm, embedding=self._embedding)
                while len(self._seen) > _KEPT_VIEWERS:
                    self._seen.popitem(last=False)
            self._seen.move_to_end(viewer.policy)
            return found

    # ------------------------------------------------------------------------------------------------- asking

    def ask(
        self,
        question: str,
        *,
        viewer: Viewer = EVERYONE,
        today: dt.date | None = None,
        history: Sequence[Earlier] = (),
        told: Callable[[str], None] = lambda _: None,
    ) -> Answer:
        """Return the answer to a question; never raises for what an asker can type.

        Args:
            today: the day that relative dates count from; the project's where None.
            history: earlier turns of the same conversation, oldest first.
            told: takes what is being done meanwhile, in words for the asker.
        """
        started = time.perf_counter()
        if (agent := self.seen_by(viewer)) is not self:
            return agent.ask(question, viewer=viewer, today=today, history=history, told=told)
        asked = Asked(
            self, clean(question[: 4 * MAX_QUESTION]), question, viewer, today or self.layer.today, started
        )
        return asked.answer(tuple(history), told)

    def again(
        self, query: MetricQuery, *, question: str, shown: Sequence[str], notes: Sequence[str], viewer: Viewer
    ) -> Answer:
        """Return the answer to an earlier question by the query that it was read as, on the current release.

        Args:
            shown: the metrics of the query that the answer shows.
            notes: what the asker is told beside it.
        """
        started = time.perf_counter()
        if (agent := self.seen_by(viewer)) is not self:
            return agent.again(query, question=question, shown=shown, notes=notes, viewer=viewer)
        asked = Asked(self, clean(question), question, viewer, self.layer.today, started)
        return asked.again(Plan(query=query, notes=tuple(notes), shown=tuple(shown)))

    def starters(self, viewer: Viewer = EVERYONE) -> tuple[str, ...]:
        """Return six questions to begin with; each can be answered.

        Raises:
            UserError: the access policy has faults.
        """
        if (agent := self.seen_by(viewer)) is not self:
            return agent.starters(viewer)
        is_part = viewer.access is not None and not viewer.access.sees_everything

        def understands(question: str) -> Plan | None:
            if is_part:  # of some rows, or of groups that are large enough, a question may have no number
                asked = Asked(self, clean(question), question, viewer, self.layer.today, time.perf_counter())
                return asked.answerable(question)
            plan = self.plan(question, viewer=viewer)
            return (
                plan if isinstance(plan, Plan) and not self.layer.check(plan.query, viewer=viewer) else None
            )

        declared = starters_of(self.layer.project, viewer)
        return starters(self.layer.catalog, understands, declared=declared)

    def plan(
        self,
        question: str,
        *,
        viewer: Viewer = EVERYONE,
        today: dt.date | None = None,
        fragment: bool = False,
    ) -> Plan | Choices | NoPlan:
        """Return how a question is read, without running anything."""
        if (agent := self.seen_by(viewer)) is not self:
            return agent.plan(question, viewer=viewer, today=today, fragment=fragment)
        day = today or self.layer.today
        return make_plan(question, self.layer.catalog, self.lexicon(viewer), today=day, fragment=fragment)

    def lexicon(self, viewer: Viewer) -> Lexicon:
        """Return the words that this viewer may use: the catalog's, and the values that the viewer may see."""
        if (agent := self.seen_by(viewer)) is not self:
            return agent.lexicon(viewer)
        with self._lock:
            if viewer.policy not in self._lexicons:
                values = self._values(viewer)
                self._visible[viewer.policy] = frozenset(values)
                partial = [key for key, found in values.items() if len(found) >= _VALUES_PER_DIMENSION]
                self._lexicons[viewer.policy] = build_lexicon(self.layer.catalog, values, partial=partial)
            return self._lexicons[viewer.policy]

    def layer_on(self, today: dt.date) -> SemanticLayer:
        """Return the same data and definitions seen from another day."""
        if today not in self._layers:
            base = self.layer
            if len(self._layers) > 32:
                self._layers = {base.today: base}
            self._layers[today] = base.on_day(today)
        return self._layers[today]

    def warm(self, viewer: Viewer = EVERYONE) -> None:
        """Make what the first question would wait for: the words and the meaning index."""
        if (agent := self.seen_by(viewer)) is not self:
            return agent.warm(viewer)
        self.lexicon(viewer)
        self.index()
        return None

    def index(self) -> MeaningIndex:
        """Return the meaning index of this catalog and release, made at first use.

        It holds what everyone may see, and lies on disk; or what one policy allows, and is kept in memory alone.
        """
        with self._index_lock:
            if self._index is None:
                documents = make_documents(self.layer.catalog, self._values(self.layer.viewer or OWNER))
                self._index = self._made_index(documents)
            return self._index

    def _made_index(self, documents: Sequence[Document]) -> MeaningIndex:
        """An endpoint gets what the catalog's authors wrote and no value of the data; where it fails, the packaged model goes on."""
        kept = self.layer.viewer is None
        folder = self.layer.project.state / "index"
        if self._embedding is not None:
            written = [each for each in documents if each.kind != "value"]
            try:
                self._embedding([each.text for each in written[:1]])
                return MeaningIndex.open(
                    folder / self._embedding.name if kept else None, written, self._embedding
                )
            except EmbeddingFailed:
                self._embedding = None
        return MeaningIndex.open(folder / model_name() if kept else None, documents, embed)

    def second_reading(
        self,
        question: str,
        first: Plan | Choices | NoPlan,
        *,
        viewer: Viewer,
        today: dt.date,
        history: Sequence[str],
        told: Callable[[str], None],
    ) -> Reading | None:
        """Return what the language model makes of a question; None where none is set up or none is needed."""
        catalog = self.layer.catalog
        if self.llm is None or is_own_wording(question, first, catalog):
            return None
        layer = self.layer_on(today)
        return self.llm.read(
            question, catalog, self.lexicon(viewer), today=today, history=history, near=self._near_in_meaning,
            visible=self._visible[viewer.policy], check=lambda query: layer.check(query, viewer=viewer),
            before=metrics_of(first, (self.plan(text, viewer=viewer, today=today) for text in history[-1:])),
            told=told,
        )  # fmt: skip

    def near_metrics(self, words: str) -> list[str]:
        """Return the metrics that are nearest to some words in meaning."""
        if self._index is None:
            maker = threading.Thread(target=self.index, name="meaning-index", daemon=True)
            maker.start()
            maker.join(_WAIT_FOR_INDEX)
        return self._near_in_meaning(words) if self._index is not None else []  # still in the making

    def _near_in_meaning(self, words: str) -> list[str]:
        index = self.index()
        if self._embedding is not None and has_personal(words):
            return []  # not a word of it leaves the house
        try:
            hits = index.near(words[:500], kinds=("metric", "example", "verified"), limit=8)
        except EmbeddingFailed:
            with self._index_lock:
                self._embedding, self._index = None, None
            index.close()
            hits = self.index().near(words[:500], kinds=("metric", "example", "verified"), limit=8)
        return list(dict.fromkeys(hit.ref for hit in hits if hit.ref in self.layer.catalog.metrics))

    def close(self) -> None:
        """Let go of files and memory."""
        for agent in (self, *self._seen.values()):
            if agent._index is not None:
                agent._index.close()
        self.layer.close()

    def _values(self, viewer: Viewer) -> dict[tuple[str, str], tuple[Scalar, ...]]:
        catalog = self.layer.catalog
        reached = {
            (ref.dimension.model, ref.dimension.name): ref
            for metric in catalog.metrics
            for ref in self.layer.reachable(metric).values()
            if ref.dimension.type in ("category", "identifier", "flag")
        }
        found: dict[tuple[str, str], tuple[Scalar, ...]] = {}
        for key, ref in reached.items():
            try:
                found[key] = self.layer.values(ref, viewer=viewer, limit=_VALUES_PER_DIMENSION)
            except AccessDenied:
                continue
        return found
