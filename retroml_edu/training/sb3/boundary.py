"""Between two steps: what happened is told, and wishes are served."""

from __future__ import annotations

from collections.abc import Sequence

from retroml_edu.core.control import Control
from retroml_edu.training.reporting import Reporter
from retroml_edu.training.sb3.stepped import EndedEpisode, Stepped
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

    def __call__(self, ended: Sequence[EndedEpisode]) -> None:
        """Report and serve.

        Args:
            ended: The games that ended since the last boundary, in their order.
        """
        for episode in ended:
            self._reporter.episode(*episode)
            if episode.env_index == 0:
                self._view.episode += 1
        step = self._model.num_timesteps
        self._reporter.progress(step)
        # Whoever wants the weights at the end wants them after the last update, which is still to come.
        self._control.poll(min(step, self._last_before_end), self._view)
