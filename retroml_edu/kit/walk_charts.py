"""How far off learners of the random walk are: errors over episodes, errors over step sizes."""

from __future__ import annotations

import numpy as np

from retroml_edu.analysis.intervals import mean_interval
from retroml_edu.core.background import OnDemand
from retroml_edu.kit.controls import Button, Controls, Select, Slider, Values
from retroml_edu.kit.piece import Piece
from retroml_edu.kit.plot import Plot, Trace
from retroml_edu.kit.traces import line
from retroml_edu.kit.walk_errors import Study, error_curves, study_blocks, study_of
from retroml_edu.kit.walk_replay import METHODS, learner_of
from retroml_edu.kit.walk_settings import ALPHA_HINT, DECAY_HINT, N_HINT, walk_choice, walk_with

MOST_PINNED = 5
RUNS = 300
EPISODES = {5: 100, 19: 50}
STUDY_RUNS = 100
_AWAY = 4.0
"""Times the first error: a line that comes there runs away, as with large steps and traces, and ends."""


class WalkErrors(Piece):
    """Error over episodes, mean of hundreds of runs: a student turns n, λ and α, and pins curves to compare.

    Args:
        states: Between the ends of the walk: 5 or 19.
        left: Reward of the left end; as in the book if left out.
        right: Reward of the right end.
        method: To begin with.
        alpha: Step size to begin with.
        runs: Of which the mean is shown.
        seed: Which episodes.

    Attributes:
        plot: The chart.
        controls: `controls.set("alpha", 0.5)`, `controls.press("pin")`.
        pinned: Names of the curves that stay.
    """

    def __init__(
        self,
        states: int = 5,
        left: float | None = None,
        right: float = 1.0,
        *,
        method: str = "TD(0)",
        alpha: float = 0.1,
        runs: int = RUNS,
        seed: int = 0,
    ) -> None:
        self._ends, self._runs, self._seed = (left, right), runs, seed
        self.controls = Controls(
            walk_choice(states),
            Select("method", "Method", method, METHODS),
            Slider("alpha", "Step size α", alpha, 0.005, 1.0, log=True, hint=ALPHA_HINT),
            Slider("n", "n", 3, 1, 100, 1, hint=N_HINT),
            Slider("decay", "λ", 0.8, 0.0, 1.0, 0.01, hint=DECAY_HINT),
            Button("pin", "Pin", "Keeps this curve for comparison.", primary=True),
            Button("clear", "Clear", "Takes the pinned curves away."),
            on_change=self._changed,
            on_press=self._pressed,
        )
        self.plot = Plot("episodes", "RMS error", 340)
        self._pinned: list[tuple[str, np.ndarray]] = []
        super().__init__("Error over episodes", self.controls, self.plot)
        self._walk = self.controls.values["walk"]
        with self.problems():
            self._draw()

    @property
    def pinned(self) -> list[str]:
        """Names of the curves that stay."""
        return [name for name, _ in self._pinned]

    def _changed(self, values: Values) -> None:
        with self.problems():
            if values["walk"] != self._walk:
                self._walk, self._pinned = values["walk"], []  # errors of two walks are not compared
            self._draw()

    def _pressed(self, name: str) -> None:
        with self.problems():
            if name == "clear":
                self._pinned = []
            elif self._name not in self.pinned:
                self._pinned = [*self._pinned, (self._name, self._curve)][-MOST_PINNED:]
            self._draw()

    def _draw(self) -> None:
        values = self.controls.values
        self.controls.offer(
            n=values["method"] == "n-step TD", decay=values["method"] == "TD(λ)", clear=bool(self._pinned)
        )
        name, learner = learner_of(values["method"], values["alpha"], values["n"], values["decay"])
        self._name = f"{name}, α = {values['alpha']:.3g}"
        walk = walk_with(values["walk"], *self._ends)
        n_episodes = EPISODES[walk.states]
        [self._curve] = error_curves(walk, [learner], runs=self._runs, n_episodes=n_episodes, seed=self._seed)
        first = float(self._curve[0, 0])
        seen = [*((name, curve, i + 1) for i, (name, curve) in enumerate(self._pinned)), (self._name, self._curve, 0)]
        traces = [trace for each in seen for trace in _curve(*each, most=_AWAY * (first or 1.0))]
        # While a slider is dragged the axis stays, unless a curve leaves it.
        highest = max(1.3 * first, *(1.1 * float(trace["y"].max()) for trace in traces if "name" in trace))
        self.plot.show(*traces, yaxis={"range": [0, highest or 1.0]})
        if len(traces[-1]["y"]) <= n_episodes:
            self.tell(f"{self._name}: the error runs away, and the line ends there. Take a smaller α or λ.")
            return
        mean, low, high = mean_interval(self._curve[:, 1:].mean(axis=1)[:, None])
        self.tell(
            f"{self._name}: error {mean[0]:.3f} on average over {n_episodes} episodes (95 % interval "
            f"{low[0]:.3f} to {high[0]:.3f}, {self._runs} runs); {self._curve[:, -1].mean():.3f} after the last."
        )


class WalkStudy(Piece):
    """Error over step sizes, a line for each n or λ, drawn at once: a student looks for the lowest point.

    What is asked for is measured beside the page: the first runs are drawn as soon as they are known, then all of them.

    Args:
        states: Between the ends of the walk: 5 or 19.
        left: Reward of the left end; as in the book if left out.
        right: Reward of the right end.
        over: "n" or "λ".
        n_episodes: The first of each run, over which the error is averaged.
        runs: Of which the mean is shown.
        seed: Which episodes.

    Attributes:
        plot: The chart.
        controls: `controls.set("over", "λ")`.
        found: The numbers behind the lines; None until the first are known.

    Threads: safe.
    """

    def __init__(
        self,
        states: int = 19,
        left: float | None = None,
        right: float = 1.0,
        *,
        over: str = "n",
        n_episodes: int = 10,
        runs: int = STUDY_RUNS,
        seed: int = 0,
    ) -> None:
        self._ends, self._runs, self._seed = (left, right), runs, seed
        self.controls = Controls(
            walk_choice(states),
            Select("over", "A line for each", over, ("n", "λ"), "n-step TD by n, or TD(λ) by λ."),
            Slider("episodes", "First episodes", n_episodes, 1, 50, 1, hint="The error is averaged over so many."),
            on_change=self._changed,
        )
        self.plot = Plot("step size α", "RMS error", 380, xaxis={"range": [0, 1]})
        self.found: Study | None = None
        self._drawn: list[Trace] = []
        self._wanted = 0
        self._work = OnDemand(self._measure, "retroml-walk-study")
        super().__init__("Error over step sizes", self.controls, self.plot)
        self._changed(self.controls.values)

    def wait(self, timeout_s: float) -> bool:
        """Wait until all runs are measured and drawn; return whether they are."""
        return self._work.wait(timeout_s)

    def _changed(self, values: Values) -> None:
        with self.problems():
            self._wanted += 1
            self.tell(f"Measuring {self._runs} runs of {_episodes(values)} …")
            faint = [{**trace, "opacity": 0.2} for trace in self._drawn]  # what was found with the settings before
            self.plot.show(*faint, annotations=[_MEASURING])
            self._work.ask()

    def _measure(self) -> None:
        try:
            self._measure_by_blocks()
        except Exception:  # the thread's edge: it would end, and never answer again
            with self.problems():
                raise

    def _measure_by_blocks(self) -> None:
        """Measure what is wanted, without the lock, until somebody wants something else."""
        with self.lock:
            wanted, values = self._wanted, dict(self.controls.values)
        walk, over, blocks, known = walk_with(values["walk"], *self._ends), values["over"], [], 0
        for block in study_blocks(walk, over, runs=self._runs, n_episodes=values["episodes"], seed=self._seed):
            blocks.append(block)
            known += block.shape[1]
            with self.problems():
                if wanted != self._wanted:
                    return
                if len(blocks) == 1 or known == self._runs:
                    self.found = study_of(over, np.concatenate(blocks, axis=1))
                    self._draw(self.found, values, known)

    def _draw(self, found: Study, values: Values, known: int) -> None:
        self._drawn = _study_traces(found)
        self.plot.show(*self._drawn, yaxis={"range": _study_range(found)}, annotations=[])
        name, alpha, error = found.best()
        runs = f"{known} runs" if known == self._runs else f"{known} of {self._runs} runs so far"
        self.tell(
            f"Lowest: {name} with α = {alpha:.2f}, error {error:.3f} over {_episodes(values)}; {runs}. "
            "Shaded: 95 % intervals."
        )


_MEASURING = {
    "text": "Measuring …",
    "showarrow": False,
    "xref": "paper",
    "yref": "paper",
    "x": 0.5,
    "y": 0.5,
    "font": {"size": 18},
}


def _episodes(values: Values) -> str:
    count = values["episodes"]
    return "the first episode" if count == 1 else f"the first {count} episodes"


def _study_range(found: Study) -> list[float]:
    """Return what of the errors is shown: from the lowest to what no learning at all would have."""
    none = float(found.mean[0, 0])
    lowest = float(np.nanmin(found.mean))
    return [lowest - 0.15 * (none - lowest), none + 0.1 * (none - lowest)]


def _study_traces(found: Study) -> list[Trace]:
    most = 2 * _study_range(found)[1]
    traces: list[Trace] = []
    for i, name in enumerate(found.names):
        last = _before(found.high[i], most)
        parts = (found.alphas[:last], found.mean[i, :last], found.low[i, :last], found.high[i, :last])
        traces += line(name, *parts, color=i)
    _, alpha, error = found.best()
    ring = {"symbol": "circle-open", "size": 14, "color": "$text", "line": {"width": 2}}
    lowest = {"x": [alpha], "y": [error], "mode": "markers", "marker": ring, "name": "lowest point"}
    return [*traces, {"type": "scatter", **lowest}]


def _curve(name: str, runs: np.ndarray, color: int, *, most: float) -> list[Trace]:
    with np.errstate(over="ignore", invalid="ignore"):
        mean, low, high = mean_interval(runs)
    last = _before(high, most)
    return line(name, np.arange(last), mean[:last], low[:last], high[:last], color=color)


def _before(high: np.ndarray, most: float) -> int:
    """Return how many points a line has before it runs away: beyond, it grows until it is no number."""
    seen = np.isfinite(high) & (high < most)
    return len(seen) if seen.all() else int(np.argmin(seen))
