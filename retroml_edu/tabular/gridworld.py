"""Grid worlds: a board of fields that can be edited, and the world that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.bounds import between
from retroml_edu.tabular.mdp import MDP
from retroml_edu.tabular.outcomes import Outcomes

ACTIONS = ("up", "right", "down", "left")
"""Names of the actions, by number; a slip goes to the neighbours in this list."""
_MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
_TURNS = (0, 1, -1)
"""Outcomes of a move: as meant, or a slip to either side."""
MOST_FIELDS = 400
WALL, START, FREE = "#", "S", "."
GOAL, REWARD = "G", "R"
"""Not on the board itself: what a field becomes when it is edited."""

Place = tuple[int, int]


@dataclass(frozen=True)
class GridWorld:
    """A board of fields; one action moves to a neighbour, against a wall or the edge it moves nowhere.

    Sutton and Barto (2018), examples 4.1 and 6.6, are boards of this kind.

    Attributes:
        board: Rows of equally many characters: ``.`` free, ``#`` wall, ``S`` free and where episodes start.
        goals: Reward for entering a field that ends the episode, by row and column.
        rewards: Reward for entering a field that does not.
        step_reward: Reward of every other move.
        slip: Probability that a move goes to one side instead, half of it each way.
        falls: Fields from which a move leads back to the start, as from a cliff.

    Raises:
        TabularError: If the board is none, or something lies where nothing can.
    """

    board: tuple[str, ...]
    goals: Mapping[Place, float] = field(default_factory=dict)
    rewards: Mapping[Place, float] = field(default_factory=dict)
    step_reward: float = 0.0
    slip: float = 0.0
    falls: frozenset[Place] = frozenset()

    def __post_init__(self) -> None:
        if not self.board or not self.board[0] or any(len(row) != len(self.board[0]) for row in self.board):
            raise TabularError("A board needs rows of equal length, of at least one field.")
        if self.height * self.width > MOST_FIELDS:
            raise TabularError(f"A board of {self.height} x {self.width} has more than {MOST_FIELDS} fields.")
        unknown = set("".join(self.board)) - {WALL, START, FREE}
        if unknown:
            raise TabularError(f"A board is made of '.', '#' and 'S'; {min(unknown)!r} means nothing.")
        if "".join(self.board).count(START) > 1:
            raise TabularError("Episodes start on one field: a board has one 'S' at most.")
        between("slip", self.slip, 0, 1)
        for place in (*self.goals, *self.rewards, *self.falls):
            if place not in self.fields:
                raise TabularError(f"There is no free field in row {place[0]}, column {place[1]}.")
        if self.falls and self.start is None:
            raise TabularError("Who falls is set back to the start, and this board has no 'S'.")

    @property
    def height(self) -> int:
        """Rows."""
        return len(self.board)

    @property
    def width(self) -> int:
        """Columns."""
        return len(self.board[0])

    @property
    def fields(self) -> tuple[Place, ...]:
        """Rows and columns of all fields without a wall: their places here are the numbers of the states."""
        return tuple((r, c) for r, row in enumerate(self.board) for c, sign in enumerate(row) if sign != WALL)

    @property
    def start(self) -> Place | None:
        """Where episodes start."""
        return next(((r, row.index(START)) for r, row in enumerate(self.board) if START in row), None)

    def state(self, place: Place) -> int:
        """Return the number of a field.

        Raises:
            TabularError: If there is a wall, or the board has no such place.
        """
        try:
            return self.fields.index(place)
        except ValueError:
            raise TabularError(f"There is no free field in row {place[0]}, column {place[1]}.") from None

    def edited(self, place: Place, sign: str, reward: float = 0.0) -> GridWorld:
        """Return the board with another field.

        Args:
            place: Row and column.
            sign: ``.`` free, ``#`` wall, ``S`` start (the earlier start becomes free), ``G`` a goal, ``R`` a reward.
            reward: For entering it, with ``G`` and ``R``.
        """
        row, column = place
        if not (0 <= row < self.height and 0 <= column < self.width):
            raise TabularError(f"The board has no row {row}, column {column}.")
        if sign not in (WALL, START, FREE, GOAL, REWARD):
            raise TabularError(f"{sign!r} is nothing that a field can be: it is one of . # S G R.")
        board = [list(each) for each in self.board]
        if sign == START and self.start is not None:
            board[self.start[0]][self.start[1]] = FREE
        board[row][column] = sign if sign in (WALL, START) else FREE
        return replace(
            self,
            board=tuple("".join(each) for each in board),
            goals=_with(self.goals, place, reward if sign == GOAL else None),
            rewards=_with(self.rewards, place, reward if sign == REWARD else None),
            falls=self.falls - {place},
        )

    def outcomes(self) -> Outcomes:
        """Return the board as a world: a state for each of its `fields`, an action for each of `ACTIONS`.

        Where no start is marked, episodes start on the first field that is no goal.

        Raises:
            TabularError: If there is nowhere to start.
        """
        fields = self.fields
        number = {place: state for state, place in enumerate(fields)}
        sides = (1.0 - self.slip, self.slip / 2, self.slip / 2)
        shape = (len(fields), len(ACTIONS), len(sides))
        following, reward = np.zeros(shape, dtype=np.int64), np.zeros(shape)
        for place, state in number.items():
            for action in range(len(ACTIONS)):
                for k, turn in enumerate(_TURNS):
                    lands, reward[state, action, k] = self._move(place, action + turn)
                    following[state, action, k] = number[lands]
        probability = np.broadcast_to(sides, shape)
        terminal = np.array([place in self.goals for place in fields])
        start = self.start or next((place for place in fields if place not in self.goals), None)
        if start is None:
            raise TabularError("Every field is a wall or a goal: there is nowhere to start.")
        return Outcomes(probability, following, reward, terminal, number[start])

    def fallen(self) -> np.ndarray:
        """Return over which field of `falls` each outcome leads, as its number; -1 for those that do not fall.

        Returns:
            Shape (states, actions, outcomes), in the order of `outcomes`.
        """
        fields = self.fields
        number = {place: state for state, place in enumerate(fields)}
        moves = [[[self._lands(place, a + turn) for turn in _TURNS] for a in range(len(ACTIONS))] for place in fields]
        return np.array([[[number[to] if to in self.falls else -1 for to in some] for some in each] for each in moves])

    def mdp(self) -> MDP:
        """Return the decision process of the board, with the rewards to be expected."""
        return self.outcomes().mdp()

    def _move(self, place: Place, direction: int) -> tuple[Place, float]:
        lands = self._lands(place, direction)
        reward = self.goals.get(lands, self.rewards.get(lands, self.step_reward))
        if lands in self.falls and self.start is not None:
            return self.start, reward
        return lands, reward

    def _lands(self, place: Place, direction: int) -> Place:
        move = _MOVES[direction % len(_MOVES)]
        row, column = place[0] + move[0], place[1] + move[1]
        inside = 0 <= row < self.height and 0 <= column < self.width
        return (row, column) if inside and self.board[row][column] != WALL else place


def cliff() -> GridWorld:
    """Return the cliff of Sutton and Barto (2018), example 6.6: -1 a step, -100 and back to the start at the edge."""
    edge = [(3, column) for column in range(1, 11)]
    return GridWorld(
        ("............", "............", "............", "S..........."),
        goals={(3, 11): -1.0},
        rewards=dict.fromkeys(edge, -100.0),
        step_reward=-1.0,
        falls=frozenset(edge),
    )


def four_by_four() -> GridWorld:
    """Return the board of Sutton and Barto (2018), example 4.1: -1 a step until one of two corners is reached."""
    return GridWorld(("....",) * 4, goals={(0, 0): -1.0, (3, 3): -1.0}, step_reward=-1.0)


def _with(rewards: Mapping[Place, float], place: Place, reward: float | None) -> dict[Place, float]:
    others = {each: value for each, value in rewards.items() if each != place}
    return others if reward is None else {**others, place: reward}
