"""The metrics that may be asked for, as REST and MCP list them. Layer: chatbot."""

from __future__ import annotations

from typing import Any

from semantic.model import Catalog


def list_metrics(catalog: Catalog) -> list[dict[str, Any]]:
    """Return every metric with what it means."""
    return [
        {
            "name": metric.name, "label": metric.label, "description": metric.description,
            "synonyms": metric.synonyms, "unit": metric.unit, "currency": metric.currency,
            "owner": metric.owner, "certified": metric.certified_by is not None,
        }
        for metric in catalog.metrics.values()
    ]  # fmt: skip
