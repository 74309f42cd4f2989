"""The command that runs all tests tells a failure of either part."""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.__main__ import main


@pytest.fixture(autouse=True)
def _ctrl_c_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("ends", "code", "parts"),
    [
        ([0, 0], 0, 2),
        ([1, 0], 1, 2),
        ([0, 1], 1, 2),
        ([5, 0], 0, 2),  # no browser test was chosen
        ([0, 5], 0, 2),
        ([5, 5], 5, 2),  # none at all
        ([5, 1], 1, 2),
        ([2], 2, 1),  # Ctrl+C ends all
        ([-9, 0], -9, 2),  # killed
    ],
)
def test_both_parts_run_and_one_that_fails_is_told(
    monkeypatch: pytest.MonkeyPatch, ends: Sequence[int], code: int, parts: int
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        commands.append(command)
        return subprocess.CompletedProcess(command, ends[len(commands) - 1])

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr("tests.__main__.write_for_tests", lambda _folder: None)
    assert main(["-k", "knobs"]) == code
    assert len(commands) == parts
    assert all(command[-2:] == ["-k", "knobs"] for command in commands)
    assert "tests/browser" in commands[0]
    assert "--ignore=tests/browser" in commands[-1] or parts == 1
