"""What runs wrote down of themselves is not counted twice."""

from __future__ import annotations

from pathlib import Path

from pipeline.observe import StepMetric, load_steps, record_steps, seconds_by_run


def test_a_run_took_what_its_steps_took_and_not_their_tables_once_more(tmp_path: Path) -> None:
    """Two sources side by side took 5 s each of a step of 6; bronze and silver of one have the same seconds."""
    tables = [
        StepMetric(step=layer, table=f"{layer}.{name}", duration_seconds=5.0)
        for layer in ("bronze", "silver")
        for name in ("sales", "customers")
    ]
    whole = [StepMetric(step="silver", duration_seconds=6.0), StepMetric(step="gold", duration_seconds=3.5)]
    record_steps(tmp_path, run=1, delivery="April", steps=[*tables, *whole])
    record_steps(tmp_path, run=1, delivery="May", steps=whole)
    record_steps(tmp_path, run=2, delivery="June", steps=[StepMetric(step="silver")])
    assert seconds_by_run(load_steps(tmp_path)) == {1: 19.0, 2: 0.0}
