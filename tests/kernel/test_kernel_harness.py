"""The kernel harness itself, on stock widgets."""

import sys
from pathlib import Path

import pytest

from tests.kernel.kernel import Kernel

pytestmark = pytest.mark.kernel

BUTTON = """
import threading, ipywidgets
clicked = threading.Event()
button = ipywidgets.Button(description="Train")
def on_click(button):
    button.description = "Running"
    clicked.set()
button.on_click(on_click)
"""


def test_a_cell_gives_its_result_its_print_and_its_error(kernel: Kernel) -> None:
    assert kernel.run("1+1").result == "2"
    assert kernel.run("print('one'); print('two')").stdout == "one\ntwo\n"
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero"):
        kernel.run("1/0")


def test_the_kernel_is_this_interpreter_with_this_checkout(kernel: Kernel, tmp_path: Path) -> None:
    assert kernel.run("import sys; sys.executable").result == repr(sys.executable)
    assert kernel.run("import os; os.environ['RETROML_HOME']").result == repr(str(tmp_path / "runs"))
    assert kernel.run("import retroml_edu").error is None


def test_an_input_reaches_the_kernel(kernel: Kernel) -> None:
    kernel.run("import ipywidgets; slider = ipywidgets.IntSlider(value=3, max=9)")
    slider = kernel.widget(value=3, max=9)
    kernel.set(slider, value=7)
    assert kernel.run("slider.value").result == "7"


def test_a_click_waits_for_the_main_shell_and_not_for_a_subshell(kernel: Kernel) -> None:
    kernel.run(BUTTON)
    button = kernel.widget(description="Train")
    subshell = kernel.create_subshell()
    cell = kernel.start("clicked.wait(20)")
    kernel.click(button, subshell=subshell)
    kernel.wait(lambda: cell.done, "the blocking cell, which ends at the click")
    assert cell.result == "True"
    assert button.state["description"] == "Running"

    kernel.run("clicked.clear(); button.description = 'Train'")
    cell = kernel.start("clicked.wait(0.3)")
    kernel.click(button)
    kernel.wait(lambda: button.state["description"] == "Running", "the late callback")
    assert cell.result == "False"


def test_a_subshell_answers_while_a_cell_blocks(kernel: Kernel) -> None:
    subshell = kernel.create_subshell()
    kernel.run("import threading; gate = threading.Event()")
    cell = kernel.start("gate.wait(20)")
    assert kernel.run("1+1", subshell=subshell).result == "2"
    assert kernel.latency_s(subshell=subshell) > 0
    assert not cell.done
    kernel.run("gate.set()", subshell=subshell)
    kernel.wait(lambda: cell.done, "the gated cell")
    assert cell.result == "True"


def test_a_thread_sends_bytes_while_a_cell_blocks(kernel: Kernel) -> None:
    kernel.run("import threading, ipywidgets; gate = threading.Event(); image = ipywidgets.Image()")
    image = kernel.widget(_model_name="ImageModel")
    subshell = kernel.create_subshell()
    cell = kernel.start(
        "def feed():\n"
        "    image.value = b'frame'\n"
        "    image.send({'kind': 'points'}, [b'1234'])\n"
        "threading.Thread(target=feed).start()\n"
        "gate.wait(20)"
    )
    kernel.wait(lambda: bool(image.messages), "the thread's message")
    assert not cell.done
    assert image.state["value"] == b"frame"
    assert image.messages == [({"kind": "points"}, [b"1234"])]
    kernel.run("gate.set()", subshell=subshell)
