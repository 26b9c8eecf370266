"""What customers owe: one invoice and one credit note for each customer and month, and the day on which it was settled.

An invoice holds the month's realised sales of a customer, a credit note its refunds, in euro cents. Most customers
pay about when it is due, some late, a few not at all.
Layer: sample. Pure.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from dataclasses import dataclass, replace

from datatrust.sample.closings import CLOSINGS, month_end
from datatrust.sample.customers import Customer
from datatrust.sample.draw import money, stream
from datatrust.sample.sales import Realised
from datatrust.sample.tables import Version, versions_of

_TERMS = {"Enterprise": 45, "Mid-market": 30, "Small business": 14}  # days
_NEVER, _LATE = 0.012, 0.16
_CREDIT_DAYS = 14
_FRIDAY = 4  # payments are booked once a week


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One invoice or credit note as a closing knows it; `cents` of a credit note are negative."""

    id: str
    kind: str
    customer: str
    region: str
    day: dt.date
    due: dt.date
    paid_on: dt.date | None
    cents: int

    def row(self, updated_at: str) -> tuple[str, ...]:
        """Return the document as a row of receivables.csv."""
        return (
            self.id, self.kind, self.customer, self.day.isoformat(), self.due.isoformat(),
            self.paid_on.isoformat() if self.paid_on else "", money(self.cents), updated_at,
        )  # fmt: skip


def invoice(seed: int, customers: list[Customer], realised: list[list[Realised]]) -> list[list[Document]]:
    """Return the documents that each closing knows, of all months up to its own."""
    by_id = {customer.id: customer for customer in customers}
    terms: dict[tuple[str, str, dt.date], Document] = {}
    known = []
    for closing, sales in enumerate(realised):
        sums: dict[tuple[str, str, dt.date], int] = defaultdict(int)
        for sale in sales:
            kind = "credit_note" if sale.is_refund else "invoice"
            sums[kind, sale.customer, month_end(sale.day)] += -sale.net if sale.is_refund else sale.net
        for key in sums.keys() - terms.keys():
            terms[key] = _agree(stream(seed, "receivables", *key), by_id[key[1]], *key)
        limit = CLOSINGS[closing].last_day
        documents = []
        for key in sorted(sums):
            agreed = terms[key]
            paid = agreed.paid_on if agreed.paid_on is not None and agreed.paid_on <= limit else None
            documents.append(replace(agreed, paid_on=paid, cents=sums[key]))
        known.append(documents)
    return known


def _agree(rng: random.Random, customer: Customer, kind: str, number: str, day: dt.date) -> Document:
    letters, terms = ("R", _TERMS[customer.segment]) if kind == "invoice" else ("G", _CREDIT_DAYS)
    due = day + dt.timedelta(days=terms)
    late, fate = rng.randrange(20, 110), rng.random()
    waited = late if fate < _NEVER + _LATE else rng.randrange(-6, 5)
    paid = due + dt.timedelta(days=waited if kind == "invoice" else 0)
    paid += dt.timedelta(days=(_FRIDAY - paid.weekday()) % 7)
    is_open = kind == "invoice" and (fate < _NEVER or (customer.late and day == dt.date(2026, 4, 30)))
    return Document(
        id=f"{letters}{day:%Y%m}-{number}",
        kind=kind,
        customer=customer.id,
        region=customer.country.region,
        day=day,
        due=due,
        paid_on=None if is_open else paid,
        cents=0,
    )


def receivable_versions(known: list[list[Document]]) -> list[Version]:
    """Return the rows of receivables.csv; a document comes again when it is paid or its amount put right."""
    states: dict[str, list[Document | None]] = {}
    for closing, documents in enumerate(known):
        for document in documents:
            states.setdefault(document.id, [None] * len(CLOSINGS))[closing] = document
    rows: list[Version] = []
    for documents_of_one in states.values():
        shown: Document | None = None
        texts: list[tuple[str, ...] | None] = []
        for closing, state in enumerate(documents_of_one):
            if state is not None and state != shown:
                known_on = CLOSINGS[closing].last_day if closing else state.paid_on or state.day
                texts.append(state.row(f"{known_on.isoformat()} 18:00:00"))
                shown = state
            else:
                texts.append(texts[-1] if texts else None)
        rows += versions_of(texts)
    return rows
