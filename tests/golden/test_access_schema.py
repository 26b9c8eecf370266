"""The JSON Schema of the access policy in docs/ is the one that the code gives, and takes what the reader takes."""

from __future__ import annotations

import os
from pathlib import Path

import jsonschema
import pytest

from datatrust.core.jsonio import dumps
from datatrust.core.yaml import parse_yaml
from semantic.access_schema import access_schema
from semantic.policy import read_policy
from tests.support.guarded import POLICY

DOCS = Path(__file__).parents[2] / "docs"


def test_the_schema_in_the_docs_is_that_of_the_code() -> None:
    file, text = DOCS / "access.schema.json", dumps(access_schema(), indent=1) + "\n"
    if os.environ.get("DATATRUST_SNAP") == "1":
        file.write_text(text)
    assert file.read_text() == text, "changed; if that is meant: make snap"


def test_what_can_be_read_keeps_the_schema() -> None:
    words = (DOCS / "access.md").read_text().split("```yaml\n")[1].split("```")[0]
    for text in (POLICY, words):
        read_policy(text, file="access.yml")
        jsonschema.validate(parse_yaml(text, file="access.yml").data, access_schema())
    for wrong in ("roles: {a: {metric: all}}", "roles: {a: {min_group: 1}}", "users: {}"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(parse_yaml(wrong, file="access.yml").data, access_schema())
