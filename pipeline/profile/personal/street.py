"""Postal addresses: street and house, and their second line. City, region, country and postcode are none.

Layer: pipeline.
"""

from __future__ import annotations

import re

from pipeline.profile.personal.base import ENOUGH, Column, Detector, Finding, percent
from pipeline.profile.personal.words import Vocabulary, fold

_NAMES = Vocabulary(
    phrases="address, addr, addr1, addr2, address1, address2, addressline1, addressline2, street, street1, street2, "
    "residence, house number, house no, strasse, str, anschrift, adresse, hausnummer, hausnr, rue, domicile, voie, "
    "calle, direccion, domicilio, via, indirizzo, rua, endereco, morada, straat, adres, huisnummer, po box, postfach, "
    "ulica, adresa, gata, gatuadress",
    stems="strasse anschrift adresse street direccion indirizzo endereco",
    against="ip mac email mail web url site website memory wallet type id key city town zip postal postcode plz state "
    "country region county stadt ort land ciudad pais ville pays code count status verified bus",
)
_LINE = re.compile(r"(?:[1-3]|line ?[1-3])$")
_KINDS_LAST = (  # the kind of street stands last, after the house's number and the name
    "street st avenue ave av road rd boulevard blvd drive dr lane ln way court ct place pl circle cir parkway pkwy "
    "highway hwy terrace ter trail square sq crescent cres close gardens grove mews row alley loop plaza point pike "
    "broadway rue hill view ridge park walk run path pass crossing esplanade quay route north south east west"
)
_KINDS_FIRST = (
    "rue avenue av bd boulevard chemin impasse place allee quai route cours square passage calle c avenida avda paseo "
    "plaza camino carretera ronda via viale piazza corso largo vicolo rua travessa praca estrada ulica ul"
)
_KIND_LAST = re.compile(
    rf"\b(?:{'|'.join(_KINDS_LAST.split())})\b\.?(?:[ ,]+(?:n|s|e|w|ne|nw|se|sw|#? ?\d+\w?)\.?)?$"
)
_KIND_FIRST = re.compile(rf"(?:{'|'.join(_KINDS_FIRST.split())})\b[./]?\s+\S+")
_HOUSE_FIRST = re.compile(r"#?\d{1,6}(?:[ -]?[a-z])?(?:\s?(?:bis|ter|/\d+))?[,.]?\s+(?=\S*[a-z])")
_HOUSE_LAST = re.compile(r"(.*[a-z.)])[ ,]+(?:n[ro.°º]*\s*)?\d{1,5}(?: ?[a-z])?(?: ?[-/] ?\d{1,4} ?[a-z]?)?$")
_GERMANIC = re.compile(
    r"(?:strasse|str\.?|weg|platz|gasse|allee|ring|damm|ufer|steig|chaussee|straat|laan|plein|gatan|vagen|gade|vej)$"
)
_SECOND_LINE = re.compile(
    r"(?:suite|ste|apt|apartment|appt|unit|floor|fl|room|rm|dept|bldg|building|box|p\.? ?o\.? ?box|postfach|c/o|piso|"
    r"planta|puerta|etage|bat|batiment|bp|escalera|interno|andar|apto|zimmer|stock|level|space|lot)\b[ .]*#?\S*"
    r"|#\s?\w+|\d{1,2}(?:st|nd|rd|th) floor.*|.*\b(?:floor|etage|stock)$|.*\bsuite \w+"
)


def is_street(text: str) -> bool:
    """Return whether a text is written as street and house, in one of the orders of Europe and the Americas.

    >>> [is_street(text) for text in ("2251 Elliot Avenue", "Hauptstr. 12a", "Calle Mayor 5", "HL Road Frame, 62")]
    [True, True, True, False]
    """
    plain = fold(text.strip())
    if house := _HOUSE_FIRST.match(plain):
        rest = plain[house.end() :]
        return _KIND_LAST.search(rest) is not None or _KIND_FIRST.match(rest) is not None
    if house := _HOUSE_LAST.fullmatch(plain):
        return _GERMANIC.search(house[1]) is not None or _KIND_FIRST.match(plain) is not None
    return False


def is_second_line(text: str) -> bool:
    """Return whether a text is the second line of an address: a suite, a floor, a box.

    >>> is_second_line("Suite 2501"), is_second_line("#4"), is_second_line("Road")
    (True, True, False)
    """
    return _SECOND_LINE.fullmatch(fold(text.strip())) is not None


def _has_house(text: str) -> bool:
    plain = fold(text.strip())
    return _HOUSE_FIRST.match(plain) is not None or _HOUSE_LAST.fullmatch(plain) is not None


def _weigh(column: Column) -> Finding | None:
    word = _NAMES.match(_LINE.sub("", column.name))
    fit = column.share(is_street)
    if word:
        lettered = column.share(lambda text: any(char.isalpha() for char in text))
        if not column.values or lettered >= 0.5 or "hous" in word or "haus" in word or "huis" in word:
            return Finding(pii_class="street", score=0.9, reasons=(f'its name says "{word}"',))
    if len(column.distinct) >= ENOUGH and fit >= 0.35 and (fit >= 0.7 or column.share(_has_house) >= 0.6):
        return Finding(
            pii_class="street",
            score=0.6 + fit * 0.35,
            reasons=(f"{percent(fit)} are written as street and house",),
        )
    return None


DETECTOR = Detector(pii_class="street", action="drop", meaning="postal addresses", weigh=_weigh)
