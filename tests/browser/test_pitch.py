"""The return as pitch, in a real JupyterLab: a real AudioContext, and what is asked of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import findings
from tests.browser.browser import LabPage
from tests.browser.panel import PanelPage
from tests.session.recorded_runs import recorded_run

pytestmark = pytest.mark.browser

MOST_MS = 15_000
ENDLESS = (
    'Lab(seed=1, run_type="custom", total_timesteps=5_000_000, n_envs=2, video={{"enabled": False}}, home={home!r})'
)
# The real thing plays; what it is asked to play is written down.
_RECORD = """() => {
  const heard = (window.heard = { contexts: 0, closed: 0, tones: [], clicks: [], cut: 0 });
  const Real = window.AudioContext;
  const noted = (node, list, what) => {
    const [start, stop] = [node.start.bind(node), node.stop.bind(node)];
    node.start = at => { list.push(what(at)); start(at); };
    node.stop = at => { if (at === undefined) heard.cut += 1; stop(at); };
    return node;
  };
  window.AudioContext = class extends Real {
    constructor() { super(); heard.contexts += 1; }
    createOscillator() {
      const node = super.createOscillator();
      return noted(node, heard.tones, at => ({ hertz: node.frequency.value, at }));
    }
    createBufferSource() { return noted(super.createBufferSource(), heard.clicks, at => at); }
    close() { heard.closed += 1; return super.close(); }
  };
}"""


def heard(panel: PanelPage) -> dict[str, Any]:
    return dict(panel.page.evaluate("() => window.heard"))


def hear(panel: PanelPage) -> Locator:
    return panel.button("Hear the return")


def test_a_curve_is_played_from_its_lowest_to_its_highest_return(page: LabPage, tmp_path: Path) -> None:
    run = recorded_run(tmp_path, "cartpole-ppo")
    panel = PanelPage.of_code(page, "heard.ipynb", f"Lab(run={run.run_id!r}, home={str(tmp_path)!r})")
    panel.wait_for_points(10)
    panel.page.evaluate(_RECORD)
    expect(hear(panel)).to_have_attribute("aria-pressed", "false")
    assert heard(panel)["contexts"] == 0

    hear(panel).focus()
    panel.page.keyboard.press("Enter")
    expect(hear(panel)).to_have_attribute("aria-pressed", "true")
    told = panel.root.locator(".rml-heard")
    expect(told).to_contain_text("Tones from low to high: mean returns from")
    told_of = heard(panel)
    tones = [tone["hertz"] for tone in told_of["tones"]]
    starts = [tone["at"] for tone in told_of["tones"]]
    assert told_of["contexts"] == 1
    assert 20 <= len(tones) <= 40
    assert min(tones) == pytest.approx(220, rel=0.2)
    assert max(tones) == pytest.approx(1_760, rel=0.05)
    assert tones[-1] > 2 * tones[0], "this run has learned"
    assert starts == sorted(starts)
    assert 3 <= starts[-1] - starts[0] <= 4
    means = run.curves()["episode/return_mean"].value
    assert len(told_of["clicks"]) == int(means.max() >= 475)
    assert findings(page, ".rml-chart .rml-card-head") == []

    # Pressed again, it is silent at once; and the browser remembers either.
    hear(panel).click()
    expect(hear(panel)).to_have_attribute("aria-pressed", "false")
    assert heard(panel)["cut"] > 0
    expect(told).to_be_hidden()
    hear(panel).click()
    page.reload()
    panel.wait_until_drawn()
    panel.page.evaluate(_RECORD)
    expect(hear(panel)).to_have_attribute("aria-pressed", "true")
    assert heard(panel)["contexts"] == 0, "nobody has pressed anything on this page"
    assert page.problems == []


def test_while_it_trains_each_new_value_is_a_quiet_tone_until_it_is_stopped(page: LabPage, tmp_path: Path) -> None:
    panel = PanelPage.of_code(page, "live.ipynb", ENDLESS.format(home=str(tmp_path / "runs")))
    panel.page.evaluate(_RECORD)
    hear(panel).click()
    expect(panel.root.locator(".rml-heard")).to_contain_text("There is no curve yet")
    assert heard(panel)["tones"] == []
    panel.button("Train").click()
    panel.until(lambda: len(heard(panel)["tones"]) >= 4, "four tones")
    starts = [tone["at"] for tone in heard(panel)["tones"]]
    assert all(after - before >= 0.25 for before, after in pairwise(starts))
    assert all(220 <= tone["hertz"] <= 1_761 for tone in heard(panel)["tones"])
    panel.button("Stop").click()
    panel.wait_for_state("stopped")
    page.settle()
    silent = len(heard(panel)["tones"])
    panel.root.get_by_role("tab", name="Help").click()
    panel.root.locator(".rml-help-article h3").wait_for()
    assert len(heard(panel)["tones"]) == silent

    # With the panel goes the sound.
    page.command("notebook:clear-cell-output")
    panel.until(lambda: heard(panel)["closed"] == 1, "the end of the sound")
    assert page.problems == []
