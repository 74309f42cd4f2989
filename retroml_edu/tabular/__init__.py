"""Tabular reinforcement learning, small enough to be read whole: bandits, decision processes, planning, learning.

Every algorithm stands in one place, under its usual name, in arrays that a lesson can show and a widget can draw:
states and actions are numbers, values are arrays over them. Nothing here knows of networks, runs or widgets, nor
loads torch. The public names are those of `__all__`; those that learn from many steps are compiled when they are first
asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retroml_edu.tabular.bandit_averages import BanditCurves, bandit_curves
    from retroml_edu.tabular.bandits import (
        Arms,
        EpsilonGreedy,
        GradientBandit,
        ThompsonSampling,
        UpperConfidenceBound,
        gaussian_arms,
        play_bandit,
    )
    from retroml_edu.tabular.batch import batch_monte_carlo, batch_td
    from retroml_edu.tabular.bias import LeftOrRight, maximization_bias
    from retroml_edu.tabular.car import LinearSarsa, NetworkSarsa
    from retroml_edu.tabular.car_features import Fourier, Tiles
    from retroml_edu.tabular.control import TabularLearner, learning_curves
    from retroml_edu.tabular.divergence import baird_growth, baird_weights
    from retroml_edu.tabular.experience import Episode, Experience, gather_experience, random_episodes
    from retroml_edu.tabular.gridworld import GridWorld, cliff, four_by_four
    from retroml_edu.tabular.mdp import MDP, greedy_policy, random_mdp, uniform_policy
    from retroml_edu.tabular.outcomes import Outcomes, random_walk
    from retroml_edu.tabular.planning import Sweep, policy_evaluation, policy_iteration, value_iteration
    from retroml_edu.tabular.prediction import NStepTD, TDLambda, errors_from, exact_values, value_errors

_HOMES = {
    "bandit_averages": (
        "BanditCurves",
        "bandit_curves",
    ),
    "bandits": (
        "Arms",
        "EpsilonGreedy",
        "GradientBandit",
        "ThompsonSampling",
        "UpperConfidenceBound",
        "gaussian_arms",
        "play_bandit",
    ),
    "batch": (
        "batch_monte_carlo",
        "batch_td",
    ),
    "bias": (
        "LeftOrRight",
        "maximization_bias",
    ),
    "car": (
        "LinearSarsa",
        "NetworkSarsa",
    ),
    "car_features": (
        "Fourier",
        "Tiles",
    ),
    "control": (
        "TabularLearner",
        "learning_curves",
    ),
    "divergence": (
        "baird_growth",
        "baird_weights",
    ),
    "experience": (
        "Episode",
        "Experience",
        "gather_experience",
        "random_episodes",
    ),
    "gridworld": (
        "GridWorld",
        "cliff",
        "four_by_four",
    ),
    "mdp": (
        "MDP",
        "greedy_policy",
        "random_mdp",
        "uniform_policy",
    ),
    "outcomes": (
        "Outcomes",
        "random_walk",
    ),
    "planning": (
        "Sweep",
        "policy_evaluation",
        "policy_iteration",
        "value_iteration",
    ),
    "prediction": (
        "NStepTD",
        "TDLambda",
        "errors_from",
        "exact_values",
        "value_errors",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "MDP",
    "Arms",
    "BanditCurves",
    "Episode",
    "EpsilonGreedy",
    "Experience",
    "Fourier",
    "GradientBandit",
    "GridWorld",
    "LeftOrRight",
    "LinearSarsa",
    "NStepTD",
    "NetworkSarsa",
    "Outcomes",
    "Sweep",
    "TDLambda",
    "TabularLearner",
    "ThompsonSampling",
    "Tiles",
    "UpperConfidenceBound",
    "baird_growth",
    "baird_weights",
    "bandit_curves",
    "batch_monte_carlo",
    "batch_td",
    "cliff",
    "errors_from",
    "exact_values",
    "four_by_four",
    "gather_experience",
    "gaussian_arms",
    "greedy_policy",
    "learning_curves",
    "maximization_bias",
    "play_bandit",
    "policy_evaluation",
    "policy_iteration",
    "random_episodes",
    "random_mdp",
    "random_walk",
    "uniform_policy",
    "value_errors",
    "value_iteration",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
