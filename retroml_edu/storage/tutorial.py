"""tutorial.json: how far a person has come in the tutorial, in the home of runs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from retroml_edu.core.ids import is_run_id
from retroml_edu.storage.atomic import write_json
from retroml_edu.storage.home import open_home
from retroml_edu.storage.json_text import read_json_object

FILE = "tutorial.json"
MOST_BYTES = 4_096
MOST_NAME = 40


class TutorialStanding(StrEnum):
    """What a person has done about the tutorial."""

    NEW = "new"
    BEGUN = "begun"
    DECLINED = "declined"
    """It is not offered again; whoever asks for it gets it."""
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class TutorialProgress:
    """How far somebody has come.

    Attributes:
        standing: What was done about it last.
        step: Name of the step; empty before the first.
        run_id: The run that was trained in it; empty without one.
    """

    standing: TutorialStanding = TutorialStanding.NEW
    step: str = ""
    run_id: str = ""


def read_tutorial(home: Path) -> TutorialProgress:
    """Return how far somebody has come; nothing is made, and a file that cannot be used is as good as none."""
    with suppress(OSError, ValueError):
        kept = read_json_object(home / FILE, MOST_BYTES)
        step, run_id = kept.get("step"), kept.get("run_id")
        return TutorialProgress(
            TutorialStanding(str(kept.get("standing"))),
            step if isinstance(step, str) and len(step) <= MOST_NAME else "",
            run_id if isinstance(run_id, str) and is_run_id(run_id) else "",
        )
    return TutorialProgress()


def write_tutorial(home: Path, progress: TutorialProgress) -> None:
    """Keep how far somebody has come.

    Raises:
        StorageError: If the home cannot be made, or not be written.
    """
    open_home(home)
    write_json(home / FILE, asdict(progress), durable=False)
