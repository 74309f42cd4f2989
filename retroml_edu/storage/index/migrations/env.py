"""Run by alembic: migrates over the connection that `retroml_edu.storage.index.migrate` has opened."""

from __future__ import annotations

from alembic import context

from retroml_edu.storage.index.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter columns in place
)
with context.begin_transaction():
    context.run_migrations()
