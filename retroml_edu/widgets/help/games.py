"""The environments, and what may be concluded from each form of an Atari game."""

from __future__ import annotations

from collections.abc import Iterator

from retroml_edu.envs import EnvSpec, list_envs
from retroml_edu.envs.atari.forms import STICKY
from retroml_edu.envs.atari.game import FRAME_SKIP
from retroml_edu.widgets.environments import group_of
from retroml_edu.widgets.help.topic import Items, Topic, says, table


def topics() -> Iterator[Topic]:
    """Return them."""
    yield Topic(
        "games",
        "Games",
        "The games that are listed",
        (
            table(
                "Games, easiest first",
                ("Game", "Gymnasium id", "Actions", "Observation", "To reach"),
                (_row(env) for env in list_envs()),
            ),
            *says(
                "Any other Gymnasium environment can be played by its id, if its observations are numbers or "
                "pictures. To reach: the mean return that counts as solved; in Atari, where nothing counts as solved, "
                "what a person scored (Mnih et al. 2015)."
            ),
        ),
        words="environments list cartpole lunarlander atari action space observation space solved",
        see=("atari", "setting:env_id"),
    )
    families: dict[str, list[EnvSpec]] = {}
    for env in list_envs():
        families.setdefault(group_of(env), []).append(env)
    for group, envs in families.items():
        told = dict.fromkeys(f"{env.name.partition(' (')[0]}: {env.summary}" for env in envs)
        notes = dict.fromkeys(env.solved_note for env in envs if env.solved_note)
        yield Topic(
            f"games:{group}",
            "Games",
            group,
            (Items(tuple(told)), *says(*notes)),
            words=" ".join(env.id for env in envs),
            see=("games", *(("atari",) if "Atari" in group else ())),
        )
    yield Topic(
        "atari",
        "Games",
        "Forms of an Atari game, and what may be concluded",
        (
            *says("Five Atari games come in forms that are learned within a lesson, beside the standard one."),
            table(
                "The forms of Pong; the other games are called alike",
                ("Gymnasium id", "What the agent is told"),
                (
                    ("RetroML/PongObjects-v0", "Where the objects are and how they move: a few numbers."),
                    ("RetroML/PongPixels-v0", "The playing field in small grey pictures, two deep."),
                    ("ALE/Pong-v5", f"The standard pictures, four deep, with sticky actions ({STICKY:.0%})."),
                    ("PongNoFrameskip-v4", "The standard pictures, without sticky actions."),
                    ("RetroML/PongPixelsSticky-v0", "As the small pictures, with sticky actions; so for objects."),
                ),
            ),
            *says(
                f"In all of them an action lasts {FRAME_SKIP} frames, and the return that is told is the game's own "
                "score.",
                "Sticky actions: now and then the emulator holds the action before. Without them it is deterministic, "
                "and the likeliest actions can be one game learned by heart.",
            ),
            Items(
                (
                    "May be concluded: how learning goes, what a setting does, which of two ideas is better here.",
                    (
                        "May not: that a score compares with published ones. Those are of the standard form, of far "
                        "longer runs and of several seeds."
                    ),
                    (
                        "The numbers about objects were chosen by people: what is learned from them is not learned "
                        "from pictures."
                    ),
                    "Judge an agent by Test with drawn actions. Each game begins after a wait of 1 to 30 frames.",
                )
            ),
        ),
        words="atari pong breakout freeway boxing space invaders objects pixels sticky frameskip ale rom standard",
        see=("one-seed", "part:Test", "problem:atari_rom"),
    )


def _row(env: EnvSpec) -> tuple[str, ...]:
    goal = "" if env.solved_return is None else f"{env.solved_return:g}"
    return env.name, env.id, env.action_space, env.observation_space, goal
