"""The board of a grid world: what it sends to the page, and what a hand on it changes."""

import numpy as np
import pytest

from retroml_edu.core.errors import TabularError
from retroml_edu.kit import GridBoard
from retroml_edu.tabular import GridWorld, cliff, four_by_four, value_iteration

WORLD = GridWorld(("S..", ".#.", "..."), goals={(2, 2): 1.0}, rewards={(0, 2): -0.5})


def tell(board, **message):
    """Say to the kernel's half what the page says."""
    board._handle_custom_msg({"number": board.heard + 1, **message}, [])


def paint(board, *places, sign="#", reward=0.0, stroke=1):
    tell(board, action="paint", places=[list(place) for place in places], sign=sign, reward=reward, stroke=stroke)


@pytest.fixture
def edited():
    """A board that can be edited, and the worlds that it has told of."""
    worlds = []
    board = GridBoard(WORLD, editable=True, on_edit=worlds.append)
    return board, worlds


def test_what_is_shown_reaches_the_page_as_numbers_of_the_states():
    board = GridBoard(WORLD, label="Room")
    *_, last = value_iteration(WORLD.mdp(), 0.9)
    board.show(values=last.values, policy=last.policy, path=[0, 1, 2], plan=[0, 2], agent=2, limits=(-1, 1))
    assert board.label == "Room"
    assert board.board["rows"] == ["S..", ".#.", "..."]
    assert board.board["goals"] == [[2, 2, 1.0]]
    np.testing.assert_allclose(np.frombuffer(board.shown["values"], np.float32), last.values, rtol=1e-6)
    np.testing.assert_allclose(np.frombuffer(board.shown["policy"], np.float32).reshape(-1, 4), last.policy)
    assert board.shown["plan"] == [0, 2]
    assert (board.shown["path"], board.shown["agent"], board.shown["limits"]) == ([0, 1, 2], 2, [-1.0, 1.0])
    board.show(agent=0)
    assert board.shown == {"agent": 0}


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"values": np.zeros(9)}, r"values of this board have the shape \(8,\), not \(9,\)"),
        ({"policy": np.zeros((8, 3))}, r"policy .* \(8, 4\), not \(8, 3\)"),
        ({"action_values": np.zeros(8)}, r"action_values .* \(8, 4\)"),
        ({"path": [0, 8]}, "numbers 0 to 7"),
        ({"plan": [0, -1]}, "numbers 0 to 7"),
        ({"agent": -1}, "numbers 0 to 7"),
    ],
)
def test_what_does_not_fit_the_board_is_refused(known, told):
    board = GridBoard(WORLD)
    with pytest.raises(TabularError, match=told):
        board.show(**known)
    assert board.shown == {}


def test_a_new_world_is_drawn_without_what_was_known_of_the_old():
    board = GridBoard(WORLD)
    board.show(values=np.zeros(8))
    board.world = cliff()
    assert board.shown == {}
    assert len(board.board["falls"]) == 10
    assert board.board["step_reward"] == -1.0


def test_a_stroke_changes_its_fields_and_is_taken_back_as_one(edited):
    board, worlds = edited
    paint(board, (1, 0))
    paint(board, (2, 0), (2, 1))
    assert board.world.board == ("S..", "##.", "##.")
    paint(board, (1, 2), sign="G", reward=-2.0, stroke=2)
    assert board.world.goals == {(2, 2): 1.0, (1, 2): -2.0}
    assert worlds[-1] is board.world
    tell(board, action="undo")
    assert board.world.goals == {(2, 2): 1.0}
    tell(board, action="undo")
    assert board.world == WORLD
    assert board.undoable == 0
    assert worlds[-1] == WORLD


def test_a_stroke_that_begins_where_it_changes_nothing_can_be_taken_back(edited):
    board, _ = edited
    paint(board, (1, 1))
    assert board.undoable == 0
    paint(board, (1, 2))
    tell(board, action="undo")
    assert board.world == WORLD


def test_starting_over_brings_the_first_world_back_and_can_be_taken_back(edited):
    board, _ = edited
    paint(board, (1, 0))
    paint(board, (1, 2), stroke=2)
    changed = board.world
    tell(board, action="reset")
    assert board.world == WORLD
    board.undo()
    assert board.world == changed


def test_what_is_known_goes_with_the_edit_and_comes_back_with_what_the_listener_shows():
    board = GridBoard(WORLD, editable=True)
    board.on_edit = lambda world: board.show(values=np.ones(len(world.fields)))
    board.show(values=np.zeros(8))
    paint(board, (1, 0))
    assert len(np.frombuffer(board.shown["values"], np.float32)) == 7


@pytest.mark.parametrize("sign", ["#", "G", "R", "."])
def test_the_start_is_not_painted_over(edited, sign):
    board, worlds = edited
    paint(board, (0, 0), sign=sign, reward=1.0)
    assert board.said == "Episodes start here. Set the start on another field first."
    assert board.world == WORLD
    assert worlds == []
    paint(board, (0, 1), sign="S", stroke=2)
    assert board.said == ""
    assert board.world.start == (0, 1)


def test_a_stroke_over_the_start_paints_the_others(edited):
    board, _ = edited
    paint(board, (0, 1), (0, 0), (1, 0))
    assert board.world.board == ("S#.", "##.", "...")
    assert "Episodes start here" in board.said


def test_one_field_stays_free_to_start_from():
    board = GridBoard(GridWorld(("..",), goals={(0, 1): 1.0}), editable=True)
    paint(board, (0, 0))
    assert "nowhere to start" in board.said
    assert board.world.board == ("..",)


def test_a_cliff_keeps_its_start():
    board = GridBoard(cliff(), editable=True)
    paint(board, (3, 0))
    assert "Episodes start here" in board.said
    paint(board, (3, 5), sign=".", stroke=2)
    assert (3, 5) not in board.world.falls


def test_from_code_a_bad_edit_raises_and_changes_nothing(edited):
    board, _ = edited
    with pytest.raises(TabularError, match="no row 7"):
        board.edit([(1, 0), (7, 0)], "#")
    with pytest.raises(TabularError, match="number"):
        board.edit([(1, 0)], "G", float("nan"))
    with pytest.raises(TabularError, match="from -1,000,000 to 1,000,000"):
        board.edit([(1, 0)], "G", 1e308)
    assert board.world == WORLD
    board.edit([(1, 0), (2, 0)], "#")
    board.undo()
    assert board.world == WORLD


def test_a_board_that_is_only_looked_at_takes_no_edit_and_answers():
    board = GridBoard(four_by_four())
    paint(board, (1, 1))
    assert board.world == four_by_four()
    assert board.heard == 1
