"""Made-up runs to draw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retroml_edu.core.curves import CurveData, curve_data
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent

ACTOR_CRITIC = ("train/policy_loss", "train/value_loss", "train/entropy")
METRICS_OF = {"PPO": ACTOR_CRITIC, "A2C": ACTOR_CRITIC, "DQN": ("train/loss", "train/exploration_rate")}


def _sample(algorithm: str, episodes: int, *, updates: int = 10, title: str = "CartPole-v1 · seed 1") -> CurveData:
    rng = np.random.default_rng(0)
    events: list[Event] = []
    for number in range(episodes):
        value = float(20 + 180 * number / episodes + rng.normal(0, 5))
        events.append(EpisodeEvent(50 * (number + 1), 0.1, 0, value, 50))
    for number in range(updates):
        values = dict.fromkeys(METRICS_OF[algorithm], float(rng.normal()))
        events.append(MetricEvent(100 * (number + 1), 0.1, values))
    return curve_data(events, title)


@pytest.fixture
def sample() -> Callable[..., CurveData]:
    """Makes the curves of a run whose return rises from 20 to 200: algorithm, episodes, updates=, title=."""
    return _sample
