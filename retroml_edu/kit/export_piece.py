"""The last cell of a lesson: what is handed in, listed, then made with one button."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from retroml_edu import __version__
from retroml_edu.classroom.bundle import bundle_files, contents, packed, write_bundle
from retroml_edu.kit.figure import LessonFigure, SaveButtons
from retroml_edu.kit.piece import Piece
from retroml_edu.kit.text_card import TextCard


class BundleExport(Piece):
    """Lists what a bundle holds, and makes it.

    Args:
        facts: Whose it is, as the manifest says it: ``lesson`` and ``variant``.
        path: Where it is written.
        read: Returns the answer sheet as it is now.
        figures: Those that were drawn, by their names; looked at again when the bundle is made.
        missing: Returns what was not answered yet, as sentences.

    Attributes:
        path: Where the bundle is written.
    """

    def __init__(
        self,
        facts: Mapping[str, str],
        path: Path,
        read: Callable[[], Mapping[str, Any]],
        figures: Mapping[str, LessonFigure],
        missing: Callable[[], list[str]],
    ) -> None:
        self._facts, self._read, self._figures, self._missing = facts, read, figures, missing
        self.path = path
        self.text = TextCard(heading="What goes into the bundle", listed=True)
        self.missing = TextCard()
        self.buttons = SaveButtons(files=[["zip", f"Make {self.path.name}"]])
        super().__init__("Export", self.text, self.missing, self.buttons)
        with self.problems():
            self._list(read())
        self.buttons.on_msg(self._hear)

    def write(self) -> Path:
        """Write the bundle beside the notebook, as the button does, and return where it is.

        Raises:
            LessonError: If it cannot be written.
        """
        self._made()
        return self.path

    def _list(self, sheet: Mapping[str, Any]) -> None:
        self.text.sentences = contents(sheet, list(self._figures))
        self.missing.sentences = self._missing()

    def _made(self) -> bytes:
        with self.lock:
            sheet = self._read()
            self._list(sheet)
            files: dict[str, bytes] = {}
            for name, figure in self._figures.items():
                files |= {f"{name}.csv": figure.csv(), f"{name}.png": figure.png()}
            content = packed(bundle_files(sheet, files), {**self._facts, "retroml_edu": __version__})
            write_bundle(self.path, content)
            self.tell(f"✓ Written: {self.path} ({len(content) / 1024:,.0f} KiB)")
            return content

    def _hear(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("action") != "file" or message.get("what") != "zip":
            return
        with self.problems():
            self.buttons.answer(message, lambda: (self.path.name, "application/zip", self._made()))
