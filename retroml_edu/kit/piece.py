"""What a lesson shows: widgets in one frame, which follows the page's theme and tells what goes wrong in it."""

from __future__ import annotations

import html
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anywidget
import ipywidgets
import traitlets

from retroml_edu.core.errors import RetroMLError
from retroml_edu.kit.assets import script
from retroml_edu.widgets.kernel import keep_shell_answering
from retroml_edu.widgets.page import Page

_KEPT = ("Answers are kept beside the notebook.", "Run the notebook again from its first cell to go on.")


class StatusLine(anywidget.AnyWidget):
    """One line of what is going on, and under it what went wrong.

    Attributes:
        text: What is going on.
        problem: What went wrong, in a sentence; empty if nothing did.
        detail: More of it, for who wants to look.
    """

    _esm = script("dom.js", "status_line.js")
    _css = script("kit.css")
    text = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    detail = traitlets.Unicode().tag(sync=True)


class Piece:
    """Some widgets in one frame: the last value of a cell shows it.

    Args:
        label: What it is called, where it is not seen.
        parts: Widgets, one under another.

    Attributes:
        box: The frame.
        lock: Held while something in it is changed: callbacks of a page come in threads of their own. Parts that have a
            lock get this one, now or when they are put into the frame later: with a lock each, a part that tells the
            piece of something and the piece that changes the part could wait for each other.
    """

    def __init__(self, label: str, *parts: ipywidgets.Widget) -> None:
        keep_shell_answering()
        self.label = label
        self.lock = threading.RLock()
        self._is_inside = self._went_wrong = False
        self.page = Page(label=label, kept=_KEPT)
        self.status = StatusLine()
        self.box = ipywidgets.VBox([self.page, *parts, self.status])
        for name in ("rml-panel", "rml-kit"):
            self.box.add_class(name)
        self._share_lock(self.box)

    def _share_lock(self, part: ipywidgets.Widget) -> None:
        """Give the lock to a part and all that is in it, and to what comes into it; another piece keeps its own."""
        if hasattr(part, "lock"):
            part.lock = self.lock
        is_other_piece = part is not self.box and any(isinstance(each, Page) for each in getattr(part, "children", ()))
        if isinstance(part, ipywidgets.Box) and not is_other_piece:
            part.observe(self._shared_with_new, "children")
            for each in part.children:
                self._share_lock(each)

    def _shared_with_new(self, change: Mapping[str, Any]) -> None:
        for each in change["new"]:
            self._share_lock(each)

    @contextmanager
    def problems(self) -> Iterator[None]:
        """Tell what goes wrong inside under the parts, instead of raising it; hold the lock meanwhile.

        One may stand in another, as where a callback presses a button: what the inner one tells stays.
        """
        with self.lock:
            is_outermost, self._is_inside = not self._is_inside, True
            if is_outermost:
                self._went_wrong = False
            try:
                yield
            except RetroMLError as error:
                self._say(str(error))
            except Exception as error:  # noqa: BLE001 - a callback's errors would be seen nowhere
                self._say(f"{type(error).__name__}: {error}", traceback.format_exc())
            finally:
                self._is_inside = not is_outermost
            if is_outermost and not self._went_wrong:
                self._say("")

    def tell(self, text: str) -> None:
        """Say in a line what is going on."""
        self.status.text = text

    def _say(self, problem: str, detail: str = "") -> None:
        self._went_wrong = bool(problem)
        if self.status.problem != problem or self.status.detail != detail:
            with self.status.hold_sync():
                self.status.problem, self.status.detail = problem, detail

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, Any]:
        shown = self.box._repr_mimebundle_()
        bundle: dict[str, Any] = shown[0] if isinstance(shown, tuple) else shown
        told = f"{self.label}: run this cell to use it."
        return {**bundle, "text/plain": told, "text/html": f"<p>{html.escape(told)}</p>"}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.label!r})"


def row(*parts: ipywidgets.Widget) -> ipywidgets.Box:
    """Return widgets beside each other, which come to stand under each other where there is no room."""
    return _classed(ipywidgets.Box(list(parts)), "rml-kit-row")


def in_line(*parts: ipywidgets.Widget) -> ipywidgets.Box:
    """Return widgets beside each other, each as wide as it needs to be; the first has what is left over."""
    return _classed(ipywidgets.Box(list(parts)), "rml-kit-line")


def column(*parts: ipywidgets.Widget) -> ipywidgets.Box:
    """Return widgets one under another."""
    return _classed(ipywidgets.VBox(list(parts)), "rml-kit-column")


def _classed(box: ipywidgets.Box, name: str) -> ipywidgets.Box:
    box.add_class(name)
    return box
