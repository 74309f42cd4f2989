"""From Train to the first point, the first video and the last one, in JupyterLab and Chromium. About five minutes."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import Comparison, Machine, Report, Sample, Scale
from tests.benchmarks.panel import lab_in_chromium
from tests.browser.browser import LabPage
from tests.browser.jupyterlab import LabServer

QUICKSTART = Path(__file__).resolve().parents[2] / "notebooks" / "quickstart.ipynb"
BREAKOUT = 'from retroml_edu import Lab\n\nLab(env_id="ALE/Breakout-v5", algorithm="PPO", seed=42)'
TIMEOUT_S = 180.0

# Looked for in the page itself, every 20 ms. The title names the new run once everything of the old one is cleared.
_WATCH = """async ({last, timeout_s}) => {
  const panel = [...document.querySelectorAll('.rml-panel')].pop();
  const train = [...panel.querySelectorAll('.rml-runbar button')].find(b => b.textContent === 'Train');
  const title = () => panel.querySelector('.rml-run-title').textContent;
  const loaded = () => { const v = panel.querySelector('video'); return v?.src && v.readyState >= 2; };
  const chosen = () => panel.querySelector('.rml-video-tabs [aria-pressed=true]')?.textContent;
  const signs = {
    any: () => panel.querySelector('.cartesianlayer .point'),
    curve: () => panel.querySelector('.cartesianlayer .subplot.xy .point'),
    video: () => loaded(),
    final: () => loaded() && chosen() === 'final',
  };
  const before = title(), seen = {}, began = performance.now();
  train.click();
  while (!(last in seen)) {
    await new Promise(done => setTimeout(done, 20));
    const now = (performance.now() - began) / 1000;
    for (const name in signs) if (title() !== before && !(name in seen) && signs[name]()) seen[name] = now;
    const problem = panel.querySelector('.rml-problems')?.textContent;
    if (now > timeout_s) throw new Error(`waited ${timeout_s} s for ${last}; problem shown: ${problem}`);
  }
  return seen;
}"""
_AT_REST = """() => {
  const panel = [...document.querySelectorAll('.rml-panel')].pop();
  const train = [...panel.querySelectorAll('.rml-runbar button')].find(b => b.textContent === 'Train');
  return train.getAttribute('aria-disabled') === 'false';
}"""


def run(scale: Scale) -> list[Report]:
    """Press Train in fresh kernels, and once more in each."""
    machine = Machine()
    shown: list[float] = []
    rounds: dict[str, list[tuple[Mapping[str, float], Mapping[str, float]]]] = {"CartPole": [], "Breakout": []}
    with lab_in_chromium() as (server, lab):
        for _ in range(scale.pairs):
            machine.calibrate()
            shown.append(_show_quickstart(lab, server))
            rounds["CartPole"].append((_train(lab, "final"), _train(lab, "final")))
            server.start_over()
            machine.calibrate()
            lab.open(server.add_notebook("breakout.ipynb", [BREAKOUT]))
            _show(lab, 0)
            rounds["Breakout"].append((_train(lab, "curve"), _train(lab, "curve")))
            server.start_over()
    moments = [
        ("CartPole", "curve", "first point of the curve"),
        ("CartPole", "video", "first video"),
        ("CartPole", "final", "final video"),
        ("Breakout", "any", "first point of any curve"),
        ("Breakout", "curve", "first point of the return"),
    ]
    comparisons = [
        Comparison(
            f"{game}: Train → {what}",
            "s",
            [warm[moment] for _, warm in rounds[game]],
            [cold[moment] for cold, _ in rounds[game]],
        )
        for game, moment, what in moments
    ]
    return [
        Report(
            "The first run in JupyterLab",
            machine,
            "second Train in the kernel",
            "first Train",
            comparisons,
            [Sample("Running the first cell → panel shown, fresh kernel", "s", shown)],
            notes="Train is pressed as soon as the panel is shown, in a fresh kernel each time, while torch is still "
            "being loaded; a person who reads the settings first waits less. CartPole is the quickstart's run of "
            "100,000 steps; Breakout is stopped at its first return.",
        )
    ]


def _show_quickstart(lab: LabPage, server: LabServer) -> float:
    shutil.copy(QUICKSTART, server.notebooks)
    cells: list[dict[str, Any]] = json.loads(QUICKSTART.read_text("utf-8"))["cells"]
    first = next(index for index, cell in enumerate(cells) if cell["cell_type"] == "code")
    lab.open(QUICKSTART.name)
    return _show(lab, first)


def _show(lab: LabPage, cell: int) -> float:
    """Run the cell of a panel and return the seconds until it is there."""
    lab.wait_until_idle()
    began = time.perf_counter()
    lab.start_cell(cell)
    lab.wait_for(".rml-panel .js-plotly-plot .main-svg", timeout_s=TIMEOUT_S)
    took = time.perf_counter() - began
    lab.wait_for_cell(cell)
    return took


def _train(lab: LabPage, last: str) -> Mapping[str, float]:
    """Press Train and return the second in which each thing was first seen, up to the last that is waited for."""
    lab.page.wait_for_function(_AT_REST)
    seen: dict[str, float] = lab.page.evaluate(_WATCH, {"last": last, "timeout_s": TIMEOUT_S})
    lab.button("Stop").dispatch_event("click")  # at once: a short run may end before a click that waits its turn
    lab.page.wait_for_function(_AT_REST)
    return seen
