"""Broken config files without end: what a slip of the hand, a bad disk or a stranger makes of a good one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.storage.config_files import FileForm, config_text

NASTY = (
    *("&a", "*a", "!!python/object/apply:os.system [x]", "!!binary aGk=", "!x", "<<: *a", "%YAML 9.9", "---", "..."),
    *("? ", "[" * 40, "{a: " * 40, "- " * 40, "]", "}", "{", "[", ":", ": ", ",", "#", "'", '"', "|", ">", "|9", "\t"),
    *("\0", "\x85", "\u2028", "\ufeff", "\ud800", "\U0001f600", "\\UFFFFFFFF", '"\\ud800"', '"\\x', "é", "\r", "\r\n"),
    *("1e999", "-1e-999", ".nan", ".inf", "NaN", "Infinity", "9" * 400, "0x" + "f" * 400, "1_000", "010", "1:30"),
    *("null", "~", "yes", "no", "True", "=", "2001-01-01", "env_id: os:CartPole-v1", "self: 1", "schema_version: 99"),
    *("schema_version: 1", "parent: {run_id: ../.., step: -1}", "__class__: x", "a.b.c: 1", "<b onclick=x>"),
)  # fmt: skip


def good_texts() -> list[tuple[str, FileForm]]:
    """Return what the mutations begin with."""
    configs = (
        ExperimentConfig(env_id="CartPole-v1", seed=1),
        ExperimentConfig(env_id="ALE/Pong-v5", algorithm="DQN", seed=2, hyperparameters={"learning_rate": 1e-5}),
        ExperimentConfig(
            env_id="LunarLander-v3",
            algorithm="A2C",
            run_type="custom",
            total_timesteps=5,
            seed=3,
            n_envs=4,
            normalize=True,
        ),
    )
    forms: tuple[FileForm, ...] = ("yaml", "json")
    return [(config_text(config, form), form) for config in configs for form in forms]


def config_mutations(seed: int, count: int) -> Iterator[tuple[str, FileForm]]:
    """Yield so many texts, the same ones for the same seed, with the form that each is read in."""
    draw = random.Random(seed)
    texts = good_texts()
    for _ in range(count):
        text, form = draw.choice(texts)
        for _ in range(draw.randint(1, 4)):
            text = draw.choice(_WAYS)(text, draw)
        yield text, draw.choice(("yaml", form))


def _insert(text: str, draw: random.Random) -> str:
    at = _place(text, draw)
    return text[:at] + draw.choice(NASTY) + text[at:]


def _new_value(text: str, draw: random.Random) -> str:
    lines = text.splitlines()
    at = draw.randrange(len(lines)) if lines else 0
    if lines and ":" in lines[at]:
        lines[at] = lines[at].partition(":")[0] + ": " + draw.choice(NASTY)
    return "\n".join(lines)


def _cut(text: str, draw: random.Random) -> str:
    first, last = sorted((_place(text, draw), _place(text, draw)))
    return text[:first] + text[last:] if draw.random() < 0.5 else text[:last]


def _repeat(text: str, draw: random.Random) -> str:
    first = _place(text, draw)
    last = min(len(text), first + draw.randint(1, 200))
    return text[:last] + text[first:last] * draw.choice((1, 2, 50)) + text[last:]


def _swap_lines(text: str, draw: random.Random) -> str:
    lines = text.splitlines()
    draw.shuffle(lines)
    return "\n".join(lines)


def _indent(text: str, draw: random.Random) -> str:
    return "\n".join(" " * draw.choice((0, 0, 0, 0, 1, 2)) + line for line in text.splitlines())


def _flip(text: str, draw: random.Random) -> str:
    at = _place(text, draw)
    new = chr(draw.choice((draw.randrange(32), draw.randrange(128), draw.randrange(0x11000))))
    return text[:at] + new + text[at + 1 :]


def _place(text: str, draw: random.Random) -> int:
    return draw.randint(0, len(text))


_WAYS: tuple[Callable[[str, random.Random], str], ...] = (
    _insert,
    _new_value,
    _new_value,
    _cut,
    _repeat,
    _swap_lines,
    _indent,
    _flip,
)
