"""Open the one Spark session of this process, with Delta, from local files only.

The catalog is in memory, so that no metastore can lock or go stale: tables are read by their paths, or get their
names from `pipeline.names`. Java's own words go to a log file, never to the terminal.
Layer: pipeline. Imports core.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkRuntimeError
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from datatrust.core.jars import ensure_jars
from datatrust.core.java import find_java, why_java_failed
from datatrust.core.settings import Project
from datatrust.core.spark_settings import set_environment, spark_settings
from pipeline.lock import is_running
from pipeline.store import restricted_zone

SMALL_BYTES = 64_000_000  # raw bytes below which a run is over before Java's second compiler pays
MANY_DELIVERIES = 40  # from here on the second compiler pays, however small the files
TINY_BYTES = 4_000_000  # below these Spark's generated code costs more to compile than it saves
_INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}

_session: SparkSession | None = None


def open_session(
    project: Project, *, input_bytes: int | None = None, deliveries: int = 1, inherit: Sequence[int] = ()
) -> SparkSession:
    """Return the Spark session of this process, started on the first call.

    Args:
        project: whose scratch folder, logs and engine settings count; a second project in the same process gets
            the same session.
        input_bytes: how much raw data is about to be read; a small run is tuned for a quick start.
        deliveries: how many it will take one after the other; many are worth compiling Java's code well.
        inherit: file descriptors that the Java process keeps open, so that a lock outlives a killed Python.

    Raises:
        UserError: no usable Java, or the Delta archives are missing and cannot be fetched.
    """
    global _session
    if _session is None or _session.sparkContext._jsc is None:
        _session = _start(project, input_bytes=input_bytes, deliveries=deliveries, inherit=inherit)
    return _session


def close_session() -> None:
    """Stop the session, if there is one."""
    global _session
    if _session is not None:
        _session.stop()
        _session = None


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
