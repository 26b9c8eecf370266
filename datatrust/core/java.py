"""Find a Java that Spark can run on.

Refuses a machine without one, naming the command that installs it.
Layer: core.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue

VERSIONS = (17, 21)
INSTALL = "apt-get install openjdk-17-jre-headless   (or set JAVA_HOME to a Java 17 or 21)"


def find_java() -> Path:
    """Return the home folder of the Java in `JAVA_HOME`, or of the `java` on the path.

    Raises:
        UserError: there is none.
    """
    named = os.environ.get("JAVA_HOME")
    if named:
        home = Path(named)
        if (home / "bin" / "java").is_file():
            return home
        raise UserError(
            Issue(code="DT451", message=f"JAVA_HOME is {named}, but there is no bin/java in it", hint=INSTALL)
        )
    found = shutil.which("java")
    if found is None:
        raise UserError(Issue(code="DT451", message="Spark needs Java, and none was found", hint=INSTALL))
    return Path(found).resolve().parent.parent


def java_version(home: Path) -> int | None:
    """Return the major version of the Java at `home`; None when it does not say."""
    said = subprocess.run(
        [str(home / "bin" / "java"), "-version"], capture_output=True, text=True, check=False
    ).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else None


def why_java_failed(home: Path) -> UserError:
    """Return the error for a JVM that did not come up: most often a version that Spark does not run on."""
    version = java_version(home)
    wanted = " or ".join(str(v) for v in VERSIONS)
    if version is not None and version not in VERSIONS:
        return UserError(
            Issue(code="DT451", message=f"Spark needs Java {wanted}; {home} is Java {version}", hint=INSTALL)
        )
    return UserError(
        Issue(
            code="DT452",
            message="Spark's Java process did not start",
            hint="its last words are in spark.log in the project's logs folder",
        )
    )
