"""PPO on pictures as people write it in one file, in the manner of CleanRL: plain PyTorch and Gymnasium's vector."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import ale_py
import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import FrameStackObservation, RecordEpisodeStatistics
from stable_baselines3.common.atari_wrappers import AtariWrapper
from torch import Tensor, nn
from torch.distributions import Categorical

from retroml_edu.core.config import ExperimentConfig
from tests.benchmarks.contestants import Trained

gym.register_envs(ale_py)

STACK = 4


class Agent(nn.Module):
    """The network of Mnih et al. (2015), as stable-baselines3's `CnnPolicy` has it.

    Args:
        actions: How many there are to choose from.
    """

    def __init__(self, actions: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _orthogonal(nn.Conv2d(STACK, 32, 8, 4)),
            nn.ReLU(),
            _orthogonal(nn.Conv2d(32, 64, 4, 2)),
            nn.ReLU(),
            _orthogonal(nn.Conv2d(64, 64, 3, 1)),
            nn.ReLU(),
            nn.Flatten(),
            _orthogonal(nn.Linear(64 * 7 * 7, 512)),
            nn.ReLU(),
        )
        self.actor = _orthogonal(nn.Linear(512, actions), 0.01)
        self.critic = _orthogonal(nn.Linear(512, 1), 1.0)

    def forward(self, pictures: Tensor) -> tuple[Categorical, Tensor]:
        """Return what to do, and what to expect, (n,), of uint8 pictures (n, 4, 84, 84)."""
        hidden = self.features(pictures / 255.0)
        return Categorical(logits=self.actor(hidden)), self.critic(hidden).squeeze(1)


class Rollout:
    """Room for the steps that an update learns from, each array of shape (steps, environments, ...)."""

    def __init__(self, steps: int, n_envs: int) -> None:
        self.pictures = torch.zeros(steps, n_envs, STACK, 84, 84, dtype=torch.uint8)
        self.actions = torch.zeros(steps, n_envs, dtype=torch.int64)
        self.log_probs, self.rewards, self.begins, self.values = (torch.zeros(steps, n_envs) for _ in range(4))

    def advantages(self, next_value: Tensor, next_begins: Tensor, gamma: float, gae_lambda: float) -> Tensor:
        """Return generalised advantages (Schulman et al. 2016)."""
        advantages = torch.zeros_like(self.rewards)
        total = torch.zeros_like(next_value)
        for step in reversed(range(len(self.rewards))):
            goes_on = 1.0 - next_begins
            error = self.rewards[step] + gamma * next_value * goes_on - self.values[step]
            total = error + gamma * gae_lambda * goes_on * total
            advantages[step] = total
            next_value, next_begins = self.values[step], self.begins[step]
        return advantages


def train_plain(config: ExperimentConfig, *, threads: int | None = None) -> Trained:
    """Train PPO with the hyperparameters of a config.

    Args:
        config: Fully resolved; its learning rate and clip range fall linearly.
        threads: Of torch; as many as it takes by itself, if left out.
    """
    settings: Any = config.hyperparameters
    n_envs = config.n_envs or 1
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    torch.manual_seed(config.seed)
    games = SyncVectorEnv(
        [partial(_game, config.env_id)] * n_envs,
        autoreset_mode=AutoresetMode.SAME_STEP,  # as stable-baselines3 does
    )
    try:
        space: Any = games.single_action_space
        agent = Agent(int(space.n))
        optimizer = torch.optim.Adam(agent.parameters(), settings.learning_rate, eps=1e-5)
        rollout = Rollout(settings.n_steps, n_envs)
        updates = -(-config.total_timesteps // (settings.n_steps * n_envs))
        seen, begins = _tensor(games.reset(seed=config.seed)[0]), torch.ones(n_envs)
        began = time.perf_counter()
        for update in range(updates):
            remaining = 1.0 - update / updates
            optimizer.param_groups[0]["lr"] = remaining * settings.learning_rate
            seen, begins = _collect(agent, games, rollout, seen, begins)
            with torch.no_grad():
                next_value = agent(seen)[1]
            advantages = rollout.advantages(next_value, begins, settings.gamma, settings.gae_lambda)
            _learn(agent, optimizer, rollout, advantages, settings, remaining * settings.clip_range)
        return Trained(updates * settings.n_steps * n_envs, time.perf_counter() - began)
    finally:
        torch.set_num_threads(before)
        games.close()


def _collect(
    agent: Agent, games: SyncVectorEnv, rollout: Rollout, seen: Tensor, begins: Tensor
) -> tuple[Tensor, Tensor]:
    """Fill the rollout; return what is seen after it, and which episodes begin there."""
    for step in range(len(rollout.rewards)):
        rollout.pictures[step], rollout.begins[step] = seen, begins
        with torch.no_grad():
            choice, rollout.values[step] = agent(seen)
            actions = choice.sample()
        rollout.actions[step], rollout.log_probs[step] = actions, choice.log_prob(actions)
        shown, rewards, terminated, truncated, _ = games.step(actions.numpy())
        rollout.rewards[step] = torch.from_numpy(rewards)
        seen, begins = _tensor(shown), torch.from_numpy(terminated | truncated).float()
    return seen, begins


def _learn(
    agent: Agent, optimizer: torch.optim.Adam, rollout: Rollout, advantages: Tensor, settings: Any, clip_range: float
) -> None:
    """Go through the rollout as often as is asked for."""
    pictures, actions = rollout.pictures.flatten(0, 1), rollout.actions.flatten()
    log_probs, returns = rollout.log_probs.flatten(), (advantages + rollout.values).flatten()
    advantages = advantages.flatten()
    for _ in range(settings.n_epochs):
        for rows in torch.split(torch.randperm(len(actions)), settings.batch_size):
            choice, values = agent(pictures[rows])
            ratio = (choice.log_prob(actions[rows]) - log_probs[rows]).exp()
            gain = advantages[rows]
            gain = (gain - gain.mean()) / (gain.std() + 1e-8)
            policy_loss = -torch.min(gain * ratio, gain * ratio.clamp(1 - clip_range, 1 + clip_range)).mean()
            value_loss = (returns[rows] - values).square().mean()
            loss = policy_loss - settings.ent_coef * choice.entropy().mean() + settings.vf_coef * value_loss
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), settings.max_grad_norm)
            optimizer.step()


def _game(env_id: str) -> gym.Env[Any, Any]:
    env = AtariWrapper(RecordEpisodeStatistics(gym.make(env_id)))
    return FrameStackObservation(env, STACK, padding_type="zero")


def _tensor(pictures: np.ndarray) -> Tensor:
    """Return pictures (n, 4, 84, 84, 1) without their single channel."""
    return torch.from_numpy(pictures[..., 0])


def _orthogonal(layer: nn.Conv2d | nn.Linear, gain: float = 2**0.5) -> nn.Module:
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # both layers have one here
    return layer
