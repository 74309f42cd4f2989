"""The same run eight times, watched and disturbed or not: is it the same to the last bit?"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.session.evaluation import evaluate
from retroml_edu.session.feed import FeedMode, LiveFeed
from retroml_edu.session.history import Run
from retroml_edu.session.run import TrainingRun
from retroml_edu.session.session import Session
from retroml_edu.storage.folder import RunFolder
from tests.campaigns.outcome import Outcome, Request
from tests.campaigns.runs import Record, record_of, short_config

TIMEOUT_S = 120.0
STEPS = {
    "CartPole-v1": 1_024,
    "LunarLander-v3": 1_024,
    "BipedalWalker-v3": 512,
    "ALE/Breakout-v5": 256,
    "ALE/Pong-v5": 256,
}
WAYS = {"alone": (False, False), "watched": (True, False), "disturbed": (False, True), "both": (True, True)}
"""Whether somebody watches: videos, live feed, evaluation; and whether a neighbour draws from the global generators,
while a second run goes on."""


@dataclass(frozen=True)
class Cell:
    """One config of the table."""

    env_id: str
    algorithm: str
    n_envs: int

    def config(self, *, watched: bool) -> ExperimentConfig:
        video = {"length_s": 1.0, "quality": "small", "milestones": (0.0, 0.5, 1.0)} if watched else {"enabled": False}
        normalize = self.env_id == "BipedalWalker-v3"
        steps = STEPS[self.env_id]
        return short_config(
            self.env_id, self.algorithm, steps, seed=5, n_envs=self.n_envs, normalize=normalize, video=video
        )


CELLS = tuple(
    Cell(env_id, algorithm, n_envs)
    for env_id in STEPS
    for algorithm in ("PPO", "A2C", "DQN")
    for n_envs in (1, 4)
    if (env_id, algorithm) != ("BipedalWalker-v3", "DQN")  # whose actions are no choice among few
)


def run(request: Request) -> Outcome:
    """Train every config eight times; `count` is the number of configs at most, evenly spread."""
    heads = ["", "environments", *(f"{name}, twice" for name in WAYS), "values"]
    outcome = Outcome("The same run, again and again", heads)
    stride = max(1, -(-len(CELLS) // (request.count or len(CELLS))))
    cells = CELLS[:: stride | 1]  # odd, so that both numbers of environments are among them
    for number, cell in enumerate(cells):
        session = Session(request.place / f"cell-{number}")
        first: Record | None = None
        words = []
        for way, (watched, disturbed) in WAYS.items():
            said = "identical"
            for turn in (1, 2):
                record = _trained(session, cell.config(watched=watched), watched=watched, disturbed=disturbed)
                first = first or record
                difference = first.difference(record)
                if difference:
                    said = "**not identical**"
                    outcome.failures.append(f"{cell}, {way}, turn {turn}: {difference}")
            words.append(said)
        assert first is not None
        row = (f"{cell.algorithm} {cell.env_id}", str(cell.n_envs), *words, str(len(first.values)))
        outcome.rows.append(row)
    identical = sum(row[2:6].count("identical") for row in outcome.rows)
    outcome.notes.append(
        f"{len(cells) * 8} runs of {len(cells)} configs; {identical} of {len(cells) * 4} pairs are identical, with "
        "each other and with the first run of the config: every value that is not a time, the games, the "
        "weights. Watched: videos, live feed and an evaluation meanwhile. Disturbed: another thread reseeds and "
        "draws from torch's, numpy's and random's global generators, and a second run trains in the same process."
    )
    return outcome


def _trained(session: Session, config: ExperimentConfig, *, watched: bool, disturbed: bool) -> Record:
    with ExitStack() as around:
        if disturbed:
            around.enter_context(_neighbour())
            around.enter_context(_second_run(session))
        run = session.start(config)
        if watched:
            around.enter_context(_spectators(run, session))
        result = run.wait(TIMEOUT_S)
    if not result.success:
        raise RuntimeError(f"{config.env_id}, {config.algorithm}: {result.state}: {result.error}")
    return record_of(RunFolder(run.path))


@contextmanager
def _neighbour() -> Iterator[None]:
    """Draw from every global generator, as other cells of a notebook do."""
    over = threading.Event()

    def draw() -> None:
        turn = 0
        while not over.wait(0.001):
            turn += 1
            if turn % 10 == 0:
                random.seed(turn)
                np.random.seed(turn)
                torch.manual_seed(turn)
            random.random()
            np.random.rand()
            torch.rand(1)

    thread = threading.Thread(target=draw, name="neighbour", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _second_run(session: Session) -> Iterator[None]:
    """Train something else in the same process meanwhile."""
    other = session.start(short_config("CartPole-v1", "PPO", 10**7, seed=99))
    try:
        yield
    finally:
        other.stop()
        other.wait(TIMEOUT_S)


@contextmanager
def _spectators(run: TrainingRun, session: Session) -> Iterator[None]:
    """Look at a run while it trains: both kinds of feed, every event, and an evaluation of an earlier run."""
    failed: list[str] = []
    feeds = [
        LiveFeed(run, mode, show=lambda frames, shown_s: 0.0, failed=failed.append, ended=lambda: None)
        for mode in (FeedMode.TRAINING, FeedMode.PREVIEW)
    ]
    for feed in feeds:
        feed.start()
    run.follow(_Sink())
    earlier = [path for path in session.home.path.iterdir() if (path / "certificate.json").exists()]
    try:
        evaluate(Run(RunFolder(min(earlier))), episodes=1, video=False)
        yield
        run.wait(TIMEOUT_S)
    finally:
        for feed in feeds:
            feed.stop()
    if failed:
        raise RuntimeError(failed[0])


class _Sink:
    def handle(self, events: object) -> None:
        """Take what comes."""
