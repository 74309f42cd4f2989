"""The page on which runs are laid over one another."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import traitlets

from retroml_edu.core.errors import RetroMLError
from retroml_edu.core.metrics import RETURN, RETURN_WINDOW
from retroml_edu.figures.overlay import Axis, Overlay
from retroml_edu.figures.palette import DARK, LIGHT
from retroml_edu.session.comparison import LAST_GAMES, MOST_RUNS, WINDOWS, Comparison, comparison_csv
from retroml_edu.session.experiments import Outcome, Progressed
from retroml_edu.storage.index import RunRow
from retroml_edu.widgets.assets import script
from retroml_edu.widgets.chart import plotly_version
from retroml_edu.widgets.compare_content import Chosen, content, file_stem, overlay_of
from retroml_edu.widgets.listing import LISTING, Action, run_ids_of
from retroml_edu.widgets.run_listing import RunListing

FORMS = {"csv": "text/csv", "png": "image/png"}
PATIENCE_S = 0.5
"""Of reading curves, before it is told how far that is."""


class ComparePage(RunListing):
    """Shows the curves of some runs in one chart, and in which settings the runs differ.

    Rows are all runs, from which a person chooses. The page sends ``{"action": ...}``: ``add`` and ``drop`` with
    ``run_ids``, ``clear``, ``export`` with ``form`` and ``token``, and what every `Listing` is asked for.

    Args:
        home: Where runs live; it need not exist.
        guarded: Makes a context that shows the errors of a callback.

    Attributes:
        metric: What is drawn; written by the page, as are the next three.
        window: Over how many of the newest values a line is the mean.
        axis: What the lines run over.
        hidden: Ids of the chosen runs whose lines are not drawn now.
        shown: Everything about the chosen runs; written by code, all of it at once.

    Threads: as `Listing`.
    """

    _esm = script(
        *LISTING,
        "experiments_menu.js",
        "plotly.js",
        "compare_signs.js",
        "compare_chart.js",
        "compare_picker.js",
        "compare_tables.js",
        "compare.js",
    )
    _css = script("experiments.css", "compare.css")
    metric = traitlets.Unicode(RETURN).tag(sync=True)
    window = traitlets.Int(RETURN_WINDOW).tag(sync=True)
    axis = traitlets.Unicode("steps").tag(sync=True)
    hidden: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    shown: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    most = traitlets.Int(MOST_RUNS).tag(sync=True)
    last_games = traitlets.Int(LAST_GAMES).tag(sync=True)
    plotly_version = traitlets.Unicode().tag(sync=True)

    def __init__(self, home: Path, guarded: Callable[[], AbstractContextManager[None]], **kwargs: Any) -> None:
        self._comparison = Comparison(home)
        self._places: dict[str, int] = {}
        self._known: dict[str, RunRow] = {}
        self._theme = LIGHT
        self._renewing = False
        self._drawn: tuple[Overlay, Sequence[str]] = (Overlay(RETURN, RETURN_WINDOW, "steps", ()), ())
        super().__init__(home, guarded, plotly_version=plotly_version(), **kwargs)
        self.observe(lambda _change: self._renew(), ["metric", "window", "axis", "hidden"])

    @property
    def chosen(self) -> Sequence[str]:
        """Ids of the runs that are compared, in the order in which they were chosen."""
        with self._writing:
            return tuple(self._places)

    def choose(self, run_ids: Sequence[str]) -> None:
        """Compare these runs; those that were compared already keep their signs.

        Raises:
            RetroMLError: If they are too many; nothing is changed then.
        """
        with self._writing:
            self._place(list(dict.fromkeys(run_ids)))

    def set_dark(self, *, dark: bool) -> None:
        """Follow the page's theme."""
        theme = DARK if dark else LIGHT
        if theme is not self._theme:
            self._theme = theme
            self._renew()

    # -- what a list is of ---------------------------------------------------------------------------------------

    def _actions(self) -> Mapping[str, Action]:
        return {
            "add": lambda message: self._add(run_ids_of(message)),
            "drop": lambda message: self._drop(run_ids_of(message)),
            "clear": lambda _message: self._drop(self.chosen),
            "export": lambda message: self._work.do(lambda: self._deliver(message)),
        }

    def _read(self) -> None:
        super()._read()
        self._compare()

    def _unfinished(self) -> Collection[str]:
        chosen = self.chosen
        return [run_id for run_id in super()._unfinished() if run_id in chosen]

    def _look_at(self, run_ids: Collection[str]) -> None:
        super()._look_at(run_ids)
        self._compare()

    # -- what a person does --------------------------------------------------------------------------------------

    def _add(self, run_ids: Sequence[str]) -> None:
        with self._writing:
            try:
                self._place([*self._places, *(run_id for run_id in run_ids if run_id not in self._places)])
            except RetroMLError as error:
                self._say(Outcome((), {"": str(error)}))
            else:
                self._say(Outcome((), {}))

    def _drop(self, run_ids: Sequence[str]) -> None:
        with self._writing:
            self._place([run_id for run_id in self._places if run_id not in run_ids])
            self._say(Outcome((), {}))

    def _place(self, run_ids: Sequence[str]) -> None:
        if len(run_ids) > MOST_RUNS:
            raise RetroMLError(
                f"{len(run_ids)} runs would be compared, and {MOST_RUNS} are the most whose curves can be told apart: "
                "choose fewer."
            )
        kept = {run_id: place for run_id, place in self._places.items() if run_id in run_ids}
        free = (place for place in range(MOST_RUNS) if place not in kept.values())
        self._places = {run_id: kept[run_id] if run_id in kept else next(free) for run_id in run_ids}
        self.hidden = [run_id for run_id in self.hidden if run_id in self._places]
        self._renew()

    # -- what is shown -------------------------------------------------------------------------------------------

    def _renew(self) -> None:
        """Show what was chosen, soon; not before somebody has looked at the page."""
        with self._writing:
            if self._renewing or not self._has_read:
                return
            self._renewing = True
        self._work.do(self._compare)

    def _compare(self) -> None:
        with self._writing:
            self._renewing = False
            places, hidden = dict(self._places), set(self.hidden)
            rows = {run_id: self._rows[run_id] for run_id in places if run_id in self._rows}
            self._known = {run_id: row for run_id, row in (self._known | rows).items() if run_id in places}
            known = dict(self._known)
            metric, window = self.metric, self.window if self.window in WINDOWS else RETURN_WINDOW
        axis: Axis = "time" if self.axis == "time" else "steps"
        with self._patience() as progress:
            measured = self._comparison.look(rows, metric, window, progress)
        chosen = [
            Chosen(
                known.get(run_id, RunRow(run_id)),
                place,
                measured.get(run_id),
                self._comparison.config(run_id) if run_id in rows else None,
                run_id in hidden,
            )
            for run_id, place in places.items()
        ]
        overlay = overlay_of(chosen, metric, window, axis)
        shown = content(chosen, overlay, self._theme)
        with self._writing:
            self._drawn = overlay, shown["cautions"]
            self.shown = shown

    @contextmanager
    def _patience(self) -> Iterator[Progressed]:
        """Give out what tells how many runs have been read, once that takes long: mostly it takes a moment."""
        began_s = time.monotonic()

        def tell(done: int, total: int) -> None:
            if time.monotonic() - began_s > PATIENCE_S:
                self.working = f"Reading the curves: {done} of {total} runs …"

        try:
            yield tell
        finally:
            self.working = ""

    def _deliver(self, message: Mapping[str, Any]) -> None:
        token, form = message.get("token"), str(message.get("form"))
        if form not in FORMS:
            return
        overlay, cautions = self._drawn
        if not overlay.runs:
            self.send({"kind": "problem", "token": token, "text": "✕ There is no curve to save."})
            return
        try:
            made = comparison_csv(overlay) if form == "csv" else self._picture(overlay, cautions)
        except Exception as error:  # noqa: BLE001 - the page waits for an answer
            self.send({"kind": "problem", "token": token, "text": f"✕ {error}"})
            return
        name = f"{file_stem(overlay)}.{form}"
        self.send({"kind": "file", "token": token, "name": name, "mime": FORMS[form]}, buffers=[made])

    @staticmethod
    def _picture(overlay: Overlay, cautions: Sequence[str]) -> bytes:
        from retroml_edu.figures.overlay_picture import overlay_png

        return overlay_png(overlay, "\n".join(cautions))
