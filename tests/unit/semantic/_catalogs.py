"""Make small catalogs for tests from YAML written in the test."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from datatrust.core.errors import UserError
from semantic.loader import load_catalog
from semantic.model import Catalog

HERE = Path(__file__).parent
FORMS = HERE / "catalogs" / "forms"
SAMPLE = HERE.parents[2] / "semantic" / "catalog"


def catalog_of(*texts: str) -> Catalog:
    """Load a catalog whose files are the given texts."""
    return load_catalog(Path("none"), texts={f"file{n}.yml": dedent(text) for n, text in enumerate(texts, 1)})


def issues_of(*texts: str) -> list[str]:
    """Return what loading says, one line an issue: place, code, message and suggestion."""
    try:
        catalog_of(*texts)
    except UserError as error:
        return [
            f"{issue.at or ''} {issue.code} {issue.message}"
            + (f" ({issue.suggestion}?)" if issue.suggestion else "")
            for issue in error.issues
        ]
    return []
