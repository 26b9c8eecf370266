"""Kill runs of the pipeline at random moments, run again, and compare with a run that nothing happened to.

`make faults N=200`. Each round is a copy of the smallest company with a second closing to take in. A child process
in a group of its own runs it and the whole group, Java with it, is killed by -9 after a random part of a run's
time; one time in three the run that follows is killed as well. Then a run to the end must publish the rows, controls,
totals and lineage of the undisturbed one. What was found is written down after every round: a second call goes on
where the first one ended. A copy that differs is kept, and named.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from datatrust.core.errors import DataTrustError  # noqa: E402
from datatrust.core.settings import Project  # noqa: E402
from pipeline.run import run_pipeline  # noqa: E402
from pipeline.session import open_session  # noqa: E402
from tests.support.survival import second_closing, wait_for_the_lock  # noqa: E402
from tests.support.tiny import current, deliver, figures, gold, make_tiny_project  # noqa: E402

KEPT = ROOT / ".cache" / "faults"
KILLED_AGAIN = 1 / 3
STARTING = "starting"

CHILD = """
import contextlib, sys
from pathlib import Path
from datatrust.core.settings import load_project
from pipeline.run import run_pipeline

class Said:
    def step(self, label, parts=1):
        self.say(label)
        return contextlib.nullcontext(lambda detail, parts=1: self.say(label + ": " + detail))
    def say(self, words):
        print(words, flush=True)
    def close(self):
        pass

print("begins", flush=True)
run_pipeline(load_project(Path(sys.argv[1])), progress=Said())
print("over", flush=True)
"""


@dataclass(frozen=True, kw_only=True)
class Round:
    """What became of one copy: the steps that its runs died in, and what was wrong in the end."""

    number: int
    died_in: tuple[str, ...]
    fault: str | None


def main(count: int) -> int:
    """Run rounds until `count` are written down; return 0 where all of them survived."""
    KEPT.mkdir(parents=True, exist_ok=True)
    record = KEPT / f"rounds-{_state_of_the_code()}.jsonl"
    done = [Round(**line) for line in _lines(record)][:count]
    if done:
        print(f"going on after {len(done)} rounds of {record.relative_to(ROOT)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if len(done) < count:
            done += _rounds(Path(folder), record, len(done), count)
    died = Counter(step for each in done for step in each.died_in)
    for step, times in sorted(died.items()):
        print(f"  {times:4} died in {step}")
    survived = sum(each.fault is None for each in done)
    print(f"{survived} survived of {len(done)}")
    return 0 if survived == len(done) else 1


def _rounds(folder: Path, record: Path, start: int, count: int) -> list[Round]:
    first = make_tiny_project(folder / "first")
    deliver(first, "2026-04/expenses.csv", [("A1", "10.00"), ("A2", "20.02"), ("A3", "-5.00")])
    open_session(first, input_bytes=0, deliveries=count)
    run_pipeline(first)
    calm = second_closing(first, folder / "calm")
    seconds = _let_run(calm)
    wanted = gold(calm), figures(current(calm))
    print(f"an undisturbed run takes {seconds:.0f} s from its begin", flush=True)
    found = []
    for number in range(start, count):
        one = _round(number, first, folder / str(number), seconds, wanted)
        with record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(one.__dict__) + "\n")
        told = "survived" if one.fault is None else f"NOT SURVIVED: {one.fault}"
        print(f"{number + 1} of {count}: killed in {', then '.join(one.died_in)}; {told}", flush=True)
        found.append(one)
    return found


def _round(number: int, first: Project, root: Path, seconds: float, wanted: object) -> Round:
    draw = random.Random(number)
    project = second_closing(first, root)
    died: list[str] = []
    while not died or draw.random() < KILLED_AGAIN:
        step = _kill(project, draw.uniform(0, seconds))
        if step is not None:
            died.append(step)
        elif died:
            break  # the second run came to its end
        else:  # so did the first: another copy, another moment
            shutil.rmtree(root)
            project = second_closing(first, root)
    try:
        wait_for_the_lock(project)
        run_pipeline(project)
        fault = None if (gold(project), figures(current(project))) == wanted else "another release"
    except DataTrustError as error:
        fault = str(error).splitlines()[0]
    if fault is None:
        shutil.rmtree(root)
    else:
        kept = KEPT / f"round-{number}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(root, kept)
        fault += f" (kept in {kept.relative_to(ROOT)})"
    return Round(number=number, died_in=tuple(died), fault=fault)


def _kill(project: Project, after: float) -> str | None:
    """Start a run and kill its group `after` seconds; return the step it was in, None where it was over before."""
    with _child(project) as child:
        assert child.stdout is not None
        time.sleep(after)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        said = child.stdout.read().splitlines()
        code = child.wait()
    if code == -signal.SIGKILL and "over" not in said:
        wait_for_the_lock(project)
        return said[-1].split(": ")[1] if said and ": " in said[-1] else STARTING
    if code not in (0, -signal.SIGKILL):
        raise SystemExit(f"a run ended by itself with code {code}: {' | '.join(said[-3:])}")
    return None


def _let_run(project: Project) -> float:
    """Run to the end in a child; return its seconds from the begin."""
    with _child(project) as child:
        assert child.stdout is not None
        started = time.monotonic()
        child.stdout.read()
        if child.wait() != 0:
            raise SystemExit("the undisturbed run failed")
        return time.monotonic() - started


def _child(project: Project) -> subprocess.Popen[str]:
    """Start a run in a process group of its own; return when it begins."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(project.root)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert child.stdout is not None
    if child.stdout.readline() != "begins\n":
        raise SystemExit("a run did not begin")
    return child


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _state_of_the_code() -> str:
    """A word for the code as it stands: what was found with another is not gone on with."""
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
