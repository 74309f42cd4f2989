"""The tutorial in a panel: offered once, led through, left and found again."""

from __future__ import annotations

import shutil

import pytest

from retroml_edu.storage.tutorial import FILE, TutorialStanding, read_tutorial
from retroml_edu.widgets.tutorial.card import TRAIN
from retroml_edu.widgets.tutorial.steps import NUMBERS, STEPS
from retroml_edu.widgets.tutorial.task import SEED, task_config
from tests.widgets.conftest import tell, until

LAST = len(STEPS) - 1


def asked(panel, action, **more):
    """Ask for something, and wait until it is done."""
    tell(panel.tutorial, action=action, **more)
    settled(panel)


def settled(panel):
    until(lambda: not panel.tutorial.busy, "the tutorial")


def go(panel, to):
    """Press Next until a step."""
    for number in range(panel.tutorial.step + 1, to + 1):
        asked(panel, "go", to=number)


def reached(panel, what):
    until(lambda: what in panel.tutorial.reached, f"{what!r}, not only {panel.tutorial.reached}")
    settled(panel)


def test_each_step_has_a_name_of_its_own_and_what_is_awaited_is_told():
    assert len(NUMBERS) == len({step.title for step in STEPS}) == len(STEPS)
    for step in STEPS:
        assert step.says
        assert bool(step.awaits) == bool(step.waiting)


def test_it_is_offered_where_there_are_no_runs_and_nothing_of_it_is_sent_or_kept(bench):
    item = bench()
    panel = item.open()
    assert (panel.tutorial.offer, panel.tutorial.invitation) == ("new", "Start the tutorial")
    assert (panel.tutorial.is_open, panel.tutorial.steps) == (False, [])
    assert panel.help.tutorial == "Start the tutorial"
    assert not item.home.exists()


def test_who_declines_is_not_asked_again_and_may_still_begin(bench):
    item = bench()
    panel = item.open()
    asked(panel, "decline")
    assert panel.tutorial.offer == ""
    panel = bench(item.home).open()
    assert panel.tutorial.offer == ""
    assert panel.help.tutorial == "Start the tutorial"
    asked(panel, "begin")
    assert (panel.tutorial.is_open, len(panel.tutorial.steps)) == (True, len(STEPS))


def test_who_trains_without_it_needs_no_offer(bench):
    item = bench()
    panel = item.open(steps=600)
    panel.start().wait(timeout_s=30)
    until(lambda: panel.tutorial.offer == "", "the end of the offer")
    assert bench(item.home).open().tutorial.offer == ""
    assert not (item.home / FILE).exists()


def test_choose_for_me_fills_the_form_in(bench):
    item = bench()
    panel = item.open(env_id="Acrobot-v1", algorithm="DQN", seed=5)
    asked(panel, "begin")
    asked(panel, "choose")
    wanted = task_config(item.home)
    chosen = panel.config
    assert (chosen.env_id, chosen.algorithm, chosen.seed) == ("CartPole-v1", "PPO", wanted.seed)
    assert chosen.total_timesteps == wanted.total_timesteps
    assert chosen.hyperparameters == wanted.hyperparameters
    assert panel.form.quick["current"] == "high score"
    assert f"{wanted.total_timesteps:,} steps, seed {wanted.seed}" in panel.tutorial.said
    asked(panel, "go", to=1)
    assert panel.tutorial.said == ""


def test_a_whole_tutorial_waits_for_what_a_person_does_and_ends_with_a_comparison(bench):
    item = bench(wait_at=1_000)
    panel = item.open()
    asked(panel, "begin")
    go(panel, TRAIN)
    asked(panel, "go", to=TRAIN + 1)
    assert panel.tutorial.step == TRAIN
    panel.start()
    reached(panel, "started")
    asked(panel, "go", to=TRAIN + 2)
    assert panel.tutorial.step == TRAIN  # one step at a time
    reached(panel, "measured")
    go(panel, NUMBERS["meaning"])
    asked(panel, "go", to=NUMBERS["compare"])
    assert panel.tutorial.step == NUMBERS["meaning"]
    item.trainers[0].release.set()
    reached(panel, "ended")
    go(panel, NUMBERS["compare"])
    assert set(panel.tutorial.result["curves"]) == {"yours", "recorded"}
    assert panel.run.config.seed == SEED
    assert "Seed (" not in " ".join(panel.tutorial.result["sentences"])
    go(panel, LAST)
    asked(panel, "finish")
    assert (panel.tutorial.is_open, panel.tutorial.offer) == (False, "")
    assert panel.help.tutorial == "Start the tutorial"
    assert read_tutorial(item.home).standing is TutorialStanding.FINISHED
    asked(panel, "begin")
    assert (panel.tutorial.step, panel.tutorial.reached) == (0, [])  # the run of the last time counts no more


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        (5_000, "Set for you: seed 1 instead of 5000, as in the recorded run."),
        ("abc", "Set for you: seed 1, as in the recorded run."),
        (SEED, ""),
    ],
)
def test_the_step_about_the_seed_sets_that_of_the_recorded_run_and_nothing_else(bench, seed, said):
    item = bench()
    panel = item.open()
    item.set(seed=seed, hyperparameters__learning_rate=0.002)
    before = panel.form.values
    asked(panel, "begin")
    go(panel, NUMBERS["game"])
    assert panel.form.values == before
    go(panel, NUMBERS["seed"])
    assert panel.form.values == before | {"seed": SEED}
    assert panel.tutorial.said == said
    assert "seed" not in panel.form.problems


def test_a_seed_that_is_changed_between_its_step_and_train_is_set_again(bench):
    item = bench()
    panel = item.open(steps=600)
    asked(panel, "begin")
    go(panel, NUMBERS["slider"])
    item.set(seed=9)
    go(panel, TRAIN)
    assert panel.config.seed == SEED
    assert panel.tutorial.said == "Set for you: seed 1 instead of 9, as in the recorded run."
    panel.start().wait(timeout_s=30)
    reached(panel, "ended")
    assert panel.tutorial.said == "", "it hides that the next step is open"
    item.set(seed=2)
    go(panel, LAST)
    assert panel.config.seed == 2, "after Train the seed is the person's again"


def test_who_goes_on_at_train_in_another_kernel_has_the_seed_of_the_recorded_run(bench):
    item = bench()
    panel = item.open()
    asked(panel, "begin")
    go(panel, TRAIN)
    panel = bench(item.home).open(seed=70)
    assert panel.config.seed == 70
    asked(panel, "begin")
    assert (panel.tutorial.step, panel.config.seed) == (TRAIN, SEED)


def test_an_environment_that_is_not_there_is_told_and_keeps_nobody_at_the_step(bench):
    item = bench()
    panel = item.open()
    asked(panel, "begin")
    go(panel, NUMBERS["game"])
    item.set(env_id="other", custom_env_id="Nowhere-v0")
    go(panel, NUMBERS["seed"])
    assert panel.tutorial.step == NUMBERS["seed"]
    item.until_said("Nowhere-v0")


def test_back_is_always_possible(bench):
    panel = bench().open()
    asked(panel, "begin")
    go(panel, 3)
    asked(panel, "go", to=2)
    assert panel.tutorial.step == 2


@pytest.mark.parametrize("to", [-1, 5, len(STEPS), "2", None, 1.0])
def test_other_steps_than_the_next_cannot_be_asked_for(bench, to):
    panel = bench().open()
    asked(panel, "begin")
    asked(panel, "go", to=to)
    assert (panel.tutorial.step, panel.runbar.problems) == (0, [])


def test_what_was_left_is_found_again_with_its_run_by_another_kernel(bench):
    item = bench()
    panel = item.open(steps=600)
    asked(panel, "begin")
    go(panel, TRAIN)
    run = panel.start()
    run.wait(timeout_s=30)
    reached(panel, "ended")
    go(panel, NUMBERS["watch"])
    asked(panel, "leave")
    assert (panel.tutorial.is_open, panel.tutorial.offer) == (False, "left")
    assert panel.tutorial.invitation == "Go on with the tutorial, step 6 of 9"

    panel = bench(item.home).open()
    assert (panel.tutorial.is_open, panel.tutorial.offer) == (False, "left")
    assert panel.help.tutorial == "Go on with the tutorial, step 6 of 9"
    assert panel.run is None
    asked(panel, "begin")
    assert (panel.tutorial.is_open, panel.tutorial.step) == (True, NUMBERS["watch"])
    assert panel.run.run_id == run.run_id
    reached(panel, "ended")
    go(panel, NUMBERS["compare"])
    assert panel.tutorial.result["curves"]


def test_a_run_that_was_begun_is_remembered_though_nobody_has_pressed_next(bench):
    item = bench()
    panel = item.open(steps=600)
    asked(panel, "begin")
    go(panel, TRAIN)
    panel.start().wait(timeout_s=30)
    reached(panel, "ended")
    run_id = panel.run.run_id
    until(lambda: read_tutorial(item.home).run_id == run_id, "the run in the file")
    panel = bench(item.home).open()
    asked(panel, "leave")  # of a card that is not open
    assert read_tutorial(item.home).run_id == run_id
    asked(panel, "begin")
    assert (panel.tutorial.step, panel.run.run_id) == (TRAIN, run_id)
    reached(panel, "ended")


def test_another_run_that_a_new_panel_shows_is_not_taken_for_the_tutorial_s(bench):
    item = bench()
    panel = item.open(steps=600)
    other = panel.start()
    other.wait(timeout_s=30)
    asked(panel, "begin")
    go(panel, TRAIN)
    assert panel.tutorial.reached == []
    run = panel.start()
    run.wait(timeout_s=30)
    reached(panel, "ended")
    go(panel, NUMBERS["watch"])

    panel = bench(item.home).open()
    panel.open_run(other.run_id)
    asked(panel, "begin")
    assert panel.run.run_id == run.run_id, "the tutorial's own is shown again"
    assert read_tutorial(item.home).run_id == run.run_id


def test_a_run_that_is_gone_is_trained_once_more(bench):
    item = bench()
    panel = item.open(steps=600)
    asked(panel, "begin")
    go(panel, TRAIN)
    panel.start().wait(timeout_s=30)
    reached(panel, "ended")
    go(panel, LAST)
    shutil.rmtree(panel.run.path)
    panel = bench(item.home).open()
    asked(panel, "begin")
    assert (panel.tutorial.step, panel.tutorial.reached) == (TRAIN, [])
    assert panel.tutorial.said == (
        "The run of this tutorial is not there any more: train it once more. Set for you: seed 1 instead of 7, as in "
        "the recorded run."
    )


def test_a_run_that_is_deleted_during_the_tutorial_cannot_be_compared_and_says_so(bench):
    panel = bench().open(steps=600)
    asked(panel, "begin")
    go(panel, TRAIN)
    panel.start().wait(timeout_s=30)
    reached(panel, "ended")
    go(panel, NUMBERS["meaning"])
    shutil.rmtree(panel.run.path)
    go(panel, NUMBERS["compare"])
    assert panel.tutorial.result["curves"] == {}
    assert "was deleted" in panel.tutorial.result["sentences"][0]


def test_a_home_that_cannot_be_written_is_told_and_the_tutorial_goes_on(bench):
    item = bench()
    item.home.write_text("in the way")
    panel = item.open()
    asked(panel, "begin")
    item.until_said("a file is in the way")
    assert (panel.tutorial.is_open, len(panel.tutorial.steps)) == (True, len(STEPS))
    go(panel, 1)
    assert panel.tutorial.step == 1
