"""Make bank account numbers that pass the checksum of ISO 13616 (MOD 97-10 of ISO 7064).

Layer: sample. Pure.
"""

from __future__ import annotations

import random

_BANKS = {  # country of the bank -> letters of its name, digits that follow
    "DE": ("", 18), "AT": ("", 16), "NL": ("KOGG", 10), "GB": ("LDNA", 14), "CH": ("", 17), "SE": ("", 20),
}  # fmt: skip
HOME_BANK = {
    "Germany": "DE", "Netherlands": "NL", "United Kingdom": "GB", "Switzerland": "CH", "Sweden": "SE",
}  # fmt: skip


def is_valid(iban: str) -> bool:
    """Return whether the checksum is right.

    >>> is_valid("DE89370400440532013000"), is_valid("DE88370400440532013000")
    (True, False)
    """
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def draw_iban(rng: random.Random, country: str) -> str:
    """Return an account of a bank of `country`, or a European settlement account where it has no such numbers."""
    bank = HOME_BANK.get(country) or rng.choice(("DE", "AT"))
    letters, digits = _BANKS[bank]
    account = letters + "".join(rng.choices("0123456789", k=digits))
    check = 98 - int("".join(str(int(c, 36)) for c in account + bank + "00")) % 97
    return f"{bank}{check:02d}{account}"


def with_wrong_checksum(iban: str) -> str:
    """Return the same account with check digits that cannot be right."""
    return f"{iban[:2]}{(int(iban[2:4]) + 1) % 97:02d}{iban[4:]}"
