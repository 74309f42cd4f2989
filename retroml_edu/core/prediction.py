"""What a person expects of a run before it is trained: a curve, and how sure they are of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from retroml_edu.core.errors import PredictionError

CLAIMED = 0.8
"""Share of the curve that a band is meant to hold."""
MAX_POINTS = 64
_MOST = 1e12
"""Of a return, either way: what is larger was not drawn by hand."""

Return = Annotated[float, Field(ge=-_MOST, le=_MOST)]
Step = Annotated[int, Field(ge=0, le=2**53)]


class Prediction(BaseModel):
    """The curve of the mean return that a person expects, as straight lines from point to point.

    Attributes:
        steps: Environment steps of the points, rising.
        returns: The mean return expected there.
        low: Lower end of the axis on which it was drawn.
        high: Upper end; the distance between the two is the unit of the score.
        within: Half the width of the band in which the person is sure to be; None if they said nothing of it.
        claimed: Share of the curve that the band is meant to hold.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    steps: Annotated[tuple[Step, ...], Field(min_length=2, max_length=MAX_POINTS)]
    returns: Annotated[tuple[Return, ...], Field(min_length=2, max_length=MAX_POINTS)]
    low: Return
    high: Return
    within: Annotated[float, Field(gt=0, le=2 * _MOST)] | None = None
    claimed: Annotated[float, Field(gt=0, lt=1)] = CLAIMED

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if len(self.steps) != len(self.returns):
            raise ValueError(f"{len(self.steps)} steps and {len(self.returns)} returns make no curve")
        if any(after <= before for before, after in pairwise(self.steps)):
            raise ValueError("its steps do not rise")
        if not self.low < self.high:
            raise ValueError(f"the axis ends at {self.high:g}, which is not above {self.low:g}")
        return self

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Return a prediction from JSON values, whoever wrote them.

        Raises:
            PredictionError: If they make none.
        """
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            why = first["msg"].removeprefix("Value error, ")
            raise PredictionError(f"This is no prediction: {where + ': ' if where else ''}{why}.") from None

    def at(self, steps: np.ndarray) -> np.ndarray:
        """Return what is expected at some steps; beyond its ends the curve stays level.

        Args:
            steps: Shape (n,).

        Returns:
            Shape (n,).
        """
        expected: np.ndarray = np.interp(steps, self.steps, self.returns)
        return expected


@dataclass(frozen=True, slots=True)
class Drawing:
    """A curve as it stands on a canvas, over a length that need not be known yet.

    Attributes:
        returns: At places evenly along the axis, its ends included.
        low: Lower end of the upright axis.
        high: Its upper end.
        within: Half the width of the band; 0 for none.
        claimed: Share of the curve that the band is meant to hold.
    """

    returns: Sequence[float]
    low: float
    high: float
    within: float
    claimed: float

    def over(self, total_steps: int) -> Prediction:
        """Return the prediction that it is of a run of so many steps.

        Raises:
            PredictionError: If it makes none, such as one over fewer steps than points.
        """
        spans = len(self.returns) - 1
        if total_steps < spans:
            raise PredictionError(
                f"A run of {total_steps:,} steps is too short for a prediction: take {spans} or more."
            )
        return Prediction.of(
            {
                "steps": [round(share * total_steps) for share in np.linspace(0, 1, spans + 1).tolist()],
                "returns": self.returns,
                "low": self.low,
                "high": self.high,
                "within": self.within if self.within > 0 else None,
                "claimed": self.claimed,
            }
        )
