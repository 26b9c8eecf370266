"""The server under many askers: 50 with ten seconds to think for three minutes, a burst of 150, 10,000 questions for its memory.

A real server process on a port of its own, asked over real HTTP by processes of clients, each client with a connection
of its own. `make bench ONLY=load` takes the whole; a short run: `USERS=10 SECONDS=20 BURST=30 QUESTIONS=300`.
The baselines are what must not be passed: 1 s for the slowest twentieth, 12 s for all of a burst, a tenth more memory.
"""

from __future__ import annotations

import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402

CLIENT_PROCESSES = 3
THINK = 10.0
P95, BURST_SECONDS, GROWTH = 1.0, 12.0, 1.10
WARM_UP = 200  # questions before memory is counted: caches fill once
PATIENCE = 120.0


def run() -> list[dict[str, Any]]:
    """Return the rows of the benchmark.

    Raises:
        SystemExit: a question was not answered.
    """
    users, seconds = _number("USERS", 50), _number("SECONDS", 180)
    burst, questions = _number("BURST", 150), _number("QUESTIONS", 10_000)
    with tempfile.TemporaryDirectory() as folder:
        from tests.support.gold_double import make_gold_double

        project = make_gold_double(Path(folder) / "company")
        server, address = _serve(project.root)
        try:
            steady = _clients(address, users, seconds=seconds)
            at_once = _clients(address, burst, seconds=0)
            _clients(address, CLIENT_PROCESSES, each=max(1, WARM_UP // CLIENT_PROCESSES))
            before = _memory(server.pid)
            many = _clients(address, CLIENT_PROCESSES, each=max(1, questions // CLIENT_PROCESSES))
            after = _memory(server.pid)
        finally:
            server.terminate()
            server.wait(timeout=30)
    faults = [fault for part in (steady, at_once, many) for fault in part["faults"]]
    if faults:
        raise SystemExit(f"{len(faults)} questions were not answered, the first: {faults[0]}")
    times = sorted(steady["times"])
    peak = round(after, 1)
    return [
        _row(f"{users} users, {len(times)} questions, p95", times[int(len(times) * 0.95)], P95, "s", peak),
        _row(f"{users} users, the slowest", times[-1], None, "s", peak),
        _row(f"burst of {burst}, the last answer", max(at_once["times"]), BURST_SECONDS, "s", peak),
        _row(f"memory after {len(many['times'])} more questions", after / before, GROWTH, "x", peak),
    ]


def _row(case: str, ours: float, limit: float | None, unit: str, peak: float) -> dict[str, Any]:
    return {
        "case": case, "ours": round(ours, 3), "baseline": limit,
        "ratio": round(ours / limit, 3) if limit else None, "unit": unit, "peak_mb": peak,
    }  # fmt: skip


def _number(name: str, default: int) -> int:
    return int(os.environ.get(name) or default)


def _serve(root: Path) -> tuple[subprocess.Popen[str], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "datatrust.cli", "--project", str(root), "serve", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    told = []
    for line in server.stderr:
        told.append(line)
        if found := re.search(r"(http://127\.0\.0\.1:\d+)", line):
            return server, found[1]
    raise SystemExit("the server did not start:\n" + "".join(told))


def _memory(pid: int) -> float:
    """The memory that the server holds, in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def _clients(address: str, count: int, *, seconds: int = 0, each: int = 1) -> dict[str, list[Any]]:
    """Let so many clients ask, from processes of their own; return the seconds of each answer, and what went wrong."""
    shares = [count // CLIENT_PROCESSES + (at < count % CLIENT_PROCESSES) for at in range(CLIENT_PROCESSES)]
    begin = time.time() + 3  # when all processes are there
    started = [
        subprocess.Popen(
            [sys.executable, __file__, address, str(share), str(seconds), str(each), str(begin), str(at)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )
        for at, share in enumerate(shares) if share
    ]  # fmt: skip
    found = [json.loads(process.communicate()[0]) for process in started]
    return {key: [value for part in found for value in part[key]] for key in ("times", "faults")}


def ask_as_clients(address: str, count: int, seconds: float, each: int, begin: float, seed: int) -> None:
    """Be so many clients of one process; print what they saw."""
    from datatrust.evaluation.cases import load_cases

    questions = [case.question for case in load_cases(ROOT / "eval" / "sample.jsonl")]
    times: list[float] = []
    faults: list[str] = []

    def one(number: int) -> None:
        dice = random.Random(seed * 1_000 + number)
        with httpx.Client(base_url=address, timeout=PATIENCE) as client:
            time.sleep(max(0.0, begin - time.time()) + (dice.uniform(0, THINK) if seconds else 0))
            asked = 0
            while asked == 0 or (time.time() < begin + seconds if seconds else asked < each):
                question = dice.choice(questions)
                started = time.perf_counter()
                try:
                    reply = client.post("/api/v1/ask", json={"question": question})
                    answer = reply.json()
                    if reply.status_code != 200 or not answer["id"] or answer["question"] != question:
                        faults.append(f"{reply.status_code} {question}: {reply.text[:200]}")
                except (httpx.HTTPError, ValueError, KeyError) as error:
                    faults.append(f"{question}: {error!r}")
                times.append(time.perf_counter() - started)
                asked += 1
                if seconds:
                    time.sleep(THINK)

    with ThreadPoolExecutor(max_workers=count) as pool:
        list(pool.map(one, range(count)))
    print(json.dumps({"times": times, "faults": faults}))


if __name__ == "__main__":
    _address, _count, _seconds, _each, _begin, _seed = sys.argv[1:]
    ask_as_clients(_address, int(_count), float(_seconds), int(_each), float(_begin), int(_seed))
