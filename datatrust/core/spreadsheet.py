"""Keep a text from running as a formula when a spreadsheet opens it, in a way that can be undone.

Layer: core. Pure.
"""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
DEFUSED_PATTERN = r"^'(?='* *[=+\-@\t\r\n])"  # the apostrophe that `defuse` put there


def defuse(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula: behind an apostrophe where it looks like one.

    A text that begins with such an apostrophe by itself gets another, so that taking one away gives it back.

    >>> defuse("=1+1"), defuse("Office"), defuse("'=1")
    ("'=1+1", 'Office', "''=1")
    """
    bare = text.lstrip("'")
    return (
        "'" + text if bare.lstrip(" ").startswith(FORMULA_STARTS) or bare.startswith(FORMULA_STARTS) else text
    )
