"""PPO and A2C whose steps and updates are compiled."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from retroml_edu.core.metrics import ENTROPY, LOSS, POLICY_LOSS, VALUE_LOSS
from retroml_edu.training.fast import actor_critic, slopes, updates
from retroml_edu.training.fast.advantages import estimate_advantages, explained_variance
from retroml_edu.training.fast.arrays import Floats
from retroml_edu.training.fast.collecting import FastCollector
from retroml_edu.training.fast.networks import as_numbers
from retroml_edu.training.fast.parameters import FlatMoments
from retroml_edu.training.sb3.algorithms import RunA2C, RunPPO

_AT_ONCE = 2_000_000_000
"""Additions and multiplications of an update between two looks at control: some tenths of a second at most."""


class FastOnPolicy(FastCollector):
    """Learns by kernels, in the memory of stable-baselines3's policy, optimiser and rollout buffer."""

    clipped: ClassVar[bool]
    """Whether PPO's objective is used."""
    normalize_advantage: bool

    def _setup_model(self) -> None:
        super()._setup_model()
        self._gradient: Floats = np.zeros_like(self._parameters.values)
        self._moments: FlatMoments | None = None
        self._measured: dict[str, float] = {}

    @property
    def measured(self) -> dict[str, float]:
        """What the last update measured."""
        return self._measured

    def update(self) -> None:
        """Learn from the rollout, and begin another."""
        buffer = self.rollout_buffer
        self._update_current_progress_remaining(self.num_timesteps, self._total_timesteps)
        actor_critic.turn_both(self._parameters.values, self._actor, self._critic, self._turned)
        last: Any = self._last_obs
        ends: Any = self._last_episode_starts
        estimate_advantages(
            buffer.rewards,
            buffer.values,
            buffer.episode_starts,
            self._values_of(last),
            ends,
            self.gamma,
            self.gae_lambda,
            buffer.advantages,
            buffer.returns,
        )
        epochs, batch_size = self._epochs_and_batch()
        count = self.n_steps * self.n_envs
        with self.guard.around(self, batches=epochs * -(-count // batch_size)):
            self._learn(epochs, batch_size, count)
        buffer.pos, buffer.full = 0, False

    def _epochs_and_batch(self) -> tuple[int, int]:
        """Return how often the rollout is gone through, and the size of mini-batches."""
        return 1, self.n_steps * self.n_envs

    def _clip_range_now(self) -> float:
        return math.inf

    def _learn(self, epochs: int, batch_size: int, count: int) -> None:
        buffer = self.rollout_buffer
        if self._moments is None:
            self._moments = self._parameters.moments_of(self.policy.optimizer)
        moments = self._moments
        learning_rate = float(self.lr_schedule(self._current_progress_remaining))
        for group in self.policy.optimizer.param_groups:
            group["lr"] = learning_rate
        clip_range = self._clip_range_now()
        target_kl = getattr(self, "target_kl", None)
        most_kl = math.inf if target_kl is None else 1.5 * target_kl
        at_once = max(_AT_ONCE // (6 * batch_size * len(self._gradient)), 1) * batch_size
        rollout: Any = buffer.observations
        observations = as_numbers(rollout)
        totals = np.zeros(slopes.TOTALS)
        totals[slopes.STEPS] = moments.steps
        # As many epochs in one call as control and a limit on the divergence allow: each return to Python may have to
        # wait for another thread. The last is by itself: its divergence is the one that is told.
        together = max(at_once // count, 1) if target_kl is None else 1
        batches_before, done, goes_on = 0.0, 0, True
        while done < epochs and goes_on:
            now = min(together, max(epochs - 1 - done, 1))
            done += now
            buffer.poll()
            order = np.concatenate([buffer.rng.permutation(count) for _ in range(now)])
            totals[slopes.KL], batches_before = 0.0, totals[slopes.BATCHES]
            portion = len(order) if now > 1 else at_once
            for first in range(0, len(order), portion):
                if first:
                    buffer.poll()
                goes_on = updates.learn(
                    self._parameters.values,
                    self._turned,
                    self._gradient,
                    moments.mean,
                    moments.square,
                    self._actor,
                    self._critic,
                    self._relu,
                    self._continuous,
                    observations,
                    buffer.actions,
                    buffer.log_probs,
                    buffer.advantages,
                    buffer.returns,
                    order[first : first + portion],
                    count,
                    batch_size,
                    self.clipped,
                    clip_range,
                    self.normalize_advantage,
                    self.ent_coef,
                    self.vf_coef,
                    self.max_grad_norm,
                    learning_rate,
                    moments.epsilon,
                    most_kl,
                    moments.is_adam,
                    totals,
                )
                if not goes_on:
                    break
            self._n_updates += now
        moments.steps = int(totals[slopes.STEPS])
        self._measure(totals, learning_rate, totals[slopes.BATCHES] - batches_before)

    def _measure(self, totals: np.ndarray, learning_rate: float, last_batches: float) -> None:
        buffer = self.rollout_buffer
        batches = totals[slopes.BATCHES]
        self._measured = {
            LOSS: float(totals[slopes.LAST_LOSS]),
            POLICY_LOSS: float(totals[slopes.POLICY_LOSS] / batches),
            VALUE_LOSS: float(totals[slopes.VALUE_LOSS] / batches),
            ENTROPY: float(totals[slopes.ENTROPY] / batches),
            "train/explained_variance": explained_variance(buffer.values, buffer.returns),
            "train/learning_rate": learning_rate,
            "train/updates": float(self._n_updates),
        }
        if self.clipped:
            self._measured |= {
                "train/approx_kl": float(totals[slopes.KL] / last_batches),
                "train/clip_fraction": float(totals[slopes.CLIP_FRACTION] / batches),
                "train/clip_range": self._clip_range_now(),
            }
        if self._continuous:
            self._measured["train/std"] = float(np.exp(self._parameters.values[-self._heads :]).mean())


class FastPPO(FastOnPolicy, RunPPO):
    """Proximal policy optimisation (Schulman et al. 2017)."""

    clipped = True

    def _epochs_and_batch(self) -> tuple[int, int]:
        return self.n_epochs, self.batch_size

    def _clip_range_now(self) -> float:
        schedule: Any = self.clip_range
        return float(schedule(self._current_progress_remaining))


class FastA2C(FastOnPolicy, RunA2C):
    """Advantage actor-critic (Mnih et al. 2016)."""

    clipped = False
