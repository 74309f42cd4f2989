"""What a worker process runs: it steps its environments when it is told to, until nobody can tell it any more."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from retroml_edu.core.errors import EnvironmentUnusableError, RetroMLError
from retroml_edu.envs.names import registered
from retroml_edu.envs.workers.channel import HELLO, Answer, Command, packed, read_message, unpacked, write_message
from retroml_edu.envs.workers.group import EnvGroup


def main() -> None:
    """Serve the process that started this one through standard input and output, until it closes them or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the person at the keyboard interrupts the one who gives commands
    commands, answers = _pipes_alone()
    try:
        answers.write(HELLO)
        answers.flush()
        _serve(commands, answers)
    except (EOFError, OSError):
        # The other process closed its ends or died. Nothing is left to be done, nor anybody to be told: not even
        # that a buffer could not be sent.
        os._exit(0)


def _pipes_alone() -> tuple[IO[bytes], IO[bytes]]:
    """Return the pipes, and make sure that what environments print or read goes past them."""
    commands, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return commands, answers


def _serve(commands: IO[bytes], answers: IO[bytes]) -> None:
    worker = _Worker()
    while True:
        kind, extra = read_message(commands)
        board = worker.board  # the answer to "make" goes without: the other side cannot know yet how long it is
        try:
            answer, told = Answer.DONE, packed(worker.step(extra) if kind == Command.STEP else worker.do(extra))
        except Exception as error:  # noqa: BLE001 - other people's environments: whatever they raise is told
            answer, told = Answer.FAILED, packed(_what_happened(error))
        write_message(answers, answer, board, told)


def _what_happened(error: Exception) -> tuple[str, str, str]:
    """Return the name of an error, its text, and its traceback unless it is one that speaks for itself."""
    story = "" if isinstance(error, RetroMLError) else traceback.format_exc()
    return type(error).__name__, str(error), story


class _Worker:
    def __init__(self) -> None:
        self._group: EnvGroup | None = None
        self._action_dtype = np.dtype(np.int64)
        self._action_shape: tuple[int, ...] = ()
        self.board: memoryview | None = None

    def step(self, actions: bytearray) -> Any:
        """Step, and return the infos and reset infos that tell something, None if there are none."""
        group = self._made()
        told = group.step(np.frombuffer(actions, self._action_dtype).reshape(self._action_shape))
        if not told:
            return None
        return told, {int(index): group.reset_infos[index] for index in np.flatnonzero(group.board.dones)}

    def do(self, command: bytearray) -> Any:
        name, arguments = unpacked(command)
        match name:
            case "make":
                return self._make(*arguments)
            case "actions":
                return self._take_actions(*arguments)
            case "reset":
                self._made().reset(*arguments)
                return self._made().reset_infos
        return getattr(self._made(), name)(*arguments)

    def _make(self, env_id: str, spec: str, seeds: Sequence[int], training: bool) -> tuple[str, str]:
        """Make the environments, and return their spaces in words."""
        if repr(registered(env_id)) != spec:
            raise EnvironmentUnusableError(f'"{env_id}" is another environment here.')
        group = EnvGroup(env_id, seeds, training=training)
        self._group, self.board = group, group.board.raw
        return repr(group.observation_space), repr(group.action_space)

    def _take_actions(self, dtype: str, shape: tuple[int, ...]) -> None:
        self._action_dtype, self._action_shape = np.dtype(dtype), shape

    def _made(self) -> EnvGroup:
        if self._group is None:
            raise RuntimeError("no environments were made")
        return self._group


if __name__ == "__main__":
    main()
