"""Two metrics made one for a question: "returns_per_orders" is returns divided by orders, "sales_less_returns" what is left.

A name of that form is a metric of its own wherever two metrics of the catalog stand at its sides and the catalog has
none of that name. It is made when it is asked for and listed nowhere: it has no owner and no certification, both
sides keep their own definitions, and over zero a quotient is undefined. Metrics that are quotients or means
themselves make none, and only figures of one unit have a difference.
Layer: semantic. Pure, over the catalog's types.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from datatrust.core.jsonio import dumps
from semantic.model import Metric
from semantic.units import ratio_unit

PER, LESS = "_per_", "_less_"
_ADDED_UP = ("sum", "count", "count_distinct")


class Metrics(dict[str, Metric]):
    """A catalog's metrics by name, and the quotients of two of them, which no iteration meets."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        super().__init__(metrics)
        self._made: dict[str, Metric] = {}

    def __missing__(self, name: str) -> Metric:
        made = self._made_of(name)
        if made is None:
            raise KeyError(name)
        return made

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and self._made_of(name) is not None)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the metric, or the quotient, of a name."""
        return self[name] if name in self else default  # noqa: SIM401 (dict's own `get` knows no quotient)

    def __reduce__(self) -> tuple[Any, ...]:
        return Metrics, (dict(self),)

    def _made_of(self, name: str) -> Metric | None:
        if PER not in name and LESS not in name:
            return None
        if name not in self._made:
            fitting = [
                (name[:at], joint, name[at + len(joint) :])
                for joint in (PER, LESS)
                for at in range(1, len(name))
                if name.startswith(joint, at)
                and dict.__contains__(self, name[:at])
                and dict.__contains__(self, name[at + len(joint) :])
            ]
            made = self._joined(name, *fitting[0]) if len(fitting) == 1 else None
            if made is None:
                return None  # not kept: there is no end of names that mean nothing
            self._made[name] = made
        return self._made[name]

    def _joined(self, name: str, first: str, joint: str, second: str) -> Metric | None:
        one, other = dict.__getitem__(self, first), dict.__getitem__(self, second)
        if first == second or not (self._is_amount(one) and self._is_amount(other)):
            return None
        if one.unit == other.unit == "currency" and one.currency != other.currency:
            return None
        if joint == LESS:
            return self._difference(name, one, other) if one.unit == other.unit else None
        unit = ratio_unit(one, other)
        words = "as a share of" if unit == "percent" else "divided by"
        return replace(
            self._plain(name, one, other, words, "undefined"),
            kind="ratio",
            unit=unit,
            currency=one.currency if unit == "currency" else None,
            on_zero="undefined",
            definition_words=f"{first} divided by {second}, undefined where that is zero",
        )

    def _difference(self, name: str, one: Metric, other: Metric) -> Metric:
        return replace(
            self._plain(name, one, other, "minus", "less"),
            kind="derived",
            formula=f"{one.name} - {other.name}",
            unit=one.unit,
            currency=one.currency,
            definition_words=f"{one.name} - {other.name}",
        )

    def _plain(self, name: str, one: Metric, other: Metric, words: str, how: str) -> Metric:
        text = dumps({"of": [one.definition_hash, other.definition_hash], "how": how})
        return Metric(
            name=name,
            kind="derived",
            label=f"{one.label or one.name.replace('_', ' ')} {words} {_small(other.label or other.name.replace('_', ' '))}",
            description="Made for a question; the catalog has no such figure.",
            inputs=(one.name, other.name),
            tags=tuple(dict.fromkeys((*one.tags, *other.tags))),
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
