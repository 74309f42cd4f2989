"""What is wrong with a config, in the learner's words instead of pydantic's."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from retroml_edu.core.errors import ConfigError, Problem, did_you_mean
from retroml_edu.core.hyperparameters import HYPERPARAMETERS
from retroml_edu.core.knobs import shown_value

MAX_SHOWN = 80
"""Longest piece of what somebody wrote that is quoted back."""


def config_problems(error: ValidationError, model: type[BaseModel], prefix: str = "") -> list[Problem]:
    """Turn pydantic's findings on a settings model into problems in plain words.

    Args:
        error: What pydantic found.
        model: The settings model.
        prefix: Path of the model within the config, with its dot; empty for the config itself.
    """
    problems: list[Problem] = []
    for details in error.errors(include_url=False):
        cause = details.get("ctx", {}).get("error")
        if isinstance(cause, ConfigError):
            problems.extend(cause.problems)
        else:
            problems.append(_problem(details, model, prefix))
    return problems


def _problem(details: ErrorDetails, model: type[BaseModel], prefix: str) -> Problem:
    path = ".".join(str(part) for part in details["loc"])
    name = next((part for part in reversed(details["loc"]) if isinstance(part, str)), "")
    value = details.get("input")
    kind = details["type"]
    limits = details.get("ctx", {})
    of_value = ""
    if kind == "extra_forbidden":
        for part in details["loc"][:-1]:
            inner = model.model_fields[str(part)].annotation
            model = next(k for k in (inner, *get_args(inner)) if isinstance(k, type) and issubclass(k, BaseModel))
        is_nested = prefix or len(details["loc"]) > 1
        owner = model.__name__.removesuffix("Hyperparameters") if is_nested else "a run"
        name = _short(name if name.isprintable() else ascii(name)[1:-1])  # a stranger's file may hold anything
        hint = did_you_mean(name, model.model_fields)
        if owner == "a run" and any(name in settings.model_fields for settings in HYPERPARAMETERS.values()):
            hint = " It belongs under hyperparameters."
        elif is_nested and not hint:
            hint = f" There are {', '.join(sorted(model.model_fields))}."
        message = f'"{name}" is no setting of {owner}.{hint}'
    elif kind == "missing":
        message = f'"{name}" is missing.'
    elif kind == "value_error":
        message = str(limits["error"])
    elif kind == "literal_error":
        allowed = str(limits["expected"])
        hint = did_you_mean(value, _quoted(allowed)) if isinstance(value, str) else ""
        of_value = f"{_shown(value)} is not one of {allowed}.{hint}"
        message = f"{name}={of_value}"
    else:
        rule = details["msg"].replace("Input should be", "it must be")
        message = f"{name}={_shown(value)}: {rule}."
        of_value = _of_value(kind, name, value, limits) or f"{_plain(value, name)}: {rule}."
    return Problem(prefix + path, message, of_value=of_value)


def _of_value(kind: str, name: str, value: Any, limits: Mapping[str, Any]) -> str:
    """Return what is wrong with a number that somebody typed; empty where it is no number that is wanted."""
    if kind == "greater_than_equal":
        return f"{_plain(value, name)} is too small: {_plain(limits['ge'], name)} at least."
    if kind == "less_than_equal":
        return f"{_plain(value, name)} is too large: {_plain(limits['le'], name)} at most."
    wanted = {"int": "whole number", "float": "number", "finite": "number"}.get(kind.partition("_")[0])
    if wanted is None:
        return ""
    is_missing = value is None or (isinstance(value, str) and not value)
    return f"a {wanted} is missing." if is_missing else f"{_plain(value, name)} is no {wanted}."


def _quoted(choices: str) -> list[str]:
    return [part.strip("'") for part in choices.replace(" or ", ", ").split(", ")]


def _plain(value: Any, name: str) -> str:
    """Return what somebody wrote as the panel writes it."""
    if isinstance(value, int | float):
        with suppress(ValueError):  # thousands of digits
            return _short(shown_value(value, name))
    return f'"{_short(value)}"' if isinstance(value, str) else _shown(value)


def _shown(value: Any) -> str:
    try:
        return _short(repr(value))
    except (ValueError, RecursionError):  # a number with thousands of digits, lists within lists
        return f"<{type(value).__name__}>"


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
