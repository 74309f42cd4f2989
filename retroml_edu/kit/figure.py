"""A figure of a lesson: drawn in the page, and as a table and a picture for the report."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.errors import LessonError
from retroml_edu.figures.lines import lines_png
from retroml_edu.kit.assets import script
from retroml_edu.kit.lines import Line
from retroml_edu.kit.piece import Piece
from retroml_edu.kit.plot import Plot
from retroml_edu.kit.text_card import TextCard
from retroml_edu.kit.traces import line as traces_of
from retroml_edu.storage.exports import csv_text
from retroml_edu.storage.paths import path_problem

MOST_NAME = 80
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
FORMS = {"csv": "text/csv", "png": "image/png"}


class SaveButtons(anywidget.AnyWidget):
    """Buttons that hand a file to the browser; they send ``{"action": "file", "what": ..., "token": ...}``.

    A button is greyed out until its message has an `answer`.

    Attributes:
        files: What each is called, and what its button says.
    """

    _esm = script("dom.js", "save_file.js", "save_buttons.js")
    _css = script("lesson.css")
    files: traitlets.List[list[str]] = traitlets.List().tag(sync=True)

    def answer(self, message: Mapping[str, Any], make: Callable[[], tuple[str, str, bytes]]) -> None:
        """Hand over what was asked for: its name, its type and its content. A button is told of a failure too."""
        told: dict[str, Any] = {"kind": "failed"}
        buffers: list[bytes] = []
        try:
            name, mime, content = make()
            told, buffers = {"kind": "file", "name": name, "mime": mime}, [content]
        finally:
            self.send({**told, "token": message.get("token")}, buffers=buffers)


class LessonFigure(Piece):
    """Lines over one axis, with buttons for the numbers and the picture.

    Args:
        name: What its files are called.
        lines: One or more.
        x: What runs to the right.
        y: What runs up.
        title: Heads the figure and its picture.
        y_range: From where to where the upright axis goes; the numbers that are saved are all of them.

    Attributes:
        lines: What is drawn.

    Raises:
        LessonError: If there are no lines, or the name makes no file on every system.
    """

    def __init__(
        self,
        name: str,
        lines: Sequence[Line],
        x: str,
        y: str,
        title: str = "",
        *,
        y_range: tuple[float, float] | None = None,
    ) -> None:
        _check_name(name)
        if not lines:
            raise LessonError(f'The figure "{name}" has no lines: give one or more of Line(...).')
        self.name = name
        self.lines = tuple(lines)
        self._titles = (x, y)
        self._title, self._y_range = title, y_range
        self.plot = Plot(x, y)
        layout = {} if y_range is None else {"yaxis": {"range": list(y_range)}}
        self.plot.show(*(trace for number, line in enumerate(lines) for trace in _traces(line, number)), **layout)
        self.buttons = SaveButtons(files=[[form, f"Save {form.upper()}"] for form in FORMS])
        heading = [TextCard(heading=title)] if title else []
        super().__init__(f"Figure: {title or name}", *heading, self.plot, self.buttons)
        self.buttons.on_msg(self._hear)

    def csv(self) -> bytes:
        """Return the numbers: a row a point, with the line that it belongs to."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("line", *map(csv_text, self._titles), "low", "high"))
        for line in self.lines:
            ends = ([""] * len(line.x) if each is None else each.tolist() for each in (line.low, line.high))
            name = csv_text(line.name)
            table.writerows((name, *row) for row in zip(line.x.tolist(), line.y.tolist(), *ends, strict=True))
        return text.getvalue().encode()

    def png(self) -> bytes:
        """Return the picture."""
        return lines_png(self._title or self.name, self.lines, *self._titles, y_range=self._y_range)

    def _hear(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        what = message.get("what")
        if message.get("action") != "file" or what not in FORMS:
            return
        make = self.csv if what == "csv" else self.png
        with self.problems():
            self.buttons.answer(message, lambda: (f"{self.name}.{what}", FORMS[what], make()))


def _check_name(name: object) -> None:
    """Refuse what cannot be a file in a bundle when the figure is made, not when it is handed in."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise LessonError(
            f'"{name}" is no name for a figure: write small letters, digits and dashes first, as in '
            'lesson.figure("mean-regret", Line(...)).'
        )
    problem = "it is too long" if len(name) > MOST_NAME else path_problem(f"{name}.csv")
    if problem:
        raise LessonError(f'"{name}" is no name for a figure: {problem}. Take another.')


def _traces(line: Line, number: int) -> list[dict[str, Any]]:
    return traces_of(line.name, line.x, line.y, line.low, line.high, color=number)
