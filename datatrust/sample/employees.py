"""The people who work for the company: department, first and last day. Names and addresses are invented.

Layer: sample. Pure.
"""

from __future__ import annotations

import datetime as dt

from datatrust.sample.accounts import ENTITIES
from datatrust.sample.closings import CLOSINGS, FIRST_DAY, LAST_DAY
from datatrust.sample.draw import moment, stamp, stream
from datatrust.sample.names import FAMILY_NAMES, FIRST_NAMES, plain_letters
from datatrust.sample.tables import Version, versions_of

COUNT = 150
_STAFF = {  # department -> part of the people
    "Sales": 34, "Marketing": 12, "Warehouse": 40, "Logistics": 18, "IT": 14, "Finance": 13, "HR": 8, "Administration": 11,
}  # fmt: skip
_THERE_BEFORE = 105  # of COUNT; the others come in the three years
_LEAVERS = 30
_LEAVE_LATELY = (
    dt.date(2026, 5, 15),
    dt.date(2026, 6, 12),
)  # so that later closings bring a known person again
_YEARS = (LAST_DAY - FIRST_DAY).days


def employee_name(first: str, family: str) -> tuple[str, str]:
    """Return a person's full name and e-mail address."""
    full = f"{first} {family}"
    return full, f"{plain_letters(full).replace(' ', '.')}@lindenau.example"


def employee_versions(seed: int) -> list[Version]:
    """Return the rows of employees.csv: each person when hired, and again when it is known that they left."""
    rng = stream(seed, "employees")
    names = rng.sample([(first, family) for first in FIRST_NAMES for family in FAMILY_NAMES], COUNT)
    leavers = set(rng.sample(range(_THERE_BEFORE), _LEAVERS))
    lately = iter(_LEAVE_LATELY)
    rows: list[Version] = []
    for index, person in enumerate(names):
        if index < _THERE_BEFORE:
            hired = dt.date(2010, 1, 1) + dt.timedelta(days=rng.randrange(4_800))
        else:
            hired = FIRST_DAY + dt.timedelta(days=(index - _THERE_BEFORE) * _YEARS // (COUNT - _THERE_BEFORE))
        left = None
        if index in leavers:
            left = next(lately, FIRST_DAY + dt.timedelta(days=rng.randrange(_YEARS - 70)))
        department = rng.choices(tuple(_STAFF), tuple(_STAFF.values()))[0]
        entity = rng.choices(tuple(ENTITIES.values()), (70, 18, 12))[0]
        at_hire, at_leave = moment(rng, hired), moment(rng, left) if left else None
        who = (f"M{1001 + index:04d}", *employee_name(*person), department, entity, hired.isoformat())
        rows += versions_of(
            None
            if hired > closing.last_day
            else (*who, left.isoformat(), stamp(at_leave))
            if left and at_leave and left <= closing.last_day
            else (*who, "", stamp(at_hire))
            for closing in CLOSINGS
        )
    return rows
