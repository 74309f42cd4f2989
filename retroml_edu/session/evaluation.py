"""Plays whole games with a trained model and measures them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retroml_edu.core.config import MAX_SEED
from retroml_edu.core.errors import ConfigError, RetroMLError, StorageError
from retroml_edu.core.ids import utc_now
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.session.history import Run
from retroml_edu.session.player import Player
from retroml_edu.session.videos import record_episode
from retroml_edu.storage.atomic import cannot_write, write_text
from retroml_edu.storage.manifest import write_manifest
from retroml_edu.storage.model_files import load_model
from retroml_edu.storage.paths import inside
from retroml_edu.storage.retention import prune_videos

MAX_EPISODES = 10_000
KEPT_VIDEOS = 50
"""Videos of tests that stay in a run's folder: the newest, and those that somebody gave a name."""


@dataclass(frozen=True, slots=True)
class PlayedEpisode:
    """One whole game of an evaluation."""

    episode_return: float
    length: int
    ending: str


class Spectator:
    """Follows an evaluation, in its thread; this one does nothing."""

    def watch(self, player: Player) -> None:
        """See a game at its start and after each step."""

    def played(self, game: PlayedEpisode) -> None:
        """Hear how a game has ended."""

    @property
    def has_enough(self) -> bool:
        """Whether the evaluation is to end; asked before each step."""
        return False


NOBODY = Spectator()


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
    weights: PolicyWeights | None = None,
    spectator: Spectator = NOBODY,
) -> Evaluation:
    """Play whole games with a run's model and keep the result in ``eval/``.

    Args:
        run: A run that has a model, or one that goes on.
        episodes: How many games.
        deterministic: Always take the likeliest action instead of drawing one.
        seed: Seed of the first game; drawn if left out. Each game has a seed of its own; Atari's decides how
            many frames, 1 to 30, are waited before it begins.
        video: Whether to film the first game, if it has a picture.
        weights: What plays; the run's final model if left out.
        spectator: Who follows it, and may end it: then the games that have ended make the result.

    Raises:
        RetroMLError: If it was called off before a game had ended.
        ConfigError: If episodes is not between 1 and 10,000, or the seed not between 0 and 2,147,483,647.
        StorageError: If the run has no model, or its folder cannot be written.
    """
    if not 1 <= episodes <= MAX_EPISODES:
        raise ConfigError(f"episodes={episodes}: play between 1 and {MAX_EPISODES:,} games.")
    if seed is not None and not 0 <= seed <= MAX_SEED:
        raise ConfigError(f"seed={seed}: give a number between 0 and {MAX_SEED:,}, or none to draw one.")
    if weights is None and not run.folder.model_dir.is_dir():
        way_out = "resume it, and test it at its end" if run.state.is_final else "wait for its end"
        raise StorageError(f"Run {run.run_id} has no model yet ({run.state}): {way_out}.")
    seed = secrets.randbelow(MAX_SEED) if seed is None else seed
    weights = weights or load_model(run.folder)[0]
    player = Player(run.config, seed=seed, deterministic=deterministic)
    name = f"{utc_now().replace(':', '').replace('.', '')}-step-{weights.step}"
    video_path: Path | None = None
    games: list[PlayedEpisode] = []
    try:
        player.load(weights)
        player.restart(same_start=True)
        if video and player.picture() is not None:
            video_path = _film(run, player, name, spectator)
            player.restart(same_start=True)
        while len(games) < episodes and (game := _play(player, spectator)):
            games.append(game)
            spectator.played(game)
            if len(games) < episodes:
                player.restart()
    finally:
        player.close()
        if video_path is not None and not games:
            video_path.unlink(missing_ok=True)  # the film of a game that counts nowhere
    if not games:
        raise RetroMLError("The test was stopped before its first game had ended: there is no result.")
    path = _made(run, run.folder.eval_dir) / f"{name}.json"
    result = Evaluation(run.run_id, weights.step, seed, deterministic, tuple(games), path, video_path)
    write_text(path, json.dumps(_to_json(result), indent=2))
    if run.state.is_final:  # else it is written at the run's end
        write_manifest(run.folder)
    return result


def _play(player: Player, spectator: Spectator) -> PlayedEpisode | None:
    """Play the game that has just begun to its end; None if that was called off."""
    spectator.watch(player)
    while not player.moment.ended:
        if spectator.has_enough:
            return None
        player.step()
        spectator.watch(player)
    moment = player.moment
    return PlayedEpisode(moment.episode_return, moment.length, "time limit" if moment.truncated else "game over")


def _film(run: Run, player: Player, name: str, spectator: Spectator) -> Path | None:
    path = _made(run, run.folder.videos_dir) / f"test-{name}.mp4"
    filmed = record_episode(player, path, length_s=120.0, quality="standard", cancelled=lambda: spectator.has_enough)
    with suppress(StorageError):  # an old video that cannot be removed is no reason to test nothing
        prune_videos(run.folder, KEPT_VIDEOS, "test")
    return path if filmed else None


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
