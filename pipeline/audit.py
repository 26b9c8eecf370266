"""Audit the tables about to be published by checks that the contracts and dbt declare, with other code than judged.

The rules judged every row before it was masked; this asks the stored tables again. What concerns single values is
a Great Expectations suite: the rules that survive masking, keys, tokens where a token must be, and dbt's column
tests. What concerns several rows or two tables (unique values, balanced entries, foreign keys) is asked of DuckDB
beside it. Results say which checks failed and never hold a value of a row.
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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datatrust.core.errors import OutcomeError
from datatrust.core.masking import MaskingPolicy, token_pattern
from datatrust.core.release import Quality
from pipeline.contracts.model import ColumnSpec, ForeignKey, Rule, Severity, SourceSpec
from pipeline.gold import ColumnTest
from pipeline.rules import rule_kinds
from pipeline.rules.base import Asked, GroupRule, RowRule
from pipeline.store import read
from pipeline.tables import query_tables, table_path

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

KEPT_ROWS = 2_000_000  # up to these a table's checked columns are kept in memory: GX asks two or three times
_IN_SET = "ExpectColumnValuesToBeInSet"
_NOT_NULL = "ExpectColumnValuesToNotBeNull"
_ROW_COUNT = "ExpectTableRowCountToBeBetween"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing to ask of one table: an expectation of Great Expectations, or a query that must find nothing.

    An expectation is about `columns` as they stand (several count as one value), about the result of `condition`,
    or, where neither can say it, about the expression of `rule`.
    """

    table: str
    says: str  # the rule's id, or what is asked in a word
    columns: tuple[str, ...] = ()
    expectation: str = ""  # a class of great_expectations.expectations
    arguments: Mapping[str, Any] = field(default_factory=dict)
    condition: str | None = None  # Spark SQL
    of_text: bool = False  # about the raw text, which stored rows have no more
    query: str | None = None  # DuckDB's SQL over `stored`, this table, and those in `others`
    others: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = "reject"
    rule: Rule | None = None

    @property
    def name(self) -> str:
        return f"{self.table}: {self.says} ({', '.join(self.columns)})"


@dataclass(frozen=True, kw_only=True)
class CheckOutcome:
    """A check and whether it held; one that could not be computed did not."""

    check: Check
    passed: bool


class Auditor:
    """Runs checks; Great Expectations is imported beside the work that comes before."""

    def __init__(self) -> None:
        self._reading = threading.Thread(target=_import_expectations, name="import-gx", daemon=True)
        self._reading.start()

    def run(
        self,
        spark: SparkSession,
        warehouse: Path,
        checks: Sequence[Check],
        specs: Sequence[SourceSpec],
        *,
        rows: Mapping[str, int | None],
        today: dt.date,
        advance: Callable[[str], None] = lambda _: None,
    ) -> tuple[CheckOutcome, ...]:
        """Ask every check of the tables as they stand; `rows` says how many each has."""
        self._reading.join()
        by_table: dict[str, list[Check]] = {}
        for check in checks:
            by_table.setdefault(check.table, []).append(check)
        specs_by_table = {spec.silver_table: spec for spec in specs}
        source = new_source()
        outcomes: list[CheckOutcome] = []
        for table, mine in by_table.items():
            outcomes += [_outcome_of_query(warehouse, check) for check in mine if check.query is not None]
            asked = [check for check in mine if check.query is None]
            if not rows.get(table):  # nothing to ask of no rows but how many there are
                empty = [check for check in asked if check.expectation != _ROW_COUNT]
                outcomes += [CheckOutcome(check=check, passed=True) for check in empty]
                asked = [check for check in asked if check.expectation == _ROW_COUNT]
            if asked:
                frame, columns = _prepared(
                    read(spark, warehouse, table), asked, specs_by_table.get(table), today
                )
                if keep := (rows.get(table) or 0) <= KEPT_ROWS:
                    frame.persist()
                outcomes += _audit_table(source, frame, table, asked, columns)
                if keep:
                    frame.unpersist()
            advance(table)
        return tuple(outcomes)


def judge_outcomes(outcomes: Sequence[CheckOutcome]) -> Quality:
    """Return what the release says of its audit.

    Raises:
        OutcomeError: checks that reject have failed; names them with the number of tables and checks.
    """
    failed = [outcome.check for outcome in outcomes if not outcome.passed]
    rejecting = [check for check in failed if check.severity == "reject"]
    if rejecting:
        listed = "\n  ".join(check.name for check in rejecting)
        raise OutcomeError(
            f"the audit refused the release: {len(rejecting)} of {len(outcomes)} checks failed\n  {listed}\n"
            "  the last release still serves"
        )
    return Quality(
        status="passed_with_warnings" if failed else "passed",
        checks=len(outcomes),
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
    by_name = {spec.name: spec for spec in specs}
    planned = [check for spec in specs for check in _silver_checks(spec, by_name, policy, today, key_id)]
    planned += [_gold_check(test) for test in tests]
    return tuple(planned)


def rule_checks(spec: SourceSpec, rule: Rule, today: dt.date, *, stored: bool = True) -> Iterator[Check]:
    """Yield a row rule as checks of typed rows; of `stored` ones what their columns' types do not say already."""
    kind = rule_kinds()[rule.kind]
    assert isinstance(kind, RowRule)
    columns = {column.name: column for column in spec.columns}
    asked = kind.asked(rule, columns, today)
    for one in (Asked(expectation=_IN_SET, arguments={"value_set": [True]}),) if asked is None else asked:
        if one.of_text and stored:
            continue
        yield Check(
            table=spec.silver_table,
            says=rule.id,
            columns=rule.columns,
            expectation=one.expectation,
            arguments=one.arguments,
            condition=one.condition,
            of_text=one.of_text,
            severity=rule.severity,
            rule=rule if asked is None else None,
        )


def _silver_checks(
    spec: SourceSpec, specs: Mapping[str, SourceSpec], policy: MaskingPolicy, today: dt.date, key_id: str
) -> Iterator[Check]:
    actions = {c.name: policy.classes[c.pii_class or ""].action for c in spec.pii_columns}
    dropped = {name for name, action in actions.items() if action == "drop"}
    blurred = {name for name, action in actions.items() if action != "token"}  # equal values of unequal ones
    if spec.key and not dropped.intersection(spec.key):
        yield _unique_check(spec.silver_table, spec.silver_key)
    for name, action in actions.items():
        if action == "token":
            yield Check(
                table=spec.silver_table,
                says="token",
                columns=(name,),
                expectation="ExpectColumnValuesToMatchRegex",
                arguments={"regex": token_pattern(key_id)},
            )
    for rule in spec.rules:
        kind = rule_kinds()[rule.kind]
        if isinstance(kind, GroupRule) and not blurred.intersection(rule.columns):
            yield Check(
                table=spec.silver_table,
                says=rule.id,
                columns=rule.columns,
                query=kind.failing(rule, spec),
                severity=rule.severity,
            )
        if not isinstance(kind, RowRule) or dropped.intersection(rule.columns):
            continue
        if rule.kind == "required" or not actions.keys() & set(rule.columns):
            yield from rule_checks(spec, rule, today)
    for fk in spec.foreign_keys:
        if fk.parent in specs and not blurred.intersection(fk.columns):
            yield _reference_check(spec, specs[fk.parent], fk)
    for bound in spec.row_counts:
        yield Check(
            table=spec.silver_table,
            says="row_count",
            expectation=_ROW_COUNT,
            arguments={"min_value": bound.minimum, "max_value": bound.maximum},
            severity=bound.severity,
        )


def _unique_check(table: str, columns: tuple[str, ...], severity: Severity = "reject") -> Check:
    """All values differ: the share of distinct ones is exactly 1, which needs no sorting as a window does."""
    return Check(
        table=table,
        says="unique",
        columns=columns,
        expectation="ExpectColumnProportionOfUniqueValuesToBeBetween",
        arguments={"min_value": 1, "max_value": 1},
        severity=severity,
    )


def _reference_check(spec: SourceSpec, parent: SourceSpec, fk: ForeignKey) -> Check:
    """Every value that is there stands in the parent; masked keys are compared masked."""
    present = " and ".join(f'stored."{name}" is not null' for name in fk.columns)
    same = " and ".join(
        f'stored."{name}" = parent."{theirs}"'
        for name, theirs in zip(fk.columns, fk.parent_columns, strict=True)
    )
    return Check(
        table=spec.silver_table,
        says=fk.rule.id,
        columns=fk.columns,
        query=f"select * from stored where {present} and not exists (select 1 from parent where {same})",
        others={"parent": parent.silver_table},
        severity=fk.rule.severity,
    )


def _gold_check(test: ColumnTest) -> Check:
    severity: Severity = "warn" if test.warns else "reject"
    if test.kind not in ("not_null", "accepted_values"):  # every other one asks for uniqueness
        return _unique_check(test.table, test.columns, severity)
    return Check(
        table=test.table,
        says=test.kind,
        columns=test.columns,
        expectation=_NOT_NULL if test.kind == "not_null" else _IN_SET,
        arguments={} if test.kind == "not_null" else {"value_set": list(test.values)},
        severity=severity,
    )


def _outcome_of_query(warehouse: Path, check: Check) -> CheckOutcome:
    tables = {name: warehouse / table_path(table) for name, table in check.others.items()}
    tables["stored"] = warehouse / table_path(check.table)
    found = query_tables(f"select count(*) as failing from ({check.query}) as found", tables)
    return CheckOutcome(check=check, passed=found[0]["failing"] == 0)


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
    source: Any, frame: DataFrame, table: str, checks: Sequence[Check], columns: Sequence[str | None]
) -> list[CheckOutcome]:
    """Ask the checks of one table; what a row holds never comes back."""
    import great_expectations as gx

    batch = (
        source.add_dataframe_asset(table)
        .add_batch_definition_whole_dataframe("whole")
        .get_batch(batch_parameters={"dataframe": frame})
    )
    suite = gx.ExpectationSuite(name=table, expectations=to_expectations(checks, columns))
    outcome = batch.validate(suite, result_format="BOOLEAN_ONLY")
    passed = {r.expectation_config.meta["check"] for r in outcome.results if r.success}
    return [CheckOutcome(check=check, passed=number in passed) for number, check in enumerate(checks)]


def to_expectations(checks: Sequence[Check], columns: Sequence[str | None]) -> list[Any]:
    """Return the checks as expectations about `columns` (None: about the table); `meta` has their number."""
    import great_expectations.expectations as gxe

    found = []
    for number, (check, column) in enumerate(zip(checks, columns, strict=True)):
        about = {} if column is None else {"column": column}
        expectation = getattr(gxe, check.expectation)(**about, **check.arguments)
        expectation.meta = {"check": number}
        found.append(expectation)
    return found


def _prepared(
    frame: DataFrame, checks: Sequence[Check], spec: SourceSpec | None, today: dt.date
) -> tuple[DataFrame, list[str | None]]:
    """Return the frame with the columns that the checks need and no others, and each check's column in it."""
    wanted: dict[str, Column] = {}
    columns: list[str | None] = []
    for number, check in enumerate(checks):
        name, asked = subject_of(check, number, spec, today)
        columns.append(name)
        if name is not None and asked is not None:
            wanted[name] = asked
    if not wanted:
        return frame, columns
    return frame.select(*[column.alias(name) for name, column in wanted.items()]), columns


def subject_of(
    check: Check, number: int, spec: SourceSpec | None, today: dt.date
) -> tuple[str | None, Column | None]:
    """Return the column that a check is about: as it stands, or computed under a name of its own."""
    from pyspark.sql import functions as F  # noqa: N812

    computed = f"_check_{number}"
    if check.condition is not None:
        return computed, F.expr(check.condition)
    if check.rule is not None and spec is not None:
        kind = rule_kinds()[check.rule.kind]
        assert isinstance(kind, RowRule)
        return computed, ~kind.breaks(check.rule, _TypedRow(spec, today))
    if len(check.columns) > 1:
        return computed, F.struct(*check.columns)
    return (check.columns[0], F.col(check.columns[0])) if check.columns else (None, None)


def _import_expectations() -> None:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations.expectations  # noqa: F401


def new_source() -> Any:
    """Return a Spark data source of a context that lives in memory only, quiet and without analytics."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logger = logging.getLogger("great_expectations")
    logger.propagate = False  # its modules set levels of their own; nothing of it belongs on the terminal
    logger.handlers = [logging.NullHandler()]
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context.data_sources.add_spark("release", persist=False)
