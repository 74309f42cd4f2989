"""The player moves a position on, and shows what is there."""

from __future__ import annotations

import threading

import pytest

from retroml_edu.core.errors import LessonError
from retroml_edu.kit import BanditBench, GridLab, Player, SideBySide, ValueSurface, WalkBench


@pytest.fixture
def shown():
    return []


def test_a_tick_shows_the_next_position_and_is_confirmed(shown, page_of):
    player = Player(shown.append, unit="sweep")
    page = page_of(player)
    page.tell(action="go", steps=1)
    page.tell(action="go", steps=10)
    assert shown == [1, 11]
    assert player.position == 11
    assert page.heard[-1] == {"kind": "shown", "position": 11, "stopped": False, "view": None}


def test_it_ends_at_its_length_and_says_so(shown, page_of):
    player = Player(shown.append, length=5, rates=(1, 100))
    page = page_of(player)
    page.tell(action="go", steps=100)
    assert (player.position, page.heard[-1]["stopped"]) == (5, False)
    page.tell(action="go", steps=1)
    assert (player.position, page.heard[-1]["stopped"]) == (5, True)


def test_a_view_that_had_to_stop_earlier_says_where(page_of):
    player = Player(lambda position: min(position, 3))
    page_of(player).tell(action="go", steps=10)
    assert player.position == 3


def test_going_back_is_for_players_that_can(shown, page_of):
    forward, both = Player(shown.append), Player(shown.append, back=True, length=9)
    forward.go(3)
    forward.go(-2)
    assert forward.position == 3
    page = page_of(both)
    page.tell(action="to", position=7)
    page.tell(action="go", steps=-3)
    page.tell(action="go", steps=-30)
    page.tell(action="to", position=70)
    assert both.position == 9
    assert shown == [3, 3, 7, 4, 0, 9]


def test_from_the_beginning_what_was_learned_is_forgotten_first(page_of):
    told = []
    player = Player(told.append, restart=lambda: told.append("forgotten"))
    player.go(4)
    player.begin()
    page_of(player).tell(action="begin")
    assert told == [4, "forgotten", 0, "forgotten", 0]
    assert player.position == 0


def test_two_threads_that_move_on_at_once_leave_it_where_both_have_moved_it_to():
    begun, go_on, shown = threading.Event(), threading.Event(), []

    def show(position):
        shown.append(position)
        if position == 1:
            begun.set()
            go_on.wait(60)

    player = Player(show)
    threads = [threading.Thread(target=player.go, args=(steps,), daemon=True) for steps in (1, 10)]
    threads[0].start()
    assert begun.wait(60)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert (shown, player.position) == ([1, 11], 11)


@pytest.mark.parametrize("make", [BanditBench, GridLab, SideBySide, ValueSurface, WalkBench])
def test_a_player_shares_the_lock_of_its_piece(make):
    piece = make()
    assert piece.player.lock is piece.lock


def test_of_two_views_that_ask_from_one_position_the_first_is_followed(shown, page_of):
    player = Player(shown.append)
    page = page_of(player)
    for view, start in (("a", 0), ("b", 0), ("a", 1)):
        page.tell(action="go", steps=1, view=view, **{"from": start})
    assert (shown, player.position) == ([1, 2], 2)
    # Each is answered, or it would wait.
    assert [(heard["view"], heard["kind"], heard["position"], heard["stopped"]) for heard in page.heard] == [
        ("a", "shown", 1, False),
        ("b", "late", 1, False),
        ("a", "shown", 2, False),
    ]


def test_what_fails_stops(page_of):
    page = page_of(Player(lambda _position: 1 / 0))
    page.tell(action="go", steps=1, **{"from": 0})
    assert page.heard[-1] == {"kind": "shown", "position": 0, "stopped": True, "view": None}


def test_a_page_that_asks_for_what_there_is_not_is_answered_all_the_same(shown, page_of):
    player = Player(shown.append)
    page = page_of(player)
    for message in ({"action": "go", "steps": 10**9}, {"action": "go", "steps": "3"}, {"action": "fly"}, {}):
        page.tell(**message)
    assert shown == []
    assert len(page.heard) == 4


def test_it_begins_with_a_rate_that_it_offers():
    with pytest.raises(LessonError, match="one of its rates: 1, 10"):
        Player(print, rates=(1, 10), rate=5)
