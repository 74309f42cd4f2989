"""Games played by a student's policy."""

import numpy as np
import pytest

from retroml_edu.core.errors import LessonError, UnknownNameError
from retroml_edu.kit import games as module
from retroml_edu.kit import play_games


def left(observation):
    return 0


def lean_and_swing(observation):
    return int(observation[2] + observation[3] > 0)


def test_each_game_counts_its_steps_and_one_seed_gives_the_same_beginnings():
    returns = play_games(left, games=30, seed=3)
    assert returns.shape == (30,)
    # The pole falls at once to the right, in the 8 to 10 steps that CartPole is known for.
    assert set(returns) <= {8.0, 9.0, 10.0, 11.0}
    assert len(set(returns)) > 1
    np.testing.assert_array_equal(returns, play_games(left, games=30, seed=3))
    assert any(play_games(left, games=30, seed=4) != returns)


def test_a_good_policy_reaches_the_time_limit():
    assert play_games(lean_and_swing, games=3).max() == 500


def test_numpy_numbers_and_truths_are_actions():
    expected = play_games(lean_and_swing, games=2)
    np.testing.assert_array_equal(play_games(lambda o: o[2] + o[3] > 0, games=2), expected)
    np.testing.assert_array_equal(play_games(lambda o: np.int64(o[2] + o[3] > 0), games=2), expected)


@pytest.mark.parametrize(("action", "told"), [(None, "None"), (2, "2"), (-1, "-1"), (0.5, "0.5"), ("left", "'left'")])
def test_what_is_no_action_is_told_with_the_observation(action, told):
    with pytest.raises(LessonError, match=rf"returned {told} for the observation \[.+ one of the numbers 0 to 1\."):
        play_games(lambda _: action)


def test_a_policy_cannot_change_the_game_by_its_observation():
    def greedy(observation):
        action = int(observation[2] > 0)
        observation[:] = 0
        return action

    np.testing.assert_array_equal(play_games(greedy, games=3), play_games(lambda o: int(o[2] > 0), games=3))


def test_an_endless_policy_is_ended(monkeypatch):
    monkeypatch.setattr(module, "LIMIT_S", 0.2)

    def endless(observation):
        while True:
            pass

    with pytest.raises(LessonError, match=r"had not ended after 0\.2 s"):
        play_games(endless)


def test_other_environments_are_refused_in_words():
    with pytest.raises(LessonError, match="no numbered actions"):
        play_games(left, "Pendulum-v1")
    with pytest.raises(UnknownNameError):
        play_games(left, "CartPole-v99")
