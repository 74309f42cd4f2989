"""Breakout: a paddle, a ball and a wall.

| what | byte | on the screen |
|---|---|---|
| paddle | 72 | its left end at x = byte - 47 |
| half the paddle's width | 108 | 8 pixels, and 6 once the ball has been at the top |
| ball, across | 99 | 2 pixels wide, its middle at x = byte - 48 |
| ball, down | 101 | 4 pixels high, its middle at y = byte + 11; 0 while no ball is in play |
| lives | 57 | |
| wall | 0-35 | six blocks of columns, rightmost first, of six rows each, lowest first; two bits a brick |

The 18 columns from the left lie in the blocks as 1, 4, 4, 2, 4 and 3 columns. The ball is drawn in the colour of the
bricks that it passes, and below the paddle it falls out of sight.
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

PADDLE, HALF_WIDTH, BALL_X, BALL_Y, LIVES = 72, 108, 99, 101, 57
ROWS, BLOCKS = 6, 6
BRICK_BITS = (0x3F, 0xFF, 0xF0, 0xFF, 0xFF, 0xC0)
"""The bits of each block's bytes that are bricks."""

BITS_OF_ROW = int.from_bytes(BRICK_BITS)
BITS_OF_BLOCK = tuple(int.from_bytes([bits] * ROWS) for bits in BRICK_BITS)

REACH = 20
MOST_LIVES = 5


def read(now: Bytes, before: Bytes, out: Floats) -> None:
    """Tell where paddle and ball are, how they move, and what is left of the wall (see `ObjectMap`)."""
    memory, earlier = now.tobytes(), before.tobytes()
    paddle, ball_x = memory[PADDLE] - 47 + memory[HALF_WIDTH], memory[BALL_X] - 48
    distance = ball_speed_x = ball_speed_y = 0.0
    if memory[BALL_Y]:
        distance = within((ball_x - paddle) / REACH)
        if earlier[BALL_Y]:
            ball_speed_x = speed(memory[BALL_X], earlier[BALL_X])
            ball_speed_y = speed(memory[BALL_Y], earlier[BALL_Y])
    out[:] = (
        across(paddle),
        across(ball_x),
        down(memory[BALL_Y] + 11),
        speed(memory[PADDLE], earlier[PADDLE]),
        distance,
        ball_speed_x,
        ball_speed_y,
        within(memory[LIVES] / MOST_LIVES),
        *[_share(memory[row : ROWS * BLOCKS : ROWS], BITS_OF_ROW) for row in range(ROWS - 1, -1, -1)],
        *[_share(memory[ROWS * at : ROWS * at + ROWS], BITS_OF_BLOCK[at]) for at in range(BLOCKS - 1, -1, -1)],
    )


def _share(wall: bytes, bricks: int) -> float:
    """Of the bits that are bricks, the share that is still set."""
    return (int.from_bytes(wall) & bricks).bit_count() / bricks.bit_count()


MAP = ObjectMap(
    names=(
        "paddle: place across",
        "ball: place across",
        "ball: height on the screen",
        "paddle: speed",
        "ball: distance to the right of the paddle's middle",
        "ball: speed across",
        "ball: speed down",
        "lives: share left",
        *(f"wall: share left of row {row + 1} from the top" for row in range(ROWS)),
        *(f"wall: share left of block {block + 1} from the left" for block in range(BLOCKS)),
    ),
    source=f"Addresses of ball, paddle and wall from {ANNOTATED_RAM}, of lives and the order of the bricks from "
    f"{OBJECT_CENTRIC}; the paddle's width, the bits of the bricks and places on the screen measured.",
    read=read,
)
