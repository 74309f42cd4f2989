"""A cell that keeps a kernel busy until a test says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.browser.browser import LabPage

_SOURCE = """
from pathlib import Path
from threading import Event

with {locks}:
    print("busy now")
    while not Path({end!r}).exists():
        Event().wait(0.05)
"""


@dataclass(frozen=True)
class BusyCell:
    """Holds locks of pieces, as a cell does that works on them.

    Attributes:
        locks: As an expression, such as ``piece.lock``; several with commas between them.
        folder: Of this test alone: what another test left would end the cell at once.
    """

    locks: str
    folder: Path

    @property
    def source(self) -> str:
        """The cell."""
        return _SOURCE.format(locks=self.locks, end=str(self._end))

    def start(self, page: LabPage, cell: int) -> None:
        """Run it, and wait until the kernel is busy."""
        page.start_cell(cell)
        page.wait_for_text("busy now")

    def end(self) -> None:
        """Let it end."""
        self._end.touch()

    @property
    def _end(self) -> Path:
        return self.folder / "end"
