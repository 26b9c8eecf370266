"""Chance that repeats itself, and money in whole cents.

Every part of the company draws from a stream of its own, so that a change in one leaves the others as they were.
Layer: sample. Pure.
"""

from __future__ import annotations

import datetime as dt
import random

MICRO = 1_000_000  # rates are whole millionths


def stream(seed: int, *name: object) -> random.Random:
    """Return the random stream called `name` of this seed."""
    return random.Random(":".join(map(str, (seed, *name))))


def money(cents: int) -> str:
    """Return cents as an amount with two decimals.

    >>> money(-123405)
    '-1234.05'
    """
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def rate_text(micro: int) -> str:
    """Return a rate in millionths with six decimals."""
    return f"{micro // MICRO}.{micro % MICRO:06d}"


def half_up(numerator: int, denominator: int) -> int:
    """Return a quotient of positive numbers rounded half up, as the amounts of the contract are.

    >>> half_up(5, 2)
    3
    """
    return (2 * numerator + denominator) // (2 * denominator)


def net_cents(quantity: int, list_cents: int, discount_bp: int) -> int:
    """Return quantity x list price less the discount (in hundredths of a percent), in cents."""
    return half_up(quantity * list_cents * (10_000 - discount_bp), 10_000)


def to_eur(cents: int, rate_micro: int) -> int:
    """Return an amount in another currency in euro cents."""
    return half_up(cents * rate_micro, MICRO)


def moment(rng: random.Random, day: dt.date) -> dt.datetime:
    """Return a moment in the working hours of `day`."""
    return dt.datetime.combine(day, dt.time(rng.randrange(7, 19), rng.randrange(60), rng.randrange(60)))


def stamp(value: dt.datetime) -> str:
    """Return a moment as the raw files write it."""
    return value.strftime("%Y-%m-%d %H:%M:%S")
