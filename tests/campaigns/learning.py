"""One run of a lesson's preset, watched: when which return was reached, and whether the agent really has it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.utils import obs_as_tensor

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.events import EpisodeEvent, Event
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.envs.calibration import best_workers
from retroml_edu.envs.vector import make_vector_env
from retroml_edu.policies.build import build_policy
from retroml_edu.policies.sampling import DrawsActions
from retroml_edu.policies.weights import load_weights
from retroml_edu.training import trainer_for

WINDOW = 20
"""Training games whose mean return stands for what the agent can do by now."""
EXAM_GAMES = 20
EXAM_SEED = 10_000
"""Environments of examinations are seeded from here on: no run of these campaigns has such a seed."""
BETWEEN_EXAMS_S = 2.0
POINTS = 60


@dataclass
class Learned:
    """What came of a run.

    Attributes:
        seed: Of the run.
        marks: By return: seconds and steps at which the last games' mean was first above it.
        confirmed: Seconds and steps after which the agent passed its examination; None if it never did.
        sampled: Returns of the last examination, actions drawn as in training.
        greedy: Returns of another with the likeliest actions.
        steps: How many were made.
        seconds: How long that took, examinations left out.
        curve: Seconds, steps and mean return of the last games, some times along the run.
    """

    seed: int
    marks: dict[float, tuple[float, int]] = field(default_factory=dict)
    confirmed: tuple[float, int] | None = None
    sampled: list[float] = field(default_factory=list)
    greedy: list[float] = field(default_factory=list)
    steps: int = 0
    seconds: float = 0.0
    curve: list[tuple[float, int, float]] = field(default_factory=list)


def learn(config: ExperimentConfig, marks: Sequence[float], goal: float, most_s: float) -> Learned:
    """Train until an examination confirms the goal, the time is over, or the run is.

    Args:
        config: Fully resolved.
        marks: Returns whose times are noted.
        goal: Mean return that the examination is to show; it is held when the training games' mean is above it.
        most_s: Seconds after which the run ends, examinations left out.
    """
    best_workers(config.env_id, config.n_envs or 1)  # the trial, if there has to be one, is no part of the run
    run = _Watched(config, marks, goal, most_s)
    trainer_for(config).train(config, run.hear, run.control)
    return run.learned


class _Watched:
    def __init__(self, config: ExperimentConfig, marks: Sequence[float], goal: float, most_s: float) -> None:
        self.control = Control()
        self._config, self._marks, self._goal, self._most_s = config, marks, goal, most_s
        self.learned = Learned(config.seed)
        self._last: deque[float] = deque(maxlen=WINDOW)
        self._began = time.perf_counter()
        self._examined_s = 0.0
        self._next_exam_s = 0.0

    def hear(self, event: Event) -> None:
        """Note what a game tells; runs in the trainer's thread."""
        if not isinstance(event, EpisodeEvent):
            return
        now, learned = self._now(), self.learned
        self._last.append(event.episode_return)
        learned.steps, learned.seconds = event.step, now
        if now > self._most_s:
            self.control.stop()
        if len(self._last) < WINDOW:
            return
        mean = fmean(self._last)
        for mark in self._marks:
            if mean > mark:
                learned.marks.setdefault(mark, (now, event.step))
        if not learned.curve or now - learned.curve[-1][0] > self._most_s / POINTS:
            learned.curve.append((now, event.step, mean))
        if mean > self._goal and now >= self._next_exam_s:
            self._next_exam_s = now + BETWEEN_EXAMS_S
            self.control.request_weights(self._examine)

    def _now(self) -> float:
        return time.perf_counter() - self._began - self._examined_s

    def _examine(self, weights: PolicyWeights) -> None:
        # In the trainer's thread, so that training stands still meanwhile, and its clock too.
        learned, now, began = self.learned, self._now(), time.perf_counter()
        learned.sampled = examine(self._config, weights, deterministic=False)
        if fmean(learned.sampled) >= self._goal:
            learned.confirmed = (now, weights.step)
            learned.greedy = examine(self._config, weights, deterministic=True)
            self.control.stop()
        self._examined_s += time.perf_counter() - began


def examine(config: ExperimentConfig, weights: PolicyWeights, *, deterministic: bool) -> list[float]:
    """Return the raw returns of whole games, each after a wait of 1 to 30 frames that its own seed draws.

    Args:
        config: Whose agent it is.
        weights: Its own.
        deterministic: The likeliest action each time, instead of one that is drawn.
    """
    env_id = config.env_id
    venv = make_vector_env(
        env_id, EXAM_GAMES, seed=EXAM_SEED, training=False, fast=True, workers=best_workers(env_id, EXAM_GAMES)
    )
    try:
        policy: Any = build_policy(config, venv.observation_space, venv.action_space)
        load_weights(policy, weights.arrays)
        if isinstance(policy, DrawsActions):
            policy.draw_from(np.random.default_rng(EXAM_SEED))
        returns: dict[int, float] = {}
        seen: Any = venv.reset()
        while len(returns) < EXAM_GAMES:
            with torch.inference_mode():
                actions = policy._predict(obs_as_tensor(seen, policy.device), deterministic=deterministic)
            seen, _, dones, infos = venv.step(actions.numpy())
            for index in np.flatnonzero(dones):
                returns.setdefault(int(index), _raw_return(infos[index]))
        return [returns[index] for index in range(EXAM_GAMES)]
    finally:
        venv.close()


def _raw_return(info: Mapping[str, Any]) -> float:
    return float(info["episode"]["r"])
