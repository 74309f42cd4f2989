"""What the curves of a run mean: each insight with its evidence, a reason, and settings to try."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from retroml_edu.analysis.insights import RULES, Insight, changed_settings, reliability
from retroml_edu.core.background import OnDemand
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveData
from retroml_edu.core.errors import UnknownNameError
from retroml_edu.session.course import find_lesson, ways_to_say
from retroml_edu.session.history import Run
from retroml_edu.session.judgement import Surroundings, surroundings
from retroml_edu.storage.folder import RunFolder
from retroml_edu.widgets.assets import STATIC, script
from retroml_edu.widgets.insight_marks import mark_told

_LESSONS = frozenset(rule.lesson for rule in RULES)
WAITING = (
    "What the curves mean is told here, once there is enough to judge: most rules wait for a tenth of the run, and "
    "some for half of it."
)
NOTHING = "The run has ended, and its curves gave no rule anything to say: they may be too short to judge."


class InsightsCard(anywidget.AnyWidget):
    """Tells what the rules find in a run's curves; a remedy becomes the settings of the next run.

    The page has the window of an opened insight marked in the chart, and keeps an opened one that the curves no longer
    support until it is closed, or `run` tells of another run. The card's buttons send
    ``{"action": "try", "rule": ...}``.

    Threads: safe.
    """

    _esm = script("dom.js", "card.js", "lesson_link.js", "insights_card.js")
    _css = STATIC / "insights.css"
    insights: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    run = traitlets.Int(0).tag(sync=True)
    empty = traitlets.Unicode(WAITING).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._writing = threading.Lock()
        self._looking = OnDemand(self._read_around, "retroml-insights")
        self._config: ExperimentConfig | None = None
        self._folder: Path | None = None
        self._data: CurveData | None = None
        self._around = Surroundings()
        self._lessons: Mapping[str, list[str]] = {}
        self._found: Sequence[Insight] = ()
        self._ended = False

    def begin(self, config: ExperimentConfig, folder: Path | None = None) -> None:
        """Forget everything, for a new run.

        Args:
            config: Of the run.
            folder: Where it lies, for what is found beside its curves.
        """
        with self._writing, self.hold_sync():
            self._config, self._folder, self._data = config, folder, None
            self._around, self._found, self.insights = Surroundings(), (), []
            self._ended, self.empty = False, WAITING
            self.run += 1
        self.look_around()

    def show(self, data: CurveData, *, ended: bool = False) -> None:
        """Tell what the curves say as they are now, or were when the run ended."""
        with self._writing, self.hold_sync():
            self._data, self._ended = data, ended
            self._tell()

    def look_around(self) -> None:
        """Read in a thread what lies beside the curves: tests, and other seeds of the same experiment.

        To be called when that may have changed: when a run begins or ends, and after a test.
        """
        self._looking.ask()

    def remedied(self, rule: object) -> ExperimentConfig:
        """Return the run's config with what a rule proposes.

        Raises:
            UnknownNameError: If it proposes nothing now.
        """
        with self._writing:
            config = self._config
            remedies = [each.remedy for each in self._found if each.rule == rule and each.remedy is not None]
        if config is None or not remedies:
            raise UnknownNameError(
                "This insight has just gone: by now the curves say something else. The settings are as they were; see "
                "what the insights say now."
            )
        return config.changed(**remedies[0].changes)

    def tell_taken(self, rule: object) -> None:
        """Say beside an insight that what it proposes is in the settings now."""
        self.send({"kind": "taken", "rule": rule})

    def _read_around(self) -> None:
        folder = self._folder
        if folder is None:
            return
        around = surroundings(Run(RunFolder(folder)))
        lessons = {name: ways_to_say(file) for name in _LESSONS if (file := find_lesson(name)) is not None}
        with self._writing:
            if self._folder == folder and (around, lessons) != (self._around, self._lessons):
                self._around, self._lessons = around, lessons
                self._tell()

    def _tell(self) -> None:
        config, data = self._config, self._data
        if config is not None and data is not None:
            self._found = self._around.judge(data, config)
            self.empty = NOTHING if self._ended else WAITING
            self.insights = [self._told(insight, data, config) for insight in self._found]

    def _told(self, insight: Insight, data: CurveData, config: ExperimentConfig) -> dict[str, Any]:
        remedy = insight.remedy
        return {
            "rule": insight.rule,
            "severity": insight.severity,
            "title": insight.title,
            "evidence": insight.evidence.sentence,
            "why": insight.why,
            "sure": reliability(insight.rule),
            "remedy": remedy.label if remedy is not None else "",
            "changes": ", ".join(changed_settings(config, remedy)) if remedy is not None else "",
            "lesson": {"name": insight.lesson, "paths": self._lessons.get(insight.lesson, [])},
            **mark_told(insight, data, config.algorithm),
        }
