"""What was seen of the fast forms of games: how far lessons came, and how long that took.

The times are those of the README's table, *Atari inside a lesson*, which `python -m tests.campaigns lessons` measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retroml_edu.core.hyperparameters import AlgorithmName

XEON = "an Intel Xeon, two cores"
EPYC = "an AMD EPYC, two cores"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was seen of runs with the settings that a form begins with.

    Attributes:
        mean_return: The return that was reached, and confirmed by an examination of twenty whole games.
        seeds: How many runs there were.
        reached: How many of them came so far.
        seconds: Seconds until then, the median of all runs.
        steps: Steps until then, the median of all runs; None where they were not kept.
        machine: Where the seconds were measured.
    """

    mean_return: float
    seeds: int
    reached: int
    seconds: float
    steps: int | None
    machine: str = XEON

    @property
    def sentence(self) -> str:
        """What was seen, with where and how often."""
        return (
            f"{self.reached} of {self.seeds} runs, each with a seed of its own, came to a mean return of "
            f"{self.mean_return:g}; half of all within {self.seconds:g} s, on {self.machine}."
        )


_LESSONS: Mapping[str, Expectation] = {
    "RetroML/PongPixels-v0": Expectation(15, 10, 9, 77, 239_720),
    "RetroML/PongObjects-v0": Expectation(15, 10, 9, 49, None, EPYC),
    "RetroML/PongPixelsSticky-v0": Expectation(15, 3, 2, 245, 769_936),
    "RetroML/BreakoutObjects-v0": Expectation(100, 6, 6, 28, 129_692),
    "RetroML/BreakoutPixels-v0": Expectation(30, 4, 3, 231, 502_112),
    "RetroML/FreewayObjects-v0": Expectation(20, 6, 6, 23, 81_768),
    "RetroML/FreewayPixels-v0": Expectation(20, 3, 3, 43, 98_112),
    "RetroML/BoxingObjects-v0": Expectation(40, 3, 3, 48, 191_000),
    "RetroML/BoxingPixels-v0": Expectation(20, 3, 2, 199, 455_232),
    "RetroML/SpaceInvadersObjects-v0": Expectation(410, 6, 6, 53, 268_400),
    "RetroML/SpaceInvadersPixels-v0": Expectation(410, 3, 2, 246, 590_528),
}


def expectation(env_id: str, algorithm: AlgorithmName) -> Expectation | None:
    """Return what was seen of the settings that a form begins with; None where nobody has measured them."""
    return _LESSONS.get(env_id) if algorithm == "PPO" else None
