"""The configuration of one run: frozen, closed, and checked in the learner's words."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from retroml_edu.core.config_words import config_problems
from retroml_edu.core.errors import ConfigError, Problem
from retroml_edu.core.hyperparameters import (
    HYPERPARAMETERS,
    AlgorithmName,
    AnyHyperparameters,
    PPOHyperparameters,
)
from retroml_edu.core.migration import SCHEMA_VERSION, migrated
from retroml_edu.core.settings import CheckpointSettings, ParentRun, VideoSettings

MAX_SEED = 2**31 - 1
MAX_N_ENVS = 64
ALGORITHMS: tuple[AlgorithmName, ...] = get_args(AlgorithmName)

RunType = Literal["quick", "short", "medium", "long", "custom"]
RUN_LENGTHS: Mapping[RunType, int] = {
    "quick": 10_000,
    "short": 500_000,
    "medium": 2_000_000,
    "long": 10_000_000,
}
DeviceName = Literal["auto", "cpu", "cuda", "mps"]
EngineName = Literal["auto", "fast", "sb3"]
PrecisionName = Literal["float32", "bfloat16"]
_ENV_ID = re.compile(r"[\w./:+-]+")


def random_seed() -> int:
    """Draw a seed for a run that was given none; it is written into the config."""
    return secrets.randbelow(100_000)


class ExperimentConfig(BaseModel):
    """Everything that decides what a run does.

    What is left out is resolved before the start: `n_envs`, `normalize` and unset hyperparameters from the tuned
    defaults of the environment, `seed` at random, `run_type` from the environment where it is made for lessons,
    `total_timesteps` from `run_type`, `device` and `engine` by what fits. A stored config has every value resolved.

    Attributes:
        env_id: Gymnasium id, such as ``CartPole-v1`` or ``ALE/Pong-v5``.
        algorithm: ``PPO``, ``A2C`` or ``DQN``.
        run_type: ``quick`` (10k steps), ``short`` (500k), ``medium`` (2M), ``long`` (10M) or ``custom``. Left open, it
            says ``quick`` until it is resolved, and becomes the lesson's length of a game made for one.
        total_timesteps: Steps of a ``custom`` run, summed over the environments; else what `run_type` says.
        seed: Seed of every random draw of the run.
        n_envs: Environments that are stepped side by side.
        normalize: Whether observations and rewards are scaled by running statistics.
        hyperparameters: Settings of the algorithm; a mapping becomes the model of the chosen algorithm.
        device: Where the network is trained.
        deterministic: Whether the run keeps to one processor thread and the CPU, so that machines of the same type
            give the same numbers to the last bit.
        engine: Who trains: ``fast`` (small networks; pictures of Atari games), ``sb3`` (stable-baselines3) or
            ``auto``.
        precision: What the fast engine computes features of pictures in: ``float32`` or ``bfloat16``.
        video: Which videos are recorded during the run.
        checkpoints: How often the run writes down its exact state, to be resumed from there.
        parent: Run and step that this run branched from.
        group_id: Group of runs that belong together.
        owner: Who the run belongs to, in shared installations.

    Raises:
        ConfigError: If a value is out of range, unknown, or clashes with another.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_version: int = SCHEMA_VERSION
    env_id: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            description="The game to learn. Classic control takes seconds, Atari made for a lesson minutes, standard "
            "Atari hours.",
        ),
    ]
    algorithm: Annotated[
        AlgorithmName,
        Field(
            description="PPO: careful policy updates, a good first choice. A2C: the same idea with small quick "
            "updates. DQN: learns the value of each action from a memory of past steps; discrete actions only."
        ),
    ] = "PPO"
    run_type: Annotated[RunType, Field(description="How long to train. A step is one action in one environment.")] = (
        "quick"
    )
    total_timesteps: Annotated[
        int,
        Field(ge=1, le=10**10, description="Environment steps in all, summed over the environments side by side."),
    ] = 0
    seed: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_SEED,
            default_factory=random_seed,
            description="Starting point of all random draws. The same seed gives the same run on the same machine; "
            "another seed is another try of the same experiment.",
        ),
    ]
    n_envs: Annotated[
        Annotated[int, Field(ge=1, le=MAX_N_ENVS)] | None,
        Field(
            description="Copies of the game that are played side by side. More give each update more varied experience."
        ),
    ] = None
    normalize: Annotated[
        bool | None,
        Field(
            description="Scale observations and rewards by their running mean and spread. Helps where they differ "
            "widely."
        ),
    ] = None
    # The discriminator is `algorithm`: _fill_in has made the right model of it before this union is read.
    hyperparameters: AnyHyperparameters = Field(default_factory=PPOHyperparameters)
    device: Annotated[
        DeviceName,
        Field(
            description="Where the network is trained. A GPU helps with images; small networks are faster on the CPU."
        ),
    ] = "auto"
    deterministic: Annotated[
        bool,
        Field(
            description="Keep to one processor thread and the CPU, so that every machine of the same type gives the "
            "same numbers to the last bit. On two cores, games with images train about a fifth more slowly this way."
        ),
    ] = False
    engine: Annotated[
        EngineName,
        Field(
            description="Who does the arithmetic of training. fast: code compiled for small networks that read "
            "numbers, several times quicker, and PyTorch with less to carry about for pictures. sb3: "
            "stable-baselines3, which trains everything. auto: fast where it fits. Both do the same mathematics, but "
            "round its last digits differently: one seed gives two different curves, over many seeds they agree."
        ),
    ] = "auto"
    precision: Annotated[
        PrecisionName,
        Field(
            description="How finely the fast engine computes what a network sees in pictures. With float32 to seven "
            "digits, with bfloat16 to two or three: with standard pictures that takes a third of the time off each "
            "update where the processor has instructions for it. Weights and losses keep seven digits."
        ),
    ] = "float32"
    video: VideoSettings = Field(default_factory=VideoSettings)
    checkpoints: CheckpointSettings = Field(default_factory=CheckpointSettings)
    parent: ParentRun | None = None
    group_id: Annotated[str, Field(max_length=100)] | None = None
    owner: Annotated[str, Field(max_length=100)] | None = None

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise ConfigError.of(config_problems(error, ExperimentConfig)) from None

    @field_validator("schema_version")
    @classmethod
    def _known_version(cls, version: int) -> int:
        if version != SCHEMA_VERSION:
            raise ValueError(
                f"this config has schema version {version}, and this retroml_edu reads version {SCHEMA_VERSION}: "
                + ("update retroml_edu." if version > SCHEMA_VERSION else "it was written by no released version.")
            )
        return version

    @field_validator("env_id")
    @classmethod
    def _plain_id(cls, env_id: str) -> str:
        # It is printed in terminals and stands in headings, also where the config comes from somebody else.
        if not _ENV_ID.fullmatch(env_id):
            raise ValueError(
                f"env_id={env_id!r}: an environment's id is made of letters, digits and _ . / : + - only, as in "
                '"CartPole-v1" or "ALE/Pong-v5".'
            )
        return env_id

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        data = migrated(data)
        algorithm = data.get("algorithm", "PPO")
        if isinstance(algorithm, str) and algorithm.upper() in HYPERPARAMETERS:
            name = cast(AlgorithmName, algorithm.upper())
            data["algorithm"] = name
            data["hyperparameters"] = _hyperparameters(name, data.get("hyperparameters"))
        else:
            data.pop("hyperparameters", None)  # of an algorithm that is not there, nothing can be said
        steps = data.get("total_timesteps")
        if steps is not None:  # who says how many has chosen a length, be it the one that is there by itself
            data.setdefault("run_type", "quick")
        run_type = data.get("run_type", "quick")
        if isinstance(run_type, str) and run_type in RUN_LENGTHS:
            preset = RUN_LENGTHS[cast(RunType, run_type)]
            if steps is not None and steps != preset:
                raise _clash(
                    "total_timesteps",
                    f'total_timesteps={steps} goes with run_type="custom", not with "{run_type}" '
                    f'({preset:,} steps): write run_type="custom", or leave total_timesteps out.',
                )
            data["total_timesteps"] = preset
        elif run_type == "custom" and steps is None:
            raise _clash(
                "total_timesteps",
                'run_type="custom" needs total_timesteps: say how many steps to train.',
                "say how many steps to train.",
            )
        return data

    @model_validator(mode="after")
    def _batch_fits_rollout(self) -> ExperimentConfig:
        settings = self.hyperparameters
        # What was left open is bent to fit when the config is resolved; then all of it is set, and checked here.
        set_by_person = {"n_steps", "batch_size"} <= settings.model_fields_set
        if isinstance(settings, PPOHyperparameters) and self.n_envs is not None and set_by_person:
            rollout = settings.n_steps * self.n_envs
            if rollout < 2:
                raise _clash(
                    "hyperparameters.n_steps",
                    "n_steps=1 with n_envs=1 is a rollout of a single step, from which no advantage can be "
                    "normalised: raise 'Rollout length' or 'Environments'.",
                    "from a rollout of a single step no advantage can be normalised: raise it or 'Environments'.",
                )
            if settings.batch_size > rollout:
                raise _clash(
                    "hyperparameters.batch_size",
                    f"batch_size={settings.batch_size} is larger than the rollout of n_steps*n_envs={rollout}: "
                    f"lower 'Mini-batch' to {rollout} or raise 'Rollout length'.",
                    f"{settings.batch_size:,} is larger than the rollout of {rollout:,} steps: "
                    f"lower 'Mini-batch' to {rollout} or raise 'Rollout length'.",
                )
        return self

    def changed(self, **changes: Any) -> ExperimentConfig:
        """Return a copy with some fields changed, checked anew.

        Which hyperparameters a person set and which were left to the tuned defaults is kept.
        """
        data = {name: getattr(self, name) for name in {*self.model_fields_set, "seed"}} | changes
        if "total_timesteps" not in changes and ("run_type" in changes or "run_type" not in self.model_fields_set):
            data.pop("total_timesteps", None)
        algorithm = str(changes.get("algorithm", self.algorithm)).upper()
        if "hyperparameters" not in changes and algorithm != self.algorithm:
            data.pop("hyperparameters", None)
        return ExperimentConfig(**data)

    def to_json_dict(self) -> dict[str, Any]:
        """Return the config as plain JSON values; `ExperimentConfig(**...)` reads them back.

        A length that was left open is left out.
        """
        open_length = () if "run_type" in self.model_fields_set else ("run_type", "total_timesteps")
        return self.model_dump(mode="json", exclude=set(open_length))


def stored_config(data: Mapping[str, Any]) -> ExperimentConfig:
    """Return the config that a file, a bundle or a database holds, of this version or an earlier one.

    Raises:
        ConfigError: If it is no config, or its environment's id asks to import a module: only what a person typed
            here may be about code.
    """
    config = ExperimentConfig(**data)
    if ":" in config.env_id:
        raise _clash(
            "env_id",
            f'env_id="{config.env_id}" would import the module "{config.env_id.partition(":")[0]}", and a config '
            "that was read never runs code: import the module yourself, and leave its name out of the id.",
        )
    return config


def _hyperparameters(algorithm: AlgorithmName, given: Any) -> Any:
    model = HYPERPARAMETERS[algorithm]
    if isinstance(given, model):
        return given
    if given is None or isinstance(given, Mapping):
        try:
            return model(**{str(name): value for name, value in (given or {}).items()})
        except ValidationError as error:
            raise ConfigError.of(config_problems(error, model, "hyperparameters.")) from None
    raise _clash(
        "hyperparameters",
        f"the hyperparameters are of type {type(given).__name__}, but the algorithm is {algorithm}: "
        f"give {model.__name__} or a mapping.",
    )


def _clash(field: str, message: str, of_value: str = "") -> ConfigError:
    return ConfigError.of([Problem(field, message, of_value=of_value)])
