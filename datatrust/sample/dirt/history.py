"""Defects that need a second row to see: copies, conflicts, versions out of order, parents that come late.

Layer: sample. No I/O.
"""

from __future__ import annotations

import random

from datatrust.sample.dirt.drafts import Fields, fresh
from datatrust.sample.dirt.plot import (
    DUPLICATE,
    QUARANTINED,
    SUPERSEDED,
    VALID,
    Draft,
    Kind,
    Line,
    Plot,
)
from datatrust.sample.draw import money, net_cents

BRANCH_FILE = "client_sales_raw_branch2.csv"
_BRANCH_DELIVERY = 1
_BRANCH_SHARE = 0.03  # of the lines of its closing


def _exact_duplicate(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
    line, home = plot.take(kind.source, delivery)
    plot.add(kind, home, line.values, after=line.place)


def _resent_duplicate(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
    plot.add(kind, max(1, delivery), plot.take(kind.source, 0)[0].values)


def _conflicting_version(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
    one = fresh(plot, kind.source, rng, delivery)
    other = dict(one)
    _change(kind.source, other)
    for fields in (one, other):
        plot.add(kind, delivery, tuple(fields.values()))


def _older_version(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
    names = plot.drafts[delivery, kind.source].table.columns
    fields = dict(zip(names, plot.take(kind.source, 0)[0].values, strict=True))
    _change(kind.source, fields)
    begun = fields["order_date" if kind.source == "sales_transactions" else "customer_since"]
    fields["updated_at"] = f"{begun} 00:30:00"  # before any working hour
    plot.add(kind, delivery, tuple(fields.values()))


def _unbalanced_journal(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
    """Book a debit whose credit is a little off."""
    debit = fresh(plot, kind.source, rng, delivery)
    off = money(_hundredths(debit["debit"]) + rng.choice((-10, 1, 90)))
    credit = debit | {"posting_id": f"{debit['journal_id']}.02", "debit": "0.00", "credit": off}
    for fields in (debit, credit):
        plot.add(kind, delivery, tuple(fields.values()))


def _change(source: str, fields: Fields) -> None:
    """Make another right version of a row."""
    if source == "sales_transactions":
        quantity = int(fields["quantity"]) + 1
        cents = net_cents(quantity, _hundredths(fields["list_price"]), _hundredths(fields["discount_pct"]))
        fields |= {"quantity": str(quantity), "amount": money(cents)}
    else:
        fields["segment"] = "Enterprise" if fields["segment"] != "Enterprise" else "Mid-market"


def _hundredths(text: str) -> int:
    return int(text.replace(".", ""))


KINDS = (
    *(
        Kind(name="exact_duplicate", source=source, outcome=DUPLICATE, plant=_exact_duplicate)
        for source in ("sales_transactions", "customers", "products", "fx_rates", "ledger", "employees")
    ),
    Kind(name="resent_duplicate", source="sales_transactions", outcome=DUPLICATE, plant=_resent_duplicate),
    *(
        Kind(
            name="conflicting_version",
            source=source,
            outcome=QUARANTINED,
            reason="conflict",
            plant=_conflicting_version,
        )
        for source in ("sales_transactions", "customers")
    ),
    *(
        Kind(name="older_version", source=source, outcome=SUPERSEDED, plant=_older_version)
        for source in ("sales_transactions", "customers")
    ),
    Kind(
        name="unbalanced_journal",
        source="ledger",
        outcome=QUARANTINED,
        reason="balanced",
        plant=_unbalanced_journal,
    ),
)


def hold_back_parents(plot: Plot) -> None:
    """Deliver the late customers and products a month after their first order lines and invoices, which wait for them."""
    late = plot.company.late_customers | plot.company.late_products
    for source in ("customers", "products"):
        draft, next_draft = plot.drafts[0, source], plot.drafts[1, source]
        for line in plot.take_where(source, 0, lambda line: line.values[0] in late):
            draft.lines.remove(line)
            line.place = len(next_draft.lines)
            line.statuses = line.statuses[1:]
            next_draft.lines.append(line)
    for name, source, column, parents in (
        ("late_customer", "sales_transactions", "customer_id", plot.company.late_customers),
        ("late_product", "sales_transactions", "product_id", plot.company.late_products),
        ("late_customer", "receivables", "customer_id", plot.company.late_customers),
    ):
        kind = Kind(
            name=name,
            source=source,
            outcome=VALID,
            reason="reference",
            column=column,
            plant=_nothing,
        )
        draft = plot.drafts[0, source]
        at = draft.table.columns.index(column)

        def waits(line: Line, at: int = at, parents: frozenset[str] = parents) -> bool:
            return line.values[at] in parents

        plot.take_where(source, 0, waits)
        for line in filter(waits, draft.lines):
            line.kind = kind
            line.statuses = (QUARANTINED, *line.statuses[1:])


def open_branch(plot: Plot) -> None:
    """Move some lines of one closing to a file of a second branch, whose columns stand in another order."""
    main = plot.drafts[_BRANCH_DELIVERY, "sales_transactions"]
    kind = Kind(name="swapped_columns", source="sales_transactions", outcome=VALID, plant=_nothing)
    count = max(5, round(len(main.lines) * _BRANCH_SHARE))
    moved = plot.take_some("sales_transactions", _BRANCH_DELIVERY, count)
    taken = {id(line) for line in moved}
    main.lines[:] = [line for line in main.lines if id(line) not in taken]
    for place, line in enumerate(moved):
        line.kind, line.place = kind, place
    names = list(main.columns)
    order = [*names[:2], names[4], names[3], names[8], *names[5:8], names[2], *names[9:]]
    plot.drafts[_BRANCH_DELIVERY, BRANCH_FILE] = Draft(
        delivery=_BRANCH_DELIVERY, name=BRANCH_FILE, table=main.table, columns=tuple(order), lines=moved
    )


def _nothing(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
    """For kinds that are planted all at once."""
