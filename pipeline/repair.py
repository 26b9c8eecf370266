"""The columns that tie a row of an export to the quarantined row it shows, so that it can be delivered back repaired.

Layer: pipeline. Names only.
"""

from __future__ import annotations

REFERENCE = "_ref"  # "row:7:123": number of the file in the ledger, line
FILE, LINE, REASONS, WHY, RAW = "_file", "_line", "_reasons", "_why", "_raw"
EXPORT_COLUMNS = (REFERENCE, FILE, LINE, REASONS, WHY, RAW)
REFERENCE_PATTERN = "^row:([0-9]{1,18}):([0-9]{1,18})$"


def make_reference(sequence: int, line: int) -> str:
    """Return the reference of a row: a text that no spreadsheet takes for a time or a date.

    >>> make_reference(7, 123)
    'row:7:123'
    """
    return f"row:{sequence}:{line}"
