"""What is seen to before a lesson's source becomes notebooks: marks, tags, code, and the lesson's name."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retroml_edu.classroom.solutions import BEGIN, END, with_gaps
from retroml_edu.core.errors import LessonError

INSTRUCTOR, EXERCISE = "instructor", "exercise"
"""Tags of cells that students are not given (marking notes, misconceptions, timing), and of those that they fill."""
TAGS = frozenset({INSTRUCTOR, EXERCISE, "claim"})
_HEADER = re.compile(r"# %%( \[markdown\])?(?: tags=(\[(?:\"[a-z-]+\"(?:, \"[a-z-]+\")*)?\]))?")
"""How a cell begins: anything else could be read in another way than it was meant."""


@dataclass(frozen=True)
class SourceCell:
    """A cell as it stands in a source.

    Attributes:
        line: Number of its first line, ``# %%``; 0 of what stands above the first cell.
        is_code: Whether it is code.
        tags: Its tags.
        text: Its lines, without the first.
    """

    line: int
    is_code: bool
    tags: frozenset[str]
    text: str


def check_source(source: Path, text: str, *, whole: bool) -> None:
    """See that a source can be built.

    Args:
        source: Where it stands; its name is that of the lesson.
        text: What stands in it.
        whole: Whether nothing is taken out of it, as of a guide.

    Raises:
        LessonError: If not; with its line.
    """
    _check_solutions(source, text)
    for cell in _cells(source, text):
        if cell.is_code:
            _check_code(source, cell)
            if not whole and INSTRUCTOR not in cell.tags:
                _check_gap(source, cell)


def _check_code(source: Path, cell: SourceCell) -> None:
    """See that a cell is Python as a notebook takes it, and of the lesson that its file is called by."""
    above = cell.line + len(cell.text) - len(cell.text.lstrip("\n"))  # IPython leaves out empty lines at the beginning
    try:
        tree = _parsed(cell.text)
    except SyntaxError as error:
        line = above + (error.lineno or 0)
        raise LessonError(f"{source.name}, line {line}: this is not Python: {error.msg}.") from None
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = _lesson_of(call)
        if name not in {None, source.stem}:
            raise LessonError(
                f'{source.name}, line {above + call.lineno}: this is Lesson("{name}"), and the file is called '
                f'{source.name}: write Lesson("{source.stem}"), or give the file the name of the lesson.'
            )


def _check_gap(source: Path, cell: SourceCell) -> None:
    """See that an exercise has a solution, and that what is left without it is Python."""
    has_solution = BEGIN in map(str.strip, cell.text.splitlines())
    if EXERCISE in cell.tags and not has_solution:
        raise LessonError(
            f"{source.name}, line {cell.line}: an exercise without a solution: put '{BEGIN}' and '{END}' around what "
            "students write themselves."
        )
    if has_solution:
        try:
            _parsed(with_gaps(cell.text))
        except SyntaxError as error:
            raise LessonError(
                f"{source.name}, line {cell.line}: with a gap for its solution this is not Python: {error.msg}."
            ) from None


def _parsed(text: str) -> Any:
    """Return the tree of a cell's code: magics, lines for the shell and top-level ``await`` are taken, as by IPython.

    Raises:
        SyntaxError: If it is none.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    manager: Any = TransformerManager  # it has no types
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an escape that is none, for one: the cell runs all the same
        plain = manager().transform_cell(text)
        tree = compile(plain, "<cell>", "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        compile(tree, "<cell>", "exec", flags, dont_inherit=True)  # finds what the tree does not: `return` outside
    return tree


def _lesson_of(call: ast.Call) -> object:
    """Return the name of the lesson that a call makes; None if it makes none, or if the name is not written there."""
    function = call.func
    called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    given = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "name")]
    return given[0].value if called == "Lesson" and given and isinstance(given[0], ast.Constant) else None


def _cells(source: Path, text: str) -> Iterator[SourceCell]:
    """Yield the cells of a source, from top to bottom.

    Raises:
        LessonError: If one begins otherwise than cells do.
    """
    begins, code, tags = 0, True, frozenset[str]()
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("# %%"):
            lines.append(line)
            continue
        yield SourceCell(begins, code, tags, "\n".join(lines))
        header = _HEADER.fullmatch(line.rstrip())
        begins, code, lines = number, header is not None and not header[1], []
        tags = frozenset(json.loads(header[2] or "[]")) if header else frozenset()
        if header is None or not tags <= TAGS:
            raise LessonError(
                f"{source.name}, line {number}: a cell begins with '# %%' or '# %% [markdown]' and may have tags, as "
                f'tags=["exercise"]; there are {", ".join(sorted(TAGS))}.'
            )
    yield SourceCell(begins, code, tags, "\n".join(lines))


def _check_solutions(source: Path, text: str) -> None:
    opened = 0
    for number, line in enumerate(text.splitlines(), 1):
        mark = line.strip()
        if mark == BEGIN and not opened:
            opened = number
        elif mark == END and opened:
            opened = 0
        elif mark in (BEGIN, END) or (opened and line.startswith("# %%")):
            raise LessonError(f"{source.name}, line {number}: '{BEGIN}' and '{END}' take turns, both in one cell.")
    if opened:
        raise LessonError(f"{source.name}, line {opened}: this solution is not closed by '{END}'.")
