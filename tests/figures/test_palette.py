"""Colours: readable on their backgrounds, and told apart by people with colour blindness."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from retroml_edu.figures.palette import DARK, LIGHT, THEMES, Theme, translucent

# Where the charts stand: JupyterLab's cell output in its own themes, and the saved pictures.
BACKGROUNDS = {"light": ("#ffffff", "#f5f5f5"), "dark": ("#111111", "#1e1e1e")}

# Linear RGB as a dichromat sees it (Machado, Oliveira, Fernandes 2009, table 1, severity 1.0).
BLINDNESS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}


def linear(color: str) -> np.ndarray:
    value = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Contrast ratio as WCAG 2.2 defines it."""
    lighter, darker = sorted((float(linear(color) @ (0.2126, 0.7152, 0.0722)) for color in (one, other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array(((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)))
    x, y, z = np.cbrt(np.clip(to_xyz @ rgb, 1e-4, None) / (0.9505, 1.0, 1.089))
    return np.array((116 * y - 16, 500 * (x - y), 200 * (y - z)))


def test_the_contrast_formula_gives_the_known_extremes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_lines_and_texts_stand_out(theme: Theme) -> None:
    for background in (*BACKGROUNDS[theme.name], theme.surface):
        for role, color in theme.lines.items():
            assert contrast(color, background) >= 3.0, (role, background)
        assert all(contrast(color, background) >= 3.0 for color in theme.runs), background
        assert contrast(theme.text, background) >= 7.0, background
        assert contrast(theme.muted, background) >= 4.5, background


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("matrix", BLINDNESS.values(), ids=BLINDNESS)
def test_lines_differ_for_colour_blind_eyes(theme: Theme, matrix: tuple[tuple[float, ...], ...]) -> None:
    for colors in (theme.lines.values(), theme.runs):
        seen = {color: lab(np.clip(np.array(matrix) @ linear(color), 0, 1)) for color in colors}
        assert len(seen) == len(colors)
        for one, other in combinations(seen, 2):
            assert np.linalg.norm(seen[one] - seen[other]) > 10, (one, other)


def test_both_themes_have_the_same_roles() -> None:
    assert LIGHT.lines.keys() == DARK.lines.keys()


def test_a_colour_becomes_translucent() -> None:
    assert translucent("#0072b2", 0.25) == "rgba(0, 114, 178, 0.25)"
