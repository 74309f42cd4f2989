"""Fields of the settings form that are the same for every environment and algorithm."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.settings import CheckpointSettings, VideoSettings


def help_of(name: str, model: type[BaseModel] = ExperimentConfig) -> str:
    """Return what a setting does, from where it is declared."""
    return model.model_fields[name].description or ""


def device_field() -> dict[str, Any]:
    """Where the network is trained."""
    labels = {"auto": "Choose for me", "cpu": "CPU", "cuda": "NVIDIA GPU (cuda)", "mps": "Apple GPU (mps)"}
    return {
        "name": "device",
        "label": "Device",
        "type": "select",
        "choices": [{"value": name, "label": label} for name, label in labels.items()],
        "default": "auto",
        "help": help_of("device"),
    }


def deterministic_field() -> dict[str, Any]:
    """Whether the run is bit for bit the same elsewhere."""
    return {
        "name": "deterministic",
        "label": "Deterministic",
        "type": "toggle",
        "default": False,
        "help": help_of("deterministic"),
    }


def engine_field() -> dict[str, Any]:
    """Who trains."""
    labels = {"auto": "Choose for me", "fast": "Fast", "sb3": "stable-baselines3"}
    return {
        "name": "engine",
        "label": "Engine",
        "type": "select",
        "choices": [{"value": name, "label": label} for name, label in labels.items()],
        "default": "auto",
        "help": help_of("engine"),
    }


def precision_field() -> dict[str, Any]:
    """How finely it is computed."""
    return {
        "name": "precision",
        "label": "Precision",
        "type": "segmented",
        "choices": [{"value": name, "label": name} for name in ("float32", "bfloat16")],
        "default": "float32",
        "help": help_of("precision"),
    }


def video_fields() -> list[dict[str, Any]]:
    """The videos of a run."""
    return [
        {
            "name": "video.enabled",
            "label": "Record videos while training",
            "type": "toggle",
            "default": True,
            "help": help_of("enabled", VideoSettings),
        },
        {
            "name": "video.length_s",
            "label": "Longest video (s)",
            "type": "slider",
            "integer": True,
            "low": 2,
            "high": 60,
            "scale": "linear",
            "default": 10,
            "help": help_of("length_s", VideoSettings),
        },
        {
            "name": "video.quality",
            "label": "Quality",
            "type": "segmented",
            "choices": [{"value": name, "label": name} for name in ("small", "standard", "high")],
            "default": "standard",
            "help": help_of("quality", VideoSettings),
        },
    ]


def checkpoint_fields() -> list[dict[str, Any]]:
    """The checkpoints of a run."""
    default = CheckpointSettings()
    return [
        {
            "name": "checkpoints.enabled",
            "label": "Keep checkpoints while training",
            "type": "toggle",
            "default": default.enabled,
            "help": help_of("enabled", CheckpointSettings),
        },
        {
            "name": "checkpoints.every_s",
            "label": "Seconds between them",
            "type": "slider",
            "integer": True,
            "low": 5,
            "high": 3600,
            "scale": "log",
            "default": default.every_s,
            "help": help_of("every_s", CheckpointSettings),
        },
        {
            "name": "checkpoints.every_steps",
            "label": "Steps between them",
            "type": "number",
            "integer": True,
            "optional": True,
            "default": default.every_steps,
            "help": help_of("every_steps", CheckpointSettings),
        },
        {
            "name": "checkpoints.keep",
            "label": "How many to keep",
            "type": "slider",
            "integer": True,
            "low": 1,
            "high": 100,
            "scale": "log",
            "default": default.keep,
            "help": help_of("keep", CheckpointSettings),
        },
    ]
