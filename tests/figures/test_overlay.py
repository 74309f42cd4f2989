"""Several runs in one chart: told apart without colour, in words, as a picture."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest

from retroml_edu.figures.overlay import (
    SIGNS,
    OverlaidRun,
    Overlay,
    color_of,
    overlay_columns,
    overlay_spec,
    overlay_summary,
)
from retroml_edu.figures.overlay_picture import overlay_png
from retroml_edu.figures.palette import DARK, LIGHT, THEMES, Theme


def run(place: int = 0, name: str = "", values=(1.0, 5.0, 3.0), seconds_a_step: float = 0.1) -> OverlaidRun:
    steps = 100.0 * np.arange(1, len(values) + 1)
    return OverlaidRun(f"id-{place}", name or f"trial {place}", place, steps, steps * seconds_a_step, np.array(values))


def overlay(*runs: OverlaidRun, metric: str = "episode/return", window: int = 20, axis="steps") -> Overlay:
    return Overlay(metric, window, axis, runs)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_twelve_runs_have_signs_of_their_own_beside_their_colours(theme: Theme) -> None:
    data = overlay_spec(overlay(*map(run, range(12))), theme)["data"]
    assert len(data) == len(SIGNS) == 12
    for one, other in combinations(data, 2):
        assert one["marker"]["symbol"] != other["marker"]["symbol"]
        same_color = one["line"]["color"] == other["line"]["color"]
        assert not same_color or one["line"]["dash"] != other["line"]["dash"]
    assert len({sign.words for sign in SIGNS}) == 12
    assert [trace["line"]["color"] for trace in data[:6]] == list(theme.runs)


def test_the_same_place_has_the_same_sign_whoever_else_is_there() -> None:
    alone = overlay_spec(overlay(run(4)), LIGHT)["data"][0]
    assert alone == overlay_spec(overlay(run(0), run(4)), LIGHT)["data"][1]
    assert color_of(4, LIGHT) != color_of(4, DARK)


def test_x_is_steps_or_time_in_a_unit_that_fits() -> None:
    one = run(seconds_a_step=0.2)
    assert overlay(one).x_title == "Environment steps"
    np.testing.assert_array_equal(overlay_columns(overlay(one))[0], np.float32([100, 200, 300]))
    for seconds_a_step, unit, last in ((0.2, "s", 60.0), (2.0, "min", 10.0), (120.0, "h", 10.0)):
        timed = overlay(run(seconds_a_step=seconds_a_step), axis="time")
        assert timed.x_title == f"Training time ({unit})"
        assert overlay_columns(timed)[0][-1] == pytest.approx(last)


def test_the_title_says_metric_unit_and_window() -> None:
    assert overlay(run()).title == "Return (points), mean of last 20"
    assert overlay(run(), window=1).title == "Return (points), single episodes"
    assert overlay(run(), metric="train/loss", window=1).title == "Loss, single values"
    assert overlay(run(), metric="odd:name", window=100).title == "odd:name, mean of last 100"


def test_a_name_is_shown_as_it_is_and_never_read_as_markup_or_template() -> None:
    spec = overlay_spec(overlay(run(name="<b>%{y}</b> $x$")), LIGHT)
    (trace,) = spec["data"]
    for text in (trace["name"], trace["hovertemplate"].removesuffix("<extra></extra>").partition(": ")[0]):
        assert "<" not in text
        assert "$" not in text
        assert "%{" not in text
    json.dumps(spec, allow_nan=False)


def test_the_summary_tells_every_line_and_which_ends_highest() -> None:
    text = overlay_summary(overlay(run(0, values=(1, 5, 3)), run(1, values=(0.5, -7, 4))))
    assert text == (
        "Return (points), mean of last 20: 2 runs. trial 0 lies between 1 and 5, and ends at 3 at step 300. "
        "trial 1 lies between -7 and 4, and ends at 4 at step 300. The highest end is that of trial 1, 4."
    )
    assert "neighbours" not in text
    long = OverlaidRun("id", "long", 0, np.arange(3.0), np.arange(3.0), np.arange(3.0), merged=2_048)
    assert overlay_summary(overlay(run(1), long)).endswith("the mean of up to 2,048 neighbours.")
    assert "highest end" not in overlay_summary(overlay(run(0), run(1)), comparable=False)
    assert overlay_summary(overlay()) == "Return: there is no curve to show."
    assert "between 1 and 5, and ends with what is no number at" in overlay_summary(overlay(run(values=(1, 5, np.nan))))
    assert "no values that are numbers" in overlay_summary(overlay(run(values=(np.nan, np.inf))))


@pytest.mark.parametrize("runs", [0, 1, 12])
@pytest.mark.parametrize("theme", THEMES)
def test_the_picture_is_a_png_for_any_number_of_runs(runs, theme) -> None:
    names = ["_hidden", "$\\frac{", "a" * 300, "<i>", "\n", "naïve ☃"]
    lines = [run(place, names[place % 6], values=np.sin(np.arange(50) + place)) for place in range(runs)]
    picture = overlay_png(overlay(*lines), "One seed each. " * 20, theme=theme)
    assert picture.startswith(b"\x89PNG\r\n")
    assert len(picture) > 5_000


def test_values_that_are_no_numbers_break_no_picture() -> None:
    assert overlay_png(overlay(run(values=(np.nan, np.nan)), run(1, values=(1.0, np.inf, 2.0)))).startswith(b"\x89PNG")
