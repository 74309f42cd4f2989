"""The live picture: reels to the page, and the pace that the page asks for."""

import numpy as np
import pytest

from retroml_edu.core.frames import Frame
from retroml_edu.session.feed import FPS, FeedMode
from retroml_edu.widgets.feed import CONFIRMED_EVERY, DESCRIBED, ENDED, SLOWEST_S, UNSEEN_S, WAITING, FeedView

REEL = 10


@pytest.fixture
def stage(told):
    """A view, what it sent, and what the page answers where it is asked to."""

    class Stage:
        def __init__(self):
            self.view, self.sent, self.answer = FeedView(), [], {"seen": True, "took_ms": 1.0}
            self.view.send = self.take

        def take(self, content, buffers=None):
            self.sent.append((content, buffers))
            if content["confirm"]:
                told(self.view, action="painted", frame=content["frame"], **self.answer)

        def show(self, first=0):
            frames = [Frame(np.full((8, 8, 3), 20 * i, np.uint8), 64, 1, float(first + i)) for i in range(REEL)]
            return self.view.show(DESCRIBED[FeedMode.PREVIEW], frames, 0.1)

    return Stage()


def test_a_reel_is_one_message_with_its_pace(stage):
    stage.show(first=5)
    (content, pictures) = stage.sent[0]
    assert content["shown_ms"] == pytest.approx(100)
    assert content["frame"] == len(pictures) == REEL
    assert all(picture.startswith(b"\xff\xd8") for picture in pictures)
    assert content["caption"] == "A copy of the weights of step 64"
    assert content["standing"] == {"game": "Game 1", "return": "+5", "spoken": "return plus 5"}  # as the reel begins
    stage.view.end()
    assert stage.view.poster == pictures[-1]
    assert stage.view.caption == "Last picture: A copy of the weights of step 64"
    assert stage.view.standing["return"] == "+14"
    stage.view.begin()
    assert (stage.view.poster, stage.view.standing) == (b"", {})


def test_where_no_picture_is_it_says_whether_one_will_come(stage):
    assert stage.view.empty == WAITING
    stage.view.end()
    assert stage.view.empty == ENDED
    stage.view.begin()
    assert stage.view.empty == WAITING


def test_the_page_is_asked_now_and_then(stage):
    for _ in range(6):
        stage.show()
    asked = [content["frame"] for content, _ in stage.sent if content["confirm"]]
    assert asked == [reels * REEL for reels in range(1, 7) if reels * REEL % CONFIRMED_EVERY < REEL]
    assert 0 < len(asked) < 6


@pytest.mark.parametrize(("took_ms", "interval_s"), [(1.0, 1 / FPS), (10.0, 0.2), (1_000.0, SLOWEST_S)])
def test_a_slow_page_sets_the_pace(stage, took_ms, interval_s):
    stage.answer["took_ms"] = took_ms
    assert [stage.show() for _ in range(3)][-1] == pytest.approx(interval_s)


def test_a_page_that_nobody_sees_is_asked_each_time_until_somebody_does(stage):
    stage.answer["seen"] = False
    assert [stage.show() for _ in range(3)][-1] == UNSEEN_S
    stage.answer["seen"] = True
    assert stage.show() == pytest.approx(1 / FPS)
    assert [content["confirm"] for content, _ in stage.sent] == [False, False, True, True]
