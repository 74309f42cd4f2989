"""Compiled environments behind stable-baselines3's interface: one call of a kernel steps them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.utils.seeding import np_random
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn

from retroml_edu.core.errors import EnvironmentUnusableError, TrainingError
from retroml_edu.core.generators import generator_state, set_generator_state
from retroml_edu.core.saved import misfit
from retroml_edu.core.weights import Arrays
from retroml_edu.envs.compiled.games import begin, step_all
from retroml_edu.envs.compiled.kinds import ENDLESS, N_STATE, PENDULUM, SHORTEST, compiled_game
from retroml_edu.envs.compiled.saved import FORMAT, read_state
from retroml_edu.envs.make import make_env
from retroml_edu.envs.names import registered

KernelArguments = tuple[
    int,
    int,
    npt.NDArray[np.float64],
    npt.NDArray[np.int64],
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
    npt.NDArray[np.int64],
    npt.NDArray[np.float32],
    npt.NDArray[np.float32],
]
_AHEAD = 64
"""Beginnings that are drawn at once for each environment, at least."""


class CompiledVector(VecEnv):
    """Several environments of Gymnasium's classic control, the same to the last bit, stepped by compiled code.

    Actions are taken as float32, as stable-baselines3's policies give them.

    Args:
        env_id: An id that `compiled_game` knows.
        seeds: The seed of each environment, used at its first reset.

    Attributes:
        env_id: The same.
        begun: Whether there was a reset.
        observations: float32 of shape (n_envs, n_observed), what each shows now; written in place.

    Raises:
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If there is no compiled form of it.

    Threads: one at a time. The GIL is released while a step is computed.
    """

    def __init__(self, env_id: str, seeds: Sequence[int]) -> None:
        gym_spec = registered(env_id)
        game = compiled_game(gym_spec)
        if game is None:
            raise EnvironmentUnusableError(f'"{env_id}" has no compiled form: use make_vector_env(..., fast=False).')
        n_envs = len(seeds)
        self.env_id, self.begun = env_id, False
        self._game = game
        self._limit = gym_spec.max_episode_steps or ENDLESS
        self._states = np.zeros((n_envs, N_STATE))
        self._elapsed = np.zeros(n_envs, np.int64)
        self._returns = np.zeros(n_envs)
        self.observations = np.zeros((n_envs, game.n_observed), np.float32)
        self._last_observations = np.zeros_like(self.observations)
        self._generators = [np_random(seed)[0] for seed in seeds]
        # Nothing is left of no beginnings: the first are drawn when they are needed.
        self._starts = np.zeros((n_envs, 0))
        self._used = np.zeros(n_envs, np.int64)
        self._actions = np.zeros(n_envs, np.float32)
        self._rewards = np.zeros(n_envs, np.float32)
        self._dones = np.zeros(n_envs, np.bool_)
        self._cut_off = np.zeros(n_envs, np.bool_)
        self._episode_returns = np.zeros(n_envs)
        self._episode_lengths = np.zeros(n_envs, np.int64)
        self._picture: gym.Env[Any, Any] | None = None
        model = make_env(env_id, seed=seeds[0], render_mode=None)  # for its spaces, seeded as they always are
        super().__init__(n_envs, model.observation_space, model.action_space)
        self.metadata = model.metadata
        model.close()

    # --- for kernels

    @property
    def kernel_arguments(self) -> KernelArguments:
        """What `step_env` is called with, index and action left out: kind, limit, and the arrays, which it writes to.

        `prepare` may put a new array in the place of one: ask again after it.
        """
        return (
            self._game.kind,
            self._limit,
            self._states,
            self._elapsed,
            self._returns,
            self._starts,
            self._used,
            self.observations,
            self._last_observations,
        )

    def prepare(self, steps: int) -> None:
        """Draw beforehand all that so many steps of each environment can need.

        What was drawn and not used stays; how much is drawn at once changes nothing about what is drawn.
        """
        width = self._game.n_start
        most = 2 + steps // min(SHORTEST, self._limit)  # the running episode may be about to end; one stays for after
        if self._starts.shape[1] - self._used.max() >= most * width:
            return
        starts = np.empty((self.num_envs, max(most, _AHEAD) * width))
        if starts.shape[1] < self._starts.shape[1]:
            starts = np.empty_like(self._starts)
        for i, generator in enumerate(self._generators):
            left = self._starts[i, self._used[i] :]
            starts[i, : left.size] = left
            starts[i, left.size :] = self._game.draw(generator, (starts.shape[1] - left.size) // width).ravel()
        self._starts = starts
        self._used[:] = 0

    # --- stable-baselines3's interface

    def reset(self) -> npt.NDArray[np.float32]:
        """Begin a new episode in each; with new seeds where `seed` gave some."""
        if any(self._options):
            raise TrainingError(f'"{self.env_id}" takes no options of a reset in its compiled form: use fast=False.')
        for i, seed in enumerate(self._seeds):
            if seed is not None:
                self._restart(i, np_random(int(seed))[0])
        self._reset_seeds()
        self.prepare(0)
        for i in range(self.num_envs):
            begin(i, self._states, self._elapsed, self._returns, self._starts, self._used, self.observations)
        self.prepare(0)
        self.begun = True
        return self.observations.copy()

    def step_async(self, actions: np.ndarray) -> None:
        """Take the actions of the next step: shape (n_envs,) of numbers of actions, or (n_envs, 1) of forces."""
        self._actions[:] = actions.reshape(self.num_envs)

    def step_wait(self) -> VecEnvStepReturn:
        """Step. Infos tell what those of `make_env` do; those of a step at which nothing ended are one object."""
        if not self.begun:
            raise TrainingError("Environments have to be reset before their first step.")
        n_done = step_all(
            *self.kernel_arguments,
            self._actions,
            self._rewards,
            self._dones,
            self._cut_off,
            self._episode_returns,
            self._episode_lengths,
        )
        infos: list[dict[str, Any]] = [{"TimeLimit.truncated": False}] * self.num_envs
        if n_done:
            for i in np.flatnonzero(self._dones).tolist():
                infos[i] = self._last_words(i)
            self.prepare(0)
        return self.observations.copy(), self._rewards.copy(), self._dones.copy(), infos

    def close(self) -> None:
        """Close what draws them, if anything was drawn."""
        if self._picture is not None:
            self._picture.close()
            self._picture = None

    def get_images(self) -> list[np.ndarray | None]:
        """Draw all of them."""
        return [self._draw(i) for i in range(self.num_envs)]

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Return ``render_mode``, ``episode_return`` or ``episode_length`` of some of them."""
        rows = self._get_indices(indices)
        match attr_name:
            case "render_mode":
                return ["rgb_array" for _ in rows]
            case "episode_return":
                return [float(self._returns[i]) for i in rows]
            case "episode_length":
                return [int(self._elapsed[i]) for i in rows]
        raise AttributeError(f'Compiled environments have no "{attr_name}".')

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:  # noqa: ARG002
        """Raise AttributeError: there is nothing to set."""
        raise AttributeError(f'Compiled environments have no "{attr_name}" that could be set: use fast=False.')

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call ``render``, the one method that they have, of some of them."""
        if method_name != "render" or method_args or method_kwargs:
            raise AttributeError(f'Compiled environments have no method "{method_name}": use fast=False.')
        return [self._draw(i) for i in self._get_indices(indices)]

    def env_is_wrapped(
        self,
        wrapper_class: type[gym.Wrapper[Any, Any, Any, Any]],  # noqa: ARG002
        indices: VecEnvIndices = None,
    ) -> list[bool]:
        """Return False for each: there is nothing that could be wrapped."""
        return [False for _ in self._get_indices(indices)]

    # --- their state

    def capture(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Copy everything that decides how they go on; as much for a long episode as for a short one.

        Returns:
            JSON values, and arrays by name: ``state`` (n_envs, 4), ``elapsed``, ``episode_return`` (n_envs,) and
            ``observation`` (n_envs, n_observed).
        """
        facts: dict[str, Any] = {
            "format": FORMAT,
            "env_id": self.env_id,
            "begun": self.begun,
            "generators": [self._generator_state(i) for i in range(self.num_envs)],
            "action_space": generator_state(self.action_space.np_random),
        }
        arrays: dict[str, np.ndarray] = {
            "state": self._states.copy(),
            "elapsed": self._elapsed.copy(),
            "episode_return": self._returns.copy(),
            "observation": self.observations.copy(),
        }
        return facts, arrays

    def restore(self, facts: Mapping[str, Any], arrays: Arrays) -> npt.NDArray[np.float32] | None:
        """Bring them to where others were, with what `capture` returned there.

        Returns:
            What they show, None if the others had not begun.

        Raises:
            TrainingError: If the state is damaged or of other environments; nothing is changed then.
        """
        state = read_state(facts, arrays, self.env_id, self._game, self._limit, self.num_envs)
        if self.begun and not state.begun:
            raise misfit("its environments have not begun, and these have")
        set_generator_state(self.action_space.np_random, state.action_space)
        for i, place in enumerate(state.generators):
            generator = np.random.Generator(np.random.PCG64(0))
            set_generator_state(generator, place)
            self._restart(i, generator)
        self.begun = state.begun
        self._states[:], self._elapsed[:] = state.physics, state.elapsed
        self._returns[:], self.observations[:] = state.returns, state.observations
        self.prepare(0)
        return self.observations.copy() if self.begun else None

    # ---

    def _restart(self, i: int, generator: np.random.Generator) -> None:
        """Have an environment draw from another generator from now on."""
        self._generators[i] = generator
        self._used[i] = self._starts.shape[1]  # what is left was drawn from the old one

    def _generator_state(self, i: int) -> dict[str, Any]:
        """Return where Gymnasium's own generator would be, which draws each beginning when it is needed."""
        n_left = (self._starts.shape[1] - int(self._used[i])) // self._game.n_start
        bits = np.random.PCG64(0)
        generator = np.random.Generator(bits)
        set_generator_state(generator, generator_state(self._generators[i]))
        bits.advance(-n_left * len(self._game.low))
        return generator_state(generator)

    def _last_words(self, i: int) -> dict[str, Any]:
        return {
            "TimeLimit.truncated": bool(self._cut_off[i]),
            "episode": {"r": float(self._episode_returns[i]), "l": int(self._episode_lengths[i])},
            "terminal_observation": self._last_observations[i].copy(),
        }

    def _draw(self, i: int) -> np.ndarray | None:
        """Let Gymnasium draw one, in an environment that is put where this one is and never stepped."""
        if self._picture is None:
            self._picture = make_env(self.env_id, seed=0)
            self._picture.reset()
        drawn: Any = self._picture.unwrapped
        drawn.state = self._states[i].copy()
        if self._game.kind == PENDULUM:
            drawn.last_u = np.float32(self._states[i, 2]) if self._elapsed[i] else None
        frame: np.ndarray | None = self._picture.render()  # type: ignore[assignment]  # as `Replayable` has it
        return frame
