"""The rule kinds. One file a kind, with one constant `RULE`; the folder is the registry."""

from __future__ import annotations

from functools import lru_cache

from datatrust.core.plugins import load_plugins
from pipeline.rules.base import RuleKind


@lru_cache(maxsize=1)
def rule_kinds() -> dict[str, RuleKind]:
    """Return every rule kind by its name."""
    return {kind.name: kind for kind in load_plugins(__name__, "RULE", RuleKind)}
