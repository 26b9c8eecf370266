"""Open the one Spark session of this process, with Delta, from local files only.

The catalog is in memory: every Delta table found under the warehouse is registered when the session opens,
so that no metastore can lock or go stale. Java's own words go to a log file, never to the terminal.
Layer: pipeline. Imports core.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException, PySparkRuntimeError
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from datatrust.core.jars import ensure_jars
from datatrust.core.java import find_java, why_java_failed
from datatrust.core.settings import Project
from datatrust.core.spark_settings import set_environment, spark_settings
from pipeline.lock import is_running
from pipeline.store import restricted_zone
from pipeline.tables import find_tables, split_name

SMALL_BYTES = 64_000_000  # raw bytes below which a run is over before Java's second compiler pays
MANY_DELIVERIES = 40  # from here on the second compiler pays, however small the files
TINY_BYTES = 4_000_000  # below these Spark's generated code costs more to compile than it saves
_INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}

_session: SparkSession | None = None


def open_session(
    project: Project, *, input_bytes: int | None = None, deliveries: int = 1, inherit: Sequence[int] = ()
) -> SparkSession:
    """Return the Spark session of this process, started on the first call; the project's tables are registered.

    Args:
        project: whose warehouse, logs and engine settings count. A second project in the same process gets
            the same session with its own tables registered in place of the first one's.
        input_bytes: how much raw data is about to be read; a small run is tuned for a quick start.
        deliveries: how many it will take one after the other; many are worth compiling Java's code well.
        inherit: file descriptors that the Java process keeps open, so that a lock outlives a killed Python.

    Raises:
        UserError: no usable Java, or the Delta archives are missing and cannot be fetched.
    """
    global _session
    if _session is None or _session.sparkContext._jsc is None:
        _session = _start(project, input_bytes=input_bytes, deliveries=deliveries, inherit=inherit)
    register_tables(_session, project.warehouse)
    return _session


def close_session() -> None:
    """Stop the session, if there is one."""
    global _session
    if _session is not None:
        _session.stop()
        _session = None


def register_tables(spark: SparkSession, warehouse: Path) -> None:
    """Make the in-memory catalog name exactly the Delta tables that lie under `warehouse`."""
    catalog = spark._jsparkSession.sessionState().catalog()  # SQL statements would cost a plan each
    found = find_tables(warehouse)
    schemas = {split_name(name)[0] for name in found} | {"bronze", "silver", "gold", "ops", "restricted"}
    known = {str(name) for name in _items(catalog.listDatabases())} - {"default"}
    for schema in sorted(schemas - known):
        spark.sql(f"create database if not exists `{schema}`")
    placed = {name: folder for schema in known for name, folder in _placed(catalog, schema).items()}
    for name, folder in placed.items():
        if found.get(name) != folder:
            schema, table = split_name(name)
            spark.sql(f"drop table if exists `{schema}`.`{table}`")
    for name, folder in found.items():
        if placed.get(name) != folder:
            register_table(spark, name, folder)


def register_table(spark: SparkSession, name: str, folder: Path) -> None:
    """Let `name` ("gold.fct_sales") mean the Delta table in `folder`."""
    schema, table = split_name(name)
    spark.sql(f"create table if not exists `{schema}`.`{table}` using delta location '{_quoted(folder)}'")


def _placed(catalog: Any, schema: str) -> dict[str, Path | None]:
    """Return the tables that the catalog knows in `schema`, each with its folder; None where it has none."""
    tables = [each for each in _items(catalog.listTables(schema)) if each.database().isDefined()]
    return {f"{schema}.{each.table()}": _location(catalog, each) for each in tables}


def _location(catalog: Any, identifier: Any) -> Path | None:
    try:
        return Path(catalog.getTableMetadata(identifier).location().getPath())
    except (Py4JJavaError, PySparkException):
        return None  # a view lies nowhere


def _items(sequence: Any) -> list[Any]:
    return [sequence.apply(place) for place in range(sequence.size())]


def _start(
    project: Project, *, input_bytes: int | None, deliveries: int, inherit: Sequence[int]
) -> SparkSession:
    java = find_java()
    jars = ensure_jars()
    set_environment(java)
    project.logs.mkdir(parents=True, exist_ok=True)
    conf = SparkConf(loadDefaults=False)
    for key, value in _settings(project, jars, input_bytes=input_bytes, deliveries=deliveries).items():
        conf.set(key, value)
    with (project.logs / "spark.log").open("ab") as log:
        try:
            gateway = launch_gateway(
                conf, popen_kwargs={"stdout": log, "stderr": log, "pass_fds": tuple(inherit)}
            )
        except PySparkRuntimeError:
            raise why_java_failed(java) from None
    context = SparkContext(conf=conf, gateway=gateway)
    return SparkSession(context)


def _settings(
    project: Project, jars: Sequence[Path], *, input_bytes: int | None, deliveries: int
) -> dict[str, str]:
    """Return every Spark setting; the project's `engine.spark` has the last word."""
    small = input_bytes is not None and input_bytes < SMALL_BYTES
    cores = str(max(2, min(os.cpu_count() or 2, 16)))
    java_options = [
        "-XX:ReservedCodeCacheSize=256m",  # one level of compilation reserves 48 MB only, which a run fills
        "-XX:MetaspaceSize=256m",  # else growing to what Spark needs costs several full collections
        "-Djdk.lang.Process.launchMechanism=VFORK",  # Hadoop starts a chmod for each file it writes
        "-XX:+UseSerialGC" if small else "-XX:+UseParallelGC",
    ]
    if small and deliveries < MANY_DELIVERIES:
        java_options.append("-XX:TieredStopAtLevel=1")
    return {
        **spark_settings(
            archives=jars,
            master=project.config.engine.master,
            name=project.name,
            log=project.logs / "spark.log",
            scratch=_scratch_folder(project),
            memory="2g",
            java_options=java_options,
        ),
        "spark.sql.shuffle.partitions": cores,
        "spark.default.parallelism": cores,
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": cores,
        "spark.sql.adaptive.enabled": "false" if small else "true",
        **(_INTERPRETED if input_bytes is not None and input_bytes < TINY_BYTES else {}),
        # Commits by write and rename. Safe for one writer, which the run's lock makes sure of; the default one
        # starts several more processes a commit.
        "spark.delta.logStore.file.impl": "io.delta.storage.LocalLogStore",
        "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",
        "spark.databricks.delta.properties.defaults.columnMapping.mode": "none",
        "spark.databricks.delta.properties.defaults.enableTypeWidening": "false",
        "spark.databricks.delta.properties.defaults.isolationLevel": "Serializable",
        # Delta forgets versions after 30 days otherwise; `maintain` forgets what no release needs.
        "spark.databricks.delta.properties.defaults.enableExpiredLogCleanup": "false",
        "spark.databricks.delta.schema.autoMerge.enabled": "false",
        **project.config.engine.spark,
    }


def _scratch_folder(project: Project) -> Path:
    """Return a folder for this process alone; those of processes that are gone are removed.

    It lies in the restricted zone: what Spark spills and shuffles are raw rows, not yet masked.
    """
    base = restricted_zone(project.warehouse) / "scratch"
    base.mkdir(exist_ok=True)
    for old in base.iterdir():
        if not (old.name.isdigit() and is_running(int(old.name))):
            shutil.rmtree(old, ignore_errors=True)
    scratch = base / str(os.getpid())
    scratch.mkdir(exist_ok=True)
    return scratch


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace("'", "\\'")
