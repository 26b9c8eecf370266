"""Plan a question warm, with 40 and with 2,000 metrics over 100,000 stored values; beside a plain scan of the values.

The values are made up: firms, products and towns that share words, as stored ones do. The questions mix values said as
stored, misspelled and in part, abbreviations, no value, and words that nobody knows. The baseline is rapidfuzz over
every value for the words that the question adds, in the same process: what a planner without an index would do.
"""

from __future__ import annotations

import datetime as dt
import random
import resource
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from rapidfuzz import fuzz, process  # noqa: E402

from chatbot.planner.lexicon import Lexicon, build_lexicon  # noqa: E402
from chatbot.planner.plan import Choices, NoPlan, Plan, make_plan  # noqa: E402
from semantic.loader import load_catalog  # noqa: E402
from semantic.model import Catalog  # noqa: E402

VALUES = 100_000
QUESTIONS = 400
WARM, SCANS = 50, 40
TODAY = dt.date(2026, 6, 30)


def _words(text: str, between: str = " ") -> tuple[str, ...]:
    return tuple(text.split(between))


_FIRST = _words(
    "Nord Süd West Ost Alpen Rhein Baltic Iber Atlantic Pacific Silver Golden Green Blue Red Black White Bright Clear "
    "Stone River Lake Hill Field Forest Meadow Harbor Bridge Castle Tower Star Sun Moon Sky Cloud Storm Thunder Swift "
    "Prime United Global Inter Trans Euro Omni Uni Nova Vita Terra Aqua Ferro Magna Alta Bella Ever True Royal Crown "
    "Summit Vertex Apex Quantum Delta Omega Sigma Zenith Orion Titan Phoenix Falcon Eagle Lion Bear Wolf Fox Otter"
)
_SECOND = _words(
    "wind berg feld mann stein bach hof burg dorf wald see tal port ford land line gate point works craft tech soft "
    "ware data link net path way mark mill field brook wood worth well son sen ley ton ham bury stone hart beck"
)
_TRADE = _words(
    "Logistics Foods Metals Textiles Energy Pharma Chemicals Paper Plastics Motors Tools Optics Software Services "
    "Trading Consulting Packaging Furniture Electronics Ceramics Instruments Media Travel Insurance Marine Aviation"
)
_FORM = ("GmbH", "AG", "Ltd", "Inc", "SA", "BV", "AB", "Oy", "SpA", "LLC", "& Co KG", "Group", "Holding", "")
_GOODS = _words(
    "bolt screw washer bracket hinge valve pump gasket bearing seal filter hose clamp cable switch relay sensor fuse "
    "motor gearbox pulley belt chain spring rivet anchor nail dowel handle knob lamp socket panel sheet pipe elbow tee"
)
_KIND = _words(
    "steel brass copper rubber nylon ceramic carbon titanium chrome zinc plastic oak walnut bamboo cotton linen leather "
    "galvanised anodised hardened polished threaded flexible insulated waterproof miniature heavy compact industrial"
)
_TOWN = _words(
    "ar bel cor dan el far gar hal ist jor kal lor mar nor or pal quin ros sal tor ul var wes yor zel"
)
_TOWN_END = _words(
    "burg stadt ville ton polis minster ford grad wick mouth holm dorf court mont field bridge"
)

_AREAS = _words(
    "retail wholesale online export domestic service rental repair spare project agency partner campus marine rail "
    "energy health school travel office"
)
_SUBJECTS = _words(
    "revenue|order count|discount|return volume|gross margin|freight cost|open receivables|backlog|complaints|"
    "headcount|overtime hours|scrap weight|late deliveries|warranty cost|marketing spend|energy use|"
    "water use|tax paid|interest cost|visits|leads|quotes|refunds|stock value|bookings|invoices|credits|"
    "licence fees|training days|sick days|travel cost|rent|depreciation|packaging cost|customs duty|test failures|"
    "defects|inspections|penalties|subsidies|commissions|donations|pallets|containers|kilometres|fuel|"
    "batches|samples|audits|claims|contracts|renewals|cancellations|downloads|tickets|calls|shipping weight|repairs|"
    "royalties|write offs|provisions|deposits|loans|fines|grants|bonuses|salaries|pensions|parcels|letters|"
    "meals|nights|seats|flights|trips|lessons|exams|patients|beds|surgeries|prescriptions|vaccinations|admissions|"
    "tonnage|yield|harvest|acreage|rainfall|turbines|outages|meter readings|connections|voltage drops|"
    "impressions|clicks|subscriptions|churned accounts|page views|sessions|reviews|coupons|baskets|vouchers",
    "|",
)


def run() -> list[dict[str, Any]]:
    """Return the rows of the benchmark."""
    random_ = random.Random(7)
    values = make_values(random_, VALUES)
    stored = [value for each in values.values() for value in each]
    rows = [_held(values)]
    for count in (40, 2_000):
        rows += _measure(count, values, stored)
    return rows


def _held(values: Mapping[tuple[str, str], tuple[str, ...]]) -> dict[str, Any]:
    """What the words take in memory, measured first: later ones reuse what this one leaves."""
    catalog = load_catalog(Path("catalog"), texts=make_catalog(2_000))
    before = _memory()
    lexicon = build_lexicon(catalog, values)
    held = _memory() - before
    assert lexicon.words
    return _row(f"memory of the words, 2,000 metrics, {VALUES:,} values", held, None, "MB")


def _measure(
    count: int, values: Mapping[tuple[str, str], tuple[str, ...]], stored: Sequence[str]
) -> list[dict[str, Any]]:
    catalog = load_catalog(Path("catalog"), texts=make_catalog(count))
    lexicon, built = _timed(lambda: build_lexicon(catalog, values))
    questions = list(make_questions(random.Random(11), catalog, values, QUESTIONS))
    for question, *_ in questions[:WARM]:
        ask(question, catalog, lexicon)
    taken, meant, found = [], 0, 0
    for question, _, value in questions:
        outcome, spent = _timed(lambda asked=question: ask(asked, catalog, lexicon))
        taken.append(spent)
        meant += value is not None
        found += value is not None and value in _values_of(outcome)
    scanned = [_timed(lambda said=words: scan(said, stored))[1] for _, words, _ in questions[:SCANS]]
    endless = [_timed(lambda said=text: ask(said, catalog, lexicon))[1] for text in make_endless(stored)]
    name = f"{count:,} metrics"
    return [
        _row(f"plan, {name}, p50", statistics.median(taken), statistics.median(scanned), "ms"),
        _row(f"plan, {name}, p95", _p95(taken), _p95(scanned), "ms"),
        _row(f"plan, {name}, slowest", max(taken), max(scanned), "ms"),
        _row(f"plan 2,000 characters, {name}, slowest", max(endless), None, "ms"),
        _row(f"index the words, {name}", built, None, "ms"),
        _row(f"values found as meant, {name}", 100 * found / meant, None, "%"),
    ]


def _values_of(outcome: Plan | Choices | NoPlan) -> set[object]:
    """The values that a question's reading, or one of the readings to choose from, has conditions on."""
    if isinstance(outcome, NoPlan):
        return set()
    queries = [outcome.query] if isinstance(outcome, Plan) else [each.query for each in outcome.candidates]
    return {value for query in queries for condition in query.where for value in condition.values}


def ask(question: str, catalog: Catalog, lexicon: Lexicon) -> Plan | Choices | NoPlan:
    """Plan one question."""
    return make_plan(question, catalog, lexicon, today=TODAY)


def scan(words: str, stored: Sequence[str]) -> object:
    """What a planner without an index does: hold the words against every value."""
    return process.extract(words, stored, scorer=fuzz.WRatio, score_cutoff=80, limit=5)


# ------------------------------------------------------------------------------------------------------- made-up data


def make_values(random_: random.Random, count: int) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return so many distinct values: firms, products, towns and a few short lists."""
    makers = {
        ("sales", "customer"): (0.5, _firm),
        ("sales", "product"): (0.4, _product),
        ("sales", "town"): (0.1, _town),
    }
    found: dict[tuple[str, str], tuple[str, ...]] = {
        ("sales", "region"): ("EMEA", "APAC", "Americas", "Nordics"),
        ("sales", "channel"): ("Web", "Shop", "Telephone", "Marketplace"),
    }
    for key, (share, make) in makers.items():
        made: dict[str, None] = {}
        while len(made) < count * share:
            made[make(random_)] = None
        found[key] = tuple(made)
    return found


def _firm(random_: random.Random) -> str:
    name = random_.choice(_FIRST) + random_.choice(_SECOND)
    if random_.random() < 0.7:  # a family's name: most words of stored names are rare
        syllables = "".join(random_.choice(_TOWN) for _ in range(random_.choice((2, 3))))
        name = f"{syllables}{random_.choice(_SECOND)}".capitalize()
    return f"{name} {random_.choice(_TRADE)} {random_.choice(_FORM)}".strip()


def _product(random_: random.Random) -> str:
    kinds = " ".join(random_.sample(_KIND, random_.choice((1, 2, 2))))
    return f"{kinds.capitalize()} {random_.choice(_GOODS)} {random_.choice('ABDGKMX')}{random_.randrange(1, 400)}"


def _town(random_: random.Random) -> str:
    syllables = "".join(random_.choice(_TOWN) for _ in range(random_.choice((2, 3))))
    return (syllables + random_.choice(_TOWN_END)).capitalize()


def make_catalog(count: int) -> dict[str, str]:
    """Return the texts of a catalog with so many metrics over one table."""
    names = [f"{area} {subject}".strip() for area in ("", *_AREAS) for subject in _SUBJECTS][:count]
    entries = "".join(
        f"  - {{name: {name.replace(' ', '_')}, label: {name.capitalize()}, agg: sum, expr: a{number % 9}, "
        "unit: currency, currency: EUR}\n"
        for number, name in enumerate(names)
    )
    model = (
        "model: sales\nlabel: Sales\ntable: gold.sales\nkey: [sale_id]\ntime: sold_on\ndimensions:\n"
        "  - {name: sale_id, type: identifier, hidden: true}\n"
        "  - {name: sold_on, type: time, grain: day, label: Date of sale}\n"
        "  - {name: customer, type: category, label: Customer, synonyms: [client]}\n"
        "  - {name: product, type: category, label: Product, synonyms: [article]}\n"
        "  - {name: town, type: category, label: Town, synonyms: [city]}\n"
        "  - {name: region, type: category, label: Region, values: {EMEA: [Europe]}}\n"
        "  - {name: channel, type: category, label: Channel}\n"
    )
    return {
        "calendar.yml": "calendars:\n  gregorian: {default: true}\ncurrency: {group: EUR}\n",
        "models/sales.yml": model,
        "metrics/sales.yml": f"defaults: {{model: sales, owner: controlling}}\nmetrics:\n{entries}",
    }


def make_questions(
    random_: random.Random, catalog: Catalog, values: Mapping[tuple[str, str], tuple[str, ...]], count: int
) -> Iterator[tuple[str, str, str | None]]:
    """Yield (question, the words that a scan would look for, the value that is meant)."""
    metrics = [metric.label for metric in catalog.metrics.values()]
    long = [values["sales", name] for name in ("customer", "product", "town")]
    shapes = (
        "{m} for {v} in 2025", "what was {m} of {v} last quarter?", "{m} by month for {v}",
        "how much {m} did {v} have in March 2026", "compare {m} of {v} with last year", "top 5 products by {m} for {v}",
    )  # fmt: skip
    plain = (
        "{m} by region in 2025", "which customer had the most {m} last year?", "{m} by month",
        "how did {m} develop in the last 12 months", "share of {m} by channel in Europe",
    )  # fmt: skip
    for _ in range(count):
        metric = random_.choice(metrics).lower()
        value = random_.choice(random_.choice(long))
        kind = random_.choice(("stored", "stored", "slip", "slip", "part", "abbreviation", "none", "unknown"))
        if kind in ("none", "abbreviation"):
            question = random_.choice(plain).format(m=metric)
            if kind == "abbreviation":
                question = question.replace("region", "reg").replace("customer", "cust") + " yoy"
            yield question, metric, None
            continue
        said = value
        if kind == "slip":
            said = misspell(random_, value)
        elif kind == "part":
            said = value.split()[0]
        elif kind == "unknown":
            said = "".join(
                random_.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(random_.randrange(5, 14))
            )
        said = said if random_.random() < 0.5 else said.lower()
        yield (
            random_.choice(shapes).format(m=metric, v=said),
            said,
            value if kind in ("stored", "slip") else None,
        )


def make_endless(stored: Sequence[str]) -> Iterator[str]:
    """Yield questions as long as are taken, each of one kind of words."""
    random_ = random.Random(5)
    unknown = " ".join("".join(random_.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(300))
    chosen = random_.sample(stored, 200)
    for words in (
        unknown, ", ".join(chosen), ", ".join(misspell(random_, value) for value in chosen), "by month and " * 200,
        "not " * 600, "top 5 " * 400, "(" * 2_000, "revenue " * 300, "1 " * 1_000,
    ):  # fmt: skip
        yield f"revenue for {words}"[:2_000]


def misspell(random_: random.Random, text: str) -> str:
    """Return the text with one or two slips of the hand in its longest words."""
    words = text.split()
    for place in random_.sample(range(len(words)), min(len(words), random_.choice((1, 1, 2)))):
        word = words[place]
        if len(word) < 5:
            continue
        at = random_.randrange(1, len(word) - 1)
        words[place] = random_.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + random_.choice("aeiourstn") + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + random_.choice("aeiourstn") + word[at + 1 :],
            )
        )
    return " ".join(words)


# ------------------------------------------------------------------------------------------------------------ measure


def _timed(work: Any) -> tuple[Any, float]:
    started = time.process_time()
    result = work()
    return result, (time.process_time() - started) * 1000


def _memory() -> float:
    """Resident megabytes now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024 / 1024


def _row(case: str, ours: float, baseline: float | None, unit: str) -> dict[str, Any]:
    return {
        "case": case,
        "ours": round(ours, 3),
        "baseline": round(baseline, 3) if baseline is not None else None,
        "ratio": round(ours / baseline, 4) if baseline else None,
        "unit": unit,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _p95(taken: Sequence[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)]
