"""Recent activity: read when it is seen, and again when something begins or ends; each line opens its run."""

from __future__ import annotations

from tests.widgets.conftest import tell, until


def words(panel):
    return [item["word"] for item in panel.activity.items]


def test_nothing_is_read_for_a_card_that_nobody_sees(bench):
    panel = bench().open(steps=600)
    panel.start().wait(timeout_s=30)
    panel.activity.refresh()
    assert panel.activity._reading.wait(0.0)
    assert panel.activity.items == []
    tell(panel.activity, action="begin")
    until(lambda: words(panel) == ["Done"], "the run")


def test_a_run_is_told_as_it_begins_and_as_it_ends(bench):
    made = bench(wait_at=100)
    panel = made.open(steps=600)
    tell(panel.activity, action="begin")
    panel.start()
    until(lambda: words(panel) == ["Started"], "the run's beginning")
    made.trainers[-1].release.set()
    until(lambda: words(panel) == ["Done"], "the run's end")
    item = panel.activity.items[0]
    assert item["run"] == "CartPole-v1 · PPO · seed 7"
    assert item["detail"].startswith("mean return ")


def test_a_line_opens_its_run_and_nothing_else_does(bench):
    panel = bench().open(steps=600)
    tell(panel.activity, action="begin")
    first = panel.start()
    first.wait(timeout_s=30)
    panel.start().wait(timeout_s=30)
    until(lambda: words(panel) == ["Done", "Done"], "both runs")
    shown = panel.run.run_id
    for run_id in ("", None, 7, "../..", "01a205bf-b6f9-7e25-b56f-3feca1840400", [first.run_id]):
        tell(panel.activity, action="open", run_id=run_id)
        assert panel.run.run_id == shown
    tell(panel.activity, action="open", run_id=first.run_id)
    assert panel.run.run_id == first.run_id


def test_a_run_that_cannot_be_opened_now_is_a_sentence(bench):
    made = bench(wait_at=100)
    panel = made.open(steps=600)
    tell(panel.activity, action="begin")
    panel.start()
    until(lambda: words(panel) == ["Started"], "the run's beginning")
    tell(panel.activity, action="open", run_id=panel.run.run_id)
    made.until_said("is training already")


def test_a_test_is_told_and_stands_in_what_is_kept(bench):
    panel = bench().open(real=True, steps=512)
    tell(panel.activity, action="begin")
    panel.start().wait(timeout_s=60)
    panel.evaluation.episodes, panel.evaluation.pace = 1, "0"
    tell(panel.evaluation, action="test")
    until(lambda: words(panel) == ["Tested", "Done"], "the test")
    assert panel.activity.items[0]["run_id"] == panel.run.run_id
