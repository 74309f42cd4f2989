"""What a notebook shows of a foreseen error: the reader's own lines and what is behind it, no line of the package."""

from __future__ import annotations

import linecache

import pytest

from retroml_edu.core.errors import ConfigError, RetroMLError, RunBusyError, StorageError, TabularError
from retroml_edu.core.metrics import metric


@pytest.fixture
def cells():
    """Run cells of a notebook, one after another in one namespace, as IPython does; return what the last one shows."""
    names = []

    def run(*sources):
        namespace = {"__name__": "__main__", "metric": metric}
        codes = []
        for number, source in enumerate(sources):
            name = f"<cell {number}>"
            names.append(name)
            linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
            codes.append(compile(source, name, "exec"))
        for code in codes[:-1]:
            exec(code, namespace)
        with pytest.raises(RetroMLError) as raised:
            exec(codes[-1], namespace)
        return raised.value._render_traceback_()

    yield run
    for name in names:
        linecache.cache.pop(name, None)


def test_kind_text_and_the_line_of_the_cell_are_shown(cells):
    told, line = cells("x = 1\nmetric('loss/vale')\ny = 2")
    assert told.startswith('UnknownNameError: There is no metric "loss/vale".')
    assert line == "Line 2 of this cell: metric('loss/vale')"


def test_a_cell_of_one_line_is_not_said_again(cells):
    (told,) = cells("metric('loss/vale')")
    assert told.startswith("UnknownNameError: ")


def test_a_function_of_another_cell_is_named_with_the_line_in_it(cells):
    mine = "def label(name):\n    return metric(name).label"
    told = cells(mine, "for name in ['loss/vale']:\n    label(name)")
    assert told[1:] == ["Line 2 of this cell: label(name)", "Line 2, in `label`: return metric(name).label"]
    assert cells(mine, "label('loss/vale')")[1:] == [
        "Line 1 of this cell: label('loss/vale')",
        "Line 2, in `label`: return metric(name).label",
    ]


def test_of_many_calls_the_first_and_the_last_are_shown(cells):
    told = cells("def deep(n):\n    return deep(n - 1) if n else metric('x')", "x = 1\ndeep(50)")
    assert told[1:] == ["Line 2 of this cell: deep(50)", "Line 2, in `deep`: return deep(n - 1) if n else metric('x')"]


def test_one_line_is_said_once(cells):
    told = cells("names = ['x']\n[metric(name) for name in names]")
    assert told[1:] == ["Line 2 of this cell: [metric(name) for name in names]"]


def test_a_file_that_a_cell_ran_is_named(cells):
    told = cells("code = compile('1\\nmetric(\"x\")', 'folder/mine.py', 'exec')\nexec(code)")
    assert told[1:] == ["Line 2 of this cell: exec(code)", "Line 2 of mine.py"]


def shown(error, cause):
    try:
        try:
            raise cause
        except type(cause) as found:
            raise error from found
    except type(error) as caught:
        return caught._render_traceback_()


def test_an_error_that_nobody_foresaw_is_told_behind_a_foreseen_one():
    told, behind, how = shown(StorageError("It cannot be read."), KeyError("steps"))
    assert told == "StorageError: It cannot be read."
    assert behind.startswith(f"Behind it: KeyError: 'steps' ({__file__}, line ")
    assert how == "To see all of it: import traceback; traceback.print_last()"


def test_it_is_found_behind_foreseen_ones_too():
    inner = TabularError("Inner.")
    inner.__cause__ = ZeroDivisionError("two\nlines")
    assert shown(StorageError("Outer."), inner)[1] == "Behind it: ZeroDivisionError: two"


@pytest.mark.parametrize("cause", [TabularError("No."), PermissionError(13, "Permission denied", "/x")])
def test_foreseen_causes_are_told_by_the_text_already(cause):
    assert shown(StorageError("It cannot be read."), cause) == ["StorageError: It cannot be read."]


@pytest.mark.parametrize("kind", [ConfigError, RunBusyError, TabularError])
def test_an_error_that_was_never_raised_has_its_text_alone(kind):
    assert kind("One.\nTwo.")._render_traceback_() == [f"{kind.__name__}: One.", "Two."]
