"""The colours of every chart, in a light and a dark theme.

Hues are those of Okabe and Ito (2008, https://jfly.uni-koeln.de/color/), which people with any form of colour
blindness tell apart; their brightness is moved so that each line stands out from its background (contrast of at
least 3:1, WCAG 2.2 criterion 1.4.11) and each text can be read (4.5:1, criterion 1.4.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["return", "policy", "value", "exploration", "length"]
ThemeName = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a chart, as ``#rrggbb``.

    Attributes:
        name: ``light`` or ``dark``.
        surface: Background of a saved picture. A live chart is transparent and shows the notebook's own.
        text: Titles and tick labels.
        muted: Notes and reference lines.
        grid: Grid lines.
        marker: Marked stretches of a curve, as by a text marker: translucent, between edges of the text's colour.
        lines: Colour of a line by what it stands for.
        runs: Colours of runs that lie over one another.
    """

    name: ThemeName
    surface: str
    text: str
    muted: str
    grid: str
    marker: str
    lines: Mapping[Role, str] = field(repr=False)
    runs: tuple[str, ...] = field(repr=False)


LIGHT = Theme(
    name="light",
    surface="#ffffff",
    text="#1f2328",
    muted="#656d76",
    grid="#e4e7eb",
    marker="#f0e442",
    lines={
        "return": "#0072b2",
        "policy": "#d55e00",
        "value": "#00825f",
        "exploration": "#b5568c",
        "length": "#3f4a55",
    },
    runs=("#0072b2", "#d55e00", "#00825f", "#b5568c", "#3f4a55", "#8c2d04"),
)
DARK = Theme(
    name="dark",
    surface="#111111",
    text="#e6e8eb",
    muted="#9aa2ab",
    grid="#33373c",
    marker="#f0e442",
    lines={
        "return": "#56b4e9",
        "policy": "#f0883e",
        "value": "#1dbd8f",
        "exploration": "#dc8fbd",
        "length": "#dde2e7",
    },
    runs=("#56b4e9", "#f0883e", "#1dbd8f", "#dc8fbd", "#dde2e7", "#f0e442"),
)
THEMES: Mapping[ThemeName, Theme] = {"light": LIGHT, "dark": DARK}


def translucent(color: str, alpha: float) -> str:
    """Return a ``#rrggbb`` colour as ``rgba(...)``, for plotly.

    Args:
        color: Six hexadecimal digits after a ``#``.
        alpha: 0 is invisible, 1 opaque.
    """
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {alpha:g})"
