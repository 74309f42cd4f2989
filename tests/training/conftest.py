"""Small runs of every trainer, and a control that looks over the trainer's shoulder."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.events import EpisodeEvent, MetricEvent, ProgressEvent
from retroml_edu.core.metrics import METRICS
from retroml_edu.envs import resolve_config
from retroml_edu.training import trainer_for
from retroml_edu.training.fast.preparation import prepare
from retroml_edu.training.scripted import ScriptedTrainer

TINY = {
    "PPO": {"n_steps": 16, "batch_size": 8, "n_epochs": 2},
    "A2C": {"n_steps": 8},
    "DQN": {"buffer_size": 300, "learning_starts": 40, "train_freq": 8, "gradient_steps": 4, "batch_size": 16},
}


def tiny_config(algorithm, *, env_id="CartPole-v1", steps=256, seed=5, n_envs=2, **changes):
    """Return a resolved config whose updates are small and come often."""
    if changes.get("engine") == "fast":
        prepare()  # else the first run alone would tell of it
    changes = {"engine": "sb3"} | changes
    hyperparameters = TINY[algorithm] | changes.pop("hyperparameters", {})
    return resolve_config(
        ExperimentConfig(
            env_id=env_id,
            algorithm=algorithm,
            run_type="custom",
            total_timesteps=steps,
            seed=seed,
            n_envs=n_envs,
            hyperparameters=hyperparameters,
            **changes,
        )
    )


class WatchingControl(Control):
    """Keeps the weights of the last step boundary, and stops where it is told to.

    Args:
        stop_at_step: Stop at the first poll at or after this step.
        stop_at_batch: Stop before the mini-batch of this number, counted over the run from 1.
        look: Whether to ask for weights and a frame at every step.
    """

    def __init__(self, *, stop_at_step=None, stop_at_batch=None, look=False, **kwargs):
        super().__init__(**kwargs)
        self.boundary = None
        self.batches = 0
        self.frames_seen = []
        self._stop_at_step = stop_at_step
        self._stop_at_batch = stop_at_batch
        self._look = look
        self._between_steps = False

    def poll(self, step, view):
        self.boundary = view.copy_weights()
        if self._look:
            self.request_weights(lambda weights: None)
            self.frames_seen.append(view.render())
        if self._stop_at_step is not None and step >= self._stop_at_step:
            self.stop()
        self._between_steps = True
        try:
            super().poll(step, view)
        finally:
            self._between_steps = False

    def poll_within_update(self):
        if not self._between_steps:
            self.batches += 1
            if self.batches == self._stop_at_batch:
                self.stop()
        super().poll_within_update()


@dataclass
class Played:
    """What a run left behind."""

    model: object
    events: list
    control: Control

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def facts(self):
        """The events without what depends on the machine's speed."""
        return timeless(self.events)


def timeless(events):
    """Return events without what depends on the machine's speed."""
    return [_timeless(event) for event in events if not isinstance(event, ProgressEvent)]


def _timeless(event):
    match event:
        case MetricEvent():
            values = {name: value for name, value in event.values.items() if not METRICS[name].timing}
            return ("metric", event.step, values)
        case EpisodeEvent():
            return ("episode", event.step, event.env_index, event.episode_return, event.length)
    return event


def play(trainer, config, control=None):
    """Train in this thread."""
    control = control or WatchingControl()
    events = []
    return Played(trainer.train(config, events.append, control), events, control)


@dataclass
class Subject:
    """A trainer under test, with a config that suits it."""

    name: str
    config: ExperimentConfig
    batches_per_update: int
    stretch: int = 4
    """Steps between two boundaries, at most."""
    _plain: list = field(default_factory=list)

    def trainer(self):
        return ScriptedTrainer() if self.name == "scripted" else trainer_for(self.config)

    @property
    def engine(self):
        return "scripted" if self.name == "scripted" else self.config.engine

    def play(self, control=None, config=None):
        return play(self.trainer(), config or self.config, control)

    @property
    def plain(self):
        """The run as nobody disturbs it; played once."""
        if not self._plain:
            self._plain.append(self.play())
        return self._plain[0]


SUBJECTS = {
    "scripted": Subject("scripted", tiny_config("PPO"), 4),
    "PPO": Subject("PPO", tiny_config("PPO"), 8),
    "A2C": Subject("A2C", tiny_config("A2C"), 1),
    "DQN": Subject("DQN", tiny_config("DQN"), 4),
    "PPO normalised": Subject(
        "PPO normalised", tiny_config("PPO", env_id="MountainCarContinuous-v0", normalize=True), 8
    ),
    # Kernels look at control between epochs: their mini-batches take no time.
    "fast PPO": Subject("fast PPO", tiny_config("PPO", engine="fast"), 2, stretch=64),
    "fast A2C": Subject("fast A2C", tiny_config("A2C", engine="fast"), 1, stretch=16),
    "fast DQN": Subject("fast DQN", tiny_config("DQN", engine="fast"), 4, stretch=16),
    "fast pictures": Subject(
        "fast pictures", tiny_config("PPO", env_id="ALE/Breakout-v5", engine="fast", device="cpu"), 8
    ),
    "fast pictures DQN": Subject(
        "fast pictures DQN", tiny_config("DQN", env_id="ALE/Breakout-v5", steps=160, engine="fast", device="cpu"), 4
    ),
    "fast lander": Subject("fast lander", tiny_config("PPO", env_id="LunarLander-v3", engine="fast"), 2),
}


@pytest.fixture(params=SUBJECTS)
def subject(request):
    """Each trainer in turn."""
    return SUBJECTS[request.param]


@pytest.fixture
def in_thread():
    """Run a function in a thread of its own; its end is awaited, and its error raised."""
    started = []

    def start(function):
        result = {}

        def run():
            try:
                result["value"] = function()
            except BaseException as error:  # noqa: BLE001 - raised again by `finish`
                result["error"] = error

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        started.append(thread)

        def finish(timeout_s=60):
            thread.join(timeout_s)
            assert not thread.is_alive(), "the thread did not end"
            if "error" in result:
                raise result["error"]
            return result["value"]

        finish.thread = thread
        return finish

    yield start
    for thread in started:
        thread.join(10)


@pytest.fixture(scope="session")
def tiny():
    """`tiny_config`, for tests outside this file."""
    return tiny_config


@pytest.fixture(scope="session")
def facts():
    """`timeless`, for tests outside this file."""
    return timeless


@pytest.fixture
def run():
    """`play`, for tests outside this file."""
    return play


@pytest.fixture
def watching():
    """`WatchingControl`, for tests outside this file."""
    return WatchingControl
