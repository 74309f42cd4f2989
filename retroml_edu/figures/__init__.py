"""Charts of a run: live (plotly), as a picture (matplotlib), as a page, and in words.

Both drawing libraries are heavy and are imported by the functions that use them.
"""

from retroml_edu.figures.layout import PANELS, Panel
from retroml_edu.figures.live import filled_figure, live_columns, live_layout, live_spec, trace_columns
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
    "filled_figure",
    "live_columns",
    "live_layout",
    "live_spec",
    "text_summary",
    "to_html",
    "to_png",
    "to_svg",
    "trace_columns",
    "what_is_drawn",
]
