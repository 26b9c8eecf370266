"""Tables of made-up persons in several domains and languages, and which of their columns are personal data.

Written as a privacy officer would: every column is listed, those of persons with their class. Values are drawn by
Faker with a fixed seed, so that no test depends on chance.
"""

from __future__ import annotations

import datetime as dt
import functools
import random
from collections.abc import Callable
from dataclasses import dataclass

from faker import Faker

ROWS = 120


@dataclass(frozen=True, kw_only=True)
class PersonalTable:
    """A table column by column, and the class of each personal column; all others are none."""

    columns: dict[str, list[str | None]]
    personal: dict[str, str]


@functools.cache
def tables() -> dict[str, PersonalTable]:
    """Return every table by its name."""
    return {
        "krankenhaus": _hospital_german(),
        "nomina": _payroll_spanish(),
        "clients": _crm_french(),
        "students": _students_english(),
        "anagrafica": _contacts_italian(),
        "headless_staff": _staff_without_header(),
        "headless_codes": _things_without_header(),
        "machines": _machines_german(),
        "ledger": _ledger_english(),
        "houses": _companies_mixed(),
    }


def _fake(locale: str) -> tuple[Faker, random.Random]:
    fake = Faker(locale)
    fake.seed_instance(7)
    return fake, random.Random(7)


def _many(make: Callable[[], object]) -> list[str | None]:
    return [str(make()) for _ in range(ROWS)]


def _birth(chance: random.Random) -> dt.date:
    return dt.date(1938, 1, 1) + dt.timedelta(days=chance.randrange(365 * 65))


def _recent(chance: random.Random) -> dt.date:
    return dt.date(2023, 1, 1) + dt.timedelta(days=chance.randrange(900))


def _hospital_german() -> PersonalTable:
    fake, chance = _fake("de_DE")
    stations = ["Innere", "Chirurgie", "Radiologie", "Kardiologie"]
    return PersonalTable(
        columns={
            "FallNr": _many(lambda: chance.randrange(10**6, 10**7)),
            "Patient_Nachname": _many(fake.last_name),
            "Patient_Vorname": _many(fake.first_name),
            "Geburtsdatum": _many(lambda: _birth(chance).strftime("%d.%m.%Y")),
            "Geburtsort": _many(fake.city),
            "Versichertennummer": _many(
                lambda: f"{chance.choice('ABCDEFGH')}{chance.randrange(10**8, 10**9)}"
            ),
            "Krankenkasse": _many(lambda: chance.choice(["AOK", "Barmer", "Techniker", "DAK"])),
            "Straße": _many(fake.street_name),
            "Hausnummer": _many(lambda: chance.randrange(1, 180)),
            "PLZ": _many(fake.postcode),
            "Wohnort": _many(fake.city),
            "Telefon privat": _many(fake.phone_number),
            "Station": _many(lambda: chance.choice(stations)),
            "Aufnahmedatum": _many(lambda: _recent(chance).strftime("%d.%m.%Y")),
            "Behandelnder Arzt": _many(fake.name),
            "Diagnose": _many(
                lambda: f"{chance.choice('IJKM')}{chance.randrange(10, 99)}.{chance.randrange(9)}"
            ),
            "Rechnungsbetrag": _many(lambda: f"{chance.randrange(10**6) / 100:.2f}".replace(".", ",")),
        },
        personal={
            "Patient_Nachname": "person_name",
            "Patient_Vorname": "person_name",
            "Geburtsdatum": "birth_date",
            "Versichertennummer": "national_id",
            "Straße": "street",
            "Hausnummer": "street",
            "Telefon privat": "phone",
            "Behandelnder Arzt": "person_name",
        },
    )


def _payroll_spanish() -> PersonalTable:
    fake, chance = _fake("es_ES")
    return PersonalTable(
        columns={
            "cod_empleado": _many(lambda: f"E{chance.randrange(10**4, 10**5)}"),
            "nombre": _many(fake.first_name),
            "apellido1": _many(fake.last_name),
            "apellido2": _many(fake.last_name),
            "dni": _many(fake.nif),
            "fecha_nacimiento": _many(lambda: _birth(chance)),
            "correo": _many(fake.email),
            "móvil": _many(fake.phone_number),
            "dirección": _many(fake.street_address),
            "ciudad": _many(fake.city),
            "provincia": _many(fake.state),
            "puesto": _many(fake.job),
            "departamento": _many(lambda: chance.choice(["Ventas", "Compras", "Taller"])),
            "salario_bruto": _many(lambda: f"{chance.randrange(10**6, 10**7) / 100:.2f}"),
            "cuenta_bancaria": _many(fake.iban),
            "fecha_alta": _many(lambda: _recent(chance)),
        },
        personal={
            "nombre": "person_name",
            "apellido1": "person_name",
            "apellido2": "person_name",
            "dni": "national_id",
            "fecha_nacimiento": "birth_date",
            "correo": "email",
            "móvil": "phone",
            "dirección": "street",
            "cuenta_bancaria": "iban",
        },
    )


def _crm_french() -> PersonalTable:
    fake, chance = _fake("fr_FR")
    return PersonalTable(
        columns={
            "N° client": _many(lambda: chance.randrange(1000, 10_000)),
            "Civilité": _many(lambda: chance.choice(["M.", "Mme"])),
            "Nom": _many(fake.last_name),
            "Prénom": _many(fake.first_name),
            "Date de naissance": _many(lambda: _birth(chance).strftime("%d/%m/%Y")),
            "Lieu de naissance": _many(fake.city),
            "Courriel": _many(fake.email),
            "Téléphone": _many(fake.phone_number),
            "Adresse": _many(fake.street_address),
            "Complément d'adresse": _many(lambda: chance.choice(["Bât. B", "Appt 12", "3e étage"])),
            "Code postal": _many(fake.postcode),
            "Ville": _many(fake.city),
            "Pays": _many(lambda: chance.choice(["France", "Belgique", "Suisse"])),
            "Société": _many(fake.company),
            "Secteur": _many(lambda: chance.choice(["Banque", "Commerce", "Santé"])),
            "Date de création": _many(lambda: _recent(chance).strftime("%d/%m/%Y")),
            "Chiffre d'affaires": _many(lambda: f"{chance.randrange(10**6)}"),
        },
        personal={
            "Nom": "person_name",
            "Prénom": "person_name",
            "Date de naissance": "birth_date",
            "Courriel": "email",
            "Téléphone": "phone",
            "Adresse": "street",
            "Complément d'adresse": "street",
        },
    )


def _students_english() -> PersonalTable:
    fake, chance = _fake("en_GB")
    return PersonalTable(
        columns={
            "studentId": _many(lambda: f"S{chance.randrange(10**6):06d}"),
            "studentName": _many(fake.name),
            "dob": _many(lambda: _birth(chance)),
            "guardianPhone": _many(fake.phone_number),
            "homeAddress": _many(lambda: fake.address().replace("\n", ", ")),
            "loginIp": _many(fake.ipv4_public),
            "schoolName": _many(lambda: f"{fake.city()} Grammar School"),
            "courseName": _many(lambda: chance.choice(["Algebra", "Victorian Literature", "Physics I"])),
            "enrolledOn": _many(lambda: _recent(chance)),
            "gradePoint": _many(lambda: f"{chance.randrange(100, 400) / 100:.2f}"),
        },
        personal={
            "studentName": "person_name",
            "dob": "birth_date",
            "guardianPhone": "phone",
            "homeAddress": "street",
            "loginIp": "ip_address",
        },
    )


def _contacts_italian() -> PersonalTable:
    fake, chance = _fake("it_IT")
    return PersonalTable(
        columns={
            "cognome": _many(fake.last_name),
            "nome": _many(fake.first_name),
            "codice_fiscale": _many(fake.ssn),
            "indirizzo": _many(fake.street_address),
            "cellulare": _many(fake.phone_number),
            "comune": _many(fake.city),
            "carta_di_credito": _many(lambda: fake.credit_card_number("visa")),
            "ultimo_acquisto": _many(lambda: _recent(chance)),
        },
        personal={
            "cognome": "person_name",
            "nome": "person_name",
            "codice_fiscale": "national_id",
            "indirizzo": "street",
            "cellulare": "phone",
            "carta_di_credito": "card_number",
        },
    )


def _staff_without_header() -> PersonalTable:
    fake, chance = _fake("de_DE")
    return PersonalTable(
        columns={
            "column_1": _many(lambda: chance.randrange(10**5)),
            "column_2": _many(fake.name),
            "column_3": _many(lambda: _birth(chance)),
            "column_4": _many(lambda: _recent(chance)),
            "column_5": _many(fake.street_address),
            "column_6": _many(fake.city),
            "column_7": _many(fake.postcode),
            "column_8": _many(fake.iban),
            "column_9": _many(lambda: chance.choice(["rot", "blau"])),
            "column_10": _many(lambda: f"+49 30 {chance.randrange(10**6, 10**7)}"),
            "column_11": _many(fake.job),
        },
        personal={
            "column_2": "person_name",
            "column_3": "birth_date",
            "column_5": "street",
            "column_8": "iban",
            "column_10": "phone",
        },
    )


def _things_without_header() -> PersonalTable:
    """Numbers in groups, codes and dates that are easily taken for telephones, cards and births."""
    fake, chance = _fake("en_US")
    return PersonalTable(
        columns={
            "column_1": _many(fake.ean13),
            "column_2": _many(fake.isbn13),
            "column_3": _many(
                lambda: (
                    f"{chance.randrange(1000, 9999)}-{chance.randrange(100, 999)}-{chance.randrange(10, 99)}"
                )
            ),
            "column_4": _many(lambda: _birth(chance)),
            "column_5": _many(
                lambda: f"{chance.randrange(1, 99)} {fake.word().upper()} {fake.word().upper()} SET"
            ),
            "column_6": _many(lambda: chance.randrange(10**9, 10**10)),
            "column_7": _many(fake.country),
            "column_8": _many(fake.city),
            "column_9": _many(fake.company),
            "column_10": _many(fake.color_name),
            "column_11": _many(fake.bs),
            "column_12": _many(lambda: f"192.168.{chance.randrange(9)}"),
            "column_13": _many(fake.state),
            "column_14": _many(fake.month_name),
        },
        personal={},
    )


def _machines_german() -> PersonalTable:
    fake, chance = _fake("de_DE")
    return PersonalTable(
        columns={
            "Maschinenname": _many(lambda: f"{chance.choice(['Fräse', 'Drehbank'])} {chance.randrange(90)}"),
            "Seriennummer": _many(lambda: f"{chance.randrange(10**9, 10**10)}"),
            "Hersteller": _many(fake.company),
            "Standort": _many(fake.city),
            "Kontonummer": _many(lambda: chance.randrange(1000, 9999)),
            "Telefontarif": _many(lambda: chance.choice(["Basis", "Plus"])),
            "Straßentyp": _many(lambda: chance.choice(["Land", "Stadt"])),
            "Baujahr": _many(lambda: chance.randrange(1950, 2020)),
            "Anschaffung": _many(lambda: _birth(chance).strftime("%d.%m.%Y")),
            "Preis": _many(lambda: f"{chance.randrange(10**6) / 100:.2f}".replace(".", ",")),
        },
        personal={},
    )


def _ledger_english() -> PersonalTable:
    _, chance = _fake("en_US")
    accounts = ["Cash", "Trade Receivables", "Grant Income", "Chase Clearing", "Austin Plant"]
    return PersonalTable(
        columns={
            "account_number": _many(lambda: chance.randrange(1000, 9999)),
            "account_name": _many(lambda: chance.choice(accounts)),
            "cost_center": _many(lambda: f"CC-{chance.randrange(100, 999)}-{chance.randrange(1000, 9999)}"),
            "posting_date": _many(lambda: _recent(chance)),
            "period": _many(lambda: f"{_recent(chance):%Y-%m}"),
            "amount": _many(lambda: f"{chance.randrange(10**7) / 100:.2f}"),
            "email_status": _many(lambda: chance.choice(["sent", "open"])),
            "ip_count": _many(lambda: chance.randrange(9)),
            "created_at": _many(lambda: f"{_recent(chance)} 10:11:12"),
        },
        personal={},
    )


def _companies_mixed() -> PersonalTable:
    fake, chance = _fake("en_US")
    return PersonalTable(
        columns={
            "customer_name": _many(lambda: f"{fake.last_name()} {chance.choice(['Ltd', 'Inc', 'GmbH'])}"),
            "vendor": _many(fake.company),
            "product_name": _many(lambda: chance.choice(["Victoria Sponge", "Madeira Cake", "Charlotte Royale"])),
            "brand": _many(lambda: chance.choice(["Hugo", "Benetton", "Calvin", "Ralph", "Tommy", "Paul", "Guess"])),
            "city": _many(fake.city),
            "state": _many(fake.state),
            "region": _many(lambda: chance.choice(["EMEA", "APAC"])),
            "website_address": _many(fake.url),
            "email_address_type": _many(lambda: chance.choice(["work", "home"])),
        },
        personal={},
    )  # fmt: skip
