"""Read one Open Data Contract Standard file into a SourceSpec, finding every issue at once.

Field names are the standard's; what it has no field for stands in `customProperties` and in quality entries of
type custom with `engine: datatrust`. Quality entries for other engines are left to them; type text is prose.
Refuses unknown keys, types, rules and options with position and the nearest right name.
Layer: pipeline. Imports core, the model, the rule kinds and the readers' names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.masking import MaskingPolicy
from datatrust.core.yaml import Document, load_yaml
from pipeline.contracts import vocabulary as words
from pipeline.contracts.model import ColumnSpec, ColumnType, ForeignKey, RowCount, Rule, SourceSpec

_NAME = re.compile(r"[a-z][a-z0-9_]{0,127}")
_DECIMAL = re.compile(r"(?:decimal|numeric|number)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", re.IGNORECASE)
_SEVERITY = {"error": "reject", "critical": "reject", "warning": "warn", "info": "warn"}

Path_ = tuple[Hashable, ...]


@dataclass
class _Reading:
    """One contract while it is read: what has been found so far, and what is wrong."""

    document: Document
    shown: str
    policy: MaskingPolicy
    issues: list[Issue] = field(default_factory=list)
    owner: str | None = None

    def wrong(
        self,
        code: str,
        message: str,
        *path: Hashable,
        key: bool = False,
        near: str | None = None,
        hint: str | None = None,
    ) -> None:
        at = self.document.key_at(*path) if key else self.document.at(*path)
        self.issues.append(Issue(code=code, message=message, at=at, suggestion=near, hint=hint))

    def keys(self, body: Any, known: frozenset[str] | tuple[str, ...], *path: Hashable) -> dict[str, Any]:
        """Return `body` as a mapping, reporting keys that the standard does not have."""
        if body is None:
            return {}
        if not isinstance(body, dict):
            self.wrong("DT402", "must be a mapping", *path)
            return {}
        for name in body:
            if name not in known:
                self.wrong(
                    "DT401", f'unknown key "{name}"', *path, name, key=True, near=did_you_mean(name, known)
                )
        return body

    def items(self, body: Any, *path: Hashable) -> list[Any]:
        if body is None:
            return []
        if not isinstance(body, list):
            self.wrong("DT402", "must be a list", *path)
            return []
        return body

    def custom(self, body: Mapping[str, Any], known: tuple[str, ...], *path: Hashable) -> dict[str, Any]:
        """Return the customProperties of `body` by name, reporting ours that are misspelt.

        Properties with a `vendor` other than datatrust are another tool's.
        """
        found: dict[str, Any] = {}
        for index, item in enumerate(self.items(body.get("customProperties"), *path, "customProperties")):
            here = (*path, "customProperties", index)
            entry = self.keys(item, words.CUSTOM_PROPERTY, *here)
            name = entry.get("property")
            if entry.get("vendor") not in (None, "datatrust") or not isinstance(name, str):
                continue
            if name not in known:
                self.wrong(
                    "DT401",
                    f'unknown custom property "{name}"',
                    *here,
                    "property",
                    near=did_you_mean(name, known),
                    hint=f"known here: {', '.join(known)}; another tool's own carries `vendor`",
                )
            else:
                found[name] = entry.get("value")
        return found


def read_contract(path: Path, *, shown: str, policy: MaskingPolicy) -> tuple[SourceSpec | None, list[Issue]]:
    """Read the contract at `path`; the spec is None where an issue leaves none.

    Raises:
        UserError: the file is missing or no YAML.
    """
    document = load_yaml(path, shown_as=str(path))
    reading = _Reading(document=document, shown=shown, policy=policy)
    body = reading.keys(document.data, words.CONTRACT)
    if not body:
        if not reading.issues:
            reading.wrong("DT402", "the contract is empty")
        return None, reading.issues
    _check_head(reading, body)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    spec = _read_schema(reading, body, digest)
    return (None if reading.issues else spec), reading.issues


def _check_head(reading: _Reading, body: Mapping[str, Any]) -> None:
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


def _read_schema(reading: _Reading, body: Mapping[str, Any], digest: str) -> SourceSpec | None:
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
    columns = _read_columns(reading, schema, here)
    by_name = {column.name: column for column in columns}
    rules = [rule for column in columns for rule in _type_rules(column, reading)]
    foreign_keys: list[ForeignKey] = []
    for index, item in enumerate(reading.items(schema.get("properties"), *here, "properties")):
        column = by_name.get(str(item.get("name"))) if isinstance(item, dict) else None
        if column is not None:
            at = (*here, "properties", index)
            rules += _column_rules(reading, item, column, by_name, at)
            foreign_keys += _references(reading, item, (column.name,), at)
    counts: list[RowCount] = []
    rules += _quality(reading, schema, None, by_name, here, counts)
    foreign_keys += _references(reading, schema, None, here)
    rules += [fk.rule for fk in foreign_keys]
    _check_ids(reading, rules)
    key = _read_key(reading, schema, by_name, here)
    server, reader, options = _read_server(reading, body)
    custom = reading.custom(schema, words.TABLE_PROPERTIES, *here)
    _check_table_properties(reading, custom, by_name, here)
    sla = {
        str(item.get("property")): item.get("value")
        for item in reading.items(body.get("slaProperties"), "slaProperties")
        if isinstance(item, dict)
    }
    purpose = body.get("description")
    return SourceSpec(
        name=name,
        version=str(body.get("version")),
        title=str(schema.get("businessName") or body.get("name") or name),
        owner=reading.owner,
        file=reading.shown,
        hash=digest,
        glob=server,
        reader=reader,
        reader_options=options,
        columns=columns,
        key=key,
        sequence=custom.get("sequenceColumn"),
        load_mode=custom.get("loadMode", "upsert"),
        duplicates=custom.get("duplicates", "drop"),
        silver_table=_silver_name(custom.get("silverTable") or name),
        quarantine_table=_silver_name(custom["quarantineTable"]) if custom.get("quarantineTable") else None,
        rules=tuple(rules),
        foreign_keys=tuple(foreign_keys),
        row_counts=tuple(counts),
        amount_column=custom.get("amountColumn"),
        currency_column=custom.get("currencyColumn"),
        currency=custom.get("currencyCode"),
        sla=sla,
        description=purpose.get("purpose") if isinstance(purpose, dict) else None,
        position=reading.document.at(*here, "name"),
    )


def _silver_name(name: str) -> str:
    return name if "." in name else f"silver.{name}"


def _read_columns(reading: _Reading, schema: Mapping[str, Any], here: Path_) -> tuple[ColumnSpec, ...]:
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
        options = body.get("logicalTypeOptions")
        dated = kind is not None and kind.kind in ("date", "timestamp") and isinstance(options, dict)
        if kind is not None:
            columns[name] = ColumnSpec(
                name=name,
                header=str(body.get("physicalName") or name),
                type=kind,
                required=body.get("required") is True or body.get("primaryKey") is True,
                unique=body.get("unique") is True,
                date_format=options.get("format") if dated and isinstance(options, dict) else None,
                missing=_missing_words(body),
                pii_class=pii,
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


def _read_type(reading: _Reading, body: Mapping[str, Any], name: str, at: Path_) -> ColumnType | None:
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


def _type_rules(column: ColumnSpec, reading: _Reading) -> list[Rule]:
    """The rules that every column has by its type and `required`."""
    kinds = ["required"] if column.required else []
    kinds += ["type"] if column.type.kind != "string" else []
    kinds += ["scale"] if column.type.kind == "decimal" else []
    return [_rule(kind, column.name, (column.name,), {}, reading, column.position) for kind in kinds]


def _rule(
    kind: str,
    subject: str,
    columns: tuple[str, ...],
    arguments: Mapping[str, Any],
    reading: _Reading,
    position: SourcePosition | None,
    *,
    entry: Mapping[str, Any] | None = None,
) -> Rule:
    from pipeline.rules import rule_kinds

    entry = entry or {}
    severity = _SEVERITY.get(str(entry.get("severity") or "error").lower(), "reject")
    return Rule(
        id=f"{kind}:{subject}",
        kind=kind,
        columns=columns,
        reason=str(entry.get("description") or rule_kinds()[kind].reason(arguments, subject)),
        severity="warn" if severity == "warn" else "reject",
        arguments=dict(arguments),
        owner=reading.owner,
        position=position,
    )


def _column_rules(
    reading: _Reading,
    body: Mapping[str, Any],
    column: ColumnSpec,
    columns: Mapping[str, ColumnSpec],
    at: Path_,
) -> list[Rule]:
    """Rules from logicalTypeOptions, enum and quality of one column."""
    rules: list[Rule] = []
    kind = column.type.kind
    known = words.TYPE_OPTIONS["number" if kind in ("integer", "decimal") else kind]
    options = reading.keys(body.get("logicalTypeOptions"), known, *at, "logicalTypeOptions")
    where = reading.document.at(*at, "logicalTypeOptions")
    for rule_kind, arguments in words.rules_of_options(kind, options):
        rule = _checked(reading, rule_kind, arguments, column, columns, (*at, "logicalTypeOptions"))
        if rule:
            rules.append(_rule(rule_kind, column.name, (column.name,), arguments, reading, where))
    if body.get("enum") is not None:
        values = [
            item.get("value") if isinstance(item, dict) else item
            for item in reading.items(body["enum"], *at, "enum")
        ]
        if _checked(reading, "value_set", {"validValues": values}, column, columns, (*at, "enum")):
            rules.append(
                _rule("value_set", column.name, (column.name,), {"validValues": values}, reading, where)
            )
    rules += _quality(reading, body, column, columns, at, [])
    return rules


def _checked(
    reading: _Reading,
    kind: str,
    arguments: Mapping[str, Any],
    column: ColumnSpec | None,
    columns: Mapping[str, ColumnSpec],
    at: Path_,
) -> bool:
    """Report what is wrong with a rule's arguments; return whether nothing is."""
    from pipeline.rules import rule_kinds

    rule_kind = rule_kinds()[kind]
    wrong = 0
    for name in arguments:
        if name not in rule_kind.arguments:
            wrong += 1
            reading.wrong(
                "DT410",
                f'rule "{kind}" takes no "{name}"',
                *at,
                name,
                key=True,
                near=did_you_mean(name, rule_kind.arguments),
            )
    if rule_kind.needs_column and column is None:
        wrong += 1
        reading.wrong("DT410", f'rule "{kind}" belongs to one column: write it under that column', *at)
    for message in rule_kind.check(arguments, columns, column):
        wrong += 1
        reading.wrong("DT411", message, *at)
    return not wrong


def _quality(
    reading: _Reading,
    body: Mapping[str, Any],
    column: ColumnSpec | None,
    columns: Mapping[str, ColumnSpec],
    at: Path_,
    counts: list[RowCount],
) -> list[Rule]:
    """Rules from the `quality` entries of a column or of the table; row counts go to `counts`."""
    rules = []
    for index, item in enumerate(reading.items(body.get("quality"), *at, "quality")):
        here = (*at, "quality", index)
        entry = reading.keys(item, words.QUALITY, *here)
        severity = entry.get("severity")
        if severity is not None and str(severity).lower() not in _SEVERITY:
            reading.wrong(
                "DT410",
                f'unknown severity "{severity}"',
                *here,
                "severity",
                near=did_you_mean(str(severity), _SEVERITY),
            )
        kind = entry.get("type") or "library"
        if kind == "text" or (kind == "custom" and entry.get("engine") != words.ENGINE):
            continue
        if kind == "custom":
            found = _custom_rule(reading, entry, column, columns, here)
        elif kind == "library":
            found = _library_rule(reading, entry, column, columns, here, counts)
        else:
            reading.wrong(
                "DT412",
                f"quality of type {kind} is not run here",
                *here,
                "type",
                hint="write it as type custom with engine datatrust and rule check",
            )
            continue
        rules += found
    return rules


def _subject(entry: Mapping[str, Any], column: ColumnSpec | None, columns: tuple[str, ...]) -> str:
    """Return what stands after the family in a rule's id: the column, and the rule's name where it has one."""
    name = entry.get("name") or entry.get("id")
    if column is not None:
        return f"{column.name}.{name}" if name else column.name
    return str(name) if name else "_".join(columns)


def _custom_rule(
    reading: _Reading,
    entry: Mapping[str, Any],
    column: ColumnSpec | None,
    columns: Mapping[str, ColumnSpec],
    here: Path_,
) -> list[Rule]:
    from pipeline.rules import rule_kinds
    from pipeline.rules.expression import columns_of

    implementation = entry.get("implementation")
    if not isinstance(implementation, dict) or not isinstance(implementation.get("rule"), str):
        reading.wrong("DT410", "`implementation` must be a mapping with `rule` and its arguments", *here)
        return []
    kind = implementation["rule"]
    offered = [name for name in rule_kinds() if name not in words.IMPLIED_RULES]
    if kind not in offered:
        reading.wrong(
            "DT410",
            f'unknown rule "{kind}"',
            *here,
            "implementation",
            "rule",
            near=did_you_mean(kind, offered),
            hint=f"rules: {', '.join(sorted(offered))}",
        )
        return []
    arguments = {name: value for name, value in implementation.items() if name != "rule"}
    if not _checked(reading, kind, arguments, column, columns, (*here, "implementation")):
        return []
    used = columns_of(arguments["expression"], columns) if kind == "check" else ()
    names = used or ((column.name,) if column else ())
    position = reading.document.at(*here)
    return [_rule(kind, _subject(entry, column, names), names, arguments, reading, position, entry=entry)]


def _library_rule(
    reading: _Reading,
    entry: Mapping[str, Any],
    column: ColumnSpec | None,
    columns: Mapping[str, ColumnSpec],
    here: Path_,
    counts: list[RowCount],
) -> list[Rule]:
    metric = entry.get("metric") or words.OLD_METRICS.get(str(entry.get("rule")), entry.get("rule"))
    position = reading.document.at(*here)
    if metric == "rowCount" and column is None:
        low, high = words.bounds_of(entry)
        if low is None and high is None:
            reading.wrong("DT410", "rowCount needs mustBeGreaterThan, mustBeBetween or the like", *here)
        warn = _SEVERITY.get(str(entry.get("severity") or "error").lower()) == "warn"
        counts.append(
            RowCount(id="row_count", minimum=low, maximum=high, severity="warn" if warn else "reject")
        )
        return []
    if metric not in words.METRICS:
        reading.wrong(
            "DT410",
            f'unknown metric "{metric}"',
            *here,
            near=did_you_mean(str(metric), words.METRICS),
            hint=f"metrics: {', '.join(words.METRICS)}, rowCount",
        )
        return []
    if column is None and metric != "duplicateValues":
        reading.wrong("DT410", f"{metric} belongs to one column: write it under that column", *here)
        return []
    if entry.get("mustBe") != 0:
        reading.wrong(
            "DT410",
            f"{metric} is judged row by row here: write `mustBe: 0`",
            *here,
            hint="or severity warning",
        )
        return []
    if column is None or metric == "duplicateValues":
        return []  # the key itself; the audit counts what is declared unique
    arguments = entry.get("arguments") or {}
    if metric in ("nullValues", "missingValues"):
        if column.required:
            return []
        return [_rule("required", column.name, (column.name,), {}, reading, position, entry=entry)]
    rules = []
    for kind, name in (("value_set", "validValues"), ("pattern", "pattern")):
        if name in arguments and _checked(
            reading, kind, {name: arguments[name]}, column, columns, (*here, "arguments")
        ):
            rules.append(
                _rule(
                    kind,
                    _subject(entry, column, ()),
                    (column.name,),
                    {name: arguments[name]},
                    reading,
                    position,
                    entry=entry,
                )
            )
    for name in arguments:
        if name not in ("validValues", "pattern"):
            reading.wrong("DT410", f'invalidValues takes no "{name}"', *here, "arguments", name, key=True)
    if not arguments:
        reading.wrong("DT410", "invalidValues needs arguments: validValues or pattern", *here)
    return rules


def _references(
    reading: _Reading, body: Mapping[str, Any], columns: tuple[str, ...] | None, at: Path_
) -> list[ForeignKey]:
    """Foreign keys of a column (`to: source.column`) or of the table (`from`, `to`)."""
    found = []
    for index, item in enumerate(reading.items(body.get("relationships"), *at, "relationships")):
        here = (*at, "relationships", index)
        entry = reading.keys(item, words.RELATIONSHIP, *here)
        if entry.get("type") not in (None, "foreignKey"):
            reading.wrong("DT413", "the only relationship is foreignKey", *here, "type")
        source = columns or tuple(str(name).rpartition(".")[2] for name in _as_list(entry.get("from")))
        targets = [str(name).split(".") for name in _as_list(entry.get("to"))]
        if not source or len(source) != len(targets) or any(len(target) != 2 for target in targets):
            reading.wrong("DT413", "a foreign key needs `to: source.column`, one for each column", *here)
            continue
        if len({target[0] for target in targets}) != 1:
            reading.wrong("DT413", "a foreign key points to one source", *here, "to")
            continue
        parent = targets[0][0]
        arguments = {"to": parent}
        rule = _rule(
            "reference", "_".join(source), source, arguments, reading, reading.document.at(*here, "to")
        )
        found.append(
            ForeignKey(
                rule=rule,
                columns=source,
                parent=parent,
                parent_columns=tuple(target[1] for target in targets),
            )
        )
    return found


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _check_ids(reading: _Reading, rules: list[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            reading.issues.append(
                Issue(
                    code="DT410",
                    message=f'two rules are called "{rule.id}"',
                    at=rule.position,
                    hint="give the second one a `name`, or write both as one",
                )
            )
        seen.add(rule.id)


def _read_key(
    reading: _Reading, schema: Mapping[str, Any], columns: Mapping[str, ColumnSpec], here: Path_
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


def _read_server(reading: _Reading, body: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Return the files' glob, the reader and its options."""
    from pipeline.readers import readers

    servers = reading.items(body.get("servers"), "servers")
    local = [
        (index, item)
        for index, item in enumerate(servers)
        if isinstance(item, dict) and item.get("type") == "local"
    ]
    if not local:
        reading.wrong(
            "DT409",
            "`servers` needs one of type local with `path` (files under the raw folder) and `format`",
            "servers",
        )
        return "", "csv", {}
    index, server = local[0]
    here = ("servers", index)
    reading.keys(server, words.SERVER, *here)
    path, reader = server.get("path"), server.get("format")
    if not isinstance(path, str) or not path or path.startswith(("/", "..")):
        reading.wrong(
            "DT409", "`path` must be a pattern under the raw folder, such as **/sales*.csv", *here, "path"
        )
    if reader not in readers():
        reading.wrong(
            "DT409",
            f'no reader for format "{reader}"',
            *here,
            "format",
            near=did_you_mean(str(reader), readers()),
            hint=f"readers: {', '.join(sorted(readers()))}",
        )
        return str(path), "csv", {}
    known = readers()[reader].options
    options = {name: server[name] for name in words.SERVER_OPTIONS if server.get(name) is not None}
    options |= reading.custom(server, tuple(known), *here)
    for message in readers()[reader].check(options):
        reading.wrong("DT409", message, *here)
    return str(path), str(reader), options


def _check_table_properties(
    reading: _Reading, custom: Mapping[str, Any], columns: Mapping[str, ColumnSpec], here: Path_
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
    for name, allowed in (("loadMode", ("upsert", "append")), ("duplicates", ("drop", "keep"))):
        value = custom.get(name)
        if value is not None and value not in allowed:
            reading.wrong(
                "DT402",
                f"{name} must be one of {', '.join(allowed)}, not {value!r}",
                *here,
                "customProperties",
                near=did_you_mean(str(value), allowed),
            )
    for name in ("silverTable", "quarantineTable"):
        value = custom.get(name)
        if value is not None and not re.fullmatch(r"(silver\.)?[a-z][a-z0-9_]*", str(value)):
            reading.wrong("DT402", f'{name} must be a name such as sales_clean, not "{value}"', *here)
