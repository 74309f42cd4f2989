"""What learning from pictures takes up: DQN's replay in memory, and an exact checkpoint's time."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
import psutil
from gymnasium import spaces

from retroml_edu.training.memory import replay_buffer_bytes
from retroml_edu.training.pictures.replay import PictureReplay
from tests.benchmarks.apart import measured_in
from tests.benchmarks.cases import Case
from tests.benchmarks.measuring import Comparison, Machine, Report, Sample, Scale
from tests.benchmarks.trust import checkpoints_of

REPLAY_STEPS = 100_000
CHECKPOINT_STEPS, CHECKPOINT_EVERY = 2_048, 256
SEEN = spaces.Box(0, 255, (4, 84, 84), np.uint8)
_FRAMES = 31
_EPISODE = 200


def memory(scale: Scale, ppo: Case, dqn: Case, ours: Executor) -> Report:
    """Measure a replay buffer and checkpoints.

    Args:
        scale: How much is measured.
        ppo: What checkpoints are made of.
        dqn: Whose replay buffer stable-baselines3 would have.
        ours: The process in which ours trains, and has not yet.
    """
    machine = Machine()
    steps = scale.steps(REPLAY_STEPS, 16)
    machine.calibrate()
    measured = measured_in(ours, replay_growth, steps) / 1e6
    settings = {**dqn.settings, "buffer_size": steps}
    config = dqn.config(Scale(), steps=steps).changed(engine="sb3", hyperparameters=settings)
    stock = replay_buffer_bytes(config, SEEN) / 1e6
    machine.calibrate()
    every = {"every_steps": CHECKPOINT_EVERY}
    made = measured_in(ours, checkpoints_of, ppo.config(scale, steps=CHECKPOINT_STEPS).changed(checkpoints=every))
    return Report(
        "Memory and checkpoints of pictures",
        machine,
        "stable-baselines3, computed",
        "ours, measured",
        [
            Comparison(
                f"DQN's replay of {steps:,} steps (750 MB at most, 720 aimed at)",
                "MB",
                [stock],
                [measured],
                smaller_is_better=True,
            )
        ],
        [
            Sample(
                "PPO's training waits for an exact checkpoint (60 ms at most, 20 aimed at)",
                "ms",
                [(one.copied_s + one.taken_s) * 1e3 for one in made],
            ),
            Sample("of which: copying", "ms", [one.copied_s * 1e3 for one in made]),
            Sample("it is on the disk after", "ms", [one.written_s * 1e3 for one in made]),
            Sample("its size", "MB", [one.size_bytes / 1e6 for one in made]),
        ],
        notes="Memory is what a process grows by while the buffer is filled with pictures of noise; "
        "stable-baselines3's arrays have the computed size, half of it with `optimize_memory_usage`, where time limits "
        "are not told from ends. "
        f"A checkpoint is made every {CHECKPOINT_EVERY} steps, so that rollouts are more or less full, and written "
        "while training goes on; and one at the end, for which the run waits.",
    )


def replay_growth(steps: int) -> int:
    """Return the bytes that this process grows by while a replay buffer is made and filled with as many steps."""
    _filled(_EPISODE)  # what is loaded and taken at the first time is no part of it
    process = psutil.Process()
    before = process.memory_info().rss
    replay = _filled(steps)
    grown = int(process.memory_info().rss) - int(before)
    del replay
    return grown


def _filled(steps: int) -> PictureReplay:
    rng = np.random.default_rng(0)
    replay = PictureReplay(steps, SEEN, spaces.Discrete(4), stacked=True, rng=rng, poll=lambda: None)
    frames = rng.integers(0, 256, (_FRAMES, 84, 84), np.uint8)
    nothing = np.zeros((1, 4, 84, 84), np.uint8)
    action, reward = np.zeros((1, 1)), np.zeros(1)
    seen = _following(nothing, frames[0])
    for step in range(1, steps + 1):
        ends = step % _EPISODE == 0
        shown = _following(seen, frames[step % _FRAMES])
        replay.add(seen, shown, action, reward, np.array([ends]), [{}])
        seen = _following(nothing, frames[step % _FRAMES]) if ends else shown
    return replay


def _following(stack: np.ndarray, frame: np.ndarray) -> np.ndarray:
    return np.concatenate([stack[:, 1:], frame[None, None]], axis=1)
