"""`datatrust sample`: write the sample company's raw files. Layer: the door."""

from __future__ import annotations

import click

from datatrust.commands.common import Context, json_option, print_json


@click.group()
def sample() -> None:
    """The sample company's raw files."""


@sample.command("build")
@click.option("--seed", default=360, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--orders-per-month", type=click.IntRange(1), help="Size; the default makes about 40,000 order lines."
)
@click.option(
    "--dirt", default=0.01, show_default=True, type=click.FloatRange(0, 0.5), help="Share of dirty rows."
)
@json_option
@click.pass_obj
def build(context: Context, seed: int, orders_per_month: int | None, dirt: float, as_json: bool) -> None:
    """Write three closings of raw files, and the ground truth of their defects beside them."""
    from datatrust.sample import DEFAULT_ORDERS_PER_MONTH, build_sample

    project = context.project
    truth = project.raw.parent / "sample_truth.jsonl"
    size = orders_per_month or DEFAULT_ORDERS_PER_MONTH
    summary = build_sample(project.raw, truth_file=truth, seed=seed, orders_per_month=size, dirt=dirt)
    if as_json:
        print_json(summary)
    else:
        click.echo(str(summary))
