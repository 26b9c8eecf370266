"""Payment cards: 13 to 19 digits of an issuer's range with a right Luhn digit (ISO/IEC 7812). Layer: pipeline."""

from __future__ import annotations

import re

from pipeline.profile.personal.base import ENOUGH, Column, Detector, Finding, percent
from pipeline.profile.personal.words import Vocabulary

_NAMES = Vocabulary(
    phrases="card number, card no, credit card, cc number, creditcard, pan, kreditkarte, kartennummer, "
    "tarjeta, numero de tarjeta, carte bancaire, numero de carte, carta di credito, cartao",
    stems="kreditkart creditcard cardnumber",
    against="type brand issuer status expiry expires month year id",
)
_FORM = re.compile(r"[3-6][0-9]{3}[ -]?[0-9]{4,6}[ -]?[0-9]{4,5}(?:[ -]?[0-9]{1,4})?")


def _is_card(text: str) -> bool:
    from stdnum import luhn

    digits = re.sub(r"[ -]", "", text)
    return _FORM.fullmatch(text) is not None and 13 <= len(digits) <= 19 and bool(luhn.is_valid(digits))


def _weigh(column: Column) -> Finding | None:
    fit = column.share(_is_card)
    word = _NAMES.match(column.name)
    if fit >= 0.9 and (word or len(column.distinct) >= ENOUGH):
        return Finding(
            pii_class="card_number",
            score=0.95,
            reasons=(f"{percent(fit)} are card numbers with a right check digit",),
        )
    digits = column.share(lambda text: sum(char.isdigit() or char in "*Xx" for char in text) >= 12)
    if word and (digits >= 0.6 or not column.values):
        return Finding(pii_class="card_number", score=0.8, reasons=(f'its name says "{word}"',))
    return None


DETECTOR = Detector(pii_class="card_number", action="drop", meaning="payment cards", weigh=_weigh)
