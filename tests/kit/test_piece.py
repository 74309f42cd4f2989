"""A piece has one lock, which its parts share."""

from __future__ import annotations

import threading

import pytest

from retroml_edu.kit import Controls, GridBoard, Piece, Player, Plot, Slider
from retroml_edu.kit.piece import column, row
from retroml_edu.tabular import GridWorld

ROOM = GridWorld(("S..", "..."), goals={(1, 2): 1.0})
MOST_S = 20


def is_free(lock):
    """Return whether another thread could take a lock now."""
    found = []

    def look():
        found.append(lock.acquire(blocking=False))
        if found[0]:
            lock.release()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(MOST_S)
    return found[0]


@pytest.fixture
def parts():
    return [GridBoard(ROOM), Player(lambda _position: None), Controls(Slider("alpha", "α", 0.1, 0.0, 1.0))]


def test_its_parts_have_its_lock_wherever_they_stand_in_it(parts):
    board, player, controls = parts
    piece = Piece("Mine", Plot(), row(board, column(controls)), player)
    assert [part.lock for part in parts] == [piece.lock] * 3


def test_parts_that_come_later_have_it_too(parts):
    board, player, controls = parts
    place = column()
    piece = Piece("Mine", place)
    place.children = [row(board, controls)]
    piece.box.children = [*piece.box.children, player]
    assert [part.lock for part in parts] == [piece.lock] * 3


def test_a_piece_within_a_piece_keeps_its_own():
    controls = Controls(Slider("alpha", "α", 0.1, 0.0, 1.0))
    inner = Piece("Inner", controls)
    outer = Piece("Outer", inner.box)
    assert controls.lock is inner.lock is not outer.lock


def test_what_a_part_tells_of_it_tells_under_the_lock(parts):
    board, _, controls = parts
    piece = Piece("Mine", *parts)
    free = []
    board.on_edit = controls.on_change = controls.on_press = lambda _told: free.append(is_free(piece.lock))
    board.edit([(0, 1)], "#")
    controls.set("alpha", 0.5)
    assert free == [False, False]
    assert is_free(piece.lock)


def test_an_edit_and_a_drawing_do_not_wait_for_each_other():
    done, drawer_has_the_lock = [], threading.Event()

    def edited(_world):
        # With a lock each, the drawing has that of the piece by now, and waits for that of the board.
        if is_free(piece.lock):
            drawing.start()
            drawer_has_the_lock.wait(MOST_S)
        with piece.problems():
            done.append("edited")

    def draw():
        with piece.lock:
            drawer_has_the_lock.set()
            board.show()
            done.append("drawn")

    board = GridBoard(ROOM, on_edit=edited)
    piece = Piece("Mine", board)
    drawing = threading.Thread(target=draw, daemon=True)
    editing = threading.Thread(target=board.edit, args=([(0, 1)], "#"), daemon=True)
    editing.start()
    editing.join(MOST_S)
    assert not editing.is_alive()
    drawing.start()
    drawing.join(MOST_S)
    assert done == ["edited", "drawn"]
