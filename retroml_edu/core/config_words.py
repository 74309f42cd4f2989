"""What is wrong with a config, in the learner's words instead of pydantic's."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from retroml_edu.core.errors import ConfigError, Problem, did_you_mean
from retroml_edu.core.hyperparameters import HYPERPARAMETERS

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
        message = f"{name}={_shown(value)} is not one of {allowed}.{hint}"
    else:
        message = f"{name}={_shown(value)}: {details['msg'].replace('Input should be', 'it must be')}."
    return Problem(prefix + path, message)


def _quoted(choices: str) -> list[str]:
    return [part.strip("'") for part in choices.replace(" or ", ", ").split(", ")]


def _shown(value: Any) -> str:
    try:
        return _short(repr(value))
    except (ValueError, RecursionError):  # a number with thousands of digits, lists within lists
        return f"<{type(value).__name__}>"


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
