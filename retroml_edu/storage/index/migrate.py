"""Brings an index database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

HEAD = "0002"
"""Newest migration; written here so that opening an index of today does without alembic."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x52455452  # any number, as long as every version of retroml_edu takes the same


def migrate(engine: Engine) -> bool:
    """Make the tables, or bring them up to date; processes that do this at once wait for each other.

    Returns:
        Whether the tables were made new, so that the index is empty.

    Raises:
        SQLAlchemyError: If the database is unusable.
        LookupError: If a newer retroml_edu made it.
    """
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return False
        connection.rollback()
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        version = _version(connection)
        if version != HEAD:
            _upgrade(connection, version)
        connection.commit()
        return version is None


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _upgrade(connection: Connection, version: str | None, to: str = HEAD) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    if version is not None:
        try:
            ScriptDirectory.from_config(settings).get_revision(version)
        except CommandError:
            raise LookupError(f"unknown schema {version}") from None
    command.upgrade(settings, to)
