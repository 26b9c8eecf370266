"""The published schema of catalog files is the one that the code gives; `make snap` rewrites it."""

from __future__ import annotations

import os
from pathlib import Path

from datatrust.core.jsonio import dumps
from semantic.language import catalog_schema

FILE = Path(__file__).parents[2] / "docs" / "catalog.schema.json"


def test_the_published_schema_is_the_one_of_the_code() -> None:
    text = dumps(catalog_schema(), indent=1) + "\n"
    if os.environ.get("DATATRUST_SNAP") == "1":
        FILE.write_text(text)
    assert text == FILE.read_text(), "changed; if that is meant: make snap"
