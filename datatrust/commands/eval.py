"""`datatrust eval`: score the answers to files of questions. Layer: the door."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datatrust.commands.common import Context, json_option, planner_option, print_json, print_table

if TYPE_CHECKING:
    from chatbot.second import PlannerName
    from datatrust.evaluation.score import Score, Scored


@click.command("eval")
@click.argument("files", nargs=-1, required=True, metavar="FILE.jsonl ...")
@click.option(
    "--copies", type=click.IntRange(0, 20), default=1, show_default=True,
    help="Compare on so many copies with other numbers too.",
)  # fmt: skip
@planner_option("offline")
@click.option("--wrong", is_flag=True, help="List every question that was answered wrong.")
@click.option(
    "--against", metavar="VERDICTS.json", help="Fail where a case that was right in there is not any more."
)
@click.option("--keep", metavar="VERDICTS.json", help="Write the verdicts there, for a later --against.")
@click.option("--silent", is_flag=True, help="List every question that was asked back or refused.")
@json_option
@click.pass_obj
def evaluate(
    context: Context, files: tuple[str, ...], copies: int, planner: PlannerName | None, wrong: bool, silent: bool,
    against: str | None, keep: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Ask every question of FILE and compare the answers' rows with what is accepted; exit code 1 if one is wrong."""
    from datatrust.evaluation.before import load_verdicts, regressions, verdicts_of, write_verdicts
    from datatrust.evaluation.cases import load_cases
    from datatrust.evaluation.score import score_cases, summarise

    sets = {Path(name).stem: load_cases(Path(name)) for name in files}
    cases = [case for each in sets.values() for case in each]
    before = load_verdicts(Path(against)) if against else {}
    scored = score_cases(context.project, cases, copies=copies, planner=planner or "offline")
    left = iter(scored)
    by_set = {name: [next(left) for _ in each] for name, each in sets.items()}
    lost = regressions(before, by_set)
    if keep:
        write_verdicts(Path(keep), verdicts_of(by_set))
    if as_json:
        print_json(
            {
                "families": [_family(score) for score in summarise(scored)],
                "cases": [_case(one) for one in scored],
                "regressions": [{"set": name, "id": one.case.id} for name, one in lost],
            }
        )
    else:
        _print_scores(summarise(scored))
        _print_cases(
            scored, {v for v, on in (("wrong", wrong), ("asked", silent), ("refused", silent)) if on}
        )
        for name, one in lost:
            click.echo(f"\nwas right, is {one.verdict}: {one.case.question}  [{name}: {one.case.id}]")
    if lost or any(one.verdict == "wrong" for one in scored):
        raise SystemExit(1)


def _family(score: Score) -> dict[str, Any]:
    return {**asdict(score), "coverage": score.coverage, "precision": score.precision}


def _case(one: Scored) -> dict[str, Any]:
    return {
        "id": one.case.id, "family": one.case.family, "question": one.case.question, "verdict": one.verdict,
        "lucky": one.lucky, "interpretation": one.answer.interpretation, "reason": one.answer.reason,
        "milliseconds": one.milliseconds,
    }  # fmt: skip


def _print_scores(scores: list[Score]) -> None:
    rows = [
        [
            score.family or "-", score.cases, score.right, score.wrong, score.asked, score.refused, score.open,
            f"{score.coverage:.0%}", "" if score.precision is None else f"{score.precision:.1%}",
            f"{score.median_ms:.0f} ms", f"{score.p95_ms:.0f} ms",
        ]
        for score in scores
    ]  # fmt: skip
    names = [
        "family",
        "cases",
        "right",
        "wrong",
        "asked",
        "refused",
        "open",
        "coverage",
        "precision",
        "p50",
        "p95",
    ]
    print_table(names, rows)


def _print_cases(scored: list[Scored], verdicts: set[str]) -> None:
    for one in scored:
        if one.verdict in verdicts:
            click.echo(
                f"\n{one.verdict}{' on a copy' if one.lucky else ''}: {one.case.question}  [{one.case.id}]"
            )
            click.echo(f"  {one.answer.interpretation or one.answer.text}")
