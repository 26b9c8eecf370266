"""Keep the Java archives that make Spark speak Delta: resolved once at set-up, then read from the user's cache.

Spark's own resolver fetches them, so that a site's mirror settings are honoured; what Spark ships already is
left out. A session never resolves anything: it is given files.
Refuses to go on without the archives, and says how to get them.
Layer: core. Starts a JVM only when the cache is empty.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue

DELTA_PACKAGE = "io.delta:delta-spark_4.1_2.13:4.4.0"
CACHE_VARIABLE = "DATATRUST_CACHE"
NEEDED_GROUPS = ("io.delta_", "io.unitycatalog_")  # the resolver names files <group>_<artifact>-<version>.jar
RESOLVE_SECONDS = 300.0

_RESOLVER = """
from pyspark.java_gateway import launch_gateway
launch_gateway().shutdown()
"""


def cache_folder() -> Path:
    """Return the user's cache folder: `DATATRUST_CACHE`, or `datatrust360` among the user's caches."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "datatrust360"


def jar_folder() -> Path:
    """Return the folder of the archives of the versions that this code works with."""
    return cache_folder() / "jars" / DELTA_PACKAGE.replace(":", "_")


def ensure_jars() -> list[Path]:
    """Return the archives, fetching them first where they are missing.

    Raises:
        UserError: they are not there and cannot be fetched; with the resolver's last words.
    """
    folder = jar_folder()
    if not folder.is_dir():
        _resolve_into(folder)
    return sorted(folder.glob("*.jar"))


def _resolve_into(folder: Path) -> None:
    """Fetch in a folder of our own and move it into place whole, so that a cut connection leaves nothing."""
    from datatrust.core.java import find_java

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".resolving-") as temporary:
        ivy, kept = Path(temporary) / "ivy", Path(temporary) / "kept"
        kept.mkdir()
        submit = f"--packages {DELTA_PACKAGE} --conf spark.jars.ivy={ivy} pyspark-shell"
        environment = {**os.environ, "PYSPARK_SUBMIT_ARGS": submit, "JAVA_HOME": str(find_java())}
        try:
            done = subprocess.run(
                [sys.executable, "-c", _RESOLVER],
                env=environment,
                capture_output=True,
                text=True,
                timeout=RESOLVE_SECONDS,
                check=False,
            )
            said = done.stderr
        except subprocess.TimeoutExpired:
            said = f"no answer within {RESOLVE_SECONDS:.0f} seconds"
        for jar in (ivy / "jars").glob("*.jar"):
            if jar.name.startswith(NEEDED_GROUPS):
                shutil.copy2(jar, kept / jar.name)
        if not any(kept.glob("io.delta_delta-spark*.jar")):
            raise UserError(
                Issue(
                    code="DT450",
                    message=f"the Java archives of {DELTA_PACKAGE} could not be fetched: {_reason(said)}",
                    hint=f"connect once and run: make setup   or put the .jar files into {folder}",
                )
            )
        try:
            kept.rename(folder)
        except OSError:
            if not folder.is_dir():  # another set-up was quicker
                raise


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "unresolved dependency" in line or "not found" in line]
    chosen = (telling or lines or ["the resolver said nothing"])[-1]
    return chosen.strip(":; ")[:200]


if __name__ == "__main__":
    try:
        ensure_jars()
    except UserError as error:
        sys.exit(str(error))
