"""What the fast engine's time is spent on: environments, acting, arithmetic of updates, Python between."""

from __future__ import annotations

import pkgutil
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from numba.core.registry import CPUDispatcher
from stable_baselines3.common.vec_env import VecEnv

import retroml_edu.training.fast
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.envs.compiled.vector import CompiledVector
from retroml_edu.envs.vector import is_compiled, make_vector_env
from retroml_edu.training.fast.algorithms import FAST_ALGORITHMS
from retroml_edu.training.reporting import Reporter
from tests.benchmarks.cases import Case
from tests.benchmarks.contestants import train_ours
from tests.benchmarks.floors import environment_speed, peak_speed, product_speed, rows_of_a_batch, update_operations
from tests.benchmarks.measuring import Grid, Scale

HEADS = (
    "",
    "steps/s",
    "environment alone",
    "environment",
    "acting",
    "update",
    "Python between",
    "update, GFLOP/s",
    "product of its size",
    "peak of a core",
)


def remaining(cases: Sequence[Case], scale: Scale) -> Grid:
    """Return a row for each case."""
    peak = peak_speed()
    return Grid(HEADS, [_row(case, case.config(scale), peak) for case in cases])


def _row(case: Case, config: ExperimentConfig, peak: float) -> list[str]:
    alone = environment_speed(config)
    watch = _Stopwatch()
    with watch.around_the_fast_engine():
        done = train_ours(config)
    seconds = watch.seconds
    environment, collected = seconds["environment"], seconds["collecting"]
    if is_compiled(config.env_id):  # one kernel acts and steps: what stepping takes of it was measured by itself
        stepping = min(done.steps / alone, collected)
        environment, collected = environment + stepping, collected - stepping
    parts = (environment, collected, seconds["learning"])
    shares = [part / done.seconds for part in (*parts, done.seconds - sum(parts))]
    width = config.hyperparameters.net_arch[0]
    speed = _operations(config, done.steps) / seconds["learning"] if seconds["learning"] else 0.0
    return [
        case.name,
        f"{done.speed:,.0f}",
        f"{alone:,.0f}",
        *(f"{share:.0%}" for share in shares),
        f"{speed / 1e9:.1f}",
        f"{product_speed(rows_of_a_batch(config), width, width) / 1e9:.0f}",
        f"{peak / 1e9:.0f}",
    ]


def _operations(config: ExperimentConfig, steps: int) -> float:
    settings: Any = config.hyperparameters
    n_envs = config.n_envs or 1
    venv = make_vector_env(config.env_id, 1, seed=1, fast=True)
    observed = int(venv.observation_space.shape[0])  # type: ignore[index]
    space: Any = venv.action_space
    heads = int(space.n) if hasattr(space, "n") else int(space.shape[0])
    venv.close()
    if config.algorithm == "DQN":
        updates = max(steps - settings.learning_starts, 0) // (settings.train_freq * n_envs) * settings.gradient_steps
    elif config.algorithm == "PPO":
        updates = steps * settings.n_epochs // settings.batch_size
    else:
        updates = steps // (settings.n_steps * n_envs)
    return update_operations(config, updates, observed, heads)


class _Stopwatch:
    """Adds up what passes in kernels, told apart by whether they collect or learn, and in environments."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._learning = False

    @contextmanager
    def around_the_fast_engine(self) -> Iterator[None]:
        """Time every call from Python into a kernel or an environment; a call costs a fraction of a microsecond."""
        with ExitStack() as patches:

            def put(owner: Any, name: str, function: Callable[..., Any]) -> None:
                patches.enter_context(mock.patch.object(owner, name, function))

            for module in _modules():
                for name, value in vars(module).copy().items():
                    if isinstance(value, CPUDispatcher):
                        put(module, name, self._timed(value))
            for vector in _vectors(VecEnv):
                put(vector, "step_wait", self._timed(vector.step_wait, "environment"))
            put(CompiledVector, "prepare", self._timed(CompiledVector.prepare, "environment"))
            for algorithm in FAST_ALGORITHMS.values():
                put(algorithm, "update", self._as_learning(algorithm.update))
            put(Reporter, "begin", self._from_here(Reporter.begin))
            yield

    def _from_here(self, begin: Callable[[Any], None]) -> Callable[[Any], None]:
        def begins(reporter: Any) -> None:
            self.seconds.clear()  # making environments steps some, to compare them
            begin(reporter)

        return begins

    def _timed(self, function: Callable[..., Any], part: str | None = None) -> Callable[..., Any]:
        seconds, clock = self.seconds, time.perf_counter

        def timed(*arguments: Any) -> Any:
            began = clock()
            try:
                return function(*arguments)
            finally:
                seconds[part or ("learning" if self._learning else "collecting")] += clock() - began

        return timed

    def _as_learning(self, update: Callable[[Any], None]) -> Callable[[Any], None]:
        def learning(model: Any) -> None:
            self._learning = True
            try:
                update(model)
            finally:
                self._learning = False

        return learning


def _vectors(kind: type[Any]) -> Iterator[type[Any]]:
    """Find every vector environment of ours that steps by itself."""
    for vector in kind.__subclasses__():
        if vector.__module__.startswith("retroml_edu.") and "step_wait" in vars(vector):
            yield vector
        yield from _vectors(vector)


def _modules() -> list[Any]:
    package = retroml_edu.training.fast
    names = [f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)]
    return [sys.modules[name] for name in names if name in sys.modules]
