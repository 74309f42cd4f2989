"""The life of worker processes: they end when they should, and what happens to them is told."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from retroml_edu.core.errors import TrainingError
from retroml_edu.envs.vector import env_seeds
from retroml_edu.envs.workers import worker
from retroml_edu.envs.workers.group import NoWorkerError
from retroml_edu.envs.workers.vector import WorkerVector

ENV_ID = "LunarLander-v3"

SCRIPT = """
import sys
import numpy as np
from retroml_edu.envs.vector import make_vector_env

venv = make_vector_env("LunarLander-v3", 3, seed=0, workers=2)
venv.reset()
print(*(worker.pid for worker in venv._workers), flush=True)
actions = np.zeros(3, int)
"""


def vector(workers: int = 1, n_envs: int = 2) -> WorkerVector:
    venv = WorkerVector(ENV_ID, env_seeds(0, n_envs), workers=workers)
    venv.reset()
    return venv


def processes(venv: WorkerVector) -> list[psutil.Process]:
    return [psutil.Process(pid) for pid in venv.pids]


def assert_ended(workers: list[psutil.Process]) -> None:
    assert psutil.wait_procs(workers, timeout=20)[1] == []


def script(folder: Path, *lines: str) -> subprocess.Popen[str]:
    """Start a student's script, without any guard around what it does."""
    path = folder / "script.py"
    path.write_text(SCRIPT + "\n".join(lines))
    return subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    pids = process.stdout.readline().split()
    assert len(pids) == 2, process.communicate()
    return [psutil.Process(int(pid)) for pid in pids]


# --- how they end


def test_close_ends_them_however_often() -> None:
    venv = vector(workers=2, n_envs=3)
    workers = processes(venv)
    assert all(one.is_running() for one in workers)
    venv.close()
    assert not any(one.is_running() for one in workers)
    venv.close()
    with pytest.raises(TrainingError, match=r"environments 1 to 1 of .* was closed: make the environments again"):
        venv.step(np.zeros(3, int))


def test_vector_that_is_forgotten_ends_them() -> None:
    venv = vector()
    workers = processes(venv)
    del venv
    gc.collect()
    assert_ended(workers)


def test_script_without_a_guard_ends_cleanly(tmp_path: Path) -> None:
    process = script(tmp_path, "for _ in range(50): venv.step(actions)", "print('done')")
    workers = workers_of(process)
    assert process.communicate(timeout=60) == ("done\n", "")
    assert process.returncode == 0
    assert_ended(workers)


def test_script_that_fails_ends_them(tmp_path: Path) -> None:
    process = script(tmp_path, "venv.step_async(actions)", "raise ValueError('mine')")
    workers = workers_of(process)
    assert process.communicate(timeout=60)[1].endswith("ValueError: mine\n")
    assert_ended(workers)


def test_they_end_with_a_killed_process(tmp_path: Path) -> None:
    process = script(tmp_path, "while True: venv.step(actions)")
    workers = workers_of(process)
    process.kill()
    process.communicate(timeout=20)
    assert_ended(workers)


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no interrupt that reaches one group of processes alone"
)
def test_interrupt_is_for_the_person_s_process(tmp_path: Path) -> None:
    process = script(
        tmp_path,
        "try:",
        "    print('stepping', flush=True)",
        "    while True: venv.step(actions)",
        "except KeyboardInterrupt:",
        "    venv.close()",
        "    print('interrupted', flush=True)",
    )
    workers = workers_of(process)
    for one in workers:
        one.send_signal(signal.SIGINT)  # it ignores what a careless program sends to all
        assert os.getpgid(one.pid) == one.pid
    assert process.stdout.readline() == "stepping\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("interrupted\n", "")
    assert_ended(workers)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no forks")
def test_fork_leaves_them_to_its_owner(tmp_path: Path) -> None:
    process = script(
        tmp_path,
        "import gc, os",
        "fork = os.fork()",
        "if not fork:",
        "    venv.close(); del venv; gc.collect(); os._exit(0)",
        "assert os.waitpid(fork, 0)[1] == 0",
        "venv.step(actions)",
        "print('done')",
    )
    workers = workers_of(process)
    assert process.communicate(timeout=60) == ("done\n", "")
    assert_ended(workers)


def test_worker_that_hangs_ends_too() -> None:
    venv = vector()
    venv.step(np.zeros(2, int))
    (process,) = processes(venv)
    process.suspend()
    venv.step_async(np.zeros(2, int))

    def wait() -> None:
        with pytest.raises(TrainingError):
            venv.step_wait()
        told.append("ended")

    told: list[str] = []
    thread = threading.Thread(target=wait)
    thread.start()
    venv.close()
    thread.join(timeout=20)
    assert told == ["ended"]
    assert_ended([process])


# --- what is told


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_worker_that_dies_is_told(busy: bool) -> None:
    venv = vector(workers=2, n_envs=4)
    actions = np.zeros(4, int)

    def play_on() -> None:
        if busy:
            venv.step_wait()  # which may have been answered before it died
        for _ in range(2):
            venv.step(actions)

    venv.step(actions)
    if busy:
        venv.step_async(actions)
    processes(venv)[1].kill()
    with pytest.raises(TrainingError, match=r"steps environments 2 to 3 of .* ended .*Resume the run"):
        play_on()
    venv.close()


def test_error_of_an_environment_is_told_with_its_traceback() -> None:
    venv = vector(n_envs=2)
    with pytest.raises(TrainingError, match=r"environments 1 to 1 of .*AssertionError: .* invalid") as raised:
        venv.step(np.array([0, 9]))
    assert "lunar_lander.py" in str(raised.value.__cause__)
    venv.reset()
    with pytest.raises(AssertionError, match="invalid"):
        venv.step(np.array([9, 0]))
    venv.reset()
    venv.step(np.zeros(2, int))
    venv.close()


@pytest.mark.parametrize("sent_or_read", ["write_message", "read_message"])
def test_interrupt_in_the_middle_of_a_message_is_told(sent_or_read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    venv = vector()
    venv.step(np.zeros(2, int))
    real = getattr(worker, sent_or_read)

    def interrupted(*arguments: Any, **named: Any) -> None:
        real(*arguments, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(worker, sent_or_read, interrupted)
        with pytest.raises(KeyboardInterrupt):
            venv.step(np.zeros(2, int))
    with pytest.raises(TrainingError, match="interrupted in the middle of a step: make the environments again"):
        venv.reset()
    venv.close()


def test_step_that_was_left_in_the_middle_is_told() -> None:
    venv = vector()
    venv.step_async(np.zeros(2, int))
    with pytest.raises(TrainingError, match="interrupted in the middle of a step: make the environments again"):
        venv.reset()
    venv.close()


@pytest.mark.parametrize(
    ("actions", "words"),
    [(np.zeros(3, int), "There are 2 environments, and 3 actions"), (np.array([None, None]), "have to be numbers")],
)
def test_actions_that_are_none_are_refused(actions: np.ndarray, words: str) -> None:
    venv = vector()
    with pytest.raises(TrainingError, match=words):
        venv.step(actions)
    venv.step(np.zeros(2, int))
    venv.close()


@pytest.mark.parametrize("executable", ["", "/nowhere/python"])
def test_interpreter_that_is_missing_is_told(executable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(NoWorkerError, match="could not be started"):
        vector()


@pytest.mark.parametrize("body", ["print('welcome', flush=True)", "raise SystemExit(3)"])
def test_process_that_is_no_worker_is_told(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(body)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(NoWorkerError):
        vector()


# --- what they are


def test_worker_needs_neither_torch_nor_stable_baselines3() -> None:
    code = "import json, sys, retroml_edu.envs.workers.process; print(json.dumps(sorted(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"torch", "stable_baselines3", "pandas", "plotly"} & set(json.loads(told.stdout))


def test_they_keep_no_file_of_this_process_open() -> None:
    first, second = vector(), vector()
    workers = processes(first)
    first._workers[0]._commands.close()  # would not end it if the second worker had inherited that pipe
    assert_ended(workers)
    second.close()
    first.close()


def test_other_threads_run_while_a_worker_is_waited_for() -> None:
    venv = vector()
    (process,) = processes(venv)
    process.suspend()
    told = []
    thread = threading.Thread(target=lambda: told.append(venv.step(np.zeros(2, int))))
    thread.start()
    try:
        assert sum(range(1_000_000)) > 0
        assert thread.is_alive()
    finally:
        process.resume()
        thread.join(timeout=60)
    assert len(told) == 1
    venv.close()
