"""axe-core, looking at a part of the page."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.browser.browser import LabPage

# Levels A and AA of the Web Content Accessibility Guidelines, and what axe-core's makers count as good practice.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# A cell's output is a part of JupyterLab's page: whether that has one main region is not for the panel to say.
PAGE_RULES = {"region", "landmark-one-main", "page-has-heading-one"}

# JupyterLab's body is 0 pixels high and clips, which axe-core takes for text that nobody sees.
BODY = "body { height: 100vh !important; }"


def findings(page: LabPage, within: str = ".rml-panel") -> list[str]:
    """Return what axe-core objects to: how grave, which rule, and where."""
    page.page.add_style_tag(content=BODY)
    page.settle()
    result: dict[str, Any] = Axe().run(page.page, context=within, options=RULES).response
    assert result["passes"], "nothing was looked at"
    return [
        f"{violation['impact']}: {violation['id']}: {node['html'][:160]} {node['failureSummary'][:400]}"
        for violation in result["violations"]
        if violation["id"] not in PAGE_RULES
        for node in violation["nodes"]
    ]
