"""Settings as files that people keep, send and edit: YAML with a word on each setting, or JSON.

Mistakes in them are said with their line. Where a run comes from does not travel: a config that is read has no parent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from retroml_edu.core.config import ExperimentConfig, stored_config
from retroml_edu.core.errors import ConfigError, Problem
from retroml_edu.storage.marked_text import Marked, MarkedTextError, read_json, read_yaml

FileForm = Literal["yaml", "json"]
MAX_BYTES = 2**18
"""Far more than all settings with all their comments take."""
MAX_PROBLEMS = 10
SUFFIXES: Mapping[str, FileForm] = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}

_NOT_WRITTEN = {"parent", "group_id", "owner"}
_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_./+-]*")
_OTHER_MEANING = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
_BOUNDS = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "up to"}
_SENTENCE_END = re.compile(r"(?<=[.;]) (?=[A-Z])")


def read_config_file(path: str | Path) -> ExperimentConfig:
    """Read a config from a ``.yaml``, ``.yml`` or ``.json`` file.

    Raises:
        ConfigError: If it cannot be read or holds no config; each problem names its line.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f'"{path}" cannot be read: {error.strerror or error}.') from None
    except ValueError as error:  # a NUL in the name
        raise ConfigError(f"{str(path)!r} is no file name: {error}.") from None
    return config_of_text(content, str(path))


def config_of_text(content: bytes | str, name: str) -> ExperimentConfig:
    """Read a config from the content of a file.

    Args:
        content: The file's bytes, or its text.
        name: The file's name; its ending tells YAML from JSON, and problems begin with it.

    Raises:
        ConfigError: If it holds no config; each problem names its line.
    """
    form = SUFFIXES.get(Path(name).suffix.lower())
    name = name if name.isprintable() else ascii(name)[1:-1]
    if form is None:
        raise ConfigError(f"{name}: settings are read from files whose names end in {', '.join(SUFFIXES)}.")
    try:
        marked = _marked(content, form)
    except MarkedTextError as error:
        raise ConfigError(f"{name}, line {error.line}: {error}.") from None
    if not isinstance(marked.value, dict):
        raise ConfigError(f'{name} holds no settings: write one to a line, as in "env_id: CartPole-v1".')
    try:
        return stored_config(marked.value | {"parent": None})
    except ConfigError as error:
        raise ConfigError.of(_placed(error.problems, marked.lines, name)) from None


def _marked(content: bytes | str, form: FileForm) -> Marked:
    if len(content) > MAX_BYTES:
        raise MarkedTextError(f"the file is larger than {MAX_BYTES // 1024} KB, and settings never are", 1)
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise MarkedTextError("this is no UTF-8 text: save the file as UTF-8", line) from None
    return read_yaml(text) if form == "yaml" else read_json(text)


def _placed(problems: tuple[Problem, ...], lines: Mapping[str, int], name: str) -> list[Problem]:
    """Put the file and the line before each problem, in the order of the lines."""

    def line_of(problem: Problem) -> int:
        path = problem.field
        while path not in lines and path:
            path = path.rpartition(".")[0]
        return lines.get(path, 0)

    placed = []
    for problem in sorted(problems, key=line_of)[:MAX_PROBLEMS]:
        line = line_of(problem)
        where = f"{name}, line {line}" if line else name
        placed.append(Problem(problem.field, f"{where}: {problem.message}", problem.remedy, problem.severity))
    if len(problems) > MAX_PROBLEMS:
        placed.append(Problem("", f"{name}: {len(problems) - MAX_PROBLEMS:,} more problems like these."))
    return placed


def config_text(config: ExperimentConfig, form: FileForm = "yaml") -> str:
    """Return a config as a file for people: `config_of_text` gives it back exactly.

    What was left to the tuned defaults is left out, and so is what belongs to one run alone: its parent, group and
    owner.
    """
    data = _settings(config)
    if form == "json":
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return "\n".join(_yaml_lines(data, config)) + "\n"


def _settings(config: ExperimentConfig) -> dict[str, Any]:
    data = {name: value for name, value in config.to_json_dict().items() if name not in _NOT_WRITTEN}
    if config.run_type != "custom":
        data.pop("total_timesteps", None)
    for name in ("n_envs", "normalize"):
        if data[name] is None:
            del data[name]
    chosen = config.hyperparameters.model_fields_set
    data["hyperparameters"] = {name: value for name, value in data["hyperparameters"].items() if name in chosen}
    return {name: value for name, value in data.items() if value != {}}


def _yaml_lines(data: Mapping[str, Any], config: ExperimentConfig) -> Iterator[str]:
    yield f"# Settings of a retroml_edu run: {config.algorithm} on {config.env_id}."
    yield "# Change what you like, then load the file in the panel or train from it on the command line:"
    yield "#   retroml-edu train --config FILE"
    for name, value in data.items():
        yield ""
        yield from _comment(type(config), name)
        if not isinstance(value, dict):
            yield f"{name}: {_yaml(value)}"
            continue
        yield f"{name}:"
        model = type(getattr(config, name))
        for inner, inner_value in value.items():
            yield from (f"  {line}" for line in _comment(model, inner))
            yield f"  {inner}: {_yaml(inner_value)}"


def _comment(model: type[BaseModel], name: str) -> Iterator[str]:
    description = model.model_fields[name].description
    if description:
        yield f"# {_SENTENCE_END.split(description)[0]}{_allowed(model, name)}"


def _allowed(model: type[BaseModel], name: str) -> str:
    """Return what a setting may be, as the end of its comment."""
    schema = _schema(model)[name]
    kinds = schema.get("anyOf", [schema])
    facts = {key: value for kind in kinds for key, value in kind.items()}
    words = [f"one of {', '.join(facts['enum'])}"] if "enum" in facts else []
    for key, bound in _BOUNDS.items():
        if key in facts:
            words.append(f"{bound} {facts[key]:,}" if isinstance(facts[key], int) else f"{bound} {facts[key]:g}")
    if {"type": "null"} in kinds:
        words.append("or null")
    return f" ({', '.join(words)})" if words else ""


@cache
def _schema(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    properties: dict[str, dict[str, Any]] = model.model_json_schema(mode="serialization")["properties"]
    return properties


def _yaml(value: Any) -> str:
    """Return a value as every YAML reader takes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, float):
        mantissa, sign, exponent = repr(value).partition("e")
        # Without the point, readers of YAML 1.1 would take 1e-05 for a word.
        return mantissa + (sign and f"{'' if '.' in mantissa else '.0'}e{exponent}")
    if isinstance(value, str) and _PLAIN_WORD.fullmatch(value) and value.lower() not in _OTHER_MEANING:
        return value
    return json.dumps(value, ensure_ascii=False)
