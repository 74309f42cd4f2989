"""The trainer that teaches with stable-baselines3."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import stable_baselines3
import torch
from gymnasium import spaces
from stable_baselines3.common.buffers import ReplayBuffer, RolloutBuffer
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.preprocessing import is_image_space
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from retroml_edu.core.config import DeviceName, ExperimentConfig
from retroml_edu.core.control import Control, StopRequested
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.events import PreparationEvent, log
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.core.training import Emit, Start, TrainedModel
from retroml_edu.envs import get_env
from retroml_edu.envs.atari.forms import lesson_reward_words
from retroml_edu.envs.calibration import best_workers
from retroml_edu.envs.vector import make_vector_env
from retroml_edu.policies.initialization import DrawnFrom
from retroml_edu.policies.normalization import CLIP, EPSILON
from retroml_edu.policies.sampling import DrawsActions
from retroml_edu.policies.spec import PolicySpec, policy_spec
from retroml_edu.policies.threads import one_torch_thread
from retroml_edu.training.devices import resolve_device
from retroml_edu.training.engines import fast_engine_misfit
from retroml_edu.training.fast.preparation import prepare
from retroml_edu.training.memory import replay_buffer_problem, shows_stacks
from retroml_edu.training.pictures.algorithms import PICTURE_ALGORITHMS
from retroml_edu.training.pictures.replay import PictureReplay
from retroml_edu.training.pictures.rollout import PictureRollout
from retroml_edu.training.reporting import Reporter
from retroml_edu.training.sb3 import buffers
from retroml_edu.training.sb3.algorithms import RunA2C, RunDQN, RunPPO
from retroml_edu.training.sb3.boundary import StepBoundary
from retroml_edu.training.sb3.export import exporter
from retroml_edu.training.sb3.settings import algorithm_arguments
from retroml_edu.training.sb3.state import start_from
from retroml_edu.training.sb3.update import UpdateGuard, no_numbers_named
from retroml_edu.training.sb3.view import ModelView

_ALGORITHMS: Mapping[AlgorithmName, type[RunPPO | RunA2C | RunDQN]] = {
    "PPO": RunPPO,
    "A2C": RunA2C,
    "DQN": RunDQN,
}
_LEARNER = 1_000
"""Spawn key of the learner's seeds; those of the environments are spawned from the same seed, with small keys."""


class SB3Trainer:
    """Trains PPO, A2C and DQN in the calling thread.

    Every random draw comes from generators that are seeded by the config. Global generators, the thread counts of
    other threads and the warnings filter are left alone, so that runs and other cells do not disturb each other; only
    the memory that the process has freed is kept longer once pictures were learned from (`keep_freed_memory`).
    """

    def train(self, config: ExperimentConfig, emit: Emit, control: Control, start: Start | None = None) -> TrainedModel:
        """Train until the config's last step, or until control stops it.

        stable-baselines3 finishes the rollout in which the last step falls; events tell the steps really taken.

        Args:
            config: Fully resolved.
            emit: Takes events, in this thread.
            control: Polled after each step of all environments and before each mini-batch.
            start: Where to go on from; None for a run from nothing.

        Raises:
            TrainingError: If the algorithm does not fit the environment, the memory or the device, if the start does
                not fit the config, or if the policy became not-a-number.
            StopRequested: If somebody asked for a stop while kernels were compiled: there is no model yet.
        """
        venv = _environments(config, emit, control)
        try:
            if config.engine == "fast":
                _refuse_misfit(config, venv)
            spec = policy_spec(config, venv.observation_space, venv.action_space)
            alone = config.deterministic or not spec.is_large
            with one_torch_thread() if alone else nullcontext():
                return _train(config, spec, venv, emit, control, start)
        finally:
            venv.close()


def _train(
    config: ExperimentConfig, spec: PolicySpec, venv: VecEnv, emit: Emit, control: Control, start: Start | None
) -> TrainedModel:
    problem = replay_buffer_problem(config, spec.observation_space)
    if problem is not None:
        raise TrainingError(str(problem))
    reporter = Reporter(emit, control, config.total_timesteps)
    if config.normalize:
        venv = _normalizing(venv, config.hyperparameters.gamma)
    model = _make_model(config, spec, venv, control)
    model.guard = UpdateGuard(
        after=lambda model: reporter.update(model.num_timesteps, model.measured),
        generators=model.generators.values(),
    )
    view = ModelView(model, venv, reporter, _identity(config))
    if isinstance(start, Snapshot):
        view.go_on_from(start)
    elif start is not None:
        start_from(model, start)
    with suppress(StopRequested), no_numbers_named(model):  # after a stop the model is as at a step boundary
        total = config.total_timesteps
        reporter.begin()
        model.learn_stepwise(total, StepBoundary(model, reporter, control, view, total))
        control.poll(model.num_timesteps, view)
    control.keep(view)
    reporter.finish(model.num_timesteps)
    return TrainedModel(
        weights=view.copy_weights(),
        export=exporter(model, config, spec),
        facts={
            "engine": _engine(config),
            "engine_version": _engine_version(config, spec),
            "device": str(model.device),
            "torch_threads": torch.get_num_threads(),
            "deterministic": config.deterministic,
            "precision": config.precision if _fast_on_pictures(config, spec) else "float32",
            "determinism": _determinism(model.device, torch.get_num_threads()),
        },
    )


def _environments(config: ExperimentConfig, emit: Emit, control: Control) -> VecEnv:
    n_envs = config.n_envs or 1
    if config.engine != "fast":
        return make_vector_env(config.env_id, n_envs, seed=config.seed)
    if get_env(config.env_id).observation_kind != "image":
        prepare(_Compiling(emit, control))
    workers = best_workers(config.env_id, n_envs, lambda told: emit(log("info", told)))
    return make_vector_env(config.env_id, n_envs, seed=config.seed, fast=True, workers=workers)


def _refuse_misfit(config: ExperimentConfig, venv: VecEnv) -> None:
    """Say so before anything is computed: kernels look at no bounds, and a config may come from a stranger."""
    misfit = fast_engine_misfit(config, venv.observation_space, venv.action_space)
    if misfit is not None:
        raise TrainingError(f'engine="fast" does not fit here: {misfit}. Choose "auto".')


class _Compiling:
    """Tells once that kernels are compiled, and then how far that is; a stop or a pause is heard between two parts."""

    def __init__(self, emit: Emit, control: Control) -> None:
        self._emit = emit
        self._control = control
        self._told = False

    def __call__(self, done: int, of: int) -> None:
        self._control.poll_within_update()
        begun = "Compiling the fast engine, once on this machine"
        if not self._told:
            self._told = True
            self._emit(log("info", f"{begun}: half a minute or so…"))
        self._emit(PreparationEvent(f"{begun} (half a minute or so): part {done + 1} of {of}…"))


def _engine(config: ExperimentConfig) -> str:
    return "fast" if config.engine == "fast" else "sb3"


def _engine_version(config: ExperimentConfig, spec: PolicySpec) -> str:
    if config.engine != "fast":
        return stable_baselines3.__version__
    return version("torch" if spec.reads_images else "numba")


def _device(config: ExperimentConfig, spec: PolicySpec) -> DeviceName:
    if config.deterministic or config.engine == "fast":
        return "cpu"
    return resolve_device(config.device, is_large=spec.is_large)


def _fast_on_pictures(config: ExperimentConfig, spec: PolicySpec) -> bool:
    return config.engine == "fast" and spec.reads_images


def _algorithm(config: ExperimentConfig, spec: PolicySpec) -> type[RunPPO | RunA2C | RunDQN]:
    if _fast_on_pictures(config, spec):
        return PICTURE_ALGORITHMS[config.algorithm]
    if config.engine == "fast":
        # Not before: whoever trains otherwise need not wait for kernels.
        from retroml_edu.training.fast.algorithms import FAST_ALGORITHMS

        return FAST_ALGORITHMS[config.algorithm]
    return _ALGORITHMS[config.algorithm]


def _determinism(device: torch.device, threads: int) -> str:
    """Return in words where the same config and seed give the same bits."""
    if device.type != "cpu":
        return (
            f"Trained on {device.type}, which may add the same numbers in another order each time: equal seeds give "
            "equal curves to some digits only. With the deterministic switch they repeat bit for bit."
        )
    # An operation: the halves of a mini-batch of pictures are computed side by side, whatever their number of threads.
    count = "one thread an operation"
    if threads > 1:
        count = f"{threads} threads an operation, as many as torch takes on this machine"
    return (
        f"Equal seeds give equal bits on processors of the same type with the same versions, computed by {count}. "
        "Other instruction sets or thread counts round differently."
    )


def _identity(config: ExperimentConfig) -> dict[str, Any]:
    """Return what has to be the same for one run to go on from the state of another."""
    rewarded = lesson_reward_words(config.env_id)
    return {
        "engine": _engine(config),
        "algorithm": config.algorithm,
        "env_id": config.env_id,
        "n_envs": config.n_envs or 1,
        "normalize": bool(config.normalize),
        **({"reward": rewarded} if rewarded else {}),
    }


@dataclass(frozen=True, slots=True)
class _Draws:
    """The learner's generators: what one of them draws does not depend on how often the others are asked."""

    actions: np.random.Generator
    batches: np.random.Generator
    action_space_seed: int

    @classmethod
    def of(cls, seed: int) -> _Draws:
        actions, batches, space = np.random.SeedSequence(seed, spawn_key=(_LEARNER,)).spawn(3)
        return cls(
            np.random.default_rng(actions),
            np.random.default_rng(batches),
            int(space.generate_state(1)[0]),
        )


def _make_model(config: ExperimentConfig, spec: PolicySpec, venv: VecEnv, control: Control) -> RunPPO | RunA2C | RunDQN:
    draws = _Draws.of(config.seed)
    memory: dict[str, Any] = {"rng": draws.batches, "poll": control.poll_within_update}
    arguments = algorithm_arguments(config, spec)
    if config.algorithm == "DQN":
        arguments["replay_buffer_class"] = _replay_class(config, spec)
        arguments["replay_buffer_kwargs"] = memory
        if _fast_on_pictures(config, spec):
            memory["stacked"] = shows_stacks(config.env_id)
    else:
        arguments["rollout_buffer_class"] = _rollout_class(config, spec)
        arguments["rollout_buffer_kwargs"] = memory
    if _fast_on_pictures(config, spec):
        arguments["precision"] = config.precision
    batch_size = arguments.get("batch_size")
    if config.algorithm == "PPO":
        # The constructor warns about a smaller last mini-batch, which is no mistake. It is told the true size below.
        arguments["batch_size"] = arguments["n_steps"] * venv.num_envs
    with DrawnFrom(config.seed):
        model = _algorithm(config, spec)(
            spec.policy_class,  # type: ignore[arg-type]  # the spec holds the class that fits the algorithm
            venv,
            device=_device(config, spec),
            **arguments,
        )
    if isinstance(model, RunPPO):
        model.batch_size = int(batch_size or 0)
    model.set_logger(Logger(folder=None, output_formats=[]))
    model.schedule_origin = 0
    model.action_space.seed(draws.action_space_seed)
    model.generators = {"actions": draws.actions, "batches": draws.batches, "space": model.action_space.np_random}
    if isinstance(model.policy, DrawsActions):
        model.policy.draw_from(draws.actions)
    return model


def _rollout_class(config: ExperimentConfig, spec: PolicySpec) -> type[RolloutBuffer]:
    if _fast_on_pictures(config, spec):
        return PictureRollout
    named = isinstance(spec.observation_space, spaces.Dict)
    return buffers.DrawnDictRolloutBuffer if named else buffers.DrawnRolloutBuffer


def _replay_class(config: ExperimentConfig, spec: PolicySpec) -> type[ReplayBuffer]:
    if _fast_on_pictures(config, spec):
        return PictureReplay
    named = isinstance(spec.observation_space, spaces.Dict)
    return buffers.DrawnDictReplayBuffer if named else buffers.DrawnReplayBuffer


def _normalizing(venv: VecEnv, gamma: float) -> VecNormalize:
    """Scale rewards by running statistics, and of the observations those that are plain numbers."""
    space: spaces.Space[Any] = venv.observation_space
    keys = None
    if isinstance(space, spaces.Dict):
        keys = [name for name, part in space.spaces.items() if _is_numbers(part)]
        observations = bool(keys)
    else:
        observations = _is_numbers(space)
    return VecNormalize(
        venv,
        norm_obs=observations,
        norm_obs_keys=keys,
        gamma=gamma,
        clip_obs=CLIP,
        clip_reward=CLIP,
        epsilon=EPSILON,
    )


def _is_numbers(space: spaces.Space[Any]) -> bool:
    return isinstance(space, spaces.Box) and not is_image_space(space)
