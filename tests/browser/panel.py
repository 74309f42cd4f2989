"""The panel in a browser tab, as a person finds its parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.browser.browser import TIMEOUT_S, LabPage

# Whatever of a panel's chart has the most points: the curve of single games.
_TRACES = "(document.querySelector('.rml-chart .js-plotly-plot')?.data ?? [])"
_POINTS = f"Math.max(0, ...{_TRACES}.map(trace => trace.y?.length ?? 0))"
# The newest step that is drawn; points are merged as a curve grows, so their number falls now and then.
_REACH = f"Math.max(0, ...{_TRACES}.map(trace => trace.x?.at(-1) ?? 0))"
# Each picture of the feed has a number of its own.
_PICTURE = "(document.querySelector('.rml-feed canvas:not([hidden])')?.dataset.painted ?? '')"

_NAMELESS = """panel => {
  const visible = node => node.checkVisibility({visibilityProperty: true});
  const name = node => node.getAttribute('aria-label') || node.textContent.trim() || node.title || node.placeholder
    || [...(node.labels ?? [])].map(label => label.textContent.trim()).join(' ')
    || (node.getAttribute('aria-labelledby') ?? '').split(' ')
        .map(id => document.getElementById(id)?.textContent ?? '').join('');
  const nameOfSelect = node => node.getAttribute('aria-label')
    || [...node.labels].map(label => label.textContent.trim()).join(' ');
  return [...panel.querySelectorAll('button, input, select, textarea, video, summary, [role=radio], [tabindex="0"]')]
    .filter(visible)
    .filter(node => !(node.tagName === 'SELECT' ? nameOfSelect(node) : name(node)))
    .map(node => node.outerHTML.slice(0, 120));
}"""
# What is out of sight on purpose (text for screen readers) and what Plotly draws within its own frame do not count.
_TOO_WIDE = """panel => {
  const edge = panel.getBoundingClientRect();
  const wide = [...panel.querySelectorAll('*')].filter(node => {
    if (node.closest('.rml-unseen, .rml-bubble, .js-plotly-plot .svg-container')) return false;
    if (!node.checkVisibility()) return false;
    const box = node.getBoundingClientRect();
    return box.width > 0 && (box.right > edge.right + 1 || box.left < edge.left - 1);
  }).map(node => `${node.tagName}.${node.className}`);
  const scrolls = [panel, ...panel.querySelectorAll('*')].filter(node =>
    node.scrollWidth > node.clientWidth + 1 && ['auto', 'scroll'].includes(getComputedStyle(node).overflowX))
    .map(node => `scrolls: ${node.tagName}.${node.className}`);
  const output = panel.closest('.jp-OutputArea');
  if (output.scrollWidth > output.clientWidth + 1) scrolls.push('scrolls: the output');
  return [...wide, ...scrolls];
}"""


class PanelPage:
    """A tab with one panel.

    Attributes:
        tab: The tab.
        page: Playwright's page.
        root: The panel's outermost element.
    """

    def __init__(self, tab: LabPage) -> None:
        self.tab = tab
        self.page = tab.page
        self.root = self.page.locator(".rml-panel").first

    @classmethod
    def of_code(cls, tab: LabPage, name: str, code: str = "Lab(seed=1)", *before: str) -> PanelPage:
        """Make a notebook that shows a panel, open it, and run it."""
        cells = [*before, f"from retroml_edu import Lab\nlab = {code}\nlab"]
        tab.open(tab.server.add_notebook(name, cells))
        for cell in range(len(cells)):
            tab.run_cell(cell, timeout_s=TIMEOUT_S)
        return cls(tab).wait_until_drawn()

    def wait_until_drawn(self) -> PanelPage:
        """Wait until form, buttons and chart are there."""
        for part in (".rml-runbar button", ".rml-form .rml-row", ".rml-chart .js-plotly-plot .main-svg"):
            self.root.locator(part).first.wait_for(timeout=TIMEOUT_S * 1000)
        return self

    def button(self, name: str) -> Locator:
        """Return a button of the panel."""
        return self.root.get_by_role("button", name=name, exact=True)

    def field(self, name: str) -> Locator:
        """Return the row of a setting."""
        return self.root.locator(f'[data-field="{name}"]')

    def choose_environment(self, env_id: str) -> None:
        """Open the picker, type an id and take it."""
        self.field("env_id").get_by_role("button", name="Environment: ").click()
        search = self.root.get_by_role("combobox", name="Search environments")
        search.fill(env_id)
        search.press("Enter")
        search.wait_for(state="detached")

    def type(self, name: str, text: str) -> None:
        """Type into a setting's box and leave it."""
        box = self.field(name).locator("input:not([type=range])").first
        box.fill(text)
        box.press("Tab")

    @property
    def state(self) -> str:
        """The run's state as the badge shows it."""
        return self.root.locator(".rml-state").get_attribute("data-state") or ""

    def wait_for_state(self, *states: str, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until the badge shows one of the states."""
        wanted = ", ".join(f'.rml-state[data-state="{state}"]' for state in states)
        self.root.locator(wanted).first.wait_for(timeout=timeout_s * 1000)

    @property
    def points(self) -> int:
        """Points of the longest curve in the chart."""
        return int(self.page.evaluate(_POINTS))

    def wait_for_points(self, more_than: int, *, timeout_s: float = TIMEOUT_S) -> int:
        """Wait until the chart has more points than so many, and return how many."""
        self.root.locator(".rml-chart").scroll_into_view_if_needed()  # what nobody sees is not drawn
        self.page.wait_for_function(f"n => {_POINTS} > n", arg=more_than, timeout=timeout_s * 1000)
        return self.points

    def wait_for_reach(self, more_than: float = 0, *, timeout_s: float = TIMEOUT_S) -> float:
        """Wait until the curve goes beyond a step, and return how far it goes."""
        self.root.locator(".rml-chart").scroll_into_view_if_needed()
        self.page.wait_for_function(f"step => {_REACH} > step", arg=more_than, timeout=timeout_s * 1000)
        return self.reach

    @property
    def reach(self) -> float:
        """The newest step that is drawn."""
        return float(self.page.evaluate(_REACH))

    def wait_for_picture(self, other_than: str = "", *, timeout_s: float = TIMEOUT_S) -> str:
        """Wait for a picture of the game other than the one given, and return its number."""
        self.root.locator(".rml-feed").scroll_into_view_if_needed()  # pictures that nobody sees are not painted
        self.page.wait_for_function(
            f"old => {_PICTURE} && {_PICTURE} !== old", arg=other_than, timeout=timeout_s * 1000
        )
        return str(self.page.evaluate(_PICTURE))

    @property
    def step(self) -> int:
        """Steps that the line under the bar tells."""
        told = re.match(r"(?:Paused at step )?([\d,]+) ", self.root.locator(".rml-progress-text").inner_text())
        return int(told[1].replace(",", "")) if told else 0

    @property
    def problems(self) -> str:
        """The sentences under the buttons."""
        return self.root.locator(".rml-problems").inner_text()

    def wait_for_problem(self, text: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until a sentence under the buttons holds a text."""
        self.root.locator(".rml-problems .rml-problem", has_text=text).wait_for(timeout=timeout_s * 1000)

    @property
    def nameless(self) -> list[str]:
        """Controls in sight that a screen reader could not name."""
        return list(self.measure(_NAMELESS))

    @property
    def too_wide(self) -> list[str]:
        """Whatever sticks out of the panel, or scrolls sideways."""
        return list(self.measure(_TOO_WIDE))

    def measure(self, script: str) -> Any:
        """Evaluate a JavaScript function of the panel's element."""
        return self.root.evaluate(script)

    def until(self, condition: Callable[[], bool], what: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Look again and again, letting the page work, until a condition holds."""
        for _ in range(int(timeout_s / 0.1)):
            if condition():
                return
            self.page.wait_for_timeout(100)
        raise PlaywrightTimeoutError(f"waited {timeout_s:g} s in vain for {what}")

    def download(self, name: str, folder: Path) -> Path:
        """Press a download button and return the file."""
        return self.tab.download(self.button(name), folder)

    def press_twice(self, button: Locator, between: Callable[[], object] = lambda: None) -> None:
        """Double-click, with time for what the first click does to happen before the second.

        Args:
            button: What is under the mouse at first; the second click goes to whatever is there by then.
            between: Waits for what the first click does.
        """
        expect(button).to_be_enabled(timeout=TIMEOUT_S * 1000)
        button.hover()
        for number in (1, 2):
            self.page.mouse.down(click_count=number)
            self.page.mouse.up(click_count=number)
            if number == 1:
                between()
        self.tab.settle()
