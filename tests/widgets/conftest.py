"""A panel without a kernel and without a browser, with trainers that follow a script."""

from __future__ import annotations

import re
import threading
import time

import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.session.session import Session
from retroml_edu.storage.home import find_home
from retroml_edu.training.scripted import ScriptedTrainer
from retroml_edu.widgets.feed import OFF
from retroml_edu.widgets.panel import Panel

TIMEOUT_S = 10.0


def tell(widget, **message):
    """Send a custom message to a widget's Python half, as its JavaScript does."""
    widget._handle_custom_msg(message, [])


def until(condition, what):
    """Wait until a condition holds that another thread brings about."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {TIMEOUT_S:g} s in vain for {what}"
        threading.Event().wait(0.01)


class Bench:
    """A panel under test, with its session and the trainers that were made for it."""

    def __init__(self, home, **script):
        self.home = home
        self.script = script
        self.trainers = []
        self.panel = None

    def open(self, *, feed=OFF, steps=2_000, videos=False, real=False, **settings):
        """Make the panel; `real` with trainers that train."""
        settings.setdefault("run_type", "custom")
        if settings["run_type"] == "custom":
            settings.setdefault("total_timesteps", steps)
        config = ExperimentConfig(
            **{"env_id": "CartPole-v1", "seed": 7, "n_envs": 2, "video": {"enabled": videos}} | settings
        )
        trainers = {} if real else {"trainer_for": self._trainer}
        self.panel = Panel(config, lambda: Session(self.home, **trainers), find_home(self.home))
        self.panel.feed.mode = feed
        return self.panel

    def set(self, **values):
        """Write values into the form, as a person does; a double underscore stands for a dot."""
        form = self.panel.form
        form.values = form.values | {name.replace("__", "."): value for name, value in values.items()}

    def press(self, action):
        """Press a button of the run bar."""
        tell(self.panel.runbar, action=action)

    def until_state(self, state):
        """Wait until the run bar shows a state, and all else what it showed at that look."""
        until(lambda: self.panel.runbar.state == state, f"the state {state}, not {self.panel.runbar.state}")
        with self.panel._view._lock:  # the state is written first
            pass

    def until_said(self, pattern):
        """Wait until a sentence under the buttons matches."""
        until(lambda: re.search(pattern, " ".join(self.problems)), f"{pattern!r} in {self.problems}")

    @property
    def problems(self):
        """The sentences under the buttons."""
        return [problem["text"] for problem in self.panel.runbar.problems]

    @property
    def top(self):
        """What stands near the buttons: the sentences, and how the run stands."""
        return " ".join([*self.problems, self.panel.runbar.progress_text])

    @property
    def beside(self):
        """The sentences beside the fields."""
        return {name: problem["text"] for name, problem in self.panel.form.problems.items()}

    def close(self):
        """End what still runs."""
        for trainer in self.trainers:
            trainer.release.set()
        if self.panel is not None and self.panel.run is not None:
            self.panel.stop()
            until(lambda: self.panel.run.ended, "the end of the run")

    def _trainer(self, config):
        self.trainers.append(ScriptedTrainer(**self.script))
        return self.trainers[-1]


@pytest.fixture
def bench(tmp_path):
    """Makes benches: ``bench(wait_at=100).open()``."""
    made = []

    def make(home=None, **script):
        made.append(Bench(home or tmp_path / "runs", **script))
        return made[-1]

    yield make
    for item in made:
        item.close()


@pytest.fixture
def waits():
    """`until`, for tests outside this file."""
    return until


@pytest.fixture
def told():
    """`tell`, for tests outside this file."""
    return tell
