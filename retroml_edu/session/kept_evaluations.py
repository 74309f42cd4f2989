"""Evaluations read back from a run's ``eval/``, which may be a stranger's."""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from retroml_edu.analysis.insights import EvaluationPoint
from retroml_edu.core.errors import StorageError
from retroml_edu.session.evaluation import MAX_EPISODES, PlayedEpisode
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import parse
from retroml_edu.storage.paths import read_unlinked

MOST_KEPT = 200
"""Of the newest evaluations that are read: a folder can hold any number."""
MOST_RETURN = 1e300
"""Either way: means of larger numbers are none."""
MAX_BYTES = 2**22
"""Ten thousand games, the most of an evaluation, take a quarter of it."""
_NAMED = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-step-\d+\.json")


@dataclass(frozen=True, slots=True)
class KeptEvaluation:
    """An evaluation as its file tells it.

    Attributes:
        time_utc: When it was made, ISO 8601.
        weights_step: Training step of the weights.
        seed: Seed of the first game.
        deterministic: Whether the likeliest action was always taken.
        episodes: Every game; there is one at least.
    """

    time_utc: str
    weights_step: int
    seed: int
    deterministic: bool
    episodes: tuple[PlayedEpisode, ...]

    @property
    def returns(self) -> list[float]:
        """Return of every game."""
        return [episode.episode_return for episode in self.episodes]

    @property
    def return_mean(self) -> float:
        """Mean return of the games."""
        return statistics.fmean(self.returns)

    @property
    def return_std(self) -> float | None:
        """Standard deviation of the returns of single games; None where there is one game alone."""
        return statistics.stdev(self.returns) if len(self.episodes) > 1 else None


def evaluation_names(folder: RunFolder) -> list[str]:
    """Return the names of the files of a run's evaluations, newest first."""
    try:
        names = [] if folder.eval_dir.is_symlink() else [file.name for file in folder.eval_dir.iterdir()]
    except OSError:  # most runs were never tested
        return []
    return sorted(filter(_NAMED.fullmatch, names), reverse=True)  # they begin with the time


def kept_evaluation(folder: RunFolder, name: str) -> KeptEvaluation | None:
    """Return the evaluation of a name; None if there is none, or none that can be read."""
    time = _NAMED.fullmatch(name)
    if time is None:
        return None
    try:
        data: Any = parse(read_unlinked(folder.path, f"{folder.eval_dir.name}/{name}", MAX_BYTES))
        return KeptEvaluation(
            time_utc=f"{time[1]}T{time[2]}:{time[3]}:{time[4]}.{time[5]}Z",
            weights_step=_whole(data["weights_step"]),
            seed=_whole(data["seed"]),
            deterministic=data["deterministic"] is True,
            episodes=_episodes(data["episodes"]),
        )
    except (StorageError, ValueError, KeyError, TypeError, OverflowError):
        return None


def kept_evaluations(folder: RunFolder, most: int = MOST_KEPT) -> list[KeptEvaluation]:
    """Return the newest evaluations that a run keeps, newest first; files that are damaged are left out.

    Args:
        folder: Run folder.
        most: How many at most.
    """
    found = (kept_evaluation(folder, name) for name in evaluation_names(folder)[:MOST_KEPT])
    return list(islice((each for each in found if each is not None), most))


def evaluation_points(kept: Sequence[KeptEvaluation]) -> list[EvaluationPoint]:
    """Return what can be compared: evaluations of the newest one's kind of actions, those of equal weights as one.

    Args:
        kept: Newest first.
    """
    games: defaultdict[int, list[float]] = defaultdict(list)
    for each in kept:
        if each.deterministic is kept[0].deterministic:
            games[each.weights_step] += each.returns
    return [
        EvaluationPoint(step, statistics.fmean(returns), statistics.stdev(returns), len(returns))
        for step, returns in sorted(games.items())
        if len(returns) > 1  # a single game has no spread to judge it by
    ]


def _episodes(data: Any) -> tuple[PlayedEpisode, ...]:
    episodes = tuple(_episode(each) for each in data[:MAX_EPISODES])
    if not episodes:
        raise ValueError("no games")
    return episodes


def _episode(data: Any) -> PlayedEpisode:
    value = float(data["episode_return"])
    if not abs(value) <= MOST_RETURN:
        raise ValueError("no return of a game")
    return PlayedEpisode(value, _whole(data["length"]), str(data["ending"])[:40])


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError("no whole number")
    return value
