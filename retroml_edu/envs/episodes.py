"""The account of whole episodes."""

from __future__ import annotations

from typing import Any

import gymnasium as gym


class EpisodeRecord(gym.Wrapper[Any, Any, Any, Any]):
    """Puts ``{"r": return, "l": steps}`` under ``"episode"`` into the info of an episode's last step.

    The same key as stable-baselines3's `Monitor`, but neither rounded nor written to a file.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.episode_return = 0.0
        self.episode_length = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset the environment and start a new account."""
        self.episode_return = 0.0
        self.episode_length = 0
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Step the environment; the last step's info carries the account."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        reward = float(reward)
        self.episode_return += reward
        self.episode_length += 1
        if terminated or truncated:
            # A copy: some environments hand out the same dict at every step.
            info = {**info, "episode": {"r": self.episode_return, "l": self.episode_length}}
        return observation, reward, terminated, truncated, info
