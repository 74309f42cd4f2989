"""Everything that could keep a config from running, found before the start and said in the learner's words."""

from __future__ import annotations

from contextlib import suppress

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import ConfigError, Problem, RetroMLError, TrainingError
from retroml_edu.core.hyperparameters import NETWORK, DQNHyperparameters, PPOHyperparameters
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.envs import check_env, make_env, resolve_config
from retroml_edu.session.resolving import engine_misfit, env_spaces, precision_misfit, resolved_config, sees_pictures
from retroml_edu.storage.environment import bfloat16_instructions
from retroml_edu.training.devices import device_problem
from retroml_edu.training.memory import replay_buffer_problem


def check(config: ExperimentConfig) -> list[Problem]:
    """Check a config against the registry and this machine; panel, command line and grader all ask here.

    Returns:
        Problems, errors first; empty if the run can start as it is.
    """
    problems = list(check_env(config.env_id, config.algorithm))
    if not any(problem.severity == "error" for problem in problems):
        try:
            resolved = resolve_config(config)
        except ConfigError as error:
            problems.extend(error.problems)
        except RetroMLError as error:
            problems.append(Problem("env_id", str(error)))
        else:
            problems.extend(_schedule_problems(resolved))
            problems.extend(_network_problems(resolved))
            problems.extend(_machine_problems(resolved))
    return sorted(problems, key=lambda problem: problem.severity != "error")


def check_weights(config: ExperimentConfig, weights: PolicyWeights) -> None:
    """Look whether weights are those of the network that a config asks for.

    Args:
        config: Fully resolved.
        weights: What a run is to begin with.

    Raises:
        WeightsError: If not; the sentence names the first misfit.
    """
    from retroml_edu.policies import build_policy, load_weights

    env = make_env(config.env_id, seed=config.seed, render_mode=None)
    try:
        load_weights(build_policy(config, env.observation_space, env.action_space), weights.arrays)
    finally:
        env.close()


def _schedule_problems(config: ExperimentConfig) -> list[Problem]:
    """Settings that are allowed but surely not meant."""
    settings, n_envs, problems = config.hyperparameters, config.n_envs or 1, []
    if isinstance(settings, PPOHyperparameters):
        rollout = settings.n_steps * n_envs
        if rollout % settings.batch_size:
            problems.append(
                Problem(
                    "hyperparameters.batch_size",
                    f"The rollout of {rollout:,} steps does not divide into mini-batches of {settings.batch_size}: "
                    f"the last one has {rollout % settings.batch_size}.",
                    "It works, but its gradient is noisier; choose a divisor for a clean split.",
                    "warning",
                )
            )
        if rollout > config.total_timesteps:
            problems.append(
                Problem(
                    "hyperparameters.n_steps",
                    f"One rollout takes {rollout:,} steps, more than the run's {config.total_timesteps:,}: "
                    "there will be a single update.",
                    "Lower 'Rollout length' or train longer.",
                    "warning",
                )
            )
    if isinstance(settings, DQNHyperparameters) and settings.learning_starts >= config.total_timesteps:
        problems.append(
            Problem(
                "hyperparameters.learning_starts",
                f"Learning starts after {settings.learning_starts:,} steps, but the run has only "
                f"{config.total_timesteps:,}: nothing would be learnt.",
                "Lower 'Warm-up steps' or train longer.",
                "warning",
            )
        )
    return problems


def _network_problems(config: ExperimentConfig) -> list[Problem]:
    """Settings of a network that is not there."""
    if not sees_pictures(config):
        return []
    settings = config.hyperparameters
    fields = type(settings).model_fields
    return [
        Problem(
            f"hyperparameters.{name}",
            f"{name} changes nothing here: pictures are read by a network of their own.",
            "Leave it as it is, or choose an environment that is observed as numbers.",
            "warning",
            of_value="changes nothing here, since pictures are read by a network of their own.",
        )
        for name in sorted(NETWORK & fields.keys())
        if getattr(settings, name) != fields[name].default
    ]


def _machine_problems(config: ExperimentConfig) -> list[Problem]:
    """What this machine cannot do."""
    found = [_not_exact(config) or device_problem(config.device), _not_fast(config)]
    with suppress(TrainingError):  # a device that is not there is told already
        if config.precision != "float32":
            found.append(_not_so_precise(resolved_config(config)))
        if isinstance(config.hyperparameters, DQNHyperparameters):
            observation_space, _ = env_spaces(config.env_id)
            # The engine decides how much is kept.
            found.append(replay_buffer_problem(resolved_config(config), observation_space))
    return [problem for problem in found if problem is not None]


def _not_exact(config: ExperimentConfig) -> Problem | None:
    if not config.deterministic or config.device in ("auto", "cpu"):
        return None
    return Problem(
        "device",
        f'deterministic=True goes with the CPU, not with device="{config.device}": a GPU adds numbers up in an order '
        "that changes from run to run.",
        'Choose "auto" or "cpu", or switch "Deterministic" off.',
        of_value=f'"Deterministic" does not go with {config.device}: a GPU adds numbers up in an order that changes '
        "from run to run.",
    )


def _not_fast(config: ExperimentConfig) -> Problem | None:
    misfit = engine_misfit(config) if config.engine == "fast" else None
    if misfit is None:
        return None
    return Problem(
        "engine",
        f'engine="fast" does not fit here: {misfit}.',
        'Choose "auto", which takes the fast engine wherever it fits.',
        of_value=f'"fast" does not fit here: {misfit}.',
    )


def _not_so_precise(config: ExperimentConfig) -> Problem | None:
    misfit = precision_misfit(config)
    if misfit is not None:
        of_value = f'"{config.precision}" does not fit here: {misfit}.'
        return Problem("precision", f"precision={of_value}", 'Choose "float32".', of_value=of_value)
    if bfloat16_instructions() == []:
        of_value = '"bfloat16" gains nothing here: this processor has no instructions for it.'
        remedy = '"float32" is more exact, and quicker.'
        return Problem("precision", f"precision={of_value}", remedy, "warning", of_value=of_value)
    return None
