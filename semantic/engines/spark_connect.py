"""Spark elsewhere, by Spark Connect: `serving.connection` is its address, ``sc://host:15002``.

The server reads the warehouse by its own path, so both must see it under one name. Delta and its extensions are the
server's to have.
Layer: semantic.
"""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from datatrust.core.errors import EngineError, UserError
from datatrust.core.issues import Issue, SourcePosition
from datatrust.core.release import Release
from datatrust.core.settings import Project
from semantic.engines._spark import SparkEngine
from semantic.engines.base import EngineSpec, given

SCHEME = "sc"
PORT = 15002  # where a server listens that was not told otherwise
CONNECT_SECONDS = 10


def _open_engine(
    project: Project, release: Release | None, tables: tuple[str, ...], timezone: str
) -> SparkEngine:
    url = project.config.serving.connection or ""
    host = urlsplit(url).hostname
    if not host:
        raise UserError(
            Issue(
                code="DT112",
                message="serving.connection names no Spark server",
                at=SourcePosition(file=project.shown(project.config_file)),
                hint="write sc://host:15002",
            )
        )
    try:
        from pyspark.sql.connect.session import SparkSession
    except ImportError:  # PySpark's own error names its packages one at a time
        raise UserError(
            Issue(
                code="DT114",
                message="Spark Connect needs packages that are not installed",
                hint="pip install 'datatrust360[connect]'   (or ask with --engine duckdb)",
            )
        ) from None
    try:
        # Spark's client tries again for minutes where nobody answers.
        socket.create_connection((host, urlsplit(url).port or PORT), timeout=CONNECT_SECONDS).close()
        session = SparkSession.builder.remote(url).create()
    except Exception as error:  # its text holds the address, which can hold a token
        raise EngineError(f"the Spark server at {host} cannot be reached ({type(error).__name__})") from None

    def mark(word: str | None) -> None:
        if word is None:
            session.clearTags()
        else:
            session.addTag(word)

    try:
        return SparkEngine(
            session,
            warehouse=project.warehouse,
            release=given(release),
            tables=tables,
            timezone=timezone,
            mark=mark,
            cancel=session.interruptTag,
            stop=session.stop,  # else the client's threads keep the process alive
        )
    except EngineError:
        raise
    except Exception as error:
        raise EngineError(f"the Spark server at {host} cannot be reached ({type(error).__name__})") from None


ENGINE = EngineSpec(
    name="spark_connect", family="spark", scheme=SCHEME, reads_releases=True, open=_open_engine
)
