"""From what somebody typed to an environment that Gymnasium knows."""

from __future__ import annotations

import difflib
import re

import ale_py
import gymnasium as gym
from gymnasium.envs.registration import EnvSpec as GymSpec

from retroml_edu.core.errors import EnvironmentUnusableError, UnknownNameError, did_you_mean
from retroml_edu.envs.atari.forms import register_fast_forms
from retroml_edu.envs.catalog import ATARI, CLASSIC

gym.register_envs(ale_py)
register_fast_forms()

ATARI_FORMS = ("ALE/{}-v5", "{}NoFrameskip-v4")
"""How ids of Atari games are written: with sticky actions, and without."""

LISTED_IDS = (*(row.id for row in CLASSIC), *(form.format(row.game) for row in ATARI for form in ATARI_FORMS))


def registered(env_id: str) -> GymSpec:
    """Return what Gymnasium knows of an id.

    Raises:
        UnknownNameError: If nothing is registered under it; the text names the closest that is.
        EnvironmentUnusableError: If the id asks to import a module.
    """
    if ":" in env_id:
        module, _, bare_id = env_id.partition(":")
        raise EnvironmentUnusableError(
            f'"{env_id}" would import the module "{module}", and an environment\'s name never runs code here: '
            f'write "import {module}" first, then use "{bare_id}" alone.'
        )
    try:
        return gym.registry[env_id]
    except KeyError:
        hint = _suggestion(env_id) or " If it comes from a package of its own, import that package first."
        raise UnknownNameError(f'No environment is called "{env_id}".{hint}') from None


def _suggestion(env_id: str) -> str:
    by_key: dict[str, str] = {}
    # Later entries win: newer versions over older, the registry's own over all others.
    for other in sorted(gym.registry.values(), key=lambda spec: spec.version or 0):
        by_key[_key(other.id)] = other.id
    for listed in reversed(LISTED_IDS):
        by_key[_key(listed)] = listed
    close = difflib.get_close_matches(_key(env_id), by_key, n=1, cutoff=0.7)
    return did_you_mean(by_key[close[0]], [by_key[close[0]]]) if close else ""


def _key(env_id: str) -> str:
    """What is left of an id without namespace, version, capitals and punctuation."""
    name = re.sub(r"-v\d+$", "", env_id.casefold().rpartition("/")[2])
    return re.sub(r"[^a-z0-9]", "", name)
