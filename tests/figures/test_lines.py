"""Lines of a lesson as a picture: whole, readable, and not changed by a notebook's own plot settings."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from retroml_edu.figures.lines import lines_png
from retroml_edu.figures.palette import THEMES


@dataclass
class Drawn:
    name: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None


X = np.arange(50.0)


def pixels(png):
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def has_color(picture, color, *, at_least=50):
    wanted = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)])
    return (np.abs(picture - wanted).max(axis=2) <= 2).sum() >= at_least


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_line_is_there_in_its_colour_on_the_themes_surface(theme):
    lines = [Drawn(f"ε = {number}", X, X * number) for number in range(7)]
    picture = pixels(lines_png("Regret", lines, "pulls", "regret", theme=theme))
    assert has_color(picture, THEMES[theme].surface, at_least=100_000)
    for color in THEMES[theme].runs:
        assert has_color(picture, color)


def test_a_band_lies_around_its_line():
    plain = pixels(lines_png("", [Drawn("a", X, X)], "x", "y"))
    banded = pixels(lines_png("", [Drawn("a", X, X, X - 9, X + 9)], "x", "y"))
    assert plain.shape == banded.shape
    assert (banded.sum(axis=2) < 740).sum() > 5 * (plain.sum(axis=2) < 740).sum()


def test_a_line_runs_out_of_an_axis_that_is_cut():
    lines = [Drawn("a", X, -X * X)]
    whole, cut = pixels(lines_png("", lines, "x", "y")), pixels(lines_png("", lines, "x", "y", y_range=(-9, 0)))
    blue = np.array([int(THEMES["light"].runs[0][at : at + 2], 16) for at in (1, 3, 5)])

    def reaches(picture):
        """Return how far to the right the line is seen, above the legend."""
        upper = picture[: int(0.75 * len(picture))]
        return np.flatnonzero((np.abs(upper - blue).max(axis=2) <= 2).any(axis=0)).max()

    assert reaches(cut) < 0.6 * reaches(whole)


@pytest.mark.parametrize("name", ["_hidden", "$x^2$", "x" * 500, "a\nb"])
def test_no_name_is_left_out_or_leaves_the_picture(name):
    picture = pixels(lines_png(name, [Drawn(name, X, X), Drawn(name, X, -X)], name, name))
    edge = np.concatenate([picture[:, -4:].reshape(-1, 3), picture[-4:].reshape(-1, 3)])
    assert (edge == 255).all(), "a text is cut at the edge"


def test_numbers_that_are_none_and_single_points_do_no_harm():
    holes = np.where(X % 7 == 0, np.nan, X)
    assert lines_png("", [Drawn("holes", X, holes), Drawn("point", X[:1], X[:1])], "x", "y").startswith(b"\x89PNG")
