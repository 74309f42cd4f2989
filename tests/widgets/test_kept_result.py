"""What a run leaves in the notebook: true figures, nothing that a stranger's folder could make of them."""

from __future__ import annotations

import pytest

from retroml_edu.core.states import RunState
from retroml_edu.session.history import Run
from retroml_edu.widgets.kept_result import CAUTION, NOTHING_YET, kept_result, placeholder
from tests.session.made_runs import made_run
from tests.session.recorded_runs import keep_test
from tests.widgets.conftest import TIMEOUT_S, until


@pytest.fixture
def home(tmp_path):
    return tmp_path / "my-runs"


def test_the_figures_are_those_of_the_last_hundred_games(home):
    folder = made_run(home, seed=3, returns=[500.0] + [10.0, 20.0] * 50, steps=1_000)
    kept = kept_result(Run(folder))
    lines = dict(line.split("  ", 1) for line in kept.text.splitlines() if "  " in line)
    lines = {name: value.strip() for name, value in lines.items()}
    assert lines["Environment"] == "CartPole-v1"
    assert lines["Algorithm"] == "PPO"
    assert lines["Seed"] == "3"
    assert lines["Steps"] == "1,000 of 1,000"
    assert lines["Mean return, last 100 episodes"] == "15 ± 5 (standard deviation)"
    assert lines["Mean return, last 20 episodes"] == "15"  # the one that the panel told
    assert lines["Best episode"] == "500"
    assert lines["Goal"] == "475: not reached by the mean return"
    assert lines["Kept in"] == f"my-runs/{folder.run_id}"
    assert str(home) not in kept.text + kept.html
    assert kept.text.endswith(CAUTION)
    assert kept.png.startswith(b"\x89PNG")
    assert "mean return" in kept.summary
    assert "<th" in kept.html
    assert all(value in kept.html for value in ("475: not reached", "15 ± 5", CAUTION))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (RunState.DONE, "done"),
        (RunState.STOPPED, "stopped before its end"),
        (RunState.FAILED, "failed; training.log"),
        (RunState.RUNNING, "its process ended without a word"),
    ],
)
def test_each_ending_is_said(home, state, said):
    assert f" {said}" in kept_result(Run(made_run(home, state=state))).text


def test_a_goal_that_was_reached_is_said(home):
    assert "475: reached by" in kept_result(Run(made_run(home, returns=[480.0, 490.0]))).text


def test_a_run_without_an_episode_has_a_table_and_a_picture(home):
    kept = kept_result(Run(made_run(home, returns=[])))
    assert "no episode has ended" in kept.text
    assert "not reached" in kept.text
    assert kept.png.startswith(b"\x89PNG")


def test_the_newest_tests_are_told(home):
    folder = made_run(home)
    for day in range(1, 6):
        returns = [day - 1.5, day, day + 1.5]
        keep_test(folder, 900, returns, deterministic=True, stamp=f"2026-01-0{day}T030405678Z")
    text = kept_result(Run(folder)).text
    assert "return 5 ± 1.5 over 3 episodes, likeliest actions, weights of step 900" in text
    assert text.count("likeliest actions") == 3


def test_a_test_that_cannot_be_read_is_left_out(home):
    folder = made_run(home)
    keep_test(folder, 900, [1.0]).write_text("{", "utf-8")
    assert "Test" not in kept_result(Run(folder)).text


def test_names_are_text_and_no_html(tmp_path):
    kept = kept_result(Run(made_run(tmp_path / "runs <b>&")))
    assert "<b>" not in kept.html
    assert "runs &lt;b&gt;&amp;/" in kept.html
    assert "runs <b>&/" in kept.text


def test_before_a_run_has_ended_a_sentence_stands_there():
    assert placeholder()["text/plain"] == NOTHING_YET
    assert NOTHING_YET in placeholder()["text/html"]


def test_what_is_kept_of_a_run_waits_for_its_folder_and_a_look_at_an_old_one_changes_nothing(bench):
    panel = bench().open(steps=600)
    panel.kept.show(panel.root, "")
    run = panel.start()
    run.wait(timeout_s=30)
    until(lambda: panel.kept.version > 0, "the result")
    panel.kept.wait(TIMEOUT_S)
    version, first = panel.kept.version, run.run_id
    panel.open_run(first)
    panel.kept.wait(TIMEOUT_S)
    assert panel.kept.version == version
    order: list[int] = []
    panel.kept.keep(panel.stored_run(), lambda: order.append(panel.kept.version))
    panel.kept.wait(TIMEOUT_S)
    assert order == [version]
    assert panel.kept.version == version + 1
