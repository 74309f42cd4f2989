"""Numbers in a student's words."""

import pytest

from retroml_edu.core.events import VideoEvent
from retroml_edu.widgets.words import duration, score, signed, spoken, video_caption, video_label


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 s"),
        (0.2, "1 s"),
        (7.1, "8 s"),
        (59, "59 s"),
        (59.5, "1 min 0 s"),
        (60, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3600, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (3_600_000, "1,000 h 0 min"),
    ],
)
def test_a_duration(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (-0.0, "0"), (-0.04, "0"), (21.0, "21"), (-21.0, "-21"), (3.14, "3.1"), (1234.5, "1,234.5")],
)
def test_a_score(value, words):
    assert score(value) == words


@pytest.mark.parametrize(
    ("value", "words", "said"),
    [
        (0, "0", "0"),
        (-0.04, "0", "0"),
        (3.0, "+3", "plus 3"),
        (-2.5, "−2.5", "minus 2.5"),
        (1234, "+1,234", "plus 1,234"),
    ],
)
def test_a_score_with_its_sign(value, words, said):
    assert (signed(value), spoken(value)) == (words, said)


@pytest.mark.parametrize(
    ("milestone", "label"), [(0.0, "start"), (0.25, "25%"), (0.5, "50%"), (1.0, "final"), (0.999, "100%")]
)
def test_the_moment_of_a_video(milestone, label):
    assert video_label(VideoEvent("videos/v.mp4", 0, milestone, 0.0, 1, True, 1.0)) == label


def test_a_film_of_the_live_feed_is_called_so():
    assert video_label(VideoEvent("videos/live-2026-01-31T120000123Z-step-9.mp4", 9, 1.0, 0.0, 1, True, 1.0)) == "live"


def test_a_video_that_was_cut_says_so():
    assert video_caption(VideoEvent("v.mp4", 12_500, 0.25, -21.0, 500, False, 10.0)) == (
        "step 12,500 · return -21 so far · 10.0 s, cut"
    )
