"""Plays whole games with a trained model and measures them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retroml_edu.core.config import MAX_SEED
from retroml_edu.core.errors import ConfigError, StorageError
from retroml_edu.core.ids import utc_now
from retroml_edu.session.history import Run
from retroml_edu.session.player import Player
from retroml_edu.session.videos import record_episode
from retroml_edu.storage.atomic import cannot_write, write_text
from retroml_edu.storage.manifest import write_manifest
from retroml_edu.storage.model_files import load_model
from retroml_edu.storage.paths import inside

MAX_EPISODES = 10_000


@dataclass(frozen=True, slots=True)
class PlayedEpisode:
    """One whole game of an evaluation."""

    episode_return: float
    length: int
    ending: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        run_id: The run whose model played.
        weights_step: Training step of the weights.
        seed: Seed of the first game and of the action draws.
        deterministic: Whether the likeliest action was always taken.
        episodes: Every game.
        path: JSON file that keeps it.
        video_path: Video of the first game, if one was asked for.
    """

    run_id: str
    weights_step: int
    seed: int
    deterministic: bool
    episodes: tuple[PlayedEpisode, ...]
    path: Path
    video_path: Path | None = None

    @property
    def summary(self) -> Mapping[str, float]:
        """Mean, standard deviation, lowest and highest of return and length."""
        returns = np.array([episode.episode_return for episode in self.episodes])
        lengths = np.array([episode.length for episode in self.episodes])
        return {
            "episodes": len(self.episodes),
            "return_mean": float(returns.mean()),
            "return_std": float(returns.std(ddof=1)) if len(returns) > 1 else 0.0,
            "return_min": float(returns.min()),
            "return_max": float(returns.max()),
            "length_mean": float(lengths.mean()),
        }


def evaluate(
    run: Run,
    *,
    episodes: int = 10,
    deterministic: bool = False,
    seed: int | None = None,
    video: bool = True,
    played: Callable[[], object] = lambda: None,
) -> Evaluation:
    """Play whole games with a run's final model and keep the result in ``eval/``.

    Args:
        run: A run that has a model.
        episodes: How many games.
        deterministic: Always take the likeliest action instead of drawing one.
        seed: Seed of the first game; drawn if left out. Each game has a seed of its own; Atari's decides how
            many frames, 1 to 30, are waited before it begins.
        video: Whether to film the first game.
        played: Called after each game.

    Raises:
        ConfigError: If episodes is not between 1 and 10,000, or the seed not between 0 and 2,147,483,647.
        StorageError: If the run has no model, or its folder cannot be written.
        TrainingError: If the game is to be filmed and cannot be drawn.
    """
    if not 1 <= episodes <= MAX_EPISODES:
        raise ConfigError(f"episodes={episodes}: play between 1 and {MAX_EPISODES:,} games.")
    if seed is not None and not 0 <= seed <= MAX_SEED:
        raise ConfigError(f"seed={seed}: give a number between 0 and {MAX_SEED:,}, or none to draw one.")
    if not run.folder.model_dir.is_dir():
        way_out = "resume it, and test it at its end" if run.state.is_final else "wait for its end"
        raise StorageError(f"Run {run.run_id} has no model yet ({run.state}): {way_out}.")
    seed = secrets.randbelow(MAX_SEED) if seed is None else seed
    weights, _ = load_model(run.folder)
    player = Player(run.config, seed=seed, deterministic=deterministic)
    name = f"{utc_now().replace(':', '').replace('.', '')}-step-{weights.step}"
    try:
        player.load(weights)
        video_path = _film(run, player, name) if video else None
        games = []
        player.restart(same_start=True)
        for _ in range(episodes):
            moment = player.step()
            while not moment.ended:
                moment = player.step()
            ending = "time limit" if moment.truncated else "game over"
            games.append(PlayedEpisode(moment.episode_return, moment.length, ending))
            played()
    finally:
        player.close()
    path = _made(run, run.folder.eval_dir) / f"{name}.json"
    result = Evaluation(run.run_id, weights.step, seed, deterministic, tuple(games), path, video_path)
    write_text(path, json.dumps(_to_json(result), indent=2))
    write_manifest(run.folder)
    return result


def _film(run: Run, player: Player, name: str) -> Path:
    path = _made(run, run.folder.videos_dir) / f"test-{name}.mp4"
    record_episode(player, path, length_s=120.0, quality="standard")
    return path


def _made(run: Run, folder: Path) -> Path:
    inside(run.path, folder.name)  # the run may be a stranger's, and the folder a link
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def _to_json(result: Evaluation) -> dict[str, Any]:
    return {
        "run_id": result.run_id,
        "weights_step": result.weights_step,
        "seed": result.seed,
        "deterministic": result.deterministic,
        "summary": dict(result.summary),
        "episodes": [asdict(episode) for episode in result.episodes],
        "video": result.video_path.name if result.video_path else None,
    }
