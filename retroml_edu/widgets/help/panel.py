"""The parts of the panel: the topics that the signs beside their titles open."""

from __future__ import annotations

from collections.abc import Iterator

from retroml_edu.core.recent import SHOWN_EPISODES
from retroml_edu.session.comparison import LINE_POINTS, MOST_RUNS
from retroml_edu.session.export import EXPORTS
from retroml_edu.widgets.help.topic import Block, Items, Topic, says, table


def topics() -> Iterator[Topic]:
    """Return them."""
    for name, blocks, words, see in _PARTS:
        yield Topic(f"part:{name}", "Parts of the panel", name, blocks, words, see)


_PARTS: tuple[tuple[str, tuple[Block, ...], str, tuple[str, ...]], ...] = (
    (
        "Train, Pause, Stop",
        (
            Items(
                (
                    "Train starts a run with the settings on the left. One run at a time in one panel.",
                    "Pause lets training wait, also in the middle of an update; Resume goes on.",
                    "Stop ends the run within a second. What it has recorded stays, and it can be resumed exactly.",
                )
            ),
            *says(
                "Closing the page or losing the connection does not stop a run: the kernel trains on, and the panel "
                "shows everything when it is opened again. When the kernel ends, the run ends; the next panel offers "
                "to resume it."
            ),
        ),
        "run bar buttons state progress resume stopped failed lost",
        ("files", "keyboard"),
    ),
    (
        "Live",
        says(
            "The game, while the agent learns. Preview: a copy of the newest agent plays at the game's own speed. "
            "Training environment 0: what the agent learns from, as it happens to stand. Off: nothing.",
            "Watching never changes what is watched. It costs the processor a little; how many pictures a second are "
            "shown at most is one of your settings.",
            "Record films what is shown, into the run's videos. Reset begins a new game in the preview at once.",
        ),
        "picture feed preview watch frames",
        ("preference:live_picture", "preference:live_pictures_a_second"),
    ),
    (
        "Videos",
        says(
            "A copy of the agent is filmed at the start, after each quarter and at the end. Each video begins with the "
            "same game, so that they can be compared. The files are in the folder videos of the run.",
            "The tab Videos shows those of all runs: find, play, name, delete with undo, open the run.",
        ),
        "film mp4 recording player",
        ("setting:video.enabled", "preference:videos_kept", "files"),
    ),
    (
        "Learning curves",
        says(
            "Large: the return of each game as points, their mean as a line, from the lowest to the highest as a band "
            "where there are too many points to draw. A dashed line is the return that counts as solved.",
            "Small: what the updates report. Drag to zoom in, double-click to zoom out, hover to read values.",
            "A curve goes up and down by chance. Look at its trend over many games before you judge a setting.",
        ),
        "chart plot graph smoothing mean zoom",
        ("figure:return", "metric:train/entropy", "one-seed", "part:Hear the return"),
    ),
    (
        f"Last {SHOWN_EPISODES} episodes",
        says(
            "Each bar is the return of one game, the newest on the right. The arrow keys walk from bar to bar, and the "
            "line under them tells the numbers."
        ),
        "bars histogram games",
        ("figure:return", "figure:length"),
    ),
    (
        "Insights",
        says(
            "Sentences about the curves. Each says where it looked, what it found and what it was compared with; why "
            "that matters; and what to try, as settings for a new run.",
            "They are rules with thresholds, not judgements: each says how often it was right on recorded runs.",
        ),
        "rules warnings advice",
        ("insights",),
    ),
    (
        "Test",
        (
            *says("Lets the agent play whole games that it does not learn from, and counts."),
            Items(
                (
                    "Drawn actions: as in training, at random by how likely the policy finds each.",
                    "Likeliest actions: always the one that it finds best; often better, sometimes one game by heart.",
                    "The result is the mean return, its spread (standard deviation), and how each game ended.",
                    "The first game is filmed. Result and film stay in the run's folder, in eval and videos.",
                    "It can be pressed while the agent trains: a copy of its weights plays.",
                )
            ),
        ),
        "evaluation evaluate deterministic greedy games mean spread",
        ("one-seed", "preference:test_games", "command-line"),
    ),
    (
        "Events",
        says(
            "What happened, with times, newest first: starts and ends, checkpoints, videos, tests, warnings. "
            "Checkpoint now writes down the run's exact state."
        ),
        "log checkpoint times warnings",
        ("setting:checkpoints.enabled",),
    ),
    (
        "Recent activity",
        says("What happened lately to the runs that are kept here: begun, ended, tested. A press opens the run."),
        "history latest runs",
        ("part:Experiments",),
    ),
    (
        "System",
        says(
            "How busy the machine is: processor, memory and graphics card, all of it and what this kernel takes. It is "
            "asked only while somebody looks."
        ),
        "cpu memory gpu ram processor",
        ("problem:memory", "problem:cuda_memory"),
    ),
    (
        "Download",
        (
            table(
                "What can be downloaded of a run",
                ("As", "What it is"),
                ((k.upper(), e.label) for k, e in EXPORTS.items()),
            ),
            *says(
                "The same files are made by run.export(...) in Python and by retroml-edu export.",
                "A report puts settings, machine, curves, tests and insights on one page: HTML for people, JSON for "
                "programs, or text. retroml-edu report makes the same.",
            ),
        ),
        "export csv json png svg html yaml zip save data",
        ("files", "command-line"),
    ),
    (
        "Experiments",
        says(
            "All runs that are kept here. Type to search, seed 7 for that seed; press a column's title to sort; filter "
            "by environment, algorithm, state and tag. A run can be named, tagged, opened, exported, deleted and "
            "brought back, and its settings can be taken over for the next run.",
            "Deleted runs lie in the folder .trash beside the others until you remove them there.",
        ),
        "table runs search filter sort tags notes delete undo clone",
        ("keyboard", "files", "part:Compare"),
    ),
    (
        "Compare",
        (
            *says(
                f"The curves of up to {MOST_RUNS} runs in one chart. Choose runs with Add runs, or in Experiments by "
                "their boxes and the button Compare. Each has a colour, and marks and a line of its own, which the "
                "table under the chart names; Hide takes a curve out of the chart for a while.",
                "Curve is what is drawn; Drawn as, over how many of the newest values each point is the mean; Over, "
                "whether the curves run over steps or over the time that training took, pauses not counted.",
                "Settings that differ lists in what the chosen runs are not alike, and which runs have which value.",
            ),
            Items(
                (
                    "Runs that differ in settings and have one seed each allow no conclusion about these settings.",
                    "Returns of different environments cannot be compared: each counts its points in its own way.",
                    f"A curve of many values is drawn with at most {LINE_POINTS} points, each the mean of neighbours.",
                    "CSV holds the points that are drawn, a row each; PNG the chart with its legend.",
                )
            ),
        ),
        "overlay curves chart several runs settings differ smoothing seeds csv png",
        ("one-seed", "part:Experiments", "part:Learning curves"),
    ),
    (
        "Models",
        says(
            "What each run has learned. Continue trains on, exactly from a checkpoint where there is one; Evaluate "
            "only opens the run with its test ready; Export packs the model for plain stable-baselines3 with a script "
            "that plays it; Save stores the state of a run that trains now.",
            "Load takes a model of plain stable-baselines3 from a file. Nothing in the file is executed.",
        ),
        "continue checkpoint weights import export stable-baselines3 zip load save",
        ("part:Experiments", "files", "part:Test"),
    ),
    (
        "Settings",
        says(
            "What you prefer, kept in settings.json beside the runs. Those under the first heading count when a panel "
            "is opened, the others at once. A lesson's cell that names its game and algorithm goes before them."
        ),
        "preferences options defaults",
        ("preference:environment",),
    ),
)
