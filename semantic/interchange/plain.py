"""A checked catalog as plain data in the words of its own YAML, with every default written out or left away the same.

Two catalogs mean the same when their plain data are equal, whatever their files look like; what is written from the
plain data loads as the same catalog again. Comments, the layout of files and where things stood are not kept.
Layer: semantic. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from semantic.model import Calendar, Catalog, Dimension, Identity, Join, Metric, Model, Segment

Entry = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class PlainCatalog:
    """A catalog's entries by name, and its catalog-wide settings; each entry holds only what it says."""

    models: Mapping[str, Entry]
    metrics: Mapping[str, Entry]
    settings: Entry = field(default_factory=dict)  # calendars, currency, identities and their like


def plain_catalog(catalog: Catalog) -> PlainCatalog:
    """Return a checked catalog as plain data."""
    return PlainCatalog(
        models={name: _model(model) for name, model in catalog.models.items()},
        metrics={name: _metric(metric) for name, metric in catalog.metrics.items()},
        settings=_settings(catalog),
    )


def _said(entry: Entry) -> Entry:
    """An entry without what is not said."""
    return {key: value for key, value in entry.items() if value or key == "model"}


def _number(value: float | Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


def _span(value: tuple[int, str] | None) -> str | None:
    return f"{value[0]} {value[1]}{'s' if value[0] != 1 else ''}" if value else None


# ------------------------------------------------------------------------------------------------------- settings


def _settings(catalog: Catalog) -> Entry:
    rates = catalog.rates
    currency: Any = catalog.currency
    if rates is not None:
        currency = _said(
            {
                "group": catalog.currency, "rates": rates.table, "average": rates.average, "closing": rates.closing,
                "transaction": rates.transaction, "currency": rates.currency, "period": rates.period,
                "grain": rates.grain,
            }
        )  # fmt: skip
    return _said(
        {
            "calendars": {
                name: _calendar(each, is_default=name == catalog.default_calendar.name)
                for name, each in sorted(catalog.calendars.items())
            },
            "closed_through": catalog.closed_through.isoformat() if catalog.closed_through else None,
            "timezone": catalog.timezone,
            "currency": currency,
            "identities": [_identity(each) for each in catalog.identities.values()],
        }
    )


def _calendar(calendar: Calendar, *, is_default: bool) -> Entry:
    listed = calendar.periods
    if listed is not None:
        columns = dict(
            zip(("start", "end", "year", "quarter", "number", "name"), listed.columns, strict=True)
        )
        table = _said({"table": listed.table, **columns})
        return _said({"week_starts": calendar.week_starts, "default": is_default, "periods": table})
    return _said(
        {
            "starts": f"{calendar.starts[0]:02}-{calendar.starts[1]:02}",
            "named_by": calendar.named_by,
            "week_starts": calendar.week_starts,
            "default": is_default,
            "pattern": calendar.pattern,
            "year_begins": calendar.year_begins if calendar.pattern else None,
        }
    )


def _identity(identity: Identity) -> Entry:
    return _said(
        {
            "name": identity.name,
            "description": identity.description,
            "holds": identity.words,
            "by": list(identity.by),
            "tolerance": _number(identity.tolerance),
        }
    )


# --------------------------------------------------------------------------------------------------------- models


def _model(model: Model) -> Entry:
    return _said(
        {
            "model": model.name,
            "label": model.label,
            "description": model.description,
            "synonyms": list(model.synonyms),
            "table": model.table,
            "key": list(model.key),
            "time": model.time,
            "owner": model.owner,
            "where": model.where,
            "via": dict(model.via),
            "joins": [_join(each) for each in model.joins.values()],
            "segments": [_segment(each) for each in model.segments.values()],
            "dimensions": [_dimension(each) for each in model.dimensions.values()],
        }
    )


def _join(join: Join) -> Entry:
    return _said(
        {
            "to": join.to,
            "as": join.alias if join.alias != join.to else None,
            "key": list(join.key),
            "to_key": list(join.to_key),
            "where": join.where,
            "valid": list(join.valid or ()),
            "until": join.until,
            "at": join.at,
            "cardinality": "one_to_many" if join.many else None,
            "weight": join.weight,
            "label": join.label,
            "synonyms": list(join.synonyms),
        }
    )


def _segment(segment: Segment) -> Entry:
    return _said(
        {
            "name": segment.name,
            "expr": segment.expr,
            "label": segment.label,
            "synonyms": list(segment.synonyms),
        }
    )


def _dimension(dimension: Dimension) -> Entry:
    return _said(
        {
            "name": dimension.name,
            "type": dimension.type,
            "expr": dimension.expr,
            "grain": dimension.grain if dimension.type == "time" else None,
            "label": dimension.label,
            "description": dimension.description,
            "synonyms": list(dimension.synonyms),
            "values": {value: list(words) for value, words in dimension.values.items()},
            "parent": dimension.parent,
            "bins": [_number(each) for each in dimension.bins],
            "hidden": dimension.hidden,
        }
    )


# -------------------------------------------------------------------------------------------------------- metrics


def _metric(metric: Metric) -> Entry:
    entry = _said(
        {
            "name": metric.name,
            "label": metric.label,
            "description": metric.description,
            "synonyms": list(metric.synonyms),
            "owner": metric.owner,
            "tags": list(metric.tags),
            "unit": metric.unit,
            "currency": _currency(metric),
            "better": metric.better,
            "on_zero": metric.on_zero,
            "time": metric.time if metric.kind != "lifecycle" else None,
            **_KINDS[metric.kind](metric),
            "plan": dict(metric.plan),
            "bridge": _said({"quantity": metric.bridge.quantity, "price": metric.bridge.price})
            if metric.bridge
            else None,
            "every_period": metric.every_period,
            "certified": _certified(metric),
            "deprecated": metric.deprecated,
            "examples": [_said({"ask": each.ask, "check_sql": each.check_sql}) for each in metric.examples],
        }
    )
    if metric.decimals is not None:
        entry["decimals"] = metric.decimals
    if metric.fill is not None:
        entry["fill"] = _number(metric.fill)
    return entry


def _currency(metric: Metric) -> Any:
    if metric.currency_from is None:
        return metric.currency
    return _said(
        {
            "from": metric.currency_from,
            "rate": metric.currency_rate,
            "column": metric.currency_column,
        }
    )


def _certified(metric: Metric) -> Entry | None:
    """A certification that has lapsed names nobody any more, and is not carried."""
    if metric.certified_by is None:
        return None
    since = metric.certified_since
    return _said(
        {
            "by": metric.certified_by,
            "since": since.isoformat() if since else None,
            "definition": metric.certified_definition,
        }
    )


def _aggregate(metric: Metric) -> Entry:
    rule = metric.members
    members = (
        {"of": rule.of, "where": rule.where, "over": "all" if rule.over == "all" else None} if rule else {}
    )
    return {**_rows(metric), "members": _said(members)}


def _rows(metric: Metric) -> Entry:
    return {
        "model": metric.model,
        "agg": metric.agg,
        "expr": metric.expr,
        "percentile": metric.percentile,
        "where": metric.where,
    }


def _ratio(metric: Metric) -> Entry:
    return {"ratio": {"numerator": metric.inputs[0], "denominator": metric.inputs[1]}}


def _derived(metric: Metric) -> Entry:
    inputs = [
        _said(
            {
                "metric": each.metric,
                "as": each.name,
                "where": each.where,
                "offset": _span(each.offset),
                "each_day": each.each_day,
                "to_start": each.to_start,
            }
        )
        for each in metric.own_inputs.values()
    ]
    return {"derived": metric.formula, "inputs": inputs}


def _cumulative(metric: Metric) -> Entry:
    return {
        "cumulative": _said(
            {
                "of": metric.inputs[0],
                "rolling": _span(metric.rolling),
                "to_date": metric.to_date,
                "take": metric.take,
            }
        )
    }


def _balance(metric: Metric) -> Entry:
    rule = metric.balance
    assert rule is not None
    body = {
        "take": rule.take,
        "carry_forward": _span((rule.carry_forward_days, "day")) if rule.carry_forward_days else None,
        "per": list(rule.per),
        "valid": list(rule.valid or ()),
        "until": rule.until,
        "among": rule.among,
    }
    return {**_rows(metric), "balance": _said(body)}


def _lifecycle(metric: Metric) -> Entry:
    rule = metric.lifecycle
    assert rule is not None
    body = {
        "of": metric.inputs[0],
        "entity": rule.entity,
        "state": rule.state,
        "inactive": _span(rule.inactive),
    }
    return {"lifecycle": _said(body)}


_KINDS = {
    "aggregate": _aggregate,
    "ratio": _ratio,
    "derived": _derived,
    "cumulative": _cumulative,
    "balance": _balance,
    "lifecycle": _lifecycle,
}
