"""What a reader of raw files is: it refuses or lays out a file as a whole, then gives its records.

A record that cannot be read is given as such, with its raw text and the reason; it never costs its neighbours.
Every physical line is accounted for: header + for each record (`gap` blank lines before it + its `span`) +
blank lines at the end = lines of the file.
Layer: pipeline. Runs on Spark's workers too: imports no Spark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.contracts.model import SourceSpec

BLANK = b" \t\r\n"  # a line of nothing else is blank, to the readers and to the count that checks them


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How one file's fields map to the contract, found by their names."""

    header_lines: int  # physical lines before the first record, blank ones among them
    width: int  # fields of every record
    places: tuple[int | None, ...]  # for each contract column its field, None where the file lacks it
    unknown: tuple[tuple[int, str], ...] = ()  # fields that no column claims
    notes: tuple[str, ...] = ()  # what a person should know about the file


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """The file cannot be taken in at all, and why; the words hold no value of the file's rows."""

    reason: str


@dataclass(kw_only=True)
class Records:
    """Some records of one file, column by column. `values` has one list for each contract column."""

    line: list[int] = field(default_factory=list)
    span: list[int] = field(default_factory=list)
    gap: list[int] = field(default_factory=list)
    reason: list[str | None] = field(default_factory=list)  # why a record could not be read
    rescued: list[str | None] = field(default_factory=list)  # its raw text then
    extra: list[str | None] = field(default_factory=list)  # unknown fields, as JSON
    values: list[list[str | None]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A format. `check` yields what is wrong with the options, `layout` looks at a file's head, `read` reads."""

    name: str
    options: tuple[str, ...]
    check: Callable[[Mapping[str, Any]], Iterator[str]]
    layout: Callable[[Path, SourceSpec], Layout | Refusal]
    read: Callable[[Path, Layout, Mapping[str, Any]], Iterator[Records]]
