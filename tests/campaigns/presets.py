"""How far each preset of the environments that are observed as numbers comes, over a few seeds."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from statistics import fmean
from typing import Any

from retroml_edu.core.config import ALGORITHMS, ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.events import EpisodeEvent, Event
from retroml_edu.envs import check_env
from retroml_edu.envs.catalog import CLASSIC
from retroml_edu.envs.preset_returns import RETURNS, WINDOW, kept_returns, measured_returns
from retroml_edu.envs.presets import Preset, presets
from retroml_edu.storage.atomic import write_json
from retroml_edu.training import trainer_for
from retroml_edu.training.fast.preparation import prepare
from tests.campaigns.outcome import Outcome, Request

SEEDS = 3
MOST_STEPS = 3_000_000
"""Of a run that is made here: longer ones take an hour for each seed."""
ENVIRONMENTS = tuple(row.id for row in CLASSIC)


def run(request: Request) -> Outcome:
    """Train each preset; `count` is the number of seeds, `only` picks environments, `keep` is as it says.

    With `keep`, what is kept already of the same settings and as many seeds is not trained again.
    """
    prepare()
    count = request.count or SEEDS
    seeds = range(200 * request.seed + 1, 200 * request.seed + 1 + count)
    outcome = Outcome(
        "How far the presets come",
        ("", "algorithm", "preset", "steps", f"mean return of the last {WINDOW} episodes", "each seed"),
    )
    for env_id, algorithm, item in _asked(request.only):
        known = measured_returns(env_id, algorithm, item.name, item.settings) if request.keep else ()
        returns = list(known)
        if len(known) < count:
            returns = [_last_return(env_id, algorithm, item, seed) for seed in seeds]
            print(f"{env_id}, {algorithm}, {item.name}: {returns}", file=sys.stderr, flush=True)
            if request.keep:
                _keep(env_id, algorithm, item, returns)
        each = ", ".join(f"{value:.0f}" for value in sorted(returns))
        outcome.rows.append([env_id, algorithm, item.name, f"{item.total_timesteps:,}", f"{fmean(returns):.0f}", each])
    return outcome


def _asked(only: str | None) -> Iterator[tuple[str, Any, Preset]]:
    for env_id in ENVIRONMENTS:
        for algorithm in ALGORITHMS:
            if (only is None or only in env_id) and not check_env(env_id, algorithm):
                for item in presets(env_id, algorithm):
                    if item.total_timesteps <= MOST_STEPS:
                        yield env_id, algorithm, item


def _last_return(env_id: str, algorithm: str, item: Preset, seed: int) -> float:
    config = ExperimentConfig(
        env_id=env_id,
        algorithm=algorithm,
        run_type="custom",
        total_timesteps=item.total_timesteps,
        seed=seed,
        n_envs=item.n_envs,
        normalize=item.normalize,
        hyperparameters=dict(item.hyperparameters),
        engine="fast",
        device="cpu",
    )
    returns: list[float] = []

    def note(event: Event) -> None:
        if isinstance(event, EpisodeEvent):
            returns.append(event.episode_return)

    trainer_for(config).train(config, note, Control())
    return round(fmean(returns[-WINDOW:]), 2)


def _keep(env_id: str, algorithm: str, item: Preset, returns: list[float]) -> None:
    """Put what was found in the place of what is kept of the same preset."""
    rows = json.loads(RETURNS.read_text("utf-8"))["presets"]
    names = {"env_id": env_id, "algorithm": algorithm, "preset": item.name}
    others = [row for row in rows if {name: row[name] for name in names} != names]
    write_json(RETURNS, {"presets": [*others, names | {"returns": returns, "settings": item.settings}]})
    kept_returns.cache_clear()
