"""How PPO and A2C collect, compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from gymnasium import spaces

from retroml_edu.envs.compiled.vector import CompiledVector
from retroml_edu.training.fast import actor_critic
from retroml_edu.training.fast.arrays import Floats
from retroml_edu.training.fast.networks import as_numbers, layers_of, shape_of, values_of
from retroml_edu.training.fast.parameters import FlatParameters
from retroml_edu.training.fast.rollouts import collect
from retroml_edu.training.fast.stretches import stretch
from retroml_edu.training.sb3.on_policy import SteppedOnPolicy
from retroml_edu.training.sb3.stepped import EndedEpisode, ended_episodes


class FastCollector(SteppedOnPolicy):
    """Collects by kernels, in the memory of stable-baselines3's policy and rollout buffer."""

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
        units = int(self._actor[1:].sum() + self._critic[1:].sum())
        self._outputs: Floats = np.zeros(self.n_envs * units, np.float32)
        self._heads = int(self._actor[-1])
        self._low, self._high = _bounds(self.action_space)
        # A choice is kept as the number that kernels take.
        buffer = self.rollout_buffer
        buffer.actions = buffer.actions.astype(np.float32)

    @property
    def finite(self) -> bool:
        """Whether all parameters are numbers."""
        return self._parameters.finite

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
        # In the bounds' own precision: rounded to single, they can lie outside.
        space: Any = self.action_space
        played = np.clip(actions, space.low, space.high) if self._continuous else actions[:, 0].astype(np.int64)
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


def _bounds(space: spaces.Space[Any]) -> tuple[Floats, Floats]:
    if isinstance(space, spaces.Box):
        return as_numbers(space.low), as_numbers(space.high)
    return np.zeros(1, np.float32), np.zeros(1, np.float32)
