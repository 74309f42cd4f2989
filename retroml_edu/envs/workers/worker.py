"""One worker process, as the training process sees it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import gymnasium as gym
import numpy as np

from retroml_edu.core.errors import TrainingError
from retroml_edu.envs.names import registered
from retroml_edu.envs.workers.channel import HELLO, Answer, Command, packed, read_message, unpacked, write_message
from retroml_edu.envs.workers.group import Board, NoWorkerError

_START_TIMEOUT_S = 60.0
_LAST_WORDS_S = 2.0


class Worker:
    """A process that steps some of the environments.

    It gets one command at a time, and each is answered: `send` or `step`, then `receive`. It ends when it is closed,
    when this object is no longer used, and when this process ends, however that happens.

    Args:
        env_id: Gymnasium id.
        first: Number of its first environment.
        seeds: One an environment.
        training: The learner's flavour of `make_env`.

    Attributes:
        first: Number of its first environment.
        n_envs: How many it steps.
        board: What they showed in the last answer.

    Raises:
        NoWorkerError: If none can be started, or if it cannot make such an environment.
    """

    board: Board

    def __init__(self, env_id: str, first: int, seeds: Sequence[int], *, training: bool) -> None:
        self.first, self.n_envs = first, len(seeds)
        self._env_id = env_id
        gym_spec = registered(env_id)
        if not isinstance(gym_spec.entry_point, str):
            raise NoWorkerError(f'The class of "{env_id}" is known to this process alone.')
        try:
            self._process = _start()
        except (OSError, ValueError) as error:
            raise NoWorkerError(f"A process could not be started: {error}") from error
        self._commands, self._answers = _pipes(self._process)
        self._end = weakref.finalize(self, _end, self._process, os.getpid())
        self._waiting = False
        self._actions: tuple[str, tuple[int, ...]] | None = None
        with suppress(TrainingError):  # `wait_until_made` says it
            self.send("make", env_id, repr(gym_spec), list(seeds), training)

    @property
    def after(self) -> int:
        """Number of the first environment after its own."""
        return self.first + self.n_envs

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def wait_until_made(self, observation_space: gym.Space[Any], action_space: gym.Space[Any]) -> None:
        """Wait until it can be given commands.

        Args:
            observation_space: What this process has; the worker's has to be the same.
            action_space: Likewise.

        Raises:
            NoWorkerError: If it cannot make the environments.
        """
        watchdog = threading.Timer(_START_TIMEOUT_S, self._process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            if self._answers.read(len(HELLO)) != HELLO:
                raise NoWorkerError("A worker process did not start as it should.")
            spaces = self.receive()
        except (TrainingError, AttributeError) as error:
            raise NoWorkerError(str(error)) from error
        finally:
            watchdog.cancel()
        if spaces != (repr(observation_space), repr(action_space)):
            raise NoWorkerError(f'"{self._env_id}" has other spaces in a worker process.')
        self.board = Board(observation_space, self.n_envs)

    def step(self, actions: np.ndarray) -> None:
        """Tell it to step.

        Args:
            actions: Shape (n_envs, ...).

        Raises:
            TrainingError: If it is gone.
        """
        kind = (actions.dtype.str, actions.shape)
        if kind != self._actions:
            if actions.dtype.hasobject:
                raise TrainingError("Actions have to be numbers.")
            self.ask("actions", *kind)
            self._actions = kind
        self._tell(Command.STEP, actions.tobytes())

    def send(self, name: str, *arguments: Any) -> None:
        """Tell it to do something: "make", "reset", "actions", or what else an `EnvGroup` can do.

        Raises:
            TrainingError: If it is gone.
        """
        self._tell(Command.DO, packed((name, arguments)))

    def receive(self) -> Any:
        """Wait for its answer, which is then on the board, and return what else it tells.

        Raises:
            AttributeError: If it was asked for an attribute that there is not.
            TrainingError: If it is gone, or could not do what it was told.
        """
        try:
            answer, extra = read_message(self._answers, self.board.raw if hasattr(self, "board") else None)
        except (EOFError, OSError, ValueError) as error:  # ValueError: it was closed
            raise self._gone() from error
        self._waiting = False
        told = unpacked(extra)
        if answer == Answer.DONE:
            return told
        kind, text, story = told
        if not story:
            raise TrainingError(text)
        if kind == AttributeError.__name__:
            raise AttributeError(text) from _ThereError(story)
        raise TrainingError(f"{self._who()} failed: {kind}: {text}") from _ThereError(story)

    def ask(self, name: str, *arguments: Any) -> Any:
        """Tell it to do something, and wait for the answer."""
        self.send(name, *arguments)
        return self.receive()

    def close(self) -> None:
        """End it. Once more changes nothing."""
        self._end()

    def _tell(self, command: Command, extra: bytes) -> None:
        if self._waiting:
            raise TrainingError(
                f"{self._who()} was interrupted in the middle of a step: make the environments again, "
                "or resume the run from its last checkpoint."
            )
        self._waiting = True  # before: an interrupt may come when all is sent
        try:
            write_message(self._commands, command, extra=extra)
        except (OSError, ValueError) as error:
            raise self._gone() from error

    def _gone(self) -> TrainingError:
        if not self._end.alive:
            return TrainingError(f"{self._who()} was closed: make the environments again.")
        with suppress(subprocess.TimeoutExpired):  # it may only have closed its ends
            self._process.wait(_LAST_WORDS_S)
        self.close()
        code = self._process.returncode
        return TrainingError(
            f"{self._who()} ended (exit code {code}); the system may have stopped it for lack of memory. "
            "Resume the run from its last checkpoint; fewer environments need less memory."
        )

    def _who(self) -> str:
        return (
            f'The process that steps environments {self.first} to {self.after - 1} of "{self._env_id}" '
            f"(process {self.pid})"
        )


class _ThereError(Exception):
    """The traceback of an error in another process, to be shown above the one here."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


def _start() -> subprocess.Popen[bytes]:
    # The worker finds the same modules as this process, whatever was added to its path, and nothing beside them.
    path = os.pathsep.join(str(entry or Path.cwd()) for entry in sys.path)
    # In a group of its own: a Ctrl+C that is meant for this process must not end the worker while it is starting.
    apart: dict[str, Any] = {"process_group": 0}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - this interpreter, a module of this package
        [sys.executable or "", "-P", "-m", f"{__package__}.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        **apart,
    )
    return process


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise NoWorkerError("A process was started without pipes.")
    return process.stdin, process.stdout


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """End a worker at once, whatever it does: it holds nothing that would have to be saved."""
    if os.getpid() != owner:
        return  # a fork of its owner, which goes on using it
    process.kill()
    process.wait()
    for pipe in _pipes(process):
        with suppress(OSError):  # what is left in its buffer has nobody to go to
            pipe.close()
