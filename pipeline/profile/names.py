"""What the name of a column says of its contents, in several languages; and names for sources, columns and files.

Layer: pipeline. Pure.
"""

from __future__ import annotations

import re

from pipeline.profile.personal.words import fold, words_of

_IDENTIFIER = frozenset(
    [
        "id",
        "ids",
        "key",
        "code",
        "sku",
        "uuid",
        "guid",
        "ref",
        "reference",
        "ean",
        "gtin",
        "upc",
        "isin",
        "isbn",
        "lei",
        "bic",
        "swift",
        "plz",
        "zip",
        "zipcode",
        "postcode",
        "postal",
        "schluessel",
        "schlussel",
        "kennung",
        "clave",
        "codigo",
        "cle",
        "codice",
        "kode",
        "kennzeichen",
        "phone",
        "fax",
        "mobile",
    ]
)
_IDENTIFIER_LAST = frozenset(["no", "nr", "num", "number", "nummer", "numero", "numer", "barcode"])
_IDENTIFIER_ENDS = ("nr", "nummer", "number", "code", "key", "id", "guid", "sku")
_AMOUNT = frozenset(
    [
        "price",
        "cost",
        "costs",
        "amount",
        "total",
        "sum",
        "income",
        "revenue",
        "sales",
        "fee",
        "tax",
        "salary",
        "wage",
        "pay",
        "budget",
        "turnover",
        "net",
        "gross",
        "value",
        "balance",
        "preis",
        "kosten",
        "betrag",
        "summe",
        "umsatz",
        "gehalt",
        "lohn",
        "steuer",
        "netto",
        "brutto",
        "wert",
        "saldo",
        "prix",
        "cout",
        "montant",
        "somme",
        "chiffre",
        "salaire",
        "impot",
        "precio",
        "coste",
        "costo",
        "importe",
        "suma",
        "ingresos",
        "salario",
        "impuesto",
        "prezzo",
        "importo",
        "totale",
        "stipendio",
        "preco",
        "valor",
        "quantity",
        "qty",
        "menge",
        "anzahl",
        "quantite",
        "cantidad",
        "quantita",
        "count",
    ]
)
_SIGNED = frozenset(
    [
        "balance",
        "saldo",
        "net",
        "netto",
        "variance",
        "difference",
        "delta",
        "change",
        "adjustment",
        "profit",
        "loss",
        "margin",
        "result",
    ]
)
_DATE = frozenset(["date", "datum", "day", "fecha", "jour", "dia", "data", "tag", "dt"])
_LATER = frozenset(
    [
        "due",
        "valid",
        "expiry",
        "expires",
        "expiration",
        "end",
        "until",
        "to",
        "till",
        "plan",
        "planned",
        "budget",
        "forecast",
        "scheduled",
        "delivery",
        "maturity",
        "next",
        "faellig",
        "fallig",
        "bis",
        "ende",
        "gueltig",
        "gultig",
        "liefertermin",
        "ablauf",
        "fin",
        "hasta",
        "vencimiento",
        "echeance",
        "jusqu",
        "scadenza",
        "validade",
        "target",
        "deadline",
        "renewal",
    ]
)
_CHANGED = frozenset(
    [
        "updated",
        "modified",
        "changed",
        "geaendert",
        "geandert",
        "aktualisiert",
        "modifie",
        "actualizado",
        "modificado",
    ]
)
_LINE = frozenset(
    ["line", "item", "position", "pos", "seq", "sequence", "zeile", "linea", "ligne", "riga", "lineitem"]
)
_CURRENCY = frozenset(
    ["currency", "curr", "ccy", "waehrung", "wahrung", "devise", "moneda", "valuta", "moeda"]
)
_TOTAL = frozenset(["amount", "total", "betrag", "montant", "importe", "importo", "valor", "summe"])
_DIGITS = re.compile(r"[0-9]+")


def says_identifier(name: str) -> bool:
    """Return whether a name says that its values name things.

    >>> [says_identifier(name) for name in ("CustomerKey", "order_number", "number_of_cars", "KundenNr", "paid")]
    [True, True, False, True, False]
    """
    words = words_of(name)
    if not words:
        return False
    last = words[-1]
    return (
        bool(_IDENTIFIER & set(words))
        or last in _IDENTIFIER_LAST
        or any(last.endswith(end) and len(last) > len(end) + 3 for end in _IDENTIFIER_ENDS if end != "id")
    )


def says_amount(name: str) -> bool:
    """Return whether a name speaks of money or a quantity that is not below zero as a rule."""
    words = set(words_of(name))
    return bool(words & _AMOUNT) and not words & _SIGNED


def says_date(name: str) -> bool:
    words = words_of(name)
    return bool(_DATE & set(words)) or any(word.endswith(("date", "datum")) for word in words)


def says_later(name: str) -> bool:
    """Return whether a date of this name may well lie in the future."""
    return bool(_LATER & set(words_of(name)))


def says_changed(name: str) -> bool:
    """Return whether a name says when the row was last changed."""
    return bool(_CHANGED & set(words_of(name)))


def says_line(name: str) -> bool:
    """Return whether a name counts the lines of something larger."""
    return bool(_LINE & set(words_of(name)))


def says_currency(name: str) -> bool:
    return bool(_CURRENCY & set(words_of(name)))


def says_total(name: str) -> bool:
    words = words_of(name)
    return bool(words) and words[-1] in _TOTAL


def snake(text: str) -> str:
    """Return a text as a name of the pipeline; empty where nothing of it can be one.

    >>> snake("Prénom du client"), snake("2011-12-01"), snake("OrderDate")
    ('prenom_du_client', '', 'order_date')
    """
    joined = re.sub(r"[^a-z0-9]+", "_", fold("_".join(words_of(text)))).strip("_")
    return joined[:100] if re.match("[a-z]", joined) else re.sub(r"^[0-9_]+", "", joined)[:100]


def column_names(headers: tuple[str, ...]) -> tuple[str, ...]:
    """Return a name for each header, all different."""
    names: list[str] = []
    for place, header in enumerate(headers, 1):
        name = snake(header) or f"column_{place}"
        number, free = 2, name
        while free in names:
            free, number = f"{name}_{number}", number + 1
        names.append(free)
    return tuple(names)


def source_name(stem: str, folder: str) -> str:
    """Return the name of a source from its file's name without dates and numbers; else from the folder's.

    >>> source_name("AdventureWorks_Sales_2017", "raw"), source_name("2010-12-01", "online_retail")
    ('adventure_works_sales', 'online_retail')
    """
    return snake(_DIGITS.sub(" ", stem)) or snake(folder) or "source"


def file_pattern(name: str) -> str:
    """Return the pattern of files like this one: each digit of a date or number may be another.

    >>> file_pattern("sales_2017-03.csv")
    'sales_[0-9][0-9][0-9][0-9]-[0-9][0-9].csv'
    """
    stem, dot, suffix = name.rpartition(".")
    literal = re.sub(r"([*?\[])", r"[\1]", stem or name)
    digits = _DIGITS.sub(lambda found: "[0-9]" * len(found[0]) if len(found[0]) >= 2 else found[0], literal)
    return f"{digits}{dot}{suffix}" if stem else digits
