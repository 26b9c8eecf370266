"""The order lines and what became of them: pending, completed or failed, and for some a refund or a correction.

A line is a list of events; a closing shows the state after the last event that it covers. So later closings bring
corrections by themselves: a pending line completes, a completed one is refunded, a quantity is put right.
Layer: sample. Pure.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from datatrust.sample.closings import CLOSINGS, delivery_of, fiscal_year, month_end, month_of, months
from datatrust.sample.customers import Customer
from datatrust.sample.draw import half_up, moment, money, net_cents, stamp, stream, to_eur
from datatrust.sample.products import Product
from datatrust.sample.rates import Rates
from datatrust.sample.tables import Version

_SEASON = (0.92, 0.90, 1.04, 0.98, 1.00, 1.07, 0.86, 0.82, 1.06, 1.12, 1.20, 1.03)  # January first
_LINES = (1, 2, 3, 4, 5)
_LINES_WEIGHTS = (36, 30, 18, 10, 6)
_DISCOUNTS = {  # segment -> hundredths of a percent, weights
    "Enterprise": ((500, 1000, 1250, 1500, 2000), (15, 30, 25, 20, 10)),
    "Mid-market": ((0, 500, 1000, 1250), (35, 35, 20, 10)),
    "Small business": ((0, 500, 1000), (75, 18, 7)),
}
_APPETITE = {"Enterprise": 2.6, "Mid-market": 1.5, "Small business": 0.8}
_WHOLE_UNITS = {"JPY"}  # currencies whose prices carry no decimals
_STUCK, _FAILED, _REFUNDED, _MISCOUNTED, _LATE = 0.031, 0.031, 0.056, 0.006, 0.015


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is known of a line from a moment on."""

    at: dt.datetime
    status: str
    quantity: int
    refund_date: dt.date | None = None


@dataclass(slots=True, kw_only=True)
class OrderLine:
    """One line of an order, with its whole story."""

    id: str
    order_id: str
    day: dt.date
    customer: Customer
    product: Product
    list_cents: int  # in `currency`
    discount_bp: int
    currency: str
    events: list[Event]
    delivery: int  # index of the closing that first brings it

    def state(self, closing: int) -> Event:
        """Return the last event that a closing covers."""
        limit = CLOSINGS[closing].last_moment
        known = self.events[0]
        for event in self.events:
            if event.at <= limit:
                known = event
        return known

    def row(self, state: Event) -> tuple[str, ...]:
        """Return the line, as it stood then, as a row of client_sales_raw.csv."""
        return (
            self.id, self.order_id, self.day.isoformat(), self.customer.id, self.product.id, str(state.quantity),
            money(self.list_cents), money(self.discount_bp),
            money(net_cents(state.quantity, self.list_cents, self.discount_bp)), self.currency, state.status,
            state.refund_date.isoformat() if state.refund_date else "", stamp(state.at),
        )  # fmt: skip


def draw_lines(
    seed: int, customers: list[Customer], products: list[Product], rates: Rates, orders_per_month: int
) -> list[OrderLine]:
    """Return every order line of the three years, in order of number."""
    rng = stream(seed, "sales", orders_per_month)
    lines: list[OrderLine] = []
    number = 1_000_000
    for index, month in enumerate(months()):
        buyers = [c for c in customers if not _is_new(c, month)]
        buyer_weights = list(accumulate(c.weight for c in buyers))
        goods = [p for p in products if not _is_new(p, month)]
        year = fiscal_year(month)
        goods_weights = list(accumulate(p.weights[year - 2024] for p in goods))
        growth = 0.88 + 0.24 * index / 35
        count = max(8, round(orders_per_month * _SEASON[month.month - 1] * growth))
        for day in sorted(_business_day(rng, month) for _ in range(count)):
            number += 1
            buyer = rng.choices(buyers, cum_weights=buyer_weights)[0]
            basket = rng.choices(goods, cum_weights=goods_weights, k=rng.choices(_LINES, _LINES_WEIGHTS)[0])
            at = moment(rng, day)
            late = delivery_of(day) < 2 and day >= dt.date(2026, 3, 1) and rng.random() < _LATE
            lines += _order(rng, number, at, buyer, basket, rates, late=late)
        if month == dt.date(2026, 4, 1):
            for buyer, product in _firsts(customers, products, buyers):
                number += 1
                at = moment(rng, dt.date(2026, 4, 14 + number % 12))
                lines += _order(rng, number, at, buyer, [product, goods[number % 7]], rates, settled=True)
    return lines


def _is_new(party: Customer | Product, month: dt.date) -> bool:
    """Bought from and sold from the month after it came; one that may be delivered late, a month later still."""
    return party.since >= month or (party.late and month < dt.date(2026, 5, 1))


def _firsts(
    customers: list[Customer], products: list[Product], buyers: list[Customer]
) -> Iterator[tuple[Customer, Product]]:
    """First orders of April for those that may be delivered late: two of each such customer and product."""
    for customer in customers:
        if customer.late:
            yield customer, products[3]
            yield customer, products[41]
    for product in products:
        if product.late:
            yield buyers[5], product
            yield buyers[60], product


def _order(
    rng: random.Random,
    number: int,
    at: dt.datetime,
    buyer: Customer,
    basket: list[Product],
    rates: Rates,
    *,
    late: bool = False,
    settled: bool = False,
) -> Iterator[OrderLine]:
    year = fiscal_year(at.date())
    currency = buyer.country.currency
    start = dt.date(year - 1, 7, 1)
    discounts, weights = _DISCOUNTS[buyer.segment]
    for position, product in enumerate(basket, start=1):
        list_cents = half_up(product.list_cents_in(year) * 1_000_000, rates.average[start, currency])
        if currency in _WHOLE_UNITS:
            list_cents = max(100, half_up(list_cents, 100) * 100)
        quantity = max(
            1, round(product.usual_quantity * _APPETITE[buyer.segment] * rng.lognormvariate(0, 0.6))
        )
        events = (
            [Event(at=at, status="completed", quantity=quantity)] if settled else _story(rng, at, quantity)
        )
        yield OrderLine(
            id=f"SO{number:07d}-{position:02d}",
            order_id=f"SO{number:07d}",
            day=at.date(),
            customer=buyer,
            product=product,
            list_cents=list_cents,
            discount_bp=rng.choices(discounts, weights)[0],
            currency=currency,
            events=events,
            delivery=delivery_of(at.date()) + late,
        )


def _story(rng: random.Random, at: dt.datetime, quantity: int) -> list[Event]:
    events = [Event(at=at, status="pending", quantity=quantity)]
    fate = rng.random()
    if fate < _STUCK:
        return events
    settled = at + dt.timedelta(minutes=1 + int(rng.expovariate(1 / 6) * 1440))
    if fate < _STUCK + _FAILED:
        return [*events, Event(at=settled, status="failed", quantity=quantity)]
    events.append(Event(at=settled, status="completed", quantity=quantity))
    if fate < _STUCK + _FAILED + _REFUNDED:
        back = settled + dt.timedelta(days=rng.randrange(3, 60), minutes=rng.randrange(600))
        events.append(Event(at=back, status="refunded", quantity=quantity, refund_date=back.date()))
    elif fate < _STUCK + _FAILED + _REFUNDED + _MISCOUNTED:
        noticed = settled + dt.timedelta(days=rng.randrange(5, 45))
        events.append(Event(at=noticed, status="completed", quantity=max(1, round(quantity * 0.8)) + 1))
    return events


def _business_day(rng: random.Random, month: dt.date) -> dt.date:
    day = month + dt.timedelta(days=rng.randrange(month_end(month).day))
    if day.weekday() >= 5 and rng.random() < 0.85:
        day = month + dt.timedelta(days=rng.randrange(month_end(month).day))
    return day


def sales_versions(line: OrderLine) -> list[Version]:
    """Return the rows that the closings bring of one line: the first, and one each time its state has changed."""
    versions: list[Version] = []
    shown: Event | None = None
    for closing in range(line.delivery, len(CLOSINGS)):
        state = line.state(closing)
        if state is shown:
            continue
        if versions:
            versions[-1].superseded_in = closing
        versions.append(Version(delivery=closing, values=line.row(state)))
        shown = state
    return versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """A sale, or a refund that takes it back, on the day it happened; euro cents, positive for both."""

    day: dt.date
    is_refund: bool
    customer: str
    region: str
    gross: int  # at list price
    net: int
    cost: int


def realise(lines: list[OrderLine], rates: Rates, costs: list[dict[str, int]]) -> list[list[Realised]]:
    """Return, for each closing, what the order lines come to that it has brought, each at its month's rate.

    Args:
        lines: the order lines with their stories.
        rates: the exchange rates, as each closing knows them.
        costs: for each closing the cost of one unit, in euro cents, by product.
    """
    known = []
    for closing in range(len(CLOSINGS)):
        found = []
        for line in lines:
            state = line.state(closing)
            if line.delivery > closing or state.status not in ("completed", "refunded"):
                continue
            gross = state.quantity * line.list_cents
            net = net_cents(state.quantity, line.list_cents, line.discount_bp)
            for day, is_refund in ((line.day, False), (state.refund_date, True)):
                if day is not None:
                    rate = rates.average_at(month_of(day), line.currency, closing)
                    found.append(
                        Realised(
                            day=day,
                            is_refund=is_refund,
                            customer=line.customer.id,
                            region=line.customer.country.region,
                            gross=to_eur(gross, rate),
                            net=to_eur(net, rate),
                            cost=state.quantity * costs[closing][line.product.id],
                        )
                    )
        known.append(found)
    return known
