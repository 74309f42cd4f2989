"""One row of the table of known problems."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Area = Literal["GPU", "Memory", "Disk and files", "Video", "Environments", "Installation"]


@dataclass(frozen=True)
class KnownProblem:
    """Something that goes wrong on machines, and is known by what it says.

    Attributes:
        name: Of the problem, for links.
        area: Where it belongs.
        title: What it is, in a few words.
        patterns: Regular expressions, any of which tells it; capitals do not matter.
        cause: Where it comes from, for a student.
        remedy: What to do.
        says: What the computer says, in short: what people search for.
    """

    name: str
    area: Area
    title: str
    patterns: tuple[str, ...]
    cause: str
    remedy: str
    says: str

    def fits(self, text: str) -> bool:
        """Whether an error's text tells of this problem."""
        return self._pattern.search(text) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{pattern})" for pattern in self.patterns), re.IGNORECASE)
