"""An evaluation that somebody watches: at a pace that can be followed, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from retroml_edu.core.background import background_thread
from retroml_edu.core.errors import RunBusyError
from retroml_edu.core.frames import Frame
from retroml_edu.core.states import RunState
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.session.evaluation import Evaluation, PlayedEpisode, Spectator, evaluate
from retroml_edu.session.feed import FPS
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.history import Run
from retroml_edu.session.newest_weights import newest_weights
from retroml_edu.session.player import Player
from retroml_edu.session.run import TrainingRun
from retroml_edu.storage.folder import RunFolder


class LiveEvaluation(Spectator):
    """Plays whole games with a run's agent: while it trains with a copy of its weights, later with its model.

    Args:
        run: The run.
        episodes: How many games.
        deterministic: Always take the likeliest action instead of drawing one.
        pace: Returns how many times the game's own speed is wanted, 0 for as fast as can be; asked before each step.
        show: Takes a picture now and then; returns the seconds that suit it until the next.
        unseen: Is told the number of the game instead, where the game has no picture.
        played: Is told each game that has ended.
        ended: Is told what came of it, or why nothing did; the last thing that happens.

    Threads: `start` and `stop` from anywhere; everything that is handed in is called in a thread of its own.
    """

    def __init__(
        self,
        run: TrainingRun | RunFollower,
        *,
        episodes: int,
        deterministic: bool,
        pace: Callable[[], float],
        show: Callable[[Frame], float],
        unseen: Callable[[int], object],
        played: Callable[[PlayedEpisode], object],
        ended: Callable[[Evaluation | Exception], object],
    ) -> None:
        self._run = run
        self._episodes = episodes
        self._deterministic = deterministic
        self._pace = pace
        self._show = show
        self._unseen = unseen
        self._played = played
        self._ended = ended
        self._stopped = threading.Event()
        self._games = 0
        self._has_picture = True
        self._due_s = self._next_picture_s = 0.0
        self._thread = background_thread(self._work, "retroml-test")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it: the games that were played to their end make the result."""
        self._stopped.set()

    def _work(self) -> None:
        try:
            result: Evaluation | Exception = evaluate(
                Run(RunFolder(self._run.path)),
                episodes=self._episodes,
                deterministic=self._deterministic,
                weights=self._newest_weights(),
                spectator=self,
            )
        except Exception as error:  # noqa: BLE001 - nobody but the one who asked can be told
            result = error
        self._ended(result)

    def _newest_weights(self) -> PolicyWeights | None:
        """Return a copy of the weights of a run that trains in this process; None if the folder has to tell."""
        if not isinstance(self._run, TrainingRun):
            return None
        run, stopped = self._run, self._stopped
        weights = newest_weights(run, lambda: stopped.is_set() or run.state is RunState.PAUSED)
        if weights is None and not run.ended:
            said = "The test was stopped before it had begun."
            waits = "The run is paused: press Resume, then Test."
            raise RunBusyError(said if stopped.is_set() else waits)
        return weights

    @property
    def has_enough(self) -> bool:
        """Whether somebody asked for the end."""
        return self._stopped.is_set()

    def played(self, game: PlayedEpisode) -> None:
        """Tell how a game has ended."""
        self._games += 1
        self._played(game)

    def watch(self, player: Player) -> None:
        """Show the game now and then, and wait until the next step is due."""
        now = time.monotonic()
        moment = player.moment
        if now >= self._next_picture_s or moment.ended:
            number, pixels = self._games + 1, player.picture()
            if pixels is None:
                self._unseen(number)
                self._has_picture, suits_s = False, 0.0
            else:
                suits_s = self._show(Frame(pixels, player.weights_step, number, moment.episode_return))
            self._next_picture_s = now + max(suits_s, 1 / FPS)
        pace = self._pace()
        if pace > 0 and self._has_picture:
            # One that is late does not hurry to catch up.
            self._due_s = max(self._due_s + 1 / (pace * player.fps), time.monotonic())
            self._stopped.wait(max(0.0, self._due_s - time.monotonic()))
