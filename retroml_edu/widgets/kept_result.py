"""What a run that has ended leaves in the notebook: a table and a picture that need no kernel."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite
from statistics import fmean, stdev

from retroml_edu.core.curves import CurveRecorder
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.core.recent import RecentEpisodes
from retroml_edu.core.states import RunState
from retroml_edu.envs import goal_return
from retroml_edu.session.history import Run
from retroml_edu.session.kept_evaluations import KeptEvaluation, kept_evaluations
from retroml_edu.storage.index.row import RunRow, row_of_folder
from retroml_edu.widgets.words import duration, episodes, score

MOST_TESTS = 3
SIZE_PX = (1280, 800)
SHOWN_WIDTH_PX = 800
CAUTION = "One seed allows no conclusion about the algorithm: compare several."
NOTHING_YET = "No run has ended in this panel yet: its result will stand here."
_OUTCOMES = {
    RunState.DONE: "done",
    RunState.STOPPED: "stopped before its end",
    RunState.FAILED: "failed; training.log in its folder has the reason",
    RunState.LOST: "its process ended without a word",
}


@dataclass(frozen=True, slots=True)
class KeptResult:
    """A run as the document keeps it.

    Attributes:
        html: A table, without scripts or styles of its own: what a notebook that nobody trusts may show.
        text: The same for who shows no tables.
        png: The curves.
        summary: What the picture shows, in sentences.
    """

    html: str
    text: str
    png: bytes
    summary: str

    @property
    def picture(self) -> dict[str, str]:
        """The picture by media type."""
        return {"image/png": b64encode(self.png).decode(), "text/plain": self.summary}

    @property
    def table(self) -> dict[str, str]:
        """The table by media type."""
        return {"text/html": self.html, "text/plain": self.text}


def kept_result(run: Run) -> KeptResult:
    """Return what is to be kept of a run that has ended.

    Raises:
        RetroMLError: If its folder cannot be read.
        OSError: As above.
    """
    from retroml_edu.figures.static import to_png
    from retroml_edu.figures.summary import text_summary

    config, points = run.config, run.points()
    recorder, recent = CurveRecorder(run.title), RecentEpisodes()
    recorder.extend(points)
    recent.extend(points)
    data, goal = recorder.data(), goal_return(config.env_id)
    rows = _rows(row_of_folder(run.folder), recent, goal, kept_evaluations(run.folder, MOST_TESTS))
    # The name of the home and not its place: a notebook that is handed round tells nobody's folders.
    rows = [*rows, ("Kept in", f"{run.path.parent.name}/{run.run_id}")]
    return KeptResult(
        html=_html(run.title, rows),
        text=_text(run.title, rows),
        png=to_png(data, config.algorithm, solved_return=goal, size_px=SIZE_PX),
        summary=text_summary(data, config.algorithm),
    )


def placeholder() -> dict[str, str]:
    """Return what stands in the place of the table before a run has ended, by media type."""
    return {"text/html": f'<div class="rml-kept"><p>{escape(NOTHING_YET)}</p></div>', "text/plain": NOTHING_YET}


def _rows(
    row: RunRow, recent: RecentEpisodes, goal: float | None, tests: Sequence[KeptEvaluation]
) -> Sequence[tuple[str, str]]:
    returns = [episode.episode_return for episode in recent.newest if isfinite(episode.episode_return)]
    rows = [
        ("Environment", row.env_id),
        ("Algorithm", row.algorithm),
        ("Seed", f"{row.seed}"),
        ("Outcome", _OUTCOMES.get(row.state, str(row.state))),
        ("Steps", f"{row.steps:,} of {row.total_timesteps:,}"),
        ("Training time", duration(row.training_time_s)),
    ]
    if returns:
        spread = f" ± {score(stdev(returns))} (standard deviation)" if len(returns) > 1 else ""
        if len(returns) > RETURN_WINDOW:  # what the panel tells while it trains
            rows.append((f"Mean return, last {episodes(RETURN_WINDOW)}", score(fmean(returns[-RETURN_WINDOW:]))))
        rows += [
            (f"Mean return, last {episodes(len(returns))}", f"{score(fmean(returns))}{spread}"),
            ("Best episode", score(recent.best)),
        ]
    else:
        rows.append(("Mean return", "no episode has ended"))
    if goal is not None:
        reached = "reached" if returns and fmean(returns) >= goal else "not reached"
        rows.append(("Goal", f"{score(goal)}: {reached} by the mean return"))
    return [*rows, *(("Test", _tested(test)) for test in tests)]


def _tested(test: KeptEvaluation) -> str:
    spread = "" if test.return_std is None else f" ± {score(test.return_std)}"
    actions = "likeliest actions" if test.deterministic else "drawn actions"
    played = f"{episodes(len(test.episodes))}, {actions}, weights of step {test.weights_step:,}"
    return f"return {score(test.return_mean)}{spread} over {played}"


def _html(title: str, rows: Sequence[tuple[str, str]]) -> str:
    left = 'style="text-align: left"'
    lines = "\n".join(
        f'<tr><th scope="row" {left}>{escape(name)}</th><td {left}>{escape(value)}</td></tr>' for name, value in rows
    )
    return (
        f'<div class="rml-kept"><p><strong>{escape(title)}</strong></p>\n'
        f"<table><tbody>\n{lines}\n</tbody></table>\n<p>{escape(CAUTION)}</p></div>"
    )


def _text(title: str, rows: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows) + 2
    return "\n".join([title, *(f"{name:{width}}{value}" for name, value in rows), CAUTION])
