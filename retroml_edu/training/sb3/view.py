"""What the trainer shows of itself at a step boundary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv

from retroml_edu.core.frames import Frame
from retroml_edu.core.saved import SavedState
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.envs.vector import render_frame
from retroml_edu.policies.normalization import copy_statistics
from retroml_edu.policies.weights import copy_weights
from retroml_edu.training.reporting import Reporter
from retroml_edu.training.sb3.state import capture, replay_rows, restore
from retroml_edu.training.sb3.stepped import Stepped

_NOTHING_TO_SEE = (120, 160, 3)


class ModelView:
    """Copies of the weights, snapshots, and pictures of training environment 0.

    Args:
        model: What is being trained.
        venv: Where it is trained.
        reporter: Tells of it; part of a snapshot.
        identity: What has to be the same for a run to go on from a snapshot.
    """

    def __init__(self, model: Stepped, venv: VecEnv, reporter: Reporter, identity: Mapping[str, Any]) -> None:
        self.episode = 1
        """Number of the game that environment 0 plays, from 1."""
        self._model = model
        self._venv = venv
        self._reporter = reporter
        self._identity = identity

    def copy_weights(self) -> PolicyWeights:
        """Return the weights and statistics as they are now."""
        return PolicyWeights(
            self._model.num_timesteps,
            copy_weights(self._model.policy),
            copy_statistics(self._model.get_vec_normalize_env()),
        )

    def render(self) -> Frame:
        """Return the picture of environment 0; black where it cannot be drawn."""
        pixels = render_frame(self._venv)
        if pixels is None:
            pixels = np.zeros(_NOTHING_TO_SEE, np.uint8)
        so_far = self._venv.get_attr("episode_return", [0])[0] if self._venv.has_attr("episode_return") else 0.0
        return Frame(pixels, self._model.num_timesteps, self.episode, float(so_far))

    def snapshot(self) -> Snapshot:
        """Return the exact state of the run."""
        facts, arrays = capture(self._model)
        facts |= {
            "identity": dict(self._identity),
            "episode": self.episode,
            "reporter": self._reporter.capture(),
            "timing": self._reporter.capture_timing(),
        }
        return Snapshot(self._model.num_timesteps, facts, arrays, replay_rows(self._model))

    def go_on_from(self, snapshot: Snapshot) -> None:
        """Bring the run to where a snapshot was taken.

        Raises:
            TrainingError: If it is of another run, or damaged.
        """
        saved = SavedState(snapshot.facts, snapshot.arrays)
        saved.group("identity").expect(self._identity)
        restore(self._model, snapshot)
        self.episode = saved.whole("episode")
        self._reporter.restore(saved, snapshot.step)
