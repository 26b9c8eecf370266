"""Say which columns of a table hold personal data, of which class, and why.

Each column is weighed by every detector; then the columns of a table speak for each other: names that stand in the
same rows' e-mail addresses, a middle name between two names, the second line of an address, births among persons.
Layer: pipeline. Pure.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from datatrust.core.plugins import load_plugins
from pipeline.profile.personal.base import CERTAIN, ENOUGH, Column, Detector, Finding, percent, share
from pipeline.profile.personal.birth_date import weigh_among_persons
from pipeline.profile.personal.email import is_email
from pipeline.profile.personal.person_name import is_about_other, is_initial, is_name_like
from pipeline.profile.personal.street import is_second_line
from pipeline.profile.personal.words import fold

SAMPLE = 3_000  # rows that are enough to tell


@lru_cache(maxsize=1)
def detectors() -> dict[str, Detector]:
    """Return every detector by its class; one file a class, the folder is the registry."""
    package = __name__.rpartition(".")[0]
    return {each.pii_class: each for each in load_plugins(package, "DETECTOR", Detector)}


def looks_personal(name: str, values: Iterable[str | None]) -> Finding | None:
    """Return what personal data a single column holds, as far as its name and values tell; None where none.

    The reasons hold no value of the column.
    """
    column = Column(name, tuple(text for value in values if value is not None and (text := value.strip())))
    findings = [found for detector in detectors().values() if (found := detector.weigh(column)) is not None]
    best = max(findings, key=lambda found: found.score, default=None)
    return best if best is not None and best.score >= CERTAIN else None


def classify(table: Mapping[str, Sequence[str | None]], *, today: dt.date) -> dict[str, Finding]:
    """Return the personal columns of a table, given some of its rows column by column, in the file's order."""
    found = {
        name: finding
        for name, values in table.items()
        if (finding := looks_personal(name, values)) is not None
    }
    _names_in_addresses(table, found)
    _names_between_names(table, found)
    _second_lines(table, found)
    if any(finding.pii_class == "person_name" for finding in found.values()):
        for name, values in table.items():
            column = Column(name, tuple(value for value in values if value))
            if name not in found and (birth := weigh_among_persons(column, today)) is not None:
                found[name] = birth
    return {name: found[name] for name in table if name in found}


def _names_in_addresses(table: Mapping[str, Sequence[str | None]], found: dict[str, Finding]) -> None:
    """A column whose values stand in the e-mail addresses of the same rows names the persons they belong to."""
    addresses = [table[name] for name, finding in found.items() if finding.pii_class == "email"]
    for name, values in table.items():
        if name in found or is_about_other(name):
            continue
        for emails in addresses:
            pairs = {
                (_letters(value), _letters(email.partition("@")[0]))
                for value, email in zip(values, emails, strict=True)
                if value and email and is_email(email) and is_name_like(value)
            }
            usable = [(value, local) for value, local in pairs if len(value) >= 3]
            inside = share(
                (f"{v} {e}" for v, e in usable), lambda pair: pair.split(" ")[0] in pair.split(" ")[1]
            )
            if len({value for value, _ in usable}) >= ENOUGH and inside >= 0.6:
                found[name] = Finding(
                    pii_class="person_name",
                    score=0.9,
                    reasons=(f"{percent(inside)} stand in the e-mail address of the same row",),
                )
                break


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", fold(text))


def _names_between_names(table: Mapping[str, Sequence[str | None]], found: dict[str, Finding]) -> None:
    """Initials or names right between two columns of names are middle names."""
    names = list(table)
    for before, name, after in zip(names, names[1:], names[2:], strict=False):
        around = [found.get(other) for other in (before, after)]
        if name in found or not all(f is not None and f.pii_class == "person_name" for f in around):
            continue
        values = [value for value in table[name] if value]
        if values and share(values, lambda text: is_initial(text) or is_name_like(text)) >= 0.9:
            found[name] = Finding(
                pii_class="person_name",
                score=0.8,
                reasons=("it stands between two columns of persons' names",),
            )


def _second_lines(table: Mapping[str, Sequence[str | None]], found: dict[str, Finding]) -> None:
    """A column right after an address whose values are suites, floors or boxes goes on with it."""
    names = list(table)
    for before, name in itertools.pairwise(names):
        finding = found.get(before)
        if name in found or finding is None or finding.pii_class != "street":
            continue
        values = {value for value in table[name] if value}
        if values and share(values, is_second_line) >= 0.5:
            found[name] = Finding(
                pii_class="street", score=0.8, reasons=("it goes on with the address before it",)
            )
