"""Around the panel: keyboard, files, command line."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from retroml_edu.storage import tutorial
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.preferences import FILE
from retroml_edu.widgets.help.topic import Code, Items, Topic, says, table

KEYS = (
    ("Tab, Shift+Tab", "everywhere", "Go to the next control, or the one before."),
    ("F1", "everywhere", "Open the help on what has the focus: a setting, a figure, an insight."),
    ("Arrow keys, Home, End", "names of the tabs", "Go to another tab."),
    ("Arrow keys", "a slider", "One step of the value."),
    ("Up, Down, Page Up, Page Down, Home, End", "a point of your prediction", "Move it up or down."),
    ("F6", "the tutorial", "Go to what the step is about, and back to the step."),
    ("Escape", "the tutorial", "Leave it; the place is kept."),
    ("Enter, Space", "a title of a card", "Fold it, or unfold it."),
    ("Escape", "a figure's meaning", "Close it."),
    ("Left, Right, Home, End", "bars of the last episodes", "Walk from game to game."),
    ("Up, Down", "the table of runs", "Walk from run to run."),
    ("Space", "the table of runs", "Choose the run, or choose it no longer."),
    ("Enter", "the table of runs", "Open the run."),
    ("F2", "the table of runs", "Rename the run."),
    ("Delete", "the table of runs", "Delete the chosen runs; Ctrl+Z brings them back."),
    ("Arrow keys, Home, End", "the videos", "Walk from video to video."),
    ("Enter, Space", "the videos", "Play the video."),
    ("F2, Delete, Ctrl+Z", "the videos", "Name the video; delete it; bring it back."),
    ("Up, Down, Enter, F2", "the table of models", "Walk from model to model; open its run; name it."),
    ("/", "the help", "Go to the search."),
    ("Down, Up", "the search of the help", "Walk through what was found; Enter opens it."),
    ("Escape", "the search of the help", "Clear it."),
)

COMMANDS = (
    ("lab", "open JupyterLab on the quickstart notebook"),
    ("train", "train an agent"),
    ("stop", "stop a run that goes on in another process"),
    ("checkpoint", "have a run of another process write down its exact state now"),
    ("resume", "go on with a run that was stopped, failed or was lost"),
    ("test", "let a trained agent play whole games, and film one"),
    ("runs", "list runs, newest first"),
    ("show", "show one run"),
    ("export", "write a run's data to a file"),
    ("report", "write a report of a run: settings, machine, curves, what they mean"),
    ("import", "take in a model.zip of plain stable-baselines3"),
    ("verify", "check a run by its files, and by training parts of it again"),
    ("lesson", "make notebooks of lessons, begin your own, or see answers"),
    ("prepare", "compile the fast engine and the lessons' algorithms for this machine, once"),
    ("settings", "show or change your settings of panels"),
    ("doctor", "check this machine and say how to mend what does not fit"),
)
"""Names and help of the commands; a test compares them with the command line's own, which stands above this layer."""


def topics() -> Iterator[Topic]:
    """Return them."""
    yield Topic(
        "keyboard",
        "Around the panel",
        "Keyboard",
        (
            *says(
                "Everything in the panel can be done by keyboard. Keys that are typed in the panel stay there: none "
                "reaches the notebook's shortcuts, such as D D, which deletes a cell."
            ),
            table("Keys", ("Key", "Where", "What it does"), KEYS),
        ),
        words="shortcuts keys accessibility screen reader f1",
    )
    yield Topic(
        "files",
        "Around the panel",
        "Files of a run",
        (
            *says(
                "Each run is a folder that can be zipped, moved and handed in; its name is the run's id. Folders live "
                "in the home of runs, which the last line of Download names: the folder of home=, else of "
                "RETROML_HOME, else the nearest folder above that holds .retroml, else runs in the current folder.",
                "Nothing in these files is ever executed, so that a run of somebody else can be opened without harm.",
            ),
            table("What is in the folder of a run", ("File", "What it holds"), _files()),
            Items(
                (
                    "index.db, beside the runs: a list of them; delete it and it is made anew.",
                    f"{FILE}, beside the runs: your settings.",
                    f"{tutorial.FILE}, beside the runs: how far you are in the tutorial.",
                    ".trash, beside the runs: deleted runs.",
                )
            ),
        ),
        words="folder home RETROML_HOME metrics csv json model zip checkpoint index.db settings.json trash",
        see=("part:Download", "command-line"),
    )
    yield Topic(
        "command-line",
        "Around the panel",
        "Command line",
        (
            *says("In a terminal, or in a cell after an exclamation mark. Each command explains itself with --help."),
            table("Commands of retroml-edu", ("Command", "What it does"), COMMANDS),
            Code(
                "retroml-edu train --env CartPole-v1 --algo PPO --seed 1 --steps 20000\n"
                "retroml-edu test --episodes 20\n"
                "retroml-edu settings test_games 20"
            ),
            *says("RUN is a run's id or its first or last characters; the newest, if left out."),
        ),
        words="terminal shell cli command retroml-edu python -m retroml_edu",
        see=("problems", "part:Settings"),
    )


def _files() -> Iterator[tuple[str, str]]:
    """Return the parts of a run folder as `RunFolder` names and explains them."""
    folder = RunFolder(Path("run"))
    for name, member in vars(RunFolder).items():
        if isinstance(member, property):
            part = getattr(folder, name)
            if isinstance(part, Path):
                slash = "/" if name.endswith("_dir") else ""
                yield part.name + slash, inspect.cleandoc(member.__doc__ or "").splitlines()[0]
