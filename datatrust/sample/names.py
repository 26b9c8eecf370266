"""Names of invented companies and people; no family name here is part of a company name.

Layer: sample. Pure.
"""

from __future__ import annotations

import unicodedata

STEM_HEADS = (
    "Alto", "Aqua", "Arbo", "Bora", "Calvi", "Cando", "Delta", "Dora", "Elba", "Fabri", "Ferro", "Galva", "Helio",
    "Indi", "Iso", "Juno", "Kora", "Lumi", "Mara", "Medi", "Nava", "Nordi", "Octa", "Omni", "Pano", "Quanta", "Riva",
    "Sola", "Terra", "Tono", "Uni", "Vela", "Veri", "Vita", "Xeno", "Zeta",
)  # fmt: skip
STEM_TAILS = (
    "bel", "card", "cor", "dyn", "fax", "flex", "gen", "kraft", "lab", "line", "lux", "mark", "metra", "net", "nova",
    "pack", "plan", "port", "quip", "sphere", "tec", "tron", "vance", "works",
)  # fmt: skip
FIRST_NAMES = (
    "Adele", "Ágnes", "Aiko", "Anders", "Annika", "Baptiste", "Beatriz", "Benedikt", "Camila", "Cedric", "Charlotte",
    "Chloé", "Dagmar", "Daniela", "Dominik", "Edith", "Emeka", "Esteban", "Eva", "Fabrice", "Fiona", "Frida", "Gareth",
    "Greta", "Hannah", "Haruto", "Helena", "Henrik", "Ines", "Ingrid", "Isabel", "Jakub", "Joanna", "Jonas", "Julien",
    "Kaito", "Katarzyna", "Keiko", "Lars", "Leonie", "Lucía", "Magnus", "Malin", "Mateus", "Mei", "Miriam", "Nadia",
    "Niels", "Olivia", "Oskar", "Pauline", "Pieter", "Rafael", "Rosalie", "Ruben", "Sakura", "Silvia", "Sören",
    "Tamara", "Thiago", "Ursula", "Viktor", "Wiebke", "Yusuf", "Zofia",
)  # fmt: skip
FAMILY_NAMES = (
    "Abernathy", "Achterberg", "Almeida", "Amundsen", "Andrzejewski", "Ashdown", "Bachmeier", "Barrientos", "Beaumont",
    "Bergqvist", "Bialik", "Blackwood", "Bouchard", "Brinkmann", "Bukowski", "Castellanos", "Chaudhry", "Claesson",
    "Coutinho", "Czerny", "Dahlgren", "Delacroix", "Dombrowski", "Drummond", "Dubreuil", "Eichhorn", "Ekström",
    "Eldridge", "Escobedo", "Fairbanks", "Falkenberg", "Ferreira", "Fontaine", "Fujimoto", "Gallagher", "Gerritsen",
    "Goldschmidt", "Grzelak", "Gustafsson", "Hagemann", "Hashimoto", "Hathaway", "Hendrickx", "Hirschfeld",
    "Holmgren", "Huang", "Ibarra", "Ishikawa", "Jankowski", "Jørgensen", "Kaczmarek", "Kensington", "Kirchner",
    "Kobayashi", "Kowalczyk", "Kristiansen", "Lachance", "Lindqvist", "Lombardi", "Lundgren", "MacAllister",
    "Marchetti", "Matsumoto", "Meissner", "Montgomery", "Nakagawa", "Neumayer", "Nieuwenhuis", "Nowakowski", "O'Sullivan",
    "Oberhauser", "Okonkwo", "Pacheco", "Pellegrini", "Petersson", "Quintanilla", "Rademacher", "Rasmussen",
    "Rodrigues", "Rosenthal", "Rousseau", "Sandoval", "Schellenberg", "Schönfeld", "Sjöberg", "Stanisławski",
    "Takahashi", "Thibault", "Thorvaldsen", "Trevelyan", "Uchida", "Vandenberg", "Villanueva", "Wachowiak",
    "Wallenstein", "Weatherby", "Westergaard", "Wojciechowski", "Yamashita", "Zimmerli",
)  # fmt: skip


def plain_letters(text: str) -> str:
    """Return a name as an e-mail address can hold it.

    >>> plain_letters("Søren O'Sullivan")
    'soren osullivan'
    """
    plain = text.lower().replace("ø", "o").replace("ł", "l").replace("'", "")
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
