"""Where the sample company's customers are: real cities by country, with region, currency and ways of writing.

Layer: sample. Data only.
"""

from __future__ import annotations

from dataclasses import dataclass

REGIONS = ("EMEA", "Americas", "APAC")


@dataclass(frozen=True, kw_only=True)
class Country:
    """One country: `postal` and `phone` use # for a digit; `share` is its part of the customers."""

    name: str
    region: str
    currency: str
    share: int
    cities: tuple[str, ...]
    forms: tuple[str, ...]  # legal forms of companies
    streets: tuple[str, ...]  # {n} is the house number
    postal: str
    phone: str


_GERMAN_STREETS = (
    "Kastanienallee {n}", "Am Mühlgraben {n}", "Gerberstieg {n}", "Ulmenkamp {n}", "Fährhausweg {n}",
    "Töpfergasse {n}", "Holunderpfad {n}", "Seilerbahn {n}",
)  # fmt: skip
_ENGLISH_STREETS = (
    "{n} Tanner's Row", "{n} Larkspur Crescent", "{n} Old Quarry Lane", "{n} Millrace Drive",
    "{n} Heronsgate", "{n} Copperfield Terrace", "{n} Bellwether Close",
)  # fmt: skip

COUNTRIES = (
    Country(
        name="Germany", region="EMEA", currency="EUR", share=19,
        cities=("Berlin", "Hamburg", "Munich", "Cologne", "Leipzig", "Stuttgart"),
        forms=("GmbH", "AG", "GmbH & Co. KG"), streets=_GERMAN_STREETS, postal="#####", phone="+49 30 555####",
    ),
    Country(
        name="France", region="EMEA", currency="EUR", share=10,
        cities=("Paris", "Lyon", "Lille", "Nantes"), forms=("SARL", "SAS"),
        streets=("{n} rue des Glycines", "{n} quai du Vieux Moulin", "{n} allée des Charmes", "{n} rue du Tisserand"),
        postal="#####", phone="+33 1 5550 ####",
    ),
    Country(
        name="Netherlands", region="EMEA", currency="EUR", share=6,
        cities=("Amsterdam", "Rotterdam", "Utrecht"), forms=("B.V.", "N.V."),
        streets=("Wilgenkade {n}", "Touwslagersgracht {n}", "Zonnedauw {n}"), postal="#### AB", phone="+31 20 555 ####",
    ),
    Country(
        name="Spain", region="EMEA", currency="EUR", share=5,
        cities=("Madrid", "Barcelona", "Valencia"), forms=("S.L.", "S.A."),
        streets=("Calle del Romero {n}", "Pasaje de los Alfareros {n}", "Calle Azahar {n}"),
        postal="#####", phone="+34 91 555 ####",
    ),
    Country(
        name="United Kingdom", region="EMEA", currency="GBP", share=11,
        cities=("London", "Manchester", "Bristol", "Leeds"), forms=("Ltd", "plc"), streets=_ENGLISH_STREETS,
        postal="M# #AB", phone="+44 20 7946 ####",
    ),
    Country(
        name="Switzerland", region="EMEA", currency="CHF", share=6,
        cities=("Zurich", "Basel", "Bern"), forms=("AG", "GmbH"), streets=_GERMAN_STREETS,
        postal="####", phone="+41 44 555 ## ##",
    ),
    Country(
        name="Sweden", region="EMEA", currency="SEK", share=5,
        cities=("Stockholm", "Gothenburg", "Malmö"), forms=("AB",),
        streets=("Björkstigen {n}", "Repslagargatan {n}", "Lingonvägen {n}"), postal="### ##", phone="+46 8 555 ## ##",
    ),
    Country(
        name="Poland", region="EMEA", currency="PLN", share=4,
        cities=("Warsaw", "Krakow", "Gdansk"), forms=("Sp. z o.o.", "S.A."),
        streets=("ul. Wierzbowa {n}", "ul. Garncarska {n}", "ul. Jaśminowa {n}"), postal="##-###", phone="+48 22 555 ## ##",
    ),
    Country(
        name="United States", region="Americas", currency="USD", share=15,
        cities=("New York", "Chicago", "Dallas", "Atlanta", "Seattle"), forms=("Inc.", "LLC", "Corp."),
        streets=_ENGLISH_STREETS, postal="#####", phone="+1 312 555 ####",
    ),
    Country(
        name="Canada", region="Americas", currency="CAD", share=5,
        cities=("Toronto", "Montreal", "Vancouver"), forms=("Inc.", "Ltd"), streets=_ENGLISH_STREETS,
        postal="M#V #K#", phone="+1 416 555 ####",
    ),
    Country(
        name="Brazil", region="Americas", currency="BRL", share=3,
        cities=("São Paulo", "Curitiba"), forms=("Ltda.", "S.A."),
        streets=("Rua das Paineiras {n}", "Rua do Oleiro {n}"), postal="#####-###", phone="+55 11 5550 ####",
    ),
    Country(
        name="Japan", region="APAC", currency="JPY", share=5,
        cities=("Tokyo", "Osaka", "Nagoya"), forms=("K.K.", "G.K."),
        streets=("Sakuragaoka {n}-4", "Minamiyanagi {n}-2"), postal="###-####", phone="+81 3 5550 ####",
    ),
    Country(
        name="Singapore", region="APAC", currency="SGD", share=3,
        cities=("Singapore",), forms=("Pte. Ltd.",), streets=("{n} Jalan Kenanga", "{n} Lorong Tembusu"),
        postal="0#####", phone="+65 6555 ####",
    ),
    Country(
        name="Australia", region="APAC", currency="AUD", share=5,
        cities=("Sydney", "Melbourne", "Brisbane"), forms=("Pty Ltd",), streets=_ENGLISH_STREETS,
        postal="2###", phone="+61 2 5550 ####",
    ),
)  # fmt: skip
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "PLN", "CAD", "BRL", "JPY", "SGD", "AUD")
