"""Names of persons: by the column's name and its values, or by the values alone.

Values are compared with the given and family names of some eighty countries (from Faker, MIT); companies, products
and places share few of them. A name that only may be a person's (customer, contact) needs such values.
Layer: pipeline.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import lru_cache

from pipeline.profile.personal.base import ENOUGH, Column, Detector, Finding, percent
from pipeline.profile.personal.words import Vocabulary, fold

_SURE = Vocabulary(
    phrases="first name, last name, middle name, given name, family name, full name, maiden name, sur name, surname, "
    "fore name, forename, nick name, contact name, contact person, person name, employee name, patient name, "
    "customer first, customer last, cardholder name, card holder, account holder, beneficiary name, fname, lname, "
    "vorname, nachname, familienname, geburtsname, ansprechpartner, kontaktperson, kontoinhaber, sachbearbeiter, "
    "prenom, nom de famille, nom usage, nom naissance, nom prenom, nom patient, nom salarie, nom client, "
    "apellido, apellidos, nombres, nombre completo, nombre paciente, primer nombre, segundo nombre, "
    "cognome, sobrenome, apelido, nome completo, voornaam, achternaam, fornavn, efternavn, etternavn, fornamn, "
    "efternamn, imie, nazwisko",
    stems="vorname nachname familienname firstname lastname surname apellido ansprechpartner mitarbeitername "
    "patientenname kontoinhaber voornaam achternaam",
)
_PERHAPS = Vocabulary(
    phrases="name, names, person, contact, customer, client, patient, employee, worker, staff, owner, manager, supervisor, "
    "doctor, physician, nurse, author, buyer, seller, sales rep, salesperson, agent, attendee, student, teacher, member, "
    "tenant, insured, applicant, beneficiary, holder, signatory, approver, approved by, created by, assigned to, "
    "kunde, mitarbeiter, patientin, arzt, betreuer, inhaber, nom, salarie, medecin, client nom, "
    "nombre, cliente, empleado, paciente, medico, titular, responsable, nome, dipendente, paziente, naam, klant",
    stems="arzt betreuer",
)
# words that make a column's name speak of a thing, a house or a place
_OTHER = Vocabulary(
    phrases="",
    against="company firm firma business organisation organization org employer vendor supplier lieferant brand maker "
    "manufacturer bank department dept abteilung division team group category class type product produkt producto "
    "produit item article artikel model style color colour size file host server domain url user "
    "username login account konto cuenta compte city town stadt ort place lieu luogo lugar commune comune localite ciudad ville country land pais pays state region "
    "province county territory street road currency bank plan project campaign event store shop branch filiale course "
    "role title job position occupation profession status id key code no nr number date time at count language ward "
    "station service hospital clinic insurance versicherung tarif drug medication medikament diagnosis diagnose "
    "empresa razon societe entreprise raison proveedor fournisseur",
)
_COMPANY = re.compile(
    r"\b(?:inc|llc|ltd|limited|corp|corporation|company|co|gmbh|ag|kg|ohg|ug|mbh|se|plc|sa|sas|sarl|sl|srl|spa|bv|nv|ab|"
    r"oy|as|aps|group|holding|holdings|partners|associates|bank|store|stores|shop|services|solutions|systems|"
    r"international|industries|und|and|trading|bikes?|sports?|supplies|works)\b|&"
)
_NAME_FORM = re.compile(r"[^\W\d_][^\W\d_.'’\-]*(?:[ .,'’\-]+[^\W\d_]+)*\.?")
_INITIAL = re.compile(r"[^\W\d_]\.?")
_BY_VALUES, _BY_FEW_VALUES, _WITH_WORD = 0.5, 0.75, 0.3
_MANY = 20


@lru_cache(maxsize=1)
def _known_names() -> tuple[frozenset[str], frozenset[str]]:
    """Return given names and family names, folded."""
    from faker.providers import person

    given: set[str] = set()
    family: set[str] = set()
    for module in pkgutil.iter_modules(person.__path__):
        provider = importlib.import_module(f"{person.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            names = getattr(provider, attribute)
            if not isinstance(names, tuple | list | dict):
                continue
            if attribute.startswith("first_names"):
                given.update(map(fold, names))
            elif attribute.startswith("last_names"):
                family.update(map(fold, names))
    return frozenset(given - {""}), frozenset(family - {""})


def is_name_like(text: str) -> bool:
    """Return whether a text has the form of a person's name; it need not be one."""
    return len(text) <= 60 and _NAME_FORM.fullmatch(text) is not None and _COMPANY.search(fold(text)) is None


def is_initial(text: str) -> bool:
    return _INITIAL.fullmatch(text) is not None


def is_known_name(text: str) -> bool:
    """Return whether a text is a person's name as far as is known: one name, or several that go together.

    >>> [is_known_name(text) for text in ("Alexander", "MÜLLER, Jürgen", "María López", "Hip Hop", "Mayer & Co")]
    [True, True, True, False, False]
    """
    if not is_name_like(text):
        return False
    given, family = _known_names()
    plain = fold(text)
    if plain in given or plain in family:
        return True
    parts = [part for part in re.split(r"[ .,\-]+", plain) if len(part) > 1]
    if len(parts) < 2:
        return bool(parts) and parts[0] != plain and (parts[0] in given or parts[0] in family)
    firsts = [part in given for part in parts]
    lasts = [part in family for part in parts]
    return (
        (firsts[0] and any(lasts[1:] or [False]))
        or (firsts[-1] and any(lasts[:-1]))
        or (len(parts) > 2 and any(firsts) and sum(a or b for a, b in zip(firsts, lasts, strict=True)) >= 2)
    )


def is_about_other(name: str) -> bool:
    """Return whether a column's name speaks of a thing, a house or a place."""
    return _OTHER.is_against(name)


def _weigh(column: Column) -> Finding | None:
    sure = _SURE.match(column.name)
    if sure and set(sure.split()).isdisjoint({"holder"}) and _speaks_of_number(column.name):
        sure = None
    form = column.share(is_name_like)
    if sure and (form >= 0.5 or not column.values):
        return Finding(pii_class="person_name", score=0.95, reasons=(f'its name says "{sure}"',))
    if is_about_other(column.name) or form < 0.7:
        return None
    known = column.share(is_known_name)
    word = _PERHAPS.match(column.name)
    few = len(column.distinct)
    if word and known >= _WITH_WORD and few >= 3:
        return Finding(
            pii_class="person_name",
            score=0.7 + known * 0.25,
            reasons=(f'its name says "{word}"', f"{percent(known)} are known names of persons"),
        )
    if (few >= _MANY and known >= _BY_VALUES) or (few >= ENOUGH and known >= _BY_FEW_VALUES):
        return Finding(
            pii_class="person_name",
            score=0.6 + known * 0.3,
            reasons=(f"{percent(known)} are known names of persons",),
        )
    return None


def _speaks_of_number(name: str) -> bool:
    from pipeline.profile.personal.words import words_of

    return bool({"id", "key", "code", "count", "length"} & set(words_of(name)))


DETECTOR = Detector(pii_class="person_name", action="redact", meaning="names of persons", weigh=_weigh)
