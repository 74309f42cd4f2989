"""Training with the panel open in JupyterLab and Chromium against the same run without it. About fifteen minutes."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import Comparison, Machine, Report, Sample, Scale, alternate
from tests.browser.browser import LabPage
from tests.browser.chromium import running_chromium
from tests.browser.jupyterlab import LabServer, running_lab

WIDTH, HEIGHT = 1280, 1700
"""As high as the whole panel, so that the browser paints all of it."""

RUN_TIMEOUT_S = 240.0
RUNS = {"CartPole-v1": 1_500_000, "LunarLander-v3": 500_000, "ALE/Breakout-v5": 8_192}
"""About half a minute of training each: the shorter, the harder, since a curve is drawn most often while it is new."""

# Both kinds of run start from a button, so that the page stays where the panel is in view.
CELL = """
import threading, time, traceback, ipywidgets
from retroml_edu import ExperimentConfig, Lab, Session

config = ExperimentConfig(env_id={env_id!r}, algorithm="PPO", run_type="custom", total_timesteps={steps}, seed=1)
lab, session, painted = Lab(config=config), Session(), []
lab.panel.feed.on_msg(lambda widget, message, buffers: painted.append(message["frame"]))
said = ipywidgets.Label("ready")

def bare():
    return session.start(config).wait()

def shown():
    return lab.start().wait()

def measured(run):
    before, began = (painted or [0])[-1], time.perf_counter()
    try:
        result = run()
    except Exception:
        said.value = traceback.format_exc()
        return
    shown_fps = ((painted or [0])[-1] - before) / (time.perf_counter() - began)
    said.value = f"{{result.summary['steps'] / result.training_time_s}} steps/s, {{shown_fps}} frames/s"

def button(name, run):
    def clicked(_):
        said.value = "busy"
        threading.Thread(target=measured, args=(run,)).start()
    made = ipywidgets.Button(description=name)
    made.on_click(clicked)
    return made

ipywidgets.VBox([ipywidgets.HBox([button("Bare", bare), button("Shown", shown), said]), lab.panel.root])
"""
_SAID = re.compile(r"([\d.]+) steps/s, ([\d.]+) frames/s")


def run(scale: Scale) -> list[Report]:
    """Measure CartPole and Breakout."""
    machine, comparisons, samples = Machine(), [], []
    with lab_in_chromium() as (server, lab):
        for env_id, full in RUNS.items():
            steps = scale.steps(full)
            lab.open(server.add_notebook("panel.ipynb", [CELL.format(env_id=env_id, steps=steps)]))
            lab.run_all(timeout_s=RUN_TIMEOUT_S)
            _measure(lab, "Bare")  # the first run loads torch
            frames: list[float] = []

            def shown(frames: list[float] = frames) -> float:
                speed, fps = _measure(lab, "Shown")
                frames.append(fps)
                return speed

            bare, seen = alternate(scale.pairs, machine, lambda: _measure(lab, "Bare")[0], shown)
            comparisons.append(Comparison(f"PPO {env_id}, {steps:,} steps", "steps/s", bare, seen))
            samples.append(Sample(f"Frames painted during {env_id}", "1/s", frames))
            samples.append(Sample("the same, sent to the page", "kB/s", [_kilobytes_a_second(lab)]))
            server.start_over()
        problems = lab.problems
    notes = (
        "Both in the same kernel, in turns, and both record their five videos; the panel has curve, log, videos and "
        "the live preview, painted by headless Chromium, without a graphics card, on the same two cores. What is sent "
        "is counted in a run of its own, pictures of the game included, from Train to the end of its videos."
    )
    if problems:
        notes += f" The browser's console had {len(problems)} errors, the first: {problems[0]}"
    title = "Steps per second with the panel open"
    return [Report(title, machine, "no panel", "panel open", comparisons, samples, notes=notes)]


@contextmanager
def lab_in_chromium() -> Iterator[tuple[LabServer, LabPage]]:
    """Start JupyterLab, and Chromium with a tab as high as the panel."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        running_lab(Path(folder)) as server,
        running_chromium() as browser,
        browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}) as context,
    ):
        yield server, LabPage(context, server)


def _measure(lab: LabPage, button: str) -> tuple[float, float]:
    """Press a button and return steps a second, and frames painted a second."""
    lab.button(button).click()
    lab.wait_for_text("busy")
    said = lab.wait_for(".widget-label:text-matches('steps/s|Error')", timeout_s=RUN_TIMEOUT_S).inner_text()
    found = _SAID.search(said)
    if found is None:
        raise RuntimeError(f"the run in the notebook failed: {said}")
    return float(found[1]), float(found[2])


def _kilobytes_a_second(lab: LabPage) -> float:
    """Return what a run sends to the page; never in a pair, since counting takes some time of the same cores."""
    received = 0

    def count(event: dict[str, Any]) -> None:
        nonlocal received
        frame = event["response"]
        received += len(frame["payloadData"]) * (3 if frame["opcode"] == 2 else 4) // 4  # binary ones come as base64

    watched = lab.page.context.new_cdp_session(lab.page)
    watched.on("Network.webSocketFrameReceived", count)
    watched.send("Network.enable")
    began = time.perf_counter()
    _measure(lab, "Shown")
    took = time.perf_counter() - began
    watched.detach()
    return received / took / 1e3
