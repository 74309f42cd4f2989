"""All topics of the help, in the order of their groups."""

from __future__ import annotations

from functools import cache

from retroml_edu.widgets.help import (
    around,
    games,
    of_figures,
    of_insights,
    of_predictions,
    of_settings,
    panel,
    problems,
    start,
)
from retroml_edu.widgets.help.topic import GROUPS, Topic


@cache
def all_topics() -> tuple[Topic, ...]:
    """Return every topic; made when it is first asked for, and then kept."""
    sources = (start, panel, of_predictions, of_settings, of_figures, of_insights, games, around, problems)
    found = [topic for source in sources for topic in source.topics()]
    return tuple(sorted(found, key=lambda topic: GROUPS.index(topic.group)))
