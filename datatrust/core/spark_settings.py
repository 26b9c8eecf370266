"""What every Spark session of this program is told, whether it writes releases or reads them.

Pure settings: Delta from local files, an in-memory catalog, exact ANSI arithmetic, moments in UTC, and Java's own
words in a log file, never on the terminal. A failed task's message can quote a value of a row: those loggers are
off, the error reaches us as an exception.
Layer: core. Imports no Spark.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

_LOG4J = """\
status = error
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {file}
appender.file.append = true
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yyyy-MM-dd'T'HH:mm:ss.SSS}} %p %c{{1}}: %m{{nolookups}}%n%ex{{short}}
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
logger.tasks.name = org.apache.spark.scheduler.TaskSetManager
logger.tasks.level = off
logger.executor.name = org.apache.spark.executor.Executor
logger.executor.level = off
logger.codegen.name = org.apache.spark.sql.catalyst.expressions.codegen
logger.codegen.level = off
"""


def set_environment(java: Path) -> None:
    """Let PySpark start the Java at `java` and this very Python, on this machine alone."""
    os.environ["JAVA_HOME"] = str(java)
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ.pop("PYSPARK_SUBMIT_ARGS", None)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")


def spark_settings(
    *,
    archives: Sequence[Path],
    master: str,
    name: str,
    log: Path,
    scratch: Path,
    memory: str,
    java_options: Sequence[str],
) -> dict[str, str]:
    """Return the settings that hold for every session.

    Args:
        archives: Delta's Java archives.
        scratch: an existing folder for this process alone; the log's settings are written into it.
        memory: of the driver, in Java's words (`2g`).
    """
    log4j = scratch / "log4j2.properties"
    log4j.write_text(_LOG4J.format(file=log), encoding="utf-8")
    options = [
        f"-Dlog4j2.configurationFile=file:{log4j}",
        f"-Dderby.system.home={scratch}",
        f"-Djava.io.tmpdir={scratch}",
        "-Duser.timezone=UTC",
        *java_options,
    ]
    listed = [str(archive) for archive in archives]
    where = (
        {"spark.driver.extraClassPath": os.pathsep.join(listed)}
        if master.startswith("local")
        else {"spark.jars": ",".join(listed)}
    )
    return {
        "spark.master": master,
        "spark.app.name": f"datatrust {name}",
        **where,
        "spark.driver.memory": memory,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": " ".join(options),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "false",
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.debug.maxToStringFields": "1000",
        # Else every call on a column asks Java a dozen things, for an error message that we never show.
        "spark.python.sql.dataFrameDebugging.enabled": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "false",
        "spark.sql.redaction.options.regex": "(?i)url|password|secret|token|key",
        "spark.redaction.regex": "(?i)secret|password|token|access.?key",
        "spark.databricks.delta.snapshotPartitions": "1",
    }
