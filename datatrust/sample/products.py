"""The products: sixty articles in five categories, their cost, and a list price that rises each fiscal year.

Layer: sample. Pure.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from datatrust.sample.closings import CLOSINGS, delivery_of
from datatrust.sample.draw import half_up, moment, money, stamp, stream

CATEGORIES = ("Office", "Technology", "Furniture", "Packaging", "Safety")
PRICE_RISE = {2024: 1.0, 2025: 1.031, 2026: 1.068}  # of the list price, from fiscal year 2024
# category -> (least and greatest list price in cents, usual quantity, cost as a part of the price, weight by fiscal year)
_TRAITS = {
    "Office": ((240, 3_900), 40, 0.62, (1.15, 1.0, 0.9)),
    "Technology": ((6_900, 98_000), 4, 0.71, (0.85, 1.0, 1.2)),
    "Furniture": ((9_500, 74_000), 3, 0.58, (0.95, 1.0, 1.0)),
    "Packaging": ((45, 640), 220, 0.66, (1.0, 1.0, 1.05)),
    "Safety": ((590, 9_200), 18, 0.55, (0.8, 1.0, 1.15)),
}
_ARTICLES = {
    "Office": {
        "Paper": ("Copy paper A4 box", "Colour paper A3 ream", "Envelopes C5 pack", "Notepads, ruled"),
        "Filing": ("Lever arch file", "Suspension folders", "Archive box", "Label roll"),
        "Writing": ("Ballpoint pens, blue", "Markers, set of 8", "Correction tape", "Whiteboard set"),
    },
    "Technology": {
        "Displays": ('Monitor 24" black', 'Monitor 27" ergonomic', "Projector compact", 'Signage panel 43"'),
        "Printing": ("Laser printer S", "Laser printer XL", "Toner kit", "Label printer"),
        "Accessories": ("Docking station", "Headset wireless", "Keyboard set", "Conference camera"),
    },
    "Furniture": {
        "Seating": ("Task chair", "Visitor chair", "Executive chair", "Standing stool"),
        "Desks": ("Desk 160 cm", "Sit-stand desk", "Meeting table", "Folding table"),
        "Storage": ("Filing cabinet", "Shelf unit", "Locker, 4 doors", "Mobile pedestal"),
    },
    "Packaging": {
        "Boxes": ("Shipping box S", "Shipping box M", "Shipping box L", "Postal tube"),
        "Filling": ("Paper padding", "Bubble wrap roll", "Corner guards", "Silk tissue"),
        "Tape": ("Packing tape clear", "Packing tape printed", "Strapping band", "Stretch film"),
    },
    "Safety": {
        "Protective wear": ("Work gloves", "Safety goggles", "Hard hat", "High-vis vest"),
        "First aid": ("First aid kit", "Eye wash bottle", "Burn kit", "Plaster dispenser"),
        "Signs": ("Exit sign", "Floor marking tape", "Hazard label set", "Fire point board"),
    },
}


@dataclass(frozen=True, kw_only=True)
class Product:
    """One article. Prices are in euro cents; `list_cents` is that of the current fiscal year."""

    id: str
    name: str
    category: str
    family: str
    cost_cents: int
    list_cents: int
    usual_quantity: int
    weights: tuple[float, float, float]  # how often it is bought in fiscal years 2024, 2025, 2026
    since: dt.date
    updated_at: dt.datetime
    late: bool = False

    def list_cents_in(self, year: int) -> int:
        """Return the list price of a fiscal year."""
        return half_up(self.list_cents * round(PRICE_RISE[year] * 1000), round(PRICE_RISE[2026] * 1000))

    def row(self) -> tuple[str, ...]:
        """Return the product as a row of products.csv."""
        return (
            self.id, self.name, self.category, self.family, money(self.cost_cents), money(self.list_cents),
            stamp(self.updated_at),
        )  # fmt: skip


def draw_products(seed: int) -> tuple[list[Product], list[Product]]:
    """Return the products as first known and their later versions (a new cost after a supplier's letter)."""
    rng = stream(seed, "products")
    products = []
    articles = [
        (category, family, name)
        for category, families in _ARTICLES.items()
        for family, names in families.items()
        for name in names
    ]
    newest = {len(articles) - 1: (5, False), 30: (6, False), 20: (4, True)}  # index -> month of 2026, late
    for index, (category, family, name) in enumerate(articles):
        (least, greatest), quantity, cost_share, weights = _TRAITS[category]
        list_cents = round(least * (greatest / least) ** rng.random())
        month, late = newest.get(index, (0, False))
        since = dt.date(2026, month, 6) if month else dt.date(2023, 6, 30)
        products.append(
            Product(
                id=f"P{1001 + index:04d}",
                name=name,
                category=category,
                family=family,
                cost_cents=max(5, round(list_cents * cost_share * rng.uniform(0.88, 1.1))),
                list_cents=list_cents,
                usual_quantity=quantity,
                weights=tuple(w * rng.uniform(0.5, 1.6) for w in weights),  # type: ignore[arg-type]
                since=since,
                updated_at=moment(rng, since if month else dt.date(2025, 7, 1)),
                late=late,
            )
        )
    known = [p for p in products if delivery_of(p.since) == 0 and not p.late]
    later = [
        replace(
            p,
            cost_cents=round(p.cost_cents * 1.02) + 1,
            updated_at=moment(rng, CLOSINGS[1 + i % 2].last_day - dt.timedelta(days=rng.randrange(2, 25))),
        )
        for i, p in enumerate(rng.sample(known, 4))
    ]
    return products, later
