"""What the compiled kernels are for, and the words for what they are not for."""

import importlib
import subprocess
import sys
import threading

import numpy as np
import pytest
from gymnasium import spaces

from retroml_edu.core import compilation
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control, StopRequested
from retroml_edu.core.events import LogEvent, PreparationEvent
from retroml_edu.training import trainer_for
from retroml_edu.training.engines import MAX_LAYERS, MAX_WIDTH, fast_engine_misfit
from retroml_edu.training.fast import preparation
from retroml_edu.training.sb3 import trainer

NUMBERS = spaces.Box(-np.inf, np.inf, (4,))
LIST = spaces.Discrete(2)
PICTURE = spaces.Box(0, 255, (4, 84, 84), np.uint8)
FORCES = spaces.Box(-1.0, 1.0, (3,))


def misfit(algorithm="PPO", observations=NUMBERS, actions=LIST, device="auto", **hyperparameters):
    config = ExperimentConfig(
        env_id="CartPole-v1", algorithm=algorithm, device=device, hyperparameters=hyperparameters, seed=1
    )
    return fast_engine_misfit(config, observations, actions)


@pytest.mark.parametrize("algorithm", ["PPO", "A2C", "DQN"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int64])
def test_rows_of_numbers_and_a_list_of_actions_fit(algorithm, dtype):
    assert misfit(algorithm, spaces.Box(0, 100, (128,), dtype)) is None


@pytest.mark.parametrize("algorithm", ["PPO", "A2C", "DQN"])
def test_pictures_fit(algorithm):
    assert misfit(algorithm, PICTURE) is None


@pytest.mark.parametrize("algorithm", ["PPO", "A2C"])
@pytest.mark.parametrize("bound", [1.0, np.inf])
def test_actions_of_numbers_fit(algorithm, bound):
    assert misfit(algorithm, actions=spaces.Box(-bound, bound, (3,))) is None


@pytest.mark.parametrize(
    "settings",
    [
        {"target_kl": 0.01, "learning_rate_schedule": "linear", "clip_range_schedule": "linear"},
        {"net_arch": [8]},
        {"net_arch": [MAX_WIDTH] * MAX_LAYERS, "activation": "relu"},
        {"device": "cpu"},
        {"algorithm": "A2C", "use_rms_prop": False, "normalize_advantage": True},
        {"algorithm": "DQN", "tau": 0.5},
    ],
)
def test_every_setting_of_a_small_network_fits(settings):
    assert misfit(**settings) is None


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"observations": PICTURE, "actions": FORCES}, "are pictures, and the actions are not one of a list"),
        ({"observations": PICTURE, "device": "cuda"}, 'the GPU of device="cuda"'),
        ({"observations": spaces.Box(-1.0, 1.0, (2, 3))}, "the observations are numbers in 2 dimensions, not in a row"),
        ({"observations": spaces.Discrete(500)}, "of the kind Discrete, not a row of numbers"),
        ({"observations": spaces.MultiBinary(5)}, "of the kind MultiBinary, not a row of numbers"),
        ({"observations": spaces.Dict({"a": NUMBERS})}, "of the kind Dict, not a row of numbers"),
        ({"actions": spaces.MultiDiscrete([2, 3])}, "the actions are of the kind MultiDiscrete"),
        ({"actions": spaces.Box(-1.0, 1.0, (2, 2))}, "the actions are numbers in 2 dimensions"),
        ({"algorithm": "DQN", "actions": FORCES}, "DQN picks one action of a list"),
        ({"net_arch": [8] * (MAX_LAYERS + 1)}, "the network has 5 hidden layers"),
        ({"net_arch": [64, MAX_WIDTH + 1]}, "a layer has 513 units"),
        ({"device": "cuda"}, 'the GPU of device="cuda"'),
        ({"device": "mps"}, 'the GPU of device="mps"'),
    ],
)
def test_what_does_not_fit_is_said(settings, reason):
    assert reason in misfit(**settings)


def test_asking_loads_neither_torch_nor_a_compiler():
    code = "import sys, retroml_edu.training.engines; print({'torch', 'numba', 'llvmlite'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


def test_a_stop_is_heard_while_kernels_are_compiled(monkeypatch, tiny):
    control, told = Control(), []

    def compile_slowly(report):
        for part in range(11):
            report(part, 11)
            if part == 3:
                control.stop()

    monkeypatch.setattr(trainer, "prepare", compile_slowly)
    config = tiny("PPO", engine="fast")
    with pytest.raises(StopRequested):
        trainer_for(config).train(config, told.append, control)
    assert [event.message.rpartition(": ")[2] for event in told[1:]] == [f"part {part} of 11…" for part in (1, 2, 3, 4)]


def test_compiling_is_one_line_of_the_log(monkeypatch, tiny, run):
    config = tiny("PPO", engine="fast")
    monkeypatch.setattr(compilation, "is_warm", lambda: False)
    monkeypatch.setattr(compilation, "mark_warm", lambda: None)
    monkeypatch.setattr(preparation, "is_imported", lambda _name: False)
    played = run(trainer_for(config), config)
    (line,) = (event for event in played.of(LogEvent) if "Compiling" in event.message)
    assert line.message == "Compiling the fast engine, once on this machine: half a minute or so…"
    assert len(played.of(PreparationEvent)) == len(preparation.PARTS)


def test_nothing_is_told_of_kernels_that_this_process_has(monkeypatch, tiny, run):
    config = tiny("PPO", engine="fast")  # which has prepared it
    marked = []
    monkeypatch.setattr(compilation, "is_warm", lambda: False)
    monkeypatch.setattr(compilation, "mark_warm", lambda: marked.append(True))
    played = run(trainer_for(config), config)
    assert [event for event in played.events if "Compiling" in getattr(event, "message", "")] == []
    assert marked == [True]


def test_a_module_that_is_still_being_imported_is_waited_for(monkeypatch, tmp_path):
    (tmp_path / "half_way.py").write_text(
        "from retroml_edu.training.fast.preparation import is_imported\nwithin = is_imported(__name__)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert not preparation.is_imported("half_way")
    try:
        assert not importlib.import_module("half_way").within
        assert preparation.is_imported("half_way")
    finally:
        sys.modules.pop("half_way", None)


def test_a_pause_is_heard_while_kernels_are_compiled(monkeypatch, tiny, in_thread):
    told, paused = [], threading.Event()
    control = Control(on_pause=lambda on: paused.set() if on else None)

    def compile_slowly(report):
        report(0, 2)
        control.pause()
        report(1, 2)
        control.stop()
        report(2, 2)

    monkeypatch.setattr(trainer, "prepare", compile_slowly)
    config = tiny("PPO", engine="fast")
    finish = in_thread(lambda: trainer_for(config).train(config, told.append, control))
    assert paused.wait(30)
    assert told[-1].message.endswith("part 1 of 2…")
    control.resume()
    with pytest.raises(StopRequested):
        finish()
    assert told[-1].message.endswith("part 2 of 2…")
