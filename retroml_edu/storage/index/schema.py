"""The tables of the index, in SQL that SQLite and PostgreSQL share. Changes go through `migrations`."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Float, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Base of all tables."""


class RunRecord(Base):
    """A run; fields as in `RunRow`."""

    __tablename__ = "runs"

    run_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    env_id: Mapped[str] = mapped_column(String(200), index=True)
    algorithm: Mapped[str] = mapped_column(String(20))
    seed: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(20), index=True)
    name: Mapped[str] = mapped_column(String(200))
    tags: Mapped[list[str]] = mapped_column(JSON)
    notes: Mapped[str] = mapped_column(Text)
    steps: Mapped[int] = mapped_column(BigInteger)
    total_timesteps: Mapped[int] = mapped_column(BigInteger)
    episodes: Mapped[int] = mapped_column(BigInteger)
    return_mean: Mapped[float | None] = mapped_column(Float(53))
    return_best: Mapped[float | None] = mapped_column(Float(53))
    created_utc: Mapped[str] = mapped_column(String(40), index=True)
    ended_utc: Mapped[str] = mapped_column(String(40))
    training_time_s: Mapped[float] = mapped_column(Float(53))
    path: Mapped[str] = mapped_column(String(1000))
    problem: Mapped[str] = mapped_column(Text)
