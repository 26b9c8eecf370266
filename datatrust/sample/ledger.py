"""The general ledger: every sale, refund, receipt, expense and payment as a journal whose debit equals its credit.

A journal is the day of one entity and one kind of event. What a later closing knows better is not written over it:
it comes as an adjusting journal of the same posting date, which holds the difference. So the ledger only grows, and
at each closing its sums are those of the order lines, expenses and invoices that this closing knows, to the cent.
Amounts are euro cents; a positive one is a debit.
Layer: sample. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from datatrust.sample import accounts as chart
from datatrust.sample.accounts import BALANCE_SHEET, CHART, ENTITIES, HEAD_OFFICE
from datatrust.sample.closings import CLOSINGS, FIRST_DAY, month_end, month_of, months
from datatrust.sample.draw import half_up, money
from datatrust.sample.finance import Actuals, Expense
from datatrust.sample.receivables import Document
from datatrust.sample.sales import Realised
from datatrust.sample.tables import Version, versions_of

_OPENING_DAY = FIRST_DAY - dt.timedelta(days=1)
_RECLASSIFIED = dt.date(2026, 4, 30)  # payables booked as accruals in April, put right by the May closing

Journal = tuple[str, dt.date, str]  # kind, posting date, entity
Slot = tuple[str, str]  # account, department ("" for none)
Books = dict[Journal, dict[Slot, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One line of a journal as a closing brings it."""

    delivery: int
    journal: Journal
    number: int  # within its journal
    account: str
    department: str
    cents: int

    def row(self) -> tuple[str, ...]:
        """Return the posting as a row of ledger.csv."""
        kind, day, entity = self.journal
        name = f"J{kind}{day:%Y%m%d}-{entity}-{self.delivery}"
        return (
            f"{name}.{self.number:02d}", name, day.isoformat(), entity, self.account, self.department,
            money(max(0, self.cents)), money(max(0, -self.cents)),
        )  # fmt: skip


def keep_books(
    actuals: Actuals,
    realised: list[list[Realised]],
    expenses: list[list[Expense]],
    documents: list[list[Document]],
) -> list[Posting]:
    """Return every posting. The lists hold what each closing knows of all days up to its last."""
    fixed = _settlements(actuals, expenses[-1])
    known = [
        fixed | _sales(realised[closing]) | _spending(expenses[closing]) | _receipts(documents[closing])
        for closing in range(len(CLOSINGS))
    ]
    shift = sum(e.cents for e in expenses[-1] if month_of(e.day) == month_of(_RECLASSIFIED)) * 2 // 25
    known[0]["T", _RECLASSIFIED, HEAD_OFFICE] = {(chart.PAYABLES, ""): shift, (chart.ACCRUALS, ""): -shift}
    opening = _opening(actuals, known[-1])
    return list(_differences([books | opening for books in known]))


def balance_versions(postings: list[Posting]) -> list[Version]:
    """Return the rows of account_balances.csv: what the ledger of each closing adds up to; a change comes again."""
    rows: list[Version] = []
    by_month: dict[dt.date, list[tuple[int, str, int]]] = defaultdict(list)
    for posting in postings:
        account = posting.account if posting.account in BALANCE_SHEET else chart.RETAINED
        by_month[month_of(max(posting.journal[1], FIRST_DAY))].append(
            (posting.delivery, account, posting.cents)
        )
    balances = [dict.fromkeys(BALANCE_SHEET, 0) for _ in CLOSINGS]
    for month in months():
        for delivery, account, cents in by_month[month]:
            for closing in range(delivery, len(CLOSINGS)):
                balances[closing][account] += cents
        for account in BALANCE_SHEET:
            rows += versions_of(
                None
                if month_end(month) > CLOSINGS[closing].last_day
                else _balance_row(month, account, balances[closing][account])
                for closing in range(len(CLOSINGS))
            )
    return rows


def _balance_row(month: dt.date, account: str, debit: int) -> tuple[str, ...]:
    kind = CHART[account].kind
    cents = debit if kind == "asset" else -debit
    return (month_end(month).isoformat(), account, CHART[account].name, kind, money(cents))


def _sales(realised: list[Realised]) -> Books:
    books: Books = defaultdict(lambda: defaultdict(int))
    for sale in realised:
        slots = books["S", sale.day, ENTITIES[sale.region]]
        if sale.is_refund:
            slots[chart.REFUNDS, ""] += sale.net
        else:
            slots[chart.GROSS_SALES, ""] -= sale.gross
            slots[chart.DISCOUNTS, ""] += sale.gross - sale.net
        sign = -1 if sale.is_refund else 1
        slots[chart.RECEIVABLES, ""] += sign * sale.net
        slots[chart.COST_OF_GOODS, ""] += sign * sale.cost
        slots[chart.INVENTORY, ""] -= sign * sale.cost
    return dict(books)


def _spending(expenses: list[Expense]) -> Books:
    books: Books = defaultdict(lambda: defaultdict(int))
    for expense in expenses:
        slots = books["X", expense.day, HEAD_OFFICE]
        slots[expense.account, expense.department] += expense.cents
        owed = (
            chart.EQUIPMENT if expense.account == chart.EXPENSE_ACCOUNTS["Depreciation"] else chart.ACCRUALS
        )
        slots[owed, ""] -= expense.cents
    return dict(books)


def _receipts(documents: list[Document]) -> Books:
    books: Books = defaultdict(lambda: defaultdict(int))
    for document in documents:
        if document.paid_on is not None:
            slots = books["R", document.paid_on, ENTITIES[document.region]]
            slots[chart.CASH, ""] += document.cents
            slots[chart.RECEIVABLES, ""] -= document.cents
    return dict(books)


def _settlements(actuals: Actuals, expenses: list[Expense]) -> Books:
    """Purchases of goods, and what is paid to suppliers, for expenses and to the bank, at the end of each month.

    They keep two months' cost of goods in stock, a little more than one month's cost owed to suppliers, and four
    tenths of a month's expenses accrued.
    """
    books: Books = {}
    usual = actuals.usual_revenue()
    stock, owed = _first_stock(actuals), dict.fromkeys(ENTITIES.values(), 0)
    accrued = 0
    spent: dict[dt.date, int] = defaultdict(int)
    for expense in expenses:
        if expense.account != chart.EXPENSE_ACCOUNTS["Depreciation"]:
            spent[month_of(expense.day)] += expense.cents
    for month in months():
        day = month_end(month)
        for region, entity in ENTITIES.items():
            cost = max(0, actuals.cost_of(month, region))
            bought = max(0, 3 * cost - stock[entity])
            paid = max(0, owed[entity] + bought - half_up(cost * 11, 10))
            stock[entity] += bought - cost
            owed[entity] += bought - paid
            books["P", day - dt.timedelta(days=4), entity] = {
                (chart.INVENTORY, ""): bought,
                (chart.PAYABLES, ""): -bought,
            }
            books["D", day, entity] = {(chart.PAYABLES, ""): paid, (chart.CASH, ""): -paid}
        settled = accrued + spent[month] - half_up(spent[month] * 4, 10)
        accrued += spent[month] - settled
        slots = books["D", day, HEAD_OFFICE]
        slots |= {(chart.ACCRUALS, ""): settled, (chart.LOANS, ""): half_up(usual, 50)}
        slots[chart.CASH, ""] -= settled + half_up(usual, 50)
    return books


def _first_stock(actuals: Actuals) -> dict[str, int]:
    return {entity: 2 * max(0, actuals.cost_of(months()[0], region)) for region, entity in ENTITIES.items()}


def _opening(actuals: Actuals, books: Books) -> Books:
    """What was there before the first day; each entity's capital is set so that its cash never runs out."""
    usual = actuals.usual_revenue()
    opening: Books = {}
    for entity, stock in _first_stock(actuals).items():
        slots = {(chart.INVENTORY, ""): stock}
        if entity == HEAD_OFFICE:
            slots |= {
                (chart.EQUIPMENT, ""): usual * 3,
                (chart.LOANS, ""): -usual * 2,
                (chart.RETAINED, ""): -usual * 4,
            }
        slots[chart.CASH, ""] = max(0, usual // 2 - _least_cash(books, entity))
        slots[chart.CAPITAL, ""] = -sum(slots.values())
        opening["O", _OPENING_DAY, entity] = slots
    return opening


def _least_cash(books: Books, entity: str) -> int:
    """The least that the cash of an entity would come to, had it begun with none."""
    moved: dict[dt.date, int] = defaultdict(int)
    for (_, day, owner), slots in books.items():
        if owner == entity:
            moved[day] += slots.get((chart.CASH, ""), 0)
    cash = least = 0
    for day in sorted(moved):
        cash += moved[day]
        least = min(least, cash)
    return least


def _differences(known: Iterable[Books]) -> Iterator[Posting]:
    """Yield the postings that take each closing's books to the next one's."""
    stands: Books = {}
    for closing, books in enumerate(known):
        limit = CLOSINGS[closing].last_day
        for journal in sorted({*stands, *books}):
            if journal[1] > limit:
                continue
            before, after = stands.get(journal, {}), books.get(journal, {})
            moved = {slot: after.get(slot, 0) - before.get(slot, 0) for slot in sorted({*before, *after})}
            lines = [(slot, cents) for slot, cents in moved.items() if cents]
            for number, ((account, department), cents) in enumerate(lines, start=1):
                yield Posting(
                    delivery=closing, journal=journal, number=number, account=account, department=department, cents=cents
                )  # fmt: skip
        stands = {journal: slots for journal, slots in books.items() if journal[1] <= limit}
