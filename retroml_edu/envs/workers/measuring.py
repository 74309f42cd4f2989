"""Steps environments with and without workers, in turn, to see what is faster here. Imports torch."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle, islice
from typing import Any

import numpy as np
import psutil
from stable_baselines3.common.vec_env import VecEnv

from retroml_edu.envs.vector import env_seeds, make_vector_env
from retroml_edu.envs.workers.vector import WorkerVector

CHEAP_S = 10e-6
"""A step below this costs less than to tell another process about it."""
WORTH = 1.15
"""So many times as fast a choice must be to be taken before one with fewer processes: those that wait for each other
lose more than this where a neighbour takes a core from one of them."""
_ROUNDS = 5
_ROUND_S = 0.12
_WARM_STEPS = 20
_DIGESTED = bytes(8 * 2**20)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What came out.

    Attributes:
        workers: How many to take.
        gain: How many times as fast they make the environments.
        others_busy: Share of the machine that others had meanwhile, 0 to 1: other processes, or whatever a virtual
            machine shares its cores with.
        cheap: Whether a step costs less than to tell another process about it: then nothing else was measured.
    """

    workers: int
    gain: float
    others_busy: float
    cheap: bool = False


def measure(env_id: str, n_envs: int, most: int) -> Measurement:
    """Step environments for a second or two, and return what is fastest.

    Args:
        env_id: Gymnasium id.
        n_envs: How many environments, at least 2.
        most: Most workers to try, from 1 to n_envs - 1.

    Raises:
        NoWorkerError: If workers cannot step this environment.
    """
    with ExitStack() as closing:
        alone = make_vector_env(env_id, n_envs, seed=0, fast=True)
        closing.callback(alone.close)
        alone.reset()
        actions = cycle(_actions(alone))
        step_s = _seconds(alone, islice(actions, _WARM_STEPS)) / _WARM_STEPS
        if step_s / n_envs < CHEAP_S:
            return Measurement(0, 1.0, 0.0, cheap=True)
        rivals = []
        for workers in _candidates(n_envs, most):
            rival = WorkerVector(env_id, env_seeds(0, n_envs), workers=workers)
            closing.callback(rival.close)
            rival.reset()
            rivals.append(rival)
        n_steps = max(5, round(_ROUND_S / step_s))
        load = _Load([pid for rival in rivals for pid in rival.pids])
        times, crowded = np.empty((_ROUNDS, 1 + len(rivals))), []
        for row in times:
            same = list(islice(actions, n_steps))
            row[:] = [_seconds(venv, same) for venv in (alone, *rivals)]
            crowded.append(crowding())
        others_busy = max(load.of_others(), 1 - 1 / float(np.median(crowded)))
    gains = times[:, :1] / times[:, 1:]
    workers, gain = choose({rival.n_workers: gains[:, i].tolist() for i, rival in enumerate(rivals)})
    return Measurement(workers, gain, others_busy)


def choose(gains: Mapping[int, Sequence[float]]) -> tuple[int, float]:
    """Return how many workers to take, and how many times as fast they are.

    Args:
        gains: How many times as fast as none each number of workers was, round by round. A number counts where all
            rounds but one say that it is worth it: one may have been disturbed.
    """
    best, best_gain = 0, 1.0
    for workers in sorted(gains):
        gain = float(np.median(gains[workers]))
        if sorted(gains[workers])[1] > WORTH and gain > WORTH * best_gain:
            best, best_gain = workers, gain
    return best, best_gain


def crowding() -> float:
    """Return how many times as long two calculations take side by side as one alone: 1 on two cores, 2 on one.

    The cores that a virtual machine shows are not always its own, and the system's accounts do not tell.
    """
    return _digests_s(2) / _digests_s(1)


def _digests_s(threads: int) -> float:
    """Return how long threads take for a digest each, which needs Python for nothing."""
    working = [threading.Thread(target=sha256, args=(_DIGESTED,)) for _ in range(threads)]
    began_s = time.perf_counter()
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    return time.perf_counter() - began_s


def _candidates(n_envs: int, most: int) -> list[int]:
    """Return the numbers of workers that are tried: with this process they are 2, 4, 8 and all that there can be."""
    return sorted({workers for workers in (1, 3, 7) if workers < most} | {min(most, n_envs - 1)})


def _actions(venv: VecEnv) -> list[np.ndarray]:
    space: Any = venv.action_space
    space.seed(0)
    return [np.array([space.sample() for _ in range(venv.num_envs)]) for _ in range(64)]


def _seconds(venv: VecEnv, actions: Iterator[np.ndarray] | Sequence[np.ndarray]) -> float:
    started_s = time.perf_counter()
    for action in actions:
        venv.step(action)
    return time.perf_counter() - started_s


class _Load:
    """What the processor does from now on, for others than this process and its workers."""

    def __init__(self, workers: Sequence[int]) -> None:
        self._own = [psutil.Process(), *map(psutil.Process, workers)]
        self._before = self._seconds()

    def of_others(self) -> float:
        """Return their share of all cores, 0 to 1."""
        (busy, idle, own), (busy_before, idle_before, own_before) = self._seconds(), self._before
        others_s = busy - busy_before - (own - own_before)
        total_s = busy - busy_before + idle - idle_before
        return min(1.0, max(0.0, others_s / total_s)) if total_s > 0 else 0.0

    def _seconds(self) -> tuple[float, float, float]:
        """Return seconds of all cores together, busy and idle, and those that were our own."""
        times = psutil.cpu_times()._asdict()
        idle = times["idle"] + times.get("iowait", 0.0)
        # Linux counts a guest's time as its owner's too.
        busy = sum(times.values()) - idle - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
        own = 0.0
        for process in self._own:
            with suppress(psutil.Error):
                used = process.cpu_times()
                own += used.user + used.system
        return busy, idle, own
