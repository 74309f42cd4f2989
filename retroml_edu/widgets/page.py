"""What the panel learns of the page it stands in."""

from __future__ import annotations

import anywidget
import traitlets

from retroml_edu.widgets.assets import STATIC


class Page(anywidget.AnyWidget):
    """Carries the style sheet, tells the theme, keeps the panel's keys away from the notebook's shortcuts.

    Attributes:
        label: What the panel is called where it is not seen.
        kept: What is left when its kernel has ended, and what to do: sentences.
        dark: Whether the page's theme is; written by the page.
        still: Whether nothing is to move by itself, whatever the system says; written by code.
    """

    _esm = STATIC / "page.js"
    _css = STATIC / "panel.css"
    label = traitlets.Unicode("RetroML Lab").tag(sync=True)
    kept = traitlets.Tuple(
        traitlets.Unicode(),
        traitlets.Unicode(),
        default_value=(
            "Your runs are kept on disk, with all that was recorded until then.",
            "Run the cell again to go on. A run that was cut short can be resumed then.",
        ),
    ).tag(sync=True)
    dark = traitlets.Bool(False).tag(sync=True)
    still = traitlets.Bool(False).tag(sync=True)
