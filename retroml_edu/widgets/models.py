"""The page of all models of all runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import traitlets

from retroml_edu.core.config import ALGORITHMS, ExperimentConfig
from retroml_edu.core.errors import ConfigError, RetroMLError
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.envs import list_envs
from retroml_edu.session.model_export import model_export, model_export_name
from retroml_edu.session.models import Model, Models
from retroml_edu.widgets.assets import script
from retroml_edu.widgets.columns import packed_columns
from retroml_edu.widgets.listing import LISTING, Action, Listing, run_ids_of
from retroml_edu.widgets.upload import PIECE_BYTES, Upload

MAX_UPLOAD_BYTES = 2**28
MAX_NAME = 100


@dataclass(frozen=True)
class ModelActions:
    """What a panel does with a model.

    Attributes:
        go_on: Trains on, given the run's id, the further steps (0 to go on in the same run) and the step of another
            checkpoint than the newest.
        evaluate: Shows a run and its Test card.
        open_run: Shows a run.
        config: Returns what the form asks for.
    """

    go_on: Callable[[str, int, int | None], object]
    evaluate: Callable[[str], object]
    open_run: Callable[[str], object]
    config: Callable[[], ExperimentConfig]


class ModelsTable(Listing[Model]):
    """Shows what the runs of a home have learned, which a person trains on, tests, exports, stores and loads.

    The page sends ``{"action": ...}`` with ``run_id``: ``rename``, ``open``, ``continue``, ``evaluate``,
    ``export``, ``save``, ``checkpoints``; and ``form``, ``load`` and ``piece`` for a file that is loaded.

    Args:
        home: Where runs live; it need not exist.
        actions: What the panel does.
        guarded: Makes a context that shows the errors of a callback.

    Threads: as `Listing`.
    """

    _esm = script(
        *LISTING,
        "experiments_menu.js",
        "experiments_grid.js",
        "models_words.js",
        "models_detail.js",
        "models_load.js",
        "models.js",
    )
    _css = script("experiments.css", "models.css")
    window = traitlets.Int(RETURN_WINDOW).tag(sync=True)
    max_bytes = traitlets.Int(MAX_UPLOAD_BYTES).tag(sync=True)
    piece_bytes = traitlets.Int(PIECE_BYTES).tag(sync=True)
    noun = "model"

    def __init__(
        self,
        home: Path,
        actions: ModelActions,
        guarded: Callable[[], AbstractContextManager[None]],
        **kwargs: Any,
    ) -> None:
        super().__init__(guarded, **kwargs)
        self._models = Models(home)
        self._panel = actions
        self._going_on = threading.Lock()
        self._uploads: dict[str, Upload] = {}

    def _key(self, row: Model) -> str:
        return row.run.run_id

    def _read_rows(self) -> Iterable[Model]:
        return self._models.models()

    def _rows_of(self, keys: Iterable[str]) -> Iterable[Model]:
        return self._models.models_of(keys)

    def _unfinished(self) -> Collection[str]:
        return [model.run.run_id for model in self.rows if not model.run.state.is_final]

    def _packed(self, rows: Iterable[Model]) -> bytes:
        return model_columns(rows)

    def _actions(self) -> Mapping[str, Action]:
        return {
            "rename": self._rename,
            "open": lambda message: [self._panel.open_run(run_id) for run_id in _runs(message)],
            "continue": self._go_on,
            "evaluate": lambda message: [self._panel.evaluate(run_id) for run_id in _runs(message)],
            "export": lambda message: self._answering(message, self._export),
            "save": lambda message: self._answering(message, self._save),
            "checkpoints": lambda message: self._answering(message, self._tell_checkpoints),
            "form": self._tell_form,
            "load": lambda message: self._answering(message, self._begin_load),
            "piece": lambda message: self._answering(message, self._take_piece),
        }

    def _rename(self, message: dict[str, Any]) -> None:
        name = str(message.get("name", ""))
        self._change(_runs(message), "Naming", lambda run_ids, _: self._models.rename(run_ids[0], name))

    def _go_on(self, message: dict[str, Any]) -> None:
        more, step = message.get("steps"), message.get("step")
        if type(more) is not int or not (step is None or type(step) is int):
            raise ConfigError("How many more steps? Give a whole number.")
        for run_id in _runs(message):
            if not self._going_on.acquire(blocking=False):  # pressed twice
                return
            # In a thread: the first start loads torch, and Stop must be heard meanwhile. No background thread: what
            # trains would inherit its place behind others.
            begin = partial(self._begin_run, run_id, more, step)
            threading.Thread(target=begin, name="retroml-start", daemon=True).start()

    def _begin_run(self, run_id: str, more_steps: int, step: int | None) -> None:
        try:
            with self._guarded():
                self._panel.go_on(run_id, more_steps, step)
        finally:
            self._going_on.release()

    # -- answers to the view that asked --------------------------------------------------------------------------

    def _answering(self, message: dict[str, Any], work: Callable[[dict[str, Any]], None]) -> None:
        """Do some work in a thread; what goes wrong is told to the view that asked for it."""

        def answer() -> None:
            try:
                work(message)
            except Exception as error:  # noqa: BLE001 - an exception in a thread would appear nowhere
                self._answer(message, "said", text=f"✕ {error}")

        # Whole models are read and packed: Stop must be heard meanwhile.
        threading.Thread(target=answer, name="retroml-models", daemon=True).start()

    def _answer(self, message: Mapping[str, Any], kind: str, buffers: Sequence[bytes] = (), **content: Any) -> None:
        self.send({"kind": kind, "token": message.get("token"), **content}, buffers=list(buffers))

    def _export(self, message: dict[str, Any]) -> None:
        for run_id in _runs(message):
            run = self._models.run(run_id)
            content = model_export(run)
            self._answer(message, "file", [content], name=model_export_name(run), mime="application/zip")

    def _save(self, message: dict[str, Any]) -> None:
        for run_id in _runs(message):
            self._models.save(run_id)
            self._answer(message, "said", text="Asked: its checkpoint appears here as soon as it is stored.")

    def _tell_checkpoints(self, message: dict[str, Any]) -> None:
        for run_id in _runs(message):
            listed = [
                {
                    "step": info.step,
                    "reason": info.reason,
                    "time_utc": info.time_utc,
                    "size_bytes": info.size_bytes,
                    "tag": info.tag,
                }
                for info in self._models.checkpoints(run_id)
            ]
            self._answer(message, "checkpoints", run_id=run_id, checkpoints=listed)

    # -- a file from the person's computer -----------------------------------------------------------------------

    def _tell_form(self, message: dict[str, Any]) -> None:
        env_id, algorithm = "", ALGORITHMS[0]
        try:
            config = self._panel.config()
            env_id, algorithm = config.env_id, config.algorithm
        except ConfigError:  # the form is half filled in
            pass
        envs = [spec.id for spec in list_envs()]
        self._answer(message, "form", envs=envs, algorithms=list(ALGORITHMS), env_id=env_id, algorithm=algorithm)

    def _begin_load(self, message: dict[str, Any]) -> None:
        size = message.get("size_bytes")
        upload = Upload(str(message.get("name"))[-MAX_NAME:], size if type(size) is int else 0, MAX_UPLOAD_BYTES)
        with self._writing:
            left, self._uploads = self._uploads, {str(message.get("token")): upload}
        for other in left.values():  # one at a time: who begins another has given it up
            other.discard()
        self._answer(message, "more", at=0)

    def _take_piece(self, message: dict[str, Any]) -> None:
        with self._writing:
            upload = self._uploads.get(str(message.get("token")))
        if upload is None:
            return
        at = message.get("at")
        upload.add(at if type(at) is int else -1, message["buffers"])
        if not upload.whole:
            self._answer(message, "more", at=upload.received)
            return
        try:
            run = self._models.take_in(upload.path, _import_config(message))
        except RetroMLError as error:  # which names a place that nobody knows
            text = str(error).replace(str(upload.path), upload.name)
            self._answer(message, "said", text=f"✕ {text}")
            return
        finally:
            upload.discard()
            with self._writing:
                self._uploads.pop(str(message.get("token")), None)
        self._work.do(lambda: self._tell_loaded(message, run.run_id, upload.name))

    def _tell_loaded(self, message: Mapping[str, Any], run_id: str, name: str) -> None:
        self._show_anew([run_id])
        self._answer(message, "loaded", run_id=run_id, text=f"{name} loaded: press Evaluate only to watch it.")


def model_columns(models: Iterable[Model]) -> bytes:
    """Return models as `packed_columns`."""
    models = list(models)
    columns: dict[str, Sequence[Any]] = {
        "run_id": [model.run.run_id for model in models],
        "name": [model.run.name for model in models],
        "tags": [model.run.tags for model in models],
        "seed": [model.run.seed for model in models],
        "steps": [model.steps for model in models],
        "total_timesteps": [model.run.total_timesteps for model in models],
        "trained_mean": [model.run.return_mean for model in models],
        "tested_mean": [model.tested_mean for model in models],
        "tested_games": [model.tested_games for model in models],
        "size_bytes": [model.size_bytes for model in models],
        "made_ms": [round(model.made_s * 1000) or None for model in models],
        "has_model": [model.has_model for model in models],
        "has_zip": [model.has_zip for model in models],
        "checkpoints": [len(model.checkpoint_steps) for model in models],
        "newest_step": [model.checkpoint_steps[-1] if model.checkpoint_steps else None for model in models],
        "problem": [model.run.problem for model in models],
    }
    repeated: dict[str, Iterable[str]] = {
        "env_id": [model.run.env_id for model in models],
        "algorithm": [model.run.algorithm for model in models],
        "state": [str(model.run.state) for model in models],
        "way": [model.way for model in models],
    }
    return packed_columns(columns, repeated)


def _runs(message: Mapping[str, Any]) -> Sequence[str]:
    return run_ids_of(message)[:1]


def _import_config(message: Mapping[str, Any]) -> ExperimentConfig:
    """Return the config of a model that is loaded, from what a person said of it.

    Raises:
        ConfigError: If it describes none.
    """
    hyperparameters: dict[str, Any] = {}
    layers = str(message.get("layers") or "").replace(",", " ").split()
    if layers:
        if not all(layer.isdecimal() for layer in layers):
            raise ConfigError("Layers are whole numbers with commas, such as 64, 64.")
        hyperparameters["net_arch"] = [int(layer) for layer in layers]
    if message.get("activation"):
        hyperparameters["activation"] = str(message["activation"])
    return ExperimentConfig(
        env_id=str(message.get("env_id")).strip(),
        algorithm=str(message.get("algorithm")),
        hyperparameters=hyperparameters,
    )
