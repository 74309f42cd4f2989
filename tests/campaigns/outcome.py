"""What the campaigns share: what was asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.measuring import table


@dataclass(frozen=True)
class Request:
    """What a campaign is to do.

    Attributes:
        place: Empty folder for everything that it writes.
        seed: Of every draw: the same seed makes the same attempts.
        count: How many attempts; what one is, the campaign says. Its own number, if None.
        picture: File for the campaign's picture, if it has one.
        out: Folder for what a campaign keeps, and goes on from when it is run again; none is kept without it.
        only: A text that the ids of environments contain which are wanted; all are, if None.
        keep: Whether what a campaign finds replaces what the repository keeps of it.
    """

    place: Path
    seed: int = 1
    count: int | None = None
    picture: Path | None = None
    out: Path | None = None
    only: str | None = None
    keep: bool = False


@dataclass
class Outcome:
    """What a campaign found.

    Attributes:
        title: What was asked.
        heads: Of the table.
        rows: Of the table.
        notes: What a reader has to know, a sentence each.
        failures: What is not as promised; empty if all is well.
    """

    title: str
    heads: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def to_markdown(self) -> str:
        """Return heading, table, notes and failures."""
        parts = [f"### {self.title}", table(self.heads, self.rows), *self.notes]
        if self.failures:
            parts.append("\n".join([f"**{len(self.failures)} failures**", *(f"- {text}" for text in self.failures)]))
        return "\n\n".join(parts)
