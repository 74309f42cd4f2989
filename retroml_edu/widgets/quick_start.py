"""What the quick start says: what each preset would change, how long runs take here, and what to expect of them.

Nothing here knows a widget, so all of it is tested without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from retroml_edu.core.config import RUN_LENGTHS, ExperimentConfig
from retroml_edu.core.errors import ConfigError
from retroml_edu.core.hyperparameters import HYPERPARAMETERS, AlgorithmName
from retroml_edu.core.knobs import knob_specs, shown_value
from retroml_edu.envs import check_env
from retroml_edu.envs.expectations import Expectation, expectation
from retroml_edu.envs.presets import Preset, PresetName, preset, presets
from retroml_edu.session.known_speeds import KnownSpeed, KnownSpeeds
from retroml_edu.widgets.settings_values import (
    BY_TIME,
    PREFIX,
    Values,
    request_of,
    requested_env,
)
from retroml_edu.widgets.words import roughly

LENGTH = "Length"
_OTHER_LABELS = {"n_envs": "Environments", "normalize": "Normalise"}
Change = tuple[str, str, str]
"""Label, value before, value after."""


class QuickStart:
    """Keeps which preset was last in the form, and tells it in words.

    Args:
        speeds: What is known of this machine.

    Threads: one at a time.
    """

    def __init__(self, speeds: KnownSpeeds) -> None:
        self.speeds = speeds
        self._chosen: tuple[str, str, PresetName] | None = None
        self._changed: list[Change] = []

    def choose(self, name: PresetName, values: Mapping[str, Any]) -> Values:
        """Return the form's values after a preset was chosen.

        Raises:
            RetroMLError: If they name an environment that is not there.
        """
        chosen = preset(requested_env(values), values["algorithm"], name)
        new = preset_values(chosen)
        self._chosen = (requested_env(values), values["algorithm"], name)
        self._changed = differences(values, new)
        return {**values, **new}

    def told(self, values: Values, base: ExperimentConfig) -> dict[str, Any]:
        """Return what the page shows, as JSON values; empty where no preset can be told.

        Args:
            values: The form's values.
            base: Gives what the form does not show.
        """
        env_id, algorithm = requested_env(values), values["algorithm"]
        if check_env(env_id, algorithm):
            return {}
        known = presets(env_id, algorithm)
        current = current_preset(values, known)
        if current is not None and self._chosen != (env_id, algorithm, current.name):  # set in another way
            self._chosen, self._changed = (env_id, algorithm, current.name), []
        chosen = self._chosen_of(env_id, algorithm, current)
        config = _config_of(values, base)
        speed = None if config is None else self.speeds.find(config)
        return {
            "presets": [self._preset_told(item, values, base) for item in known],
            "current": current.name if current is not None else "",
            "chosen": chosen.name,
            "changed": [] if current is not None else differences(preset_values(chosen), values),
            "did": self._changed if current is not None else [],
            "times": {name: about(steps, speed) for name, steps in RUN_LENGTHS.items()},
            "time": _time_told(values, config, speed),
            "how": _how_known(speed),
            "known": speed is not None,
            "expect": _expected(current, expectation(env_id, algorithm), speed),
        }

    def _chosen_of(self, env_id: str, algorithm: AlgorithmName, current: Preset | None) -> Preset:
        if current is not None:
            return current
        if self._chosen is not None and self._chosen[:2] == (env_id, algorithm):
            return preset(env_id, algorithm, self._chosen[2])
        return preset(env_id, algorithm, "fast")

    def _preset_told(self, item: Preset, values: Values, base: ExperimentConfig) -> dict[str, Any]:
        new = {**values, **preset_values(item)}
        config = _config_of(new, base)
        speed = None if config is None else self.speeds.find(config)
        time = about(item.total_timesteps, speed)
        return {
            "name": item.name,
            "aim": item.aim,
            "length": f"{item.total_timesteps:,} steps" + (f", {time}" if time else ""),
            "source": item.source,
            "measured": item.measured or "Nobody has measured how far these settings come here.",
            "changes": differences(values, new),
        }


def current_preset(values: Mapping[str, Any], known: tuple[Preset, ...] | None = None) -> Preset | None:
    """Return the preset that the form's values are; None where they are none.

    Args:
        values: The form's values.
        known: All presets of their environment and algorithm, where somebody has looked them up.

    Raises:
        RetroMLError: If they name an environment that is not there.
    """
    for item in presets(requested_env(values), values["algorithm"]) if known is None else known:
        if not differences(values, preset_values(item)):
            return item
    return None


def preset_values(item: Preset) -> Values:
    """Return what the form shows for a preset: what it leaves alone is not in it."""
    named = next((name for name, steps in RUN_LENGTHS.items() if steps == item.total_timesteps), "custom")
    settings = item.settings
    hyperparameters = settings.pop("hyperparameters")
    return {"run_type": named, **settings, **{PREFIX + name: value for name, value in hyperparameters.items()}}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return where values of the form differ, each with its label, in the form's order; others do not count."""
    algorithm: AlgorithmName = after.get("algorithm") or before["algorithm"]
    found = [] if steps_of(before) == steps_of(after) else [(LENGTH, _length(before), _length(after))]
    labels = {
        **_OTHER_LABELS,
        **{PREFIX + name: spec.knob.label for name, spec in knob_specs(HYPERPARAMETERS[algorithm]).items()},
    }
    for name, label in labels.items():
        if name in before and name in after and before[name] != after[name]:
            found.append((label, shown_value(before[name]), shown_value(after[name])))
    return found


def steps_of(values: Mapping[str, Any]) -> Any:
    """Return the length that values of the form ask for, in steps; None where it is given as time."""
    if values["run_type"] == BY_TIME:
        return None
    return RUN_LENGTHS.get(values["run_type"], values["total_timesteps"])


def about(steps: int, speed: KnownSpeed | None) -> str:
    """Return how long so many steps take here; empty where nobody knows."""
    if speed is None:
        return ""
    return f"{'about' if speed.exact else 'roughly'} {roughly(steps / speed.steps_per_second)}"


def _config_of(values: Mapping[str, Any], base: ExperimentConfig) -> ExperimentConfig | None:
    with suppress(ConfigError):
        return request_of(values, base).config
    return None


def _time_told(values: Mapping[str, Any], config: ExperimentConfig | None, speed: KnownSpeed | None) -> str:
    """Return the length that is chosen, as time on this machine or as steps; empty where nobody knows."""
    if config is None or speed is None:
        return ""
    if values["run_type"] != BY_TIME:
        time = about(config.total_timesteps, speed)
        return f"{time.capitalize()} on this computer"
    steps = (request_of(values, config).duration_s or 0.0) * speed.steps_per_second
    return f"About {_two_digits(steps)} steps on this computer"


def _how_known(speed: KnownSpeed | None) -> str:
    if speed is None:
        return "How long that takes here is not known yet."
    how = " in a short run" if speed.short else "" if speed.exact else " with other settings"
    return f"At {_two_digits(speed.steps_per_second)} steps a second, measured {speed.measured_utc[:10]}{how}."


def _two_digits(value: float) -> str:
    return f"{float(f'{value:.2g}'):,.0f}"


def _expected(current: Preset | None, seen: Expectation | None, speed: KnownSpeed | None) -> str:
    """Return what to expect of a preset, and when on this machine, with where that is known from."""
    if current is None:
        return ""
    if not current.measured:
        return "What to expect: nobody has measured it with these settings."
    here = ""
    if current.name == "fast" and seen is not None and seen.steps is not None and speed is not None:
        time = roughly(seen.steps / speed.steps_per_second)
        here = f" At this computer's speed that would be about {time}: an estimate."
    return f"What to expect: {current.measured[0].lower()}{current.measured[1:]}{here}"


def _length(values: Mapping[str, Any]) -> str:
    steps = steps_of(values)
    if steps is None:
        return f"{values.get('hours') or 0} h {values.get('minutes') or 0} min"
    return f"{steps:,} steps" if isinstance(steps, int) else f"{steps} steps"
