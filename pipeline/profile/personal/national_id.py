"""Numbers that a state gives to a person: identity, social security, tax; by check digit or by the column's name.

A check digit passes one random number in ten, so that nearly all values of a column must pass the same check.
Layer: pipeline.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

from pipeline.profile.personal.base import Column, Detector, Finding, percent
from pipeline.profile.personal.words import Vocabulary

_NAMES = Vocabulary(
    phrases="ssn, social security, social security number, national id, national insurance, nino, nhs number, "
    "passport, passport number, driver license, drivers license, driving licence, tax file number, "
    "sozialversicherung, svnr, sv nummer, steuer id, steuernummer, personalausweis, ausweisnummer, reisepass, "
    "versichertennummer, versicherten nr, krankenversichertennummer, ahv, dni, nie, nif, pasaporte, "
    "seguridad social, curp, rfc, cpf, nir, securite sociale, numero secu, passeport, codice fiscale, passaporto, "
    "bsn, pesel, personnummer, fodselsnummer, cpr, hetu, aadhaar, rut, cedula",
    stems="sozialversicherungsn steueridentif versichertenn personalausweis reisepass passport",
    against="type status country company vendor supplier expiry expires date",
)
# modules of python-stdnum whose numbers carry check digits
_CHECKS = (
    "ar.cuit", "at.vnr", "be.nn", "bg.egn", "br.cpf", "ca.sin", "ch.ssn", "cl.rut", "co.nit", "cz.rc", "de.idnr",
    "dk.cpr", "ee.ik", "es.dni", "es.nie", "fi.hetu", "fr.nir", "gb.nhs", "gr.amka", "hr.oib", "in_.aadhaar",
    "it.codicefiscale", "kr.rrn", "mx.curp", "nl.bsn", "no.fodselsnummer", "pl.pesel", "ro.cnp", "se.personnummer",
    "si.emso", "tr.tckimlik", "za.idnr", "cn.ric",
)  # fmt: skip
_STRONG = frozenset(
    [
        "at.vnr",
        "be.nn",
        "bg.egn",
        "ch.ssn",
        "cn.ric",
        "ee.ik",
        "fi.hetu",
        "fr.nir",
        "it.codicefiscale",
        "kr.rrn",
        "mx.curp",
        "no.fodselsnummer",
        "pl.pesel",
        "ro.cnp",
        "se.personnummer",
        "si.emso",
        "za.idnr",
        "es.dni",
        "es.nie",
    ]
)  # those that hold a date or a letter besides: a number that is anything else does not pass by chance
_SAMPLE = 300
_MANY = 30


@lru_cache(maxsize=1)
def _checks() -> dict[str, Any]:
    return {name: importlib.import_module(f"stdnum.{name}") for name in _CHECKS}


def _weigh(column: Column) -> Finding | None:
    word = _NAMES.match(column.name)
    sample = column.distinct[:_SAMPLE]
    numbers = column.share(lambda text: sum(char.isdigit() for char in text) >= 5)
    if word and (numbers >= 0.6 or not column.values):
        return Finding(pii_class="national_id", score=0.9, reasons=(f'its name says "{word}"',))
    if numbers < 0.95 or len(sample) < _MANY:
        return None
    if sum(8 <= len(text) <= 20 for text in sample) < 0.95 * len(sample):
        return None
    for name, module in _checks().items():
        if not all(module.is_valid(text) for text in sample[:3]) and not module.is_valid(sample[-1]):
            continue
        fit = sum(bool(module.is_valid(text)) for text in sample) / len(sample)
        # a plain number with one check digit may be any house's own: the name must not say another thing
        if fit >= 0.95 and (name in _STRONG or column.is_nameless):
            return Finding(
                pii_class="national_id",
                score=0.9,
                reasons=(
                    f"{percent(fit)} pass the check digits of {module.__name__.removeprefix('stdnum.')}",
                ),
            )
    return None


DETECTOR = Detector(
    pii_class="national_id", action="drop", meaning="identity, social security and tax numbers", weigh=_weigh
)
