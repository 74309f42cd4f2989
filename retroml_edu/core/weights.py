"""A copy of a policy's weights on its way out of the trainer: plain arrays, no framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class PolicyWeights:
    """Weights of a policy as they were at one step.

    Attributes:
        step: Training step at which they were copied.
        arrays: Parameter name (as in the policy's state dict) to array, copied: later training leaves it alone.
        normalization: Running statistics of observations (``obs_mean``, ``obs_var``, ...); empty without
            normalisation.
    """

    step: int
    arrays: Arrays
    normalization: Arrays = field(default_factory=dict)
