"""What a step of the tutorial is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal


class Reached(StrEnum):
    """What a run has come to."""

    STARTED = "started"
    MEASURED = "measured"
    """A game has ended, so that there is a point of the curve."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        name: What it goes by in files; never shown.
        title: What it is about.
        says: Its paragraphs.
        about: What it points at, as people call it.
        points_at: The same for the page, a CSS selector within the panel. The card stands beside the first match.
        awaits: What must have happened before the next step; None where nothing need have.
        waiting: What is still to come, a sentence.
        offers: What can be pressed in it besides, or is shown in it.
    """

    name: str
    title: str
    says: tuple[str, ...]
    about: str
    points_at: str
    awaits: Reached | None = None
    waiting: str = ""
    offers: Literal["", "choose", "compare", "help"] = ""

    def as_json(self) -> dict[str, Any]:
        """Return the step as the page takes it."""
        return asdict(self)
