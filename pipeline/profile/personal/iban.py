"""Bank accounts: IBANs by their check digits (ISO 13616), other account numbers by the column's name.

Layer: pipeline.
"""

from __future__ import annotations

from pipeline.profile.personal.base import Column, Detector, Finding, percent
from pipeline.profile.personal.words import Vocabulary

_NAMES = Vocabulary(
    phrases="iban, bank account, bank account number, bankkonto, cuenta bancaria, compte bancaire, "
    "conto bancario, conta bancaria, bankrekening, rib",
    stems="bankkonto iban",
    against="type status currency country name holder bank_name",
)


def _is_iban(text: str) -> bool:
    from stdnum import iban

    return len(text) >= 15 and text[:2].isalpha() and bool(iban.is_valid(text))


def _weigh(column: Column) -> Finding | None:
    fit = column.share(_is_iban)
    word = _NAMES.match(column.name)
    if fit >= 0.5:
        return Finding(
            pii_class="iban",
            score=0.9 + fit / 10,
            reasons=(f"{percent(fit)} are IBANs with right check digits",),
        )
    numbers = column.share(lambda text: sum(char.isdigit() for char in text) >= 5)
    if word and (numbers >= 0.6 or not column.values):
        return Finding(pii_class="iban", score=0.8, reasons=(f'its name says "{word}"',))
    return None


DETECTOR = Detector(pii_class="iban", action="redact", meaning="bank accounts", weigh=_weigh)
