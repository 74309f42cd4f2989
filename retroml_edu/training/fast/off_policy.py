"""DQN whose steps and updates are compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from retroml_edu.envs.compiled.vector import CompiledVector
from retroml_edu.training.fast import q_learning as kernels
from retroml_edu.training.fast.arrays import Floats
from retroml_edu.training.fast.network import turn_weights
from retroml_edu.training.fast.networks import as_numbers, layers_of, shape_of, values_of
from retroml_edu.training.fast.parameters import FlatMoments, FlatParameters
from retroml_edu.training.fast.stretches import stretch
from retroml_edu.training.sb3.algorithms import RunDQN
from retroml_edu.training.sb3.stepped import EndedEpisode


class FastDQN(RunDQN):
    """Deep Q-network (Mnih et al. 2015), by kernels in the memory of stable-baselines3's policy and replay buffer."""

    def _setup_model(self) -> None:
        super()._setup_model()
        network, target = layers_of(self.q_net.q_net), layers_of(self.q_net_target.q_net)
        self._shape = shape_of(network)
        self._relu = bool(self.q_net.activation_fn is torch.nn.ReLU)
        self._parameters = FlatParameters(values_of(network))
        self._target = FlatParameters(values_of(target))
        values = self._parameters.values
        self._turned, self._target_turned, self._gradient = (np.zeros_like(values) for _ in range(3))
        self._moments: FlatMoments | None = None
        self._outputs: Floats = np.zeros(self.n_envs * int(self._shape[1:].sum()), np.float32)
        # A Discrete space may count in another type than kernels take.
        buffer: Any = self.replay_buffer
        buffer.actions = buffer.actions.astype(np.int64, copy=False)
        self._batch = _Batch(self.batch_size, int(self._shape[0]))
        self._losses = 0.0

    @property
    def finite(self) -> bool:
        """Whether all parameters are numbers."""
        return self._parameters.finite

    @property
    def measured(self) -> dict[str, float]:
        """What the last update measured."""
        return self._measured_with(self._losses)

    # --- collecting

    def step(self) -> Sequence[EndedEpisode]:
        """Step all environments, compiled ones as often as one update wants, and put that into the replay buffer."""
        return self._play(self.env) if isinstance(self.env, CompiledVector) else super().step()

    def _play(self, games: CompiledVector) -> Sequence[EndedEpisode]:
        buffer: Any = self.replay_buffer
        wanted: Any = self.train_freq
        steps = min(wanted.frequency - self.collected, buffer.buffer_size - buffer.pos, stretch(self.n_envs))
        games.prepare(steps)
        turn_weights(self._parameters.values, 0, self._shape, self._turned)
        before, begins = self.num_timesteps, np.zeros(self.n_envs, np.bool_)
        # Counted ahead of the play: until these steps are made, nothing of the network or its target changes.
        explored = self._explore(steps)
        ended = np.empty((steps * self.n_envs, 4))
        count = kernels.play(
            self._parameters.values,
            self._turned,
            self._shape,
            self._relu,
            explored,
            *games.kernel_arguments,
            buffer.pos,
            buffer.observations,
            buffer.next_observations,
            buffer.actions,
            buffer.rewards,
            buffer.dones,
            buffer.timeouts,
            begins,
            ended,
        )
        self._last_obs = games.observations
        buffer.advance(steps)
        self.collected += steps
        self._episode_num += count
        return [
            EndedEpisode(before + (int(step) + 1) * self.n_envs, int(index), episode_return, int(length))
            for step, index, episode_return, length in ended[:count].tolist()
        ]

    def _explore(self, steps: int) -> np.ndarray:
        """Draw the actions that are tried out in the next steps, -1 where none is, and count these steps."""
        explored = np.full((steps, self.n_envs), -1)
        rng = self.generators["actions"]
        for step in range(steps):
            if self.num_timesteps < self.learning_starts or rng.random() < self.exploration_rate:
                explored[step] = [self.action_space.sample() for _ in range(self.n_envs)]
            self.num_timesteps += self.n_envs
            self._update_current_progress_remaining(self.num_timesteps, self._total_timesteps)
            self._on_step()
        return explored

    def _best_actions(self, observation: Any) -> np.ndarray:
        actions = np.empty(self.n_envs, np.int64)
        turn_weights(self._parameters.values, 0, self._shape, self._turned)
        kernels.choose_best(
            self._parameters.values,
            self._turned,
            self._shape,
            self._relu,
            as_numbers(observation),
            self._outputs,
            actions,
        )
        return actions

    def _on_step(self) -> None:
        """Refresh the target network if it is time, and explore less."""
        self._n_calls += 1
        if self._n_calls % max(self.target_update_interval // self.n_envs, 1) == 0:
            target, values = self._target.values, self._parameters.values
            target *= np.float32(1 - self.tau)
            target += np.float32(self.tau) * values
        self.exploration_rate = self.exploration_schedule(self._current_progress_remaining)

    # --- learning

    def _learn(self, gradient_steps: int, batch_size: int) -> None:
        if self._moments is None:
            self._moments = self._parameters.moments_of(self.policy.optimizer)
        moments, batch = self._moments, self._batch
        learning_rate = float(self.lr_schedule(self._current_progress_remaining))
        for group in self.policy.optimizer.param_groups:
            group["lr"] = learning_rate
        turn_weights(self._target.values, 0, self._shape, self._target_turned)
        losses, steps = 0.0, moments.steps
        for _ in range(gradient_steps):
            self._fill(batch, batch_size)
            turn_weights(self._parameters.values, 0, self._shape, self._turned)
            steps += 1
            losses += kernels.learn(
                self._parameters.values,
                self._turned,
                self._target.values,
                self._target_turned,
                self._gradient,
                moments.mean,
                moments.square,
                self._shape,
                self._relu,
                batch.x,
                batch.next_x,
                batch.actions,
                batch.rewards,
                batch.goes_on,
                self.gamma,
                self.max_grad_norm,
                learning_rate,
                moments.epsilon,
                steps,
            )
        moments.steps = steps
        self._losses = losses / gradient_steps
        self._n_updates += gradient_steps

    def _fill(self, batch: _Batch, batch_size: int) -> None:
        """Draw steps of the past."""
        buffer: Any = self.replay_buffer
        if buffer.observations.dtype == np.float32 and self._vec_normalize_env is None:
            rows, envs = buffer.draw(batch_size)
            kernels.gather(
                buffer.observations,
                buffer.next_observations,
                buffer.actions,
                buffer.rewards,
                buffer.dones,
                buffer.timeouts,
                rows,
                envs,
                batch.x,
                batch.next_x,
                batch.actions,
                batch.rewards,
                batch.goes_on,
            )
            return
        drawn = buffer.sample(batch_size, env=self._vec_normalize_env)
        batch.x[:], batch.next_x[:] = drawn.observations.numpy(), drawn.next_observations.numpy()
        batch.actions[:] = drawn.actions.numpy()[:, 0]
        batch.rewards[:] = drawn.rewards.numpy()[:, 0]
        batch.goes_on[:] = 1 - drawn.dones.numpy()[:, 0]


class _Batch:
    """Room for the steps of one mini-batch."""

    def __init__(self, size: int, numbers: int) -> None:
        self.x: Floats = np.empty((size, numbers), np.float32)
        self.next_x: Floats = np.empty((size, numbers), np.float32)
        self.actions = np.empty(size, np.int64)
        self.rewards: Floats = np.empty(size, np.float32)
        self.goes_on: Floats = np.empty(size, np.float32)
