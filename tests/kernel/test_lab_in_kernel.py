"""The panel in a real kernel: buttons while a cell blocks, other cells while training runs, endings."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.kernel import Kernel, running_kernel
from tests.kernel.lab import KernelLab

pytestmark = pytest.mark.kernel

LONG = 'run_type="custom", total_timesteps=5_000_000, seed=1, video={"enabled": False}'
SHORT = 'run_type="custom", total_timesteps=1_024, n_envs=2, seed=1, video={"enabled": False}'

BROKEN_TRAINER = """
import retroml_edu.training as training
def sane(config, make=training.trainer_for):
    return make(config)
class Broken:
    def __init__(self, config):
        self._inner = sane(config)
    def train(self, config, emit, control, start=None):
        def take(event):
            emit(event)
            if event.kind == "metric":
                raise RuntimeError("the sun went out")
        return self._inner.train(config, take, control)
training.trainer_for = Broken
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all tests here: loading torch takes longer than the tests."""
    with running_kernel(tmp_path_factory.mktemp("lab")) as kernel:
        kernel.run("import threading, time")
        yield kernel


@pytest.fixture
def lab(kernel: Kernel) -> Iterator[KernelLab]:
    """A panel set to a run that ends when it is stopped."""
    lab = KernelLab(kernel, "lab", LONG)
    yield lab
    kernel.run("lab.stop(); lab.run and lab.wait(timeout_s=20)", timeout_s=60)


def test_train_and_stop_work_while_a_cell_blocks(kernel: Kernel, lab: KernelLab) -> None:
    subshell = kernel.create_subshell()
    kernel.run("gate = threading.Event()")
    cell = kernel.start("gate.wait(120)")
    lab.press("train", subshell=subshell)
    lab.wait_for_state("running")
    lab.wait_for_steps(lab.wait_for_steps())
    lab.press("pause", subshell=subshell)
    lab.wait_for_state("paused")
    lab.press("resume", subshell=subshell)
    lab.wait_for_state("running")
    lab.wait_for_steps(lab.step)
    lab.press("stop", subshell=subshell)
    lab.wait_for_state("stopped")
    assert not cell.done, "the cell was to block all the while"
    kernel.run("gate.set()", subshell=subshell)
    kernel.wait(lambda: cell.done, "the gated cell")
    assert (cell.result, len(cell.outputs)) == ("True", 1)


def test_other_cells_answer_while_training_runs_and_print_only_their_own(kernel: Kernel, lab: KernelLab) -> None:
    lab.press("train")
    lab.wait_for_steps()
    for number in range(5):
        cell = kernel.run(f"print('cell {number}'); {number} + 1")
        assert cell.result == str(number + 1)
        assert cell.stdout == f"cell {number}\n"
        assert len(cell.outputs) == 2, cell.outputs
        lab.wait_for_steps(lab.step)
    assert lab.state == "running"


def test_a_second_train_is_refused_with_a_sentence(kernel: Kernel, lab: KernelLab) -> None:
    lab.press("train")
    lab.wait_for_steps()
    run = kernel.run("lab.run.run_id").result
    lab.press("train")
    lab.wait_for_problem("This panel is training already (step ")
    assert "Stop that run first, or open a second panel with Lab()." in lab.problems
    assert kernel.run("lab.run.run_id").result == run
    with pytest.raises(AssertionError, match="RunBusyError: This panel is training already"):
        kernel.run("lab.start()")
    lab.wait_for_steps(lab.step)


def test_start_and_wait_in_one_cell(kernel: Kernel) -> None:
    lab = KernelLab(kernel, "lab", SHORT)
    cell = kernel.run("lab.start(); result = lab.wait(timeout_s=60); str(result.state), len(lab.run.metrics()) > 0")
    assert cell.result == "('done', True)"
    assert cell.stdout == ""
    lab.wait_for_state("done")
    assert lab.step >= 1_024


def test_waiting_without_blocking_leaves_the_event_loop_and_the_buttons_alive(kernel: Kernel, lab: KernelLab) -> None:
    subshell = kernel.create_subshell()
    kernel.run(
        "import asyncio\nturns = []\n"
        "async def turn():\n    while True:\n        turns.append(1)\n        await asyncio.sleep(0.01)"
    )
    cell = kernel.start(
        "task = asyncio.ensure_future(turn())\n"
        "result = await lab.start().wait_async(timeout_s=50)\n"
        "task.cancel()\nstr(result.state), len(turns) > 10"
    )
    lab.wait_for_steps(lab.wait_for_steps())
    lab.press("stop", subshell=subshell)
    kernel.wait(lambda: cell.done, "the end of the waiting cell")
    assert cell.error is None
    assert cell.result == "('stopped', True)"


def test_a_wait_that_is_too_short_says_so_and_the_run_goes_on(kernel: Kernel, lab: KernelLab) -> None:
    with pytest.raises(AssertionError, match=r"RunBusyError: Nothing was started from this panel yet"):
        kernel.run("lab.wait()")
    lab.press("train")
    lab.wait_for_steps()
    with pytest.raises(AssertionError, match=r"WaitTimeoutError: The run is still running after 0\.01 s"):
        kernel.run("lab.wait(timeout_s=0.01)")
    with pytest.raises(AssertionError, match=r"WaitTimeoutError: The run is still running after 0\.01 s"):
        kernel.run("await lab.wait_async(timeout_s=0.01)")
    lab.wait_for_steps(lab.step)


def test_two_panels_train_side_by_side(kernel: Kernel, lab: KernelLab) -> None:
    other = KernelLab(kernel, "other", f'algorithm="DQN", {LONG.replace("seed=1", "seed=2")}')
    try:
        lab.press("train")
        other.press("train")
        for each in (lab, other):
            each.wait_for_steps(each.wait_for_steps())
        assert kernel.run("lab.run.run_id != other.run.run_id").result == "True"
        other.press("stop")
        other.wait_for_state("stopped")
        lab.wait_for_steps(lab.step)
        assert lab.state == "running"
    finally:
        kernel.run("other.stop(); other.run and other.wait(timeout_s=20)", timeout_s=60)


def test_a_crash_ends_the_run_as_failed_with_a_sentence_and_keeps_what_was_recorded(kernel: Kernel) -> None:
    lab = KernelLab(kernel, "lab", SHORT)
    kernel.run(BROKEN_TRAINER)
    try:
        cell = kernel.run("result = lab.start().wait(timeout_s=60)")
    finally:
        kernel.run("training.trainer_for = sane")
    assert cell.outputs == []
    lab.wait_for_state("failed")
    shown = "str([line['text'] for line in lab.panel.log.lines])"
    kernel.wait(lambda: "the sun went out" in (kernel.run(shown).result or ""), "the sentence in the log")
    assert "Traceback" not in (kernel.run(shown).result or "")
    assert kernel.run("result.success").result == "False"
    assert kernel.run("print(result.error)").stdout.startswith("RuntimeError: the sun went out. Line 11 of a notebook")
    log = Path(kernel.run("print(result.path)").stdout.strip(), "training.log")
    assert "Traceback (most recent call last)" in log.read_text("utf-8")
    assert kernel.run("len(lab.run.metrics()) > 0 and len(lab.run.episodes()) > 0").result == "True"
    assert "train" in lab.runbar.state["allowed"]


def test_a_wrong_setting_is_a_sentence_and_no_traceback_in_the_panel(kernel: Kernel, lab: KernelLab) -> None:
    form = lab.form
    kernel.set(form, values=form.state["values"] | {"seed": -1})
    kernel.wait(lambda: "seed" in form.state["problems"], "the sentence beside the seed")
    lab.press("train")
    lab.wait_for_problem("Seed: -1 is too small")
    assert lab.state == "ready"
    kernel.set(form, values=form.state["values"] | {"seed": 1})
    kernel.wait(lambda: form.state["problems"] == {}, "no sentence beside the seed")


def test_the_panel_shows_itself_as_the_last_value_of_a_cell(kernel: Kernel, lab: KernelLab) -> None:
    panel, *kept = kernel.run("lab").outputs
    assert "application/vnd.jupyter.widget-view+json" in panel["data"]
    assert [output["metadata"]["retroml_edu"]["part"] for output in kept] == ["table", "picture"]
    assert kernel.run("repr(lab)").result == "'Lab(CartPole-v1, PPO)'"


def test_the_kernel_goes_on_hearing_clicks_and_cells_while_it_trains(kernel: Kernel, lab: KernelLab) -> None:
    # ipykernel 7.3 by itself goes deaf after some fifty rounds of this.
    subshell = kernel.create_subshell()
    kernel.run(
        "from ipywidgets import Button\nbutton = Button(description='count')\nclicks = []\n"
        "button.on_click(lambda _: clicks.append(1))\n"
    )
    button = kernel.widget(description="count")
    lab.press("train", subshell=subshell)
    lab.wait_for_steps()
    for _ in range(150):
        kernel.click(button, subshell=subshell)
        assert kernel.run("1 + 1").result == "2"
    assert kernel.run("len(clicks)").result == "150"
