"""A trainer that learns nothing, at once and always alike: for tests of everything around training."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control, StopRequested
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.events import log
from retroml_edu.core.frames import Frame
from retroml_edu.core.metrics import ENTROPY, LOSS
from retroml_edu.core.training import Emit, TrainedModel
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.envs import make_env
from retroml_edu.policies import build_policy, copy_weights
from retroml_edu.training.reporting import Reporter

EPISODE_STEPS = 40
ROLLOUT_STEPS = 16
BATCHES = 4


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

    def train(self, config: ExperimentConfig, emit: Emit, control: Control) -> TrainedModel:
        """Follow the script to the config's last step, or until control stops it.

        Raises:
            TrainingError: At `fail_at`.
            ZeroDivisionError: At `crash_at`.
        """
        play = _Play(config)
        reporter = Reporter(emit, control, config.total_timesteps)
        warnings = list(self._warnings)
        try:
            control.poll(0, play)
            while play.step < config.total_timesteps:
                for _ in range(ROLLOUT_STEPS):
                    play.advance(reporter)
                    while warnings and warnings[0][0] <= play.step:
                        emit(log("warning", warnings.pop(0)[1], step=play.step))
                    self._misbehave(play, control)
                    control.poll(min(play.step, config.total_timesteps - 1), play)
                play.update(control, reporter)
            control.poll(play.step, play)
        except StopRequested:
            pass
        reporter.finish(play.step)
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

    def __init__(self, config: ExperimentConfig) -> None:
        env = make_env(config.env_id, seed=config.seed, render_mode=None)
        self._arrays = copy_weights(build_policy(config, env.observation_space, env.action_space))
        env.close()
        self._n_envs = config.n_envs or 1
        self._total = config.total_timesteps
        self._rng = np.random.default_rng(config.seed)
        self._env_steps = 0
        self._updates = 0
        self.step = 0

    def advance(self, reporter: Reporter) -> None:
        """Step all environments once."""
        self._env_steps += 1
        self.step += self._n_envs
        if self._env_steps % EPISODE_STEPS == 0:
            for index in range(self._n_envs):
                episode_return = 20 + 480 * min(self.step / self._total, 1.0) + float(self._rng.integers(-5, 6))
                reporter.episode(self.step, index, episode_return, EPISODE_STEPS)
        reporter.progress(self.step)

    def update(self, control: Control, reporter: Reporter) -> None:
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
        reporter.update(self.step, {LOSS: left + noise, ENTROPY: 0.7 * left, "train/updates": self._updates})

    def copy_weights(self) -> PolicyWeights:
        return PolicyWeights(self.step, {name: array.copy() for name, array in self._arrays.items()})

    def render(self) -> Frame:
        pixels = np.empty((64, 96, 3), np.uint8)
        pixels[:] = (self.step % 256, self.step // 256 % 256, 128)
        episode, steps_in = divmod(self._env_steps, EPISODE_STEPS)
        return Frame(pixels, self.step, episode + 1, float(steps_in))
