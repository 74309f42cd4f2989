"""The panel under a person's hands: keys, widths, names, and settings that cannot work."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browser import HEIGHT, LabPage
from tests.browser.evidence import watch
from tests.browser.jupyterlab import LabServer
from tests.browser.panel import PanelPage

pytestmark = pytest.mark.browser

QUICK = 'Lab(seed=1, run_type="custom", total_timesteps=2_048, n_envs=2, video={"enabled": False})'

CHART_FITS = """() => {
  const body = document.querySelector('.rml-chart .rml-card-body');
  const drawn = body.querySelector('.main-svg').getBoundingClientRect().width;
  return Math.abs(body.clientWidth - drawn) <= 2;
}"""

# Sections of the form of which a part stands beside the heading.
TORN = """panel => [...panel.querySelectorAll('.rml-form > .rml-section')].filter(section => {
  const heading = section.querySelector(':scope > summary').getBoundingClientRect();
  const rows = [...section.querySelectorAll('.rml-row')].filter(row => row.checkVisibility());
  return section.getClientRects().length > 1 || rows.some(row => {
    const box = row.getBoundingClientRect();
    return box.top < heading.bottom - 1 || box.left > heading.right || box.right < heading.left;
  });
}).map(section => section.dataset.section)"""

FONT = "document.querySelector('.rml-chart .js-plotly-plot')._fullLayout.font.color"


@pytest.fixture(scope="module")
def shared(
    lab_server: LabServer, browser: Browser, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PanelPage]:
    """One panel for all tests here, on a notebook with cells above it: opening it takes longer than the tests."""
    with browser.new_context(viewport={"width": 1280, "height": HEIGHT}) as context:
        tab = LabPage(context, lab_server)
        watch(request.node, tab, tmp_path_factory.mktemp("handling"))
        yield PanelPage.of_code(tab, "handling.ipynb", QUICK, "x = 1", "y = 2")
    lab_server.start_over()


@pytest.fixture
def panel(shared: PanelPage, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PanelPage]:
    """The panel as a test found it, with a picture of how it left it."""
    if getattr(request.node, "execution_count", 1) > 1:  # the second attempt of a test that waited in vain
        shared.tab.reload()
        shared.wait_until_drawn()
    shared.tab.problems.clear()
    yield shared
    shared.tab.screenshot(tmp_path / "page.png")
    assert shared.tab.problems == []


def trained(panel: PanelPage) -> None:
    """Have a finished run in the panel."""
    if panel.state != "done":
        panel.button("Train").click()
        panel.wait_for_state("done", timeout_s=90)
    panel.wait_for_points(0)


def test_keys_in_the_panel_never_reach_the_notebook(panel: PanelPage) -> None:
    cells = panel.tab.cell_count()
    slider = panel.field("hyperparameters.learning_rate").locator("input[type=range]")
    places = {
        "a button": lambda: panel.button("Pause").focus(),
        "a slider": slider.focus,
        "a choice": lambda: panel.field("run_type").locator("select").focus(),
        "blank space": lambda: panel.root.click(position={"x": 3, "y": 60}),
        "the chart": panel.root.locator(".rml-chart .nsewdrag").first.click,
        "a card": panel.root.locator(".rml-log ol").click,
    }
    for place, go in places.items():
        go()
        for key in ("d", "d", "x", "a", "b", "m"):
            panel.page.keyboard.press(key)
        panel.tab.settle()
        assert panel.tab.cell_count() == cells, f"keys on {place} reached the notebook"
    before = slider.input_value()
    slider.focus()
    panel.page.keyboard.press("ArrowRight")
    assert slider.input_value() != before


def test_the_keyboard_alone_starts_a_run(panel: PanelPage) -> None:
    panel.root.focus()
    for _ in range(5):
        panel.page.keyboard.press("Tab")
        if panel.page.evaluate("document.activeElement.textContent") == "Train":
            break
    assert panel.page.evaluate("document.activeElement.textContent") == "Train"
    panel.page.keyboard.press("Enter")
    panel.wait_for_state("starting", "running", "finishing")
    panel.wait_for_state("done", timeout_s=90)
    panel.page.keyboard.press("Tab")
    assert panel.page.evaluate("document.activeElement.textContent") == "Pause"


def test_every_control_has_a_name(panel: PanelPage) -> None:
    for summary in panel.root.locator("details > summary:visible").all():
        if summary.locator("..").get_attribute("open") is None:
            summary.click()
    assert panel.root.locator("input:visible").count() > 20
    assert panel.nameless == []


def test_a_wrong_setting_is_told_beside_its_field_and_by_train(panel: PanelPage) -> None:
    panel.type("seed", "-1")
    problem = panel.field("seed").locator(".rml-field-problem")
    problem.wait_for()
    assert "Seed: -1 is too small" in problem.inner_text()
    panel.button("Train").click()
    panel.wait_for_problem("Seed: -1 is too small")
    number = panel.field("seed").locator(".rml-number")
    expect(number).to_have_attribute("aria-invalid", "true")
    expect(number).to_have_accessible_description(re.compile("Seed: -1 is too small"))
    panel.type("seed", "1")
    problem.wait_for(state="hidden")
    expect(number).not_to_have_attribute("aria-invalid", "true")
    expect(number).not_to_have_accessible_description(re.compile("too small"))

    panel.type("hyperparameters.n_steps", "8")
    panel.type("hyperparameters.batch_size", "4096")
    sentence = "lower 'Mini-batch' to"
    panel.field("hyperparameters.batch_size").locator(".rml-field-problem", has_text=sentence).wait_for()
    panel.button("Train").click()
    panel.wait_for_problem(sentence)
    assert panel.state in ("ready", "done")
    assert "larger than the rollout" in panel.problems

    panel.button("Reset to defaults").click()
    panel.field("hyperparameters.batch_size").locator(".rml-field-problem").wait_for(state="hidden")
    panel.choose_environment("BipedalWalker-v3")
    panel.field("algorithm").get_by_role("radio", name="DQN").click()
    panel.field("algorithm").locator(".rml-field-problem", has_text="DQN cannot play BipedalWalker").wait_for()
    panel.field("algorithm").get_by_role("radio", name="PPO").click()
    panel.choose_environment("CartPole-v1")
    panel.root.locator(".rml-badge", has_text="Discrete 2").wait_for()
    panel.field("algorithm").locator(".rml-field-problem").wait_for(state="hidden")


def test_the_panel_fits_every_width(panel: PanelPage) -> None:
    trained(panel)
    for width in (1280, 800, 1024, 560, 1280):
        panel.tab.set_width(width)
        panel.tab.settle()
        panel.page.wait_for_function(CHART_FITS)
        assert panel.too_wide == [], f"at {width} pixels"


def test_each_section_of_the_form_stands_in_one_column(panel: PanelPage) -> None:
    """Also where Quick start is short, as it is for some games: nothing of another section moves under it."""
    quick, basic = (panel.root.locator(f"[data-section={name}]") for name in ("quick", "basic"))
    for fold in (False, True):
        if fold:
            quick.locator(":scope > summary").click()
        for width in (800, 1024):
            panel.tab.set_width(width)
            panel.tab.settle()
            assert basic.locator("input[type=range]:visible").count() > 5
            assert panel.measure(TORN) == [], f"at {width} pixels"
            left, right = quick.bounding_box(), basic.bounding_box()
            assert left
            assert right
            is_beside = left["x"] + left["width"] <= right["x"]
            assert is_beside == (width == 800)
    quick.locator(":scope > summary").click()
    panel.tab.set_width(1280)


def test_a_tooltip_opens_for_the_mouse_and_for_the_keyboard(panel: PanelPage) -> None:
    bubble = panel.root.locator(".rml-settings .rml-bubble")
    row = panel.field("hyperparameters.learning_rate")
    row.hover()
    panel.root.locator(".rml-bubble.rml-shown", has_text="Step size").wait_for()
    panel.root.locator(".rml-log h4").hover()
    bubble.wait_for(state="hidden")
    panel.field("n_envs").locator("input:not([type=range])").focus()
    panel.page.keyboard.press("Tab")
    panel.page.keyboard.press("Tab")
    panel.page.keyboard.press("Tab")
    panel.page.keyboard.press("Tab")
    panel.root.locator(".rml-bubble.rml-shown").wait_for()


def test_a_theme_switch_recolours_the_chart_and_keeps_its_points(panel: PanelPage) -> None:
    trained(panel)
    light, points = panel.page.evaluate(FONT), panel.points
    panel.tab.set_theme("dark")
    try:
        panel.page.wait_for_function(f"old => {FONT} !== old", arg=light)
        assert panel.points == points
        assert "rml-theme-dark" in (panel.root.get_attribute("class") or "")
    finally:
        panel.tab.set_theme("light")
    panel.page.wait_for_function(f"old => {FONT} === old", arg=light)


def test_a_figure_tells_what_it_means_when_it_is_pressed(panel: PanelPage) -> None:
    trained(panel)
    figure = panel.root.locator('[data-figure="return"]')
    assert float(figure.locator(".rml-figure-value").inner_text()) > 0
    meaning = panel.root.locator(".rml-figure-meaning")
    figure.focus()
    panel.page.keyboard.press("Enter")
    panel.root.locator(".rml-figure-meaning", has_text="averaged over the last 20 games").wait_for()
    assert figure.get_attribute("aria-expanded") == "true"
    panel.root.locator('[data-figure="loss"]').click()
    panel.root.locator(".rml-figure-meaning", has_text="Squared error").wait_for()
    panel.page.keyboard.press("Escape")
    meaning.wait_for(state="hidden")


def test_the_arrow_keys_walk_along_the_newest_episodes(panel: PanelPage) -> None:
    trained(panel)
    told = panel.root.locator(".rml-bars .rml-caption")
    assert re.match(r"Last \d+ episodes: returns from", told.inner_text())
    summary = told.inner_text()
    panel.root.locator(".rml-bars-frame").focus()
    panel.page.keyboard.press("ArrowRight")
    newest = re.match(r"Episode (\d+): return [\d.]+, \d+ steps", told.inner_text())
    panel.page.keyboard.press("ArrowLeft")
    before = re.match(r"Episode (\d+)", told.inner_text())
    assert newest
    assert before
    assert int(before[1]) == int(newest[1]) - 1
    panel.page.keyboard.press("Escape")
    assert told.inner_text() == summary


def test_a_folded_card_stays_folded(panel: PanelPage) -> None:
    fold = panel.button("Learning curves")
    fold.click()
    panel.root.locator(".rml-chart .rml-card-body").wait_for(state="hidden")
    panel.tab.reload()
    panel.root.locator(".rml-chart .rml-fold[aria-expanded='false']").wait_for()
    assert not panel.root.locator(".rml-chart .rml-card-body").is_visible()
    fold.click()
    panel.wait_until_drawn()
    panel.page.wait_for_function(CHART_FITS)


def test_the_agent_plays_games_that_are_counted_and_kept(panel: PanelPage) -> None:
    trained(panel)
    card = panel.root.locator(".rml-evaluation")
    games = card.get_by_label("Games", exact=True).first
    games.fill("0")
    games.press("Tab")
    card.get_by_text("Give a number of games from 1 to 100.").wait_for()
    games.fill("3")
    games.press("Tab")
    card.get_by_label("Shown at").select_option(label="As fast as it goes")
    card.get_by_role("button", name="Test", exact=True).last.click()
    panel.until(lambda: card.locator("tbody tr").count() == 3, "three games")
    card.locator("dl", has_text="±").wait_for()
    panel.root.locator(".rml-log li", has_text="Test: return").first.wait_for()
    assert panel.too_wide == []
    # A long one is ended by the same button, and keeps what was played.
    games.fill("100")
    games.press("Tab")
    card.get_by_label("Shown at").select_option(label="4 × faster")
    card.get_by_role("button", name="Test", exact=True).last.click()
    card.get_by_text(re.compile(r"^Game ([2-9]|\d\d) of 100$")).wait_for()
    # The picture is in another card: out of sight at first, and perhaps folded.
    live = panel.root.locator(".rml-feed")
    live.locator(".rml-fold").click()
    card.evaluate("card => card.scrollIntoView({ block: 'start' })")
    card.get_by_role("button", name="Watch").click()
    expect(live.locator(".rml-screen")).to_be_in_viewport()
    panel.button("Stop test").click()
    expect(card.get_by_role("button", name="Watch")).to_be_hidden()
    card.locator("dl", has_text="Return").wait_for()
    assert 1 <= card.locator("tbody tr").count() < 100


def test_the_machine_is_told_while_it_is_seen(panel: PanelPage) -> None:
    card = panel.root.locator(".rml-system")
    card.scroll_into_view_if_needed()
    card.get_by_text(re.compile(r"^\d+ % of [\d.]+ cores?( \(limited\))?$")).wait_for()
    assert re.search(r"[\d.]+ of [\d.]+ GiB", card.inner_text())
    assert card.get_by_role("meter", name="Memory").get_attribute("aria-valuetext")


def test_the_tabs_lead_to_all_runs_and_back(panel: PanelPage) -> None:
    trained(panel)
    panel.root.get_by_role("tab", name="Train", exact=True).focus()
    panel.page.keyboard.press("ArrowRight")
    assert panel.root.get_by_role("tab", name="Experiments").get_attribute("aria-selected") == "true"
    assert not panel.root.locator(".rml-chart").is_visible()
    panel.root.locator(".rml-tab-page-experiments", has_text="CartPole-v1").wait_for()
    for width in (1280, 800):
        panel.tab.set_width(width)
        panel.tab.settle()
        assert panel.too_wide == [], f"at {width} pixels"
    panel.tab.set_width(1280)
    panel.root.get_by_role("tab", name="Train", exact=True).click()
    panel.root.locator(".rml-chart").wait_for()
    panel.page.wait_for_function(CHART_FITS)
    assert not panel.root.locator(".rml-tab-page-experiments").is_visible()
