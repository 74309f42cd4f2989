"""stable-baselines3's callback, called after every step of all environments."""

from __future__ import annotations

from stable_baselines3.common.callbacks import BaseCallback

from retroml_edu.core.control import Control
from retroml_edu.training.reporting import Reporter
from retroml_edu.training.sb3.view import ModelView


class StepCallback(BaseCallback):
    """Reports games that have ended, and serves control.

    Args:
        reporter: Takes what is to be reported.
        control: Polled after every step.
        view: What control may look at.
        total_timesteps: Length of the run.
    """

    def __init__(self, reporter: Reporter, control: Control, view: ModelView, total_timesteps: int) -> None:
        super().__init__()
        self._reporter = reporter
        self._control = control
        self._view = view
        self._last_before_end = total_timesteps - 1

    def _on_training_start(self) -> None:
        self._reporter.progress(0)
        self._control.poll(0, self._view)

    def _on_step(self) -> bool:
        step = self.num_timesteps
        for index, info in enumerate(self.locals["infos"]):
            episode = info.get("episode")
            if episode is not None:
                self._reporter.episode(step, index, float(episode["r"]), int(episode["l"]))
                if index == 0:
                    self._view.episode += 1
        self._reporter.progress(step)
        # Whoever wants the weights at the end wants them after the last update, which is still to come.
        self._control.poll(min(step, self._last_before_end), self._view)
        return True

    def _on_training_end(self) -> None:
        self._control.poll(self.num_timesteps, self._view)
