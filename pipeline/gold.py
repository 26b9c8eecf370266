"""Build gold with dbt, inside this process, on the session that is already open.

Which tables there are is the dbt project's business; this knows only how to run one: profile and output
folders are temporary, nothing is sent anywhere. Tests that need the database as a whole (relations, singular
tests) run here; simple column tests are handed to the audit, which checks many in one pass.
Refuses models that are not Delta tables under the warehouse's gold folder.
Layer: pipeline. Imports core, names, dbt (late: it takes seconds). Knows no table by name.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datatrust.core.errors import OutcomeError, UserError
from datatrust.core.issues import Issue, SourcePosition
from datatrust.core.settings import Project
from datatrust.core.yaml import load_yaml

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMA = "gold"
THREADS = 2
_OF_DELTA = re.compile(
    r"\b(version|timestamp)\s+as\s+of\b|@v\d|\bdescribe\s+(history|detail)\b|\btable_changes\b|\bdelta\s*\.",
    re.IGNORECASE,
)
AUDITED_TESTS = ("unique", "not_null", "accepted_values", "unique_together")


@dataclass(frozen=True, kw_only=True)
class ColumnTest:
    """A simple test of a dbt project: `kind` is one of `AUDITED_TESTS`; most ask one column."""

    table: str
    kind: str
    columns: tuple[str, ...]
    values: tuple[str, ...] = ()
    warns: bool = False  # a failure is told, and does not stop the publish


@dataclass(frozen=True, kw_only=True)
class ModelText:
    """What a model says of itself: descriptions, and the SQL that dbt made of it."""

    sql: str
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)  # column -> its description


@dataclass(frozen=True, kw_only=True)
class GoldResult:
    """What dbt built, and what it knows about it."""

    tables: tuple[str, ...]  # "gold.fct_sales", in the order they were built
    seconds: Mapping[str, float]  # by table
    lineage: Mapping[str, tuple[str, ...]]  # table -> silver tables it is made of
    column_tests: tuple[ColumnTest, ...]
    texts: Mapping[str, ModelText]  # by table
    tests: int  # tests that dbt itself ran
    warnings: tuple[str, ...] = ()  # names of tests that only warn and failed


class GoldBuilder:
    """Runs one project's dbt folder; the parsed project is kept for the next delivery of the same run."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._work = project.state / "dbt"
        self._manifest: Any = None
        self._reading = threading.Thread(target=_import_dbt, name="import-dbt", daemon=True)
        self._reading.start()

    def build(
        self,
        spark: SparkSession,
        *,
        since_sequence: int,
        full_refresh: bool,
        advance: Callable[[str], None] = lambda _: None,
    ) -> GoldResult:
        """Build every model and run the tests.

        Silver is only read, and so is a gold table once it is built: their names mean plain files then, unless
        something in the dbt project asks for what only Delta knows.

        Args:
            spark: the open session, in which dbt works too.
            since_sequence: the highest file sequence that the current release holds; incremental models may
                restrict themselves to newer rows (`var('since_sequence')`).
            full_refresh: rebuild incremental models from scratch.
            advance: called with the name of each table that is done.

        Raises:
            UserError: the dbt project cannot be read, or a model would not be a Delta table of the warehouse.
            OutcomeError: a model or a test failed.
        """
        common = self._prepare(since_sequence)
        if self._manifest is None:
            self._manifest = self._parse(common)
        refresh = ["--full-refresh"] if full_refresh else []
        left_out = [f"test_name:{kind}" for kind in AUDITED_TESTS]
        from pipeline.names import register_files, register_tables

        warehouse, plainly = self._project.warehouse, not _asks_of_delta(self._manifest)
        register_tables(spark, warehouse, plain={"silver"} if plainly else ())

        def is_built(model: str, table: str | None) -> None:
            if plainly and table is not None:
                register_files(spark, f"{SCHEMA}.{table}", warehouse / SCHEMA / table)
            advance(model)

        done = _runner(self._manifest, _model_reporter(is_built)).invoke(
            ["build", *common, *refresh, "--exclude", *left_out]
        )
        results = list(getattr(done.result, "results", ()) or ())
        if done.exception is not None and not results:
            raise self._unreadable(done.exception)
        _raise_failures(results)
        models = [r for r in results if r.node.resource_type == "model"]
        tests = [r for r in results if r.node.resource_type == "test"]
        return GoldResult(
            tables=tuple(_table_of(r.node) for r in models),
            seconds={_table_of(r.node): float(r.execution_time) for r in models},
            lineage=_lineage(self._manifest),
            column_tests=_column_tests(self._manifest),
            texts={_table_of(r.node): _text_of(r.node) for r in models},
            tests=len(tests),
            warnings=tuple(r.node.name for r in tests if str(r.status) == "warn"),
        )

    def table_count(self) -> int:
        """Return how many model files there are, for a progress bar."""
        return sum(1 for _ in self._project.dbt.rglob("models/**/*.sql"))

    def _prepare(self, since_sequence: int) -> list[str]:
        self._work.mkdir(parents=True, exist_ok=True)
        config = self._project.dbt / "dbt_project.yml"
        document = load_yaml(config, shown_as=self._project.shown(config))
        profile = (document.data or {}).get("profile") if isinstance(document.data, dict) else None
        if not isinstance(profile, str):
            raise UserError(
                Issue(
                    code="DT460",
                    message="a dbt project names its profile",
                    at=document.at("profile"),
                    hint="add the line: profile: datatrust",
                )
            )
        (self._work / "profiles.yml").write_text(
            f"{profile}:\n  target: run\n  outputs:\n    run: "
            f"{{type: spark, method: session, host: none, schema: {SCHEMA}, threads: {THREADS}}}\n",
            encoding="utf-8",
        )
        variables = f"{{warehouse: '{self._project.warehouse}', since_sequence: {since_sequence}}}"
        return [
            "--project-dir", str(self._project.dbt), "--profiles-dir", str(self._work),
            "--target-path", str(self._work / "target"), "--log-path", str(self._work),
            "--log-level", "none", "--log-level-file", "none", "--quiet", "--no-use-colors",
            "--no-send-anonymous-usage-stats", "--no-version-check", "--no-write-json",
            "--vars", variables,
        ]  # fmt: skip

    def _parse(self, common: list[str]) -> Any:
        self._reading.join()
        parsed = _runner(None, None).invoke(["parse", *common])
        if not parsed.success:
            raise self._unreadable(parsed.exception)
        issues = [
            issue for node in _models(parsed.result) for issue in _check_model(node, self._project.warehouse)
        ]
        if issues:
            raise UserError.all(issues)
        return parsed.result

    def _unreadable(self, error: BaseException | None) -> UserError:
        """Dbt's own message, without the frame it draws around it."""
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return UserError(
            Issue(
                code="DT461",
                message=f"the dbt project cannot be read: {' '.join(lines)[:600]}",
                at=SourcePosition(file=self._project.shown(self._project.dbt / "dbt_project.yml")),
            )
        )


def _import_dbt() -> None:
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "False"
    os.environ["DO_NOT_TRACK"] = "1"
    import dbt.cli.main  # noqa: F401


def _runner(manifest: Any, callback: Callable[[Any], None] | None) -> Any:
    from dbt.cli.main import dbtRunner

    return dbtRunner(manifest=manifest, callbacks=[callback] if callback else [])


def _model_reporter(tell: Callable[[str, str | None], None]) -> Callable[[Any], None]:
    """Tell of each model when it is done, before anything that reads it begins: its name and, where built, its table."""

    def report(event: Any) -> None:
        if event.info.name == "LogModelResult":
            info = event.data.node_info
            tell(str(info.node_name), None if event.data.status == "error" else str(info.node_relation.alias))

    return report


def _models(manifest: Any) -> list[Any]:
    return [n for n in manifest.nodes.values() if n.resource_type == "model" and n.config.enabled]


def _asks_of_delta(manifest: Any) -> bool:
    """Say whether a text of the project asks for versions or the log of a table, or has hooks that may write."""
    ours = manifest.metadata.project_name
    texts = [node.raw_code for node in manifest.nodes.values()]
    texts += [macro.macro_sql for macro in manifest.macros.values() if macro.package_name == ours]
    hooks = [
        hook for node in _models(manifest) for hook in (*node.config.pre_hook, *node.config.post_hook)
    ] + [node for node in manifest.nodes.values() if node.resource_type == "operation"]
    return bool(hooks) or any(_OF_DELTA.search(text) for text in texts)


def _table_of(node: Any) -> str:
    return f"{node.schema}.{node.alias}"


def _text_of(node: Any) -> ModelText:
    return ModelText(
        sql=node.compiled_code or "",
        description=" ".join(node.description.split()),
        columns={name: " ".join(c.description.split()) for name, c in node.columns.items() if c.description},
    )


def _check_model(node: Any, warehouse: Path) -> list[Issue]:
    """A release pins Delta tables under the warehouse: anything else would be lost or change under a reader."""
    if node.config.materialized == "ephemeral":
        return []
    at = SourcePosition(file=node.original_file_path)
    root = str(node.config.get("location_root") or "")
    issues = []
    if node.config.materialized not in ("table", "incremental") or node.config.get("file_format") != "delta":
        issues.append(
            Issue(
                code="DT462",
                message=f"model {node.name} must be a Delta table: table or incremental, file_format delta",
                at=at,
                hint="set +materialized and +file_format in dbt_project.yml",
            )
        )
    if node.schema != SCHEMA or Path(root) != warehouse / SCHEMA:
        issues.append(
            Issue(
                code="DT463",
                message=f"model {node.name} must lie in the warehouse's gold folder",
                at=at,
                hint="in dbt_project.yml: +location_root: \"{{ var('warehouse') }}/gold\", and no +schema",
            )
        )
    return issues


def _raise_failures(results: list[Any]) -> None:
    failed = []
    for result in results:
        status = str(result.status)
        if status == "error":
            failed.append(f"{_table_of(result.node)}: {_first_words(result.message)}")
        elif status == "fail":
            failed.append(f"test {result.node.name}: {result.failures} rows fail")
    if failed:
        raise OutcomeError("gold could not be built:\n  " + "\n  ".join(failed))


def _first_words(message: str | None) -> str:
    """Return what went wrong, without the plan, the trace or a quoted value."""
    lines = [line.strip() for line in (message or "").splitlines() if line.strip()]
    telling = next((line for line in lines if line.startswith("[")), None) or (
        lines[-1] if lines else "failed"
    )
    return re.sub(r"'[^']*'", "'…'", telling.split(" SQLSTATE")[0])[:300]


def _lineage(manifest: Any) -> dict[str, tuple[str, ...]]:
    """Return for each model the sources at the end of every path that leads to it."""
    found: dict[str, frozenset[str]] = {}

    def sources_of(unique_id: str) -> frozenset[str]:
        if unique_id in manifest.sources:
            source = manifest.sources[unique_id]
            return frozenset({f"{source.schema}.{source.identifier}"})
        if unique_id not in found:
            found[unique_id] = frozenset()
            node = manifest.nodes[unique_id]
            found[unique_id] = frozenset().union(*(sources_of(up) for up in node.depends_on.nodes))
        return found[unique_id]

    return {_table_of(node): tuple(sorted(sources_of(node.unique_id))) for node in _models(manifest)}


def _column_tests(manifest: Any) -> tuple[ColumnTest, ...]:
    tests = []
    for node in manifest.nodes.values():
        meta = getattr(node, "test_metadata", None)
        attached = manifest.nodes.get(getattr(node, "attached_node", None) or "")
        if meta is None or attached is None or meta.name not in AUDITED_TESTS or not node.config.enabled:
            continue
        tests.append(
            ColumnTest(
                table=_table_of(attached),
                kind=meta.name,
                columns=_columns_of(meta.kwargs),
                values=tuple(str(value) for value in meta.kwargs.get("values", ())),
                warns=str(node.config.severity).lower() == "warn",
            )
        )
    return tuple(sorted(tests, key=lambda test: (test.table, test.kind, test.columns)))


def _columns_of(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    if "columns" in arguments:
        return tuple(str(name) for name in arguments["columns"])
    return (str(arguments["column_name"]),)
