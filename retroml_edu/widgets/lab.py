"""Lab: the panel as an object in a notebook, with the same buttons from code."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any, Literal

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import RunBusyError, TrainingError, WaitTimeoutError
from retroml_edu.core.results import RunResult
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.history import Run, load_run
from retroml_edu.session.run import TrainingRun
from retroml_edu.session.session import Session
from retroml_edu.storage.home import find_home
from retroml_edu.training import load_trainer
from retroml_edu.widgets.kernel import keep_shell_answering
from retroml_edu.widgets.opening import opening_config
from retroml_edu.widgets.panel import Panel

POLL_S = 0.05
KEEPING_S = 30.0
"""At most, until what stays of a run in the notebook is there: the kernel may end with the cell that waits."""
WITHOUT_KERNEL = (
    "The panel needs a kernel: run this cell again to open it. What its newest run has come to stands below."
)


class Lab:
    """The panel. As the last value of a cell it shows itself.

    Args:
        env_id: Environment that is chosen at first; as the person's settings say, if neither this nor the algorithm is
            named, else CartPole-v1.
        algorithm: Algorithm that is chosen at first; likewise, else PPO.
        config: A whole config instead of the two.
        home: Where runs live; by default as the README says.
        run: Id of a run to show, also one of another process.
        predict: Whether a person draws the curve that they expect before they train: True has Train ask for it once,
            ``"required"`` starts nothing without it; by default as the person's settings say.
        **settings: Further fields of `ExperimentConfig`, such as ``seed=1`` or ``run_type="short"``.

    Raises:
        ConfigError: If the settings make no config.
        UnknownNameError: If there is no such environment or run.
        PredictionError: If `predict` is none of these.

    Example:
        >>> lab = Lab(env_id="CartPole-v1", algorithm="PPO")
        >>> lab
    """

    def __init__(
        self,
        env_id: str | None = None,
        algorithm: str | None = None,
        *,
        config: ExperimentConfig | None = None,
        home: str | Path | None = None,
        run: str | None = None,
        predict: bool | Literal["off", "asked", "required"] | None = None,
        **settings: Any,
    ) -> None:
        keep_shell_answering()
        found = find_home(home)
        config = config or opening_config(found.path, env_id, algorithm, settings)
        self.panel = Panel(config, lambda: Session(home), found)
        if predict is not None:
            self.panel.prediction.fix(predict)
        if run is not None:
            self.panel.show_run(RunFollower(load_run(run, home), in_columns=True))
        threading.Thread(target=_load_heavy_parts, name="retroml-preload", daemon=True).start()

    @property
    def config(self) -> ExperimentConfig:
        """What the settings ask for now."""
        return self.panel.config

    def apply(self, config: ExperimentConfig) -> None:
        """Show a config in the settings."""
        self.panel.apply(config)

    def start(self) -> Lab:
        """Press Train.

        Raises:
            PredictionError: If a prediction is required first.
            RunBusyError: If this panel's run goes on.
            RetroMLError: If the settings cannot be run.
        """
        self.panel.start()
        return self

    def stop(self) -> None:
        """Press Stop."""
        self.panel.stop()

    def pause(self) -> None:
        """Press Pause."""
        self.panel.pause()

    def resume(self) -> None:
        """Press Resume: end the pause, or go on with the run exactly where it was stopped, failed or lost.

        Raises:
            RetroMLError: If the run cannot be resumed.
        """
        self.panel.resume()

    def checkpoint(self) -> None:
        """Press Checkpoint now: store the exact state, so that training can be resumed from here.

        Raises:
            RunBusyError: If no run trains, or this one makes no checkpoints.
        """
        self.panel.checkpoint()

    @property
    def run(self) -> Run | None:
        """The run that the panel shows, as it is on disk; None before the first."""
        return self.panel.stored_run()

    def wait(self, timeout_s: float | None = None) -> RunResult:
        """Wait until the run has ended. The panel goes on moving; other cells wait.

        Raises:
            RunBusyError: If nothing was started here.
            WaitTimeoutError: If it takes longer; the run goes on.
        """
        result = self._started().wait(timeout_s)
        self.panel.kept.wait(KEEPING_S)
        return result

    def trained(self, seed: int | None = None, *, timeout_s: float | None = None) -> Run:
        """Return a run of this panel that has trained to its end; press Train where there is none yet.

        So a cell gives the same whether a person has pressed Train above it or has run all cells. A run that still
        trains is waited for.

        Args:
            seed: Of the run; it is set before Train is pressed. Any, if left out.
            timeout_s: How long to wait.

        Raises:
            PredictionError: If a prediction is required first.
            TrainingError: If the run was stopped or failed.
            WaitTimeoutError: If it takes longer; the run goes on.
            RetroMLError: If the settings cannot be run.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        self.panel.until_begun()
        if isinstance(self.panel.run, TrainingRun) and not self.panel.run.ended:
            self.wait(timeout_s)
        found = self.panel.made(seed)
        if found is not None:
            return found
        if seed is not None:
            self.apply(self.config.changed(seed=seed))
        self.start()
        result = self.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
        if not result.success:
            why = result.error or f"it was {result.state} after {result.summary['steps']:,} steps"
            raise TrainingError(f"This run did not reach its end: {why}. Run the cell again to train anew.")
        return load_run(result.run_id, result.path.parent)

    async def wait_async(self, timeout_s: float | None = None) -> RunResult:
        """Wait without blocking the kernel's event loop: other coroutines and timers go on.

        In JupyterLab the buttons work during `wait` as well; a front end without subshells answers them after the cell.

        Raises:
            RunBusyError: If nothing was started here.
            WaitTimeoutError: If it takes longer; the run goes on.
        """
        run = self._started()
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not run.ended:
            if deadline is not None and time.monotonic() > deadline:
                raise WaitTimeoutError(f"The run is still {run.state} after {timeout_s:g} s: wait longer, or stop it.")
            await asyncio.sleep(POLL_S)
        await asyncio.to_thread(self.panel.kept.wait, KEEPING_S)
        return run.wait()

    def _started(self) -> TrainingRun:
        run = self.panel.run
        if not isinstance(run, TrainingRun):
            raise RunBusyError("Nothing was started from this panel yet: call start() or press Train.")
        return run

    def _ipython_display_(self) -> None:
        self.panel.kept.show(self.panel.root, f"{self!r}. {WITHOUT_KERNEL}")

    def __repr__(self) -> str:
        return f"Lab({self.panel.form.values['env_id']}, {self.panel.form.values['algorithm']})"


def _load_heavy_parts() -> None:
    """Load torch and the kernels while the person reads the settings, so that Train answers at once."""
    from retroml_edu.training.fast.preparation import prepare

    load_trainer()
    prepare()
