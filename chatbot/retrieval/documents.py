"""What goes into the meaning index: a short text for each metric, dimension, value and example of a catalog.

A document's id is the hash of its content, so that an index is brought up to date by adding and removing ids. Values
come in only as the caller gives them: those that everyone may see, and of a masked column none.
Layer: chatbot. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from datatrust.core.masking import token_pattern
from semantic.model import Catalog
from semantic.query import Scalar

VALUES_PER_DIMENSION = 500
_TOKEN = re.compile(token_pattern("[0-9a-f]{8}"))  # what masking makes of a value says nothing


@dataclass(frozen=True, kw_only=True)
class Document:
    """One thing that can be found by meaning. `ref` names it: "revenue", "customers.region", "customers.region=EMEA"."""

    kind: str  # "metric", "dimension", "value", "example"; "verified" is an example whose number is checked by SQL
    ref: str
    text: str

    @property
    def id(self) -> str:
        """The same for the same content, and only for it."""
        return hashlib.sha256(f"{self.kind}\0{self.ref}\0{self.text}".encode()).hexdigest()[:32]


def make_documents(
    catalog: Catalog, values: Mapping[tuple[str, str], Iterable[Scalar]]
) -> tuple[Document, ...]:
    """Return the documents of a catalog, each once."""
    found = [*_metrics(catalog), *_dimensions(catalog), *_values(catalog, values)]
    return tuple({document.id: document for document in found}.values())


def _metrics(catalog: Catalog) -> Iterator[Document]:
    for metric in catalog.metrics.values():
        if metric.deprecated:
            continue
        names = [metric.label or metric.name.replace("_", " "), *metric.synonyms]
        yield Document(
            kind="metric", ref=metric.name, text=f"{', '.join(names)}. {metric.description}".strip()
        )
        for example in metric.examples:
            kind = "verified" if example.check_sql else "example"
            yield Document(kind=kind, ref=metric.name, text=example.ask)


def _dimensions(catalog: Catalog) -> Iterator[Document]:
    for model in catalog.models.values():
        for dimension in model.dimensions.values():
            if dimension.hidden:
                continue
            names = [dimension.label or dimension.name.replace("_", " "), *dimension.synonyms]
            text = f"{', '.join(names)}. {dimension.description}".strip()
            yield Document(kind="dimension", ref=f"{model.name}.{dimension.name}", text=text)


def _values(catalog: Catalog, values: Mapping[tuple[str, str], Iterable[Scalar]]) -> Iterator[Document]:
    for (model, name), members in values.items():
        dimension = catalog.models[model].dimensions[name]
        if dimension.type != "category" or dimension.hidden:
            continue
        for number, value in enumerate(members):
            if number >= VALUES_PER_DIMENSION:
                break
            if isinstance(value, str) and value and not _TOKEN.fullmatch(value):
                words = ", ".join((value, *dimension.values.get(value, ())))
                yield Document(kind="value", ref=f"{model}.{name}={value}", text=words)
