"""Quotients of two metrics that no catalog declares: "returns_per_orders" is returns divided by orders.

A name of that form is a metric of its own wherever two metrics of the catalog stand at its sides and the catalog has
none of that name. It is made when it is asked for and listed nowhere: it has no owner and no certification, both
sides keep their own definitions, and over zero it is undefined. Metrics that are quotients or means themselves make
none.
Layer: semantic. Pure, over the catalog's types.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from datatrust.core.jsonio import dumps
from semantic.model import Metric
from semantic.units import ratio_unit

_PER = "_per_"
_ADDED_UP = ("sum", "count", "count_distinct")


class Metrics(dict[str, Metric]):
    """A catalog's metrics by name, and the quotients of two of them, which no iteration meets."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        super().__init__(metrics)
        self._made: dict[str, Metric | None] = {}

    def __missing__(self, name: str) -> Metric:
        made = self._quotient(name)
        if made is None:
            raise KeyError(name)
        return made

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and self._quotient(name) is not None)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the metric, or the quotient, of a name."""
        return self[name] if name in self else default  # noqa: SIM401 (dict's own `get` knows no quotient)

    def __reduce__(self) -> tuple[Any, ...]:
        return Metrics, (dict(self),)

    def _quotient(self, name: str) -> Metric | None:
        if _PER not in name:
            return None
        if name not in self._made:
            parts = name.split(_PER)
            sides = [(_PER.join(parts[:n]), _PER.join(parts[n:])) for n in range(1, len(parts))]
            fitting = [
                (top, bottom)
                for top, bottom in sides
                if dict.__contains__(self, top) and dict.__contains__(self, bottom) and top != bottom
            ]
            self._made[name] = self._divided(name, *fitting[0]) if len(fitting) == 1 else None
        return self._made[name]

    def _divided(self, name: str, top: str, bottom: str) -> Metric | None:
        over, under = dict.__getitem__(self, top), dict.__getitem__(self, bottom)
        if not (self._is_amount(over) and self._is_amount(under)):
            return None
        if over.unit == under.unit == "currency" and over.currency != under.currency:
            return None
        unit = ratio_unit(over, under)
        words = "as a share of" if unit == "percent" else "divided by"
        under_words = _small(under.label or under.name.replace("_", " "))
        text = dumps({"ratio": [over.definition_hash, under.definition_hash], "on_zero": "undefined"})
        return Metric(
            name=name,
            kind="ratio",
            label=f"{over.label or over.name.replace('_', ' ')} {words} {under_words}",
            description="Made for a question; the catalog has no such figure.",
            unit=unit,
            currency=over.currency if unit == "currency" else None,
            inputs=(top, bottom),
            on_zero="undefined",
            tags=tuple(dict.fromkeys((*over.tags, *under.tags))),
            definition_words=f"{top} divided by {bottom}, undefined where that is zero",
            definition_hash="sha256:" + hashlib.sha256(text.encode()).hexdigest(),
        )

    def _is_amount(self, metric: Metric) -> bool:
        """Whether it adds up, counts or tells a balance; formulas of such, without a division, are too."""
        if metric.unit in ("percent", "points", "days") or metric.deprecated:
            return False
        if metric.kind == "derived":
            plain = "/" not in (metric.formula or "") and not metric.own_inputs
            return plain and all(name in self and self._is_amount(self[name]) for name in metric.inputs)
        return metric.balance is not None or (metric.kind == "aggregate" and metric.agg in _ADDED_UP)


def _small(text: str) -> str:
    return text if len(text) > 1 and text[1].isupper() else text[:1].lower() + text[1:]
