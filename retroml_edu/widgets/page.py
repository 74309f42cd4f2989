"""What the panel learns of the page it stands in."""

from __future__ import annotations

import anywidget
import traitlets

from retroml_edu.widgets.assets import STATIC


class Page(anywidget.AnyWidget):
    """Carries the style sheet, tells the theme, keeps the panel's keys away from the notebook's shortcuts.

    Attributes:
        dark: Whether the page's theme is; written by the page.
        still: Whether nothing is to move by itself, whatever the system says; written by code.
    """

    _esm = STATIC / "page.js"
    _css = STATIC / "panel.css"
    dark = traitlets.Bool(False).tag(sync=True)
    still = traitlets.Bool(False).tag(sync=True)
