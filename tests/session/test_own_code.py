"""Which line of a person's own code an error comes from."""

from __future__ import annotations

import runpy

import pytest

from retroml_edu.session.own_code import where_to_mend

SOURCE = """import json
def step(action):
    return {"left": 1.0}[action]
def encode(value):
    return json.dumps(value)
"""


@pytest.fixture
def written(tmp_path):
    """Write what a person wrote into a file of that name, and return its names."""

    def written(name):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(SOURCE, "utf-8")
        return runpy.run_path(str(path))

    return written


def said_of(call, *arguments):
    try:
        call(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever the person's code raises
        return where_to_mend(error)
    return pytest.fail("nothing was raised")


def test_a_line_of_a_file(written):
    again = "mend that line and restart the kernel, so that it is read again."
    assert said_of(written("game.py")["step"], 1) == f"Line 3 of game.py, in step, raised it: {again}"


def test_what_a_library_raises_leads_to_the_line_that_called_it(written):
    assert said_of(written("game.py")["encode"], {1, 2}).startswith("Line 5 of game.py, in encode, raised it")


def test_a_line_of_a_cell(written):
    told = said_of(written("ipykernel_71/4070.py")["step"], 1)
    assert told == "Line 3 of a notebook cell, in step, raised it: mend that line and run its cell again."


def test_an_error_without_a_line():
    assert where_to_mend(ValueError("of no place")) == ""
