"""The state of a numpy generator as JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from retroml_edu.core.saved import misfit


def generator_state(rng: np.random.Generator) -> dict[str, Any]:
    """Return where a generator is; whole numbers and names only."""
    return dict(rng.bit_generator.state)


def set_generator_state(rng: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Put a generator where another of its kind was.

    Raises:
        TrainingError: If this is no state of such a generator; it is then where it was before.
    """
    check_generator(state)
    rng.bit_generator.state = dict(state)


def check_generator(state: Any) -> None:
    """Look whether this is the state of a PCG64, numpy's and Gymnasium's default generator.

    Raises:
        TrainingError: If not.
    """
    match state:
        case {
            "bit_generator": "PCG64",
            "state": {"state": int(place), "inc": int(stream)},
            "has_uint32": int(has_half),
            "uinteger": int(half),
        } if 0 <= place < 2**128 and 0 <= stream < 2**128 and has_half in (0, 1) and 0 <= half < 2**32:
            return
    raise misfit("it holds a random generator of another kind, or a damaged one")
