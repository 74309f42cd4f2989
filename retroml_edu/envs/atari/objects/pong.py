"""Pong: two paddles and a ball.

| what | byte | on the screen |
|---|---|---|
| own paddle | 51 | 16 pixels high, its middle at y = byte - 5 |
| other paddle | 50 | 16 pixels high, its middle at y = byte - 7; 0 before the first serve |
| ball, across | 49 | 2 pixels wide, its middle at x = byte - 48 |
| ball, down | 54 | 4 pixels high, its middle at y = byte - 12; 0 while no ball is in play |

Paddles and ball slide partly under the borders (rows 34 and 194), where less of them is seen than is there.
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
    speed,
    within,
)

PADDLE, OTHER_PADDLE, BALL_X, BALL_Y = 51, 50, 49, 54
REACH = 20
"""Pixels that are told as a distance of 1: little more than a paddle, so that where it will be hit is seen finely."""


def read(now: Bytes, before: Bytes, out: Floats) -> None:
    """Tell where paddles and ball are, and how they move (see `ObjectMap`)."""
    memory, earlier = now.tobytes(), before.tobytes()
    paddle, ball_y = memory[PADDLE] - 5, memory[BALL_Y] - 12
    distance = ball_speed_x = ball_speed_y = 0.0
    if memory[BALL_Y]:
        distance = within((ball_y - paddle) / REACH)
        if earlier[BALL_Y]:
            ball_speed_x = speed(memory[BALL_X], earlier[BALL_X])
            ball_speed_y = speed(memory[BALL_Y], earlier[BALL_Y])
    out[:] = (
        down(paddle),
        down(memory[OTHER_PADDLE] - 7),
        across(memory[BALL_X] - 48),
        down(ball_y),
        speed(memory[PADDLE], earlier[PADDLE]),
        distance,
        ball_speed_x,
        ball_speed_y,
    )


MAP = ObjectMap(
    names=(
        "own paddle: height on the screen",
        "other paddle: height on the screen",
        "ball: place across",
        "ball: height on the screen",
        "own paddle: speed",
        "ball: distance below the own paddle's middle",
        "ball: speed across",
        "ball: speed down",
    ),
    source=f"Addresses from {ANNOTATED_RAM}; places on the screen measured, and close to those of {OBJECT_CENTRIC}.",
    read=read,
)
