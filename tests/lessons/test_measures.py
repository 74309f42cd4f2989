"""What claims are measured with counts what their words say, in the cases that words are easily wrong about."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import numpy as np

from retroml_edu.tabular import cliff
from tests.lessons.sources import LESSONS, code_cells

RIGHT, DOWN = 1, 2


def functions_of(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the imports and functions of a lesson, without what else its cells do."""
    [source] = [each for each in LESSONS if each.stem == name]
    for cell in code_cells(source):
        kept = [node for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef | ast.ImportFrom)]
        exec(compile(ast.Module([*ast.parse("import numpy as np").body, *kept], []), name, "exec"), given)
    return given


def test_a_greedy_way_that_never_reaches_the_goal_keeps_off_no_edge() -> None:
    world = cliff()
    lesson = functions_of(
        "04-sarsa-q-learning",
        {"world": world, "start": world.outcomes().start, "ALPHA": 0.5, "EPSILON": 0.1},
    )
    rows, keeps_off = lesson["rows_on_the_way"], lesson["keeps_off_the_edge"]

    def agent(row: int) -> Any:
        """Return one that goes up to a row and along it, then down to the goal."""
        return SimpleNamespace(action_values=lesson["way_along"](row))

    lesson.update(mdp=world.mdp(), UP=0, RIGHT=RIGHT, DOWN=DOWN)
    assert [rows(agent(row)) for row in range(3)] == [{0}, {1}, {2}]
    assert [keeps_off(agent(row)) for row in range(3)] == [True, True, False]

    against_the_wall = SimpleNamespace(action_values=np.tile([0.0, 0.0, 0.0, 1.0], (len(world.fields), 1)))
    to_and_fro = agent(1)
    to_and_fro.action_values[world.state((1, 11))] = [1.0, 0.0, 0.0, 0.0]
    for stuck in (against_the_wall, to_and_fro):
        assert rows(stuck) is None
        assert not keeps_off(stuck)
