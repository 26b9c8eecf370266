"""Spark in this very process, over the Delta versions that a release pins.

Where the process has a Spark already (a pipeline run), the engine takes a new session of it; else it starts one.
Layer: semantic. The only modules of it that import PySpark are this one and spark_connect.
"""

from __future__ import annotations

import atexit
import os
import shutil
import threading
from pathlib import Path
from typing import Any

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from datatrust.core.jars import ensure_jars
from datatrust.core.java import find_java, why_java_failed
from datatrust.core.release import Release
from datatrust.core.settings import Project
from datatrust.core.spark_settings import set_environment, spark_settings
from semantic.engines._spark import SparkEngine
from semantic.engines.base import EngineSpec, given

LEAST_MB = 1024  # Spark does not start with less
_starting = threading.Lock()


def _open_engine(
    project: Project, release: Release | None, tables: tuple[str, ...], timezone: str
) -> SparkEngine:
    with _starting:
        session = base_session(project).newSession()
    context = session.sparkContext

    def mark(word: str | None) -> None:
        if word is None:
            context.setLocalProperty("spark.jobGroup.id", None)
        else:
            context.setJobGroup(word, "datatrust query", interruptOnCancel=True)

    return SparkEngine(
        session,
        warehouse=project.warehouse,
        release=given(release),
        tables=tables,
        timezone=timezone,
        mark=mark,
        cancel=context.cancelJobGroup,
    )


def base_session(project: Project) -> Any:
    """Return the process's session, started where there is none.

    Raises:
        UserError: PySpark, Java or Delta's archives are missing.
    """
    try:
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkRuntimeError
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession
    except ImportError:
        raise UserError(
            Issue(
                code="DT114",
                message="the Spark engine needs PySpark, which is not installed",
                hint="pip install 'datatrust360[pipeline]'   (or ask with --engine duckdb)",
            )
        ) from None
    active = SparkContext._active_spark_context
    if active is not None and active._jsc is not None:
        return SparkSession(active)
    java = find_java()
    set_environment(java)
    project.logs.mkdir(parents=True, exist_ok=True)
    conf = SparkConf(loadDefaults=False)
    for name, value in _settings(project).items():
        conf.set(name, value)
    with (project.logs / "spark.log").open("ab") as log:
        try:
            gateway = launch_gateway(conf, popen_kwargs={"stdout": log, "stderr": log})
        except PySparkRuntimeError:
            raise why_java_failed(java) from None
    return SparkSession(SparkContext(conf=conf, gateway=gateway))


def _settings(project: Project) -> dict[str, str]:
    scratch = _scratch_folder(project)
    cores = str(max(1, min(os.cpu_count() or 1, 16)))
    return {
        **spark_settings(
            archives=ensure_jars(),
            master=project.config.engine.master,
            name=project.name,
            log=project.logs / "spark.log",
            scratch=scratch,
            memory=f"{max(LEAST_MB, project.config.serving.memory_mb)}m",
            java_options=["-XX:+UseParallelGC"],
        ),
        "spark.sql.shuffle.partitions": cores,
        "spark.default.parallelism": cores,
        **project.config.engine.spark,
    }


def _scratch_folder(project: Project) -> Path:
    """A folder for what Spark spills, of this process alone and gone with it."""
    scratch = project.state / "spark" / str(os.getpid())
    scratch.mkdir(parents=True, exist_ok=True)
    os.chmod(scratch, 0o700)
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    return scratch


ENGINE = EngineSpec(name="spark", family="spark", scheme=None, reads_releases=True, open=_open_engine)
