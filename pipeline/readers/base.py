"""What a reader of raw files is: it refuses or lays out a file as a whole, then gives its records.

A record that cannot be read is given as such, with its raw text and the reason; it never costs its neighbours.
Every line of a file is accounted for: header + footer + for each record (`gap` blank lines before it + its
`span`) + blank lines at the end = lines of the file. Lines are those of a text; a format that has none says
with `count` how many it has, a row being one, and counts them in another way than it reads them.
Layer: pipeline. Runs on Spark's workers too: imports no Spark.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from datatrust.core.issues import did_you_mean
from pipeline.contracts.model import SourceSpec

if TYPE_CHECKING:
    import pyarrow as pa

BLANK = b" \t\r\n"  # a line of nothing else is blank, to the readers and to the count that checks them
MAX_LINE_BYTES = 1 << 20
MAX_FILE_BYTES = 64 << 30
KEPT_OF_LONG_RECORD = 1000  # bytes of a record over the cap that its rescued one keeps
CAPS = {"maxLineBytes": MAX_LINE_BYTES, "maxFileBytes": MAX_FILE_BYTES}  # options of every format
FRAME = ("preambleLines", "preamblePattern", "footerLines", "footerPattern")  # of formats with head and foot


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How one file's fields map to the contract, found by their names."""

    header_lines: int  # physical lines before the first record, preamble and blank ones among them
    width: int = 0  # fields of every record, where all have the same
    places: tuple[int | None, ...] = ()  # for each contract column its field, None where the file lacks it
    unknown: tuple[tuple[int, str], ...] = ()  # fields that no column claims
    notes: tuple[str, ...] = ()  # what a person should know about the file
    footer_lines: int = 0  # physical lines after the last record, but for blank ones at the very end
    end: int | None = None  # where the footer begins: a byte of a text, a row of a sheet
    footer: str = ""  # the footer's text, for control totals

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Layout:
        shape = json.loads(text)
        return cls(
            **{
                **shape,
                "places": tuple(shape["places"]),
                "unknown": tuple((place, name) for place, name in shape["unknown"]),
                "notes": tuple(shape["notes"]),
            }
        )


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """The file cannot be taken in at all, and why; the words hold no value of the file's rows."""

    reason: str
    lacking: tuple[
        tuple[str, str | None], ...
    ] = ()  # columns that are not there, and the names they may have now
    stops_source: bool = False  # the source's other files wait: what was sent together does not agree


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How many lines a file has, and how many of them are blank at its end."""

    lines: int
    trailing_blank: int = 0


class ArrowTexts(Sequence[str | None]):
    """A column of texts as Arrow holds them: whoever writes them on needs no Python text for each."""

    def __init__(self, array: pa.Array) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[str | None]:
        return iter(self.array.to_pylist())

    @overload
    def __getitem__(self, at: int) -> str | None: ...

    @overload
    def __getitem__(self, at: slice) -> list[str | None]: ...

    def __getitem__(self, at: int | slice) -> str | list[str | None] | None:
        if isinstance(at, slice):
            return list(self.array[at].to_pylist())
        text: str | None = self.array[at].as_py()
        return text


@dataclass(kw_only=True)
class Records:
    """Some records of one file, column by column. `values` has one list, or ArrowTexts, for each contract column."""

    line: list[int] = field(default_factory=list)
    span: list[int] = field(default_factory=list)
    gap: list[int] = field(default_factory=list)
    reason: list[str | None] = field(default_factory=list)  # why a record could not be read
    rescued: list[str | None] = field(default_factory=list)  # its raw text then
    extra: list[str | None] = field(default_factory=list)  # unknown fields, as JSON
    values: list[Any] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A format. `check` yields what is wrong with the options, `layout` looks at a file, `read` reads it."""

    name: str
    suffixes: tuple[str, ...]  # of the files that it usually comes in
    options: tuple[str, ...]
    check: Callable[[Mapping[str, Any]], Iterator[str]]
    layout: Callable[[Path, SourceSpec], Layout | Refusal]
    read: Callable[[Path, Layout, SourceSpec], Iterator[Records]]
    count: Callable[[Path, SourceSpec], Extent] | None = (
        None  # None: lines of text, as the ledger counts them
    )


class Tally:
    """Fills Records in the order of a file and keeps count of its lines."""

    def __init__(self, columns: int, *, first_line: int) -> None:
        self._columns = columns
        self.line = first_line  # number of the next line
        self.gap = 0  # blank lines since the last record

    def new_records(self) -> Records:
        return Records(values=[[] for _ in range(self._columns)])

    def blank(self) -> None:
        self.line += 1
        self.gap += 1

    def add(
        self, records: Records, values: Sequence[str | None], *, extra: str | None = None, span: int = 1
    ) -> None:
        self._place(records, span)
        records.reason.append(None)
        records.rescued.append(None)
        records.extra.append(extra)
        for column, value in zip(records.values, values, strict=True):
            column.append(value)

    def rescue(self, records: Records, reason: str, raw: str) -> None:
        """Keep a record that could not be read: one line, its text and why."""
        self._place(records, 1)
        records.reason.append(reason)
        records.rescued.append(raw)
        records.extra.append(None)
        for column in records.values:
            column.append(None)

    def _place(self, records: Records, span: int) -> None:
        records.line.append(self.line)
        records.span.append(span)
        records.gap.append(self.gap)
        self.line += span
        self.gap = 0


def map_header(names: Sequence[str], header_lines: int, spec: SourceSpec, *, hint: str) -> Layout | Refusal:
    """Map a file's field names to the contract's columns; refuse a file whose names cannot be trusted."""
    folded = [fold(name) for name in names]
    twice = sorted({name for name in folded if name and folded.count(name) > 1})
    if twice:
        return Refusal(reason=f"its header names {_listed(twice, spec)} twice")
    headers = [fold(column.header) for column in spec.columns]
    places = tuple(folded.index(header) if header in folded else None for header in headers)
    lacking = [column for column, place in zip(spec.columns, places, strict=True) if place is None]
    required = [column for column in lacking if spec.on_missing(column) == "freeze"]
    unknown = tuple((i, name) for i, name in enumerate(names) if i not in places)
    if len(lacking) == len(spec.columns):
        return Refusal(reason=f"its header names none of the contract's columns ({hint})")
    if required:
        others = [name for _, name in unknown]
        near = [did_you_mean(column.header, others) if others else None for column in required]
        hints = [
            f"{c.header} (perhaps written {m!r})" if m else c.header
            for c, m in zip(required, near, strict=True)
        ]
        return Refusal(
            reason=f"its header lacks {', '.join(hints)}",
            lacking=tuple((column.name, other) for column, other in zip(required, near, strict=True)),
        )
    return Layout(header_lines=header_lines, width=len(names), places=places, unknown=unknown)


def by_order(spec: SourceSpec, header_lines: int) -> Layout:
    """Return the layout of a file without header, whose fields are the contract's columns in their order."""
    width = len(spec.columns)
    return Layout(header_lines=header_lines, width=width, places=tuple(range(width)))


def fold(name: str) -> str:
    """Return a field's name as it is compared: without blanks around it, in small letters."""
    return name.strip().lower()


def _listed(names: Sequence[str], spec: SourceSpec) -> str:
    """Return the names that the contract has; a duplicate of another may be anything and is not shown."""
    known = {fold(column.header) for column in spec.columns}
    return ", ".join(name for name in names if name in known) or "an unknown column"


def check_caps(options: Mapping[str, Any]) -> Iterator[str]:
    """A cap is a number of bytes."""
    for name in CAPS:
        cap = options.get(name, 1)
        if not isinstance(cap, int) or isinstance(cap, bool) or cap < 1:
            yield f"`{name}` must be a whole number of bytes"


def cap_of(options: Mapping[str, Any], name: str) -> int:
    """Return a cap in bytes."""
    return int(options.get(name, CAPS[name]))


def extra_json(fields: Mapping[str, Any]) -> str | None:
    """Return the fields that no column claims, as bronze keeps them."""
    return json.dumps(fields, ensure_ascii=False, default=str) if fields else None
