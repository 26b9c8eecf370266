"""The access policy's file as a JSON Schema (draft 7), for editors. The reader of the file stays the judge.

Layer: semantic. Pure.
"""

from __future__ import annotations

from typing import Any

_WORD = {"type": ["string", "number", "boolean"]}
_WORDS = {"oneOf": [_WORD, {"type": "array", "items": _WORD}]}
_ATTRIBUTES = {
    "description": "what is known of the viewer, for row filters: region: EMEA, or a list",
    "type": "object",
    "additionalProperties": _WORDS,
}
_LEAST = {"type": "integer", "minimum": 2}


def access_schema() -> dict[str, Any]:
    """Return the schema of `configs/policies/access.yml`."""
    role = _object(
        {
            "metrics": {**_WORDS, "description": "names, patterns such as gross_*, tag:sales, or all"},
            "dimensions": {**_WORDS, "description": "model.dimension, patterns such as customers.*, or all"},
            "hide": {
                **_WORDS,
                "description": "dimensions, as model.dimension, that are not shown whatever is allowed",
            },
            "masks": {
                "description": "model.dimension -> the one word that is shown for all of its values",
                "type": "object",
                "additionalProperties": _WORD,
            },
            "rows": {
                **_WORDS,
                "description": "conditions over model.dimension: customers.region = '${region}'",
            },
            "min_group": {
                "description": "how many rows, or members of a dimension, stand behind a figure that is shown",
                "oneOf": [_LEAST, _object({"least": _LEAST, "of": {"type": "string"}}, required=["least"])],
            },
            "attributes": _ATTRIBUTES,
            "starters": {
                **_WORDS,
                "description": "questions to begin with, for the empty page; those that the role may not ask are left out",
            },
        }
    )
    user = _object({"roles": _WORDS, "attributes": _ATTRIBUTES}, required=["roles"])
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "DataTrust 360 access policy",
        "description": "What each role may see; nothing said is nothing allowed.",
        **_object(
            {
                "cli_default": {
                    "type": "string",
                    "description": "the role of the command line without --role",
                },
                "roles": {"type": "object", "additionalProperties": role},
                "users": {"type": "object", "additionalProperties": {"oneOf": [_WORDS, user]}},
            },
            required=["roles"],
        ),
    }


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": required} if required else made
