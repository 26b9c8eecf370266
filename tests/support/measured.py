"""Run the pipeline or its clean-up in a process of its own and measure it: for benchmarks."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from datatrust.core.settings import Project

ROOT = Path(__file__).parents[2]
_CHILD = r"""
import json, os, re, sys, time
from pathlib import Path
from datatrust.core.settings import load_project
from pipeline.session import open_session

project = load_project(Path(sys.argv[1]))
raw = sum(file.stat().st_size for file in project.raw.rglob("*") if file.is_file())
open_session(project, input_bytes=raw)
start = time.monotonic()
if sys.argv[2] == "run":
    from pipeline.run import run_pipeline
    summary = run_pipeline(project)
    assert summary.deliveries, "there was nothing to take in"
else:
    from pipeline.maintenance.run import maintain
    maintain(project)
seconds = time.monotonic() - start

from pyspark import SparkContext

def highest(pid):
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) if found else 0

peak = sum(highest(pid) for pid in (os.getpid(), SparkContext._gateway.proc.pid)) / 1024
print("\n" + json.dumps({"seconds": seconds, "peak_mb": round(peak, 1)}))
"""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds after the session was open, and the highest memory of Python and Java together."""

    seconds: float
    peak_mb: float


def run_apart(project: Project) -> Cost:
    """Take in what is new."""
    return _apart(project, "run")


def maintain_apart(project: Project) -> Cost:
    """Clean up by the project's policy."""
    return _apart(project, "maintain")


def _apart(project: Project, what: str) -> Cost:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(project.root), what],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"the measured {what} failed:\n{done.stderr[-2000:]}")
    return Cost(**json.loads(done.stdout.strip().splitlines()[-1]))
