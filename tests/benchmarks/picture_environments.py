"""Atari environments that are stepped and nothing else: against stable-baselines3's, and against the bare emulator."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import ale_py
import gymnasium as gym
import numpy as np
from stable_baselines3.common.vec_env import VecEnv

from retroml_edu.envs.atari.game import FRAME_SKIP
from retroml_edu.envs.calibration import best_workers
from retroml_edu.envs.vector import make_vector_env
from tests.benchmarks.contestants import stock_pictures
from tests.benchmarks.measuring import Comparison, Machine, Measure, Report, Scale, alternate

N_ENVS, FEW_ENVS = 8, 2
"""In a quick trial few, since it takes longer to make them than to step them."""
STANDARD = "BreakoutNoFrameskip-v4"
FORMS = {
    "Breakout, standard pictures": (STANDARD, STANDARD),
    "Pong, small pictures": ("RetroML/PongPixels-v0", "PongNoFrameskip-v4"),
    "Pong, objects": ("RetroML/PongObjects-v0", "PongNoFrameskip-v4"),
}
"""What is stepped, and what ale-py calls the game."""
_ACTIONS = 997
"""So many are drawn beforehand and gone through again and again; a prime, lest games repeat with them."""


def against_wrappers(scale: Scale) -> Report:
    """Compare standard pictures with those of stable-baselines3's wrappers."""
    machine, n_envs = Machine(), _count(scale)
    comparisons = []
    for how, workers in _ways(STANDARD, n_envs):
        ours = partial(_ours, STANDARD, n_envs, workers)
        with _stepped(partial(_stock, n_envs), scale) as baseline, _stepped(ours, scale) as measure:
            pair = alternate(scale.pairs, machine, baseline, measure)
        comparisons.append(Comparison(f"Breakout, {n_envs} envs, {how}", "steps/s", *pair))
    return Report(
        "Environments with standard pictures",
        machine,
        "stable-baselines3's",
        "ours",
        comparisons,
        notes="Random actions and nothing else; a step of the agent is four frames of the emulator. The baseline is "
        "`make_atari_env` with DummyVecEnv and a stack of four.",
    )


def against_the_emulator(scale: Scale) -> Report:
    """Compare every form with the emulator that runs as many frames and shows none."""
    machine, n_envs = Machine(), _count(scale)
    rivals = [("Breakout, stable-baselines3's wrappers", partial(_stock, n_envs), STANDARD)]
    for form, (env_id, ale_id) in FORMS.items():
        for how, workers in _ways(env_id, n_envs):
            rivals.append((f"{form}, {how}", partial(_ours, env_id, n_envs, workers), ale_id))
    comparisons = []
    for what, make, ale_id in rivals:
        with _stepped(make, scale, worth=FRAME_SKIP) as measure:
            pair = alternate(scale.pairs, machine, _Emulator(ale_id, _seconds(scale)), measure)
        comparisons.append(Comparison(what, "frames/s", *pair))
    return Report(
        "Environments against the bare emulator",
        machine,
        "emulator alone",
        "environment",
        comparisons,
        notes="Random actions and nothing else. The floor is `ALEInterface.act` four times an action on one core; the "
        "ratio is the share of it that an environment reaches, and can pass 1 with worker processes.",
    )


def _count(scale: Scale) -> int:
    return FEW_ENVS if scale.quick else N_ENVS


def _stock(n_envs: int) -> VecEnv:
    return stock_pictures(STANDARD, n_envs, seed=1)


def _ours(env_id: str, n_envs: int, workers: int) -> VecEnv:
    return make_vector_env(env_id, n_envs, seed=1, fast=True, workers=workers)


def _ways(env_id: str, n_envs: int) -> list[tuple[str, int]]:
    """Return with how many workers ours is stepped: none, and as many as are found best here."""
    workers = best_workers(env_id, n_envs)
    return [("one process", 0), *([(f"{workers + 1} processes", workers)] if workers else [])]


def _seconds(scale: Scale) -> float:
    return 0.05 if scale.quick else 0.7


@contextmanager
def _stepped(make: Callable[[], VecEnv], scale: Scale, *, worth: int = 1) -> Iterator[Measure]:
    """Make environments, and a measure of how many steps, each worth so much, they make a second."""
    venv = make()
    try:
        space: Any = venv.action_space
        drawn = np.random.default_rng(1).integers(0, space.n, (_ACTIONS, venv.num_envs))
        actions = itertools.cycle(drawn)
        venv.reset()

        def measure() -> float:
            steps, began = 0, time.perf_counter()
            while (passed := time.perf_counter() - began) < _seconds(scale):
                venv.step(next(actions))
                steps += venv.num_envs
            return worth * steps / passed

        measure()
        yield measure
    finally:
        venv.close()


class _Emulator:
    """Plays a game that nobody sees; calling it tells how many frames a second.

    Args:
        ale_id: What ale-py calls the game.
        seconds: How long.
    """

    def __init__(self, ale_id: str, seconds: float) -> None:
        gym.register_envs(ale_py)
        game: Any = gym.make(ale_id).unwrapped
        game.reset(seed=1)
        self._ale = game.ale
        actions = [action.value for action in self._ale.getMinimalActionSet()]
        self._actions = itertools.cycle(np.random.default_rng(1).choice(actions, _ACTIONS).tolist())
        self._seconds = seconds

    def __call__(self) -> float:
        """Return the frames a second."""
        ale, frames, began = self._ale, 0, time.perf_counter()
        while (passed := time.perf_counter() - began) < self._seconds:
            action = next(self._actions)
            for _ in range(FRAME_SKIP):
                ale.act(action)
            frames += FRAME_SKIP
            if ale.game_over():
                ale.reset_game()
        return frames / passed
