"""The state of a numpy generator as JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from retroml_edu.training.saved import misfit


def generator_state(rng: np.random.Generator) -> dict[str, Any]:
    """Return where a generator is; whole numbers and names only."""
    return dict(rng.bit_generator.state)


def set_generator_state(rng: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Put a generator where another of its kind was.

    Raises:
        TrainingError: If this is no state of such a generator; it is then where it was before.
    """
    try:
        rng.bit_generator.state = dict(state)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise misfit("it holds a random generator of another kind, or a damaged one") from error
