"""What the training process and its workers tell each other, byte for byte.

A command is a head, then the bytes of one action an environment, or a pickled name and arguments. A reply is a head,
then the board of the worker's environments as it is, then what else there is to tell, pickled, if anything. The pipes
join a process with the child that it started itself, and nobody else can write to them: only therefore pickle.
"""

from __future__ import annotations

import pickle
import struct
from enum import IntEnum
from typing import IO, Any

HELLO = b"retroml_edu worker\n"
"""The first bytes that a worker sends. Anything else was printed by somebody, and the pipe is of no use."""
_HEAD = struct.Struct("<BxxxI")


class Command(IntEnum):
    """What a worker is told to do."""

    STEP = 1
    DO = 2


class Answer(IntEnum):
    """How that went."""

    DONE = 1
    FAILED = 2


def write_message(pipe: IO[bytes], kind: int, board: memoryview | None = None, extra: bytes | memoryview = b"") -> None:
    """Send one message.

    Raises:
        OSError: If nobody listens any more.
    """
    pipe.write(_HEAD.pack(kind, len(extra)))
    if board is not None:
        pipe.write(board)
    if extra:
        pipe.write(extra)
    pipe.flush()


def read_message(pipe: IO[bytes], board: memoryview | None = None) -> tuple[int, bytearray]:
    """Wait for one message; the GIL is released meanwhile.

    Raises:
        EOFError: If nobody speaks any more.
    """
    head = bytearray(_HEAD.size)
    _fill(pipe, memoryview(head))
    kind, size = _HEAD.unpack(head)
    if board is not None:
        _fill(pipe, board)
    extra = bytearray(size)
    _fill(pipe, memoryview(extra))
    return kind, extra


def packed(value: Any) -> bytes:
    """Return a value as bytes; None takes none."""
    return b"" if value is None else pickle.dumps(value, protocol=5)


def unpacked(extra: bytes | bytearray) -> Any:
    """Return what was packed by the process at the other end, which is our own child or parent."""
    return pickle.loads(extra) if extra else None  # noqa: S301 - see the module's text


def _fill(pipe: IO[bytes], space: memoryview) -> None:
    while space:
        n_read = pipe.readinto(space)  # type: ignore[attr-defined]  # of buffered and raw files alike
        if not n_read:
            raise EOFError
        space = space[n_read:]
