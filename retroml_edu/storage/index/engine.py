"""Opening the index database in the way that its kind and its disk ask for."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import NullPool

BUSY_TIMEOUT_S = 15.0
_NETWORK_FILESYSTEMS = frozenset(
    {"9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.glusterfs", "fuse.sshfs", "gpfs", "lustre", "ncpfs"}
    | {"nfs", "nfs4", "smb", "smb2", "smb3", "smbfs", "sshfs", "webdav"}
)


def sqlite_engine(file: Path) -> Engine:
    """Return an engine on a SQLite file.

    Every piece of work opens a connection of its own, so none crosses threads. Readers and a writer do not wait for
    each other (write-ahead log), except on a network home, where that log cannot be shared.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(file)), poolclass=NullPool, connect_args={"timeout": BUSY_TIMEOUT_S}
    )
    journal = "DELETE" if on_network(file.parent) else "WAL"

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        # Switching needs the file for a moment; whoever holds it is switching too, or the next connection will.
        with suppress(sqlite3.OperationalError):
            connection.execute(f"PRAGMA journal_mode={journal}").close()
        connection.execute("PRAGMA synchronous=NORMAL").close()

    return engine


def server_engine(url: str) -> Engine:
    """Return an engine on a database server, such as ``postgresql+psycopg://user:password@host/name``."""
    return create_engine(url, pool_pre_ping=True)


def on_network(folder: Path) -> bool:
    """Return whether a folder lies on another machine, as far as the system says."""
    import psutil

    folder = folder.resolve()
    if str(folder).startswith("\\\\"):
        return True
    best = None
    with suppress(OSError, psutil.Error):
        for partition in psutil.disk_partitions(all=True):
            mount = Path(partition.mountpoint)
            if folder.is_relative_to(mount) and (best is None or len(mount.parts) >= len(best[0].parts)):
                best = (mount, partition)
    if best is None:
        return False
    return best[1].fstype.lower() in _NETWORK_FILESYSTEMS or "remote" in best[1].opts.split(",")
