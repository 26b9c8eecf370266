"""Write one CSV line: quotes only where they are needed.

Layer: sample. Pure.
"""

from __future__ import annotations


def csv_line(values: tuple[str, ...]) -> str:
    """Return `values` as one line without its end.

    >>> csv_line(("P1", 'Panel 24" black', "Kern, Vogt"))
    'P1,"Panel 24"" black","Kern, Vogt"'
    """
    return ",".join(
        '"' + value.replace('"', '""') + '"' if "," in value or '"' in value else value for value in values
    )
