"""The half in Python of the page of compared runs: what is chosen, what crosses to the page, what is saved."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import RetroMLError
from retroml_edu.core.events import EpisodeEvent, MetricEvent
from retroml_edu.core.hyperparameters import HYPERPARAMETERS
from retroml_edu.core.knobs import knob_specs
from retroml_edu.core.preferences import PageName
from retroml_edu.core.states import RunState
from retroml_edu.figures.palette import DARK, LIGHT
from retroml_edu.session import comparison
from retroml_edu.session.compared_settings import RUN_SETTINGS
from retroml_edu.session.comparison import MOST_RUNS, Measured
from retroml_edu.session.history import load_run
from retroml_edu.session.trash import move_away, move_back
from retroml_edu.storage.index import RunRow
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.writer import RunWriter
from retroml_edu.widgets import compare
from retroml_edu.widgets.compare import ComparePage
from retroml_edu.widgets.compare_content import Chosen, content, overlay_of
from retroml_edu.widgets.settings_spec import form_spec
from retroml_edu.widgets.settings_values import form_values
from tests.session.made_runs import made_run
from tests.widgets.conftest import tell, until
from tests.widgets.listing_page import ListingStage


class Stage(ListingStage):
    def __init__(self, home):
        super().__init__(home)
        self.show(ComparePage(home, self.guarded))

    @property
    def shown(self):
        return self.listing.shown

    def run(self, folder):
        """Return the line of the legend of a run."""
        return next(run for run in self.shown["runs"] if run["run_id"] == folder.run_id)

    def line(self, folder):
        """Return x and y of the line of a run, as the page reads them."""
        values = np.frombuffer(self.shown["points"], np.float32)
        columns = np.split(values, np.cumsum(self.shown["counts"])[:-1])
        at = self.shown["drawn"].index(folder.run_id)
        return columns[2 * at], columns[2 * at + 1]

    def write(self, **traits):
        """Write traits as the page does, and wait until they are answered."""
        self.listing.set_state(traits)
        until(lambda: not self.listing.busy, "an answer")

    @property
    def problems(self):
        return self.listing.notice["problems"]


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path / "runs")


@pytest.fixture
def runs(stage):
    ages = enumerate(((20.0, 40.0), (10.0, 90.0), (1.0, 2.0)))
    return [made_run(stage.home, seed=seed, returns=returns, seconds_ago=90 - seed) for seed, returns in ages]


@pytest.fixture
def begun(stage, runs):
    stage.tell("begin")
    return stage


def test_nothing_is_read_before_somebody_looks(stage, runs):
    stage.tell("add", run_id=runs[0].run_id)
    stage.listing.set_dark(dark=True)
    stage.write(metric="train/loss")
    stage.listing.refresh()
    assert stage.shown == {}
    assert not (stage.home / "index.db").exists()
    stage.tell("begin")
    assert [run["run_id"] for run in stage.shown["runs"]] == [runs[0].run_id]


def test_chosen_runs_are_drawn_and_told(begun, runs):
    load_run(runs[1].run_id, begun.home).label(name="the best")
    begun.tell("refresh")
    begun.tell("add", run_ids=[runs[1].run_id, runs[0].run_id])
    best = begun.run(runs[1])
    facts = ("name", "env_id", "algorithm", "seed", "steps", "return_mean", "games", "state", "hidden")
    assert [best[fact] for fact in facts] == ["the best", "CartPole-v1", "PPO", 1, 1_000, 50.0, 2, "done", False]
    assert begun.run(runs[0])["name"] == f"Run {runs[0].run_id[-6:]}"
    steps, values = begun.line(runs[1])
    assert (steps.tolist(), values.tolist()) == ([500, 1_000], [10, 50])
    assert "the best lies between 10 and 50" in begun.shown["summary"]
    assert begun.shown["differences"] == [["Seed", (("1", (runs[1].run_id,)), ("0", (runs[0].run_id,)))]]
    json.dumps({name: value for name, value in begun.shown.items() if name != "points"}, allow_nan=False)


def test_a_run_keeps_its_sign_and_a_place_that_is_free_is_given_again(begun, runs):
    begun.tell("add", run_ids=[run.run_id for run in runs])
    signs = [begun.run(run)["sign"] for run in runs]
    assert len(set(signs)) == 3
    begun.tell("drop", run_id=runs[0].run_id)
    assert [begun.run(run)["sign"] for run in runs[1:]] == signs[1:]
    begun.tell("add", run_id=runs[0].run_id)
    assert [begun.run(run)["sign"] for run in runs] == signs
    assert begun.listing.chosen == (runs[1].run_id, runs[2].run_id, runs[0].run_id)
    begun.tell("add", run_id=runs[0].run_id)
    assert len(begun.listing.chosen) == 3
    begun.tell("clear")
    assert begun.shown["runs"] == []


def test_more_runs_than_have_signs_are_refused_and_nothing_is_lost(stage):
    runs = [made_run(stage.home, seed=seed).run_id for seed in range(MOST_RUNS + 1)]
    stage.tell("begin")
    stage.tell("add", run_ids=runs[:MOST_RUNS])
    assert stage.problems == []
    stage.tell("add", run_id=runs[-1])
    assert stage.problems == [
        "13 runs would be compared, and 12 are the most whose curves can be told apart: choose fewer."
    ]
    assert stage.listing.chosen == tuple(runs[:MOST_RUNS])
    stage.tell("drop", run_id=runs[0])
    assert stage.problems == []
    stage.tell("add", run_id=runs[-1])
    assert stage.listing.chosen == tuple(runs[1:])
    with pytest.raises(RetroMLError, match="13 runs would be compared"):
        stage.listing.choose(runs)
    assert stage.listing.chosen == tuple(runs[1:])


def test_metric_window_and_axis_are_the_page_s_choice(begun, runs):
    begun.tell("add", run_id=runs[0].run_id)
    assert [name for name, _ in begun.shown["metrics"]] == ["episode/return", "episode/length", "x"]
    assert begun.shown["windows"] == [[1, "Single episodes"], [20, "Mean of last 20"], [100, "Mean of last 100"]]
    begun.write(window=1)
    assert begun.line(runs[0])[1].tolist() == [20, 40]
    begun.write(axis="time")
    assert begun.line(runs[0])[0].tolist() == [1, 2]
    assert begun.shown["figure"]["layout"]["xaxis"]["title"]["text"] == "Training time (s)"
    begun.write(metric="x")
    assert begun.shown["title"] == "x, single values"
    assert begun.line(runs[0])[1].tolist() == [0.5, 0.5]
    begun.write(metric="train/loss")
    assert begun.shown["drawn"] == []
    assert begun.shown["problems"] == [f"No value of Loss so far: Run {runs[0].run_id[-6:]}."]
    assert ["train/loss", "Loss"] in begun.shown["metrics"]
    begun.write(metric="episode/return", axis="nonsense", window=-7)
    assert begun.shown["title"] == "Return (points), mean of last 20"
    assert begun.errors == []


def test_a_hidden_run_is_not_drawn_nor_saved_and_stays_in_the_legend(begun, runs):
    begun.tell("add", run_ids=[run.run_id for run in runs])
    begun.write(hidden=[runs[0].run_id])
    assert begun.shown["drawn"] == [run.run_id for run in runs[1:]]
    assert begun.run(runs[0])["hidden"]
    begun.tell("export", form="csv", token="t")
    (_, (content,)) = begun.page.sent[-1]
    assert runs[0].run_id not in content.decode()
    assert runs[1].run_id in content.decode()
    begun.tell("drop", run_id=runs[0].run_id)
    begun.tell("add", run_id=runs[0].run_id)
    assert runs[0].run_id in begun.shown["drawn"], "a run that comes back is not hidden"


def test_files_are_named_after_what_they_hold(begun, runs):
    begun.tell("export", form="csv", token="a")
    assert begun.page.sent[-1][0] == {"kind": "problem", "token": "a", "text": "✕ There is no curve to save."}
    begun.tell("add", run_ids=[run.run_id for run in runs])
    for form, mime, start in (("csv", "text/csv", b"run_id,name,step"), ("png", "image/png", b"\x89PNG")):
        begun.tell("export", form=form, token=form)
        message, (content,) = begun.page.sent[-1]
        assert message == {
            "kind": "file",
            "token": form,
            "name": f"compare_episode-return_3-runs.{form}",
            "mime": mime,
        }
        assert content.startswith(start)
    sent = len(begun.page.sent)
    begun.tell("export", form="exe", token="b")
    begun.tell("export", form=["csv"], token="b")
    assert len(begun.page.sent) == sent
    assert begun.errors == []


def test_a_run_that_trains_is_drawn_on_when_the_page_looks(stage, runs):
    folder = made_run(stage.home, state=RunState.RUNNING, returns=(), total_timesteps=100)
    lease = Lease.acquire(folder)
    with closing(RunWriter(folder)) as writer:
        stage.tell("begin")
        stage.tell("add", run_ids=[folder.run_id, runs[0].run_id])
        assert stage.run(folder)["state"] == "running"
        assert folder.run_id not in stage.shown["drawn"]
        for game in range(1, 4):
            writer.handle([EpisodeEvent(10 * game, 1.0, 0, float(game), 10), MetricEvent(10 * game, 1.0, {"x": 1.0})])
            stage.tell("look")
            assert stage.line(folder)[0].tolist() == [10 * number for number in range(1, game + 1)]
            assert stage.run(folder)["steps"] == 10 * game
        told = []
        stage.listing.observe(told.append, "shown")
        stage.tell("look")
        assert told == [], "something was sent though nothing is new"
    lease.release()


def test_a_curve_that_ends_early_because_its_log_is_long_says_so_until_all_of_it_is_read(stage, runs, monkeypatch):
    folder = made_run(stage.home, state=RunState.RUNNING, returns=(), total_timesteps=10_000)
    lease = Lease.acquire(folder)
    with closing(RunWriter(folder)) as writer:
        writer.handle([EpisodeEvent(10 * game, game / 2, 0, 1.0, 10) for game in range(1, 1_001)])
        monkeypatch.setattr(comparison, "MOST_BYTES", int(0.47 * folder.metrics_log.stat().st_size))
        stage.tell("begin")
        stage.tell("add", run_ids=[folder.run_id, runs[0].run_id])
        told = (
            f"Still reading the log of Run {folder.run_id[-6:]} (40 % of it so far): its curve and its mean are of "
            "that part only."
        )
        assert stage.shown["cautions"][-1] == told
        assert stage.line(folder)[0][-1] < 5_000
        stage.tell("export", form="png", token="t")
        assert stage.listing._drawn[1][-1] == told, "a picture that is saved meanwhile says it too"
        stage.write(hidden=[folder.run_id])
        assert "reading" not in " ".join(stage.shown["cautions"]), "no curve is drawn that ends early"
        stage.write(hidden=[])
        stage.tell("look")
        assert stage.line(folder)[0][-1] == 10_000
        assert "reading" not in " ".join(stage.shown["cautions"])
    lease.release()


def test_several_logs_that_are_still_read_are_one_sentence():
    shares = {"first": 0.04, "second": 0.999, "whole": 1.0}
    chosen = [
        Chosen(RunRow(name, name=name), place, Measured(read_share=share), None, hidden=False)
        for place, (name, share) in enumerate(shares.items())
    ]
    (told,) = content(chosen, overlay_of(chosen, "episode/return", 20, "steps"), LIGHT)["cautions"]
    assert told == (
        "Still reading the logs of first (less than 10 % of it so far), second (90 % of it so far): their curves and "
        "means are of those parts only."
    )


def test_a_run_that_is_deleted_is_told_and_comes_back(begun, runs):
    begun.tell("add", run_ids=[run.run_id for run in runs[:2]])
    move_away(runs[0])
    begun.tell("refresh")
    gone = begun.run(runs[0])
    assert (gone["state"], gone["seed"], gone["env_id"]) == ("deleted", 0, "CartPole-v1")
    assert begun.shown["drawn"] == [runs[1].run_id]
    (sentence,) = begun.shown["problems"]
    assert "was deleted, and its curve with it. Undo in Experiments brings it back" in sentence
    move_back(begun.home, runs[0].run_id)
    begun.tell("refresh")
    assert begun.shown["problems"] == []
    assert len(begun.shown["drawn"]) == 2


def test_different_environments_are_warned_of(begun, runs):
    other = made_run(begun.home, env_id="Acrobot-v1", returns=(-500.0, -400.0))
    begun.tell("refresh")
    begun.tell("add", run_ids=[runs[0].run_id, other.run_id])
    assert begun.shown["warns"]
    assert "cannot be compared" in begun.shown["cautions"][0]
    assert "highest end" not in begun.shown["summary"]


def test_how_far_it_is_is_told_when_reading_takes_long_and_only_then(begun, runs, monkeypatch):
    told = []
    begun.listing.observe(lambda change: told.append(change.new), "working")
    begun.tell("add", run_ids=[runs[0].run_id])
    assert told == []
    monkeypatch.setattr(compare, "PATIENCE_S", -1)
    begun.tell("add", run_ids=[run.run_id for run in runs])
    assert told == [*(f"Reading the curves: {done} of 3 runs …" for done in range(3)), ""]


def test_colours_follow_the_theme(begun, runs):
    begun.tell("add", run_id=runs[0].run_id)
    for dark, theme in ((True, DARK), (False, LIGHT)):
        begun.listing.set_dark(dark=dark)
        until(lambda: not begun.listing.busy, "the colours")
        assert begun.run(runs[0])["color"] == begun.shown["figure"]["data"][0]["line"]["color"] == theme.runs[0]


def test_what_a_page_sends_may_be_anything(begun, runs):
    for message in ({"run_ids": "abc"}, {"run_ids": [1, None]}, {"run_id": {}}, {}):
        begun.tell("add", **message)
        begun.tell("drop", **message)
    begun.tell("add", run_ids=["../../etc", runs[0].run_id])
    assert begun.errors == []
    assert begun.run(runs[0])["state"] == "done"
    assert next(run for run in begun.shown["runs"] if run["run_id"] == "../../etc")["state"] == "deleted"


# -- in the panel ------------------------------------------------------------------------------------------------


def test_the_button_of_the_runs_table_leads_to_the_page_which_keeps_what_is_chosen(bench):
    panel = bench().open(steps=600)
    first, second = (panel.start().wait(timeout_s=30).run_id for _ in range(2))
    panel.tabs.bar.tab = "Experiments"
    tell(panel.experiments, action="begin")
    until(lambda: len(panel.experiments.rows) == 2, "the runs")
    tell(panel.experiments, action="overlay", run_ids=[first, second])
    assert panel.tabs.bar.tab == "Compare"
    tell(panel.comparison, action="begin")
    until(lambda: panel.comparison.shown.get("drawn") == [first, second], "the curves")
    panel.tabs.bar.tab = "Train"
    tell(panel.experiments, action="delete", run_ids=[second])
    until(lambda: not panel.experiments.busy, "the deletion")
    panel.tabs.bar.tab = "Compare"
    until(lambda: panel.comparison.shown["drawn"] == [first], "the deletion")
    assert panel.comparison.chosen == (first, second)


def test_too_many_runs_are_refused_under_the_buttons_and_the_page_stays(bench):
    panel = bench().open()
    panel.tabs.bar.tab = "Experiments"
    tell(panel.experiments, action="overlay", run_ids=[f"run-{number}" for number in range(13)])
    assert panel.tabs.bar.tab == "Experiments"
    assert "13 runs would be compared" in panel.runbar.problems[0]["text"]
    assert panel.comparison.chosen == ()


def test_the_tab_stands_after_experiments_and_can_be_the_first(bench):
    panel = bench().open()
    names = list(panel.tabs.bar.tabs)
    assert names[:3] == ["Train", "Experiments", "Compare"]
    assert names == list(PageName.__args__)


def test_settings_are_called_as_in_the_form():
    config = ExperimentConfig(env_id="CartPole-v1", seed=1, run_type="custom", total_timesteps=5, precision="bfloat16")
    fields = [field for section in form_spec(form_values(config)) for field in section["fields"]]
    labels = {field["name"]: field["label"] for field in fields if "label" in field}
    assert {name: labels.get(name) for name in RUN_SETTINGS} == dict(RUN_SETTINGS)
    for settings in HYPERPARAMETERS.values():
        knobs = {spec.knob.label for spec in knob_specs(settings).values()}
        assert not knobs & set(RUN_SETTINGS.values()), "two settings have one name"
