"""What a format cannot hold, beside what it holds: computed on export, laid over what is read on import.

On export the written file is read back as another tool's would be; where that differs from our catalog, the difference
is the extension. So a round trip loses nothing by construction. A value that another tool has changed since wins over
the extension: each replaced value carries a digest of what stood there, and a metric whose definition was changed
keeps only the words of its extension.
Layer: semantic. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from datatrust.core.jsonio import dumps
from semantic.dbt.losses import Loss, Reason
from semantic.interchange.plain import Entry, PlainCatalog

PARTS = {"dimensions": "name", "joins": "to", "segments": "name"}  # lists of a model, and what names an entry
# what describes a metric, and changes no number and vouches for none
_WORDS = frozenset({"label", "description", "synonyms", "owner", "tags", "better", "deprecated"})
_DEFINITION = ("model", "agg", "expr", "where", "ratio", "derived", "inputs", "on_zero")


@dataclass(frozen=True, kw_only=True)
class Extension:
    """What a written file does not say of a catalog."""

    models: Mapping[str, Entry] = field(default_factory=dict)  # differences of models that are written
    metrics: Mapping[str, Entry] = field(default_factory=dict)  # differences of metrics that are written
    more_models: Mapping[str, Entry] = field(default_factory=dict)  # that are not written
    more_metrics: Mapping[str, Entry] = field(default_factory=dict)
    without: tuple[str, ...] = ()  # metrics that reading makes and the catalog does not have
    settings: Entry = field(default_factory=dict)

    @property
    def rest(self) -> Entry:
        """Return what belongs to no single model or metric that is written."""
        return {
            key: value
            for key, value in (
                ("models", list(self.more_models.values())),
                ("metrics", list(self.more_metrics.values())),
                ("without", list(self.without)),
                ("settings", self.settings),
            )
            if value
        }


def extension_from(models: Mapping[str, Entry], metrics: Mapping[str, Entry], rest: Entry) -> Extension:
    """Return an extension as it was written: at models and metrics, and the rest.

    Raises:
        UserError: it is not as an export writes it.
    """
    with as_written():
        return Extension(
            models={name: dict(each) for name, each in models.items() if each},
            metrics={name: dict(each) for name, each in metrics.items() if each},
            more_models={str(each["model"]): dict(each) for each in rest.get("models", ())},
            more_metrics={str(each["name"]): dict(each) for each in rest.get("metrics", ())},
            without=tuple(rest.get("without", ())),
            settings=dict(rest.get("settings", {})),
        )


@contextmanager
def as_written() -> Iterator[None]:
    """Turn what comes of an extension that somebody has edited into one message."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(
            Issue(
                code="DT104",
                message=f"the extension is not as an export writes it ({type(error).__name__}: {error})",
                hint="export again, or remove the extension",
            )
        ) from None


def extension_of(ours: PlainCatalog, read: PlainCatalog) -> Extension:
    """Return what `read`, our catalog as another tool's file says it, does not say."""
    metrics = {
        name: difference(read.metrics[name], entry)
        for name, entry in ours.metrics.items()
        if name in read.metrics
    }
    for name, found in metrics.items():
        if found:
            found["of"] = _digest(_definition(read.metrics[name]))
    models = {
        name: difference(read.models[name], entry)
        for name, entry in ours.models.items()
        if name in read.models
    }
    return Extension(
        models={name: each for name, each in models.items() if each},
        metrics={name: each for name, each in metrics.items() if each},
        more_models={name: each for name, each in ours.models.items() if name not in read.models},
        more_metrics={name: each for name, each in ours.metrics.items() if name not in read.metrics},
        without=tuple(name for name in read.metrics if name not in ours.metrics),
        settings={} if ours.settings == read.settings else dict(ours.settings),
    )


def extended(read: PlainCatalog, extension: Extension) -> tuple[PlainCatalog, list[Loss]]:
    """Return what was read with its extension laid over it, and what of the extension no longer fits."""
    losses: list[Loss] = []
    metrics = {name: entry for name, entry in read.metrics.items() if name not in extension.without}
    for name, found in extension.metrics.items():
        if name in metrics:
            metrics[name] = _metric_over(metrics[name], found, losses)
        else:
            losses.append(_stale("metric", name, "it is not in the file any more"))
    models = dict(read.models)
    for name, found in extension.models.items():
        if name in models:
            models[name] = laid_over(models[name], found, "model", name, losses)
        else:
            losses.append(_stale("model", name, "it is not in the file any more"))
    made = PlainCatalog(
        models=models | {k: v for k, v in extension.more_models.items() if k not in models},
        metrics=metrics | {k: v for k, v in extension.more_metrics.items() if k not in metrics},
        settings=extension.settings or read.settings,
    )
    return made, losses


def told(extension: Extension) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield what is lost where the extension is: kind, name and fields; no fields means all of it."""
    for name in extension.more_models:
        yield "model", name, ()
    for name, found in extension.models.items():
        yield "model", name, tuple(_fields(found))
    for name in extension.more_metrics:
        yield "metric", name, ()
    for name, found in extension.metrics.items():
        yield "metric", name, tuple(_fields(found))
    if extension.settings:
        yield "file", "settings of the catalog", tuple(extension.settings)


def _fields(found: Entry) -> Iterator[str]:
    yield from (*found.get("set", {}), *found.get("unset", ()))
    for key, part in found.get("parts", {}).items():
        for name, inner in part["each"].items():
            yield from (f"{key[:-1]} {name}: {each}" for each in _fields(inner))
        if "without" in part:
            yield from (f"{key[:-1]} {name}: is none" for name in part["without"])


def difference(read: Entry, ours: Entry) -> Entry:
    """Return what to set, unset and order in `read` to get `ours`; nothing where they are the same.

    >>> difference({"name": "a", "expr": "x"}, {"name": "a", "expr": "y"})["set"]
    {'expr': 'y'}
    """
    found: Entry = {}
    fields = [key for key in {**ours, **read} if key not in PARTS]
    changed = {key: ours[key] for key in fields if key in ours and ours[key] != read.get(key)}
    gone = [key for key in fields if key not in ours]
    if changed:
        found["set"] = changed
    if gone:
        found["unset"] = gone
    if was := {key: _digest(read[key]) for key in (*changed, *gone) if key in read}:
        found["was"] = was
    parts = {key: _part(key, read.get(key, []), ours.get(key, [])) for key in PARTS}
    if parts := {key: each for key, each in parts.items() if each}:
        found["parts"] = parts
    return found


def _called(key: str, entry: Entry) -> str:
    return str(entry.get("as") or entry[PARTS[key]])


def _part(key: str, read: list[Entry], ours: list[Entry]) -> Entry:
    if read == ours:
        return {}
    known = {_called(key, each): each for each in read}
    wanted = {_called(key, each): each for each in ours}
    each = {name: difference(known.get(name, {}), entry) for name, entry in wanted.items()}
    made: Entry = {"order": list(wanted), "each": {name: inner for name, inner in each.items() if inner}}
    if new := [name for name in wanted if name not in known]:
        made["new"] = new
    if without := [name for name in known if name not in wanted]:
        made["without"] = without
    return made


def laid_over(read: Entry, found: Entry, kind: str, name: str, losses: list[Loss]) -> Entry:
    """Return `read` with a difference laid over it, but for values that were changed since."""
    made = dict(read)
    was = found.get("was", {})
    for key in (*found.get("set", {}), *found.get("unset", ())):
        if key in read and _digest(read[key]) != was.get(key):
            if read[key] != found.get("set", {}).get(key):
                losses.append(_stale(kind, name, f'"{key}" was changed since the export; the change is kept'))
        elif key in found.get("set", {}):
            made[key] = found["set"][key]
        else:
            made.pop(key, None)
    for key, part in found.get("parts", {}).items():
        known = {_called(key, each): each for each in read.get(key, [])}
        order = [*part["order"], *(each for each in known if each not in part["order"])]
        entries = []
        for each in order:
            inner = part["each"].get(each, {})
            if each in part.get("without", ()) or (each not in known and each not in part.get("new", ())):
                continue  # where it is not new: it was in the file on export and has been taken out since
            entries.append(laid_over(known.get(each, {}), inner, kind, f"{name}.{each}", losses))
        made[key] = entries
    return made


def _metric_over(read: Entry, found: Entry, losses: list[Loss]) -> Entry:
    name = str(read["name"])
    if found.get("of") == _digest(_definition(read)):
        return laid_over(read, found, "metric", name, losses)
    losses.append(
        _stale(
            "metric",
            name,
            "its definition was changed since the export and is read as it stands; of the extension only its words are",
        )
    )
    words: Entry = {
        key: {k: v for k, v in found.get(key, {}).items() if k in _WORDS} for key in ("set", "was")
    }
    return laid_over(read, words, "metric", name, losses)


def _definition(entry: Entry) -> Entry:
    return {key: entry[key] for key in _DEFINITION if key in entry}


def _stale(kind: str, name: str, message: str) -> Loss:
    return Loss(kind=kind, name=name, reason=Reason.CHANGED, message=message)


def _digest(value: Any) -> str:
    return hashlib.sha256(dumps(value, sort_keys=True).encode()).hexdigest()[:16]
