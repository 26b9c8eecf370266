"""The rule kinds. One file a kind, with one constant `RULE`; the folder is the registry."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from pipeline.rules.base import RuleKind


@lru_cache(maxsize=1)
def rule_kinds() -> dict[str, RuleKind]:
    """Return every rule kind by its name."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        kind = getattr(importlib.import_module(f"{__name__}.{module.name}"), "RULE", None)
        if isinstance(kind, RuleKind):
            found[kind.name] = kind
    return found
