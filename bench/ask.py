"""A question warm inside one process: plan, compile and run apart, beside the same SQL run directly on the engine.

Asks the sample company's release where there is one, else its catalog over made-up rows. The layer's memory of
compiled statements is emptied before each question, so that compile is measured and not remembered.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from chatbot.agent import Agent  # noqa: E402
from datatrust.core.release import list_releases  # noqa: E402
from datatrust.core.settings import Project, load_project  # noqa: E402
from datatrust.evaluation.cases import load_cases  # noqa: E402
from tests.support.gold_double import make_gold_double  # noqa: E402

ROUNDS = 3


def run() -> list[dict[str, Any]]:
    """Return the rows of the benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        agent = Agent.open(_project(Path(folder) / "project"))
        try:
            return _measure(agent)
        finally:
            agent.close()


def _project(fallback: Path) -> Project:
    project = load_project(ROOT)
    return project if list_releases(project.warehouse) else make_gold_double(fallback)


def _measure(agent: Agent) -> list[dict[str, Any]]:
    questions = [case.question for case in load_cases(ROOT / "eval" / "sample.jsonl")]
    for question in questions:
        agent.ask(question)
    parts: dict[str, list[float]] = {"plan": [], "compile": [], "run": [], "total": []}
    direct: list[float] = []
    for _ in range(ROUNDS):
        for question in questions:
            agent.layer._plans.clear()
            answer = agent.ask(question)
            if answer.status != "answered" or answer.query is None or answer.sql is None:
                continue
            for name, values in parts.items():
                values.append(float(getattr(answer.timings_ms, name)))
            compiled = agent.layer.compile(answer.query, viewer=_everyone())
            started = time.perf_counter()
            agent.layer.engine.run(compiled.sql, tables=compiled.tables, max_rows=10_000, timeout_seconds=30)
            direct.append((time.perf_counter() - started) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = []
    for name, values in parts.items():
        for label, pick in (("median", statistics.median), ("p95", _p95)):
            baseline = pick(direct) if name in ("run", "total") else None
            ours = pick(values)
            rows.append(
                {
                    "case": f"{name}, {label}",
                    "ours": round(ours, 3),
                    "baseline": round(baseline, 3) if baseline is not None else None,
                    "ratio": round(ours / baseline, 3) if baseline else None,
                    "unit": "ms",
                    "peak_mb": round(peak, 1),
                }
            )
    return rows


def _everyone() -> Any:
    from semantic.query import EVERYONE

    return EVERYONE


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
