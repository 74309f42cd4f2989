"""How fast the kernel answers while an agent trains, and how fast Stop stops. About four minutes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from tests.benchmarks.measuring import Machine, Report, Sample, Scale
from tests.kernel.kernel import Kernel, Widget, running_kernel

ROUNDS_A_PAIR = 2
ASKED_A_ROUND = 4
RUN_TIMEOUT_S = 60.0
LONGEST_REST_S = {"CartPole-v1": 1.5, "ALE/Breakout-v5": 5.0}
"""Stop comes at a random moment; for Breakout anywhere in a rollout of 2 s and the update of about as long."""

CELL = """
import ipywidgets
from retroml_edu import ExperimentConfig, Lab

lab = Lab(config=ExperimentConfig(env_id={env_id!r}, algorithm="PPO", run_type="medium", seed=1))
panel, probe = lab.panel, ipywidgets.Button()
probe.on_click(lambda _: probe.send({{"kind": "reply"}}))
print(*(widget.model_id for widget in (panel.runbar, panel.feed, panel.form, probe)))
"""


def run(scale: Scale) -> list[Report]:
    """Measure CartPole and Breakout, each in a kernel of its own."""
    machine, samples = Machine(), []
    for env_id in LONGEST_REST_S:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, running_kernel(Path(folder)) as kernel:
            samples.extend(_measure(_Tab(kernel, env_id), env_id, scale, machine))
    return [
        Report(
            "The kernel while PPO trains",
            machine,
            samples=samples,
            notes="At rest is the same kernel before each run. Buttons and fields go through a subshell, as in "
            "JupyterLab. The live preview is on, and each frame is confirmed as a browser does. Stopped is when the "
            "panel says so: the run folder is complete then, and the panel is written four times a second.",
        )
    ]


class _Tab:
    """What a browser's tab does: holds the panel's widgets, confirms frames, presses buttons."""

    def __init__(self, kernel: Kernel, env_id: str) -> None:
        self._kernel = kernel
        self._subshell = kernel.create_subshell()
        ids = kernel.run(CELL.format(env_id=env_id), timeout_s=RUN_TIMEOUT_S).stdout.split()
        self.runbar, self._feed, self._form, self._probe = (kernel.widgets[comm_id] for comm_id in ids)

    def one_plus_one(self) -> float:
        """Return the seconds that ``1+1`` takes in another cell."""
        began = time.perf_counter()
        cell = self._kernel.start("1+1")
        self._wait(lambda: cell.done, "1+1")
        return time.perf_counter() - began

    def button(self) -> float:
        """Return the seconds from a press to the callback's reply."""
        before = len(self._probe.messages)
        return self._ask(self._probe, "click", lambda: len(self._probe.messages) > before)

    def field(self) -> float:
        """Return the seconds from a setting that clashes, or no longer does, to what the form says about it."""
        before, values = self._form.state["problems"], dict(self._form.state["values"])
        name = "hyperparameters.gamma"
        began = time.perf_counter()
        values[name] = 2.0 if values[name] <= 1.0 else 0.99
        self._kernel.set(self._form, subshell=self._subshell, values=values)
        self._wait(lambda: self._form.state["problems"] != before, "the form's answer")
        return time.perf_counter() - began

    def press(self, action: str, *states: str) -> float:
        """Press a button of the panel and return the seconds until it shows one of these states."""
        return self._ask(self.runbar, action, lambda: self.runbar.state["state"] in states)

    def rest(self, seconds: float) -> None:
        """Watch for a while."""
        with suppress(TimeoutError):
            self._wait(lambda: False, "", seconds)

    def _ask(self, widget: Widget, action: str, answered: Callable[[], bool]) -> float:
        began = time.perf_counter()
        content = {"event": "click"} if action == "click" else {"action": action}
        self._kernel.send(widget, content, subshell=self._subshell)
        self._wait(answered, f"the answer to {action}")
        return time.perf_counter() - began

    def _wait(self, condition: Callable[[], bool], what: str, timeout_s: float = RUN_TIMEOUT_S) -> None:
        deadline = time.perf_counter() + timeout_s

        def there() -> bool:
            self._confirm_frames()
            return condition() or time.perf_counter() > deadline

        self._kernel.wait(there, what, timeout_s)
        if not condition():
            raise TimeoutError(f"waited {timeout_s:g} s in vain for {what}")

    def _confirm_frames(self) -> None:
        for content, _ in self._feed.messages:
            if content["confirm"]:
                self._kernel.send(self._feed, {"action": "painted", "frame": content["frame"]}, subshell=self._subshell)
        self._feed.messages.clear()


def _measure(tab: _Tab, env_id: str, scale: Scale, machine: Machine) -> list[Sample]:
    rng = np.random.default_rng(1)
    questions = {
        "`1+1` in another cell": tab.one_plus_one,
        "Button → callback": tab.button,
        "Setting → check": tab.field,
    }
    at_rest: dict[str, list[float]] = {what: [] for what in questions}
    training: dict[str, list[float]] = {what: [] for what in questions}
    pause: list[float] = []
    stop: list[float] = []
    for _ in range(scale.pairs * ROUNDS_A_PAIR):
        machine.calibrate()
        _ask_all(questions, at_rest)
        tab.press("train", "running")
        tab.rest(float(rng.uniform(0.5, LONGEST_REST_S[env_id])))
        _ask_all(questions, training)
        pause.append(tab.press("pause", "paused"))
        tab.press("resume", "running")
        tab.rest(float(rng.uniform(0.0, LONGEST_REST_S[env_id])))
        stop.append(tab.press("stop", "stopped", "failed"))
    samples = [Sample(f"{env_id}: {what}, at rest", "ms", _milliseconds(values)) for what, values in at_rest.items()]
    samples += [Sample(f"{env_id}: {what}, training", "ms", _milliseconds(values)) for what, values in training.items()]
    samples.append(Sample(f"{env_id}: Pause → paused", "ms", _milliseconds(pause)))
    samples.append(Sample(f"{env_id}: Stop → stopped", "ms", _milliseconds(stop)))
    return samples


def _ask_all(questions: dict[str, Callable[[], float]], answers: dict[str, list[float]]) -> None:
    for _ in range(ASKED_A_ROUND):
        for what, ask in questions.items():
            answers[what].append(ask())


def _milliseconds(values: list[float]) -> list[float]:
    return [value * 1e3 for value in values]
