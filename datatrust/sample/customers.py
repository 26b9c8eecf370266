"""Draw the customers: a few large ones, many small ones, each with a person of its own to call.

Layer: sample. Pure.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from datatrust.sample.closings import CLOSINGS, delivery_of
from datatrust.sample.draw import moment, stamp, stream
from datatrust.sample.iban import draw_iban
from datatrust.sample.names import FAMILY_NAMES, FIRST_NAMES, STEM_HEADS, STEM_TAILS, plain_letters
from datatrust.sample.places import COUNTRIES, Country

SEGMENTS = ("Enterprise", "Mid-market", "Small business")
COUNT = 300
LATE = 3  # customers of April 2026 that may be delivered a month late
_MOVED = 9  # customers that a later closing corrects


@dataclass(frozen=True, kw_only=True)
class Customer:
    """One company that buys, and the person there."""

    id: str
    company_name: str
    contact_name: str
    email: str
    phone: str
    iban: str
    birth_date: dt.date
    street: str
    postal_code: str
    city: str
    country: Country
    segment: str
    since: dt.date
    updated_at: dt.datetime
    weight: float  # its part of the orders
    late: bool = False

    def row(self) -> tuple[str, ...]:
        """Return the customer as a row of customers.csv."""
        return (
            self.id, self.company_name, self.contact_name, self.email, self.phone, self.iban,
            self.birth_date.isoformat(), self.street, self.postal_code, self.city, self.country.name,
            self.country.region, self.segment, self.since.isoformat(), stamp(self.updated_at),
        )  # fmt: skip


class CustomerDesk:
    """Draws customers, no company name, person or phone number twice."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def draw(
        self, *, number: int, since: dt.date, segment: str, weight: float, late: bool = False
    ) -> Customer:
        """Return customer `number`."""
        rng = self._rng
        country = rng.choices(COUNTRIES, weights=[c.share for c in COUNTRIES])[0]
        stem = self._once(lambda: rng.choice(STEM_HEADS) + rng.choice(STEM_TAILS))
        form = rng.choice(country.forms)
        person = self._once(lambda: f"{rng.choice(FIRST_NAMES)} {rng.choice(FAMILY_NAMES)}")
        return Customer(
            id=f"C{number:05d}",
            company_name=f"{stem}, {form}" if form.startswith("Inc") else f"{stem} {form}",
            contact_name=person,
            email=f"{plain_letters(person).replace(' ', '.')}@{plain_letters(stem)}.example",
            phone=self._once(lambda: _fill(rng, country.phone)),
            iban=draw_iban(rng, country.name),
            birth_date=dt.date(1950, 1, 1) + dt.timedelta(days=rng.randrange(48 * 365)),
            street=self._once(lambda: rng.choice(country.streets).format(n=rng.randrange(2, 980))),
            postal_code=_fill(rng, country.postal),
            city=rng.choice(country.cities),
            country=country,
            segment=segment,
            since=since,
            updated_at=moment(rng, since),
            weight=weight,
            late=late,
        )

    def moved(self, customer: Customer, day: dt.date) -> Customer:
        """Return the customer after a change of address and of the person to call."""
        rng = self._rng
        person = self._once(lambda: f"{rng.choice(FIRST_NAMES)} {rng.choice(FAMILY_NAMES)}")
        return replace(
            customer,
            contact_name=person,
            email=f"{plain_letters(person).replace(' ', '.')}@{customer.email.split('@')[1]}",
            street=self._once(lambda: rng.choice(customer.country.streets).format(n=rng.randrange(2, 980))),
            city=rng.choice(customer.country.cities),
            postal_code=_fill(rng, customer.country.postal),
            updated_at=moment(rng, day),
        )

    def _once(self, draw: Callable[[], str]) -> str:
        while (value := draw()) in self._taken:
            pass
        self._taken.add(value)
        return value


def draw_customers(seed: int) -> tuple[list[Customer], list[Customer], CustomerDesk]:
    """Return the customers as first known, their later versions, and the desk that can draw more."""
    rng = stream(seed, "customers")
    desk = CustomerDesk(rng)
    ranks = list(range(COUNT))
    rng.shuffle(ranks)
    customers = []
    for index in range(COUNT):
        rank = ranks[index]
        segment = SEGMENTS[0] if rank < 30 else SEGMENTS[1] if rank < 130 else SEGMENTS[2]
        since = _since(rng, index)
        late = COUNT - 14 <= index < COUNT - 14 + LATE
        customers.append(
            desk.draw(
                number=10_001 + index,
                since=dt.date(2026, 4, 7 + index % 5) if late else since,
                segment=SEGMENTS[2] if late else segment,
                weight=1 / (rank + 3) ** 0.85,
                late=late,
            )
        )
    known = [c for c in customers if delivery_of(c.since) == 0 and not c.late]
    changed = rng.sample(known, _MOVED)
    later = [
        desk.moved(c, CLOSINGS[1 + i % 2].last_day - dt.timedelta(days=rng.randrange(1, 27)))
        for i, c in enumerate(changed)
    ]
    return customers, later, desk


def _since(rng: random.Random, index: int) -> dt.date:
    """The first 190 were there before the history begins, the last 10 come with the later closings."""
    if index < 190:
        return dt.date(2009, 1, 1) + dt.timedelta(days=rng.randrange(5_200))
    if index < COUNT - 11:
        return dt.date(2023, 7, 3) + dt.timedelta(days=(index - 190) * 1000 // 100)
    return dt.date(2026, 5 + index % 2, rng.randrange(2, 20))


def _fill(rng: random.Random, pattern: str) -> str:
    return "".join(rng.choice("0123456789") if c == "#" else c for c in pattern)
