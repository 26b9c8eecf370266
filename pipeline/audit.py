"""Audit the tables about to be published with Great Expectations, by checks that the contracts and dbt declare.

The rules judged every row before it was masked; this asks the stored tables again, with other code: those
rules that survive masking, keys, tokens where a token must be, and dbt's column tests. Results hold counts of
checks only, never a value of a row.
Refuses the publish when a check that rejects fails.
Layer: pipeline. Imports core, contracts, rules and Great Expectations (late: it takes seconds).
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datatrust.core.errors import OutcomeError
from datatrust.core.masking import MaskingPolicy, token_pattern
from datatrust.core.release import Quality
from pipeline.contracts.model import ColumnSpec, Rule, Severity, SourceSpec
from pipeline.gold import ColumnTest
from pipeline.rules import rule_kinds
from pipeline.rules.range import BOUNDS, parse_bound

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

KEPT_ROWS = 2_000_000  # up to these a table's checked columns are kept in memory: GX asks two or three times


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing to ask of one table. `kind` names the expectation in `EXPECTATIONS`."""

    table: str
    kind: str
    columns: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "reject"
    rule: Rule | None = None  # of a "holds" check: the rule whose expression is asked again

    @property
    def name(self) -> str:
        return f"{self.table}: {self.rule.id if self.rule else self.kind} ({', '.join(self.columns)})"


class Auditor:
    """Runs checks; Great Expectations is imported beside the work that comes before."""

    def __init__(self) -> None:
        self._reading = threading.Thread(target=_import_expectations, name="import-gx", daemon=True)
        self._reading.start()

    def run(
        self,
        spark: SparkSession,
        checks: Sequence[Check],
        specs: Sequence[SourceSpec],
        *,
        rows: Mapping[str, int | None],
        today: dt.date,
        advance: Callable[[str], None] = lambda _: None,
    ) -> Quality:
        """Ask every check of the tables as they stand; `rows` says how many each has.

        Raises:
            OutcomeError: checks that reject have failed; names them with the number of tables and checks.
        """
        self._reading.join()
        by_table: dict[str, list[Check]] = {}
        for check in checks:
            by_table.setdefault(check.table, []).append(check)
        specs_by_table = {spec.silver_table: spec for spec in specs}
        source = _new_source()
        failed: list[Check] = []
        for table, mine in by_table.items():
            if not rows.get(table):  # nothing to ask of no rows but how many there are
                mine = [check for check in mine if check.kind == "row_count"]
            frame, columns = _prepared(spark.table(table), mine, specs_by_table.get(table), today)
            if keep := (rows.get(table) or 0) <= KEPT_ROWS:
                frame.persist()
            failed += _audit_table(source, frame, table, mine, columns)
            if keep:
                frame.unpersist()
            advance(table)
        rejecting = [check for check in failed if check.severity == "reject"]
        if rejecting:
            listed = "\n  ".join(check.name for check in rejecting)
            raise OutcomeError(
                f"the audit refused the release: {len(rejecting)} of {len(checks)} checks failed\n  {listed}\n"
                "  the last release still serves"
            )
        return Quality(
            status="passed_with_warnings" if failed else "passed",
            checks=len(checks),
            warnings=len(failed),
            details=tuple({"check": check.name, "status": "warning"} for check in failed),
        )


def plan_checks(
    specs: Sequence[SourceSpec],
    policy: MaskingPolicy,
    tests: Iterable[ColumnTest],
    *,
    today: dt.date,
    key_id: str,
) -> tuple[Check, ...]:
    """Return what to ask: of each silver table what its contract says, of each gold table what dbt says.

    `key_id` names the key of this run: a token of another one would join with nothing.
    """
    planned = [check for spec in specs for check in _silver_checks(spec, policy, today, key_id)]
    planned += [_gold_check(test) for test in tests]
    return tuple(planned)


def _silver_checks(spec: SourceSpec, policy: MaskingPolicy, today: dt.date, key_id: str) -> Iterator[Check]:
    dropped = {c.name for c in spec.pii_columns if policy.classes[c.pii_class or ""].action == "drop"}
    if spec.key and not dropped.intersection(spec.key):
        yield Check(table=spec.silver_table, kind="unique", columns=spec.key)
    for column in spec.columns:
        if column.unique and (column.name,) != spec.key and column.name not in dropped:
            yield Check(table=spec.silver_table, kind="unique", columns=(column.name,))
        if column.is_pii and policy.classes[column.pii_class or ""].action == "token":
            yield Check(
                table=spec.silver_table,
                kind="token",
                columns=(column.name,),
                arguments={"regex": token_pattern(key_id)},
            )
    masked = {column.name for column in spec.pii_columns}
    for rule in spec.rules:
        check = _rule_check(spec, rule, today)
        if check is None or dropped.intersection(rule.columns):
            continue
        if check.kind == "required" or not masked.intersection(rule.columns):
            yield check
    for bound in spec.row_counts:
        yield Check(
            table=spec.silver_table,
            kind="row_count",
            arguments={"min_value": bound.minimum, "max_value": bound.maximum},
            severity=bound.severity,
        )


def _rule_check(spec: SourceSpec, rule: Rule, today: dt.date) -> Check | None:
    """Return the rule as a check of typed rows; None where the column's type already says it."""
    if rule.kind in ("type", "scale", "reference"):
        return None
    arguments = _translated(rule, spec.column(rule.columns[0]) if rule.columns else None, today)
    kind = rule.kind if arguments is not None else "holds"
    return Check(
        table=spec.silver_table,
        kind=kind,
        columns=rule.columns,
        arguments=arguments or {},
        severity=rule.severity,
        rule=rule,
    )


def _translated(rule: Rule, column: ColumnSpec | None, today: dt.date) -> Mapping[str, Any] | None:
    """Return a rule's arguments in Great Expectations' words; None where it has no words for it."""
    if column is None:
        return None
    is_text = column.type.kind == "string"
    given = rule.arguments
    if rule.kind == "required":
        return {}
    if rule.kind == "value_set" and is_text:
        return {"value_set": [str(value) for value in given["validValues"]]}
    if rule.kind == "pattern" and is_text:
        return {"regex": given["pattern"]}
    if rule.kind == "length" and is_text:
        return {"min_value": given.get("minLength"), "max_value": given.get("maxLength")}
    if rule.kind == "range" and column.type.kind in ("integer", "decimal"):
        bounds = {name: float(parse_bound(given[name], column, today)) for name in BOUNDS if name in given}  # type: ignore[arg-type]
        low, high = bounds.get("minimum"), bounds.get("maximum")
        above, below = bounds.get("exclusiveMinimum"), bounds.get("exclusiveMaximum")
        if (low is not None and above is not None) or (high is not None and below is not None):
            return None
        return {
            "min_value": low if above is None else above,
            "max_value": high if below is None else below,
            "strict_min": above is not None,
            "strict_max": below is not None,
        }
    return None


def _gold_check(test: ColumnTest) -> Check:
    kinds = {"not_null": "required", "accepted_values": "value_set"}  # every other one asks for uniqueness
    kind = kinds.get(test.kind, "unique")
    return Check(
        table=test.table,
        kind=kind,
        columns=test.columns,
        arguments={"value_set": list(test.values)} if kind == "value_set" else {},
        severity="warn" if test.warns else "reject",
    )


class _TypedRow:
    """A silver row as a rule's expression sees it: everything is typed already, and every parent was found."""

    def __init__(self, spec: SourceSpec, today: dt.date) -> None:
        self._spec = spec
        self.today = today

    def spec(self, name: str) -> ColumnSpec:
        return self._spec.column(name)

    def text(self, name: str) -> Column:
        return self.value(name).cast("string")

    def value(self, name: str) -> Column:
        from pyspark.sql import functions as F  # noqa: N812

        return F.col(name)

    def is_readable(self, name: str) -> Column:
        from pyspark.sql import functions as F  # noqa: N812

        return F.lit(True)

    def has_parent(self, rule_id: str) -> Column:
        from pyspark.sql import functions as F  # noqa: N812

        return F.lit(True)


def _audit_table(
    source: Any, frame: DataFrame, table: str, checks: Sequence[Check], columns: Sequence[tuple[str, ...]]
) -> list[Check]:
    """Return the checks of one table that failed; a check that cannot be computed has failed."""
    import great_expectations as gx

    batch = (
        source.add_dataframe_asset(table)
        .add_batch_definition_whole_dataframe("whole")
        .get_batch(batch_parameters={"dataframe": frame})
    )
    expectations = []
    for number, check in enumerate(checks):
        expectation = EXPECTATIONS[check.kind](columns[number], check.arguments)
        expectation.meta = {"check": number}
        expectations.append(expectation)
    suite = gx.ExpectationSuite(name=table, expectations=expectations)
    outcome = batch.validate(suite, result_format="BOOLEAN_ONLY")
    passed = {r.expectation_config.meta["check"] for r in outcome.results if r.success}
    return [check for number, check in enumerate(checks) if number not in passed]


def _prepared(
    frame: DataFrame, checks: Sequence[Check], spec: SourceSpec | None, today: dt.date
) -> tuple[DataFrame, list[tuple[str, ...]]]:
    """Return the frame with the columns that the checks need and no others, and each check's columns in it.

    A rule that is asked again as an expression and a key of several columns get a column of their own.
    """
    from pyspark.sql import functions as F  # noqa: N812

    wanted: dict[str, Column] = {}
    columns: list[tuple[str, ...]] = []
    for number, check in enumerate(checks):
        mine = check.columns
        if check.kind == "holds" and check.rule is not None and spec is not None:
            mine = (f"_check_{number}",)
            wanted[mine[0]] = ~rule_kinds()[check.rule.kind].breaks(check.rule, _TypedRow(spec, today))
        elif check.kind == "unique" and len(mine) > 1:
            mine = (f"_check_{number}",)
            wanted[mine[0]] = F.struct(*check.columns)
        else:
            wanted.update({name: F.col(name) for name in mine})
        columns.append(mine)
    if not wanted:
        return frame, columns
    return frame.select(*[column.alias(name) for name, column in wanted.items()]), columns


def _unique(columns: tuple[str, ...], arguments: Mapping[str, Any]) -> Any:
    """All values differ: the share of distinct ones is exactly 1, which needs no sorting as a window does."""
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnProportionOfUniqueValuesToBeBetween(column=columns[0], min_value=1, max_value=1)


def _required(columns: tuple[str, ...], arguments: Mapping[str, Any]) -> Any:
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnValuesToNotBeNull(column=columns[0])


def _value_set(columns: tuple[str, ...], arguments: Mapping[str, Any]) -> Any:
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnValuesToBeInSet(column=columns[0], **arguments)


def _pattern(columns: tuple[str, ...], arguments: Mapping[str, Any]) -> Any:
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnValuesToMatchRegex(column=columns[0], **arguments)


def _length(columns: tuple[str, ...], arguments: Mapping[str, Any]) -> Any:
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnValueLengthsToBeBetween(column=columns[0], **arguments)


def _range(columns: tuple[str, ...], arguments: Mapping[str, Any]) -> Any:
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnValuesToBeBetween(column=columns[0], **arguments)


def _row_count(columns: tuple[str, ...], arguments: Mapping[str, Any]) -> Any:
    import great_expectations.expectations as gxe

    return gxe.ExpectTableRowCountToBeBetween(**arguments)


def _holds(columns: tuple[str, ...], arguments: Mapping[str, Any]) -> Any:
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnValuesToBeInSet(column=columns[0], value_set=[True])


EXPECTATIONS: Mapping[str, Callable[[tuple[str, ...], Mapping[str, Any]], Any]] = {
    "unique": _unique,
    "required": _required,
    "value_set": _value_set,
    "pattern": _pattern,
    "token": _pattern,
    "length": _length,
    "range": _range,
    "row_count": _row_count,
    "holds": _holds,
}


def _import_expectations() -> None:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations.expectations  # noqa: F401


def _new_source() -> Any:
    """Return a Spark data source of a context that lives in memory only, quiet and without analytics."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logger = logging.getLogger("great_expectations")
    logger.propagate = False  # its modules set levels of their own; nothing of it belongs on the terminal
    logger.handlers = [logging.NullHandler()]
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context.data_sources.add_spark("release", persist=False)
