"""The rules that a catalog must keep, one function each."""
from __future__ import annotations

from datatrust.core.issues import Issue
from semantic.model import Catalog


def check_catalog(catalog: Catalog) -> list[Issue]:
    return []
