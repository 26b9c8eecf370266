"""Read one Open Data Contract Standard file into a SourceSpec, finding every issue at once.

Field names are the standard's; what it has no field for stands in `customProperties` and in quality entries of
type custom with `engine: datatrust`. Quality entries for other engines are left to them; type text is prose.
Refuses unknown keys, types, rules and options with position and the nearest right name.
Layer: pipeline. Imports core, the model, the rule kinds and the readers' names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.masking import MaskingPolicy
from datatrust.core.yaml import load_yaml
from pipeline.contracts import vocabulary as words
from pipeline.contracts.loading import read_column_drift, read_drift, snapshot_faults
from pipeline.contracts.model import LOAD_MODES, ColumnSpec, ColumnType, ForeignKey, RowCount, SourceSpec
from pipeline.contracts.quality import check_ids, column_rules, quality, references, type_rules
from pipeline.contracts.reading import Path_, Reading
from pipeline.contracts.server import Server, notation_of, read_server
from pipeline.contracts.service_levels import check_sums, sla_rules, source_rules

_NAME = re.compile(r"[a-z][a-z0-9_]{0,127}")
_DECIMAL = re.compile(r"(?:decimal|numeric|number)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", re.IGNORECASE)


def read_contract(path: Path, *, shown: str, policy: MaskingPolicy) -> tuple[SourceSpec | None, list[Issue]]:
    """Read the contract at `path`; the spec is None where an issue leaves none.

    Raises:
        UserError: the file is missing or no YAML.
    """
    document = load_yaml(path, shown_as=str(path))
    reading = Reading(document=document, shown=shown, policy=policy)
    body = reading.keys(document.data, words.CONTRACT)
    if not body:
        if not reading.issues:
            reading.wrong("DT402", "the contract is empty")
        return None, reading.issues
    _check_head(reading, body)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    spec = _read_schema(reading, body, digest)
    return (None if reading.issues else spec), reading.issues


def _check_head(reading: Reading, body: Mapping[str, Any]) -> None:
    for name in ("apiVersion", "kind", "id", "version"):
        if body.get(name) is None:
            reading.wrong("DT403", f"`{name}` is missing; the standard asks for it")
    version = body.get("apiVersion")
    if version is not None and not str(version).startswith("v3."):
        reading.wrong("DT403", f"apiVersion {version} is not read here; write v3.1.0", "apiVersion")
    if body.get("kind") not in (None, "DataContract"):
        reading.wrong("DT403", "kind must be DataContract", "kind")
    team = body.get("team")
    if isinstance(team, dict):
        reading.keys(team, words.TEAM, "team")
        reading.owner = team.get("name")
        members = team.get("members")
    else:
        members = team
    if reading.owner is None and isinstance(members, list) and members and isinstance(members[0], dict):
        reading.owner = members[0].get("name") or members[0].get("username")
    reading.owner = reading.owner or body.get("domain")
    reading.custom(body, ())


def _read_schema(reading: Reading, body: Mapping[str, Any], digest: str) -> SourceSpec | None:
    schemas = reading.items(body.get("schema"), "schema")
    if len(schemas) != 1 or not isinstance(schemas[0], dict):
        reading.wrong("DT404", "`schema` must describe exactly one table: one file a source", "schema")
        return None
    here: Path_ = ("schema", 0)
    schema = reading.keys(schemas[0], words.SCHEMA, *here)
    name = schema.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        reading.wrong("DT404", "`name` must be a lower-case name such as sales_lines", *here, "name")
        return None
    server = read_server(reading, body)
    columns = _read_columns(reading, schema, server, here)
    by_name = {column.name: column for column in columns}
    rules = [rule for column in columns for rule in type_rules(column, reading)]
    foreign_keys: list[ForeignKey] = []
    for index, item in enumerate(reading.items(schema.get("properties"), *here, "properties")):
        column = by_name.get(str(item.get("name"))) if isinstance(item, dict) else None
        if column is not None:
            at = (*here, "properties", index)
            rules += column_rules(reading, item, column, by_name, at)
            foreign_keys += references(reading, item, (column.name,), at)
    counts: list[RowCount] = []
    rules += quality(reading, schema, None, by_name, here, counts)
    foreign_keys += references(reading, schema, None, here)
    rules += [fk.rule for fk in foreign_keys]
    check_ids(reading, rules)
    key = _read_key(reading, schema, by_name, here)
    rules = [rule for rule in rules if rule.kind != "unique" or set(rule.columns) != set(key)]
    custom = reading.custom(schema, words.TABLE_PROPERTIES, *here)
    _check_table_properties(reading, custom, by_name, here)
    _check_server(reading, server, by_name, custom)
    of_source = [*sla_rules(reading, body, by_name), *source_rules(rules)]
    check_ids(reading, of_source)
    check_sums(reading, of_source, custom.get("amountColumn"))
    purpose = body.get("description")
    return SourceSpec(
        name=name,
        version=str(body.get("version")),
        title=str(schema.get("businessName") or body.get("name") or name),
        owner=reading.owner,
        file=reading.shown,
        hash=digest,
        glob=server.glob,
        reader=server.reader,
        reader_options=server.options,
        control_totals=server.control_totals,
        database=server.database,
        columns=columns,
        key=key,
        sequence=custom.get("sequenceColumn"),
        load_mode=custom.get("loadMode", "upsert"),
        snapshot_date=custom.get("snapshotDate"),
        max_shrink=custom.get("maxShrink"),
        drift=read_drift(reading, custom.get("drift"), *here, "customProperties"),
        duplicates=custom.get("duplicates", "drop"),
        redelivery=custom.get("redelivery"),
        silver_table=_silver_name(custom.get("silverTable") or name),
        quarantine_table=_silver_name(custom["quarantineTable"]) if custom.get("quarantineTable") else None,
        rules=tuple(rule for rule in rules if rule not in of_source),
        source_rules=tuple(of_source),
        foreign_keys=tuple(foreign_keys),
        row_counts=tuple(counts),
        amount_column=custom.get("amountColumn"),
        currency_column=custom.get("currencyColumn"),
        currency=custom.get("currencyCode"),
        description=purpose.get("purpose") if isinstance(purpose, dict) else None,
        position=reading.document.at(*here, "name"),
    )


def _silver_name(name: str) -> str:
    return name if "." in name else f"silver.{name}"


def _read_columns(
    reading: Reading, schema: Mapping[str, Any], server: Server, here: Path_
) -> tuple[ColumnSpec, ...]:
    properties = reading.items(schema.get("properties"), *here, "properties")
    if not properties:
        reading.wrong("DT404", "`properties` is missing: list the columns", *here)
    columns: dict[str, ColumnSpec] = {}
    for index, item in enumerate(properties):
        at = (*here, "properties", index)
        body = reading.keys(item, words.PROPERTY, *at)
        name = body.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            reading.wrong("DT405", "a column needs a lower-case `name` such as order_date", *at, "name")
            continue
        if name in columns:
            reading.wrong("DT405", f'column "{name}" stands twice', *at, "name")
            continue
        kind = _read_type(reading, body, name, at)
        custom = reading.custom(body, words.COLUMN_PROPERTIES, *at)
        pii = custom.get("piiClass")
        if pii is not None and pii not in reading.policy.classes:
            reading.wrong(
                "DT407",
                f'column "{name}": the masking policy has no class "{pii}"',
                *at,
                "name",
                near=did_you_mean(str(pii), reading.policy.classes),
                hint=f"say in {reading.policy.file} what this class becomes",
            )
        if kind is not None:
            numbers, dates = notation_of(reading, body, custom, kind, server, at)
            on_missing, on_type_change = read_column_drift(reading, custom.get("drift"), *at)
            columns[name] = ColumnSpec(
                name=name,
                header=str(body.get("physicalName") or name),
                type=kind,
                required=body.get("required") is True or body.get("primaryKey") is True,
                unique=body.get("unique") is True,
                number_format=numbers,
                date_formats=dates,
                missing=_missing_words(body),
                pii_class=pii,
                on_missing=on_missing,
                on_type_change=on_type_change,
                description=body.get("description"),
                position=reading.document.at(*at, "name"),
            )
    headers: dict[str, str] = {}
    for column in columns.values():
        other = headers.setdefault(column.header.strip().lower(), column.name)
        if other != column.name:
            reading.wrong("DT405", f'columns "{other}" and "{column.name}" have the same header', *here)
    return tuple(columns.values())


def _missing_words(body: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    for item in body.get("quality") or ():
        if isinstance(item, dict) and item.get("metric") == "missingValues":
            arguments = item.get("arguments")
            values = arguments.get("missingValues") if isinstance(arguments, dict) else None
            found += [str(value) for value in values or () if value not in (None, "")]
    return tuple(found)


def _read_type(reading: Reading, body: Mapping[str, Any], name: str, at: Path_) -> ColumnType | None:
    logical, physical = body.get("logicalType"), body.get("physicalType")
    decimal = _DECIMAL.fullmatch(physical.strip()) if isinstance(physical, str) else None
    if logical == "number" or (logical is None and decimal):
        if decimal is None:
            reading.wrong(
                "DT406",
                f'column "{name}": a number needs `physicalType: decimal(precision,scale)`; floats lose cents',
                *at,
                "physicalType" if physical else "logicalType",
            )
            return None
        precision, scale = int(decimal[1]), int(decimal[2] or 0)
        if not (1 <= precision <= 38 and scale <= precision):
            reading.wrong("DT406", f"{physical} is no decimal that Spark has", *at, "physicalType")
            return None
        return ColumnType(kind="decimal", precision=precision, scale=scale)
    if kind := words.LOGICAL_TYPES.get(str(logical)):
        return ColumnType(kind=kind)
    if logical is None:
        reading.wrong("DT406", f'column "{name}" needs a `logicalType`', *at, "name")
    else:
        known = (*words.LOGICAL_TYPES, "number")
        reading.wrong(
            "DT406",
            f'column "{name}": unknown type "{logical}"',
            *at,
            "logicalType",
            near=did_you_mean(str(logical), known),
            hint=f"types: {', '.join(known)}",
        )
    return None


def _read_key(
    reading: Reading, schema: Mapping[str, Any], columns: Mapping[str, ColumnSpec], here: Path_
) -> tuple[str, ...]:
    key = []
    for index, item in enumerate(reading.items(schema.get("properties"), *here, "properties")):
        if (
            not isinstance(item, dict)
            or item.get("primaryKey") is not True
            or item.get("name") not in columns
        ):
            continue
        column = columns[item["name"]]
        action = reading.policy.classes.get(column.pii_class or "")
        if action is not None and action.action != "token":
            reading.wrong(
                "DT408",
                f'key column "{column.name}" is masked by {action.action}, which makes keys equal or lost',
                *here,
                "properties",
                index,
                "name",
                hint="a key may be masked by token only",
            )
        place = item.get("primaryKeyPosition")
        key.append((place if isinstance(place, int) and place > 0 else 1000 + index, column.name))
    return tuple(name for _, name in sorted(key))


def _check_server(
    reading: Reading, server: Server, columns: Mapping[str, ColumnSpec], custom: Mapping[str, Any]
) -> None:
    """What control totals sum is a number; an extract brings all rows again, so that copies must not count."""
    totals = server.control_totals
    if totals is not None and totals.column is not None:
        column = columns.get(totals.column)
        if column is None or column.type.kind not in ("decimal", "integer"):
            reading.wrong(
                "DT405",
                f'controlTotals: "{totals.column}" is no column of numbers',
                *server.at,
                "customProperties",
                near=did_you_mean(totals.column, columns),
            )
    if server.database is not None and custom.get("duplicates") == "keep":
        reading.wrong(
            "DT409",
            "a table is extracted whole each time, so `duplicates: keep` would count its rows again and again",
            *server.at,
        )


def _check_table_properties(
    reading: Reading, custom: Mapping[str, Any], columns: Mapping[str, ColumnSpec], here: Path_
) -> None:
    for name in ("sequenceColumn", "amountColumn", "currencyColumn"):
        value = custom.get(name)
        if value is not None and value not in columns:
            reading.wrong(
                "DT405",
                f'{name}: there is no column "{value}"',
                *here,
                "customProperties",
                near=did_you_mean(str(value), columns),
            )
    sequence = columns.get(str(custom.get("sequenceColumn")))
    if sequence is not None and not sequence.required:
        reading.wrong(
            "DT405",
            f'sequence column "{sequence.name}" must be `required: true`: it orders the versions of a key',
            *here,
            "customProperties",
        )
    if sequence is not None and sequence.is_pii:
        reading.wrong("DT408", "a sequence column cannot be masked", *here, "customProperties")
    amount = columns.get(str(custom.get("amountColumn")))
    if amount is not None and amount.type.kind not in ("decimal", "integer"):
        reading.wrong("DT405", f'amountColumn "{amount.name}" is no number', *here, "customProperties")
    for name in ("amountColumn", "currencyColumn"):
        column = columns.get(str(custom.get(name)))
        if column is not None and column.is_pii:
            reading.wrong("DT408", f'{name} "{column.name}" cannot be masked', *here, "customProperties")
    for name, allowed in (
        ("loadMode", LOAD_MODES),
        ("duplicates", ("drop", "keep")),
        ("redelivery", ("replace", "add")),
    ):
        value = custom.get(name)
        if value is not None and value not in allowed:
            reading.wrong(
                "DT402",
                f"{name} must be one of {', '.join(allowed)}, not {value!r}",
                *here,
                "customProperties",
                near=did_you_mean(str(value), allowed),
            )
    for message in snapshot_faults(custom.get("snapshotDate"), custom.get("maxShrink")):
        reading.wrong("DT402", message, *here, "customProperties")
    for name in ("silverTable", "quarantineTable"):
        value = custom.get(name)
        if value is not None and not re.fullmatch(r"(silver\.)?[a-z][a-z0-9_]*", str(value)):
            reading.wrong("DT402", f'{name} must be a name such as sales_clean, not "{value}"', *here)
