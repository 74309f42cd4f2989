"""Boxing: two boxers, seen from above, their arms, the clock and the points.

| what | byte | on the screen |
|---|---|---|
| own boxer (white), across and down | 32, 34 | his body's middle at x = byte + 11, his own at y = byte + 61 |
| other boxer (black), across and down | 33, 35 | the same |
| own arms, upper and lower | 73, 75 | 48 more than at rest where the arm is stretched out, in steps of 16 |
| other arms, upper and lower | 77, 79 | the same |
| minutes, seconds | 16 (upper half), 17 (decimal digits) | the clock, from 2:00 down |
| points, own and the other's | 18, 19 (decimal digits) | |

The body's middle is a pixel further on the side that a boxer faces. One who was hit bends back for some frames: what is
seen of him is then up to three pixels from here.
"""

from __future__ import annotations

from retroml_edu.envs.atari.objects.object_map import (
    ANNOTATED_RAM,
    OBJECT_CENTRIC,
    Bytes,
    Floats,
    ObjectMap,
    across,
    down,
    from_bcd,
    speed,
    within,
)

X, Y, OTHER_X, OTHER_Y = 32, 34, 33, 35
UPPER_ARM, LOWER_ARM, OTHER_UPPER_ARM, OTHER_LOWER_ARM = 73, 75, 77, 79
UPPER_AT_REST, LOWER_AT_REST, STRETCH = 95, 191, 48
MINUTES, SECONDS, POINTS, OTHER_POINTS = 16, 17, 18, 19
REACH = 40
"""Pixels that are told as a distance of 1: from a little further a blow still lands."""

MANY_POINTS = 50
ROUND_S = 120


def read(now: Bytes, before: Bytes, out: Floats) -> None:
    """Tell where the boxers and their arms are, and how the fight stands (see `ObjectMap`)."""
    memory, earlier = now.tobytes(), before.tobytes()
    out[:] = (
        across(memory[X] + 11),
        down(memory[Y] + 61),
        across(memory[OTHER_X] + 11),
        down(memory[OTHER_Y] + 61),
        within((memory[OTHER_X] - memory[X]) / REACH),
        within((memory[OTHER_Y] - memory[Y]) / REACH),
        speed(memory[X], earlier[X]),
        speed(memory[Y], earlier[Y]),
        speed(memory[OTHER_X], earlier[OTHER_X]),
        speed(memory[OTHER_Y], earlier[OTHER_Y]),
        within((memory[UPPER_ARM] - UPPER_AT_REST) / STRETCH),
        within((memory[LOWER_ARM] - LOWER_AT_REST) / STRETCH),
        within((memory[OTHER_UPPER_ARM] - UPPER_AT_REST) / STRETCH),
        within((memory[OTHER_LOWER_ARM] - LOWER_AT_REST) / STRETCH),
        within((60 * (memory[MINUTES] >> 4) + from_bcd(memory[SECONDS])) / ROUND_S),
        within((from_bcd(memory[POINTS]) - from_bcd(memory[OTHER_POINTS])) / MANY_POINTS),
    )


MAP = ObjectMap(
    names=(
        "own boxer: place across",
        "own boxer: height on the screen",
        "other boxer: place across",
        "other boxer: height on the screen",
        "other boxer: distance to the right",
        "other boxer: distance below",
        "own boxer: speed across",
        "own boxer: speed down",
        "other boxer: speed across",
        "other boxer: speed down",
        "own upper arm: stretched out",
        "own lower arm: stretched out",
        "other upper arm: stretched out",
        "other lower arm: stretched out",
        "clock: share of the two minutes left",
        "points: lead",
    ),
    source=f"Addresses of boxers, seconds and points from {ANNOTATED_RAM}; those of arms and minutes measured; places "
    f"on the screen measured, and close to those of {OBJECT_CENTRIC}.",
    read=read,
)
