"""How a page speaks to the kit's widgets, without a page."""

from __future__ import annotations

from typing import Any

import anywidget
import pytest


class PageOf:
    """The page's half of a widget: sends messages, and keeps what it is sent."""

    def __init__(self, widget: anywidget.AnyWidget, monkeypatch: pytest.MonkeyPatch) -> None:
        self.widget = widget
        self.heard: list[dict[str, Any]] = []
        self.buffers: list[list[bytes]] = []
        monkeypatch.setattr(widget, "send", self._take)

    def tell(self, **message: Any) -> None:
        """Send a message, as the widget's JavaScript does."""
        self.widget._handle_custom_msg(message, [])

    def _take(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.heard.append(content)
        self.buffers.append(list(buffers or []))


@pytest.fixture
def page_of(monkeypatch):
    """Return what makes the page's half of a widget."""
    return lambda widget: PageOf(widget, monkeypatch)
