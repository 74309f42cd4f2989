"""PPO and A2C whose steps and updates are compiled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from gymnasium import spaces

from retroml_edu.core.metrics import ENTROPY, LOSS, POLICY_LOSS, VALUE_LOSS
from retroml_edu.envs.compiled.vector import CompiledVector
from retroml_edu.training.fast import actor_critic, updates
from retroml_edu.training.fast.advantages import estimate_advantages, explained_variance
from retroml_edu.training.fast.arrays import Floats
from retroml_edu.training.fast.networks import as_numbers, layers_of, shape_of, values_of
from retroml_edu.training.fast.parameters import FlatMoments, FlatParameters
from retroml_edu.training.fast.rollouts import collect
from retroml_edu.training.fast.stretches import stretch
from retroml_edu.training.sb3.algorithms import RunA2C, RunPPO
from retroml_edu.training.sb3.on_policy import SteppedOnPolicy
from retroml_edu.training.sb3.stepped import EndedEpisode, ended_episodes

_AT_ONCE = 2_000_000_000
"""Multiplications of an update between two looks at control: some tenths of a second."""


class FastOnPolicy(SteppedOnPolicy):
    """Collects and learns by kernels, in the memory of stable-baselines3's policy, optimiser and rollout buffer."""

    clipped: ClassVar[bool]
    """Whether PPO's objective is used."""
    normalize_advantage: bool

    def _setup_model(self) -> None:
        super()._setup_model()
        policy: Any = self.policy
        actor, critic = layers_of(policy.mlp_extractor.policy_net), layers_of(policy.mlp_extractor.value_net)
        actor, critic = [*actor, policy.action_net], [*critic, policy.value_net]
        self._actor, self._critic = shape_of(actor), shape_of(critic)
        self._relu = bool(policy.activation_fn is torch.nn.ReLU)
        self._continuous = isinstance(self.action_space, spaces.Box)
        owned = values_of([*actor, *critic])
        self._parameters = FlatParameters([*owned, policy.log_std] if self._continuous else owned)
        self._turned: Floats = np.zeros_like(self._parameters.values)
        self._gradient: Floats = np.zeros_like(self._parameters.values)
        self._moments: FlatMoments | None = None
        units = int(self._actor[1:].sum() + self._critic[1:].sum())
        self._outputs: Floats = np.zeros(self.n_envs * units, np.float32)
        self._heads = int(self._actor[-1])
        self._low, self._high = _bounds(self.action_space)
        # A choice is kept as the number that kernels take.
        buffer = self.rollout_buffer
        buffer.actions = buffer.actions.astype(np.float32)
        self._measured: dict[str, float] = {}

    # --- what an update takes from the settings

    @property
    def finite(self) -> bool:
        """Whether all parameters are numbers."""
        return self._parameters.finite

    @property
    def measured(self) -> dict[str, float]:
        """What the last update measured."""
        return self._measured

    # --- collecting

    def step(self) -> Sequence[EndedEpisode]:
        """Step all environments, compiled ones many times, and put that into the rollout."""
        actor_critic.turn_both(self._parameters.values, self._actor, self._critic, self._turned)
        if isinstance(self.env, CompiledVector):
            return self._play(self.env)
        return self._step_once()

    def _play(self, games: CompiledVector) -> Sequence[EndedEpisode]:
        buffer = self.rollout_buffer
        steps = min(stretch(self.n_envs), self.n_steps - buffer.pos)
        games.prepare(steps)
        begins: Any = self._last_episode_starts
        rollout: Any = buffer.observations
        ended = np.empty((steps * self.n_envs, 4))
        count = collect(
            self._parameters.values,
            self._turned,
            self._actor,
            self._critic,
            self._relu,
            self._continuous,
            self._low,
            self._high,
            self.gamma,
            self._draw(steps),
            *games.kernel_arguments,
            buffer.pos,
            rollout,
            buffer.actions,
            buffer.rewards,
            buffer.episode_starts,
            buffer.values,
            buffer.log_probs,
            begins,
            ended,
        )
        self._last_obs = games.observations
        before = self.num_timesteps
        self.num_timesteps += steps * self.n_envs
        self._advance(steps)
        return [
            EndedEpisode(before + (int(step) + 1) * self.n_envs, int(index), episode_return, int(length))
            for step, index, episode_return, length in ended[:count].tolist()
        ]

    def _step_once(self) -> Sequence[EndedEpisode]:
        buffer = self.rollout_buffer
        at = buffer.pos
        last: Any = self._last_obs
        rollout: Any = buffer.observations
        rollout[at] = last
        buffer.episode_starts[at] = self._last_episode_starts
        actions = buffer.actions[at]
        actor_critic.choose(
            self._parameters.values,
            self._turned,
            self._actor,
            self._critic,
            self._relu,
            self._continuous,
            as_numbers(last),
            self._draw(1)[0],
            self._outputs,
            actions,
            buffer.values[at],
            buffer.log_probs[at],
        )
        # A normal distribution has no bounds; what is learned from is what was drawn.
        played = np.clip(actions, self._low, self._high) if self._continuous else actions[:, 0].astype(np.int64)
        observations, rewards, dones, infos = self.env.step(played)
        self.num_timesteps += self.n_envs
        if dones.any():
            self._add_what_a_time_limit_cut_off(rewards, dones, infos)
        buffer.rewards[at] = rewards
        self._last_obs = observations  # type: ignore[assignment]  # VecEnv names more kinds
        self._last_episode_starts = dones
        self._advance(1)
        return ended_episodes(self.num_timesteps, infos)

    def _advance(self, steps: int) -> None:
        buffer = self.rollout_buffer
        buffer.pos += steps
        buffer.full = buffer.pos == self.n_steps

    def _draw(self, steps: int) -> Floats:
        """Draw what decides the actions of some steps, as the policies of `policies.sampling` do."""
        rng, shape = self.generators["actions"], (steps, self.n_envs, self._heads)
        if self._continuous:
            return rng.standard_normal(shape, np.float32)
        return rng.gumbel(size=shape).astype(np.float32)

    def _values_of(self, observations: np.ndarray) -> Floats:
        values: Floats = np.empty(len(observations), np.float32)
        actor_critic.judge(
            self._parameters.values,
            self._turned,
            self._actor,
            self._critic,
            self._relu,
            as_numbers(observations),
            self._outputs,
            values,
        )
        return values

    def _value_of_one(self, observation: Any) -> float:
        return float(self._values_of(np.asarray(observation)[None])[0])

    # --- learning

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
        totals = np.zeros(updates.TOTALS)
        totals[updates.STEPS] = moments.steps
        # As many epochs in one call as control and a limit on the divergence allow: each return to Python may have to
        # wait for another thread. The last is by itself: its divergence is the one that is told.
        together = max(at_once // count, 1) if target_kl is None else 1
        batches_before, done, goes_on = 0.0, 0, True
        while done < epochs and goes_on:
            now = min(together, max(epochs - 1 - done, 1))
            done += now
            buffer.poll()
            order = np.concatenate([buffer.rng.permutation(count) for _ in range(now)])
            totals[updates.KL], batches_before = 0.0, totals[updates.BATCHES]
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
        moments.steps = int(totals[updates.STEPS])
        self._measure(totals, learning_rate, totals[updates.BATCHES] - batches_before)

    def _measure(self, totals: np.ndarray, learning_rate: float, last_batches: float) -> None:
        buffer = self.rollout_buffer
        batches = totals[updates.BATCHES]
        self._measured = {
            LOSS: float(totals[updates.LAST_LOSS]),
            POLICY_LOSS: float(totals[updates.POLICY_LOSS] / batches),
            VALUE_LOSS: float(totals[updates.VALUE_LOSS] / batches),
            ENTROPY: float(totals[updates.ENTROPY] / batches),
            "train/explained_variance": explained_variance(buffer.values, buffer.returns),
            "train/learning_rate": learning_rate,
            "train/updates": float(self._n_updates),
        }
        if self.clipped:
            self._measured |= {
                "train/approx_kl": float(totals[updates.KL] / last_batches),
                "train/clip_fraction": float(totals[updates.CLIP_FRACTION] / batches),
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


def _bounds(space: spaces.Space[Any]) -> tuple[Floats, Floats]:
    if isinstance(space, spaces.Box):
        return as_numbers(space.low), as_numbers(space.high)
    return np.zeros(1, np.float32), np.zeros(1, np.float32)
