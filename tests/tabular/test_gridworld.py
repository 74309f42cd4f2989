"""Boards, edited by hand, and the worlds that they stand for."""

import numpy as np
import pytest

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.gridworld import ACTIONS, GridWorld, cliff
from retroml_edu.tabular.planning import value_iteration

ROOM = GridWorld(("S..", ".#.", "..."), goals={(2, 2): 1.0}, step_reward=-0.1)
UP, RIGHT, DOWN, LEFT = range(4)


def best(world, gamma):
    return list(value_iteration(world.mdp(), gamma))[-1]


def test_moves_walls_and_edges():
    mdp = ROOM.mdp()
    assert ACTIONS == ("up", "right", "down", "left")
    corner, beside = ROOM.state((0, 0)), ROOM.state((0, 1))
    assert mdp.transitions[corner, RIGHT, beside] == 1
    assert mdp.transitions[corner, UP, corner] == mdp.transitions[corner, LEFT, corner] == 1
    assert mdp.transitions[beside, DOWN, beside] == 1  # the wall
    assert mdp.rewards[corner, RIGHT] == -0.1
    assert mdp.rewards[ROOM.state((2, 1)), RIGHT] == 1.0
    assert list(np.flatnonzero(mdp.terminal)) == [ROOM.state((2, 2))]
    assert best(ROOM, 1.0).values[corner] == pytest.approx(1.0 - 0.3)


def test_a_slip_goes_to_either_side():
    mdp = GridWorld(ROOM.board, goals=ROOM.goals, slip=0.2).mdp()
    state = ROOM.state((1, 2))
    row = mdp.transitions[state, DOWN]
    assert row[ROOM.state((2, 2))] == pytest.approx(0.8)
    assert row[state] == pytest.approx(0.2)  # the wall to one side, the edge to the other
    assert mdp.rewards[state, DOWN] == pytest.approx(0.8)


def test_the_cliff_sets_back_to_the_start():
    world = cliff()
    mdp = world.mdp()
    start = world.state((3, 0))
    assert mdp.transitions[start, RIGHT, start] == 1
    assert mdp.rewards[start, RIGHT] == -100
    assert best(world, 1.0).values[start] == pytest.approx(-13)  # along the edge, as in the book


def test_a_board_is_edited_field_by_field():
    walled = ROOM.edited((2, 1), "#")
    assert walled.board == ("S..", ".#.", ".#.")
    assert best(walled, 1.0).values[0] == pytest.approx(0.7)
    moved = walled.edited((2, 0), "S")
    assert moved.board == ("...", ".#.", "S#.")
    assert moved.start == (2, 0)
    two = moved.edited((0, 2), "G", -5.0).edited((1, 0), "R", 2.0)
    assert two.goals == {(2, 2): 1.0, (0, 2): -5.0}
    assert two.rewards == {(1, 0): 2.0}
    gone = two.edited((0, 2), ".").edited((1, 0), "#")
    assert (gone.goals, gone.rewards) == ({(2, 2): 1.0}, {})
    filled = cliff().edited((3, 4), "#")
    assert (3, 4) not in filled.falls
    assert (3, 4) not in filled.rewards


def test_where_no_start_is_marked_it_is_the_first_field_that_is_no_goal():
    world = GridWorld(("..",), goals={(0, 0): 1.0})
    assert world.outcomes().start == world.state((0, 1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GridWorld(()), "rows of equal length"),
        (lambda: GridWorld(("..", ".")), "equal length"),
        (lambda: GridWorld(("." * 30,) * 30), "more than 400 fields"),
        (lambda: GridWorld((".x",)), "'x' means nothing"),
        (lambda: GridWorld(("..",), slip=1.5), "slip=1.5 does not lie between 0 and 1"),
        (lambda: GridWorld(("#.",), goals={(0, 0): 1.0}), "no free field in row 0, column 0"),
        (lambda: GridWorld(("..",), falls=frozenset({(0, 1)})), "no 'S'"),
        (lambda: GridWorld(("#.",), goals={(0, 1): 1.0}).outcomes(), "nowhere to start"),
        (lambda: GridWorld(("S.",), goals={(0, 0): 1.0}).outcomes(), "cannot start where it ends"),
        (lambda: ROOM.edited((9, 0), "#"), "no row 9"),
        (lambda: ROOM.state((1, 1)), "no free field"),
        (lambda: ROOM.edited((0, 1), "g"), "'g' is nothing that a field can be"),
        (lambda: GridWorld(("S.", "S.")), "one 'S' at most"),
    ],
)
def test_what_is_no_board_is_refused(make, message):
    with pytest.raises(TabularError, match=message):
        make()


def test_who_falls_falls_over_the_edge_and_lands_at_the_start():
    board = cliff()
    world, fallen = board.outcomes(), board.fallen()
    falls = fallen >= 0
    assert {board.fields[state] for state in fallen[falls]} == board.falls
    assert (world.reward[falls] == -100).all()
    assert (world.following[falls] == world.start).all()
    assert (world.reward[~falls] == -1).all()
    assert fallen[board.state((3, 0)), 1, 0] == board.state((3, 1))
