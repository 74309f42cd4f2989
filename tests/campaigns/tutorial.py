"""The run that ships with the tutorial: trained as a panel trains it, and kept with all its games."""

from __future__ import annotations

import json
from statistics import fmean

from retroml_edu.core.events import EpisodeEvent
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.session.experiment import run_experiment
from retroml_edu.session.history import load_run
from retroml_edu.storage.json_text import read_json_object
from retroml_edu.widgets.tutorial.recorded import RECORDED, as_json
from retroml_edu.widgets.tutorial.task import task_config
from tests.campaigns.outcome import Outcome, Request

MOST_BYTES = 60_000
PACKAGES = ("numpy", "numba")
"""Those whose version may change the last digits of the fast engine's runs."""


def run(request: Request) -> Outcome:
    """Train the task of the tutorial; `count` is the number of steps, `keep` is as it says."""
    if request.keep and request.count:
        raise SystemExit("--keep goes with the whole run: leave --count out.")
    config = task_config(request.place).changed(video={"enabled": False})
    if request.count:
        config = config.changed(total_timesteps=request.count)
    result = run_experiment(config, home=request.place, progress=False)
    trained = load_run(result.run_id, request.place)
    games = [event for event in trained.events() if isinstance(event, EpisodeEvent)]
    facts = read_json_object(trained.folder.environment_file)
    versions = (f"{name} {facts['packages'][name]}" for name in PACKAGES)
    made_with = ", ".join([f"a processor {facts['cpu']['model']}", *versions])
    text = json.dumps(as_json(trained.config, games, made_with), separators=(",", ":")) + "\n"
    outcome = Outcome("The recorded run of the tutorial", ("", "steps", "games", "mean return at the end", "bytes"))
    mean = fmean(game.episode_return for game in games[-RETURN_WINDOW:])
    outcome.rows.append([made_with, f"{config.total_timesteps:,}", f"{len(games):,}", f"{mean:.1f}", f"{len(text):,}"])
    if not result.success:
        outcome.failures.append(f"it ended as {result.state}: {result.error}")
    if len(text) > MOST_BYTES:
        outcome.failures.append(f"it takes {len(text):,} bytes; {MOST_BYTES:,} are allowed")
    if request.keep and not outcome.failures:
        RECORDED.write_text(text, "utf-8")
    return outcome
