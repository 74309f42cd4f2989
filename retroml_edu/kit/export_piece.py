"""The last cell of a lesson: what is handed in, listed, then made with one button."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from retroml_edu import __version__
from retroml_edu.classroom.bundle import bundle_files, bundle_name, contents, packed, write_bundle
from retroml_edu.kit.figure import SaveButtons
from retroml_edu.kit.piece import Piece
from retroml_edu.kit.text_card import TextCard


class BundleExport(Piece):
    """Lists what a bundle holds, and makes it.

    Args:
        lesson: Name of the lesson.
        variant: Whose it is; empty if nobody said.
        folder: Where it is written.
        read: Returns the answer sheet as it is now.
        figures: Returns the files of the figures that were drawn, by their names.

    Attributes:
        path: Where the bundle is written.
    """

    def __init__(
        self,
        lesson: str,
        variant: str,
        folder: Path,
        read: Callable[[], Mapping[str, Any]],
        figures: Callable[[], Mapping[str, bytes]],
    ) -> None:
        self._lesson, self._variant = lesson, variant
        self._read, self._figures = read, figures
        self.path = folder / bundle_name(lesson)
        self.text = TextCard(heading="What goes into the bundle", listed=True)
        self.buttons = SaveButtons(files=[["zip", f"Make {self.path.name}"]])
        super().__init__("Export", self.text, self.buttons)
        with self.problems():
            self.text.sentences = contents(read(), figures())
        self.buttons.on_msg(self._hear)

    def write(self) -> Path:
        """Write the bundle beside the notebook, as the button does, and return where it is.

        Raises:
            LessonError: If it cannot be written.
        """
        self._made()
        return self.path

    def _made(self) -> bytes:
        with self.lock:
            sheet, figures = self._read(), self._figures()
            self.text.sentences = contents(sheet, figures)
            facts = {"lesson": self._lesson, "variant": self._variant, "retroml_edu": __version__}
            content = packed(bundle_files(sheet, figures), facts)
            write_bundle(self.path, content)
            self.tell(f"✓ Written: {self.path} ({len(content) / 1024:,.0f} KiB)")
            return content

    def _hear(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("action") != "file" or message.get("what") != "zip":
            return
        with self.problems():
            content = self._made()
            file = {"name": self.path.name, "mime": "application/zip"}
            self.buttons.send({"kind": "file", "token": message.get("token"), **file}, buffers=[content])
