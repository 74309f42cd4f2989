"""PPO and A2C on pictures."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Mapping
from statistics import fmean
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.utils import explained_variance, update_learning_rate
from torch import Tensor
from torch.nn import functional

from retroml_edu.core.config import PrecisionName
from retroml_edu.core.metrics import ENTROPY, LOSS, POLICY_LOSS, VALUE_LOSS
from retroml_edu.policies.sampling import choose
from retroml_edu.training.pictures.halves import Halves, Slope
from retroml_edu.training.pictures.layout import lay_out
from retroml_edu.training.pictures.network import PictureNetwork, channels_last
from retroml_edu.training.pictures.rollout import PictureRollout
from retroml_edu.training.sb3.algorithms import RunA2C, RunPPO
from retroml_edu.training.sb3.on_policy import Chosen, SteppedOnPolicy

_TINY = 1e-8
"""Keeps equal advantages from being divided by zero, as in stable-baselines3."""
_KL = "train/approx_kl"
_CLIPPED = "train/clip_fraction"


class PictureOnPolicy(SteppedOnPolicy):
    """Acts and learns as stable-baselines3 does, with less work around the same mathematics.

    Args:
        *arguments: What stable-baselines3 takes.
        precision: See `PictureFeatures`.
        **settings: Likewise.
    """

    rollout_buffer: PictureRollout
    normalize_advantage: bool
    target_kl: float | None = None

    def __init__(self, *arguments: Any, precision: PrecisionName, **settings: Any) -> None:
        self._precision = precision
        super().__init__(*arguments, **settings)

    def _setup_model(self) -> None:
        super()._setup_model()
        lay_out(self.policy)
        self._network = PictureNetwork(self.policy, self._precision)
        self._in_halves = Halves()
        self._parameters = [parameter for parameter in self.policy.parameters() if parameter.requires_grad]
        self._measured: dict[str, float] = {}

    @property
    def measured(self) -> dict[str, float]:
        """What the last update measured."""
        return self._measured

    def _choose(self, observations: Any) -> Chosen:
        with torch.inference_mode():
            logits, values = self._network(channels_last(observations))
            actions = choose(logits, self.generators["actions"])
            log_probs = functional.log_softmax(logits, dim=1).gather(1, actions.unsqueeze(1)).squeeze(1)
        return Chosen(actions.numpy(), values, log_probs)

    def _judge(self, observations: Any) -> Tensor:
        with torch.inference_mode():
            return self._network.values(channels_last(observations))

    def _value_of_one(self, last: Any) -> Any:
        return self._judge(np.asarray(last)[None])[0]

    def _learn(self, epochs: int, batch_size: int | None) -> None:
        """Go through the rollout so often, and move the weights after each mini-batch."""
        optimizer, buffer = self.policy.optimizer, self.rollout_buffer
        learning_rate = float(self.lr_schedule(self._current_progress_remaining))
        update_learning_rate(optimizer, learning_rate)
        told: dict[str, list[float]] = defaultdict(list)
        goes_on = True
        for _ in range(epochs):
            told[_KL].clear()
            for batch in buffer.get(batch_size):
                slope = self._slope_of(batch)
                for name, value in slope.told.items():
                    told[name].append(value)
                goes_on = self._close_enough(slope.told)
                if not goes_on:
                    break
                slope.descend(optimizer, self._parameters, self.max_grad_norm)
            self._n_updates += 1
            if not goes_on:
                break
        self._measured = {name: fmean(values) for name, values in told.items() if values}
        self._measured |= {
            LOSS: told[LOSS][-1],
            "train/explained_variance": float(explained_variance(buffer.values.flatten(), buffer.returns.flatten())),
            "train/learning_rate": learning_rate,
            "train/updates": float(self._n_updates),
        }

    def _slope_of(self, batch: Any) -> Slope:
        advantages = batch.advantages
        if self.normalize_advantage and len(advantages) > 1:  # PPO's rule; A2C would divide a single one by nothing
            advantages = (advantages - advantages.mean()) / (advantages.std() + _TINY)
        batch = batch._replace(advantages=advantages)
        return self._in_halves(lambda which: self._part(batch, which), len(advantages))

    def _part(self, batch: Any, which: slice) -> Slope:
        """Return what a part of a mini-batch adds to its slope; called by two threads at once."""
        share = 1 / len(batch.advantages)
        logits, values = self._network(batch.observations.part(which))
        log_all = functional.log_softmax(logits, dim=1)
        log_probs = log_all.gather(1, batch.actions[which].long()).squeeze(1)
        policy_loss, told = self._policy_loss(log_probs, batch.old_log_prob[which], batch.advantages[which])
        value_loss = functional.mse_loss(batch.returns[which], values, reduction="sum") * share
        entropy = -(log_all.exp() * log_all).sum() * share
        policy_loss = policy_loss * share
        loss = policy_loss - self.ent_coef * entropy + self.vf_coef * value_loss
        measured = {name: total * share for name, total in told.items()}
        for name, value in ((POLICY_LOSS, policy_loss), (VALUE_LOSS, value_loss), (ENTROPY, entropy), (LOSS, loss)):
            measured[name] = value.item()
        return Slope(torch.autograd.grad(loss, self._parameters), measured)

    def _close_enough(self, told: Mapping[str, float]) -> bool:
        """Return whether to learn from a mini-batch, by what was measured of it."""
        # What is no number goes on, so that the guard around the update finds it.
        return self.target_kl is None or not told[_KL] > 1.5 * self.target_kl

    @abstractmethod
    def _policy_loss(self, log_probs: Tensor, before: Tensor, advantages: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Return the actor's part of the loss, and what is to be told: sums over these steps."""


class PicturePPO(PictureOnPolicy, RunPPO):
    """Proximal policy optimisation (Schulman et al. 2017)."""

    def train(self) -> None:
        """Learn from the rollout."""
        with self._guarded():
            self._learn(self.n_epochs, self.batch_size)
            self._measured["train/clip_range"] = self._clip_range_now

    @property
    def _clip_range_now(self) -> float:
        schedule: Any = self.clip_range
        return float(schedule(self._current_progress_remaining))

    def _policy_loss(self, log_probs: Tensor, before: Tensor, advantages: Tensor) -> tuple[Tensor, dict[str, float]]:
        reach = self._clip_range_now
        log_ratio = log_probs - before
        ratio = log_ratio.exp()
        loss = -torch.min(advantages * ratio, advantages * ratio.clamp(1 - reach, 1 + reach)).sum()
        with torch.no_grad():
            # Schulman's third estimator of the divergence, http://joschu.net/blog/kl-approx.html
            divergence = ((ratio - 1) - log_ratio).sum().item()
            clipped = ((ratio - 1).abs() > reach).float().sum().item()
        return loss, {_KL: divergence, _CLIPPED: clipped}


class PictureA2C(PictureOnPolicy, RunA2C):
    """Advantage actor-critic (Mnih et al. 2016)."""

    def train(self) -> None:
        """Learn from the rollout."""
        with self._guarded():
            self._learn(1, None)

    def _policy_loss(
        self,
        log_probs: Tensor,
        before: Tensor,  # noqa: ARG002 - PPO alone compares
        advantages: Tensor,
    ) -> tuple[Tensor, dict[str, float]]:
        return -(advantages * log_probs).sum(), {}
