"""The first schema: the list of runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(36), primary_key=True),
        sa.Column("env_id", sa.String(200), nullable=False),
        sa.Column("algorithm", sa.String(20), nullable=False),
        sa.Column("seed", sa.BigInteger),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("steps", sa.BigInteger, nullable=False),
        sa.Column("total_timesteps", sa.BigInteger, nullable=False),
        sa.Column("episodes", sa.BigInteger, nullable=False),
        sa.Column("return_mean", sa.Float(53)),
        sa.Column("return_best", sa.Float(53)),
        sa.Column("created_utc", sa.String(40), nullable=False),
        sa.Column("ended_utc", sa.String(40), nullable=False),
        sa.Column("training_time_s", sa.Float(53), nullable=False),
        sa.Column("path", sa.String(1000), nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
    )
    for column in ("env_id", "state", "created_utc"):
        op.create_index(f"ix_runs_{column}", "runs", [column])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("runs")
