"""How place and speed of the mountain car look to a linear learner: tiles, or Fourier features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular import car_kernels as kernels
from retroml_edu.tabular.bounds import whole

MOST_FEATURES = 20_000


@dataclass(frozen=True)
class Tiles:
    """Tile coding: boards of tiles, each shifted by a part of a tile; one tile of each board is switched on.

    Sutton and Barto (2018), section 9.5.4. One tiling alone is state aggregation (section 9.3). The step size is shared
    among the tilings, so that 1 would correct a value at once.

    Attributes:
        tilings: How many boards; none divisible by 3, which would shift them along one side only. The book advises
            powers of two, from 8 here.
        side: Tiles along each side.
    """

    tilings: int = 8
    side: int = 8
    kind = kernels.TILES

    def __post_init__(self) -> None:
        whole("tilings", self.tilings, 1)
        whole("side", self.side, 1)
        if self.tilings % 3 == 0:
            raise TabularError(
                f"tilings={self.tilings} is divisible by 3, so they would not be shifted along one side."
            )
        _check_size(self)

    @property
    def count(self) -> int:
        """Boards."""
        return self.tilings

    @property
    def size(self) -> int:
        """How many features there are; a shifted board has one more row and column."""
        return self.tilings * (self.side + 1) ** 2

    @property
    def scales(self) -> np.ndarray:
        """Shape (size,), one part each."""
        return np.full(self.size, 1 / self.tilings)


@dataclass(frozen=True)
class Fourier:
    """Cosines of up to some order in each direction; Konidaris, Osentoski and Thomas (2011).

    Their step sizes fall with their frequency, as that paper proposes.

    Attributes:
        order: Half waves along a side, at most.
    """

    order: int = 5
    kind = kernels.FOURIER
    count = 0

    def __post_init__(self) -> None:
        whole("order", self.order, 1)
        _check_size(self)

    @property
    def side(self) -> int:
        """Highest order."""
        return self.order

    @property
    def size(self) -> int:
        """How many features there are."""
        return (self.order + 1) ** 2

    @property
    def scales(self) -> np.ndarray:
        """Shape (size,), 1 over the length of each wave's direction."""
        i, j = np.divmod(np.arange(self.size), self.order + 1)
        return 1 / np.maximum(np.hypot(i, j), 1.0)


def _check_size(features: Tiles | Fourier) -> None:
    if features.size > MOST_FEATURES:
        raise TabularError(f"{features} makes {features.size:,} features, more than {MOST_FEATURES:,}.")
