"""Write what a release says about itself: the lineage of every column, and a page that describes every table.

Both hold names, texts and hashes, never a value of a row; the page needs no network. They lie beside the
release's manifest, which names each with its hash: a file that was changed is not read.
Layer: pipeline. Imports core, contracts, gold's result and lineage; writes under the warehouse's docs folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from datatrust.core.errors import OutcomeError, UnknownName
from datatrust.core.issues import Issue
from datatrust.core.jsonio import dumps, loads
from datatrust.core.masking import MaskingPolicy
from datatrust.core.release import Release
from pipeline.contracts.model import SourceSpec
from pipeline.gold import ColumnTest, GoldResult
from pipeline.lineage import (
    ColumnLineage,
    Origin,
    TableLineage,
    lineage_from_json,
    lineage_to_json,
    make_lineage,
)
from pipeline.publish import BUSINESS_METRICS

FOLDER = "docs"
LINEAGE, PAGE = "lineage.json", "index.html"

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2733; margin: 2rem auto; max-width: 78rem; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .3rem } p { margin: .2rem 0 .6rem }
nav { columns: 3; margin: 1rem 0 } nav a { display: block; color: #14507a }
table { border-collapse: collapse; width: 100% } td, th { border: 1px solid #d5dce3; padding: .3rem .5rem }
td, th { text-align: left; vertical-align: top } th { background: #f2f5f8 } code { font-size: .92em }
.mask { color: #8a3b00 } .none { color: #66727f }
"""


def write_documents(
    warehouse: Path,
    candidate: Release,
    specs: Sequence[SourceSpec],
    policy: MaskingPolicy,
    built: GoldResult,
    *,
    title: str,
) -> Release:
    """Write lineage and page of a candidate release; return it with their hashes."""
    compiled = {table: text.sql for table, text in built.texts.items()}
    tables = make_lineage(specs, policy, compiled, candidate.tables)
    texts = {
        LINEAGE: dumps(lineage_to_json(tables), indent=1) + "\n",
        PAGE: _page(candidate, specs, built, tables, title),
    }
    folder = warehouse / FOLDER / candidate.id
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        written[f"{FOLDER}/{candidate.id}/{name}"] = hashlib.sha256(text.encode()).hexdigest()
    return replace(candidate, documents={**candidate.documents, **written})


def load_lineage(warehouse: Path, release: Release) -> tuple[TableLineage, ...]:
    """Read the lineage that was published with a release.

    Raises:
        UnknownName: the release was published without one.
        OutcomeError: the file is gone, or is not the one that was published.
    """
    path = next((name for name in release.documents if name.endswith(f"/{LINEAGE}")), None)
    if path is None:
        raise UnknownName(
            Issue(
                code="DT465",
                message=f"release {release.id} was published without column lineage",
                hint="the next one has it: datatrust pipeline run",
            )
        )
    try:
        content = (warehouse / path).read_bytes()
    except OSError:
        raise OutcomeError(f"the lineage of release {release.id} is gone: {path}") from None
    if hashlib.sha256(content).hexdigest() != release.documents[path]:
        raise OutcomeError(f"{path} is not the file that was published with release {release.id}")
    return lineage_from_json(loads(content.decode("utf-8")))


def origin_words(origin: Origin) -> str:
    """Return an origin as a person reads it.

    >>> origin_words(Origin(source="customers", column="email", header="E-Mail", contract="c.yml", mask="dropped"))
    'customers.email (header E-Mail; dropped)'
    """
    notes = [f"header {origin.header}"] if origin.header != origin.column else []
    notes += [origin.mask] if origin.mask else []
    return f"{origin.source}.{origin.column}" + (f" ({'; '.join(notes)})" if notes else "")


def _page(
    candidate: Release,
    specs: Sequence[SourceSpec],
    built: GoldResult,
    tables: Sequence[TableLineage],
    title: str,
) -> str:
    about, columns = _descriptions(specs, built)
    tests: dict[str, list[ColumnTest]] = {}
    for test in built.column_tests:
        for column in test.columns:
            tests.setdefault(f"{test.table}.{column}", []).append(test)
    links = "\n".join(f'<a href="#{escape(t.table)}">{escape(t.table)}</a>' for t in tables)
    sections = "\n".join(
        _section(t, dict(candidate.tables[t.table].columns), about.get(t.table, ""), columns, tests)
        for t in tables
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}: tables</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{escape(title)}: the tables of release {candidate.id}</h1>\n"
        f"<p>{escape(candidate.delivery or '')}</p>\n<nav>{links}</nav>\n{sections}\n</body></html>\n"
    )


def _descriptions(specs: Sequence[SourceSpec], built: GoldResult) -> tuple[dict[str, str], dict[str, str]]:
    """Return what contracts and dbt say of tables, and of columns by "table.column"."""
    about = {BUSINESS_METRICS: "The catalog's metrics as one table, for tools that read tables."}
    columns: dict[str, str] = {}
    for spec in specs:
        for table in filter(None, (spec.silver_table, spec.quarantine_table)):
            about[table] = spec.description or spec.title
            columns |= {f"{table}.{c.name}": c.description for c in spec.columns if c.description}
        if spec.quarantine_table:
            about[spec.quarantine_table] = f"Rejected rows of {spec.name}, masked, with their reasons."
    for table, text in built.texts.items():
        about[table] = text.description
        columns |= {f"{table}.{name}": words for name, words in text.columns.items()}
    return about, columns


def _section(
    table: TableLineage,
    types: Mapping[str, str],
    about: str,
    columns: Mapping[str, str],
    tests: Mapping[str, Sequence[ColumnTest]],
) -> str:
    rows = "\n".join(
        f"<tr><td><code>{escape(c.column)}</code></td><td>{escape(types[c.column])}</td>"
        f"<td>{escape(columns.get(f'{table.table}.{c.column}', ''))}</td>"
        f"<td>{escape(_tested(tests.get(f'{table.table}.{c.column}', ())))}</td><td>{_came_from(c)}</td></tr>"
        for c in table.columns
    )
    withheld = ", ".join(origin_words(origin) for origin in table.withheld)
    note = f'<p class="mask">Not stored here: {escape(withheld)}</p>' if withheld else ""
    return (
        f'<section id="{escape(table.table)}"><h2>{escape(table.table)}</h2><p>{escape(about)}</p>{note}'
        "<table><tr><th>column</th><th>type</th><th>what it is</th><th>checked</th><th>comes from</th></tr>\n"
        f"{rows}</table></section>"
    )


def _tested(tests: Sequence[ColumnTest]) -> str:
    return ", ".join(_TEST_WORDS[test.kind](test) for test in tests)


_TEST_WORDS: Mapping[str, Callable[[ColumnTest], str]] = {
    "unique": lambda test: "unique",
    "not_null": lambda test: "never empty",
    "accepted_values": lambda test: f"one of {', '.join(test.values)}",
    "unique_together": lambda test: f"unique with {', '.join(test.columns)}",
}


def _came_from(column: ColumnLineage) -> str:
    if column.reason:
        return f'<span class="none">{escape(column.reason)}</span>'
    steps = ", ".join(f"<code>{escape(name)}</code>" for name in column.made_of)
    ends = ", ".join(escape(origin_words(origin)) for origin in column.origins)
    return f"{steps}<br>{ends}" if steps else ends
