"""What the memory says of the objects is what the screen shows.

Nothing here knows an address: places are taken back from the observation into pixels, and looked for in the picture by
colour. The shares are those of agent steps; what keeps them below one is said beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise

import numpy as np
import numpy.typing as npt
import pytest
from ale_py import Action, ALEInterface, LoggerMode, roms

from retroml_edu.envs.atari.objects import OBJECTS
from retroml_edu.envs.atari.objects.object_map import FAST, LIMIT

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
Chooser = Callable[["Moment | None", np.random.Generator], Action]

ROMS = {
    "Pong": "pong",
    "Breakout": "breakout",
    "Freeway": "freeway",
    "Boxing": "boxing",
    "SpaceInvaders": "space_invaders",
}
GAMES = tuple(ROMS)
SKIP = 4
STEPS = 1_000
EXACT, CLOSE = 0.01, 1.01
"""Pixels that two places may differ by, and what rounding adds."""


@dataclass(frozen=True)
class Moment:
    """One agent step: what was told, what is on the screen, and what the emulator itself says."""

    told: dict[str, float]
    screen: Picture
    screen_before: Picture
    """A frame earlier, for what is drawn in every other frame only."""

    lives: int
    points: int
    frame: int

    def pixel(self, name: str) -> float:
        """The place on the screen that a number stands for."""
        return (self.told[name] + 1.0) * (80.0 if "across" in name else 105.0)


@dataclass(frozen=True)
class Box:
    """The edges of what is seen of an object."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def across(self) -> float:
        return (self.left + self.right) / 2

    @property
    def down(self) -> float:
        return (self.top + self.bottom) / 2


def find(screen: Picture, colour: Colour, rows: range, columns: range = range(160)) -> Box | None:
    """The box around a colour's pixels within a part of the screen."""
    part = (screen[rows.start : rows.stop, columns.start : columns.stop] == colour).all(axis=2)
    down, across = part.any(axis=1).nonzero()[0], part.any(axis=0).nonzero()[0]
    if not down.size:
        return None
    return Box(
        int(across[0]) + columns.start,
        int(down[0]) + rows.start,
        int(across[-1]) + columns.start + 1,
        int(down[-1]) + rows.start + 1,
    )


def play(game: str, choose: Chooser, steps: int, seed: int = 0) -> Iterator[Moment]:
    """Play a game, four frames an agent step, and begin it again when it is over."""
    ALEInterface.setLoggerMode(LoggerMode.Error)
    ale = ALEInterface()
    ale.setInt("random_seed", 1)
    ale.setFloat("repeat_action_probability", 0.0)
    ale.loadROM(roms.get_rom_path(ROMS[game]))
    known = OBJECTS[game]
    rng = np.random.default_rng(seed)
    out = np.empty((3, len(known.names)), np.float32)
    moment: Moment | None = None
    before, points = ale.getRAM(), 0
    for _ in range(steps):
        action = choose(moment, rng)
        for frame in range(SKIP):
            if frame == SKIP - 1:
                screen_before = ale.getScreenRGB()
            points += ale.act(action)
        now = ale.getRAM()
        out[:] = np.nan
        known.read(now, before, out[1])
        assert np.isnan(out[[0, 2]]).all()
        told = dict(zip(known.names, out[1].tolist(), strict=True))
        moment = Moment(told, ale.getScreenRGB(), screen_before, ale.lives(), points, ale.getEpisodeFrameNumber())
        yield moment
        before = now
        if ale.game_over():
            ale.reset_game()
            moment, before, points = None, ale.getRAM(), 0


class Wandering:
    """Holds a drawn action for a drawn while, so that everything on the screen gets about."""

    def __init__(self, *actions: Action, most: int = 12) -> None:
        self.actions = actions
        self.most = most
        self.left = 0

    def __call__(self, moment: Moment | None, rng: np.random.Generator) -> Action:
        if self.left == 0:
            self.action = self.actions[rng.integers(len(self.actions))]
            self.left = int(rng.integers(1, self.most))
        self.left -= 1
        return self.action


def catching(moment: Moment | None, rng: np.random.Generator) -> Action:
    """Keeps the paddle somewhere under the ball, and serves."""
    if moment is None or rng.random() < 0.02:
        return Action.FIRE
    aim = moment.told["ball: distance to the right of the paddle's middle"] + rng.normal(0.0, 0.15)
    return Action.RIGHT if aim > 0.1 else Action.LEFT if aim < -0.1 else Action.NOOP


def crossing(moment: Moment | None, rng: np.random.Generator) -> Action:
    """Mostly walks on."""
    return Action.UP if rng.random() < 0.85 else Action.DOWN


WAYS: dict[str, Callable[[], Chooser]] = {
    "Pong": lambda: Wandering(Action.NOOP, Action.RIGHT, Action.LEFT),
    "Breakout": lambda: catching,
    "Freeway": lambda: crossing,
    "Boxing": lambda: Wandering(*(Action(number) for number in range(18))),
    "SpaceInvaders": lambda: Wandering(Action.RIGHTFIRE, Action.LEFTFIRE, Action.FIRE),
}


@lru_cache(maxsize=1)  # a game's pictures fill 200 MB
def played(game: str) -> tuple[Moment, ...]:
    return tuple(play(game, WAYS[game](), STEPS))


def within_a_game(game: str) -> Iterator[tuple[Moment, Moment]]:
    """Each step with the one before it, where that is of the same game."""
    return ((before, moment) for before, moment in pairwise(played(game)) if before.frame < moment.frame)


class Tally:
    """How often what is told agrees with what is seen, out of how many times."""

    def __init__(self) -> None:
        self.agreed = self.compared = 0

    def add(self, agrees: bool) -> None:
        self.agreed += agrees
        self.compared += 1

    def must(self, share: float, *, often: float) -> None:
        """The share that must agree, and the share of all steps that must have been compared for it to count."""
        assert self.compared >= often * STEPS
        assert self.agreed >= share * self.compared, f"{self.agreed} of {self.compared}"


PONG_FIELD = range(34, 194)


@pytest.mark.parametrize(
    ("name", "colour", "columns", "size", "often"),
    [
        # Whatever is partly under a border shows less than its size, and is left out.
        ("own paddle: height on the screen", (92, 186, 92), range(140, 144), 16, 0.3),
        ("other paddle: height on the screen", (213, 130, 74), range(16, 20), 16, 0.6),
        ("ball: height on the screen", (236, 236, 236), range(160), 4, 0.6),
    ],
)
def test_pong_heights(name: str, colour: Colour, columns: range, size: int, often: float) -> None:
    tally = Tally()
    for moment in played("Pong"):
        box = find(moment.screen, colour, PONG_FIELD, columns)
        if box and box.bottom - box.top == size:
            tally.add(abs(box.down - moment.pixel(name)) <= CLOSE)
    tally.must(1.0, often=often)


def test_pong_ball() -> None:
    across, below, presence = Tally(), Tally(), Tally()
    for moment in played("Pong"):
        ball = find(moment.screen, (236, 236, 236), PONG_FIELD)
        paddle = find(moment.screen, (92, 186, 92), PONG_FIELD)
        presence.add((ball is not None) == (moment.pixel("ball: height on the screen") > 0))
        if ball:
            across.add(abs(ball.across - moment.pixel("ball: place across")) <= EXACT)
        if ball and paddle and paddle.bottom - paddle.top == 16 and ball.bottom - ball.top == 4:
            distance = np.clip((ball.down - paddle.down) / 20, -LIMIT, LIMIT)
            below.add(abs(distance - moment.told["ball: distance below the own paddle's middle"]) <= CLOSE / 20)
    across.must(1.0, often=0.6)
    below.must(1.0, often=0.2)
    presence.must(0.995, often=1.0)  # a ball that has just left is told for a frame


BREAKOUT_RED = (200, 72, 72)
BELOW_THE_WALL = range(93, 189)
WITHIN_WALLS = range(8, 152)


def test_breakout_ball_and_paddle() -> None:
    ball_across, ball_down, paddle_across, distance, presence = (Tally() for _ in range(5))
    for moment in played("Breakout"):
        ball = find(moment.screen, BREAKOUT_RED, BELOW_THE_WALL, WITHIN_WALLS)
        height = moment.pixel("ball: height on the screen")
        if 97 <= height <= 185:
            presence.add(ball is not None)
        paddle = None
        if height < 180 or height > 200:  # elsewhere the two are one patch of red
            paddle = find(moment.screen, BREAKOUT_RED, range(189, 193), WITHIN_WALLS)
        if paddle and paddle.left > 8 and paddle.right < 152:
            paddle_across.add(abs(paddle.across - moment.pixel("paddle: place across")) <= EXACT)
        if ball and ball.bottom - ball.top == 4 and ball.right - ball.left == 2:
            ball_across.add(abs(ball.across - moment.pixel("ball: place across")) <= EXACT)
            ball_down.add(abs(ball.down - height) <= EXACT)
            if paddle and paddle.left > 8 and paddle.right < 152:
                told = moment.told["ball: distance to the right of the paddle's middle"]
                distance.add(abs(np.clip((ball.across - paddle.across) / 20, -LIMIT, LIMIT) - told) <= EXACT)
    ball_across.must(1.0, often=0.4)
    ball_down.must(1.0, often=0.4)
    paddle_across.must(1.0, often=0.6)
    distance.must(1.0, often=0.3)
    presence.must(0.99, often=0.4)


def test_breakout_wall_and_lives() -> None:
    blocks = np.split(np.arange(18), np.cumsum([1, 4, 4, 2, 4]))
    stood, missed = np.zeros((6, 18), bool), np.zeros((6, 18), bool)
    for moment in islice(play("Breakout", catching, 4_000), 0, None, 10):
        # The middle line of each row; the ball may stand for two pixels of a brick that is not there.
        line = moment.screen[60:96:6, 8:152].any(axis=2).reshape(6, 18, 8)
        bricks = line.sum(axis=2) > 4
        stood |= bricks
        missed |= ~bricks
        for row in range(6):
            assert moment.told[f"wall: share left of row {row + 1} from the top"] == pytest.approx(bricks[row].mean())
        for block, columns in enumerate(blocks):
            told = moment.told[f"wall: share left of block {block + 1} from the left"]
            assert told == pytest.approx(bricks[:, columns].mean())
        assert moment.told["lives: share left"] == pytest.approx(moment.lives / 5)
    assert stood.all()
    assert missed.mean() > 0.3


CARS: tuple[Colour, ...] = (
    (210, 210, 64),
    (135, 183, 84),
    (184, 50, 50),
    (84, 92, 214),
    (162, 98, 33),
    (24, 26, 167),
    (228, 111, 111),
    (105, 105, 15),
    (180, 231, 117),
    (167, 26, 26),
)
"""From the lowest lane to the highest."""

CHICKEN = (252, 252, 84)
CHICKEN_COLUMNS = range(44, 51)


def chicken_in(screen: Picture) -> Box | None:
    """The left chicken, unless it stands on the lines in the middle of the road, which are as yellow."""
    box = find(screen, CHICKEN, range(110, 205), CHICKEN_COLUMNS) or find(
        screen, CHICKEN, range(20, 100), CHICKEN_COLUMNS
    )
    return box if box and box.bottom - box.top == 8 else None


def test_freeway_chicken() -> None:
    height, lane = Tally(), Tally()
    for moment in played("Freeway"):
        if box := chicken_in(moment.screen):
            height.add(abs(box.down - moment.pixel("chicken: height on the screen")) <= EXACT)
            # The lowest lane's cars are drawn from row 171 to 181, and a lane is 16 rows.
            place = (176 - box.down) / 16
            told = moment.told["chicken: place within its lane, towards the far side"]
            lane.add(abs((place + 0.5) % 1.0 * 2 - 1 - told) <= EXACT)
    height.must(1.0, often=0.6)
    lane.must(1.0, often=0.6)


def seen_way(screen: Picture, lane: int) -> float | None:
    """Pixels that a car has still to drive to the chicken's column; none while it is not whole on the screen."""
    middle = 176 - 16 * lane
    box = find(screen, CARS[lane], range(middle - 7, middle + 7), range(8, 160))
    if box is None or box.right - box.left != 8:
        return None
    ahead = 47 - box.across if lane < 5 else box.across - 47
    return (ahead + 80) % 160 - 80


@pytest.mark.parametrize("lane", range(10))
def test_freeway_cars(lane: int) -> None:
    tally = Tally()
    for moment in played("Freeway"):
        way = seen_way(moment.screen, lane)
        if way is not None:
            told = moment.told[f"car, lane {lane + 1} from below: way to the chicken's column"] * 80
            tally.add(abs((told - way + 80) % 160 - 80) <= CLOSE)
    tally.must(1.0, often=0.8)


def test_freeway_cars_near_the_chicken() -> None:
    ways, speeds, beyond = Tally(), Tally(), Tally()
    for before, moment in within_a_game("Freeway"):
        box = chicken_in(moment.screen)
        if box is None:
            continue
        own = int((176 - box.down + 8) // 16)
        for which, step in (("below", -1), ("own", 0), ("next", 1), ("next but one", 2)):
            lane = own + step
            told = moment.told[f"car, {which} lane: way to the chicken's column"] * 80
            speed = moment.told[f"car, {which} lane: speed"] * FAST
            if not 0 <= lane < 10:
                beyond.add((told, speed) == (80, 0))
                continue
            way, way_before = seen_way(moment.screen, lane), seen_way(before.screen, lane)
            if way is not None and way_before is not None:
                ways.add(abs((told - way + 80) % 160 - 80) <= CLOSE)
                speeds.add(0 <= speed <= 4 and abs((way_before - way + 80) % 160 - 80 - speed) <= CLOSE)
    ways.must(1.0, often=1.5)
    speeds.must(1.0, often=1.5)
    beyond.must(1.0, often=0.1)


RING_ROWS, RING_COLUMNS = range(34, 182), range(28, 132)


@pytest.mark.parametrize(("who", "colour"), [("own", (214, 214, 214)), ("other", (0, 0, 0))])
def test_boxing_boxers(who: str, colour: Colour) -> None:
    across, down = Tally(), Tally()
    for moment in played("Boxing"):
        y = moment.pixel(f"{who} boxer: height on the screen")
        whole = find(moment.screen, colour, RING_ROWS, RING_COLUMNS)
        # Between the arms, where nothing but his body is.
        body = find(moment.screen, colour, range(round(y) - 5, round(y) + 5), RING_COLUMNS)
        assert whole
        assert body
        off_down = abs(whole.down - y)
        off_across = abs(body.across - moment.pixel(f"{who} boxer: place across"))
        assert max(off_down, off_across) <= 2 + CLOSE
        down.add(off_down <= 1 + CLOSE)
        across.add(off_across <= 1 + CLOSE)
    # A boxer who was hit bends back by two pixels more for some frames.
    across.must(0.93, often=1.0)
    down.must(0.95, often=1.0)


@pytest.mark.parametrize(
    ("distance", "place"),
    [("distance to the right", "place across"), ("distance below", "height on the screen")],
)
def test_boxing_distances(distance: str, place: str) -> None:
    for moment in played("Boxing"):
        away = moment.pixel(f"other boxer: {place}") - moment.pixel(f"own boxer: {place}")
        assert moment.told[f"other boxer: {distance}"] == pytest.approx(np.clip(away / 40, -LIMIT, LIMIT), abs=1e-4)


@pytest.mark.parametrize(("who", "colour"), [("own", (214, 214, 214)), ("other", (0, 0, 0))])
@pytest.mark.parametrize("arm", ["upper", "lower"])
def test_boxing_arms(who: str, colour: Colour, arm: str) -> None:
    at_rest, stretched = [], []
    for moment in played("Boxing"):
        y = round(moment.pixel(f"{who} boxer: height on the screen"))
        rows = range(max(y - 23, 34), y - 5) if arm == "upper" else range(y + 5, y + 24)
        box = find(moment.screen, colour, rows, RING_COLUMNS)
        assert box
        middle = moment.pixel(f"{who} boxer: place across")
        reach = max(box.right - middle, middle - box.left)
        told = moment.told[f"{who} {arm} arm: stretched out"]
        if told == 0.0:
            at_rest.append(reach)
        elif told == 1.0:
            stretched.append(reach)
    assert len(at_rest) > STEPS / 2
    assert len(stretched) > STEPS / 200
    assert np.quantile(at_rest, 0.95) <= 10
    assert np.quantile(stretched, 0.05) >= 20


def test_boxing_clock_and_points() -> None:
    for moment in played("Boxing"):
        if moment.frame == 0:
            continue
        seconds = moment.told["clock: share of the two minutes left"] * 120
        assert seconds == pytest.approx(120 - moment.frame / 60, abs=1.1)
        assert moment.told["points: lead"] * 50 == pytest.approx(moment.points, abs=0.01)


INVADER, GUN, FLYING, SHIELD = (134, 134, 29), (50, 132, 50), (142, 142, 142), (181, 83, 40)
ABOVE_GROUND = range(20, 195)


def test_space_invaders_gun() -> None:
    tally = Tally()
    for moment in played("SpaceInvaders"):
        if box := find(moment.screen, GUN, range(185, 195)):
            tally.add(abs(box.across - moment.pixel("gun: place across")) <= 2)
    tally.must(0.98, often=0.8)  # while it burns its flames are a little to either side


def test_space_invaders_block() -> None:
    left, foot, columns = Tally(), Tally(), Tally()
    for moment in played("SpaceInvaders"):
        box = find(moment.screen, INVADER, range(20, 185))
        if box is None:
            continue
        first = moment.pixel("invaders: place across of the leftmost column")
        lowest = moment.pixel("invaders: height on the screen of the lowest row's foot")
        left.add(abs(box.left + 4 - first) <= 1)
        foot.add(abs(box.bottom - lowest) <= 2)
        # The rows on the screen that the lowest foot allows: every 18 pixels above it.
        feet = range(round(lowest), 31, -18)
        aims = []
        for column in range(6):
            x = round(first) - 4 + 16 * column
            height = sum(
                find(moment.screen, INVADER, range(foot_row - 10, foot_row), range(x, x + 8)) is not None
                for foot_row in feet
            )
            told = round(6 * moment.told[f"invaders: share left of column {column + 1}"])
            columns.add(height == told)
            aims += told * [first + 16 * column - moment.pixel("gun: place across")]
        assert len(aims) == round(36 * moment.told["invaders: share left"])
        nearest = moment.told["invaders: distance of the nearest column to the right of the gun"] * 40
        assert abs(nearest) == pytest.approx(min(map(abs, aims)), abs=EXACT)
        assert min(abs(aim - nearest) for aim in aims) <= EXACT
    left.must(0.99, often=0.9)
    # An invader that was hit is drawn for a few frames more.
    foot.must(0.97, often=0.9)
    columns.must(0.97, often=5.4)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_space_invaders_shields(number: int) -> None:
    tally = Tally()
    damaged = False
    for moment in played("SpaceInvaders"):
        part = moment.screen[157:175, 10 + 32 * number : 18 + 32 * number]
        pixels = int((part == SHIELD).all(axis=2).sum())
        told = moment.told[f"shield {number}: share left"] * 112
        damaged |= told < 100
        tally.add(abs(pixels - told) <= EXACT)
    tally.must(0.98, often=1.0)  # now and then a hole is drawn a frame late
    assert damaged


def test_space_invaders_direction() -> None:
    tally = Tally()
    for before, moment in within_a_game("SpaceInvaders"):
        was, now = (find(at.screen, INVADER, range(20, 185)) for at in (before, moment))
        if was and now and 0 < abs(now.left - was.left) <= 4:
            tally.add((now.left > was.left) == (moment.told["invaders: direction"] > 0))
    tally.must(0.95, often=0.02)


@pytest.mark.parametrize("what", ["own shot", "first bomb", "second bomb"])
def test_space_invaders_shots(what: str) -> None:
    told_is_seen = Tally()
    for moment in played("SpaceInvaders"):
        low = moment.told[f"{what}: how far down it is"]
        aside = moment.told[f"{what}: distance to the right of the gun"]
        if low == 0.0:
            assert aside == 0.0
        if abs(aside) == LIMIT or not 0.2 < low < 0.9:
            continue
        x = round(moment.pixel("gun: place across") + 40 * aside)
        top = round(2 * 96 * low + 4)
        parts = range(top - 2, top + 6)
        seen = any(
            find(screen, FLYING, parts, range(x, x + 1)) is not None for screen in (moment.screen, moment.screen_before)
        )
        told_is_seen.add(seen)
    told_is_seen.must(0.97, often=0.1)


def test_space_invaders_nothing_flies_untold() -> None:
    tally = Tally()
    for moment in played("SpaceInvaders"):
        gun = moment.pixel("gun: place across")
        places, beyond = set(), False
        for what in ("own shot", "first bomb", "second bomb"):
            if moment.told[f"{what}: how far down it is"]:
                aside = moment.told[f"{what}: distance to the right of the gun"]
                beyond |= abs(aside) == LIMIT
                places.add(round(gun + 40 * aside))
        if beyond:
            continue
        part = (moment.screen[ABOVE_GROUND.start : ABOVE_GROUND.stop] == FLYING).all(axis=2)
        seen = set(part.any(axis=0).nonzero()[0].tolist())
        tally.add(seen <= places)
    tally.must(0.95, often=0.5)  # what has just hit something is drawn for a frame more


@pytest.mark.parametrize(
    ("game", "speed", "place"),
    [
        ("Pong", "own paddle: speed", "own paddle: height on the screen"),
        ("Pong", "ball: speed across", "ball: place across"),
        ("Pong", "ball: speed down", "ball: height on the screen"),
        ("Breakout", "paddle: speed", "paddle: place across"),
        ("Breakout", "ball: speed across", "ball: place across"),
        ("Breakout", "ball: speed down", "ball: height on the screen"),
        ("Freeway", "chicken: speed down", "chicken: height on the screen"),
        ("Boxing", "own boxer: speed across", "own boxer: place across"),
        ("Boxing", "own boxer: speed down", "own boxer: height on the screen"),
        ("Boxing", "other boxer: speed across", "other boxer: place across"),
        ("Boxing", "other boxer: speed down", "other boxer: height on the screen"),
        ("SpaceInvaders", "gun: speed", "gun: place across"),
    ],
)
def test_speeds_are_what_places_did(game: str, speed: str, place: str) -> None:
    """Places are those of the screen; what is left is how they change, and that a jump is no movement."""
    moved, jumps = 0, 0
    for before, moment in within_a_game(game):
        went = moment.pixel(place) - before.pixel(place)
        told = moment.told[speed]
        moved += told != 0.0
        if abs(went) > 41:
            jumps += 1
            assert told == 0.0
        elif told != 0.0:
            assert told == pytest.approx(np.clip(went / FAST, -LIMIT, LIMIT), abs=0.2)
    assert moved > STEPS / 20
    assert jumps or "ball" not in speed


@pytest.mark.parametrize("game", GAMES)
def test_numbers_stay_small_and_equal_games_are_told_equally(game: str) -> None:
    def told() -> npt.NDArray[np.float64]:
        actions = tuple(Action(number) for number in range(18))
        return np.array(
            [list(moment.told.values()) for moment in play(game, Wandering(*actions, most=3), STEPS, seed=5)]
        )

    numbers = told()
    assert numbers.shape == (STEPS, len(OBJECTS[game].names))
    assert np.isfinite(numbers).all()
    assert np.abs(numbers).max() <= LIMIT
    assert np.abs(numbers).max(axis=0).min() > 0.0, "a number that never says anything"
    np.testing.assert_array_equal(numbers, told())


@pytest.mark.parametrize("game", GAMES)
def test_names_and_sources(game: str) -> None:
    known = OBJECTS[game]
    assert len(set(known.names)) == len(known.names)
    assert "Anand et al. 2019" in known.source
    assert "Delfosse et al. 2024" in known.source


@pytest.mark.parametrize("game", GAMES)
def test_nothing_moves_at_an_episodes_first_step(game: str) -> None:
    ale = ALEInterface()
    ale.loadROM(roms.get_rom_path(ROMS[game]))
    for _ in range(200):
        ale.act(Action.FIRE)
    memory = ale.getRAM()
    known = OBJECTS[game]
    out = np.full(len(known.names), np.nan, np.float32)
    known.read(memory, memory, out)
    speeds = [value for name, value in zip(known.names, out, strict=True) if "speed" in name]
    assert speeds
    assert not np.any(speeds)


@pytest.mark.parametrize("game", OBJECTS)
def test_whatever_the_memory_holds_no_number_is_beyond_the_limit(game):
    """Also between two games, when bytes mean other things."""
    objects, rng = OBJECTS[game], np.random.default_rng(0)
    told = np.zeros(len(objects.names), np.float32)
    for _ in range(3_000):
        objects.read(*rng.integers(0, 256, (2, 128), np.uint8), told)
        assert np.abs(told).max() <= LIMIT
