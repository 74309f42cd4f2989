"""Charts of a run: live (plotly), as a picture (matplotlib), as a page, and in words.

Both drawing libraries are heavy and are imported by the functions that use them.
"""

from retroml_edu.figures.layout import PANELS, Panel
from retroml_edu.figures.live import live_figure, live_updates, restyle_figure, update_figure
from retroml_edu.figures.page import to_html
from retroml_edu.figures.palette import DARK, LIGHT, THEMES, Theme
from retroml_edu.figures.static import to_png, to_svg
from retroml_edu.figures.summary import text_summary, what_is_drawn

__all__ = [
    "DARK",
    "LIGHT",
    "PANELS",
    "THEMES",
    "Panel",
    "Theme",
    "live_figure",
    "live_updates",
    "restyle_figure",
    "text_summary",
    "to_html",
    "to_png",
    "to_svg",
    "update_figure",
    "what_is_drawn",
]
