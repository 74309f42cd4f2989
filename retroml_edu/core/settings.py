"""The parts of a run's configuration that do not change what it learns: videos, checkpoints, ancestry."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

VideoQuality = Literal["small", "standard", "high"]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class VideoSettings(BaseModel):
    """The videos that a run records of its own agent while it learns.

    They are played by a copy of the weights in an environment of their own, so recording changes nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    enabled: Annotated[
        bool, Field(description="At the start, after each quarter and at the end, a copy of the agent is filmed.")
    ] = True
    milestones: Annotated[
        tuple[Share, ...],
        Field(
            min_length=1,
            max_length=50,
            description="Shares of the run after which a video is recorded: 0 is the untrained agent, 1 the final one.",
        ),
    ] = (0.0, 0.25, 0.5, 0.75, 1.0)
    length_s: Annotated[
        float,
        Field(
            ge=1.0,
            le=600.0,
            description="Longest a video may be, in seconds at the game's own speed. An episode that ends earlier ends "
            "the video.",
        ),
    ] = 10.0
    quality: Annotated[
        VideoQuality,
        Field(description="How strongly the video is compressed; its size in pixels is the game's own."),
    ] = "standard"

    keep: Annotated[
        int, Field(ge=1, le=1_000, description="How many of the newest videos stay in the run's folder.")
    ] = 50

    @field_validator("milestones")
    @classmethod
    def _in_order(cls, milestones: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted(set(milestones)))


class CheckpointSettings(BaseModel):
    """How often a run writes down its exact state, so that it can go on from there as if nothing had happened.

    Writing a checkpoint changes nothing in what the run learns.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    enabled: Annotated[
        bool,
        Field(
            description="Write down the run's exact state from time to time. After a crash or a stop it goes on from "
            "there, with the very numbers that it would have had."
        ),
    ] = True
    every_s: Annotated[
        float,
        Field(
            ge=5.0,
            le=3600.0,
            description="Seconds from one checkpoint to the next: no more than that is lost when the computer fails.",
        ),
    ] = 60.0
    every_steps: Annotated[
        Annotated[int, Field(ge=1)] | None,
        Field(description="Steps from one checkpoint to the next; where it is given, the seconds do not count."),
    ] = None
    keep: Annotated[
        int, Field(ge=1, le=100, description="How many of the newest checkpoints stay in the run's folder.")
    ] = 3


class ParentRun(BaseModel):
    """Where a run was branched or resumed from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    step: Annotated[int, Field(ge=0)]
