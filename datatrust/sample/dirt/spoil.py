"""Plant every kind of defect, at least once each, up to the asked share of each source's rows.

Layer: sample. No I/O.
"""

from __future__ import annotations

import random
from collections import defaultdict

from datatrust.sample.dirt import fields, history, writing
from datatrust.sample.dirt.plot import Kind, Plot

KINDS: tuple[Kind, ...] = (*fields.KINDS, *writing.KINDS, *history.KINDS)
_TURNS = (0, 1, 0, 2, 0)  # which delivery gets the next one: most stand in the first, which has the history


def spoil(plot: Plot, *, seed: int, share: float) -> None:
    """Plant defects in about `share` of the rows of each source; none at 0."""
    if share == 0:
        return
    history.hold_back_parents(plot)
    history.open_branch(plot)
    rows: dict[str, int] = defaultdict(int)
    for draft in plot.drafts.values():
        rows[draft.table.source] += len(draft.lines)
    kinds_of: dict[str, int] = defaultdict(int)
    for kind in KINDS:
        kinds_of[kind.source] += 1
    for index, kind in enumerate(KINDS):
        rng = random.Random(f"{seed}:{kind.name}:{kind.source}")
        count = max(1, round(share * rows[kind.source] / kinds_of[kind.source]))
        for number in range(count):
            delivery = _TURNS[(index + number) % len(_TURNS)]
            has_file = bool(plot.drafts[delivery, kind.source].lines)
            kind.plant(plot, kind, rng, delivery if has_file else 0)
