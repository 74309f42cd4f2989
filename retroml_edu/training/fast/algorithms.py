"""The algorithms of the fast engine. Importing this compiles its kernels, or reads them from the person's cache."""

from __future__ import annotations

from collections.abc import Mapping

from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.training.fast.off_policy import FastDQN
from retroml_edu.training.fast.on_policy import FastA2C, FastPPO

FAST_ALGORITHMS: Mapping[AlgorithmName, type[FastPPO | FastA2C | FastDQN]] = {
    "PPO": FastPPO,
    "A2C": FastA2C,
    "DQN": FastDQN,
}
