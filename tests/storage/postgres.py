"""A throw-away PostgreSQL cluster on loopback."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def server_binaries() -> Path | None:
    """Return the newest installed server's folder of programs, or None."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    if installed:
        return installed[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@dataclass(frozen=True)
class Cluster:
    port: int
    password: str

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"runs_{secrets.token_hex(4)}"
        login = f"host=127.0.0.1 port={self.port} user=postgres password={self.password} dbname=postgres"
        with psycopg.connect(login, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres:{self.password}@127.0.0.1:{self.port}/{name}"


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Run a cluster; skips the test, and says why, where no server is installed. CI must have one."""
    binaries = server_binaries()
    if binaries is None:
        reason = "PostgreSQL's server is not installed (initdb was not found)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Not pytest's own folder: the server runs as another user, who may not enter it.
    place = Path(tempfile.mkdtemp(prefix="retroml-pg-"))
    try:
        password = secrets.token_hex(8)
        (place / "password").write_text(password)
        data, port = place / "data", _free_port()
        if AS_ROOT:
            shutil.chown(place, "postgres")
            shutil.chown(place / "password", "postgres")
        login = ["-U", "postgres", "--auth=scram-sha-256", f"--pwfile={place / 'password'}"]
        _run([binaries / "initdb", "-D", data, *login, "--encoding=UTF8", "--locale=C", "--no-sync"], place)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place} -c fsync=off"
        _run([binaries / "pg_ctl", "-D", data, "-l", place / "log", "-o", options, "-w", "start"], place)
        try:
            yield Cluster(port, password)
        finally:
            _run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _run(command: list[str | Path], place: Path) -> None:
    if AS_ROOT:  # the server refuses to run as root
        command = ["runuser", "-u", "postgres", "--", *command]
    done = subprocess.run(
        [str(part) for part in command],
        cwd=place,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # a pipe would be held open by the server
        stderr=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    log = place / "log"
    text = log.read_text() if log.exists() else ""
    assert done.returncode == 0, f"{command[0]} ... ended with {done.returncode}: {text}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
