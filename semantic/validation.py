"""The rules that a catalog must keep, one function each, listed here; every issue is found at once.

Layer: semantic. Pure, over the catalog's types; `check_columns` is told what the tables have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from datatrust.core.issues import Issue
from semantic.model import Catalog
from semantic.rules import columns, inputs, lint, members, metrics, models

Rule = Callable[[Catalog], Iterator[Issue]]

RULES: tuple[Rule, ...] = (
    models.check_names,
    models.check_expressions_read,
    models.check_paths,
    models.check_joins,
    models.check_bridge_tables,
    models.check_versions,
    models.check_via,
    models.check_model_time,
    models.check_parents,
    models.check_dimension_cycles,
    models.check_segment_names,
    models.check_timezone,
    metrics.check_metric_models,
    metrics.check_metric_inputs,
    metrics.check_metric_cycles,
    inputs.check_input_names,
    inputs.check_input_conditions,
    inputs.check_input_offsets,
    members.check_members,
    metrics.check_metric_time,
    metrics.check_plan,
    metrics.check_bridges,
    metrics.check_units,
    metrics.check_currency,
    metrics.check_entities,
    metrics.check_lifecycles,
    metrics.check_takes,
    metrics.check_identities,
)

WARNINGS: tuple[Rule, ...] = (
    lint.warn_description,
    lint.warn_owner,
    lint.warn_on_zero,
    lint.warn_shared_words,
    lint.warn_shared_values,
    lint.warn_key,
    lint.warn_currency,
    lint.warn_certified,
    lint.warn_unbound,
    lint.warn_deprecated,
)


def check_catalog(catalog: Catalog) -> list[Issue]:
    """Return everything that must be put right before the catalog can be used."""
    return [issue for rule in RULES for issue in rule(catalog)]


def lint_catalog(catalog: Catalog) -> list[Issue]:
    """Return what a loaded catalog should do better; none of it stops a query."""
    return [issue for rule in WARNINGS for issue in rule(catalog)]


def check_columns(catalog: Catalog, tables: Mapping[str, Iterable[str]]) -> list[Issue]:
    """Return the tables and columns that a loaded catalog names and the data does not have.

    Args:
        catalog: a loaded catalog.
        tables: table name -> its columns.
    """
    return list(columns.check_columns(catalog, tables))
