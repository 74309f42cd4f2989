"""What the tests around a run share: a small config, a sink that remembers, patience, and a thread count."""

from __future__ import annotations

import threading
import time

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.events import LogEvent, StateEvent

TIMEOUT_S = 60.0


def small_config(*, steps=800, videos=False, **settings):
    """Return a config whose run is over at once; `videos` may be settings of its own."""
    if isinstance(videos, bool):
        videos = {"enabled": videos, "length_s": 1.0, "quality": "small"}
    defaults = {"env_id": "CartPole-v1", "algorithm": "PPO", "seed": 7, "n_envs": 2}
    return ExperimentConfig(**defaults | settings, run_type="custom", total_timesteps=steps, video=videos)


class Collector:
    """A sink that keeps everything."""

    def __init__(self):
        self.events = []

    def handle(self, events):
        self.events.extend(events)

    @property
    def states(self):
        return states(self.events)

    @property
    def log(self):
        return [event for event in self.events if isinstance(event, LogEvent)]


def states(events):
    """Return the states among events, in words."""
    return [str(event.state) for event in events if isinstance(event, StateEvent)]


def until(condition, what):
    """Wait until a condition holds that another thread or process brings about."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {TIMEOUT_S:g} s in vain for {what}"
        threading.Event().wait(0.02)


def threads_of_runs():
    """Return the threads that runs have started."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("retroml-")]


def until_stored(run, step):
    """Wait until the checkpoint of a step is there: training does not wait for it."""
    until(lambda: any(event.kind == "checkpoint" and event.step == step for event in run.bus.history), "the checkpoint")
