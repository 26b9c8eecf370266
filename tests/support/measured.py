"""Run the pipeline or its clean-up in a process of its own and measure it; the memory and processes of a benchmark."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datatrust.core.settings import Project, load_project

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds after the session was open, and the highest memory of Python and Java together."""

    seconds: float
    peak_mb: float


def run_apart(project: Project) -> Cost:
    """Take in what is new."""
    return measure_apart("measured", str(project.root), "run")


def maintain_apart(project: Project) -> Cost:
    """Clean up by the project's policy."""
    return measure_apart("measured", str(project.root), "maintain")


def own_processes() -> list[int]:
    """This process, and its Java where it has one."""
    if "pyspark" not in sys.modules:
        return [os.getpid()]
    from pyspark import SparkContext

    gateway: Any = SparkContext._gateway
    return [os.getpid(), gateway.proc.pid]


def peak_mb() -> float:
    """Return the highest memory of this process and of its Java together."""
    return round(sum(_highest_kb(pid) for pid in own_processes()) / 1024, 1)


def _highest_kb(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) if found else 0


def measure_apart(module: str, *arguments: str) -> Cost:
    """Run a module of `tests.support` in a process of its own, which says by `say_cost` what it took."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.support.{module}", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"the measured {' '.join([module, *arguments])} failed:\n{done.stderr[-2000:]}")
    return Cost(**json.loads(done.stdout.strip().splitlines()[-1]))


def say_cost(start: float) -> None:
    """Say what this process took since `start` (`time.monotonic`), as its last line."""
    print("\n" + json.dumps({"seconds": time.monotonic() - start, "peak_mb": peak_mb()}))


def _measure(root: Path, what: str) -> None:
    """Be the process of its own; the last line says what it took."""
    from pipeline.maintenance.run import maintain
    from pipeline.run import run_pipeline
    from pipeline.session import open_session

    project = load_project(root)
    open_session(project, input_bytes=sum(f.stat().st_size for f in project.raw.rglob("*") if f.is_file()))
    start = time.monotonic()
    if what == "run":
        assert run_pipeline(project).deliveries, "there was nothing to take in"
    else:
        maintain(project)
    say_cost(start)


if __name__ == "__main__":
    _measure(Path(sys.argv[1]), sys.argv[2])
