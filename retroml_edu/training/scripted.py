"""A trainer that learns nothing, at once and always alike: for tests of everything around training."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control, StopRequested
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.events import log
from retroml_edu.core.frames import Frame
from retroml_edu.core.generators import generator_state, set_generator_state
from retroml_edu.core.metrics import ENTROPY, LOSS
from retroml_edu.core.saved import SavedState, misfit
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.core.training import Emit, Start, TrainedModel
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.envs import make_env
from retroml_edu.policies import WeightsError, build_policy, copy_weights, load_weights
from retroml_edu.training.reporting import Reporter

EPISODE_STEPS = 40
ROLLOUT_STEPS = 16
BATCHES = 4
_POLICY = "policy/"


class ScriptedTrainer:
    """Follows a script instead of learning.

    The return rises from 20 to 500 over the run. The weights are those of a real policy for the config's environment,
    and each mini-batch adds a little to them, so that an actor can play with them. Frames are of one colour, which
    changes with the step.

    Args:
        fail_at: Step from which on it raises a `TrainingError`.
        crash_at: Step from which on it raises an error that nobody foresaw.
        wait_at: Step at which it waits for `release`, serving control meanwhile.
        warnings: Step to the warning that it emits there.

    Attributes:
        reached: Set when it waits.
        release: Set it to let training go on.
    """

    def __init__(
        self,
        *,
        fail_at: int | None = None,
        crash_at: int | None = None,
        wait_at: int | None = None,
        warnings: Mapping[int, str] | None = None,
    ) -> None:
        self.reached = threading.Event()
        self.release = threading.Event()
        self._fail_at = fail_at
        self._crash_at = crash_at
        self._wait_at = wait_at
        self._warnings = sorted((warnings or {}).items())

    def train(self, config: ExperimentConfig, emit: Emit, control: Control, start: Start | None = None) -> TrainedModel:
        """Follow the script to the config's last step, or until control stops it.

        Raises:
            TrainingError: At `fail_at`, or if the start does not fit the config.
            ZeroDivisionError: At `crash_at`.
        """
        play = _Play(config, emit, control, start)
        warnings = [warning for warning in self._warnings if play.step == 0 or warning[0] > play.step]
        try:
            control.poll(min(play.step, config.total_timesteps - 1), play)
            while True:
                if play.update_due:
                    play.update(control)
                if play.between_rollouts and play.step >= config.total_timesteps:
                    break
                play.advance()
                while warnings and warnings[0][0] <= play.step:
                    emit(log("warning", warnings.pop(0)[1], step=play.step))
                self._misbehave(play, control)
                control.poll(min(play.step, config.total_timesteps - 1), play)
            control.poll(play.step, play)
        except StopRequested:
            pass
        control.keep(play)
        play.reporter.finish(play.step)
        return TrainedModel(play.copy_weights(), export=None, facts={"engine": "scripted", "device": "cpu"})

    def _misbehave(self, play: _Play, control: Control) -> None:
        if self._fail_at is not None and play.step >= self._fail_at:
            raise TrainingError(f"The script says that training fails at step {self._fail_at:,}.")
        if self._crash_at is not None and play.step >= self._crash_at:
            raise ZeroDivisionError(f"the script says that training crashes at step {self._crash_at}")
        if self._wait_at is not None and play.step >= self._wait_at and not self.release.is_set():
            self.reached.set()
            while not self.release.wait(timeout=0.005):
                control.poll(play.step, play)


class _Play:
    """Where the script is, and what it shows of itself."""

    def __init__(self, config: ExperimentConfig, emit: Emit, control: Control, start: Start | None) -> None:
        env = make_env(config.env_id, seed=config.seed, render_mode=None)
        policy = build_policy(config, env.observation_space, env.action_space)
        env.close()
        self._identity = {"engine": "scripted", "env_id": config.env_id, "n_envs": config.n_envs or 1}
        self._n_envs = config.n_envs or 1
        self._total = config.total_timesteps
        self._rng = np.random.default_rng(config.seed)
        self._env_steps = 0
        self._updates = 0
        if start is not None:
            weights = _policy_arrays(start) if isinstance(start, Snapshot) else start.arrays
            try:
                load_weights(policy, weights)
            except WeightsError as error:
                raise TrainingError(str(error)) from error
        self._arrays = copy_weights(policy)
        self.reporter = Reporter(emit, control, self._total)  # whose clock starts now
        if isinstance(start, Snapshot):
            self._go_on_from(start)

    @property
    def step(self) -> int:
        return self._env_steps * self._n_envs

    @property
    def between_rollouts(self) -> bool:
        return self._env_steps == self._updates * ROLLOUT_STEPS

    @property
    def update_due(self) -> bool:
        return self._env_steps == (self._updates + 1) * ROLLOUT_STEPS

    def advance(self) -> None:
        """Step all environments once."""
        self._env_steps += 1
        if self._env_steps % EPISODE_STEPS == 0:
            for index in range(self._n_envs):
                episode_return = 20 + 480 * min(self.step / self._total, 1.0) + float(self._rng.integers(-5, 6))
                self.reporter.episode(self.step, index, episode_return, EPISODE_STEPS)
        self.reporter.progress(self.step)

    def update(self, control: Control) -> None:
        """Move the weights in a few mini-batches; a stop takes them back."""
        before = self._arrays
        try:
            for _ in range(BATCHES):
                control.poll_within_update()
                self._arrays = {name: array + 1e-4 for name, array in self._arrays.items()}
        except StopRequested:
            self._arrays = before
            raise
        self._updates += 1
        left = 1 - min(self.step / self._total, 1.0)
        noise = float(self._rng.normal(0.0, 0.01))
        self.reporter.update(self.step, {LOSS: left + noise, ENTROPY: 0.7 * left, "train/updates": self._updates})

    def snapshot(self) -> Snapshot:
        facts: dict[str, Any] = {
            "identity": self._identity,
            "env_steps": self._env_steps,
            "updates": self._updates,
            "generator": generator_state(self._rng),
            "reporter": self.reporter.capture(),
            "timing": self.reporter.capture_timing(),
        }
        return Snapshot(self.step, facts, {f"{_POLICY}{name}": array for name, array in self._arrays.items()})

    def _go_on_from(self, snapshot: Snapshot) -> None:
        saved = SavedState(snapshot.facts, snapshot.arrays)
        saved.group("identity").expect(self._identity)
        self._env_steps = saved.whole("env_steps")
        self._updates = saved.whole("updates")
        if self.step != snapshot.step:
            raise misfit(f"it says that it is of step {snapshot.step:,} and of step {self.step:,}")
        if not 0 <= self._env_steps - self._updates * ROLLOUT_STEPS <= ROLLOUT_STEPS:
            raise misfit("its counts of steps and updates contradict each other")
        set_generator_state(self._rng, saved.facts("generator"))
        self.reporter.restore(saved, snapshot.step)

    def copy_weights(self) -> PolicyWeights:
        return PolicyWeights(self.step, {name: array.copy() for name, array in self._arrays.items()})

    def render(self) -> Frame:
        pixels = np.empty((64, 96, 3), np.uint8)
        pixels[:] = (self.step % 256, self.step // 256 % 256, 128)
        episode, steps_in = divmod(self._env_steps, EPISODE_STEPS)
        return Frame(pixels, self.step, episode + 1, float(steps_in))


def _policy_arrays(snapshot: Snapshot) -> dict[str, np.ndarray]:
    return SavedState(snapshot.facts, snapshot.arrays).arrays_under(_POLICY)
