"""The newest games: the same from events as from columns."""

import math

from retroml_edu.core.curves import curve_points
from retroml_edu.core.events import EpisodeEvent
from retroml_edu.core.recent import RecentEpisodes


def games(count):
    return [EpisodeEvent(10 * n, n / 10, 0, float((7 * n) % 23 - 11), n) for n in range(1, count + 1)]


def test_only_the_newest_are_kept_and_the_best_of_all_is_known():
    recent = RecentEpisodes(capacity=3)
    recent.handle(games(10))
    assert [episode.number for episode in recent.newest] == [8, 9, 10]
    assert [episode.length for episode in recent.newest] == [8, 9, 10]
    assert recent.count == 10
    assert recent.best == max(event.episode_return for event in games(10))
    assert recent.mean_length == 9.0


def test_before_the_first_game_there_is_no_mean():
    recent = RecentEpisodes()
    recent.handle([])
    recent.extend(curve_points([]))
    assert recent.newest == []
    assert math.isnan(recent.mean_length)


def test_columns_give_what_events_give():
    for count in (2, 5, 60):
        live, read = RecentEpisodes(capacity=5), RecentEpisodes(capacity=5)
        live.handle(games(count))
        read.extend(curve_points(games(count)))
        assert (live.newest, live.count, live.best) == (read.newest, read.count, read.best)
