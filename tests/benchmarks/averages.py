"""Averages over many runs while a slider is dragged: the compiled learners against the readable ones. Half a minute."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import numpy as np

from retroml_edu.tabular import Episode, NStepTD, Outcomes, TDLambda, random_walk, value_errors
from retroml_edu.tabular.prediction import Learns
from tests.benchmarks.measuring import Comparison, Machine, Report, Scale, alternate

RUNS = 2_000
READABLE_RUNS = 40
EPISODES = 100


class _Readable:
    """A learner that is asked for one episode after another, as one of a student's own."""

    def __init__(self, learner: NStepTD | TDLambda) -> None:
        self._learner = learner

    def __call__(self, values: np.ndarray, episode: Episode) -> None:
        self._learner(values, episode)


WALKS: dict[str, tuple[Outcomes, int, Sequence[NStepTD | TDLambda]]] = {
    "5-state walk, 100 episodes: TD(0), Monte Carlo, TD(λ)": (
        random_walk(),
        EPISODES,
        (NStepTD(0.1), NStepTD(0.025, n=None), TDLambda(0.1, 0.8)),
    ),
    "19-state walk, 10 episodes: n = 1, 4, 16, Monte Carlo": (
        random_walk(19, left=-1.0),
        EPISODES // 10,
        (NStepTD(0.8), NStepTD(0.4, n=4), NStepTD(0.15, n=16), NStepTD(0.02, n=None)),
    ),
}


def run(scale: Scale) -> list[Report]:
    """Measure everything."""
    machine = Machine()
    comparisons = []
    for what, (world, n_episodes, learners) in WALKS.items():
        readable = [_Readable(learner) for learner in learners]
        slow = partial(_runs_a_second, world, readable, n_episodes, scale.steps(READABLE_RUNS))
        fast = partial(_runs_a_second, world, learners, n_episodes, scale.steps(RUNS))
        comparisons.append(Comparison(what, "runs/s", *alternate(scale.pairs, machine, slow, fast)))
    return [
        Report(
            "Averages over random walks",
            machine,
            "one episode after another",
            "compiled",
            comparisons,
            notes="A run is all its episodes, drawn and learned from by every learner named. One core.",
        )
    ]


def _runs_a_second(world: Outcomes, learners: Sequence[Learns], n_episodes: int, runs: int) -> float:
    began = time.perf_counter()
    value_errors(learners, world, runs=runs, n_episodes=n_episodes, start=0.5, rng=np.random.default_rng(0))
    return runs / (time.perf_counter() - began)
