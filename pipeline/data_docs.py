"""Write the audit as Data Docs: a page for each table and an index, plain HTML that needs no network and no script.

Great Expectations' own site stands on style sheets and scripts of other hosts, so the pages are drawn here, of what
was asked and whether it held; what DuckDB was asked stands beside it. They show the contract's words (rules, bounds,
owners) and never a value of a row. Written on every audit, the refused ones too: milliseconds.
Layer: pipeline. Imports audit's outcomes and the source findings; writes under the warehouse's docs folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from pipeline.audit import CheckOutcome
from pipeline.contracts.model import Rule, SourceSpec
from pipeline.source_rules import SourceFinding

FOLDER = Path("docs") / "quality"
INDEX = "index.html"
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e; --warn: #9a6700; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
.held { color: var(--good); } .failed { color: var(--bad); font-weight: 600; } .warned { color: var(--warn); }
"""


def write_data_docs(
    warehouse: Path,
    outcomes: Sequence[CheckOutcome],
    findings: Sequence[SourceFinding],
    specs: Sequence[SourceSpec],
    *,
    heading: str,
) -> Path:
    """Write the pages of one audit over those of the last one; return the index.

    Args:
        heading: what was audited, e.g. "Lindenau Trading, closing 2026-06".
    """
    folder = warehouse / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    by_table: dict[str, list[CheckOutcome]] = {}
    for outcome in outcomes:
        by_table.setdefault(outcome.check.table, []).append(outcome)
    by_silver = {spec.silver_table: spec for spec in specs}
    pages = {
        f"{table}.html": _table_page(table, mine, by_silver.get(table)) for table, mine in by_table.items()
    }
    pages[INDEX] = _index_page(heading, by_table, findings, specs)
    for old in folder.glob("*.html"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / INDEX


def _index_page(
    heading: str,
    by_table: Mapping[str, Sequence[CheckOutcome]],
    findings: Sequence[SourceFinding],
    specs: Sequence[SourceSpec],
) -> str:
    rows = [
        (
            f'<a href="{escape(table)}.html">{escape(table)}</a>',
            len(mine),
            sum(outcome.passed for outcome in mine),
            _counted(mine, "warn"),
            _counted(mine, "reject"),
        )
        for table, mine in sorted(by_table.items())
    ]
    parts = [_table(("table", "checks", "held", "warned", "failed"), rows)]
    told = {(finding.source, finding.rule.id): finding.message for finding in findings}
    of_sources = [
        (
            escape(spec.name),
            f"<code>{escape(rule.id)}</code>",
            escape(rule.reason),
            escape(rule.owner or ""),
            _verdict(rule.severity, told.get((spec.name, rule.id))),
        )
        for spec in specs
        for rule in spec.source_rules
    ]
    if of_sources:
        parts += [
            "<h2>Deliveries</h2>",
            _table(("source", "rule", "what is agreed", "owner", ""), of_sources),
        ]
    return _page(heading, parts)


def _table_page(table: str, outcomes: Sequence[CheckOutcome], spec: SourceSpec | None) -> str:
    rules: Mapping[str, Rule] = {rule.id: rule for rule in spec.rules} if spec else {}
    rows = []
    for outcome in outcomes:
        check = outcome.check
        rule = rules.get(check.says)
        asked = f"DuckDB: {check.query}" if check.query else _expectation(outcome)
        rows.append(
            (
                f"<code>{escape(check.says)}</code>",
                escape(", ".join(check.columns)),
                escape(rule.reason if rule else ""),
                f"<code>{escape(asked)}</code>",
                escape((rule.owner if rule else spec.owner if spec else None) or ""),
                _verdict(check.severity, None if outcome.passed else "does not hold"),
            )
        )
    heads = ("check", "columns", "reason told", "asked as", "owner", "")
    parts = [f'<p><a href="{INDEX}">all tables</a></p>', _table(heads, rows)]
    if spec:
        parts.insert(
            0, f"<p>{escape(spec.title)}; contract {escape(spec.file)}, version {escape(spec.version)}</p>"
        )
    return _page(table, parts)


def _expectation(outcome: CheckOutcome) -> str:
    """Return what Great Expectations was asked, with the contract's figures; long lists are cut."""
    check = outcome.check
    about = check.condition or ("the rule's own expression" if check.rule else "")
    given = [f"{name}={value!r}" for name, value in check.arguments.items() if value is not None]
    return f"{check.expectation}({about or _shortened(', '.join(given))})"


def _shortened(text: str, most: int = 300) -> str:
    return text if len(text) <= most else text[:most] + " …"


def _counted(outcomes: Iterable[CheckOutcome], severity: str) -> int:
    return sum(not outcome.passed and outcome.check.severity == severity for outcome in outcomes)


def _verdict(severity: str, failure: str | None) -> str:
    if failure is None:
        return '<span class="held">held</span>'
    kind = "warned" if severity == "warn" else "failed"
    return f'<span class="{kind}">{kind}: {escape(failure)}</span>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    head = "".join(f"<th>{head}</th>" for head in heads)
    body = "\n".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"


def _cell(value: str | int) -> str:
    return f'<td class="number">{value:,}</td>' if isinstance(value, int) else f"<td>{value}</td>"


def _page(heading: str, parts: Sequence[str]) -> str:
    title = escape(heading)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f"<style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"
    )
