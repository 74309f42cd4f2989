"""What a form says to expect is what the README's table shows."""

import re
from pathlib import Path

import pytest

from retroml_edu.envs import check_env
from retroml_edu.envs.expectations import EPYC, XEON, expectation

README = Path(__file__).parents[2] / "README.md"
ROW = re.compile(
    r"^\| (RetroML/\S+) +\| +(\d+) \| +(-?[\d.]+), confirmed \| +(\d+) s \|[^|]+\| +([^|]+?) \|", re.MULTILINE
)
ROWS = ROW.findall(README.read_text("utf-8"))


def test_the_table_is_found():
    assert len(ROWS) > 8


@pytest.mark.parametrize(("env_id", "seeds", "goal", "median_s", "each"), ROWS)
def test_a_lesson_is_told_as_the_table_shows_it(env_id, seeds, goal, median_s, each):
    told = expectation(env_id, "PPO")
    assert told is not None
    assert (told.seeds, told.mean_return, told.seconds) == (int(seeds), float(goal), float(median_s))
    assert told.reached == sum(seconds != "inf" for seconds in each.split(", "))
    assert told.machine == (EPYC if env_id == "RetroML/PongObjects-v0" else XEON)
    assert check_env(env_id, "PPO") == []


def test_nothing_is_expected_of_what_nobody_has_measured():
    assert expectation("RetroML/PongPixels-v0", "DQN") is None
    assert expectation("ALE/Pong-v5", "PPO") is None
