"""The hyperparameters of PPO, A2C and DQN: declared once, with range, default, knob and explanation.

Names and defaults are those of stable-baselines3. What a person does not set is filled in from the tuned
defaults of the environment (`retroml_edu.envs.resolve_config`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from retroml_edu.core.errors import ConfigError, Problem
from retroml_edu.core.knobs import Knob

AlgorithmName = Literal["PPO", "A2C", "DQN"]
Schedule = Literal["constant", "linear"]
Activation = Literal["tanh", "relu"]
Width = Annotated[int, Field(ge=1, le=4096)]

LearningRate = Annotated[
    float,
    Field(
        ge=1e-6,
        le=1e-1,
        description="Step size: how far one update moves the weights. Too high and learning becomes unstable "
        "or collapses; too low and it crawls.",
    ),
]
Discount = Annotated[
    float,
    Field(
        ge=0.0,
        le=1.0,
        description="Discount γ: how much a reward later counts against one now. 0.99 looks about a hundred "
        "steps ahead, 0.9 about ten.",
    ),
    Knob("Discount γ", scale="near_one", low=0.8, high=0.9999, lesson="02-mdps"),
]
LearningRateSchedule = Annotated[
    Schedule,
    Field(
        description="Constant keeps the learning rate; linear lowers it to zero by the end of the run, "
        "which steadies the last part."
    ),
    Knob("Learning-rate schedule", group="advanced", lesson="10-ppo"),
]
GradientClip = Annotated[
    float,
    Field(
        gt=0.0,
        le=100.0,
        description="Gradient clipping: longer gradients are scaled down to this length, so that one odd "
        "batch cannot throw the weights far off.",
    ),
    Knob("Gradient clip", scale="log", group="advanced", low=0.1, high=100.0),
]
Layers = Annotated[
    tuple[Width, ...],
    Field(
        min_length=1,
        max_length=8,
        description="Widths of the hidden layers of the network that reads numbers. Image environments use "
        "the convolutional network of Mnih et al. (2015) and ignore this.",
    ),
    Knob(
        "Hidden layers",
        group="advanced",
        lesson="05-function-approximation",
        choices=((32,), (64,), (64, 64), (128, 128), (256, 256), (400, 300)),
    ),
]
ActivationFunction = Annotated[
    Activation,
    Field(description="The non-linearity between the hidden layers of the network that reads numbers."),
    Knob("Activation", group="advanced", lesson="05-function-approximation"),
]
EntropyCoefficient = Annotated[
    float,
    Field(
        ge=0.0,
        le=1.0,
        description="Entropy bonus: a small reward for staying undecided, which keeps the agent exploring. "
        "Too much and it never commits.",
    ),
    Knob("Entropy coefficient", low=0.0, high=0.1, lesson="08-policy-gradient"),
]
ValueCoefficient = Annotated[
    float,
    Field(
        ge=0.0,
        le=10.0,
        description="Weight of the value function's error in the loss that both networks share.",
    ),
    Knob("Value coefficient", group="advanced", low=0.1, high=1.0, lesson="09-a2c-gae"),
]
GaeLambda = Annotated[
    float,
    Field(
        ge=0.0,
        le=1.0,
        description="GAE λ (Schulman et al. 2016): 0 trusts the value function alone (little noise, more bias), "
        "1 trusts the returns alone (no bias, more noise).",
    ),
    Knob("GAE λ", low=0.0, high=1.0, lesson="09-a2c-gae"),
]
NormalizeAdvantage = Annotated[
    bool,
    Field(description="Rescale the advantages of each batch to mean 0 and standard deviation 1."),
    Knob("Normalise advantages", group="advanced", lesson="09-a2c-gae"),
]
BatchSize = Annotated[
    int,
    Field(
        ge=2,
        le=65_536,
        description="Mini-batch: how many stored steps each gradient step averages over. Larger is steadier "
        "but makes fewer steps.",
    ),
]


def _learning_rate_knob(lesson: str) -> Knob:
    return Knob("Learning rate", scale="log", low=1e-5, high=1e-1, lesson=lesson)


class Hyperparameters(BaseModel):
    """What all three algorithms share."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PPOHyperparameters(Hyperparameters):
    """Proximal policy optimisation (Schulman et al. 2017)."""

    learning_rate: Annotated[LearningRate, _learning_rate_knob("10-ppo")] = 3e-4
    n_steps: Annotated[
        int,
        Field(
            ge=1,
            le=65_536,
            description="Rollout length: steps each environment plays before an update. Longer sees more of "
            "the consequences but updates less often.",
        ),
        Knob("Rollout length", scale="log", low=8, high=4096, lesson="10-ppo"),
    ] = 2048
    batch_size: Annotated[BatchSize, Knob("Mini-batch", scale="log", low=8, high=4096, lesson="10-ppo")] = 64
    n_epochs: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            description="Epochs: how often each rollout is gone through. More squeezes more out of the data, "
            "until the policy runs away from it.",
        ),
        Knob("Epochs", high=30, lesson="10-ppo"),
    ] = 10
    gamma: Discount = 0.99
    gae_lambda: GaeLambda = 0.95
    clip_range: Annotated[
        float,
        Field(
            gt=0.0,
            le=1.0,
            description="Clip range ε: how far the probability of an action may move in one update before "
            "the incentive is cut off. PPO's central idea.",
        ),
        Knob("Clip range ε", low=0.05, high=0.5, lesson="10-ppo"),
    ] = 0.2
    ent_coef: EntropyCoefficient = 0.0
    vf_coef: ValueCoefficient = 0.5
    max_grad_norm: GradientClip = 0.5
    normalize_advantage: NormalizeAdvantage = True
    target_kl: Annotated[
        float | None,
        Field(
            gt=0.0,
            le=1.0,
            description="Stop the epochs of an update early once the policy has moved further than this "
            "(approximate KL divergence). Off: never.",
        ),
        Knob("KL limit", scale="log", group="advanced", low=0.003, high=0.3, lesson="10-ppo"),
    ] = None
    learning_rate_schedule: LearningRateSchedule = "constant"
    clip_range_schedule: Annotated[
        Schedule,
        Field(description="Constant keeps the clip range; linear narrows it to zero by the end of the run."),
        Knob("Clip-range schedule", group="advanced", lesson="10-ppo"),
    ] = "constant"
    net_arch: Layers = (64, 64)
    activation: ActivationFunction = "tanh"


class A2CHyperparameters(Hyperparameters):
    """Advantage actor-critic, the synchronous form of A3C (Mnih et al. 2016)."""

    learning_rate: Annotated[LearningRate, _learning_rate_knob("09-a2c-gae")] = 7e-4
    n_steps: Annotated[
        int,
        Field(
            ge=1,
            le=65_536,
            description="Rollout length: steps each environment plays before an update. A2C updates often, "
            "after a few steps.",
        ),
        Knob("Rollout length", scale="log", low=1, high=256, lesson="09-a2c-gae"),
    ] = 5
    gamma: Discount = 0.99
    gae_lambda: GaeLambda = 1.0
    ent_coef: EntropyCoefficient = 0.0
    vf_coef: ValueCoefficient = 0.5
    max_grad_norm: GradientClip = 0.5
    normalize_advantage: NormalizeAdvantage = False
    use_rms_prop: Annotated[
        bool,
        Field(description="RMSProp as in Mnih et al. (2016); off: Adam."),
        Knob("RMSProp", group="advanced", lesson="09-a2c-gae"),
    ] = True
    rms_prop_eps: Annotated[
        float,
        Field(gt=0.0, le=1e-1, description="The small number that keeps RMSProp from dividing by zero."),
        Knob("RMSProp ε", scale="log", group="advanced", low=1e-8, high=1e-2),
    ] = 1e-5
    learning_rate_schedule: LearningRateSchedule = "constant"
    net_arch: Layers = (64, 64)
    activation: ActivationFunction = "tanh"


class DQNHyperparameters(Hyperparameters):
    """Deep Q-network (Mnih et al. 2015)."""

    learning_rate: Annotated[LearningRate, _learning_rate_knob("06-dqn")] = 1e-4
    buffer_size: Annotated[
        int,
        Field(
            ge=100,
            le=2_000_000,
            description="Replay buffer: how many past steps are kept to learn from again. Larger is more "
            "varied, and takes memory: an Atari step takes 7 KB, on a GPU 56 KB.",
        ),
        Knob("Replay buffer", scale="log", low=1_000, high=1_000_000, lesson="06-dqn"),
    ] = 1_000_000
    learning_starts: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            description="Steps played at random before the first update, to fill the replay buffer.",
        ),
        Knob("Warm-up steps", scale="log", low=10, high=100_000, lesson="06-dqn"),
    ] = 100
    batch_size: Annotated[BatchSize, Knob("Mini-batch", scale="log", low=8, high=1024, lesson="06-dqn")] = 32
    gamma: Discount = 0.99
    train_freq: Annotated[
        int,
        Field(ge=1, le=10_000, description="Steps of each environment between two rounds of updates."),
        Knob("Steps between updates", scale="log", low=1, high=256, lesson="06-dqn"),
    ] = 4
    gradient_steps: Annotated[
        int,
        Field(ge=1, le=1_000, description="Gradient steps in each round of updates."),
        Knob("Gradient steps", scale="log", low=1, high=256, lesson="06-dqn"),
    ] = 1
    target_update_interval: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="Steps between two refreshes of the target network, the slow copy that the "
            "updates aim at. Without it the aim moves with every shot.",
        ),
        Knob("Target refresh", scale="log", low=1, high=50_000, lesson="06-dqn"),
    ] = 10_000
    tau: Annotated[
        float,
        Field(gt=0.0, le=1.0, description="How far each refresh moves the target network: 1 copies it whole."),
        Knob("Target blend τ", group="advanced", low=0.001, high=1.0, scale="log", lesson="06-dqn"),
    ] = 1.0
    exploration_fraction: Annotated[
        float,
        Field(
            gt=0.0,
            le=1.0,
            description="Share of the run over which random actions (ε-greedy) fall from the first to the last ε.",
        ),
        Knob("Exploration share", low=0.01, high=1.0, lesson="06-dqn"),
    ] = 0.1
    exploration_initial_eps: Annotated[
        float,
        Field(ge=0.0, le=1.0, description="Chance of a random action at the start."),
        Knob("First ε", group="advanced", lesson="01-bandits"),
    ] = 1.0
    exploration_final_eps: Annotated[
        float,
        Field(ge=0.0, le=1.0, description="Chance of a random action that remains in the end."),
        Knob("Last ε", low=0.0, high=0.5, lesson="01-bandits"),
    ] = 0.05
    max_grad_norm: GradientClip = 10.0
    learning_rate_schedule: LearningRateSchedule = "constant"
    net_arch: Layers = (64, 64)

    @model_validator(mode="after")
    def _exploration_falls(self) -> DQNHyperparameters:
        both = {"exploration_initial_eps", "exploration_final_eps"} <= self.model_fields_set
        if both and self.exploration_final_eps > self.exploration_initial_eps:
            first, last = self.exploration_initial_eps, self.exploration_final_eps
            remedy = "lower 'Last ε' or raise 'First ε', since exploration can only fall."
            message = f"exploration_final_eps={last} is above exploration_initial_eps={first}: {remedy}"
            of_value = f"{last} is above 'First ε', {first}: {remedy}"
            raise ConfigError.of([Problem("hyperparameters.exploration_final_eps", message, of_value=of_value)])
        return self


NETWORK = frozenset({"net_arch", "activation"})
"""Settings of the network, of which no algorithm has to have all; one that reads pictures follows none of them."""
HYPERPARAMETERS: dict[AlgorithmName, type[Hyperparameters]] = {
    "PPO": PPOHyperparameters,
    "A2C": A2CHyperparameters,
    "DQN": DQNHyperparameters,
}
AnyHyperparameters = PPOHyperparameters | A2CHyperparameters | DQNHyperparameters
