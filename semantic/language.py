"""The catalog's YAML language as a JSON Schema (draft 7), for editors: names, shapes, closed lists, one line on each.

The closed lists are those of `semantic.model`; a test holds that each mapping has exactly the fields that the loader
reads, so the two cannot part. The loader stays the judge: it also knows what names refer to.
Layer: semantic. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from semantic.calendar_form import PATTERNS
from semantic.loader import CARDINALITIES, CARDINALITY_ALIASES, TIME_GRAINS, TYPE_ALIASES
from semantic.metrics import (
    AGG_ALIASES,
    AMONG,
    CUMULATIVE_TAKES,
    MEMBER_DAYS,
    RATES,
    STATES,
    TAKE_ALIASES,
    TAKES,
    TO_DATE,
    UNTIL_ALIASES,
)
from semantic.model import Aggregation, Better, DimensionType

Schema = dict[str, Any]

_NAME = {"type": "string", "pattern": "^[^\\W\\d]\\w*$"}
_TEXT = {"type": "string"}
_WORD = {"type": ["string", "number", "boolean"]}
_WORDS = {"oneOf": [_WORD, {"type": "array", "items": _WORD}]}
_CONDITION = {
    "description": "a condition over the model's names; the conditions of a list hold all at once",
    "oneOf": [_TEXT, {"type": "array", "items": _TEXT}],
}
_SPAN = {
    "description": "a time span such as 31 days or 12 months; a bare number counts days",
    "oneOf": [
        {"type": "integer", "minimum": 1},
        {"type": "string", "pattern": "^[0-9]+ *(day|week|month|quarter|year)s?$"},
    ],
}
_DATE = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_CURRENCY = {"type": "string", "pattern": "^[A-Z]{3}$"}


def catalog_schema() -> Schema:
    """Return the schema of one catalog file."""
    model = _object(_model(), "a model: the logical view of one table")
    top = {**_top(), **_model()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "DataTrust 360 catalog file",
        "description": "Models, metrics and calendars of a semantic catalog; one file may hold any of them.",
        "type": "object",
        "properties": {**top, "model": {"oneOf": [_NAME, _ref("model")]}},
        "additionalProperties": False,
        "definitions": {
            "model": model,
            "metric": _object(_metric(), "a metric: one governed number"),
            "dimension": _object(_dimension(), "a column or expression to group and filter by"),
            "join": _object(_join(), "many rows of this model to one of another"),
            "segment": _object(_segment(), "a named filter"),
            "calendar": _object(_calendar(), "how days make periods"),
            "identity": _object(_identity(), "two formulas over metrics that must agree"),
            "input": _object(_input(), "a metric that a formula takes other rows or other days of"),
            "example": _object(_example(), "a question whose answer independent SQL knows"),
            "defaults": _object(_defaults(), "fields that every metric here has unless it says otherwise"),
            "aggregation": _object(_aggregation(), "how rows add up"),
        },
    }


# --------------------------------------------------------------------------------------------------------- mappings


def _top() -> Schema:
    return {
        "metrics": _entries("metric", "the metrics, as a list or by name"),
        "models": _entries("model", "several models in one file"),
        "calendars": _entries("calendar", "the calendars; one is the default"),
        "identities": _entries("identity", "what must hold between metrics", plain=True),
        "closed_through": {**_DATE, "description": "the last day whose books are closed"},
        "timezone": {**_TEXT, "description": "a name of the tz database such as Europe/Berlin"},
        "currency": {
            "description": "the group currency, and the table of rates",
            "oneOf": [
                _CURRENCY,
                _object(
                    {
                        "group": {**_CURRENCY, "description": "the currency that the company reports in"},
                        "rates": {**_TEXT, "description": "the table of rates"},
                        "average": {**_TEXT, "description": "its column of the period's average rate"},
                        "closing": {
                            **_TEXT,
                            "description": "its column of the rate on the period's last day",
                        },
                        "transaction": {**_TEXT, "description": "its column of the rate of one day"},
                        "currency": {**_TEXT, "description": "its column of the ISO code; unsaid, currency"},
                        "period": {
                            **_TEXT,
                            "description": "its column of a day in the period; unsaid, month",
                        },
                        "grain": _choice(["day", "month", "quarter", "year"], "how long a period is"),
                    },
                    required=["group"],
                ),
            ],
        },
        "defaults": _ref("defaults"),
    }


def _model() -> Schema:
    return {
        "model": {**_NAME, "description": "the model's name"},
        "name": {**_NAME, "description": "the model's name, where `model` does not say it"},
        "table": {**_TEXT, "description": "the table behind it, such as gold.fct_sales"},
        "key": {**_WORDS, "description": "the columns that tell its rows apart"},
        "time": {**_TEXT, "description": "its main time dimension; a dotted path reaches over joins"},
        "via": {
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "where several join paths lead to a model: the one that its short names mean",
        },
        "where": _CONDITION,
        "label": _TEXT,
        "description": _TEXT,
        "synonyms": {**_WORDS, "description": "what people call it"},
        "owner": {**_TEXT, "description": "who answers for it"},
        "defaults": _ref("defaults"),
        "dimensions": _entries("dimension", "what its rows can be grouped and filtered by", plain=True),
        "joins": _entries("join", "the models that one of its rows has at most one row of", plain=True),
        "segments": _entries("segment", "named filters", plain=True),
        "metrics": _entries("metric", "metrics over this model"),
    }


def _dimension() -> Schema:
    return {
        "name": _NAME,
        "type": _choice([*get_args(DimensionType), *TYPE_ALIASES], "what its values are"),
        "expr": {
            **_TEXT,
            "description": "an expression over the model's columns; unsaid, the column of its name",
        },
        "grain": _choice(TIME_GRAINS, "the finest period that its values are kept by"),
        "label": _TEXT,
        "description": _TEXT,
        "synonyms": _WORDS,
        "values": {
            "description": "its values, with what people call each",
            "oneOf": [{"type": "array", "items": _WORD}, {"type": "object"}],
        },
        "parent": {**_TEXT, "description": "the next coarser dimension of this model"},
        "bins": {
            "type": "array",
            "items": {"type": "number"},
            "description": "rising borders of size classes",
        },
        "hidden": {"type": "boolean", "description": "usable in expressions, not offered to askers"},
    }


def _join() -> Schema:
    return {
        "to": {**_NAME, "description": "the other model"},
        "as": {**_NAME, "description": "the role, where a model is joined twice"},
        "key": {
            "description": "columns here, or a mapping of columns here to columns there",
            "oneOf": [_TEXT, {"type": "array", "items": _TEXT}, {"type": "object"}],
        },
        "to_key": {**_WORDS, "description": "columns there; unsaid, its key"},
        "valid": {
            **_WORDS,
            "description": "two columns there, from and to: the version of the day is joined",
        },
        "until": _choice(["excluded", "included", *UNTIL_ALIASES], "whether the day of `to` counts"),
        "at": {**_TEXT, "description": "the day here that chooses the version; unsaid, the model's time"},
        "cardinality": _choice(
            [*CARDINALITIES, *CARDINALITY_ALIASES],
            "how many rows meet; one_to_many leads to a bridge table, whose rows share a row here",
        ),
        "weight": {**_TEXT, "description": "of one_to_many: each row's share, 1 in all for a row here"},
        "where": _CONDITION,
        "label": _TEXT,
        "synonyms": _WORDS,
    }


def _segment() -> Schema:
    return {
        "name": _NAME,
        "expr": {**_TEXT, "description": "the condition"},
        "where": _CONDITION,
        "label": _TEXT,
        "description": _TEXT,
        "synonyms": _WORDS,
    }


def _calendar() -> Schema:
    return {
        "name": _NAME,
        "starts": {"type": ["string", "integer"], "description": "the first day of a year: 07-01, July, 7"},
        "named_by": _choice(["start", "end", "starts", "ends"], "which year names one that spans two"),
        "week_starts": _choice(["monday", "sunday", "saturday"], "the first day of a week"),
        "default": {"type": "boolean"},
        "pattern": _choice(PATTERNS, "weeks of the months of a quarter; years have 52 or 53 weeks"),
        "year_begins": _choice(
            ["nearest", "on_or_before", "on_or_after"], "where a year of weeks begins, seen from `starts`"
        ),
        "periods": _object(
            {
                "table": {**_TEXT, "description": "a table with one row a period"},
                "start": {**_TEXT, "description": "its column of the first day"},
                "end": {**_TEXT, "description": "its column of the last day, which is part of the period"},
                "year": {**_TEXT, "description": "its column of the year's number"},
                "quarter": {**_TEXT, "description": "its column of the quarter, 1 to 4"},
                "number": {**_TEXT, "description": "its column of the number in the year; unsaid, its place"},
                "name": {**_TEXT, "description": "its column of the name; unsaid, made of number and year"},
            },
            "a table lists the periods, in place of the rules for years",
            required=["table", "start", "end", "year", "quarter"],
        ),
    }


def _identity() -> Schema:
    return {
        "name": _NAME,
        "holds": {**_TEXT, "description": "two formulas over metrics: assets = liabilities + equity"},
        "by": {**_WORDS, "description": "must hold for each group of these: time.month"},
        "tolerance": {"type": "number", "minimum": 0, "description": "how far the sides may be apart"},
        "description": _TEXT,
    }


_PERIODS = [*TO_DATE, *(each.replace("_", ".") for each in TO_DATE if "_" in each)]
_INPUTS = "of a derived metric: what its formula calls by a name of its own"


def _members() -> Schema:
    return {
        "of": {**_NAME, "description": "a model with a key, such as customers"},
        "where": {
            **_CONDITION,
            "description": "a condition over metrics that holds for a member in the period: revenue >= 10000",
        },
        "over": _choice(MEMBER_DAYS, "the days that decide: the asked ones (period), or all that there are"),
    }


def _input() -> Schema:
    return {
        "metric": {**_NAME, "description": "the metric"},
        "as": {**_NAME, "description": "what the formula calls it"},
        "where": _CONDITION,
        "filter": _CONDITION,
        "offset": {**_SPAN, "description": "how much earlier than the asked days: 1 year"},
        "each_day": {
            "type": "boolean",
            "description": "with offset: each day is moved by itself where the asked periods are longer than it",
        },
        "to_start": _choice(_PERIODS, "the value at the start of this period instead"),
    }


def _example() -> Schema:
    return {
        "ask": {**_TEXT, "description": "the question"},
        "check_sql": {**_TEXT, "description": "SQL over the tables that gives the right rows"},
    }


def _defaults() -> Schema:
    metric = _metric()
    return {
        name: metric[name]
        for name in ("owner", "model", "unit", "currency", "better", "on_zero", "decimals", "time")
    }


def _aggregation() -> Schema:
    functions = [*get_args(Aggregation), *AGG_ALIASES]
    return {
        "type": _choice(functions, "the function"),
        "agg": _choice(functions, "the function"),
        "expr": _TEXT,
        "where": _CONDITION,
        "percentile": {"type": "number"},
        "at": {"type": "number", "description": "of a percentile: its share"},
        **{name: {"type": ["string", "number"], "description": "what it is taken of"} for name in functions
           if name != "percentile"},
    }  # fmt: skip


def _metric() -> Schema:
    functions = _choice([*get_args(Aggregation), *AGG_ALIASES], "how rows add up")
    takes = _choice([*TAKES, *TAKE_ALIASES], "which day of the period counts")
    metric_name = {**_TEXT, "description": "a metric"}
    return {
        "name": _NAME,
        "label": _TEXT,
        "description": _TEXT,
        "synonyms": {**_WORDS, "description": "what people call it"},
        "owner": {**_TEXT, "description": "who answers for it"},
        "tags": {**_WORDS, "description": "words that an access policy may name it by: tag:sales"},
        "unit": {**_TEXT, "description": "currency, percent, count, days, or a word of your own"},
        "currency": {
            "description": "the currency of its values, or the column that holds each row's",
            "oneOf": [
                _CURRENCY,
                _object(
                    {
                        "from": {**_TEXT, "description": "the column of each row's currency"},
                        "rate": _choice(RATES, "which rate converts it; none leaves each row as it is"),
                        "column": {**_TEXT, "description": "a row's own rate into the group currency"},
                    },
                    required=["from"],
                ),
            ],
        },
        "better": _choice([*get_args(Better), "up", "down"], "which way is good news"),
        "decimals": {
            "type": "integer",
            "minimum": 0,
            "maximum": 18,
            "description": "digits it is rounded to",
        },
        "on_zero": _choice(["undefined", "zero", "null", "0"], "what a division by zero gives", [0, None]),
        "time": {**_TEXT, "description": "its own time dimension, else the model's"},
        "plan": {
            "description": "the metric that holds its budget, or one for each scenario",
            "oneOf": [_TEXT, {"type": "object", "additionalProperties": _TEXT}],
        },
        "bridge": {
            "description": "its quantity, so that a change can be split into price, volume and mix",
            "oneOf": [
                _NAME,
                _object(
                    {
                        "quantity": {**_NAME, "description": "the metric of its units"},
                        "price": {**_NAME, "description": "the ratio of this metric to the quantity"},
                    },
                    required=["quantity"],
                ),
            ],
        },
        "examples": _entries("example", "questions with SQL that proves the answer", plain=True),
        "deprecated": {"type": ["boolean", "string"], "description": "what to use instead"},
        "certified": {
            "description": "who vouches for it; `semantic certify` binds it to the definition",
            "oneOf": [
                {"type": ["boolean", "string"]},
                _object({"by": _TEXT, "since": _DATE, "definition": _TEXT}, required=["by"]),
            ],
        },
        "model": {**_NAME, "description": "the model whose rows it counts"},
        "agg": {"oneOf": [functions, _ref("aggregation")]},
        "expr": {"type": ["string", "number"], "description": "an expression over one row"},
        "where": _CONDITION,
        "percentile": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "fill": {"type": "number", "description": "what stands where a group has no value"},
        "every_period": {"type": "boolean", "description": "periods without rows are shown too"},
        "members": _object(_members(), "whose rows count", required=["of", "where"]),
        "ratio": {
            "description": "one metric over another",
            "oneOf": [
                {"type": "string", "pattern": "/"},
                {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2},
                _object(
                    {
                        "numerator": metric_name,
                        "denominator": metric_name,
                        "on_zero": _choice(["undefined", "zero"], "what a division by zero gives"),
                    },
                    required=["numerator", "denominator"],
                ),
            ],
        },
        "derived": {
            "description": "arithmetic over metrics",
            "oneOf": [
                _TEXT,
                _object({"formula": _TEXT, "expr": _TEXT, "inputs": _entries("input", _INPUTS, plain=True)}),
            ],
        },
        "inputs": _entries("input", _INPUTS, plain=True),
        "cumulative": {
            "description": "a metric added up over a window, to date, or over all time",
            "oneOf": [
                _TEXT,
                _object(
                    {
                        "of": metric_name,
                        "rolling": _SPAN,
                        "to_date": _choice(_PERIODS, "the period it starts again with"),
                        "take": _choice(
                            [
                                *CUMULATIVE_TAKES,
                                *(word for word, take in TAKE_ALIASES.items() if take in CUMULATIVE_TAKES),
                            ],
                            "which days of a period stand for it; unsaid, its last",
                        ),
                    },
                    required=["of"],
                ),
            ],
        },
        "balance": {
            "description": "adds up over everything but time",
            "oneOf": [
                takes,
                _object(
                    {
                        "agg": {"oneOf": [functions, _ref("aggregation")]},
                        "expr": _TEXT,
                        "where": _CONDITION,
                        "percentile": {"type": "number"},
                        "take": takes,
                        "carry_forward": _SPAN,
                        "valid": {**_WORDS, "description": "two columns: from and to"},
                        "until": _choice(
                            ["excluded", "included", "exclusive", "inclusive"],
                            "whether the day of `to` counts",
                        ),
                        "per": {**_WORDS, "description": "take the last row of each of these"},
                        "among": _choice(
                            AMONG, "the rows whose days are looked at: all, or those that filters leave"
                        ),
                        "time": _TEXT,
                        "model": _NAME,
                    }
                ),
            ],
        },
        "lifecycle": _object(
            {
                "of": metric_name,
                "entity": {**_TEXT, "description": "the column that tells members apart"},
                "state": _choice(STATES, "which members count"),
                "inactive": _SPAN,
            },
            required=["of", "entity", "state"],
        ),
    }


# ------------------------------------------------------------------------------------------------------------ shapes


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _object(properties: Schema, description: str = "", required: Iterable[str] = ()) -> Schema:
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if description:
        made = {"description": description, **made}
    return {**made, "required": list(required)} if required else made


def _choice(words: Iterable[str], description: str, also: Iterable[Any] = ()) -> Schema:
    return {"description": description, "enum": [*dict.fromkeys(words), *also]}


def _entries(name: str, description: str, *, plain: bool = False) -> Schema:
    """A list of entries, or a mapping by name; a plain value stands for an entry's first field where it may."""
    entry: list[Schema] = [_ref(name), *([_WORD] if plain else [])]
    one = entry[0] if len(entry) == 1 else {"oneOf": entry}
    empty = {"oneOf": [*entry, {"type": "null"}]} if plain or name in ("calendar",) else one
    shapes = [{"type": "array", "items": one}, {"type": "object", "additionalProperties": empty}]
    return {"description": description, "oneOf": shapes}
