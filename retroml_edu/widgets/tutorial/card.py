"""The tutorial as a widget: a card beside what it is about, and a line that offers it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.errors import RetroMLError
from retroml_edu.session.history import Run
from retroml_edu.session.run import TrainingRun
from retroml_edu.storage.folder import RunFolder, holds_runs
from retroml_edu.storage.tutorial import TutorialProgress, TutorialStanding, read_tutorial, write_tutorial
from retroml_edu.widgets.assets import STATIC, script
from retroml_edu.widgets.key_figures import NOTHING, KeyFigures
from retroml_edu.widgets.runbar import RunBar
from retroml_edu.widgets.serial_work import SerialWork
from retroml_edu.widgets.settings_pane import SettingsPane
from retroml_edu.widgets.starter import FollowedRun
from retroml_edu.widgets.tutorial.comparison import Comparison, compare
from retroml_edu.widgets.tutorial.recorded import recorded_run
from retroml_edu.widgets.tutorial.step import Reached
from retroml_edu.widgets.tutorial.steps import NUMBERS, STEPS
from retroml_edu.widgets.tutorial.task import SEED, task_config

FOLDER_TIMEOUT_S = 60.0
TRAIN = NUMBERS["train"]
SEED_STEPS = range(NUMBERS["seed"], TRAIN + 1)
"""Steps to which the form comes with the seed of the recorded run, whatever stood there."""


class Tutorial(anywidget.AnyWidget):
    """Leads through a first run, and keeps the place where somebody left.

    It is offered as long as a home has no runs, unless somebody has declined. The page sends ``{"action": "begin" |
    "leave" | "finish" | "decline" | "choose"}`` and ``{"action": "go", "to": number}``. The steps are sent when the
    tutorial is begun.

    Args:
        home: Where the place is kept, and the runs are.
        current: Returns the run that the panel shows.
        open_run: Shows a run, given its id.
        settings: The form, in which what the tutorial trains is set up.
        runbar: Tells when a run begins and ends.
        figures: Tell when a run has measured something.
        guarded: Makes a context that shows the errors of a callback.

    Threads: what is asked for is done in a thread of its own, one after the other.
    """

    _esm = script("dom.js", "tutorial_place.js", "tutorial_chart.js", "tutorial.js")
    _css = STATIC / "tutorial.css"
    steps: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    is_open = traitlets.Bool(False).tag(sync=True)
    offer = traitlets.Unicode("").tag(sync=True)
    invitation = traitlets.Unicode("").tag(sync=True)
    reached: traitlets.List[str] = traitlets.List().tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    result: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        home: Path,
        current: Callable[[], FollowedRun | None],
        open_run: Callable[[str], object],
        settings: SettingsPane,
        runbar: RunBar,
        figures: KeyFigures,
        guarded: Callable[[], AbstractContextManager[None]],
    ) -> None:
        super().__init__()
        self._home = home
        self._current = current
        self._open_run = open_run
        self._settings = settings
        self._figures = figures
        self._work = SerialWork("retroml-tutorial", guarded)
        self._progress = read_tutorial(home)
        self._before = ""
        self._begun = False
        self.step = NUMBERS.get(self._progress.step, 0)
        self._tell_offer()
        self.on_msg(self._asked)
        runbar.observe(self._run_changed, "state")
        figures.observe(self._measured, "figures")

    @property
    def busy(self) -> bool:
        """Whether something that was asked for is being done."""
        return self._work.busy

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        actions: dict[object, Callable[[], object]] = {
            "begin": self._begin,
            "leave": lambda: self._close(TutorialStanding.BEGUN),
            "finish": lambda: self._close(TutorialStanding.FINISHED),
            "decline": lambda: self._close(TutorialStanding.DECLINED),
            "choose": self._choose,
            "go": lambda: self._go(message.get("to")),
        }
        action = actions.get(message.get("action"))
        if action is not None:
            self._work.do(action)

    # -- steps ---------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self.is_open:
            return
        said = ""
        run = self._current()
        # What a panel showed before the tutorial was opened in it is another's run, unless it is known for its own.
        is_others = not self._begun and run is not None and run.run_id != self._progress.run_id
        self._begun = True
        if is_others or not self._is_under_way():
            self._before = run.run_id if run is not None else ""
        if not self._is_under_way():
            self._progress = TutorialProgress()
            self.step = 0
        elif not self._run_is_there() and self.step > TRAIN:
            self.step = TRAIN
            said = "The run of this tutorial is not there any more: train it once more."
        with self.hold_sync():
            self.steps = [step.as_json() for step in STEPS]
            self.said = said
            self.is_open = True
        self._look()
        self._keep(TutorialStanding.BEGUN)
        self._set_up_seed()

    def _is_under_way(self) -> bool:
        return self.step > 0 and self._progress.standing is not TutorialStanding.FINISHED

    def _run_is_there(self) -> bool:
        """Show the run of the tutorial, where the panel shows another or none; return whether there is one."""
        if self._run() is None and self._progress.run_id:
            with suppress(RetroMLError):  # it was deleted, or its folder is damaged
                self._open_run(self._progress.run_id)
        return self._run() is not None

    def _go(self, to: object) -> None:
        if not self.is_open or not isinstance(to, int) or not 0 <= to < len(STEPS) or to > self.step + 1:
            return
        awaits = STEPS[self.step].awaits
        if to > self.step and awaits is not None and awaits not in self.reached:
            return
        with self.hold_sync():
            self.step = to
            self.said = ""
        self._look()
        self._keep(TutorialStanding.BEGUN)
        self._set_up_seed()

    def _choose(self) -> None:
        config = task_config(self._home)
        self._settings.apply(config)
        self.said = (
            f"Chosen: {config.env_id}, {config.algorithm}, {config.total_timesteps:,} steps, seed {config.seed}. "
            "That takes less than a minute on most computers."
        )

    def _set_up_seed(self) -> None:
        if self.step not in SEED_STEPS:
            return
        before = self._settings.set_seed(SEED)
        if before != SEED:
            instead = f" instead of {before}" if isinstance(before, int) else ""
            self.said = f"{self.said} Set for you: seed {SEED}{instead}, as in the recorded run.".lstrip()

    def _close(self, standing: TutorialStanding) -> None:
        if self.is_open or standing is TutorialStanding.DECLINED:
            self.is_open = False
            self._keep(standing)

    def _keep(self, standing: TutorialStanding) -> None:
        run = self._run()
        run_id = self._progress.run_id if run is None else run.run_id
        self._progress = TutorialProgress(standing, STEPS[self.step].name, run_id)
        self._tell_offer()
        write_tutorial(self._home, self._progress)

    def _tell_offer(self) -> None:
        under_way = self._is_under_way()
        standing = self._progress.standing
        offered = standing is TutorialStanding.NEW and not holds_runs(self._home)
        left = standing is TutorialStanding.BEGUN
        with self.hold_sync():
            self.offer = "new" if offered else "left" if left else ""
            place = f"step {self.step + 1} of {len(STEPS)}"
            self.invitation = f"Go on with the tutorial, {place}" if under_way else "Start the tutorial"

    # -- the run -------------------------------------------------------------------------------------------------

    def _run(self) -> FollowedRun | None:
        """Return the run that the panel shows, if it was trained since the tutorial was begun."""
        run = self._current()
        return None if run is None or run.run_id == self._before else run

    def _run_changed(self, _change: object) -> None:
        if self.is_open:
            self._work.do(self._look_and_keep)
        elif self.offer == "new" and self._current() is not None:
            self._work.do(lambda: self.set_trait("offer", ""))  # who trains without it needs no tutorial

    def _measured(self, _change: object) -> None:
        if self.is_open and Reached.MEASURED not in self.reached and self._has_measured():
            self._work.do(self._look)

    def _has_measured(self) -> bool:
        return any(figure["name"] == "return" and figure["value"] != NOTHING for figure in self._figures.figures)

    def _look_and_keep(self) -> None:
        run = self._run()
        self._look()
        if self.is_open and run is not None and run.run_id != self._progress.run_id:
            self._keep(TutorialStanding.BEGUN)

    def _look(self) -> None:
        run = self._run()
        reached: list[str] = []
        if run is not None:
            has_ended = run.state.is_final
            reached = [Reached.STARTED]
            reached += [Reached.MEASURED] if has_ended or self._has_measured() else []
            reached += [Reached.ENDED] if has_ended else []
        if len(reached) > len(self.reached):
            self.said = ""  # what was said before is done
        self.reached = reached
        if STEPS[self.step].offers == "compare":
            self.result = _compared(run).as_json() if run is not None and Reached.ENDED in reached else {}


def _compared(run: FollowedRun) -> Comparison:
    if isinstance(run, TrainingRun):
        run.wait(FOLDER_TIMEOUT_S)  # its last state is told before it is on disk
    if not run.path.is_dir():
        return Comparison(("Your run was deleted. Go back, and press Train once more.",), {})
    try:
        points = Run(RunFolder(run.path)).points()
    except (OSError, RetroMLError):
        return Comparison(("Your run cannot be read any more. Go back, and press Train once more.",), {})
    return compare(run.config, points, recorded_run())
