"""Space Invaders: a gun, the block of invaders, two bombs and a shot.

| what | byte | on the screen |
|---|---|---|
| gun | 28 | 7 pixels wide, its middle at x = byte + 2 |
| block, across | 26 | the middle of the leftmost column that is left at x = byte + 3, each further one 16 pixels on |
| block, down | 16 | the head of the first row at y = 31 + 2 byte, each further one 18 pixels below |
| rows of the block | 18-23 | 10 pixels high, lowest first; bit k is in column k from the leftmost that is left |
| invaders left | 17 | |
| bombs, down | 81, 82 | top at y = 2 byte + 4, to within two pixels; 246 or below the ground (96) where there is none |
| bombs, across | 83, 84 | one pixel wide, at x = byte - 2 |
| own shot, down and across | 85, 87 | the same |
| shields | 43-69 | nine bytes each, left to right |

At each turn byte 16 grows by 5, and the block moves to the right where it is even. A bomb or shot is drawn in every
other frame only, and the gun not at all while it burns or is yet to come.
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

GUN, BLOCK_X, BLOCK_Y, LEFT = 28, 26, 16, 17
ROWS = slice(18, 24)
COLUMNS = COLUMN_HEIGHT = 6
FIRST_COLUMN = int.from_bytes([1] * COLUMN_HEIGHT)
INVADERS = COLUMNS * COLUMN_HEIGHT
BOMBS = ((83, 81), (84, 82))
SHOT = (87, 85)
SHIELDS = (43, 52, 61)
SHIELD_BYTES = 9
SHIELD_BITS = 56
GROUND = 96
REACH = 40
"""Pixels that are told as a distance of 1: as far as the gun drives in about half a bomb's fall."""


def read(now: Bytes, before: Bytes, out: Floats) -> None:
    """Tell where gun, block, bombs and shot are, and what is left of block and shields (see `ObjectMap`)."""
    memory, earlier = now.tobytes(), before.tobytes()
    gun = memory[GUN] + 2
    rows = memory[ROWS]
    alive = int.from_bytes(rows)
    heights = [(alive >> column & FIRST_COLUMN).bit_count() for column in range(COLUMNS)]
    aims = [memory[BLOCK_X] + 3 + 16 * column - gun for column, height in enumerate(heights) if height]
    lowest = next((row for row, invaders in enumerate(rows) if invaders), COLUMN_HEIGHT)
    foot = 41 + 2 * memory[BLOCK_Y] + 18 * (COLUMN_HEIGHT - 1 - lowest)
    out[:] = (
        across(gun),
        speed(memory[GUN], earlier[GUN]),
        across(memory[BLOCK_X] + 3),
        down(foot),
        -1.0 if memory[BLOCK_Y] & 1 else 1.0,
        within(memory[LEFT] / INVADERS),
        within(min(aims, key=abs, default=0) / REACH),
        *[height / COLUMN_HEIGHT for height in heights],
        *_flight(memory, SHOT, gun),
        *_flight(memory, BOMBS[0], gun),
        *_flight(memory, BOMBS[1], gun),
        *[int.from_bytes(memory[first : first + SHIELD_BYTES]).bit_count() / SHIELD_BITS for first in SHIELDS],
    )


def _flight(memory: bytes, place: tuple[int, int], gun: int) -> tuple[float, float]:
    """How far to the right of the gun something flies, and how low: 0 where nothing flies, 1 at the ground."""
    x, y = place
    if memory[y] >= GROUND:
        return 0.0, 0.0
    return within((memory[x] - 2 - gun) / REACH), memory[y] / GROUND


MAP = ObjectMap(
    names=(
        "gun: place across",
        "gun: speed",
        "invaders: place across of the leftmost column",
        "invaders: height on the screen of the lowest row's foot",
        "invaders: direction",
        "invaders: share left",
        "invaders: distance of the nearest column to the right of the gun",
        *(f"invaders: share left of column {column + 1}" for column in range(COLUMNS)),
        *(
            f"{what}: {which}"
            for what in ("own shot", "first bomb", "second bomb")
            for which in ("distance to the right of the gun", "how far down it is")
        ),
        *(f"shield {number}: share left" for number in (1, 2, 3)),
    ),
    source=f"Addresses of gun, block and count from {ANNOTATED_RAM}, of rows, bombs, shot and shields from "
    f"{OBJECT_CENTRIC}; direction, bits of the rows and places on the screen measured.",
    read=read,
)
