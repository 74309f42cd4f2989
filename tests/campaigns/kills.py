"""Runs that are killed at random moments, again and again, and resumed: is the end that of the run left alone?"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import RetroMLError
from retroml_edu.core.events import EpisodeEvent, MetricEvent
from retroml_edu.core.states import RunState
from retroml_edu.session.history import Run
from retroml_edu.storage.checkpoints import newest_checkpoint
from retroml_edu.storage.folder import RunFolder, list_run_folders
from retroml_edu.storage.jsonl import whole_lines
from retroml_edu.storage.lines import decode
from retroml_edu.storage.reader import newest_attempt, read_events, run_state
from tests.campaigns.attempts import ATTEMPT_TIMEOUT_S, Phase, Witness, launch
from tests.campaigns.outcome import Outcome, Request
from tests.campaigns.runs import Record, record_of, short_config

COUNT = 200
MOST_KILLS_A_RUN = 8
MOST_FAILURES = 20
LOOK_S = 0.0005
MOMENTS = {"anywhere": 0.5, "at the start": 0.15, "in a checkpoint": 0.2, "at the end": 0.15}
"""Where a kill falls, and how often."""
START_S, CHECKPOINT_S, END_S = 0.4, 0.02, 0.08
"""How long those moments are, about."""


@dataclass(frozen=True)
class Case:
    """A kind of run, and how often it is drawn."""

    env_id: str
    algorithm: str
    steps: int
    every_steps: int
    often: float = 1.0
    settings: Mapping[str, Any] = field(default_factory=dict)

    def config(self, seed: int) -> ExperimentConfig:
        return short_config(
            self.env_id,
            self.algorithm,
            self.steps,
            seed=seed,
            checkpoints={"every_steps": self.every_steps, "keep": 2},
            **self.settings,
        )

    @property
    def name(self) -> str:
        extra = ", normalized" if self.settings.get("normalize") else ""
        extra += ", videos" if "video" in self.settings else ""
        return f"{self.algorithm} {self.env_id}, {self.settings.get('n_envs', 1)} env{extra}"


CASES = (
    Case("CartPole-v1", "PPO", 4_096, 300, 3, {"n_envs": 2}),
    Case("CartPole-v1", "A2C", 4_000, 300, 3, {"n_envs": 4}),
    Case("CartPole-v1", "DQN", 3_000, 250, 3),
    Case("CartPole-v1", "PPO", 2_048, 200, 1, {"n_envs": 2, "video": {"length_s": 1.0, "milestones": (0.0, 0.5, 1.0)}}),
    Case("LunarLander-v3", "PPO", 2_048, 200, 1, {"n_envs": 2}),
    Case("LunarLander-v3", "DQN", 1_500, 200, 1),
    Case("Pendulum-v1", "PPO", 2_048, 200, 1, {"n_envs": 2, "normalize": True}),
    Case("BipedalWalker-v3", "A2C", 1_200, 150, 1, {"n_envs": 2, "normalize": True}),
    Case("ALE/Breakout-v5", "PPO", 256, 48, 1, {"n_envs": 2, "hyperparameters": {"n_steps": 32, "n_epochs": 1}}),
    Case("ALE/Breakout-v5", "DQN", 240, 50, 1),
)  # fmt: skip


@dataclass
class _Tally:
    """What came of the runs of one case."""

    runs: int = 0
    kills: int = 0
    anew: int = 0
    resumed: int = 0
    identical: int = 0
    lost_s: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class _Left:
    """The uninterrupted run of a config."""

    record: Record
    duration_s: float


class _BrokenError(Exception):
    """Something is not as promised."""


def run(request: Request) -> Outcome:
    """Kill until the number is reached; `count` is the number of kills."""
    campaign = _Campaign(request)
    while campaign.kills < (request.count or COUNT) and len(campaign.failures) < MOST_FAILURES:
        campaign.one_run()
    return campaign.outcome()


class _Campaign:
    def __init__(self, request: Request) -> None:
        self._request = request
        self._draws = np.random.default_rng(request.seed)
        self._tallies: dict[str, _Tally] = {case.name: _Tally() for case in CASES}
        self._left: dict[tuple[str, int], _Left] = {}
        self._states: Counter[str] = Counter()
        self._without_certificate = 0
        self._runs = 0
        self.failures: list[str] = []

    @property
    def kills(self) -> int:
        """Kills so far."""
        return sum(tally.kills for tally in self._tallies.values())

    def one_run(self) -> None:
        """Kill and resume one run until it is let go to its end, and compare it with the one that was left alone."""
        self._runs += 1
        odds = np.array([case.often for case in CASES])
        case = CASES[int(self._draws.choice(len(CASES), p=odds / odds.sum()))]
        seed = int(self._draws.integers(1, 3))
        tally = self._tallies[case.name]
        tally.runs += 1
        told: list[str] = []
        try:
            left = self._left_alone(case, seed)
            attempts = _Attempts(self._request.place / f"run-{self._runs}", case.config(seed))
            for _ in range(int(self._draws.integers(2, MOST_KILLS_A_RUN + 1))):
                if not self._killed(attempts, left, tally, told):
                    break
            self._to_the_end(attempts, left.record, tally)
        except (_BrokenError, RetroMLError) as error:
            story = "; ".join(told) or "no kill"
            self.failures.append(f"{case.name}, seed {seed} (run {self._runs} of the campaign; {story}): {error}")

    def _left_alone(self, case: Case, seed: int) -> _Left:
        if (case.name, seed) not in self._left:
            attempts = _Attempts(self._request.place / f"left-alone-{len(self._left)}", case.config(seed))
            attempts.begin()
            attempts.wait_for(lambda witness: witness.phase >= Phase.TRAINING)
            began_s = time.monotonic()
            attempts.finish()
            duration_s = time.monotonic() - began_s
            self._left[case.name, seed] = _Left(record_of(attempts.newest()), duration_s)
        return self._left[case.name, seed]

    def _killed(self, attempts: _Attempts, left: _Left, tally: _Tally, told: list[str]) -> bool:
        """Begin or resume, and kill; return False if the run was quicker, or has nothing left to resume."""
        moment = str(self._draws.choice(list(MOMENTS), p=list(MOMENTS.values())))
        at = float(self._draws.random())
        number = int(self._draws.integers(1, 4))
        way = attempts.begin()
        if way == "over":
            return False
        told.append(f"{way}, killed {moment}")
        if not attempts.kill(moment, at, number, left.duration_s):
            told[-1] = f"{way}, ended by itself"
            return False
        tally.kills += 1
        tally.anew += way == "anew"
        tally.resumed += way == "resumed"
        state, lost_s = attempts.examine()
        told[-1] += f", {state}"
        self._states[state] += 1
        tally.lost_s.append(lost_s)
        return True

    def _to_the_end(self, attempts: _Attempts, expected: Record, tally: _Tally) -> None:
        if attempts.begin() != "over":
            attempts.finish()
        found = record_of(attempts.newest())
        difference = found.difference(expected)
        if difference:
            raise _BrokenError(f"not the run that was left alone: {difference}")
        tally.identical += 1
        self._without_certificate += found.certified is None

    def outcome(self) -> Outcome:
        """Return the table."""
        outcome = Outcome(
            "Runs that are killed (kill -9) at random moments, and resumed",
            ("", "runs", "kills", "resumed", "begun anew", "identical at the end", "longest loss of values"),
            failures=self.failures,
        )
        used = {name: tally for name, tally in self._tallies.items() if tally.runs}
        for name, tally in [*used.items(), ("**all**", _sum(used.values()))]:
            lost = f"{max(tally.lost_s, default=0.0):.2f} s"
            counts = (tally.runs, tally.kills, tally.resumed, tally.anew, f"{tally.identical} of {tally.runs}")
            outcome.rows.append((name, *map(str, counts), lost))
        after = ", ".join(f"{state} {count}" for state, count in self._states.most_common())
        survived = sum(self._states.values())
        outcome.notes.append(
            f"{survived} of {self.kills} kills were survived: the folder opened, no line was damaged, every checkpoint "
            f"in it was whole. What it said of itself: {after}."
        )
        outcome.notes.append(
            "Begun anew: killed before there was a checkpoint. Loss: from the first value that was reported and is "
            "not in metrics.jsonl to the kill; training computes it again."
        )
        if self._without_certificate:
            outcome.notes.append(
                f"{self._without_certificate} runs were killed after their last state was written, so that nothing "
                "was left to resume, and have no certificate."
            )
        return outcome


def _sum(tallies: Iterable[_Tally]) -> _Tally:
    total = _Tally()
    for tally in tallies:
        for name in ("runs", "kills", "anew", "resumed", "identical", "lost_s"):
            setattr(total, name, getattr(total, name) + getattr(tally, name))
    return total


def _moment(moment: str, number: int, duration_s: float) -> tuple[Callable[[Witness], bool], float]:
    """Return when a moment begins, and how many seconds it lasts."""
    if moment == "at the start":
        return lambda _: True, START_S
    if moment == "in a checkpoint":
        return lambda witness: witness.stored >= number and witness.phase is Phase.STORING, CHECKPOINT_S
    if moment == "at the end":
        return lambda witness: witness.phase is Phase.ENDING, END_S
    return lambda witness: witness.phase >= Phase.TRAINING, 0.6 * duration_s


class _Attempts:
    """One run, in as many processes as it takes."""

    def __init__(self, place: Path, config: ExperimentConfig) -> None:
        place.mkdir()
        self._home = place / "runs"
        self._config = config
        self._witness = place / "witness"
        self._said = place / "said"
        self._process: BaseProcess | None = None
        self._before = ("", 0)
        self._killed_s = 0.0

    def newest(self) -> RunFolder:
        """Return the run's folder."""
        folders = list_run_folders(self._home)
        if not folders:
            raise _BrokenError("there is no run folder")
        return folders[0]

    def begin(self) -> str:
        """Start a process; return whether it resumes the run, begins one anew, or whether the run is over."""
        run_id, way = None, "anew"
        folders = list_run_folders(self._home)
        if folders:
            if run_state(folders[0]) is RunState.DONE:
                return "over"
            checkpoint, problems = newest_checkpoint(folders[0])
            if problems:
                raise _BrokenError(f"checkpoints are damaged: {' '.join(problems)}")
            if checkpoint is not None:
                run_id, way = folders[0].run_id, "resumed"
            self._before = (folders[0].run_id, newest_attempt(folders[0]))
        self._process = launch(self._home, self._config, run_id, self._witness, self._said)
        return way

    def finish(self) -> None:
        """Wait for the end of the process."""
        assert self._process is not None
        self._process.join(ATTEMPT_TIMEOUT_S)
        if self._process.is_alive():
            self._process.kill()
            raise _BrokenError(f"it did not end within {ATTEMPT_TIMEOUT_S:g} s")
        if self._process.exitcode != 0:
            said = self._said.read_text("utf-8") if self._said.exists() else f"exit code {self._process.exitcode}"
            raise _BrokenError(f"it did not reach its end: {said}")

    def wait_for(self, ready: Callable[[Witness], bool]) -> None:
        """Wait until the process says that something is so, or has ended."""
        assert self._process is not None
        witness = Witness(self._witness)
        deadline_s = time.monotonic() + ATTEMPT_TIMEOUT_S
        while not ready(witness) and self._process.exitcode is None and time.monotonic() < deadline_s:
            time.sleep(LOOK_S)

    def kill(self, moment: str, at: float, number: int, duration_s: float) -> bool:
        """Kill the process at a moment; return False if it ended before.

        Args:
            moment: One of `MOMENTS`.
            at: Where in that moment, 0 to 1.
            number: In which checkpoint.
            duration_s: How long training takes when it is left alone.
        """
        assert self._process is not None
        ready, span_s = _moment(moment, number, duration_s)
        self.wait_for(ready)
        self._process.join(at * span_s)  # which returns at once if it ends
        if self._process.exitcode is not None:
            self.finish()
            return False
        self._process.kill()
        self._killed_s = time.monotonic()
        self._process.join()
        return self._process.exitcode != 0  # it may have been quicker after all

    def examine(self) -> tuple[str, float]:
        """Open what the killed process left; return its state in words, and the seconds of values that are lost."""
        folders = list_run_folders(self._home)
        if not folders:
            return "no folder yet", 0.0
        folder = folders[0]
        if not folder.config_file.exists():
            return "no config yet", 0.0
        run = Run(folder)
        run.config  # noqa: B018 - it has to be readable
        state = run.state
        if state not in (RunState.LOST, RunState.CREATED, RunState.DONE):
            raise _BrokenError(f"its state is {state}, after a kill")
        events = read_events(folder)
        values = sum(isinstance(event, EpisodeEvent | MetricEvent) for event in events)
        if events.damaged:
            raise _BrokenError(f"{events.damaged} lines are damaged")
        if len(run.metrics()) + len(run.episodes()) != values:
            raise _BrokenError("its tables do not hold what its log holds")
        return str(state), self._lost_s(folder)

    def _lost_s(self, folder: RunFolder) -> float:
        reported_s = Witness(self._witness).reported_s
        attempt = newest_attempt(folder)
        if (folder.run_id, attempt) == self._before:  # it was killed before its first line
            written = 0
        else:
            written = sum(decode(line).attempt == attempt for line in whole_lines(folder.metrics_log))
        if written > len(reported_s):
            raise _BrokenError(f"{written} values are stored, and {len(reported_s)} were reported")
        return 0.0 if written == len(reported_s) else max(0.0, self._killed_s - float(reported_s[written]))
