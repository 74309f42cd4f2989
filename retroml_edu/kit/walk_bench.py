"""A random walk to learn from: the same episodes for two learners, move by move."""

from __future__ import annotations

from retroml_edu.kit.controls import Button, Controls, Select, Slider, Values
from retroml_edu.kit.piece import Piece, in_line
from retroml_edu.kit.player import Player
from retroml_edu.kit.walk_errors import WALKS
from retroml_edu.kit.walk_replay import METHODS, Replay, learner_of
from retroml_edu.kit.walk_row import WalkRow
from retroml_edu.kit.walk_settings import ALPHA_HINT, DECAY_HINT, N_HINT, walk_choice, walk_with

MOST_MOVES = 10_000
"""Of one request: about a second."""


class WalkBench(Piece):
    """The same episodes, two learners: a student steps the walker on and sees whose values move, when and towards what.

    Args:
        states: Between the ends of the walk: 5 or 19.
        left: Reward of the left end; as in the book if left out.
        right: Reward of the right end.
        first: Method of the first learner: "TD(0)", "n-step TD", "TD(λ)" or "Monte Carlo".
        second: Of the second.
        alpha: Step size of both.
        seed: Which episodes.

    Attributes:
        replay: The walk and the learners as they are now.
        player: Moves it on: `player.go(10)`.
        controls: Walk, methods and their numbers: `controls.set("alpha", 0.5)`.
    """

    def __init__(
        self,
        states: int = 5,
        left: float | None = None,
        right: float = 1.0,
        *,
        first: str = "TD(0)",
        second: str = "Monte Carlo",
        alpha: float = 0.1,
        seed: int = 1,
    ) -> None:
        choice = walk_choice(states)
        ends = walk_with(choice.value, left, right)
        self.controls = Controls(
            choice,
            Slider("left", "Reward, left end", ends.left, -1.0, 1.0, 0.5, hint="Paid for reaching the left end."),
            Slider("right", "Reward, right end", right, -1.0, 1.0, 0.5, hint="Paid for reaching the right end."),
            Select("first", "First learner", first, METHODS),
            Select("second", "Second learner", second, METHODS),
            Slider("alpha", "Step size α", alpha, 0.01, 1.0, log=True, hint=ALPHA_HINT),
            Slider("n", "n", 3, 1, 20, 1, hint=N_HINT),
            Slider("decay", "λ", 0.8, 0.0, 1.0, 0.05, hint=DECAY_HINT),
            on_change=self._changed,
        )
        self.more = Controls(
            Button("finish", "To the end of the episode", "Plays the rest of this episode at once."),
            Button("new", "Other episodes", "Begins again, with other episodes."),
            on_press=self._pressed,
        )
        self.row = WalkRow()
        self.player = Player(self._show, unit="move", rates=(1, 10, 100), restart=self._restart)
        self._seed = seed
        self._walk = self.controls.values["walk"]
        super().__init__("Random walk, two learners", self.controls, self.row, in_line(self.player, self.more))
        self._restart()
        self._show(0)

    def finish_episode(self) -> None:
        """Play to the end of this episode; of the next one, if this one is over."""
        with self.lock:
            if self.replay.ended:
                self.player.go(1)
            self.player.go(self.replay.left_of_episode())

    def _restart(self) -> None:
        with self.problems():
            values = self.controls.values
            numbers = (values["alpha"], values["n"], values["decay"])
            chosen = [learner_of(values[which], *numbers) for which in ("first", "second")]
            used = {values["first"], values["second"]}
            self.controls.offer(n="n-step TD" in used, decay="TD(λ)" in used)
            walk = WALKS[values["walk"]]
            self.replay = Replay(walk.states, values["left"], values["right"], chosen, seed=self._seed)
            self._moves = 0

    def _show(self, position: int) -> int:
        with self.problems():
            for _ in range(min(position - self._moves, MOST_MOVES)):
                self.replay.move()
                self._moves += 1
            self.row.show(self.replay, live=not self.player.playing)
        return self._moves

    def _changed(self, values: Values) -> None:
        with self.problems():
            if values["walk"] != self._walk:  # another walk brings the rewards that the book gives it
                self._walk = values["walk"]
                self.controls.values = {**self.controls.values, "left": WALKS[self._walk].left, "right": 1.0}
            self.player.begin()

    def _pressed(self, name: str) -> None:
        with self.problems():
            if name == "finish":
                self.finish_episode()
            else:
                self._seed += 1
                self.player.begin()
