"""The browser half of the lesson's widgets: their own scripts, and those that they share with the panel's."""

from __future__ import annotations

from pathlib import Path

from retroml_edu.widgets import assets

STATIC = Path(__file__).parent / "static"


def script(*names: str) -> str:
    """Return scripts or style sheets as one; a name that is not the kit's own is the panel's."""
    return "\n".join(
        (STATIC / name).read_text("utf-8") if (STATIC / name).is_file() else assets.script(name) for name in names
    )
