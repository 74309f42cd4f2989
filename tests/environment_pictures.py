"""Draw the pictures of the environments' cards from the games themselves: ``python -m tests.environment_pictures``.

They are kept in the package. Once more draws the same ones: seeds and actions are fixed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image

from retroml_edu.envs import EnvSpec, list_envs, make_env
from retroml_edu.widgets.environments import PICTURES, cards, picture_name, picture_names

WIDTH, HEIGHT = 128, 96
SEED = 7
MOMENTS = {
    "CartPole-v1": 22,
    "MountainCar-v0": 90,
    "Acrobot-v1": 60,
    "LunarLander-v3": 45,
    "BipedalWalker-v3": 25,
    "ALE/Pong-v5": 110,
    "ALE/Seaquest-v5": 110,
}
"""Steps of random actions after which an environment looks like itself; all others are given `WARM_UP`."""
WARM_UP = 65
BACKGROUND_STEPS = 60
LEAST_OBJECT = 4
MOST_OBJECT = 5_000
"""Pixels of what gets a frame around it."""


def main() -> None:
    """Write all pictures anew."""
    PICTURES.mkdir(exist_ok=True)
    for spec in list_envs():
        name = picture_name(spec.id)
        file = PICTURES / f"{name}.webp"
        if name and spec.id == _first_of(name):
            file.write_bytes(_webp(_drawn(spec)))
            print(f"{file.name}: {file.stat().st_size:,} bytes")
    picture_names.cache_clear()
    cards.cache_clear()
    print(f"{sum(path.stat().st_size for path in PICTURES.iterdir()):,} bytes in all")


def _first_of(name: str) -> str:
    return next(spec.id for spec in list_envs() if picture_name(spec.id) == name)


def _drawn(spec: EnvSpec) -> Image.Image:
    if spec.lesson_steps is None:
        return _fitted(list(_frames(spec.id, MOMENTS.get(spec.id, WARM_UP)))[-1][0], keep_shape=spec.family != "atari")
    if spec.observation_kind == "image":
        *_, (_, seen) = _frames(spec.id, WARM_UP)
        return _as_seen(np.asarray(seen))
    return _fitted(_with_objects([frame for frame, _ in _frames(spec.id, WARM_UP + BACKGROUND_STEPS)]))


def _frames(env_id: str, steps: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    env = make_env(env_id, seed=SEED)
    try:
        env.action_space.seed(SEED)
        seen, _ = env.reset()
        for _ in range(steps):
            seen, _, terminated, truncated, _ = env.step(env.action_space.sample())
            if terminated or truncated:
                seen, _ = env.reset()
            yield np.asarray(env.render()), seen
    finally:
        env.close()


def _fitted(frame: np.ndarray, *, keep_shape: bool = False) -> Image.Image:
    """Return a frame at a card's size; a television stretches those of Atari games to 4:3, too."""
    picture = Image.fromarray(frame)
    if keep_shape:  # cut what is too wide
        width = min(picture.width, picture.height * WIDTH // HEIGHT)
        left = (picture.width - width) // 2
        picture = picture.crop((left, 0, left + width, picture.height))
    return picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _as_seen(observation: np.ndarray) -> Image.Image:
    """Return the newest of the small pictures that the agent sees, as coarse as they are."""
    newest = observation[..., -1] if observation.shape[-1] < observation.shape[0] else observation[-1]
    board = Image.new("L", (WIDTH, HEIGHT))
    small = Image.fromarray(newest.astype(np.uint8)).resize((HEIGHT, HEIGHT), Image.Resampling.NEAREST)
    board.paste(small, ((WIDTH - HEIGHT) // 2, 0))
    return board.convert("RGB")


def _with_objects(frames: list[np.ndarray]) -> np.ndarray:
    """Return the last frame, dark but for what moves, which has a frame around it: the rest is not told."""
    last = frames[-1]
    still = np.median(np.stack(frames[-BACKGROUND_STEPS:]), axis=0).astype(np.uint8)
    moves = (np.abs(last.astype(int) - still).max(axis=2) > 24).astype(np.uint8)
    joined = cv2.dilate(moves, np.ones((3, 3), np.uint8))
    drawn = np.where(joined[..., None] > 0, last, last // 2).astype(np.uint8)
    _, _, boxes, _ = cv2.connectedComponentsWithStats(joined)
    for left, top, width, height, pixels in boxes[1:]:
        if LEAST_OBJECT <= pixels <= MOST_OBJECT:
            corner = (int(left + width), int(top + height))
            cv2.rectangle(drawn, (int(left) - 1, int(top) - 1), corner, (255, 214, 64), 1)
    return drawn


def _webp(picture: Image.Image) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, "WEBP", quality=82, method=6)
    return kept.getvalue()


if __name__ == "__main__":
    main()
