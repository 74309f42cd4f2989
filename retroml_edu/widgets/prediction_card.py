"""Predict, then train: the card that asks what a run will do, and tells afterwards how near that was."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, get_args

import traitlets

from retroml_edu.analysis.prediction import score_sentences
from retroml_edu.core.background import OnDemand
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveData
from retroml_edu.core.errors import PredictionError, Problem, RetroMLError
from retroml_edu.core.prediction import Drawing, Prediction
from retroml_edu.core.preferences import PredictMode
from retroml_edu.envs import goal_return
from retroml_edu.envs.return_ranges import return_range
from retroml_edu.session.predictions import calibration_of, score_run
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.predictions import read_prediction, write_prediction
from retroml_edu.widgets.assets import STATIC, script
from retroml_edu.widgets.prediction_canvas import PredictionCanvas
from retroml_edu.widgets.settings_values import Request

QUESTION = "What will the mean return do?"
WANTED = "Draw first what you expect of the mean return, under Your prediction."
TOO_EARLY = "The run ended too early to be compared with your curve."
TOPIC = "part:Your prediction"
DOUBLE_CLICK_S = 1.0
"""Within so many seconds, a second press of Train is the same press."""
HIDDEN, ASKING, SKIPPED, TRAINING, SCORED = "hidden", "asking", "skipped", "training", "scored"


@dataclass(frozen=True, slots=True)
class _Draft:
    """What somebody drew for the next run, and of which game."""

    env_id: str
    drawing: Drawing


class PredictionCard(PredictionCanvas):
    """Has a person draw what they expect of the next run; keeps it in the run's folder, and scores it at the end.

    The page sends ``{"action": "skip" | "draw" | "next"}``. A prediction that lies in the folder of a shown run is
    shown with it, whatever is preferred.

    Attributes:
        stage: ``hidden``, ``asking``, ``skipped``, ``training`` or ``scored``.
        said: What came of it, sentences.
        wanted: Whether Train was pressed before anything was drawn.
        may_skip: Whether a run may go without.
        may_ask: Whether the next run is asked about.

    Threads: safe; a lock keeps the pump and the page apart.
    """

    _esm = script("dom.js", "words.js", "card.js", "prediction_scale.js", "prediction_canvas.js", "prediction_card.js")
    _css = STATIC / "prediction.css"
    stage = traitlets.Unicode(HIDDEN).tag(sync=True)
    said = traitlets.List(traitlets.Unicode()).tag(sync=True)
    wanted = traitlets.Bool(False).tag(sync=True)
    may_skip = traitlets.Bool(True).tag(sync=True)
    may_ask = traitlets.Bool(False).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        self._writing = threading.RLock()
        self._mode: PredictMode = "off"
        self._fixed = False
        self._request: Callable[[], Request] | None = None
        self._env_id = ""
        self._folder: RunFolder | None = None
        self._shown: Prediction | None = None
        self._verdict: list[str] = []
        self._goes_on = False
        self._asked_s: float | None = None
        self._accepted: _Draft | None = None
        self._put_away: _Draft | None = None
        self._looking_back = OnDemand(self._look_back, "retroml-predictions")
        super().__init__(question=QUESTION, goal_label="solved", **kwargs)
        self.on_msg(self._hear)
        self.observe(self._drawn_now, "values")

    # -- whether to ask ----------------------------------------------------------------------------------------------

    def prefer(self, mode: PredictMode) -> None:
        """Follow a person's preference, unless the cell has said what counts."""
        if not self._fixed:
            self._set(mode)

    def fix(self, mode: bool | str) -> None:
        """Do as the cell says, whatever is preferred.

        Args:
            mode: True or ``"asked"``: Train asks once; ``"required"``: nothing starts without; False or ``"off"``.

        Raises:
            PredictionError: If it is none of these.
        """
        named = ("asked" if mode else "off") if isinstance(mode, bool) else mode
        found = next((known for known in get_args(PredictMode) if known == named), None)
        if found is None:
            raise PredictionError(f'predict={mode!r} is unknown: write True, False or "required".')
        self._fixed = True
        self._set(found)

    def attach(self, request: Callable[[], Request]) -> None:
        """Say where to look up what the next run would be."""
        self._request = request
        self.look()

    def look(self) -> None:
        """Fit the axes to what the next run would be: its settings may have changed."""
        if self._request is None or self.stage not in (ASKING, SKIPPED):
            return
        with suppress(RetroMLError):  # what is wrong with the settings is told beside them
            request = self._request()
            self._fit(request)

    def asks(self) -> Problem | None:
        """Return what to say instead of starting, the first time that Train is pressed with nothing drawn."""
        with self._writing:
            if self._mode != "asked" or self._goes_on or self.stage == SKIPPED or self._is_ready():
                return None
            if self._asked_s is not None and time.monotonic() - self._asked_s > DOUBLE_CLICK_S:
                self.wanted = False
                return None
            self._asked_s = self._asked_s or time.monotonic()
            self._ask()
            self.wanted = True
            return Problem("predict", WANTED, "Or press Train again to go without.", "warning", topic=TOPIC)

    def accept(self) -> None:
        """Take what is drawn now as the prediction of the run that is about to be made, whatever is drawn meanwhile.

        Raises:
            PredictionError: If nothing is drawn where none may be left out, or it is drawn over too few steps.
        """
        with self._writing:
            self._accepted = self._draft()
            if self._accepted is None and self._mode == "required" and not self._goes_on:
                self._ask()
                self.wanted = True
                raise PredictionError(WANTED)
            if self._accepted is not None and self.x_unit == "steps":
                self._accepted.drawing.over(int(self.x_end))  # while there is time to say what is wrong

    # -- the run -----------------------------------------------------------------------------------------------------

    def keep(self, folder: RunFolder, config: ExperimentConfig) -> None:
        """Write what was accepted into the folder of the run that has just been made.

        Raises:
            PredictionError: If it makes no prediction.
            StorageError: If it cannot be written.
        """
        with self._writing:
            # What is drawn may reach the kernel after the press of Train that followed it, so the newest counts; but
            # not what was drawn of another game meanwhile.
            draft, accepted = self._draft(), self._accepted
            self._accepted = None
            if draft is not None and draft.env_id == config.env_id:
                self.clear()  # it belongs to this run now, and not to the next
            else:
                draft = accepted
            if draft is None or draft.env_id != config.env_id:
                return
        write_prediction(folder, draft.drawing.over(config.total_timesteps))

    def begin(self, folder: RunFolder, goal: float | None) -> Prediction | None:
        """Make ready for a run that is shown from now on, and return what was expected of it.

        Args:
            folder: Its folder.
            goal: Return that counts as solved.
        """
        found = read_prediction(folder)
        with self._writing, self.hold_sync():
            self._put_away = self._draft() or self._put_away
            self._folder, self._shown, self._goes_on, self._asked_s = folder, found, True, None
            self.said, self.wanted = [], False
            self.stage = HIDDEN if found is None else TRAINING
            if found is not None:
                self.show(found)
                self.goal = goal
        return found

    def end(self, data: CurveData) -> None:
        """Tell what came of the prediction of the run, which has ended."""
        with self._writing, self.hold_sync():
            self._goes_on = False
            if self._shown is None:
                self._set(self._mode)
                return
            score = score_run(self._shown, data)
            self.stage = SCORED
            self._verdict = [TOO_EARLY] if score is None else score_sentences(score)
            self.said = self._verdict
            if score is not None:
                self.lay_over(score.steps, score.actual)

    def refresh(self) -> None:
        """Tell in a moment how well the newest predictions were judged; nothing is read if none is shown."""
        if self.stage == SCORED:
            self._looking_back.ask()

    def _look_back(self) -> None:
        folder = self._folder
        with suppress(RetroMLError):
            found = calibration_of(folder.path.parent) if folder is not None else None
            with self._writing:
                if found is not None and found.predictions > 1 and self.stage == SCORED and folder is self._folder:
                    self.said = [*self._verdict, found.sentence]

    # -- what is asked -----------------------------------------------------------------------------------------------

    def _drawn_now(self, _change: object) -> None:
        if self.drawn:
            self.wanted = False

    def _is_ready(self) -> bool:
        return self.stage == ASKING and self.drawn

    def _draft(self) -> _Draft | None:
        drawing = self.drawing if self.stage == ASKING else None
        return None if drawing is None else _Draft(self._env_id, drawing)

    def _set(self, mode: PredictMode) -> None:
        with self._writing, self.hold_sync():
            self._mode, self.may_skip, self.may_ask = mode, mode == "asked", mode != "off"
            if mode == "off" and self.stage in (ASKING, SKIPPED):
                self.stage = HIDDEN
            elif mode != "off" and self.stage in (HIDDEN, SKIPPED) and not self._goes_on:
                self._ask()

    def _ask(self) -> None:
        """Ask about the next run; what is drawn of it already stays."""
        with self.hold_sync():
            if self.stage in (HIDDEN, SCORED):
                self._env_id = ""
                self.clear()
            self.stage, self.said = ASKING, []
            self.look()
            draft, self._put_away = self._put_away, None
            if draft is not None and draft.env_id == self._env_id and not self.drawn:
                drawing = draft.drawing
                self.low, self.high, self.within = drawing.low, drawing.high, drawing.within
                self.values = list(drawing.returns)

    def _fit(self, request: Request) -> None:
        config = request.config
        with self._writing, self.hold_sync():
            if config.env_id != self._env_id:
                span = return_range(config.env_id)
                self.clear()
                self.low, self.high, self.adjustable = span.low, span.high, not span.known
                self.goal, self._env_id = goal_return(config.env_id), config.env_id
            if request.duration_s is None:
                self.x_end, self.x_unit = float(config.total_timesteps), "steps"
            else:  # the steps are known when the run begins; a share of it is the same in both
                self.x_end, self.x_unit = request.duration_s / 60, "minutes"

    def _hear(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        action = message.get("action")
        with self._writing:
            if action == "skip" and self.stage == ASKING and self.may_skip:
                self.stage, self.wanted = SKIPPED, False
            elif (action == "draw" and self.stage == SKIPPED) or (
                action == "next" and self.stage == SCORED and self.may_ask
            ):
                self._ask()
