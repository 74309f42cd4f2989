"""A vector of environments of which worker processes step a part. Imports torch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn
from stable_baselines3.common.vec_env.util import dict_to_obs

from retroml_edu.core.errors import TrainingError
from retroml_edu.core.weights import Arrays
from retroml_edu.envs.game_state import read_state, write_state
from retroml_edu.envs.stepping import infos_of
from retroml_edu.envs.workers.group import EnvGroup
from retroml_edu.envs.workers.worker import Worker


class WorkerVector(VecEnv):
    """The environments of a `LeanVector`, bit for bit, stepped side by side by this process and some workers.

    This process steps the first ones while the workers step theirs; environment 0, which is watched, is always here.

    Args:
        env_id: Gymnasium id.
        seeds: One an environment.
        workers: How many processes beside this one, from 1; never more than there are environments for.
        training: The learner's flavour of `make_env`.

    Attributes:
        n_workers: How many there are.

    Raises:
        NoWorkerError: If workers cannot be started, or cannot make the same environments: where somebody registered
            them in this process alone, or changed them here.
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If it cannot be made.

    Threads: one at a time. The GIL is released while workers are waited for.
    """

    def __init__(self, env_id: str, seeds: Sequence[int], *, workers: int, training: bool = True) -> None:
        own, *others = _shares(len(seeds), workers)
        self.n_workers = len(others)
        self._env_id = env_id
        self._workers: list[Worker] = []
        try:
            # They start while this process makes its own.
            for share in others:
                self._workers.append(Worker(env_id, share.start, seeds[share.start : share.stop], training=training))
            self._own = EnvGroup(env_id, seeds[: own.stop], training=training)
            for worker in self._workers:
                worker.wait_until_made(self._own.observation_space, self._own.action_space)
            self._actions = np.zeros(0)
            super().__init__(len(seeds), self._own.observation_space, self._own.action_space)
        except BaseException:
            self._end_workers()
            raise
        self.metadata = self._own.envs[0].metadata

    @property
    def pids(self) -> list[int]:
        """Numbers of the worker processes."""
        return [worker.pid for worker in self._workers]

    # --- stable-baselines3's interface

    def reset(self) -> VecEnvObs:
        """Begin a new episode in each; with new seeds and options where some were given."""
        for worker in self._workers:
            mine = slice(worker.first, worker.after)
            worker.send("reset", self._seeds[mine], self._options[mine])
        n_own = len(self._own.envs)
        told = self._together(lambda: self._own.reset(self._seeds[:n_own], self._options[:n_own]))
        self._reset_seeds()
        self._reset_options()
        self.reset_infos = [*self._own.reset_infos, *(info for infos in told[1:] for info in infos)]
        return self._shown()

    def step_async(self, actions: np.ndarray) -> None:
        """Tell the workers to step theirs."""
        actions = np.asarray(actions)
        if len(actions) != self.num_envs:
            raise TrainingError(f"There are {self.num_envs} environments, and {len(actions)} actions.")
        for worker in self._workers:
            worker.step(actions[worker.first : worker.after])
        self._actions = actions[: len(self._own.envs)]

    def step_wait(self) -> VecEnvStepReturn:
        """Step the others meanwhile, and wait for the workers. Infos are as those of `LeanVector`."""
        told: dict[int, dict[str, Any]]
        told, *theirs = self._together(lambda: self._own.step(self._actions))
        for index in told:
            self.reset_infos[index] = self._own.reset_infos[index]
        for worker, answer in zip(self._workers, theirs, strict=True):
            if answer is not None:
                infos, resets = answer
                told |= {worker.first + index: info for index, info in infos.items()}
                for index, info in resets.items():
                    self.reset_infos[worker.first + index] = info
        boards = [self._own.board, *(worker.board for worker in self._workers)]
        rewards = np.concatenate([board.rewards for board in boards])
        dones = np.concatenate([board.dones for board in boards])
        return self._shown(), rewards, dones, infos_of(self.num_envs, told)

    def close(self) -> None:
        """End the workers and free what environments hold. Once more changes nothing."""
        self._end_workers()
        self._own.close()

    def has_attr(self, attr_name: str) -> bool:
        """Whether environments have such an attribute: one has what all have."""
        try:
            self._own.attribute(0, attr_name)
        except AttributeError:
            return False
        return True

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Return an attribute of environments.

        Raises:
            AttributeError: If they have none of this name.
        """
        return self._of_each(indices, "attribute", attr_name)

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of the outermost wrapper of environments."""
        self._of_each(indices, "set_attribute", attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of environments.

        Raises:
            AttributeError: If they have none of this name.
        """
        return self._of_each(indices, "call", method_name, method_args, method_kwargs)

    def env_is_wrapped(
        self, wrapper_class: type[gym.Wrapper[Any, Any, Any, Any]], indices: VecEnvIndices = None
    ) -> list[bool]:
        """Whether environments have such a wrapper."""
        return self._of_each(indices, "is_wrapped", wrapper_class)

    def get_images(self) -> Sequence[np.ndarray | None]:
        """Draw what each shows."""
        return self.env_method("render")

    # --- exact state

    def capture(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """See `retroml_edu.envs.state.ExactVector`; the same as that of a vector without workers."""
        for worker in self._workers:
            worker.send("capture")
        games = [game for group in self._together(self._own.capture) for game in group]
        return write_state(self._env_id, games, self._observations())

    def restore(self, facts: Mapping[str, Any], arrays: Arrays) -> Any:
        """See `retroml_edu.envs.state.ExactVector`; each process plays the games of its environments again."""
        games = read_state(
            facts,
            arrays,
            env_id=self._env_id,
            begun=self._own.envs[0].begun,
            action_space=self.action_space,
            observations=self._observations(),
        )
        for worker in self._workers:
            worker.send("resume", games[worker.first : worker.after])
        self._together(lambda: self._own.resume(games[: len(self._own.envs)]))
        return self._shown() if any(game.log for game in games) else None

    # --- this process and the others

    def _together(self, own: Callable[[], Any]) -> list[Any]:
        """Do this process's part of what the workers were told, and return what all tell.

        Every answer is waited for, whatever fails: else the next one would be taken for it.
        """
        told, failures = [], []
        for part in (own, *(worker.receive for worker in self._workers)):
            try:
                told.append(part())
            except Exception as error:  # noqa: BLE001 - raised below
                failures.append(error)
        if failures:
            raise failures[0]
        return told

    def _of_each(self, indices: VecEnvIndices, name: str, *arguments: Any) -> list[Any]:
        return [self._of_one(index, name, *arguments) for index in self._get_indices(indices)]

    def _of_one(self, index: int, name: str, *arguments: Any) -> Any:
        index = range(self.num_envs)[index]
        for worker in self._workers:
            if worker.first <= index < worker.after:
                return worker.ask(name, index - worker.first, *arguments)
        return getattr(self._own, name)(index, *arguments)

    def _observations(self) -> OrderedDict[Any, np.ndarray]:
        boards = [worker.board for worker in self._workers]
        return OrderedDict(
            (key, np.concatenate([part, *(board.observations[key] for board in boards)]))
            for key, part in self._own.board.observations.items()
        )

    def _shown(self) -> VecEnvObs:
        return dict_to_obs(self.observation_space, self._observations())

    def _end_workers(self) -> None:
        for worker in self._workers:
            worker.close()


def _shares(n_envs: int, workers: int) -> list[range]:
    """Divide environments among this process and its workers; this one, which has more to do, gets the fewest."""
    n_shares = max(1, min(workers + 1, n_envs))
    ends = [n_envs * (i + 1) // n_shares for i in range(n_shares)]
    return [range(start, end) for start, end in zip([0, *ends], ends, strict=False)]
