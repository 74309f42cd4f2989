"""What axe-core finds in the panel, on every tab, in both themes; and nothing that a widget of others brings along."""

from __future__ import annotations

import pytest

from tests.browser.axe import findings
from tests.browser.browser import THEMES, LabPage
from tests.browser.panel import PanelPage

pytestmark = pytest.mark.browser

SHORT = 'Lab(seed=1, run_type="custom", total_timesteps=2_048, n_envs=2)'


@pytest.fixture
def panel(page: LabPage) -> PanelPage:
    """A panel, all of it in the window: of what is scrolled away no contrast is measured."""
    page.set_width(1280, 4_000)
    return PanelPage.of_code(page, "accessible.ipynb", SHORT)


def look_through(panel: PanelPage) -> list[str]:
    """Return what is found on every tab in both themes."""
    tabs = panel.root.get_by_role("tab")
    assert tabs.count() > 1
    found = []
    for theme in THEMES:
        panel.tab.set_theme(theme)
        for number in range(tabs.count()):
            tabs.nth(number).click()
            found += [f"{tabs.nth(number).inner_text()}, {theme}: {finding}" for finding in findings(panel.tab)]
    return found


def test_every_tab_is_accessible_at_rest_and_with_a_run(panel: PanelPage) -> None:
    assert look_through(panel) == []
    panel.root.get_by_role("tab").first.click()
    panel.button("Train").click()
    panel.wait_for_state("done", timeout_s=90)
    panel.wait_for_points(0)
    assert look_through(panel) == []


def test_what_is_hard_to_read_or_has_no_name_is_found(panel: PanelPage) -> None:
    panel.measure(
        """panel => {
          const faint = panel.querySelector('.rml-empty');
          faint.style.color = '#ccc';
          faint.style.background = '#fff';
          panel.querySelector('.rml-stage').append(Object.assign(document.createElement('img'), {src: 'a.png'}));
        }"""
    )
    assert [finding.split(": ")[:2] for finding in findings(panel.tab)] == [
        ["serious", "color-contrast"],
        ["critical", "image-alt"],
    ]
