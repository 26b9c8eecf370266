"""E-mail addresses. Layer: pipeline."""

from __future__ import annotations

import re

from pipeline.profile.personal.base import Column, Detector, Finding, percent
from pipeline.profile.personal.words import Vocabulary

ADDRESS = re.compile(r"(?:mailto:)?[^\s@<>,;]+@[^\s@<>,;]+\.[A-Za-z]{2,}")
_NAMES = Vocabulary(
    phrases="email, e mail, mail, mail address, correo, correo electronico, courriel, mel, posta elettronica",
    stems="email",
    against="server status verified sent opt consent newsletter count flag permission promotion type domain",
)


def is_email(text: str) -> bool:
    return ADDRESS.fullmatch(text.strip()) is not None


def _weigh(column: Column) -> Finding | None:
    fit = column.share(is_email)
    word = _NAMES.match(column.name)
    if fit >= 0.5:
        return Finding(
            pii_class="email", score=0.9 + fit / 10, reasons=(f"{percent(fit)} are e-mail addresses",)
        )
    if word and (fit >= 0.05 or not column.values):
        return Finding(pii_class="email", score=0.7, reasons=(f'its name says "{word}"',))
    return None


DETECTOR = Detector(pii_class="email", action="redact", meaning="e-mail addresses", weigh=_weigh)
