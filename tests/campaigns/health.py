"""Runs whose health is known before they are trained: what is wrong with each kind, and which insights are to say so.

Where an insight is neither expected nor allowed, it is a false alarm. This was written before any of them was trained.
It was changed after the seeds on which thresholds were set, and before the others were looked at: MountainCar is
learned with tuned settings, and by DQN without exploration, which had been taken for hopeless; A2C's explained variance
does not tell whether its value function is trained; and DQN on Acrobot has a smaller network, to take a tenth of the
time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.envs import resolve_config

ALWAYS = frozenset({"single_seed"})
"""Each recorded run stands alone."""
GOOD = frozenset({"converged", "variance_fell", "levelled_off"})
FOLLOWS = frozenset({"stuck", "levelled_off", "variance_fell", "value_not_learning"})
"""What may come of almost anything that is wrong."""
TOO_FAR = frozenset({"learning_rate_high", "kl_high", "clip_fraction_high", "entropy_collapse"})
"""Signs of the same: steps that are too large."""

NOT_RECORDED = frozenset({"evaluation_falling", "collapsed"})
"""Nothing can be told of these: no recorded run was evaluated on the way, and of no kind of runs is it known before
training that they collapse, or that they do not. With tuned settings some seeds of A2C and DQN do, too."""


@dataclass(frozen=True)
class Kind:
    """Runs of one kind, which differ in their seeds.

    Attributes:
        name: Of its file.
        about: What is known of its health, for the help.
        env_id: What is played.
        algorithm: By whom.
        steps: How long.
        expected: Insights that are right.
        allowed: Insights that may be right.
        settings: Hyperparameters that differ from the tuned defaults.
        normalize: Whether observations and rewards are scaled, if not as tuned.
    """

    name: str
    about: str
    env_id: str
    algorithm: AlgorithmName
    steps: int
    expected: frozenset[str]
    allowed: frozenset[str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    normalize: bool | None = None

    def config(self, seed: int) -> ExperimentConfig:
        """Return a run of it with every value resolved."""
        return resolve_config(
            ExperimentConfig(
                env_id=self.env_id,
                algorithm=self.algorithm,
                run_type="custom",
                total_timesteps=self.steps,
                seed=seed,
                device="cpu",
                engine="fast",
                normalize=self.normalize,
                hyperparameters=dict(self.settings),
                video={"enabled": False},
            )
        )


def _healthy(name: str, env_id: str, algorithm: AlgorithmName, steps: int, *expected: str, **settings: Any) -> Kind:
    but = " but for a smaller network" if settings else ""
    about = f"{algorithm} on {env_id} with its tuned settings{but}, {steps:,} steps: healthy."
    return Kind(name, about, env_id, algorithm, steps, ALWAYS | frozenset(expected), GOOD, settings)


def _sick(
    name: str,
    about: str,
    env_id: str,
    algorithm: AlgorithmName,
    steps: int,
    expected: str,
    allowed: frozenset[str],
    *,
    normalize: bool | None = None,
    **settings: Any,
) -> Kind:
    about = f"{algorithm} on {env_id}, {steps:,} steps: {about}."
    return Kind(name, about, env_id, algorithm, steps, ALWAYS | {expected}, FOLLOWS | allowed, settings, normalize)


CARTPOLE, ACROBOT, LANDER, CAR = "CartPole-v1", "Acrobot-v1", "LunarLander-v3", "MountainCar-v0"
NONE: frozenset[str] = frozenset()
HIGH, LOW = "a learning rate far too high", "a learning rate far too low"
KINDS = (
    _healthy("cartpole-ppo", CARTPOLE, "PPO", 60_000, "converged"),
    _healthy("acrobot-ppo", ACROBOT, "PPO", 60_000),
    _healthy("lander-ppo", LANDER, "PPO", 150_000),
    _healthy("car-ppo", CAR, "PPO", 60_000),
    _healthy("cartpole-a2c", CARTPOLE, "A2C", 60_000),
    _healthy("cartpole-dqn", CARTPOLE, "DQN", 30_000),
    _healthy("acrobot-dqn", ACROBOT, "DQN", 30_000, net_arch=(64, 64)),
    _sick("cartpole-ppo-high", HIGH, CARTPOLE, "PPO", 30_000, "learning_rate_high", TOO_FAR, learning_rate=0.1),
    _sick("acrobot-ppo-high", HIGH, ACROBOT, "PPO", 60_000, "learning_rate_high", TOO_FAR, learning_rate=0.1),
    _sick("cartpole-a2c-high", HIGH, CARTPOLE, "A2C", 30_000, "learning_rate_high", TOO_FAR, learning_rate=0.07),
    _sick("cartpole-dqn-high", HIGH, CARTPOLE, "DQN", 20_000, "learning_rate_high", TOO_FAR, learning_rate=0.1),
    _sick("cartpole-ppo-low", LOW, CARTPOLE, "PPO", 30_000, "learning_rate_low", NONE, learning_rate=3e-5),
    _sick("acrobot-ppo-low", LOW, ACROBOT, "PPO", 60_000, "learning_rate_low", NONE, learning_rate=1e-5),
    _sick("cartpole-a2c-low", LOW, CARTPOLE, "A2C", 30_000, "learning_rate_low", NONE, learning_rate=7e-6),
    _sick(
        "lander-ppo-collapse",
        "no entropy bonus and a high learning rate, so that it soon stops exploring",
        LANDER,
        "PPO",
        60_000,
        "entropy_collapse",
        TOO_FAR,
        learning_rate=0.02,
        ent_coef=0.0,
    ),
    _sick(
        "lander-a2c-collapse",
        "no entropy bonus and a high learning rate, so that it soon stops exploring",
        LANDER,
        "A2C",
        60_000,
        "entropy_collapse",
        TOO_FAR,
        learning_rate=0.02,
        ent_coef=0.0,
    ),
    _sick(
        "cartpole-ppo-blind",
        "a value function that is not trained",
        CARTPOLE,
        "PPO",
        30_000,
        "value_not_learning",
        frozenset({"converged"}),
        vf_coef=0.0,
    ),
    _sick(
        "lander-a2c-blind",
        "a value function that is not trained",
        LANDER,
        "A2C",
        60_000,
        "single_seed",
        NONE,
        vf_coef=0.0,
    ),
    _sick(
        "cartpole-dqn-warming",
        "the warm-up is longer than the run",
        CARTPOLE,
        "DQN",
        20_000,
        "replay_warming",
        NONE,
        learning_starts=50_000,
    ),
    _sick(
        "cartpole-ppo-far",
        "a wide clip range and forty epochs, so that updates move the policy far",
        CARTPOLE,
        "PPO",
        30_000,
        "kl_high",
        TOO_FAR | {"converged"},
        clip_range=0.9,
        n_epochs=40,
    ),
    _sick(
        "acrobot-ppo-clipped",
        "a narrow clip range and forty epochs, so that most of a rollout is clipped",
        ACROBOT,
        "PPO",
        60_000,
        "clip_fraction_high",
        TOO_FAR | {"converged"},
        clip_range=0.02,
        n_epochs=40,
    ),
    _sick(
        "car-ppo-plain",
        "numbers are not scaled, and there is too little exploration ever to reach the flag",
        CAR,
        "PPO",
        60_000,
        "stuck",
        NONE,
        normalize=False,
    ),
)
