"""The metric catalogue: name, unit, meaning and better direction of everything that a run measures.

Axis titles, tooltips, CSV headers and lessons read it from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from retroml_edu.core.errors import UnknownNameError, did_you_mean

RETURN = "episode/return"
RETURN_MEAN = "episode/return_mean"
LENGTH = "episode/length"
LOSS = "train/loss"
POLICY_LOSS = "train/policy_loss"
VALUE_LOSS = "train/value_loss"
ENTROPY = "train/entropy"
APPROX_KL = "train/approx_kl"
CLIP_FRACTION = "train/clip_fraction"
EXPLAINED_VARIANCE = "train/explained_variance"
ACTION_NOISE = "train/std"
EXPLORATION_RATE = "train/exploration_rate"
STEPS_PER_SECOND = "time/steps_per_second"

RETURN_WINDOW = 20
"""Episodes that the moving mean of the return looks back over."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is measured.

    Attributes:
        name: Key in metrics.jsonl and column in metrics.csv.
        label: Axis title.
        unit: Unit; empty for plain numbers.
        meaning: What it says, for a student.
        better: Which direction is good, where one is.
        timing: Whether it depends on the machine's speed, so that it differs between equal runs.
    """

    name: str
    label: str
    unit: str
    meaning: str
    better: Literal["higher", "lower", ""] = ""
    timing: bool = False


_ALL = (
    Metric(RETURN, "Return", "points", "Sum of all rewards of one whole game.", "higher"),
    Metric(
        RETURN_MEAN,
        f"Mean return, last {RETURN_WINDOW} episodes",
        "points",
        f"The return averaged over the last {RETURN_WINDOW} games: the trend behind the noise.",
        "higher",
    ),
    Metric(LENGTH, "Length", "steps", "Steps that one whole game took."),
    Metric(LOSS, "Loss", "", "What the update makes smaller. It need not fall while the agent learns."),
    Metric(
        POLICY_LOSS,
        "Policy loss",
        "",
        "How strongly the update pushes towards better actions; it hovers around zero by construction.",
    ),
    Metric(
        VALUE_LOSS,
        "Value loss",
        "",
        "Squared error of the value function's forecasts of the return. It rises when returns grow.",
    ),
    Metric(
        ENTROPY,
        "Entropy",
        "nats",
        "How undecided the policy is. It falls as the agent commits; near zero it no longer explores.",
    ),
    Metric(
        APPROX_KL,
        "Approximate KL",
        "nats",
        "How far the last update moved the policy (Schulman's estimator). Above about 0.05 it moves too far.",
    ),
    Metric(
        CLIP_FRACTION,
        "Clip fraction",
        "",
        "Share of samples in which PPO's clipping was active. Above about 0.3 updates are too large.",
    ),
    Metric(
        "train/clip_range",
        "Clip range",
        "",
        "The ε of PPO's clipping in this update.",
    ),
    Metric(
        EXPLAINED_VARIANCE,
        "Explained variance",
        "",
        "How well the value function foresees the returns: 1 is perfect, 0 no better than guessing the mean.",
        "higher",
    ),
    Metric(ACTION_NOISE, "Action noise", "", "Standard deviation of a continuous policy's actions."),
    Metric("train/learning_rate", "Learning rate", "", "Step size of this update."),
    Metric(
        EXPLORATION_RATE,
        "Exploration rate ε",
        "",
        "Chance of a random action (ε-greedy).",
    ),
    Metric("train/updates", "Updates", "", "Gradient steps so far (epochs, for PPO and A2C)."),
    Metric(
        STEPS_PER_SECOND,
        "Speed",
        "steps/s",
        "Environment steps a second, summed over all environments.",
        "higher",
        timing=True,
    ),
)
METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}


def metric(name: str) -> Metric:
    """Return the catalogue entry of a metric.

    Raises:
        UnknownNameError: If there is none of that name.
    """
    found = METRICS.get(name)
    if found is None:
        raise UnknownNameError(f'There is no metric "{name}".{did_you_mean(name, METRICS)}')
    return found
