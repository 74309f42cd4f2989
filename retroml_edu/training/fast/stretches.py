"""How long compiled games are played in one go."""

from __future__ import annotations

STEPS = 256
"""Steps of all environments together: about a millisecond, for Stop and the live feed to wait for."""


def stretch(n_envs: int) -> int:
    """Return how many steps of each environment are made between two boundaries, unless less is left to collect.

    It depends on the config alone: a run that goes on from a checkpoint comes by the same boundaries again.
    """
    return max(STEPS // n_envs, 1)
