"""Tell which gold tables a silver table reaches, by the ref() and source() of the dbt models as they are written.

Needs neither dbt nor a run: a dry run must answer in a second, and before the first release too.
Layer: pipeline. Imports core; reads files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from datatrust.core.settings import Project
from datatrust.core.yaml import load_yaml

_REF = re.compile(r"""\bref\(\s*(?:['"][^'"]+['"]\s*,\s*)?['"](?P<model>[^'"]+)['"]\s*(?:,[^)]*)?\)""")
_SOURCE = re.compile(r"""\bsource\(\s*['"](?P<source>[^'"]+)['"]\s*,\s*['"](?P<table>[^'"]+)['"]\s*\)""")
_ALIAS = re.compile(r"""\balias\s*=\s*['"](?P<alias>[^'"]+)['"]""")
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def find_reach(project: Project) -> dict[str, frozenset[str]]:
    """Return for every gold table the silver tables at the end of every path that leads to it."""
    sources = _read_sources(project)
    models: dict[str, tuple[str, frozenset[str], frozenset[str]]] = {}
    for path in sorted(project.dbt.rglob("models/**/*.sql")):
        text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
        alias = _ALIAS.search(text)
        models[path.stem] = (
            f"gold.{alias['alias'] if alias else path.stem}",
            frozenset(found["model"] for found in _REF.finditer(text)),
            frozenset(
                sources.get((found["source"], found["table"]), f"{found['source']}.{found['table']}")
                for found in _SOURCE.finditer(text)
            ),
        )

    def ends(name: str, on_path: frozenset[str]) -> frozenset[str]:
        if name not in models or name in on_path:
            return frozenset()
        _, refs, tables = models[name]
        return tables.union(*(ends(ref, on_path | {name}) for ref in refs))

    reach = {models[name][0]: ends(name, frozenset()) for name in models}
    found_in = {table: rule.input for table, rule in project.config.anomalies.items()}
    return {**reach, **{table: reach.get(made_of, frozenset()) for table, made_of in found_in.items()}}


def tables_reached(reach: dict[str, frozenset[str]], silver: Iterable[str]) -> tuple[str, ...]:
    """Return the gold tables that one of the silver tables reaches, in name order."""
    wanted = set(silver)
    return tuple(sorted(table for table, made_of in reach.items() if made_of & wanted))


def _read_sources(project: Project) -> dict[tuple[str, str], str]:
    """Return the table that each source() of the dbt project names."""
    found: dict[tuple[str, str], str] = {}
    for path in (*project.dbt.rglob("models/**/*.yml"), *project.dbt.rglob("models/**/*.yaml")):
        data = load_yaml(Path(path), shown_as=project.shown(path)).data
        for source in (data or {}).get("sources") or () if isinstance(data, dict) else ():
            schema = source.get("schema") or source["name"]
            for table in source.get("tables") or ():
                name = table.get("identifier") or table["name"]
                found[source["name"], table["name"]] = f"{schema}.{name}"
    return found
