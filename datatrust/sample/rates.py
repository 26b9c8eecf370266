"""Exchange rates by month: how many euros one unit of a currency is worth, on average and at the month's end.

Layer: sample. Pure.
"""

from __future__ import annotations

import datetime as dt

from datatrust.sample.closings import delivery_of, month_end, months
from datatrust.sample.draw import MICRO, rate_text, stream
from datatrust.sample.places import CURRENCIES
from datatrust.sample.tables import Version

_START = {  # millionths of a euro in July 2023
    "EUR": MICRO, "USD": 905_000, "GBP": 1_165_000, "CHF": 1_034_000, "SEK": 86_000, "PLN": 224_000,
    "CAD": 683_000, "BRL": 188_000, "JPY": 6_420, "SGD": 676_000, "AUD": 609_000,
}  # fmt: skip
_CORRECTED = (dt.date(2026, 4, 1), "SEK")  # the May closing brings this rate again, put right
_OFF = 1_700  # millionths that it was wrong by


class Rates:
    """The true rates, in millionths of a euro."""

    def __init__(self, seed: int) -> None:
        rng = stream(seed, "rates")
        self.average: dict[tuple[dt.date, str], int] = {}
        self.closing: dict[tuple[dt.date, str], int] = {}
        for currency in CURRENCIES:
            level = _START[currency]
            for month in months():
                if currency == "EUR":
                    average = closing = MICRO
                else:
                    average = round(level * (1 + rng.gauss(0, 0.008)))
                    closing = round(average * (1 + rng.gauss(0, 0.006)))
                    level = round((average + closing) / 2)
                self.average[month, currency] = average
                self.closing[month, currency] = closing

    def average_at(self, month: dt.date, currency: str, closing: int) -> int:
        """Return the average rate of a month as a closing knows it."""
        wrong = closing == 0 and (month, currency) == _CORRECTED
        return self.average[month, currency] + (_OFF if wrong else 0)

    def versions(self) -> list[Version]:
        """Return the rows of fx_rates.csv, each month with its closing."""
        rows = []
        for month in months():
            delivery = delivery_of(month_end(month))
            for currency in CURRENCIES:
                right = self._row(month, currency)
                if (month, currency) == _CORRECTED:
                    first = self._row(month, currency, off=_OFF)
                    rows.append(Version(delivery=0, values=first, superseded_in=1))
                    rows.append(Version(delivery=1, values=right))
                else:
                    rows.append(Version(delivery=delivery, values=right))
        return rows

    def _row(self, month: dt.date, currency: str, *, off: int = 0) -> tuple[str, ...]:
        average, closing = self.average[month, currency], self.closing[month, currency]
        return (month.isoformat(), currency, rate_text(average + off), rate_text(closing))
