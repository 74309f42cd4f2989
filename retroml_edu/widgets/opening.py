"""What a panel opens with: what the cell says, else what the person prefers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import Problem
from retroml_edu.core.preferences import Preferences
from retroml_edu.envs import check_env
from retroml_edu.storage.preferences import StoredPreferences, read_preferences

_DEFAULT = Preferences()


def usable_preferences_of(home: Path) -> StoredPreferences:
    """Return the preferences of a home; a game that cannot be played here gives way to the default, with a sentence."""
    stored = read_preferences(home)
    chosen = stored.preferences
    problems = check_env(chosen.environment, chosen.algorithm)
    if not problems:
        return stored
    usable = chosen.model_copy(update={"environment": _DEFAULT.environment, "algorithm": _DEFAULT.algorithm})
    remedy = f"This panel opens with {usable.environment} and {usable.algorithm}: choose others under Settings."
    told = Problem("environment", f"Settings: {problems[0]}", remedy, "warning")
    return replace(stored, preferences=usable, problems=(*stored.problems, told))


def opening_config(
    home: Path, env_id: str | None, algorithm: str | None, settings: Mapping[str, Any]
) -> ExperimentConfig:
    """Return the config that a panel shows at first.

    A cell that names a game or an algorithm is the same for everybody: preferences of game, algorithm and length count
    only where it names neither.

    Args:
        home: Where the preferences are kept.
        env_id: As the cell says.
        algorithm: As the cell says.
        settings: Further fields, as the cell says.

    Raises:
        ConfigError: If they make no config.
    """
    preferences = usable_preferences_of(home).preferences
    video = {"enabled": preferences.record_videos, "keep": preferences.videos_kept}
    fields: dict[str, Any] = {"video": video, **settings}
    if env_id is not None or algorithm is not None:
        return ExperimentConfig(
            env_id=env_id or _DEFAULT.environment, algorithm=algorithm or _DEFAULT.algorithm, **fields
        )
    if preferences.run_length != _DEFAULT.run_length and not {"run_type", "total_timesteps"} & settings.keys():
        fields["run_type"] = preferences.run_length
    return ExperimentConfig(env_id=preferences.environment, algorithm=preferences.algorithm, **fields)
