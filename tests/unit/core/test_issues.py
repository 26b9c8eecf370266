"""A message says where, what, the nearest right name, the next step."""

from __future__ import annotations

from pathlib import Path

from datatrust.core.issues import Issue, SourcePosition, did_you_mean


def test_rendered_with_the_line_and_a_caret(tmp_path: Path) -> None:
    file = tmp_path / "payables.yml"
    file.write_text("metrics:\n  - name: open\n    expr: amout_net\n")
    issue = Issue(
        code="DT201", message='unknown column "amout_net"', at=SourcePosition(file=str(file), line=3, column=11),
        suggestion="amount_net", hint="list them: datatrust semantic describe payables",
    )  # fmt: skip
    assert issue.render() == (
        f'{file}:3:11  DT201  unknown column "amout_net"\n'
        "        expr: amout_net\n"
        "              ^^^^^^^^^\n"
        "  did you mean: amount_net?   list them: datatrust semantic describe payables"
    )


def test_did_you_mean() -> None:
    assert did_you_mean("revenu", ["revenue", "margin"]) == "revenue"
    assert did_you_mean("zzz", ["revenue", "margin"]) is None
    assert did_you_mean("x", []) is None
