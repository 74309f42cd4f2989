"""What a check of `retroml-edu doctor` says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended; a warning leaves something out, a failure keeps people from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"

    @property
    def sign(self) -> str:
        """A sign for the eye; the word beside it is for everybody."""
        return {"ok": "✓", "warn": "!", "fail": "✗"}[self.value]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table.

    Attributes:
        check: What was looked at.
        verdict: How it ended.
        found: What is there.
        remedy: How to mend it; empty where nothing is to be done.
    """

    check: str
    verdict: Verdict
    found: str
    remedy: str = ""
