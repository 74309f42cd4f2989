"""What to try on a clone of the run: settings computed from the ones it has."""

from __future__ import annotations

from math import floor, log10, sqrt
from typing import Any

from retroml_edu.analysis.insights.insight import Remedy
from retroml_edu.analysis.insights.rule import Found
from retroml_edu.analysis.insights.watched import Watched
from retroml_edu.core.config import MAX_N_ENVS, MAX_SEED
from retroml_edu.core.hyperparameters import DQNHyperparameters, PPOHyperparameters
from retroml_edu.core.knobs import shown_value

LEAST_RATE, MOST_RATE = 1e-6, 1e-1
"""The range of `LearningRate`."""
MOST_ENTROPY_BONUS = 0.1
MOST_STEPS = 10**10
KL_LIMIT = 0.03
WARM_UP_SHARE = 10
"""A tenth of the run, as where nobody sets the warm-up."""


def nothing(run: Watched, found: Found) -> None:
    """Nothing has to be done."""


def other_seed(run: Watched, found: Found) -> Remedy:
    """The same settings with the next seed that no run has."""
    seed = run.config.seed
    while seed in run.seeds:
        seed = (seed + 1) % (MAX_SEED + 1)
    return Remedy(f"Run it again with seed {seed}", {"seed": seed})


def lower_rate(run: Watched, found: Found) -> Remedy | None:
    """The learning rate that is known to work here if that is lower, else a third of this one."""
    return _rate(run, _known_rate(run, at_most=run.config.hyperparameters.learning_rate / 1.5, factor=1 / 3))


def higher_rate(run: Watched, found: Found) -> Remedy | None:
    """The learning rate that is known to work here if that is higher, else three times this one."""
    return _rate(run, _known_rate(run, at_least=run.config.hyperparameters.learning_rate * 1.5, factor=3))


def gentler_rate(run: Watched, found: Found) -> Remedy | None:
    """The learning rate that brings what was measured back to its threshold, if it grows with the square of the rate.

    For small steps the KL divergence does.
    """
    return _rate(run, run.config.hyperparameters.learning_rate * sqrt(found.threshold / found.measured) / 1.5)


def limit_kl(run: Watched, found: Found) -> Remedy | None:
    """PPO's limit on the divergence (`target_kl` of stable-baselines3), which ends an update early."""
    settings = run.config.hyperparameters
    if not isinstance(settings, PPOHyperparameters):
        return None
    if settings.target_kl is not None and settings.target_kl <= KL_LIMIT:
        return gentler_rate(run, found)
    return _with(run, f"Set the KL limit to {shown_value(KL_LIMIT)}", target_kl=KL_LIMIT)


def fewer_epochs(run: Watched, found: Found) -> Remedy | None:
    """Half as many epochs; with few already, a lower learning rate."""
    settings = run.config.hyperparameters
    if isinstance(settings, PPOHyperparameters) and settings.n_epochs > 4:
        epochs = settings.n_epochs // 2
        return _with(run, f"Go through each rollout {epochs} times instead of {settings.n_epochs}", n_epochs=epochs)
    return gentler_rate(run, found)


def explore_more(run: Watched, found: Found) -> Remedy | None:
    """A larger entropy bonus, or ε-greedy exploration for longer; twice the steps where there is much of it already."""
    settings = run.config.hyperparameters
    if isinstance(settings, DQNHyperparameters):
        if settings.exploration_fraction < 0.5:
            share = min(0.5, max(0.2, round(2 * settings.exploration_fraction, 3)))
            return _with(run, f"Explore over {share:.0%} of the run", exploration_fraction=share)
    elif settings.ent_coef < MOST_ENTROPY_BONUS:
        bonus = min(MOST_ENTROPY_BONUS, max(0.01, _two_digits(3 * settings.ent_coef)))
        return _with(run, f"Set the entropy coefficient to {shown_value(bonus)}", ent_coef=bonus)
    return longer(run, found)


def stay_undecided(run: Watched, found: Found) -> Remedy | None:
    """A larger entropy bonus, and the learning rate that is known to work here if that is lower."""
    more, slower = explore_more(run, found), lower_rate(run, found)
    known = run.tuned.get("learning_rate", 0.0)
    if more is None or slower is None or not 0 < known < run.config.hyperparameters.learning_rate / 1.5:
        return more
    if "hyperparameters" not in more.changes:
        return slower
    settings = {**more.changes["hyperparameters"], "learning_rate": known}
    return Remedy(f"{more.label}, the learning rate to {shown_value(known)}", {"hyperparameters": settings})


def steadier_end(run: Watched, found: Found) -> Remedy | None:
    """A learning rate that falls to zero by the end; twice the steps where it does so already."""
    if run.config.hyperparameters.learning_rate_schedule == "constant":
        return _with(run, "Lower the learning rate linearly to zero", learning_rate_schedule="linear")
    return longer(run, found)


def longer(run: Watched, found: Found) -> Remedy | None:
    """Twice the steps."""
    steps = 2 * run.config.total_timesteps
    if steps > MOST_STEPS:
        return None
    return Remedy(f"Train for {steps:,} steps", {"run_type": "custom", "total_timesteps": steps})


def learn_values(run: Watched, found: Found) -> Remedy | None:
    """The usual weight of the value function's error, else twice the steps a rollout has to learn from."""
    settings: Any = run.config.hyperparameters
    usual = float(type(settings).model_fields["vf_coef"].default)
    if settings.vf_coef < usual:
        return _with(run, f"Set the value coefficient to {shown_value(usual)}", vf_coef=usual)
    return more_envs(run, found)


def more_envs(run: Watched, found: Found) -> Remedy | None:
    """Twice as many environments side by side."""
    count = min(MAX_N_ENVS, 2 * (run.config.n_envs or 1))
    if count == run.config.n_envs:
        return None
    return Remedy(f"Play in {count} environments side by side", {"n_envs": count})


def earlier_start(run: Watched, found: Found) -> Remedy | None:
    """A warm-up of a tenth of the run, where it is longer."""
    settings, steps = run.config.hyperparameters, run.config.total_timesteps // WARM_UP_SHARE
    if not isinstance(settings, DQNHyperparameters) or settings.learning_starts <= steps:
        return None
    return _with(run, f"Begin to learn after {steps:,} steps", learning_starts=steps)


def _known_rate(run: Watched, *, factor: float, at_most: float = MOST_RATE, at_least: float = LEAST_RATE) -> float:
    known = float(run.tuned.get("learning_rate", 0.0))
    return known if at_least <= known <= at_most else run.config.hyperparameters.learning_rate * factor


def _rate(run: Watched, rate: float) -> Remedy | None:
    now = run.config.hyperparameters.learning_rate
    rate = min(MOST_RATE, max(LEAST_RATE, _two_digits(rate)))
    if rate == now:
        return None
    label = f"Set the learning rate to {shown_value(rate)} instead of {shown_value(now)}"
    return _with(run, label, learning_rate=rate)


def _with(run: Watched, label: str, **values: Any) -> Remedy:
    settings = run.config.hyperparameters
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    return Remedy(label, {"hyperparameters": {**given, **values}})


def _two_digits(value: float) -> float:
    return round(value, 1 - floor(log10(value))) if value > 0 else 0.0
