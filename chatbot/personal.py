"""Find what looks like personal data in a question: an e-mail address, or the digits of a telephone, account or card.

Dates are none. A name cannot be told from a firm's, so it is not looked for.
Layer: chatbot. Pure.
"""

from __future__ import annotations

import re

MASK = "[masked]"
_PERSONAL = re.compile(r"\S+@\S+|[+(]?\d(?:[ ()/.-]{0,2}\d){8,}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_DATES = re.compile(r"\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b")


def has_personal(text: str) -> bool:
    """Return whether a text holds what looks like personal data.

    >>> has_personal("orders of ana@example.com"), has_personal("revenue from 2025-01-01 to 2025-12-31")
    (True, False)
    """
    return bool(_IBAN.search(text) or _PERSONAL.search(_without_dates(text)))


def mask_personal(text: str) -> str:
    """Return a text with what looks like personal data masked.

    >>> mask_personal("orders of ana@example.com since 2025-01-01")
    'orders of [masked] since 2025-01-01'
    """
    found = [m.span() for m in (*_PERSONAL.finditer(_without_dates(text)), *_IBAN.finditer(text))]
    masked, done = [], 0
    for start, end in sorted(found):
        if end <= done:
            continue
        masked += [text[done:start], MASK] if start >= done else []
        done = end
    return "".join(masked) + text[done:]


def _without_dates(text: str) -> str:
    """The text with its dates blanked, every other character at its place."""
    return _DATES.sub(lambda match: "\0" * len(match.group()), text)
