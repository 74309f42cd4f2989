"""The algorithms that learn from pictures by the fast engine."""

from __future__ import annotations

from collections.abc import Mapping

from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.training.pictures.off_policy import PictureDQN
from retroml_edu.training.pictures.on_policy import PictureA2C, PicturePPO

PICTURE_ALGORITHMS: Mapping[AlgorithmName, type[PicturePPO | PictureA2C | PictureDQN]] = {
    "PPO": PicturePPO,
    "A2C": PictureA2C,
    "DQN": PictureDQN,
}
