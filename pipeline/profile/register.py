"""Put a draft into the project: contract file, the config's list of sources, new classes of the masking policy.

Files keep their form and their comments; each is written whole or not at all.
Layer: pipeline. Imports core and ruamel.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from datatrust.core.settings import Project, SourceInclude, load_json
from pipeline.profile.personal import detectors

CONTRACTS = "contracts"
_NEW_POLICY = """\
# What each class of personal data becomes before it leaves the restricted zone.
# token: a keyed hash, equal for equal values · redact: a fixed word · generalise: a year, the first characters
# drop: the column does not exist in silver
classes: {}
"""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One file as it will be; `undo` says in words how to take the change back."""

    path: Path
    text: str
    undo: str


def write_changes(changes: list[Change]) -> None:
    """Write each file whole or not at all, in this order."""
    for change in changes:
        change.path.parent.mkdir(parents=True, exist_ok=True)
        half = change.path.with_name(f".{change.path.name}.{os.getpid()}")
        try:
            half.write_text(change.text, encoding="utf-8")
            os.replace(half, change.path)
        finally:
            half.unlink(missing_ok=True)


def contract_path(project: Project, name: str) -> Path:
    """Return where the contract of a new source stands: where an include of the config finds it."""
    for include in _includes(project):
        folder = Path(include).parent
        if "*" not in str(folder) and fnmatch(f"{folder}/{name}.yml", include):
            return project.configs / folder / f"{name}.yml"
    return project.configs / CONTRACTS / f"{name}.yml"


def has_sources(project: Project) -> bool:
    """Return whether the config lists a source, or includes one that is there."""
    sources = project.config.sources
    entries = (sources,) if isinstance(sources, SourceInclude) else sources
    return any(
        not isinstance(entry, SourceInclude) or any(project.configs.glob(entry.include)) for entry in entries
    )


def _includes(project: Project) -> list[str]:
    sources = project.config.sources
    entries = (sources,) if isinstance(sources, SourceInclude) else sources
    return [entry.include for entry in entries if isinstance(entry, SourceInclude)]


def change_config(project: Project, contract: Path) -> Change | None:
    """Return the config with the source in its list; None where an include finds it or it is listed."""
    written = contract.relative_to(project.configs).as_posix()
    sources = project.config.sources
    if any(fnmatch(written, include) for include in _includes(project)):
        return None
    if not isinstance(sources, SourceInclude) and any(
        getattr(entry, "contract", None) == written for entry in sources
    ):
        return None
    text = project.config_file.read_text(encoding="utf-8-sig")
    entry = json.dumps({"contract": written})
    shown = project.shown(project.config_file)
    return Change(
        path=project.config_file,
        text=_with_entry(text, project, entry),
        undo=f"take {entry} out of `sources` in {shown}",
    )


def _with_entry(text: str, project: Project, entry: str) -> str:
    document = load_json(project.config_file, shown_as=str(project.config_file))
    if "sources" not in document.data:
        end = text.rindex("}")
        body = text[:end].rstrip()
        return f'{body}{"" if body.endswith("{") else ","}\n  "sources": [{entry}]\n{text[end:]}'
    at = document.at("sources")
    lines = text.splitlines(keepends=True)
    start = sum(map(len, lines[: at.line - 1])) + at.column - 1
    value, end = json.JSONDecoder().raw_decode(text, start)
    old = text[start:end]
    if isinstance(value, dict):
        return f"{text[:start]}[{old}, {entry}]{text[end:]}"
    inner = old[1:-1].rstrip()
    if not inner.strip():
        return f"{text[:start]}[{entry}]{text[end:]}"
    last_line = inner.splitlines()[-1]
    own_line = "\n" in inner and last_line.strip().startswith("{")
    between = f",\n{last_line[: len(last_line) - len(last_line.lstrip())]}" if own_line else ", "
    return f"{text[:start]}[{inner}{between}{entry}{old[1 + len(inner) :]}{text[end:]}"


def change_policy(project: Project, classes: Mapping[str, str]) -> Change | None:
    """Return the masking policy with classes that it lacks, each with its action; None where it lacks none."""
    if not classes:
        return None
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    path = project.masking_policy
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    document = yaml.load(path.read_text(encoding="utf-8") if path.exists() else _NEW_POLICY)
    if not document.get("classes"):
        document["classes"] = CommentedMap()
    for name, action in classes.items():
        body = CommentedMap({"action": action})
        body.fa.set_flow_style()
        document["classes"][name] = body
        document["classes"].yaml_add_eol_comment(f"{meaning_of(name)}; a safe default", key=name)
    out = io.StringIO()
    yaml.dump(document, out)
    shown = project.shown(path)
    return Change(
        path=path, text=out.getvalue(), undo=f"take {', '.join(classes)} out of `classes` in {shown}"
    )


def meaning_of(pii_class: str) -> str:
    """Return a few words for a class of the classifier, or of a stricter one made from it."""
    known = detectors()
    base = pii_class if pii_class in known else pii_class.removesuffix(STRICTER)
    return known[base].meaning if base in known else pii_class


STRICTER = "_few"  # ends the name of a class for columns with so few values that a token would tell them
