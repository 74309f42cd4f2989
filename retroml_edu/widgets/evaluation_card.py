"""The card that tests the agent: whole games, watched, filmed and measured."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.errors import RetroMLError, RunBusyError
from retroml_edu.core.events import Event, log
from retroml_edu.core.frames import Frame
from retroml_edu.core.preferences import PaceName
from retroml_edu.session.evaluation import Evaluation, PlayedEpisode
from retroml_edu.session.live_evaluation import LiveEvaluation
from retroml_edu.widgets.assets import script
from retroml_edu.widgets.feed import OFF, FeedView
from retroml_edu.widgets.feed_switch import FeedSwitch
from retroml_edu.widgets.starter import FollowedRun
from retroml_edu.widgets.words import score

MOST_EPISODES = 100
NO_PICTURE = "this game has no picture"
PACES = {"1": "Game speed", "4": "4 × faster", "0": "As fast as it goes"}
PREFERRED_PACES: Mapping[PaceName, str] = {"game speed": "1", "4 times faster": "4", "as fast as it goes": "0"}


CHOICES = ("episodes", "deterministic", "pace")
"""What a person chooses of a test."""


class EvaluationCard(anywidget.AnyWidget):
    """Lets a run's agent play some games, shows them where the feed is, and tells how they went.

    Buttons send ``{"action": "test" | "stop"}``; `episodes`, `deterministic` and `pace` are written by the person.

    Args:
        current: Returns the run that the panel shows.
        feed: Where the games are seen.
        switch: What else is seen there; it rests meanwhile.
        note: Takes a line for the event log.
        guarded: Makes a context that shows the errors of a callback.

    Threads: callbacks may run in any thread; one test at a time.
    """

    _esm = script("dom.js", "words.js", "card.js", "evaluation_card.js")
    episodes = traitlets.Int(10).tag(sync=True)
    most_episodes = traitlets.Int(MOST_EPISODES).tag(sync=True)
    deterministic = traitlets.Bool(False).tag(sync=True)
    pace = traitlets.Unicode("4").tag(sync=True)
    paces = traitlets.List(default_value=[list(pace) for pace in PACES.items()]).tag(sync=True)
    ready = traitlets.Bool(False).tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    games: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    result: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        current: Callable[[], FollowedRun | None],
        feed: FeedView,
        switch: FeedSwitch,
        note: Callable[[Event], None],
        guarded: Callable[[], AbstractContextManager[None]],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._current = current
        self._feed = feed
        self._switch = switch
        self._note = note
        self._guarded = guarded
        self._changing = threading.RLock()
        self._test: LiveEvaluation | None = None
        self.on_msg(self._asked)

    def preferred(self) -> Mapping[str, Callable[[Any], object]]:
        """Return what to do with the preferences that are about tests, by their names."""
        return {
            "test_games": lambda games: self.running or self.set_trait("episodes", games),
            "test_actions": lambda actions: self.set_trait("deterministic", actions == "likeliest"),
            "test_speed": lambda pace: self.set_trait("pace", PREFERRED_PACES[pace]),
        }

    def begin(self) -> None:
        """Make ready for another run; a test of the one before is over."""
        with self._changing:
            if self._test is not None:
                self._test.stop()
                self._test = None
            with self.hold_sync():
                self.ready, self.running, self.said, self.games, self.result = True, False, "", [], {}

    def show_deleted(self, *, deleted: bool) -> None:
        """Offer no test of a run that was deleted, until it is brought back."""
        with self._changing:
            self.ready = self._current() is not None and not deleted

    def start(self) -> None:
        """Press Test.

        Raises:
            RunBusyError: If there is no run, or a test goes on.
        """
        run = self._current()
        if run is None:
            raise RunBusyError("There is no agent to test: press Train first.")
        with self._changing:
            if self._test is not None:
                raise RunBusyError("A test goes on already: wait for its end, or stop it.")
            # Each is told which it is: one that was given up must not speak for the one after it.
            test = LiveEvaluation(
                run,
                episodes=min(max(1, self.episodes), MOST_EPISODES),
                deterministic=self.deterministic,
                pace=lambda: float(self.pace) if self.pace in PACES else 0.0,
                show=lambda frame: self._show(test, frame),
                unseen=lambda game: self._tell(test, game, NO_PICTURE),
                played=lambda game: self._played(test, game),
                ended=lambda result: self._ended(test, run, result),
            )
            self._test = test
            with self.hold_sync():
                self.running, self.games, self.result = True, [], {}
                self.said = "Filming the first game…"
            self._switch.rest()
            test.start()

    def attend(self) -> None:
        """Bring the card into sight, with the keys on its button."""
        self.send({"kind": "attend"})

    def stop(self) -> None:
        """Press Stop test; nothing happens without one."""
        with self._changing:
            if self._test is not None:
                self._test.stop()

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("action") in ("test", "stop"):
            with self._guarded():
                if message["action"] == "stop":
                    self.stop()
                    return
                # Told with the press, which overtakes settings that wait until the kernel is idle.
                for name in CHOICES:
                    with suppress(traitlets.TraitError):
                        self.set_trait(name, message.get(name, getattr(self, name)))
                self.start()

    def _show(self, test: LiveEvaluation, frame: Frame) -> float:
        told = self._tell(test, frame.episode)
        return self._feed.show(_describe, [frame], 0.0) if told and self._feed.mode != OFF else 0.0

    def _tell(self, test: LiveEvaluation, game: int, *more: str) -> bool:
        """Say how far it is; return whether that is of interest still."""
        with self._changing:
            if self._test is test:
                self.said = " · ".join([f"Game {game:,} of {self.episodes:,}", *more])
            return self._test is test

    def _played(self, test: LiveEvaluation, game: PlayedEpisode) -> None:
        with self._changing:
            if self._test is test:
                self.games = [*self.games, asdict(game)]

    def _ended(self, test: LiveEvaluation, run: FollowedRun, result: Evaluation | Exception) -> None:
        with self._changing:
            if self._test is not test:
                return
            self._test = None
            with self.hold_sync():
                self.running = False
                self.said = "" if isinstance(result, Evaluation) else _reason(result)
                self.result = _told(result) if isinstance(result, Evaluation) else {}
            if isinstance(result, Evaluation):
                self._note(log("info", f"Test: {_line(result)}", step=result.weights_step))
            self._switch.watch(run)
        if not isinstance(result, Evaluation | RetroMLError):
            with self._guarded():
                raise result


def _describe(frame: Frame) -> str:
    return f"Test of the weights of step {frame.step:,}"


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, RetroMLError) else "The test failed: the reason stands at the top."


def _line(result: Evaluation) -> str:
    games = "1 game" if len(result.episodes) == 1 else f"{len(result.episodes):,} games"
    return f"return {_mean(result)} over {games}, {_actions(result)}"


def _mean(result: Evaluation) -> str:
    figures = result.summary
    spread = f" ± {score(figures['return_std'])}" if len(result.episodes) > 1 else ""
    return f"{score(figures['return_mean'])}{spread}"


def _actions(result: Evaluation) -> str:
    return "likeliest actions" if result.deterministic else "drawn actions"


def _film(result: Evaluation) -> str:
    return f"videos/{result.video_path.name}" if result.video_path else f"no film: {NO_PICTURE}"


def _told(result: Evaluation) -> dict[str, Any]:
    figures = result.summary
    several = len(result.episodes) > 1
    return {
        "return": _mean(result),
        "between": f"{score(figures['return_min'])} to {score(figures['return_max'])}" if several else "",
        "length": f"{figures['length_mean']:,.0f} steps",
        "conditions": f"Weights of step {result.weights_step:,} · {_actions(result)} · seed {result.seed}",
        "kept": " · ".join([f"eval/{result.path.name}", _film(result)]),
    }
