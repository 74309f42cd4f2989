"""Insights in a real JupyterLab: marked in the chart by mouse and keyboard, told, mended with one click, reported."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from retroml_edu.storage.index import RunIndex
from tests.browser.browser import THEMES, LabPage
from tests.browser.panel import PanelPage
from tests.session.recorded_runs import keep_test, recorded_run

pytestmark = pytest.mark.browser

MOST_MS = 15_000
HIGH = "learning_rate_high"
KL = "kl_high"
SEEDS = "single_seed"
# What plotly has drawn, by the axes that it belongs to.
_MARKS = r"""() => {
  const { shapes, annotations } = document.querySelector('.rml-chart .js-plotly-plot')._fullLayout;
  return {
    bands: shapes.filter(s => s.type === 'rect').map(s => [s.xref, s.x0, s.x1, s.fillcolor]),
    lines: shapes.filter(s => s.type === 'line' && s.xref !== 'x domain').map(s => [s.yref, s.y0]),
    words: annotations.filter(a => a.bgcolor && !/, ?0\)$/.test(a.bgcolor)).map(a => a.text),
    titles: annotations.slice(0, 4).map(a => a.text),
  };
}"""
_GROW = """
from tests.campaigns import recordings
recorded = recordings.read(recordings.KEPT / "cartpole-ppo-high.json")[0]
for share in ({shares}):
    lab.panel.chart.show(recorded.until(share))
    lab.panel.insights.show(recorded.until(share))
"""


def shown(page: LabPage, home: Path, run_id: str, name: str) -> PanelPage:
    """Return a panel that shows a run."""
    code = f"Lab(run={run_id!r}, home={str(home)!r})"
    panel = PanelPage.of_code(page, name, code)
    panel.root.locator(".rml-insight").first.wait_for()
    return panel


def insight(panel: PanelPage, rule: str) -> Locator:
    return panel.root.locator(f'.rml-insight[data-rule="{rule}"]')


def marks(panel: PanelPage) -> dict[str, Any]:
    return dict(panel.page.evaluate(_MARKS))


def wait_for_band(panel: PanelPage, axis: str) -> list[Any]:
    """Wait until one band is drawn, on the axis given, and return it."""
    panel.until(lambda: [band[0] for band in marks(panel)["bands"]] == [axis], f"a band on {axis}")
    (band,) = marks(panel)["bands"]
    return list(band)


def wait_for_none(panel: PanelPage) -> None:
    panel.until(lambda: not marks(panel)["bands"] and not marks(panel)["words"], "a chart without marks")


def test_an_opened_insight_is_marked_where_its_curve_is_and_cleared_when_it_is_closed(
    page: LabPage, tmp_path: Path
) -> None:
    run = recorded_run(tmp_path, "cartpole-ppo-high")
    panel = shown(page, tmp_path, run.run_id, "marks.ipynb")
    wait_for_none(panel)
    titles = marks(panel)["titles"]

    # By mouse: a metric without a panel of its own takes the place of its nearest relation, with its threshold.
    insight(panel, HIGH).locator("summary").click()
    _, first, last, light = wait_for_band(panel, "x2")
    assert 15_000 < first < last < 30_000
    assert marks(panel)["lines"] == [["y2", 0.2]]
    assert marks(panel)["words"] == ["learning rate too high"]
    assert "Approximate KL" in marks(panel)["titles"][1]
    status = panel.root.locator(".rml-insights [role=status]")
    expect(status).to_contain_text(
        "Marked in the chart: Approximate KL, in place of Policy loss, steps 15,360 to", timeout=MOST_MS
    )

    # Another theme draws it anew; a closed insight is cleared, though the mouse is still there.
    page.set_theme("dark")
    panel.until(lambda: [band[3] for band in marks(panel)["bands"]] not in ([], [light]), "the dark band")
    page.set_theme("light")
    insight(panel, HIGH).locator("summary").click()
    wait_for_none(panel)
    assert marks(panel)["titles"] == titles
    expect(status).to_have_text("Nothing is marked in the chart any more.", timeout=MOST_MS)

    # By keyboard: the focus shows it for a moment, Enter for good, Escape clears it.
    panel.root.locator(".rml-insights .rml-help-link").focus()
    panel.page.keyboard.press("Tab")
    panel.until(lambda: bool(marks(panel)["bands"]), "the band of the insight that has the focus")
    insight(panel, SEEDS).locator("summary").focus()
    wait_for_band(panel, "x")
    panel.page.keyboard.press("Enter")
    expect(insight(panel, SEEDS)).to_have_attribute("open", "", timeout=MOST_MS)
    panel.button("Train").focus()
    wait_for_band(panel, "x")
    insight(panel, SEEDS).locator("summary").focus()
    panel.page.keyboard.press("Escape")
    wait_for_none(panel)
    assert page.cell_count() == 1
    assert page.problems == []


def test_the_mouse_on_an_insight_shows_it_for_a_moment(page: LabPage, tmp_path: Path) -> None:
    run = recorded_run(tmp_path, "cartpole-ppo-high")
    panel = shown(page, tmp_path, run.run_id, "hover.ipynb")
    insight(panel, SEEDS).locator("summary").click()
    wait_for_band(panel, "x")
    insight(panel, HIGH).hover()
    wait_for_band(panel, "x2")
    panel.root.locator(".rml-run-title").hover()
    wait_for_band(panel, "x")
    assert page.problems == []


def test_a_mark_stays_while_the_curve_grows_and_moves_with_its_window(page: LabPage, tmp_path: Path) -> None:
    cell = f"from pathlib import Path\nimport sys\nsys.path.insert(0, {str(Path(__file__).parents[2])!r})"
    run = recorded_run(tmp_path, "cartpole-ppo-high", share=0.4)
    page.open(
        page.server.add_notebook(
            "grows.ipynb",
            [
                f"{cell}\nfrom retroml_edu import Lab\nlab = Lab(run={run.run_id!r}, home={str(tmp_path)!r})\nlab",
                _GROW.format(shares="0.6, 0.8, 1.0"),
            ],
        )
    )
    page.run_cell(0)
    panel = PanelPage(page).wait_until_drawn()
    insight(panel, KL).locator("summary").click()
    _, first, last, _ = wait_for_band(panel, "x2")
    page.run_cell(1)
    panel.root.locator(".rml-chart").scroll_into_view_if_needed()  # what nobody sees is not drawn
    panel.until(lambda: [band[2] for band in marks(panel)["bands"]] > [last], "the band of the longer curve")
    (band,) = marks(panel)["bands"]
    assert band[1] > first
    expect(insight(panel, KL)).to_have_attribute("open", "", timeout=MOST_MS)
    expect(insight(panel, KL).locator(".rml-insight-place")).to_contain_text(f"to {band[2]:,}.", timeout=MOST_MS)
    assert page.problems == []


def test_an_opened_insight_stays_to_be_read_when_the_curves_no_longer_say_it(page: LabPage, tmp_path: Path) -> None:
    path = f"from pathlib import Path\nimport sys\nsys.path.insert(0, {str(Path(__file__).parents[2])!r})"
    run = recorded_run(tmp_path, "cartpole-ppo-high", share=0.4)
    shows = f"{path}\nfrom retroml_edu import Lab\nlab = Lab(run={run.run_id!r}, home={str(tmp_path)!r})\nlab"
    again = f"lab.panel.insights.begin(recorded.config)\n{_GROW.format(shares='1.0,')}"
    cells = [shows, _GROW.format(shares="1.0,"), _GROW.format(shares="0.4,"), _GROW.format(shares="1.0,"), again]
    page.open(page.server.add_notebook("past.ipynb", cells))
    page.run_cell(0)
    panel = PanelPage(page).wait_until_drawn()
    high = insight(panel, HIGH)
    past = high.locator(".rml-insight-past")
    high.locator("summary").click()
    band = wait_for_band(panel, "x2")
    expect(past).to_be_hidden(timeout=MOST_MS)

    page.run_cell(1)
    expect(past).to_be_visible(timeout=MOST_MS)
    expect(high.get_by_role("button", name="Set the learning rate")).to_be_hidden(timeout=MOST_MS)
    panel.root.locator(".rml-chart").scroll_into_view_if_needed()
    assert wait_for_band(panel, "x2")[1:3] == band[1:3]
    page.run_cell(2)
    expect(past).to_be_hidden(timeout=MOST_MS)
    expect(high).to_have_attribute("open", "", timeout=MOST_MS)

    page.run_cell(3)
    expect(past).to_be_visible(timeout=MOST_MS)
    page.run_cell(4)  # another run
    expect(high).to_have_count(0, timeout=MOST_MS)
    insight(panel, KL).wait_for()
    panel.root.locator(".rml-chart").scroll_into_view_if_needed()
    wait_for_none(panel)
    assert page.problems == []


def test_on_a_narrow_page_show_leads_to_the_chart_also_if_it_is_folded(page: LabPage, tmp_path: Path) -> None:
    run = recorded_run(tmp_path, "cartpole-ppo-high")
    page.set_width(800)
    panel = shown(page, tmp_path, run.run_id, "narrow.ipynb")
    fold = panel.root.locator(".rml-chart .rml-fold")
    fold.click()
    insight(panel, HIGH).locator("summary").click()
    insight(panel, HIGH).get_by_role("button", name="Show", exact=True).click()
    expect(fold).to_have_attribute("aria-expanded", "true", timeout=MOST_MS)
    expect(panel.root.locator(".rml-chart .main-svg").first).to_be_in_viewport(timeout=MOST_MS)
    wait_for_band(panel, "x2")
    for theme in THEMES:
        page.set_theme(theme)
        assert panel.nameless == []
        assert panel.too_wide == []
    assert page.problems == []


def test_seeds_and_tests_beside_the_run_are_told_and_a_remedy_is_one_click(page: LabPage, tmp_path: Path) -> None:
    run = recorded_run(tmp_path, "cartpole-ppo")
    recorded_run(tmp_path, "cartpole-ppo", at=1)
    with RunIndex(tmp_path) as index:
        index.catch_up()
    keep_test(run.folder, 5_000, [400.0, 410.0, 390.0], minute=0)
    keep_test(run.folder, 55_000, [60.0, 70.0, 65.0], minute=1)
    panel = shown(page, tmp_path, run.run_id, "beside.ipynb")
    expect(insight(panel, "evaluation_falling")).to_contain_text(
        "rises in training and falls in evaluations", timeout=MOST_MS
    )
    seeds = insight(panel, SEEDS)
    expect(seeds.locator("summary")).to_contain_text("Few seeds allow no firm conclusion", timeout=MOST_MS)
    seeds.locator("summary").click()
    expect(seeds.locator(".rml-insight-changes")).to_have_text("Seed: 101 → 103", timeout=MOST_MS)
    seeds.get_by_role("button", name="Run it again with seed 103").click()
    expect(panel.field("seed").locator("input").first).to_have_value("103", timeout=MOST_MS)
    # The form may be far away: the insight itself says what the press has done, and leads there.
    expect(seeds.locator(".rml-insight-taken")).to_contain_text("In the settings now. Press Train", timeout=MOST_MS)
    seeds.get_by_role("button", name="Show the settings").click()
    expect(panel.field("seed")).to_be_in_viewport(timeout=MOST_MS)
    assert page.problems == []


def test_a_lesson_of_the_course_is_linked_and_opens(page: LabPage, tmp_path: Path) -> None:
    run = recorded_run(tmp_path, "cartpole-ppo-high")
    lesson = page.server.notebooks / "lessons" / "10-ppo.py"
    lesson.parent.mkdir()
    lesson.write_text("# The lesson of PPO\n")
    try:
        panel = shown(page, tmp_path, run.run_id, "lesson.ipynb")
        insight(panel, HIGH).locator("summary").click()
        link = insight(panel, HIGH).get_by_role("link", name="Lesson 10-ppo")
        with panel.page.expect_popup() as opened:
            link.click()
        opened.value.get_by_text("# The lesson of PPO").first.wait_for()
        opened.value.close()
        insight(panel, SEEDS).locator("summary").click()
        expect(insight(panel, SEEDS).locator(".rml-insight-lesson")).to_be_hidden(timeout=MOST_MS)
    finally:
        shutil.rmtree(lesson.parent)


def test_each_form_of_the_report_is_one_click_and_the_page_stands_alone(
    page: LabPage, browser: Browser, tmp_path: Path
) -> None:
    run = recorded_run(tmp_path / "runs", "cartpole-ppo-high")
    panel = shown(page, tmp_path / "runs", run.run_id, "report.ipynb")
    html = panel.download("HTML report", tmp_path)
    assert html.name == f"CartPole-v1_PPO_seed101_run-{run.run_id[-6:]}_report.html"
    assert json.loads(panel.download("JSON report", tmp_path).read_text("utf-8"))["run_id"] == run.run_id
    assert "learning rate is too high" in panel.download("Text report", tmp_path).read_text("utf-8")

    with browser.new_context(offline=True) as alone:
        sheet = alone.new_page()
        asked: list[str] = []
        wrong: list[str] = []
        sheet.on("request", lambda request: asked.append(request.url))
        sheet.on("console", lambda message: wrong.append(message.text))
        sheet.on("pageerror", lambda error: wrong.append(str(error)))
        sheet.goto(html.as_uri())
        pictures = sheet.locator("img").evaluate_all("all => all.map(one => one.complete && one.naturalWidth)")
        assert len(pictures) >= 3
        assert all(pictures)
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        assert wrong == []
        assert sheet.pdf(format="A4").startswith(b"%PDF")
        sheet.set_viewport_size({"width": 400, "height": 800})
        assert sheet.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.problems == []
