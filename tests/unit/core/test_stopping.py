"""A stop ends what runs, keeps what comes after from beginning, and never meets what is done."""

from __future__ import annotations

import threading
import time

import duckdb
import pytest

from datatrust.core.errors import EngineError, Stopped
from datatrust.core.stopping import Stop, interrupting, stoppable
from semantic.engines import _duckdb as duck

ENDLESS = "select count(*) from range(10000000) a, range(10000000) b where a.range + b.range = 7"


def test_a_running_statement_is_interrupted() -> None:
    connection, stop = duckdb.connect(":memory:"), Stop()
    threading.Timer(0.3, stop.stop).start()
    began = time.monotonic()
    with stoppable(stop), pytest.raises(Stopped):
        duck.run(connection, ENDLESS, max_rows=10, timeout_seconds=60)
    assert time.monotonic() - began < 10
    stop.finish()
    assert duck.run(connection, "select 1", max_rows=10, timeout_seconds=5).rows == ((1,),)


def test_its_time_is_still_told_apart_from_a_stop() -> None:
    with stoppable(Stop()), pytest.raises(EngineError, match="took longer than"):
        duck.run(duckdb.connect(":memory:"), ENDLESS, max_rows=10, timeout_seconds=0.3)


def test_what_comes_after_a_stop_does_not_begin() -> None:
    stop, ran = Stop(), []
    assert stop.stop()
    with stoppable(stop), pytest.raises(Stopped), interrupting(lambda: None):
        ran.append(1)
    assert ran == []
    stop.finish()
    with interrupting(lambda: None):  # another piece of work is not stopped
        ran.append(2)
    assert ran == [2]


def test_an_interrupt_is_said_again_until_it_is_heard() -> None:
    """Trap: one that comes before its statement has begun is lost."""
    stop, heard = Stop(), threading.Event()
    calls: list[int] = []

    def interrupt() -> None:
        calls.append(1)
        if len(calls) == 3:
            heard.set()

    def work() -> None:
        with stoppable(stop), interrupting(interrupt):
            stop.stop()
            assert heard.wait(10)

    with pytest.raises(Stopped):
        work()
    stop.finish()


def test_what_is_done_cannot_be_stopped() -> None:
    done, stopped = Stop(), Stop()
    assert done.finish()
    assert not done.stop()
    assert stopped.stop()
    assert not stopped.finish()
