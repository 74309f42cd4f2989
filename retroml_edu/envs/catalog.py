"""The environments of the registry: facts as data, checked against the real ones by the tests."""

from __future__ import annotations

from typing import NamedTuple

from retroml_edu.envs.specs import ActionKind, Family

THRESHOLD = "Gymnasium's reward threshold: the mean return over 100 episodes."
HUMAN = (
    "A professional human tester's mean score (Mnih et al. 2015, Human-level control through deep reinforcement "
    "learning, Extended Data Table 2): a mark to measure against, not an end."
)


class ClassicRow(NamedTuple):
    """One environment that is observed as a few numbers."""

    id: str
    name: str
    family: Family
    summary: str
    action_space: str
    action_kind: ActionKind
    action_meanings: tuple[str, ...]
    n_numbers: int
    solved_return: float
    max_episode_steps: int


class AtariRow(NamedTuple):
    """One game of the Atari 2600; it is listed with and without sticky actions."""

    game: str
    name: str
    summary: str
    action_meanings: tuple[str, ...]
    human_return: float


CLASSIC = (
    ClassicRow(
        "CartPole-v1",
        "CartPole",
        "classic",
        "Keep a pole upright by pushing the cart under it left or right; every step it stands is worth 1.",
        "Discrete 2",
        "discrete",
        ("push left", "push right"),
        4,
        475.0,
        500,
    ),
    ClassicRow(
        "MountainCar-v0",
        "MountainCar",
        "classic",
        "Drive a car too weak for the hill up to the flag by rocking back and forth; every step costs 1.",
        "Discrete 3",
        "discrete",
        ("push left", "coast", "push right"),
        2,
        -110.0,
        200,
    ),
    ClassicRow(
        "Acrobot-v1",
        "Acrobot",
        "classic",
        "Swing a two-link arm until its tip is above the line, moving only the elbow; every step costs 1.",
        "Discrete 3",
        "discrete",
        ("turn clockwise", "let swing", "turn counter-clockwise"),
        6,
        -100.0,
        500,
    ),
    ClassicRow(
        "LunarLander-v3",
        "LunarLander",
        "box2d",
        "Land softly between the flags; fuel costs a little, a crash costs 100, a landing earns 100.",
        "Discrete 4",
        "discrete",
        ("coast", "left engine", "main engine", "right engine"),
        8,
        200.0,
        1000,
    ),
    ClassicRow(
        "BipedalWalker-v3",
        "BipedalWalker",
        "box2d",
        "Teach two legs to walk to the far end; moving forward pays, torque costs a little, a fall costs 100.",
        "Box 4",
        "continuous",
        ("first hip", "first knee", "second hip", "second knee"),
        24,
        300.0,
        1600,
    ),
)

_PADDLE = ("NOOP", "FIRE", "RIGHT", "LEFT", "RIGHTFIRE", "LEFTFIRE")
_ALL_DIRECTIONS = ("UP", "RIGHT", "LEFT", "DOWN", "UPRIGHT", "UPLEFT", "DOWNRIGHT", "DOWNLEFT")
_ALL_ACTIONS = ("NOOP", "FIRE", *_ALL_DIRECTIONS, *(f"{direction}FIRE" for direction in _ALL_DIRECTIONS))

ATARI = (
    AtariRow(
        "Pong",
        "Pong",
        "Move the right paddle up and down and get the ball past the other; the first to 21 points wins.",
        _PADDLE,
        9.3,
    ),
    AtariRow(
        "Breakout",
        "Breakout",
        "Bounce the ball off the paddle into the wall; bricks further up are worth more, and there are five lives.",
        ("NOOP", "FIRE", "RIGHT", "LEFT"),
        31.8,
    ),
    AtariRow(
        "SpaceInvaders",
        "Space Invaders",
        "Shoot the aliens row by row before they land, and hide from their bombs behind the shields.",
        _PADDLE,
        1652.0,
    ),
    AtariRow(
        "MsPacman",
        "Ms. Pac-Man",
        "Eat every pellet of the maze without being caught; a power pellet turns the ghosts into prey.",
        ("NOOP", *_ALL_DIRECTIONS),
        15693.0,
    ),
    AtariRow(
        "Seaquest",
        "Seaquest",
        "Shoot sharks and submarines, pick up divers, and surface before the oxygen runs out.",
        _ALL_ACTIONS,
        20182.0,
    ),
    AtariRow(
        "Qbert",
        "Q*bert",
        "Hop over the cubes of a pyramid until all have changed colour, and keep away from the snake.",
        ("NOOP", "FIRE", "UP", "RIGHT", "LEFT", "DOWN"),
        13455.0,
    ),
    AtariRow(
        "Freeway",
        "Freeway",
        "Walk a chicken across ten lanes of traffic as often as you can in two minutes and a bit.",
        ("NOOP", "UP", "DOWN"),
        29.6,
    ),
    AtariRow(
        "BeamRider",
        "Beam Rider",
        "Glide along beams of light, shoot saucers, and torpedo the mother ship at the end of each sector.",
        ("NOOP", "FIRE", "UP", "RIGHT", "LEFT", "UPRIGHT", "UPLEFT", "RIGHTFIRE", "LEFTFIRE"),
        5775.0,
    ),
    AtariRow(
        "Boxing",
        "Boxing",
        "Land more blows than the black boxer in two minutes; closer ones count double, and a hundred points end it.",
        _ALL_ACTIONS,
        4.3,
    ),
)
