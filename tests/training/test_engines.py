"""What the compiled kernels are for, and the words for what they are not for."""

import subprocess
import sys

import numpy as np
import pytest
from gymnasium import spaces

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control, StopRequested
from retroml_edu.training import trainer_for
from retroml_edu.training.engines import MAX_LAYERS, MAX_WIDTH, fast_engine_misfit
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
    assert [event.message.rpartition(": ")[2] for event in told] == [f"part {part} of 11…" for part in (1, 2, 3, 4)]
