"""From the names under which stable-baselines3 logs its updates to the metric catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm

from retroml_edu.core.metrics import ENTROPY, EXPLORATION_RATE, LOSS, POLICY_LOSS, VALUE_LOSS

_NAMES: Mapping[str, str] = {
    "train/loss": LOSS,
    "train/policy_gradient_loss": POLICY_LOSS,  # PPO
    "train/policy_loss": POLICY_LOSS,  # A2C
    "train/value_loss": VALUE_LOSS,
    "train/approx_kl": "train/approx_kl",
    "train/clip_fraction": "train/clip_fraction",
    "train/clip_range": "train/clip_range",
    "train/explained_variance": "train/explained_variance",
    "train/std": "train/std",
    "train/learning_rate": "train/learning_rate",
    "train/n_updates": "train/updates",
    "rollout/exploration_rate": EXPLORATION_RATE,
}


def update_metrics(model: BaseAlgorithm) -> dict[str, float]:
    """Return what the last update measured, by the catalogue's names."""
    logged: Mapping[str, Any] = model.logger.name_to_value
    values = {ours: float(logged[theirs]) for theirs, ours in _NAMES.items() if theirs in logged}
    if "train/entropy_loss" in logged:
        values[ENTROPY] = -float(logged["train/entropy_loss"])
        if LOSS not in values:  # A2C logs the parts of its loss, not the whole
            coefficients: Any = model
            values[LOSS] = (
                values[POLICY_LOSS]
                - coefficients.ent_coef * values[ENTROPY]
                + coefficients.vf_coef * values[VALUE_LOSS]
            )
    return values
