"""stable-baselines3's Q-network for pictures, computed with channels last."""

from __future__ import annotations

from stable_baselines3.dqn.policies import QNetwork
from torch import Tensor

from retroml_edu.core.config import PrecisionName
from retroml_edu.training.pictures.network import PictureFeatures


class PictureQNetwork:
    """Computes what a Q-network computes, with its own parameters.

    Args:
        network: stable-baselines3's for pictures.
        precision: See `PictureFeatures`.
    """

    def __init__(self, network: QNetwork, precision: PrecisionName = "float32") -> None:
        self._features = PictureFeatures(network.features_extractor, precision)
        self._head = network.q_net

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return the value of each action, shape (n, actions), of uint8 pictures (n, channels, height, width)."""
        values: Tensor = self._head(self._features(pictures))
        return values
