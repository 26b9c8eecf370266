"""The words of the Open Data Contract Standard 3.x that a contract may use, and what of them becomes a rule.

Layer: pipeline. Data and pure functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.contracts.model import Kind

ENGINE = "datatrust"
IMPLIED_RULES = ("required", "type", "scale", "reference")  # written in the standard's own fields

CONTRACT = frozenset(
    [
        "apiVersion",
        "kind",
        "id",
        "name",
        "version",
        "status",
        "tenant",
        "tags",
        "servers",
        "dataProduct",
        "description",
        "domain",
        "schema",
        "support",
        "price",
        "team",
        "roles",
        "slaDefaultElement",
        "slaProperties",
        "authoritativeDefinitions",
        "customProperties",
        "context",
        "contractCreatedTs",
    ]
)
_ELEMENT = (
    "id name physicalType description businessName deprecated synonyms authoritativeDefinitions tags "
    "customProperties logicalType physicalName quality relationships properties"
)
SCHEMA = frozenset(f"{_ELEMENT} dataGranularityDescription context".split())
PROPERTY = frozenset(
    (
        f"{_ELEMENT} primaryKey primaryKeyPosition logicalTypeOptions semanticType required unique partitioned "
        "partitionKeyPosition classification encryptedName transformSourceObjects transformLogic "
        "transformDescription examples enum criticalDataElement items map"
    ).split()
)
QUALITY = frozenset(
    [
        "id",
        "authoritativeDefinitions",
        "businessImpact",
        "customProperties",
        "description",
        "dimension",
        "method",
        "name",
        "schedule",
        "scheduler",
        "severity",
        "tags",
        "type",
        "unit",
        "metric",
        "rule",
        "arguments",
        "mustBe",
        "mustNotBe",
        "mustBeGreaterThan",
        "mustBeGreaterOrEqualTo",
        "mustBeLessThan",
        "mustBeLessOrEqualTo",
        "mustBeBetween",
        "mustNotBeBetween",
        "query",
        "engine",
        "implementation",
    ]
)
RELATIONSHIP = frozenset(["id", "type", "from", "to", "customProperties"])
SERVER = frozenset(
    [
        "id",
        "server",
        "type",
        "description",
        "environment",
        "roles",
        "customProperties",
        "path",
        "format",
        "delimiter",
        "encoding",
    ]
)
TEAM = frozenset(
    ["id", "name", "description", "members", "tags", "customProperties", "authoritativeDefinitions"]
)
SLA = frozenset(
    [
        "id",
        "property",
        "value",
        "valueExt",
        "unit",
        "element",
        "driver",
        "description",
        "scheduler",
        "schedule",
        "customProperties",
        "authoritativeDefinitions",
    ]
)
RULE_PROPERTIES = ("owner",)  # custom properties of a quality entry
CUSTOM_PROPERTY = frozenset(["id", "property", "value", "description", "vendor"])

TABLE_PROPERTIES = (
    "silverTable",
    "quarantineTable",
    "sequenceColumn",
    "amountColumn",
    "currencyColumn",
    "currencyCode",
    "loadMode",
    "snapshotDate",
    "maxShrink",
    "drift",
    "duplicates",
    "redelivery",
)
COLUMN_PROPERTIES = ("piiClass", "drift", "numberFormat", "dateFormats")
SERVER_OPTIONS = ("delimiter", "encoding")  # of the readers, in the standard's own fields
SERVER_PROPERTIES = ("numberFormat", "dateFormats", "timestampFormats", "controlTotals")  # of every format
DATABASES = ("postgresql", "postgres")  # the standard's server types of databases that are read
DATABASE_SERVER = frozenset(["host", "port", "database", "schema"])
DATABASE_PROPERTIES = ("table", "query", "user", "passwordVariable")

LOGICAL_TYPES: Mapping[str, Kind] = {
    "string": "string",
    "integer": "integer",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
TYPE_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": (*_BOUNDS, "format"),
    "date": (*_BOUNDS, "format"),
    "timestamp": (*_BOUNDS, "format", "timezone", "defaultTimezone"),
    "boolean": (),
}
METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues")
# names that versions before 3.1 gave the same metrics
OLD_METRICS = {
    "nullCheck": "nullValues",
    "nullValues": "nullValues",
    "missingValues": "missingValues",
    "invalidValues": "invalidValues",
    "duplicateCount": "duplicateValues",
    "uniqueCheck": "duplicateValues",
    "rowCount": "rowCount",
}


def rules_of_options(kind: Kind, options: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (rule kind, arguments) for what `logicalTypeOptions` ask of each value."""
    from pipeline.rules.pattern import FORMATS

    if bounds := {name: options[name] for name in _BOUNDS if name in options and kind != "string"}:
        yield "range", bounds
    if kind != "string":
        return
    if lengths := {name: options[name] for name in ("minLength", "maxLength") if name in options}:
        yield "length", lengths
    if "pattern" in options:
        yield "pattern", {"pattern": options["pattern"]}
    elif options.get("format") in FORMATS:
        yield "pattern", {"pattern": FORMATS[options["format"]]}
    elif options.get("format") == "currency_code":
        yield "currency_code", {}


def bounds_of(entry: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the least and greatest count that a library check allows."""
    low = high = None
    if isinstance(entry.get("mustBe"), int):
        low = high = entry["mustBe"]
    if isinstance(entry.get("mustBeGreaterOrEqualTo"), int):
        low = entry["mustBeGreaterOrEqualTo"]
    if isinstance(entry.get("mustBeGreaterThan"), int):
        low = entry["mustBeGreaterThan"] + 1
    if isinstance(entry.get("mustBeLessOrEqualTo"), int):
        high = entry["mustBeLessOrEqualTo"]
    if isinstance(entry.get("mustBeLessThan"), int):
        high = entry["mustBeLessThan"] - 1
    between = entry.get("mustBeBetween")
    if isinstance(between, list) and len(between) == 2:
        low, high = between
    return low, high
