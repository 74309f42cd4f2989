"""control.jsonl: commands from other processes to the one that owns a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from retroml_edu.core.errors import UnknownNameError, did_you_mean
from retroml_edu.core.ids import utc_now
from retroml_edu.storage.atomic import write_json
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import parse, read_json_object, to_line
from retroml_edu.storage.jsonl import LineTail, append_line, whole_lines

CommandName = Literal["stop", "pause", "resume", "checkpoint"]
COMMANDS: tuple[CommandName, ...] = get_args(CommandName)
_MAX_COMMAND_BYTES = 1_000


@dataclass(frozen=True, slots=True)
class Command:
    """A wish for the owner of a run.

    Attributes:
        number: Its line in control.jsonl, from 1.
        name: What is to be done.
        time_utc: When it was sent; empty if that is not known.
    """

    number: int
    name: CommandName
    time_utc: str = ""


def send_command(folder: RunFolder, command: str) -> int:
    """Write a command into a run's inbox and return its number, by which `acknowledged` tells whether it was read.

    Raises:
        UnknownNameError: If it is none of `COMMANDS`.
        StorageError: If the inbox cannot be written.

    Threads: safe, also between processes: a command's number is its line, and lines are appended whole.
    """
    if command not in COMMANDS:
        raise UnknownNameError(f'There is no command "{command}".{did_you_mean(command, COMMANDS)}')
    token = os.urandom(8).hex()
    append_line(folder.control_log, to_line({"command": command, "time_utc": utc_now(), "token": token}).encode())
    ours = (number for number, text in enumerate(whole_lines(folder.control_log), 1) if token.encode() in text)
    return next(ours)


class Inbox:
    """The owner's side: hands out each command once, from the first that no earlier start has dealt with.

    Args:
        folder: Run folder.
        on_refused: Told the number of each line that is no known command, and why it was not followed.
    """

    def __init__(self, folder: RunFolder, on_refused: Callable[[int, str], None] = lambda _number, _why: None) -> None:
        self._folder = folder
        self._on_refused = on_refused
        self._tail = LineTail(folder.control_log)
        self._number = 0
        self._acknowledged = acknowledged(folder)

    def poll(self) -> list[Command]:
        """Return the new commands.

        Raises:
            OSError: If the inbox cannot be read.
        """
        commands = []
        for line in self._tail.read():
            self._number += 1
            if self._number <= self._acknowledged:
                continue
            try:
                commands.append(_command(self._number, line))
            except ValueError as error:
                self._on_refused(self._number, str(error))
        return commands

    def acknowledge(self, command: Command) -> None:
        """Record that this command, and all before it, were dealt with.

        Raises:
            StorageError: If that cannot be written.
        """
        if command.number > self._acknowledged:
            self._acknowledged = command.number
            write_json(self._folder.acknowledged_file, {"number": command.number}, durable=False)


def acknowledged(folder: RunFolder) -> int:
    """Return the number of the newest command that was dealt with; 0 if none was."""
    try:
        number = read_json_object(folder.acknowledged_file).get("number")
    except (OSError, ValueError):
        return 0
    return number if type(number) is int else 0


def _command(number: int, line: bytes) -> Command:
    if len(line) > _MAX_COMMAND_BYTES:
        raise ValueError("it is too long for a command")
    try:
        data: Any = parse(line, max_depth=2)
    except ValueError:
        raise ValueError("it is not a command") from None
    name = data.get("command") if isinstance(data, dict) else None
    if name not in COMMANDS:
        raise ValueError(f"{str(name)[:40]!r} is none of {', '.join(COMMANDS)}")
    time_utc = data.get("time_utc")
    return Command(number, name, time_utc if isinstance(time_utc, str) else "")
