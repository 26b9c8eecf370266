"""Read a contract's rules: those that follow from types, and the quality entries of columns and of the table.

Entries for other engines are left to them; type text is prose. Refuses unknown kinds and options by position.
Layer: pipeline. Imports core, the model, the rule kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from pipeline.contracts import vocabulary as words
from pipeline.contracts.model import ColumnSpec, ForeignKey, RowCount, Rule
from pipeline.contracts.reading import Path_, Reading

_SEVERITY = {"error": "reject", "critical": "reject", "warning": "warn", "info": "warn"}


def type_rules(column: ColumnSpec, reading: Reading) -> list[Rule]:
    """The rules that every column has by its type and `required`."""
    kinds = ["required"] if column.required else []
    kinds += ["type"] if column.type.kind != "string" else []
    kinds += ["scale"] if column.type.kind == "decimal" else []
    kinds += ["unique"] if column.unique else []
    return [make_rule(kind, column.name, (column.name,), {}, reading, column.position) for kind in kinds]


def make_rule(
    kind: str,
    subject: str,
    columns: tuple[str, ...],
    arguments: Mapping[str, Any],
    reading: Reading,
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
        owner=entry.get("owner") or reading.owner,
        position=position,
    )


def column_rules(
    reading: Reading,
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
            rules.append(make_rule(rule_kind, column.name, (column.name,), arguments, reading, where))
    if body.get("enum") is not None:
        values = [
            item.get("value") if isinstance(item, dict) else item
            for item in reading.items(body["enum"], *at, "enum")
        ]
        if _checked(reading, "value_set", {"validValues": values}, column, columns, (*at, "enum")):
            rules.append(
                make_rule("value_set", column.name, (column.name,), {"validValues": values}, reading, where)
            )
    rules += quality(reading, body, column, columns, at, [])
    return rules


def _checked(
    reading: Reading,
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


def quality(
    reading: Reading,
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
        entry = entry | reading.custom(entry, words.RULE_PROPERTIES, *here)
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
    reading: Reading,
    entry: Mapping[str, Any],
    column: ColumnSpec | None,
    columns: Mapping[str, ColumnSpec],
    here: Path_,
) -> list[Rule]:
    from pipeline.rules import rule_kinds

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
    names = rule_kinds()[kind].columns(arguments, columns, column)
    position = reading.document.at(*here)
    return [make_rule(kind, _subject(entry, column, names), names, arguments, reading, position, entry=entry)]


def _library_rule(
    reading: Reading,
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
    arguments = entry.get("arguments") or {}
    if metric == "duplicateValues":
        return _unique_rule(reading, entry, arguments, column, columns, here)
    assert column is not None
    if metric in ("nullValues", "missingValues"):
        if column.required:
            return []
        return [make_rule("required", column.name, (column.name,), {}, reading, position, entry=entry)]
    rules = []
    for kind, name in (("value_set", "validValues"), ("pattern", "pattern")):
        if name in arguments and _checked(
            reading, kind, {name: arguments[name]}, column, columns, (*here, "arguments")
        ):
            rules.append(
                make_rule(
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


def _unique_rule(
    reading: Reading,
    entry: Mapping[str, Any],
    arguments: Mapping[str, Any],
    column: ColumnSpec | None,
    columns: Mapping[str, ColumnSpec],
    here: Path_,
) -> list[Rule]:
    """`duplicateValues` of a column or of several; of the table without columns it is the key's own promise."""
    if (column is None and not arguments) or (column is not None and column.unique):
        return []
    if not _checked(reading, "unique", arguments, column, columns, (*here, "arguments")):
        return []
    names = (column.name,) if column else tuple(arguments["properties"])
    subject = _subject(entry, column, names)
    return [make_rule("unique", subject, names, arguments, reading, reading.document.at(*here), entry=entry)]


def references(
    reading: Reading, body: Mapping[str, Any], columns: tuple[str, ...] | None, at: Path_
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
        rule = make_rule(
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


def check_ids(reading: Reading, rules: list[Rule]) -> None:
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
