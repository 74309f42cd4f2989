"""Between two steps: what happened is told, and wishes are served."""

from __future__ import annotations

from retroml_edu.core.control import Control
from retroml_edu.training.reporting import Reporter
from retroml_edu.training.sb3.stepped import Infos, Stepped
from retroml_edu.training.sb3.view import ModelView


class StepBoundary:
    """Reports games that have ended, and serves control.

    Args:
        model: What is being trained.
        reporter: Takes what is to be reported.
        control: Polled at every boundary.
        view: What control may look at.
        total_timesteps: Length of the run.
    """

    def __init__(
        self, model: Stepped, reporter: Reporter, control: Control, view: ModelView, total_timesteps: int
    ) -> None:
        self._model = model
        self._reporter = reporter
        self._control = control
        self._view = view
        self._last_before_end = total_timesteps - 1

    def __call__(self, infos: Infos) -> None:
        """Report and serve.

        Args:
            infos: What the environments told at the step that was made; empty before the first.
        """
        step = self._model.num_timesteps
        for index, info in enumerate(infos):
            episode = info.get("episode")
            if episode is not None:
                self._reporter.episode(step, index, float(episode["r"]), int(episode["l"]))
                if index == 0:
                    self._view.episode += 1
        self._reporter.progress(step)
        # Whoever wants the weights at the end wants them after the last update, which is still to come.
        self._control.poll(min(step, self._last_before_end), self._view)
