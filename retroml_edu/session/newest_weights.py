"""A copy of the weights of a run that trains, for whoever plays with it."""

from __future__ import annotations

import queue
from collections.abc import Callable
from contextlib import suppress

from retroml_edu.core.weights import PolicyWeights
from retroml_edu.session.run import TrainingRun

LOOK_S = 0.2
"""Between two looks at whether the run has ended, or nobody wants its weights any more."""


def newest_weights(run: TrainingRun, given_up: Callable[[], bool]) -> PolicyWeights | None:
    """Wait for a copy of a run's weights; None if it ended without one, or the wait was given up.

    Threads: safe; waits in the thread of the caller, the copy is made in the trainer's.
    """
    arrived: queue.SimpleQueue[PolicyWeights] = queue.SimpleQueue()
    run.control.request_weights(arrived.put)
    while not (run.ended or given_up()):
        with suppress(queue.Empty):
            return arrived.get(timeout=LOOK_S)
    with suppress(queue.Empty):  # at the last moment
        return arrived.get_nowait()
    return None
