"""Write the certificate of a signed answer as a PDF: the figure, what it means, what it rests on, who signed.

Everything is read from the records and the replayed result; nothing is computed. The fonts are the page's own and lie
beside it; a character that they lack is printed as a question mark.
Layer: chatbot. Imports fpdf, lazily.
"""

from __future__ import annotations

import datetime as dt
import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from datatrust.core.release import Release
from semantic.calendar import calendar_for, period_of
from semantic.model import Catalog
from semantic.result import QueryResult, ResultColumn

FONTS = Path(__file__).parent / "ui" / "static"
MAX_ROWS = 60  # of the table; the hash covers all of them
_MARGIN, _LABEL = 18.0, 42.0  # millimetres
_INK, _QUIET, _LINE = (24, 32, 40), (95, 105, 115), (205, 211, 217)


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What the certificate says: parts of (label, text) lines, and the table of the figure."""

    title: str
    asked: str
    parts: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    note: str
    signed_at: dt.datetime


def compose(
    *, title: str, answer: Mapping[str, Any], answer_hash: str, signature: Mapping[str, Any], result: QueryResult,
    catalog: Catalog, release: Release | None,
) -> Certificate:  # fmt: skip
    """Return what the certificate of one signature says.

    Args:
        answer: the body of the answer's record.
        signature: the body of the signature's record.
        result: of running the answer again, found equal.
        release: None where the tables are another tool's.
    """
    keep = [i for i, column in enumerate(result.columns) if column.name in answer["shown"]]
    columns = [result.columns[i] for i in keep]
    shown = [tuple(_cell(row[i], result.columns[i], catalog) for i in keep) for row in result.rows[:MAX_ROWS]]
    if result.totals is not None and any(value is not None for value in result.totals):
        totals = [_cell(result.totals[i], result.columns[i], catalog) for i in keep]
        totals[0] = "Total" if columns[0].kind == "dimension" else totals[0]
        shown.append(tuple(totals))
    left = len(result.rows) - MAX_ROWS
    return Certificate(
        title=title,
        asked=str(answer["interpretation"] or answer["question"] or ", ".join(result.query.metrics)),
        parts=(
            ("Signed", _signed(signature)),
            ("Definition", tuple(_definitions(answer, catalog))),
            ("Data", tuple(_data(answer, release))),
            ("Proof", _proof(answer, answer_hash, signature)),
        ),
        head=tuple(
            f"{column.label or column.name}{f' ({column.currency})' if column.currency else ''}"
            for column in columns
        ),
        rows=tuple(shown),
        numeric=tuple(column.kind != "dimension" for column in columns),
        note=f"{left} more rows are not printed; the hash of the result covers them." if left > 0 else "",
        signed_at=dt.datetime.fromisoformat(signature["at"]),
    )


def write_pdf(certificate: Certificate) -> bytes:
    """Return the certificate as a PDF; the same certificate gives the same bytes."""
    from fpdf import FPDF
    from fpdf.enums import XPos, YPos

    logging.getLogger("fpdf").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    pdf = FPDF(format="A4")
    pdf.set_creation_date(certificate.signed_at)
    pdf.set_title(f"Certificate: {_printable(certificate.asked)}")
    pdf.set_producer("DataTrust 360")
    for name in ("inter-latin", "inter-latin-ext"):
        pdf.add_font(name, fname=str(FONTS / f"{name}.woff2"))
    pdf.set_fallback_fonts(["inter-latin-ext"])
    pdf.set_margin(_MARGIN)
    pdf.set_auto_page_break(auto=True, margin=_MARGIN)
    pdf.add_page()

    def line(text: str, size: float, color: tuple[int, int, int], gap: float = 1.0) -> None:
        pdf.set_font("inter-latin", size=size)
        pdf.set_text_color(*color)
        pdf.multi_cell(0, size * 0.5, _printable(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        pdf.ln(gap)

    line(certificate.title, 9, _QUIET)
    line("Certificate of a signed figure", 20, _INK, 3)
    line(certificate.asked, 13, _INK, 3)
    _draw_table(pdf, certificate)
    if certificate.note:
        line(certificate.note, 8, _QUIET)
    for heading, lines in certificate.parts:
        pdf.ln(3)
        line(heading, 11, _INK, 0.5)
        pdf.set_draw_color(*_LINE)
        pdf.line(_MARGIN, pdf.get_y(), pdf.w - _MARGIN, pdf.get_y())
        pdf.ln(1.5)
        for label, text in lines:
            _draw_pair(pdf, label, text)
    out = io.BytesIO()
    pdf.output(out)
    return out.getvalue()


def _draw_pair(pdf: Any, label: str, text: str) -> None:
    from fpdf.enums import XPos, YPos

    pdf.set_font("inter-latin", size=8.5)
    if pdf.get_y() > pdf.h - _MARGIN - 10:
        pdf.add_page()
    pdf.set_text_color(*_QUIET)
    pdf.cell(_LABEL, 4.6, _printable(label), new_x=XPos.RIGHT, new_y=YPos.TOP)
    pdf.set_text_color(*_INK)
    pdf.multi_cell(0, 4.6, _printable(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")


def _draw_table(pdf: Any, certificate: Certificate) -> None:
    if not certificate.head:
        return
    pdf.set_font("inter-latin", size=9)
    pdf.set_text_color(*_INK)
    pdf.set_draw_color(*_LINE)
    align = tuple("RIGHT" if number else "LEFT" for number in certificate.numeric)
    with pdf.table(
        borders_layout="HORIZONTAL_LINES", text_align=align, line_height=5.5, first_row_as_headings=False
    ) as table:
        for cells in (certificate.head, *certificate.rows):
            row = table.row()
            for text in cells:
                row.cell(_printable(text))


def _signed(signature: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return (
        ("By", str(signature["signer"])),
        ("At", f"{signature['at'][:19].replace('T', ' ')} UTC"),
        ("Comment", str(signature["comment"])),
        ("Role", str(signature["role"] or "none: everyone may see all")),
    )


def _definitions(answer: Mapping[str, Any], catalog: Catalog) -> list[tuple[str, str]]:
    lines = []
    for name, known in answer["evidence"]["metrics"].items():
        metric = catalog.metrics.get(name)
        label = (metric.label if metric else "") or name
        told = [metric.description, metric.definition_words] if metric else []
        told.append(
            f"Owner: {known['owner'] or 'none named'}; {'certified' if known['certified'] else 'not certified'}"
        )
        lines += [(label, " ".join(_sentence(each) for each in told if each)), ("", str(known["definition"]))]
    time = (answer["query"] or {}).get("time") or {}
    if time.get("start") or time.get("end"):
        lines.append(
            (
                "Dates",
                f"{time.get('start') or 'the beginning'} to {time.get('end') or 'the end'}, both included",
            )
        )
    for each in answer["query"]["where"]:
        values = ", ".join(str(value) for value in each["values"])
        lines.append(("Filter", f"{each['field']} {each['op']} {values}".strip()))
    return lines


def _data(answer: Mapping[str, Any], release: Release | None) -> list[tuple[str, str]]:
    evidence = answer["evidence"]
    lines = [("Release", str(evidence["release"]))]
    if release is not None:
        lines.append(("Published", release.created_at.isoformat(timespec="seconds")))
        lines.append(
            ("Checks", f"{release.quality.status.replace('_', ' ')}; {release.quality.checks} checks")
        )
    else:
        lines.append(("Kept", "no: the tables are another tool's file, and the release is its hash"))
    lines += [("Table", f"{name} at version {version}") for name, version in evidence["tables"].items()]
    sources = {s for name in evidence["tables"] for s in (release.lineage.get(name, ()) if release else ())}
    for control in release.controls if release else ():
        if control.source in sources:
            told = (
                f"{control.source}: {control.read} read = {control.valid} valid + {control.quarantined} quarantined + "
                f"{control.duplicate} duplicate + {control.superseded} superseded + {control.discarded} discarded"
            )
            lines.append(("Conservation", told))
    if evidence.get("fresh_as_of"):
        lines.append(("Data as of", str(evidence["fresh_as_of"])))
    return lines


def _proof(
    answer: Mapping[str, Any], answer_hash: str, signature: Mapping[str, Any]
) -> tuple[tuple[str, str], ...]:
    return (
        ("Answer", str(answer["id"])),
        ("Given at", f"{answer['at'][:19].replace('T', ' ')} UTC, as of {answer['today']}"),
        ("Result", str(answer["evidence"]["result"])),
        ("Record", answer_hash),
        ("Signature", str(signature["id"])),
        ("Catalog", str(answer["catalog"])),
        ("Policy", str(answer["policy"])),
        ("Run it again", f"datatrust replay {answer['id']}"),
        ("Check the log", "datatrust audit verify"),
    )


def _cell(value: Any, column: ResultColumn, catalog: Catalog) -> str:
    if column.grain not in (None, "day") and isinstance(value, dt.date):
        name = column.calendar if column.calendar in catalog.calendars else None
        calendar = calendar_for(catalog, grain=str(column.grain), name=name)
        return period_of(value, str(column.grain), calendar).label
    from chatbot.format import format_cell  # needs Babel; what only looks for signatures does not

    return format_cell(value, unit=column.unit, currency=column.currency, locale="en", symbol=False)


def _sentence(text: str) -> str:
    return text.strip() + ("" if text.strip().endswith((".", "!", "?")) else ".")


def _printable(text: str) -> str:
    known = _characters()
    return "".join(each if each in known or each == "\n" else _plain(each) for each in text)


def _plain(character: str) -> str:
    return {"\N{MINUS SIGN}": "-", "\N{NARROW NO-BREAK SPACE}": " ", "\t": " "}.get(character, "?")


@cache
def _characters() -> frozenset[str]:
    from fontTools.ttLib import TTFont

    codes = {
        code
        for name in ("inter-latin", "inter-latin-ext")
        for code in TTFont(FONTS / f"{name}.woff2").getBestCmap()
    }
    return frozenset(chr(code) for code in codes)


def table_texts(certificate: Certificate) -> Sequence[str]:
    """Return every text of the certificate, in order, as it is printed."""
    texts = [certificate.title, certificate.asked, *certificate.head]
    texts += [text for row in certificate.rows for text in row]
    texts += [text for _, lines in certificate.parts for pair in lines for text in pair]
    return [_printable(text) for text in texts]
