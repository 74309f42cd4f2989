"""The settings side of a panel: the form, and the files that settings come from and go to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import ConfigError, Problem, RetroMLError
from retroml_edu.envs import get_env
from retroml_edu.envs.presets import PRESETS, Preset, preset
from retroml_edu.session.known_speeds import KnownSpeeds
from retroml_edu.widgets.form import SettingsForm
from retroml_edu.widgets.quick_start import QuickStart, current_preset, preset_values
from retroml_edu.widgets.settings_file import SettingsFile
from retroml_edu.widgets.settings_spec import form_spec
from retroml_edu.widgets.settings_values import (
    LENGTH_FIELDS,
    Request,
    Values,
    default_values,
    form_values,
    length_values,
    request_of,
    requested_env,
)


class SettingsPane:
    """Keeps the form and a config in step.

    Args:
        config: What the form will be filled with first, by `apply`.
        speeds: What is known of this machine.
        guarded: Makes a context that shows the errors of a callback.
        say: Shows problems near the buttons; an empty list clears the place.
        shown: Is told which config the form was filled with.

    Attributes:
        form: The form.
        file: Save settings and Load settings.
        speeds: What is known of this machine.

    Threads: callbacks may run in any thread; one at a time fills the form in.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        speeds: KnownSpeeds,
        guarded: Callable[[], AbstractContextManager[None]],
        say: Callable[[Iterable[Problem]], None],
        shown: Callable[[ExperimentConfig], None],
    ) -> None:
        self._guarded = guarded
        self._say = say
        self._shown = shown
        self._config = config
        self._filling_in = threading.RLock()
        self._filler: int | None = None
        self.speeds = speeds
        self._quick = QuickStart(speeds)
        self.form = SettingsForm()
        self.file = SettingsFile(self._to_save, self._load, self._file_failed)
        self.form.observe(self._values_changed, "values")
        self.form.on_msg(self._form_asked)

    def apply(self, config: ExperimentConfig) -> None:
        """Show a config in the form: the one way in which code sets inputs.

        Raises:
            RetroMLError: If it names an environment that is not there.
        """
        self._fill_in(config, form_values(config))

    def set_seed(self, seed: int) -> Any:
        """Show a seed, leave everything else as it stands, and return what stood there, whatever a person had typed.

        Raises:
            RetroMLError: If the form names an environment that is not there.
        """
        with self._filling_in:
            before = self.form.values["seed"]
            if before != seed:
                self._fill_in(self._config, self.form.values | {"seed": seed})
            return before

    def _fill_in(self, config: ExperimentConfig, values: Values) -> None:
        with self._filling_in:
            spec = form_spec(values)
            self._config = config
            self._filler = threading.get_ident()
            try:
                self.form.show(spec, values)
            finally:
                self._filler = None
            self._shown(config)
            self._check()

    def request(self) -> Request:
        """Return what the form asks for now.

        Raises:
            ConfigError: If its values make no config; it speaks of controls, not of fields.
        """
        try:
            return request_of(self.form.values, self._config)
        except ConfigError as error:
            raise ConfigError.of(self.form.labelled(error.problems)) from None

    def started(self, config: ExperimentConfig) -> None:
        """Note the config that a run was made of: it gives what the form does not show."""
        self._config = config

    def refresh(self) -> None:
        """Say anew how long runs take here: a speed has become known.

        Threads: any.
        """
        with self._guarded(), self._filling_in:
            self._tell_quick()

    def _values_changed(self, change: Any) -> None:
        if self._filler == threading.get_ident():
            return  # code fills the form in, and checks it when it is done
        with self._guarded(), self._filling_in:
            self._say([])  # what was said of the last Train is answered by a change
            old, new = change.old, change.new
            chosen = (requested_env(new), new["algorithm"])
            if chosen != (self._config.env_id, self._config.algorithm):
                self._choose(*chosen, self._preset_of(old))
            elif any(old[name] != new[name] for name in LENGTH_FIELDS):
                self._follow_length(old, new)
            else:
                self._check()

    def _preset_of(self, values: Values) -> Preset | None:
        with suppress(RetroMLError):  # it named an environment that is not there
            return current_preset(values)
        return None

    def _choose(self, env_id: str, algorithm: str, before: Preset | None) -> None:
        """Show the same preset for another environment or algorithm, else its tuned defaults; keep the rest."""
        if not env_id:
            self._check()
            return
        kept = {"env_id", "seed", *LENGTH_FIELDS, "hours", "minutes", "device", "engine", "precision", "deterministic"}
        kept |= {name for name in self.form.values if name.startswith(("video.", "checkpoints."))}
        try:
            config = self._config.changed(
                env_id=env_id, algorithm=algorithm, n_envs=None, normalize=None, hyperparameters=None
            )
            values = form_values(config) | {name: self.form.values[name] for name in kept}
            if env_id != self._config.env_id:
                values |= length_values(env_id, values, self._config.env_id)
            if get_env(env_id).observation_kind != "image":
                values["precision"] = "float32"
            if values["engine"] == "fast":  # no promise for another game: where it fits, auto takes it too
                values["engine"] = "auto"
            tuned = {name: value for name, value in default_values(values).items() if name not in kept}
            preset_of_it = {} if before is None else preset_values(preset(env_id, config.algorithm, before.name))
            self._fill_in(config, values | tuned | preset_of_it)
        except RetroMLError as error:
            problems = error.problems if isinstance(error, ConfigError) else (Problem("env_id", str(error)),)
            self.form.show_problems(list(problems))
            self.form.show_quick({})

    def _follow_length(self, old: Values, new: Values) -> None:
        """Another length: what depends on it and was not touched goes along."""
        before, after = default_values(old), default_values(new)
        moved = {name: value for name, value in after.items() if new[name] == before[name] != value}
        self._fill_in(self._config, new | moved)

    def _check(self) -> None:
        """Say beside each field what would keep the run from starting, while there is time to mend it."""
        from retroml_edu.session.check import check

        try:
            self.form.show_problems(check(self.request().config))
        except ConfigError as error:
            self.form.show_problems(list(error.problems))
        self._tell_quick()

    def _tell_quick(self) -> None:
        with suppress(RetroMLError):  # an environment that is not there is told beside its field
            self.form.show_quick(self._quick.told(self.form.values, self._config))

    def _form_asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        action, name = message.get("action"), message.get("name")
        if action == "reset":
            with self._guarded(), self._filling_in:
                self._fill_in(self._config, self.form.values | default_values(self.form.values))
        elif action == "preset" and name in PRESETS:
            with self._guarded(), self._filling_in:
                self._say([])
                self._fill_in(self._config, self._quick.choose(name, self.form.values))

    def _to_save(self) -> ExperimentConfig:
        request = self.request()
        if request.duration_s is not None:
            raise ConfigError.of(
                [
                    Problem(
                        "run_type",
                        "A length in hours and minutes is another number of steps on every machine.",
                        "Choose a number of steps before you save the settings.",
                    )
                ]
            )
        return request.config

    def _load(self, config: ExperimentConfig) -> None:
        self.apply(config)
        self._say([])

    def _file_failed(self, error: Exception) -> None:
        # Apart from `_guarded`: the form has not changed, so nothing beside its fields is wrong.
        if not isinstance(error, RetroMLError):
            with self._guarded():
                raise error
        problems = error.problems if isinstance(error, ConfigError) else (Problem("", str(error)),)
        self._say(problems)
