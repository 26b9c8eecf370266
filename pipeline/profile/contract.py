"""Write the draft of a contract: YAML of the Open Data Contract Standard, with the reasons as comments.

Texts are quoted wherever another reader could take them for a number, a boolean or a date.
Layer: pipeline. Pure.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from pipeline.contracts.model import NumberFormat
from pipeline.profile import names
from pipeline.profile.columns import ColumnProfile, bounds
from pipeline.profile.formats import FileFormat
from pipeline.profile.keys import KeyGuess
from pipeline.rules.pattern import FORMATS

OWNER = "owner-to-be-named"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[ -][A-Za-z0-9_]+)*")
_WORDS = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
_STANDARD_OPTIONS = ("delimiter", "encoding")  # the server's own fields; the others are custom properties
_WIDTH = 110


class _Writer(yaml.SafeDumper):
    """Writes no anchors, keeps the order, and quotes what is not plainly a word."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(writer: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    is_plain = _PLAIN.fullmatch(value) is not None and value.lower() not in _WORDS
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style=None if is_plain else '"')


class _Block(dict[str, Any]):
    """A mapping of a line to each key; others stand on one line where they hold no list or mapping."""


def _block(writer: yaml.SafeDumper, value: _Block) -> yaml.MappingNode:
    return writer.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=False)


_Writer.add_representer(str, _text)
_Writer.add_representer(_Block, _block)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Where a draft comes from: what its texts say of the file."""

    name: str
    project: str
    file: str  # its name, without folders
    pattern: str  # of the files of this source
    rows: int
    today: dt.date


def write_contract(
    drawn: Drawn,
    told: FileFormat,
    columns: Sequence[ColumnProfile],
    key: KeyGuess,
    classes: Mapping[str, str],
) -> str:
    """Return the contract's text. `classes` names the PII class of each personal column."""
    title = drawn.name.replace("_", " ").capitalize()
    head: dict[str, Any] = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": f"{drawn.project}-{drawn.name}".replace("_", "-"),
        "name": title,
        "version": "0.1.0",
        "status": "draft",
        "team": {"name": OWNER},
        "description": {"purpose": f"To be described: what a row of {title} is, and who relies on it."},
        "servers": [_server(drawn, told)],
    }
    lines = [
        f"# Drafted from {drawn.file} ({drawn.rows:,} rows) on {drawn.today}. It runs as it stands; a person should read it:",
        "# name the owner, say what the rows are, and look at each line with LOOK. What the file proves rejects;",
        "# what it only suggests (value sets, forms, bounds) warns: take `severity: warning` away to make it reject.",
        _dump(_Block(head)).rstrip(),
        "schema:",
        *_indented(_dump([_Block(_table(drawn, columns, key))]), 2),
    ]
    lines += [f"    # key: {', '.join(key.columns) or 'none'}: {key.why}", "    properties:"]
    for column in columns:
        lines += [f"      # {said}" for said in _said(column)]
        lines += _indented(_dump([_property(column, key, classes.get(column.name), drawn.today)]), 6)
    return "\n".join(lines) + "\n"


def _server(drawn: Drawn, told: FileFormat) -> dict[str, Any]:
    server: dict[str, Any] = {
        "server": "files",
        "type": "local",
        "path": drawn.pattern,
        "format": told.reader,
    }
    server |= {name: told.options[name] for name in _STANDARD_OPTIONS if name in told.options}
    custom = [
        {"property": name, "value": value}
        for name, value in told.options.items()
        if name not in _STANDARD_OPTIONS
    ]
    return {**server, **({"customProperties": custom} if custom else {})}


def _table(drawn: Drawn, columns: Sequence[ColumnProfile], key: KeyGuess) -> dict[str, Any]:
    custom: dict[str, Any] = {}
    if not key.columns:
        custom["loadMode"] = "append"
    if changed := changed_column(columns, key):
        custom["sequenceColumn"] = changed.name
    totals = [
        c for c in columns if c.is_amount and c.guess.type.kind == "decimal" and names.says_total(c.header)
    ]
    if len(totals) == 1 and totals[0].guess.type.scale <= 6:
        custom["amountColumn"] = totals[0].name
    currencies = [
        c for c in columns if names.says_currency(c.header) and c.longest == 3 and c.personal is None
    ]
    if len(currencies) == 1 and "amountColumn" in custom:
        custom["currencyColumn"] = currencies[0].name
    table: dict[str, Any] = {"name": drawn.name, "businessName": drawn.name.replace("_", " ").capitalize()}
    if custom:
        table["customProperties"] = [{"property": name, "value": value} for name, value in custom.items()]
    return table


def changed_column(columns: Sequence[ColumnProfile], key: KeyGuess) -> ColumnProfile | None:
    """Return the column that orders the versions of a key: the one that says when a row was changed."""
    if not key.columns:
        return None
    found = [
        column
        for column in columns
        if column.guess.type.kind in ("date", "timestamp")
        and column.is_full
        and column.personal is None
        and names.says_changed(column.header)
        and column.name not in key.columns
    ]
    return found[0] if len(found) == 1 else None


def _property(column: ColumnProfile, key: KeyGuess, pii_class: str | None, today: dt.date) -> _Block:
    kind = column.guess.type.kind
    body = _Block({"name": column.name})
    if column.header != column.name:
        body["physicalName"] = column.header
    body["logicalType"] = "number" if kind == "decimal" else kind
    if kind == "decimal":
        body["physicalType"] = column.guess.type.spark
    if column.name in key.columns:
        body |= {"primaryKey": True, "primaryKeyPosition": key.columns.index(column.name) + 1}
    elif column.is_required or (names.says_changed(column.header) and column.is_full):
        body["required"] = True
    if pii_class is not None:
        body["classification"] = "restricted"
    if column.guess.date_formats:
        body["logicalTypeOptions"] = {"format": column.guess.date_formats[0]}
    custom: list[dict[str, Any]] = []
    if pii_class is not None:
        custom.append({"property": "piiClass", "value": pii_class})
    if column.guess.number_format is not None:
        custom.append({"property": "numberFormat", "value": _notation(column.guess.number_format)})
    if custom:
        body["customProperties"] = custom
    if rules := _rules(column, pii_class, today):
        body["quality"] = rules
    return body


def _notation(notation: NumberFormat) -> dict[str, Any]:
    said: dict[str, Any] = {"decimal": notation.decimal}
    if notation.thousands is not None:
        said["thousands"] = notation.thousands
    if notation.currency:
        said["currency"] = list(notation.currency)
    if notation.negative != ("minus",):
        said["negative"] = list(notation.negative)
    return said


def _rules(column: ColumnProfile, pii_class: str | None, today: dt.date) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    if column.guess.missing:
        rules.append(
            {
                "metric": "missingValues",
                "arguments": {"missingValues": list(column.guess.missing)},
                "mustBe": 0,
                "severity": "warning",
                "name": "words",
            }
        )
    if column.categories:
        rules.append(_warning({"validValues": list(column.categories)}, "the value is new"))
    if column.form is not None:
        rules.append(_warning({"pattern": column.form}, "the value does not have the usual form"))
    if pii_class == "email":
        rules.append(_warning({"pattern": FORMATS["email"]}, "it is no e-mail address"))
    if limits := _bounds_of_births(column, pii_class, today) or bounds(column, today):
        said = "it lies in the future" if "maximum" in limits else "it is below zero"
        rules.append(
            {
                "type": "custom",
                "engine": "datatrust",
                "implementation": {"rule": "range", **limits},
                "severity": "warning",
                "description": f"{column.name}: {said if 'minimum' not in limits or len(limits) == 1 else 'not of a living person'}",
            }
        )
    return rules


def _bounds_of_births(column: ColumnProfile, pii_class: str | None, today: dt.date) -> dict[str, object]:
    is_date = column.guess.type.kind in ("date", "timestamp")
    return {"minimum": "1900-01-01", "maximum": "today"} if pii_class == "birth_date" and is_date else {}


def _warning(arguments: Mapping[str, Any], said: str) -> dict[str, Any]:
    return {
        "metric": "invalidValues",
        "arguments": dict(arguments),
        "mustBe": 0,
        "severity": "warning",
        "description": said,
    }


def _said(column: ColumnProfile) -> list[str]:
    """Return what is said of a column in comments; no value of it."""
    filled = f"{column.filled:,} of {column.rows:,} filled, {column.distinct:,} different"
    said = [f"{filled}: {column.guess.why}"]
    if column.personal is not None:
        said.append(f"personal ({column.personal.pii_class}): {'; '.join(column.personal.reasons)}")
    return said + [f"LOOK {look}" for look in column.guess.look]


def _dump(value: Any) -> str:
    return str(
        yaml.dump(
            value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None
        )
    )


def _indented(text: str, spaces: int) -> list[str]:
    return [f"{' ' * spaces}{line}" for line in text.rstrip().split("\n")]
