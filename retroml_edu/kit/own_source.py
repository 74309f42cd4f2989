"""The student's own lines: what stands in the notebook where they wrote a function."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from IPython.core.getipython import get_ipython

MOST_SOURCE = 20_000


def source_of(function: object) -> str:
    """Return the lines of a function, of what it wraps, or of an object that is called; empty if nobody knows them."""
    for each in _wrapped(function):
        try:
            return inspect.getsource(each)[:MOST_SOURCE]
        except (OSError, TypeError, ValueError):
            continue
    return next((_from_cells(each.__code__) for each in _wrapped(function) if hasattr(each, "__code__")), "")


def _wrapped(function: object) -> Iterator[Callable[..., Any]]:
    yield function  # type: ignore[misc]  # whatever it is: inspect says what it does not know
    for name in ("py_func", "func", "__call__"):  # of numba, of functools.partial, of any object
        inner = getattr(function, name, None)
        if inspect.isroutine(inner):
            yield inner


def _from_cells(code: CodeType) -> str:
    """Look through the cells that were run, the newest first: code under `%%time` has no lines of its own."""
    history = getattr(get_ipython(), "history_manager", None)
    for cell in reversed(getattr(history, "input_hist_raw", [])):
        if code.co_name in cell:
            found = next((lines for lines in _functions(cell, code)), "")
            if found:
                return found[:MOST_SOURCE]
    return ""


def _functions(cell: str, code: CodeType) -> Iterator[str]:
    """Yield the lines of a cell that make this very code."""
    from IPython.core.inputtransformer2 import TransformerManager

    manager: Any = TransformerManager  # it has no types
    lines = cell.splitlines()
    while lines and (lines[0].startswith("%%") or not lines[0].strip()):
        lines = lines[1:]
    plain = manager().transform_cell("\n".join(lines))
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name and _makes(node, code):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            yield textwrap.dedent("\n".join(plain.splitlines()[first - 1 : node.end_lineno])) + "\n"


def _makes(node: ast.FunctionDef, code: CodeType) -> bool:
    module = compile(ast.Module([node], []), "<cell>", "exec", dont_inherit=True)
    return any(_shape(each) == _shape(code) for each in module.co_consts if isinstance(each, CodeType))


def _shape(code: CodeType) -> tuple[Any, ...]:
    """Return what a function does, wherever it stands."""
    values = [each for each in code.co_consts if not isinstance(each, CodeType)]
    return code.co_code, code.co_names, code.co_varnames, values
