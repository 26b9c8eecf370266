"""Say what a release depends on besides the raw files, as hashes: settings, contracts, policies, masking key, dbt, code, catalog.

Same files and same hashes mean that nothing is new. What changed says how far back a run must begin.
Layer: pipeline. Imports core, contracts and keyring; reads files, opens no table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datatrust.core.jsonio import dumps
from datatrust.core.settings import Project
from pipeline.contracts.model import SourceSpec
from pipeline.keyring import KEY_HASH, active_key_id

ANOMALIES = "anomalies"
CONTRACT = "contract."  # prefix of one source's own hash
_WHOLE = {  # what shapes the rows of every source
    "config": "the settings have changed",
    "masking": "the masking policy has changed",
    "code": "the pipeline's code has changed",
}
_TEXT_SUFFIXES = (".yml", ".yaml", ".sql", ".csv", ".md", ".json")


@dataclass(frozen=True, kw_only=True)
class Changes:
    """How far a run must go back. Whatever is set implies a new release."""

    sources: frozenset[str]  # to be derived again from bronze
    gold: bool  # incremental models are rebuilt from scratch
    definitions: bool  # catalog or access policy: only business_metrics and the manifest's texts follow

    @property
    def any(self) -> bool:
        return bool(self.sources) or self.gold or self.definitions


def compute_hashes(project: Project, specs: Sequence[SourceSpec]) -> dict[str, str]:
    """Return the hashes of everything that shapes a release, by name."""
    shaping = {"today": project.config.today, "dbt": project.config.dbt}  # settings that change rows
    return {
        "config": _digest([("config", dumps(shaping, sort_keys=True).encode())]),
        "contracts": _digest((spec.name, spec.hash.encode()) for spec in specs),
        "masking": _digest_files(project.masking_policy.parent, [project.masking_policy]),
        KEY_HASH: active_key_id(project) if any(spec.pii_columns for spec in specs) else "",
        "policies": _digest_files(
            project.masking_policy.parent, sorted(project.masking_policy.parent.glob("*.yml"))
        ),
        "dbt": _digest_files(project.dbt, _texts(project.dbt)),
        "code": _digest_files(Path(__file__).parent, sorted(Path(__file__).parent.rglob("*.py"))),
        "catalog": _digest_files(project.catalog, _texts(project.catalog)),
        **({ANOMALIES: _digest_anomalies(project)} if project.config.anomalies else {}),
        **{f"{CONTRACT}{spec.name}": _digest([(spec.name, spec.hash.encode())]) for spec in specs},
    }


def compare_hashes(
    before: Mapping[str, str] | None, now: Mapping[str, str], specs: Sequence[SourceSpec]
) -> Changes:
    """Return what must be done again, given the current release's hashes (None: there is no release)."""
    if before is None:
        return Changes(sources=frozenset(), gold=False, definitions=False)

    def changed(name: str) -> bool:
        return before.get(name) != now.get(name)

    if any(changed(name) for name in _WHOLE):
        sources = {spec.name for spec in specs}
    else:
        has_new_tokens = changed(KEY_HASH)
        sources = {
            spec.name
            for spec in specs
            if changed(CONTRACT + spec.name) or (has_new_tokens and spec.pii_columns)
        }
    derived = frozenset(with_children(sources, specs))
    gone = changed("contracts") and not derived
    return Changes(
        sources=derived,
        gold=bool(derived) or gone or changed("dbt") or changed(ANOMALIES),
        definitions=changed("policies") or changed("catalog"),
    )


def explain_sources(
    before: Mapping[str, str], now: Mapping[str, str], specs: Sequence[SourceSpec]
) -> dict[str, str]:
    """Return why each source would be derived again that `compare_hashes` names."""
    whole = [told for name, told in _WHOLE.items() if before.get(name) != now.get(name)]
    found: dict[str, str] = {}
    for spec in specs:
        grounds = list(whole)
        if before.get(CONTRACT + spec.name) != now.get(CONTRACT + spec.name):
            grounds.append("its contract has changed" if CONTRACT + spec.name in before else "it is new")
        if spec.pii_columns and before.get(KEY_HASH) != now.get(KEY_HASH) and not whole:
            grounds.append("the masking key has changed")
        grounds += [f"{parent} is derived again" for parent in spec.parents if parent in found and not whole]
        if grounds:
            found[spec.name] = ", ".join(grounds)
    return found


def with_children(sources: Iterable[str], specs: Sequence[SourceSpec]) -> set[str]:
    """Return the sources and those whose rows are judged by them; specs are parents first."""
    found = set(sources)
    for spec in specs:
        if found.intersection(spec.parents):
            found.add(spec.name)
    return found


def kept_texts(project: Project) -> dict[str, str]:
    """Return the texts that a release carries with it, by project path: catalog and policies of the day."""
    files = [*_texts(project.catalog), *sorted(project.masking_policy.parent.glob("*.yml"))]
    return {project.shown(file): file.read_text(encoding="utf-8") for file in files}


def _digest_anomalies(project: Project) -> str:
    rules = {name: rule.model_dump(mode="json") for name, rule in project.config.anomalies.items()}
    return _digest([("anomalies", dumps(rules, sort_keys=True).encode())])


def _texts(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in _TEXT_SUFFIXES)


def _digest_files(root: Path, files: Iterable[Path]) -> str:
    return _digest((str(f.relative_to(root)), f.read_bytes()) for f in files if f.is_file())


def _digest(parts: Iterable[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for name, content in parts:
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
