"""The network that reads small pictures."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor, nn

WHITE = 255
CONTRAST = 4.0
"""Objects differ from the background by a quarter of the way from black to white or so: to the network, by about 1."""
CHANGE = 2.0
"""How much louder a network is told what has changed between two pictures than what the newest shows."""


class SmallPictureNetwork(BaseFeaturesExtractor):
    """Two convolutions and a dense layer, a fourteenth of the arithmetic of stable-baselines3's `NatureCNN`.

    Filters are smaller than those of Mnih et al. (2013), for pictures that are: one that moves by 4 of 40 pixels
    sees a screen of 160 in steps of 16.

    Args:
        observation_space: Pictures of about 40×40, channels first, oldest first.
        features_dim: Units of the dense layer.
        background: The grey, 0 to 255, that says nothing. What lies around objects is zero to the network then, however
            light it is; if it were not, all weights would have to learn to ignore it first. (Not so in the first step
            of an episode, where the older picture is black.)

    Attributes:
        background: See above.
        mixing: What the filters are shown of each picture, shape (shown, pictures): changes, and the newest as it is.
            What moves is a small part of what is seen, and what acts on it has to know how it moves.
    """

    def __init__(self, observation_space: spaces.Box, features_dim: int = 128, background: int = 0) -> None:
        super().__init__(observation_space, features_dim)
        self.background = background
        channels, *sides = observation_space.shape
        # Not a buffer: those count as weights.
        self.mixing = torch.eye(channels)
        for older in range(channels - 1):
            self.mixing[older, older : older + 2] = torch.tensor([-CHANGE, CHANGE])
        self.mixing *= CONTRAST
        self.cnn = nn.Sequential(
            nn.Conv2d(channels, 16, kernel_size=5, stride=2),
            nn.ReLU(),
            nn.Conv2d(16, 16, kernel_size=4, stride=2),
            nn.ReLU(),
            nn.Flatten(),
        )
        left = [((side - 5) // 2 + 1 - 4) // 2 + 1 for side in sides]
        self.linear = nn.Sequential(nn.Linear(16 * int(np.prod(left)), features_dim), nn.ReLU())

    def forward(self, observations: Tensor) -> Tensor:
        """Return features of shape (n, features_dim) of pictures with values 0 to 1."""
        mixing = self.mixing.to(observations.device)
        shown = torch.einsum("sc,nchw->nshw", mixing, observations - self.background / WHITE)
        features: Tensor = self.linear(self.cnn(shown))
        return features
