"""Freeway: a chicken and ten cars, one a lane.

| what | byte | on the screen |
|---|---|---|
| chicken | 14 | 8 pixels high, its middle at y = 197 - byte; always at x = 47 |
| car of the lowest lane, of the next, ... | 108-117 | 8 pixels wide, its middle at x = byte + 1, or one more |

The middle of lane 0, the lowest, is where the chicken's byte is 21, and each further one is 16 higher. Cars of the
lower five lanes drive to the right, those of the upper five to the left; what leaves the screen comes back on the
other side.
"""

from __future__ import annotations

from retroml_edu.envs.atari.objects.object_map import (
    ANNOTATED_RAM,
    OBJECT_CENTRIC,
    SCREEN_WIDTH,
    Bytes,
    Floats,
    ObjectMap,
    down,
    speed,
)

CHICKEN, CARS = 14, 108
WAY = 171
"""By how much the chicken's byte rises on the way across: from 6 to 177."""
CHICKEN_X = 47
LANES, LANE_HEIGHT, LOWEST_LANE = 10, 16, 21
RIGHTWARD = 5
HALF = SCREEN_WIDTH // 2
NEAR_LANES = (("below", -1), ("own", 0), ("next", 1), ("next but one", 2))


def read(now: Bytes, before: Bytes, out: Floats) -> None:
    """Tell where the chicken is, and how far each car has still to drive to its column (see `ObjectMap`)."""
    memory, earlier = now.tobytes(), before.tobytes()
    ways = [_way(lane, memory[CARS + lane]) for lane in range(LANES)]
    lane, offset = divmod(memory[CHICKEN] - LOWEST_LANE + LANE_HEIGHT // 2, LANE_HEIGHT)
    near: list[float] = []
    for _, step in NEAR_LANES:
        other = lane + step
        if 0 <= other < LANES:
            driven = (_way(other, earlier[CARS + other]) - ways[other] + HALF) % SCREEN_WIDTH - HALF
            near += ways[other] / HALF, speed(driven, 0)
        else:
            near += 1.0, 0.0
    out[:] = (
        down(197 - memory[CHICKEN]),
        -speed(memory[CHICKEN], earlier[CHICKEN]),
        2 * offset / LANE_HEIGHT - 1.0,
        *near,
        *[way / HALF for way in ways],
    )


def _way(lane: int, car: int) -> int:
    """Pixels that a lane's car has still to drive to the chicken's column, and fewer than none behind it."""
    ahead = CHICKEN_X - (car + 1)
    return ((ahead if lane < RIGHTWARD else -ahead) + HALF) % SCREEN_WIDTH - HALF


MAP = ObjectMap(
    names=(
        "chicken: height on the screen",
        "chicken: speed down",
        "chicken: place within its lane, towards the far side",
        *(f"car, {which} lane: {what}" for which, _ in NEAR_LANES for what in ("way to the chicken's column", "speed")),
        *(f"car, lane {lane + 1} from below: way to the chicken's column" for lane in range(LANES)),
    ),
    source=f"Addresses from {ANNOTATED_RAM}; places on the screen measured, and close to those of {OBJECT_CENTRIC}.",
    read=read,
)
