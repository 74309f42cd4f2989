"""A person's preferences: what panels open with, and how they show what happens. They change no run's results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retroml_edu.core.config_words import config_problems
from retroml_edu.core.errors import ConfigError, Problem
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.core.knobs import Knob, shown_value

PREFERENCES_VERSION = 1

RunLengthName = Literal["as the game needs", "quick", "short", "medium", "long"]
LivePictureName = Literal["preview", "training", "off"]
PaceName = Literal["game speed", "4 times faster", "as fast as it goes"]
PredictMode = Literal["off", "asked", "required"]
ActionChoice = Literal["drawn", "likeliest"]
Motion = Literal["as the system says", "reduced"]
PageName = Literal["Train", "Experiments", "Compare", "Videos", "Models", "Settings", "Help"]


class Preferences(BaseModel):
    """What a person prefers; each has a default, so that a file need not name it.

    The group of a knob says when it counts: ``basic`` ones when a panel is opened, ``advanced`` ones at once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    environment: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            description="The game that Lab() opens with, where the cell names neither a game nor an algorithm.",
        ),
        Knob("Environment"),
    ] = "CartPole-v1"
    algorithm: Annotated[
        AlgorithmName,
        Field(description="The algorithm that Lab() opens with, where the cell names neither a game nor an algorithm."),
        Knob("Algorithm"),
    ] = "PPO"
    run_length: Annotated[
        RunLengthName,
        Field(
            description="The length of run that Lab() opens with, where the cell names neither a game nor a length. As "
            "the game needs: a lesson's length for games made for one, else 10,000 steps."
        ),
        Knob("Length"),
    ] = "as the game needs"
    record_videos: Annotated[
        bool, Field(description="Whether new panels record videos while they train."), Knob("Record videos")
    ] = True
    videos_kept: Annotated[
        int,
        Field(ge=1, le=1_000, description="How many of the newest videos of training stay in the folder of each run."),
        Knob("Videos kept of a run", scale="log"),
    ] = 50
    first_page: Annotated[
        PageName, Field(description="The tab that is shown when a panel is opened."), Knob("First tab")
    ] = "Train"
    live_picture: Annotated[
        LivePictureName,
        Field(
            description="What Live shows. Preview: a copy of the agent plays at the game's own speed. Training: the "
            "first training environment, as it happens to stand. Off costs nothing; training is a little faster "
            "without."
        ),
        Knob("Live picture", group="advanced"),
    ] = "preview"
    live_pictures_a_second: Annotated[
        int,
        Field(
            ge=1,
            le=15,
            description="Most live pictures a second. Each costs the processor that trains some time. Slow machines "
            "and pages that are busy get fewer.",
        ),
        Knob("Live pictures a second", group="advanced"),
    ] = 15
    test_games: Annotated[
        int,
        Field(ge=1, le=100, description="How many games Test plays. More games tell more about the agent."),
        Knob("Games of a test", group="advanced"),
    ] = 10
    test_actions: Annotated[
        ActionChoice,
        Field(
            description="How actions are chosen in tests. Drawn: at random, as in training, by how likely the policy "
            "finds each. Likeliest: always the one it finds best."
        ),
        Knob("Actions of a test", group="advanced"),
    ] = "drawn"
    test_speed: Annotated[
        PaceName,
        Field(description="How fast the games of a test are shown. The result is the same at any speed."),
        Knob("Speed of a test's games", group="advanced"),
    ] = "4 times faster"
    predict: Annotated[
        PredictMode,
        Field(
            description="Whether you draw the curve that you expect before you train, and are told afterwards how near "
            "it was. Asked: Train asks for it once. Required: Train starts nothing without."
        ),
        Knob("Predict, then train", group="advanced"),
    ] = "off"
    motion: Annotated[
        Motion,
        Field(
            description="Reduced: videos do not start by themselves, and nothing slides or fades. Otherwise the "
            "setting of your system counts."
        ),
        Knob("Motion", group="advanced"),
    ] = "as the system says"


def changed_preferences(preferences: Preferences, changes: Mapping[str, Any]) -> Preferences:
    """Return preferences with some values changed.

    Raises:
        ConfigError: If a name is unknown or a value does not fit; nothing is changed then.
    """
    try:
        return Preferences.model_validate(preferences.model_dump() | dict(changes))
    except ValidationError as error:
        raise ConfigError.of(_problems(error)) from None


def usable_preferences(values: Mapping[str, Any]) -> tuple[Preferences, list[Problem]]:
    """Return what can be used of the values that a file holds, and a sentence on each of the others.

    Args:
        values: By name; whoever wrote them.
    """
    try:
        return Preferences.model_validate(dict(values)), []
    except ValidationError as error:
        bad = {str(details["loc"][0]) for details in error.errors(include_url=False)}
        usable = Preferences.model_validate({name: value for name, value in values.items() if name not in bad})
        return usable, [_with_default(problem) for problem in _problems(error)]


def _problems(error: ValidationError) -> list[Problem]:
    problems = config_problems(error, Preferences)
    return [
        replace(problem, message=problem.message.replace("is no setting of a run", "is no setting"))
        for problem in problems
    ]


def _with_default(problem: Problem) -> Problem:
    field = Preferences.model_fields.get(problem.field)
    used = "" if field is None else f"The default is used: {shown_value(field.default)}."
    remedy = used or "It is left as it is, and not used."
    return Problem(problem.field, problem.message, remedy, "warning")
