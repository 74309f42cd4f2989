"""Which environments there are, and which algorithm fits which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import get_args

from gymnasium.envs.registration import EnvSpec as GymSpec

from retroml_edu.core.errors import EnvironmentUnusableError, Problem, RetroMLError, UnknownNameError, did_you_mean
from retroml_edu.core.hyperparameters import HYPERPARAMETERS, AlgorithmName
from retroml_edu.envs.atari.forms import AtariForm, FastViewName, atari_form, fast_id
from retroml_edu.envs.atari.game import FRAME_SKIP, MAX_FRAMES
from retroml_edu.envs.atari.objects import OBJECTS
from retroml_edu.envs.atari.views import SIDE, SMALL_SIDE, SMALL_STACK, STACK
from retroml_edu.envs.catalog import ATARI, CLASSIC, HUMAN, THRESHOLD, AtariRow
from retroml_edu.envs.make import make_env
from retroml_edu.envs.names import ATARI_FORMS, registered
from retroml_edu.envs.spaces import describe_action, describe_observation, observation_bytes
from retroml_edu.envs.specs import ActionKind, EnvSpec, ObservationKind, TunedDefaults
from retroml_edu.envs.tuned import for_atari, for_fast_atari, for_listed, for_unknown, lesson_steps

PIXELS = f"{SIDE}×{SIDE}×{STACK} grey pixels"
SMALL_PIXELS = f"{SMALL_SIDE}×{SMALL_SIDE}×{SMALL_STACK} grey pixels"
_DETERMINISTIC = (
    " Actions never stick here, so the emulator is deterministic, and the likeliest actions can be one game learned by "
    "heart: judge an agent by games in which its actions are drawn, from many starts."
)
_FLAVOURS = ("with sticky actions", "without sticky actions")


def list_envs() -> tuple[EnvSpec, ...]:
    """Return the environments that retroml_edu knows well, easiest first; none is made for it."""
    return tuple(_listed().values())


def get_env(env_id: str) -> EnvSpec:
    """Return the facts about an environment: from the registry, or by making it where it is not listed.

    Raises:
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If it cannot be made, or no algorithm can learn in its spaces.
    """
    listed = _listed().get(env_id)
    if listed is not None:
        return listed
    gym_spec = registered(env_id)
    known = _met.get(env_id)
    # An id can be registered anew, and then means something else.
    if known is None or known[0] is not gym_spec:
        known = _met[env_id] = (gym_spec, _examine(gym_spec))
    return known[1]


def goal_return(env_id: str) -> float | None:
    """Return the return to mark on a curve as "solved"; None where there is none, or where the id is not known here."""
    try:
        return get_env(env_id).goal_return
    except RetroMLError:  # a run from elsewhere, on an environment that is not registered here
        return None


def check_env(env_id: str, algorithm: str) -> list[Problem]:
    """Return what keeps an algorithm from learning in an environment; an empty list if nothing does."""
    try:
        spec = get_env(env_id)
    except (UnknownNameError, EnvironmentUnusableError) as error:
        return [Problem("env_id", str(error))]
    if algorithm not in HYPERPARAMETERS:
        hint = did_you_mean(algorithm, HYPERPARAMETERS)
        return [Problem("algorithm", f'No algorithm is called "{algorithm}".{hint}', "Choose PPO, A2C or DQN.")]
    if not _fits(algorithm, spec.action_kind):
        return [
            Problem(
                "algorithm",
                f"{algorithm} cannot play {spec.name}: it values every action one by one, and here an action is "
                f"{_ACTIONS_IN_WORDS[spec.action_kind]}.",
                "Choose PPO or A2C, or an environment whose actions are a list to pick from.",
            )
        ]
    return []


def tuned_defaults(env_id: str, algorithm: AlgorithmName) -> TunedDefaults:
    """Return settings to start from; the algorithm's own defaults where none are known to be better.

    Raises:
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If it cannot be made, or no algorithm can learn in its spaces.
    """
    return get_env(env_id).defaults.get(algorithm) or for_unknown(algorithm)


_met: dict[str, tuple[GymSpec, EnvSpec]] = {}
_ACTIONS_IN_WORDS: dict[ActionKind, str] = {
    "continuous": "made of real numbers, of which there are endlessly many",
    "multidiscrete": "several choices at once",
    "multibinary": "several switches at once",
}


def _fits(algorithm: str, action_kind: ActionKind) -> bool:
    return algorithm != "DQN" or action_kind == "discrete"


def _algorithms_for(action_kind: ActionKind) -> Iterator[AlgorithmName]:
    return (name for name in HYPERPARAMETERS if _fits(name, action_kind))


@cache
def _listed() -> dict[str, EnvSpec]:
    specs = [
        EnvSpec(
            id=row.id,
            name=row.name,
            family=row.family,
            summary=row.summary,
            action_space=row.action_space,
            action_kind=row.action_kind,
            action_meanings=row.action_meanings,
            observation_space=f"{row.n_numbers} numbers",
            observation_kind="vector",
            solved_return=row.solved_return,
            solved_note=THRESHOLD,
            max_episode_steps=row.max_episode_steps,
            defaults=MappingProxyType({name: for_listed(row.id, name) for name in _algorithms_for(row.action_kind)}),
        )
        for row in CLASSIC
    ]
    specs += [_fast_spec(row, sees) for row in ATARI if row.game in OBJECTS for sees in get_args(FastViewName)]
    specs += [
        EnvSpec(
            id=form.format(row.game),
            name=f"{row.name} ({flavour})",
            family="atari",
            summary=row.summary,
            action_space=f"Discrete {len(row.action_meanings)}",
            action_kind="discrete",
            action_meanings=row.action_meanings,
            observation_space=PIXELS,
            observation_kind="image",
            solved_return=row.human_return,
            solved_note=HUMAN,
            max_episode_steps=MAX_FRAMES // FRAME_SKIP,
            defaults=MappingProxyType({name: for_atari(name) for name in HYPERPARAMETERS}),
        )
        for row in ATARI
        for form, flavour in zip(ATARI_FORMS, _FLAVOURS, strict=True)
    ]
    return {spec.id: spec for spec in specs}


def _fast_spec(row: AtariRow, sees: FastViewName, sticky: float = 0.0) -> EnvSpec:
    """Return the facts about a game's fast form."""
    kind: ObservationKind = "vector" if sees == "objects" else "image"
    return EnvSpec(
        id=fast_id(row.game, sees, sticky=sticky > 0),
        name=f"{row.name}, fast {sees}{', sticky actions' if sticky else ''}",
        family="atari",
        summary=_fast_summary(row, AtariForm.fast(row.game, sees, sticky)),
        action_space=f"Discrete {len(row.action_meanings)}",
        action_kind="discrete",
        action_meanings=row.action_meanings,
        observation_space=SMALL_PIXELS if sees == "pixels" else f"{len(OBJECTS[row.game].names)} numbers",
        observation_kind=kind,
        solved_return=row.human_return,
        solved_note=HUMAN + ("" if sticky else _DETERMINISTIC),
        max_episode_steps=MAX_FRAMES // FRAME_SKIP,
        defaults=MappingProxyType({name: for_fast_atari(row.game, sees, name) for name in HYPERPARAMETERS}),
        lesson_steps=lesson_steps(row.game, sees, sticky=sticky > 0),
    )


def _fast_summary(row: AtariRow, form: AtariForm) -> str:
    """Return what a fast form is about, and what differs from the standard one."""
    if form.sees == "objects":
        numbers = len(OBJECTS[form.game].names)
        differs = [f"The agent is told where the objects are, as {numbers} numbers that people chose"]
    else:
        differs = [f"The agent sees {SMALL_PIXELS} of the playing field instead of {PIXELS}"]
    if form.lesson_reward:
        differs.append(form.lesson_reward.words)
    sticking = f"stick with a chance of {form.sticky:g} a frame" if form.sticky else "never stick"
    return (
        f"{row.summary} {', '.join(differs)}, and actions {sticking}: made for a lesson, not to be compared with "
        "published scores."
    )


def _examine(gym_spec: GymSpec) -> EnvSpec:
    """Make an environment once, to see what it is like; of a game's fast forms that is known."""
    form = atari_form(gym_spec)
    if form and form.sees != "standard":
        (row,) = (row for row in ATARI if row.game == form.game)
        return replace(_fast_spec(row, form.sees, form.sticky), id=gym_spec.id)
    env = make_env(gym_spec.id, seed=0)
    try:
        action_space, action_kind = describe_action(env.action_space)
        observation_space, observation_kind = describe_observation(env.observation_space)
        step_bytes = observation_bytes(env.observation_space)
        meanings = tuple(env.unwrapped.get_action_meanings()) if form else ()  # type: ignore[attr-defined]  # ale-py's own
    except ValueError as reason:
        raise EnvironmentUnusableError(
            f'"{gym_spec.id}" cannot be learned here: {reason}. '
            "Wrap it so that it has plain spaces, and register it under an id of your own."
        ) from None
    finally:
        env.close()
    threshold = gym_spec.reward_threshold
    return EnvSpec(
        id=gym_spec.id,
        name=gym_spec.name,
        family="atari" if form else "other",
        summary=f"{gym_spec.name}, an environment registered with Gymnasium.",
        action_space=action_space,
        action_kind=action_kind,
        action_meanings=meanings,
        observation_space=PIXELS if form else observation_space,
        observation_kind=observation_kind,
        solved_return=None if threshold is None else float(threshold),
        solved_note="" if threshold is None else THRESHOLD,
        max_episode_steps=MAX_FRAMES // FRAME_SKIP if form else gym_spec.max_episode_steps,
        defaults=MappingProxyType(
            {name: for_atari(name) if form else for_unknown(name, step_bytes) for name in _algorithms_for(action_kind)}
        ),
    )
