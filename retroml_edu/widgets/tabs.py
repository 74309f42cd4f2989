"""The panel's tabs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anywidget
import ipywidgets
import traitlets

from retroml_edu.widgets.assets import STATIC


class TabBar(anywidget.AnyWidget):
    """Names of the tabs; `tab` is written by the person.

    The pages of all tabs stay in the panel, and the page hides all but one: a curve that is looked at again has missed
    nothing, and nothing is built twice.
    """

    _esm = STATIC / "tabs.js"
    tabs: traitlets.List[str] = traitlets.List().tag(sync=True)
    tab = traitlets.Unicode("").tag(sync=True)


@dataclass(frozen=True)
class TabPage:
    """What one tab shows.

    Attributes:
        content: Its widget.
        opened: Is called whenever a person comes to the page, in any thread: what it reads may have changed since.
    """

    content: ipywidgets.Widget
    opened: Callable[[], object] | None = None


class Tabs:
    """Pages of a panel, of which one is seen.

    Args:
        pages: By name, in order.

    Attributes:
        bar: Where a person chooses.
        boxes: The pages, as children of the panel.
    """

    def __init__(self, pages: Mapping[str, TabPage]) -> None:
        self._pages = dict(pages)
        names = list(pages)
        self.bar = TabBar(tabs=names, tab=names[0])
        self.boxes = [_page(name, page.content) for name, page in pages.items()]
        self.bar.observe(self._opened, "tab")

    def open(self, name: str) -> None:
        """Show a page."""
        self.bar.tab = name

    def _opened(self, change: Any) -> None:
        page = self._pages.get(change.new)
        if page is not None and page.opened is not None:
            page.opened()


def _page(name: str, content: ipywidgets.Widget) -> ipywidgets.VBox:
    box = ipywidgets.VBox([content])
    box.add_class("rml-tab-page")
    box.add_class(f"rml-tab-page-{name.lower()}")
    return box
