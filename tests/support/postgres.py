"""A PostgreSQL of a test's own: a fresh cluster in a temporary folder, run by a user who may do nothing else."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSWORD = "s3cr3t/pass word@1"  # characters that an address must escape


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running server; its one user is called reader."""

    port: int
    host: str = "127.0.0.1"
    user: str = "reader"
    database: str = "postgres"

    def run(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        import adbc_driver_postgresql.dbapi as driver

        from pipeline.extract import address

        uri = address(self.host, self.port, self.database, self.user, PASSWORD)
        with driver.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's programs; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve())
    return found[-1].parent if found else None


@contextmanager
def running_postgres(programs: Path) -> Iterator[Postgres]:
    """Start a server, and stop it and remove its data afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="datatrust-postgres-"))
    other: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        names = [entry.pw_name for entry in pwd.getpwall()]
        account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
        os.chown(folder, account.pw_uid, account.pw_gid)
        other = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data = folder / "data"
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)  # its folder is closed

    def call(program: str, *arguments: str) -> None:
        command: Sequence[str] = [str(programs / program), *arguments]
        subprocess.run(
            command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **other
        )

    try:
        call(
            "initdb",
            "-D",
            str(data),
            "-U",
            "reader",
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
            "--no-sync",
        )
        port = _free_port()
        options = f"-F -c listen_addresses=127.0.0.1 -p {port} -k {folder}"
        call("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Postgres(port=port)
        finally:
            call("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
