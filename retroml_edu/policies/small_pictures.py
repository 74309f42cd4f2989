"""The network that reads small pictures."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor, nn

WHITE = 255
CONTRAST = 4.0
"""Objects differ from the background by a quarter of the way from black to white or so: to the network, by about 1."""


class SmallPictureNetwork(BaseFeaturesExtractor):
    """Two convolutions and a dense layer: those of Mnih et al. (2013), with half as many units in the dense layer.

    A thirtieth of the arithmetic of stable-baselines3's `NatureCNN` on standard pictures.

    Args:
        observation_space: Pictures of about 40×40, channels first.
        features_dim: Units of the dense layer.
        background: The grey, 0 to 255, that says nothing. What lies around objects is zero to the network then, however
            light it is; if it were not, all weights would have to learn to ignore it first.

    Attributes:
        background: See above.
    """

    def __init__(self, observation_space: spaces.Box, features_dim: int = 128, background: int = 0) -> None:
        super().__init__(observation_space, features_dim)
        self.background = background
        channels, *sides = observation_space.shape
        self.cnn = nn.Sequential(
            nn.Conv2d(channels, 16, kernel_size=8, stride=4),
            nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=4, stride=2),
            nn.ReLU(),
            nn.Flatten(),
        )
        left = [((side - 8) // 4 + 1 - 4) // 2 + 1 for side in sides]
        self.linear = nn.Sequential(nn.Linear(32 * int(np.prod(left)), features_dim), nn.ReLU())

    def forward(self, observations: Tensor) -> Tensor:
        """Return features of shape (n, features_dim) of pictures with values 0 to 1."""
        features: Tensor = self.linear(self.cnn((observations - self.background / WHITE) * CONTRAST))
        return features
