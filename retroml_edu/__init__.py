"""retroml_edu: reinforcement learning that can be watched, in Jupyter, on retro games and classic control.

The public names are few and open late: importing the package loads neither torch nor plotly nor ipywidgets.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retroml_edu.core.config import ExperimentConfig
    from retroml_edu.core.errors import RetroMLError
    from retroml_edu.core.results import RunResult
    from retroml_edu.session.evaluation import evaluate
    from retroml_edu.session.experiment import resume_experiment, run_experiment
    from retroml_edu.session.history import Run, list_runs, load_run
    from retroml_edu.session.importing import import_model
    from retroml_edu.session.session import Session
    from retroml_edu.session.verification import Verdict, verify
    from retroml_edu.widgets.lab import Lab

# Threads of torch that wait for work would otherwise spin on the core that the browser, or another run, could use:
# beside a busy neighbour, games with images train about twice as fast this way. Not to spin at all costs a quarter
# where nobody else wants the core, so GNU's library, which Linux has, does it for some ten microseconds. Torch reads
# both when it is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ.setdefault("GOMP_SPINCOUNT", "4000")

__version__ = "0.1.0"
__all__ = [
    "ExperimentConfig",
    "Lab",
    "RetroMLError",
    "Run",
    "RunResult",
    "Session",
    "Verdict",
    "evaluate",
    "import_model",
    "list_runs",
    "load_run",
    "resume_experiment",
    "run_experiment",
    "verify",
]

_HOMES = {
    "ExperimentConfig": "core.config",
    "Lab": "widgets.lab",
    "RetroMLError": "core.errors",
    "Run": "session.history",
    "RunResult": "core.results",
    "Session": "session.session",
    "Verdict": "session.verification",
    "evaluate": "session.evaluation",
    "import_model": "session.importing",
    "list_runs": "session.history",
    "load_run": "session.history",
    "resume_experiment": "session.experiment",
    "run_experiment": "session.experiment",
    "verify": "session.verification",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
