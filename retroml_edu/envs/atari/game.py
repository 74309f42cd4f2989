"""An Atari game, step by step, straight on the emulator."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from retroml_edu.envs.atari.views import View

FRAME_SKIP = 4
CONSOLE_FPS = 60
MAX_NOOPS = 30
MAX_FRAMES = 108_000
"""Emulator frames after which a game is cut off: half an hour of play."""

NOOP, FIRE_INDEX, SECOND_INDEX = 0, 1, 2


class AtariGame(gym.Wrapper[Any, Any, Any, Any]):
    """The preprocessing of Mnih et al. (2015) with the sticky actions of Machado et al. (2018).

    An agent step holds one action for four emulator frames; what is seen of the last two is the view's affair. A game
    begins with 1 to 30 frames of doing nothing, then FIRE where the game has it.

    In training each life is an episode of its own and rewards are cut to their sign; the emulator goes on playing
    the same game, and ``info["episode"]`` tells the raw return and length of the whole game when that is over.
    In evaluation an episode is a whole game and rewards are raw, but each life opens exactly as in training (one
    step of doing nothing, FIRE, an empty stack), since an agent that was never left to press FIRE would wait for
    the ball forever.

    Rewards, episode ends and the observations of a `StandardView` are those of stable-baselines3's `AtariWrapper` under
    a `VecFrameStack`, except that

    - stickiness is drawn per emulator frame, not per agent step, as the emulator itself would, and from the
      environment's generator, so that it can be resumed;
    - a game that ends within the four frames shows its last frame, not a mixture with an earlier observation;
    - a life lost while a life is being opened does not open another;
    - `reset` before an episode is over starts a new game, as in any other environment;
    - every game begins in the same state of the emulator, whatever was played before;
    - a game that ends while a life is being opened ends at the next step, so that its return is never lost.

    Args:
        env: An ALE environment that skips no frames and repeats no actions.
        view: Of the same environment's emulator.
        sticky: Chance, per emulator frame, that the action before is held instead of the one asked for.
        training: Lives as episodes and clipped rewards, instead of whole games and raw rewards. (What the fast forms
            reward beside that is added by `WithLessonReward`.)
    """

    def __init__(self, env: gym.Env[Any, Any], *, view: View, sticky: float, training: bool) -> None:
        super().__init__(env)
        game: Any = env.unwrapped
        self._ale = game.ale
        self._actions = tuple(action.value for action in self._ale.getMinimalActionSet())
        self._fires = game.get_action_meanings()[FIRE_INDEX] == "FIRE" and len(self._actions) > SECOND_INDEX
        self._training = training
        self._sticky = sticky
        self._view = view
        self._held = NOOP
        self._lives = 0
        self._life_lost = False
        self._game_return = 0.0
        self._game_length = 0
        self._random: np.random.Generator = game.np_random
        self._start: Any = None
        # At the console's 60 frames a second.
        self.metadata = {**env.metadata, "render_fps": CONSOLE_FPS // FRAME_SKIP}
        self.observation_space = view.space

    @property
    def episode_return(self) -> float:
        """Raw return so far of the game that is being played."""
        return self._game_return

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start a game, or in training the next life of the game that is being played.

        A seed always starts a game.
        """
        if self._life_lost and seed is None:
            self._life_lost = False
            self._open_life()
        else:
            self._open_game(seed, options)
        return self._view.seen(), {"lives": self._lives}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Hold an action for four frames.

        Returns:
            The view's observation, and what `gymnasium.Env.step` returns beside it.
        """
        self._game_length += 1
        reward = self._advance(self._actions[action])
        self._view.look()
        lives = self._ale.lives()
        # Some games show zero lives for a few frames while the last one is still being played.
        life_lost = 0 < lives < self._lives and not self._ale.game_over()
        self._lives = lives
        if life_lost and not self._training:
            reward += self._open_life()
        self._life_lost = life_lost and self._training
        terminated = self._life_lost or self._ale.game_over(with_truncation=False)
        truncated = self._ale.game_truncated()
        info: dict[str, Any] = {"lives": self._lives}
        if self._ale.game_over():
            info["episode"] = {"r": self._game_return, "l": self._game_length}
        if self._training:
            reward = float(np.sign(reward))
        return self._view.seen(), reward, terminated, truncated, info

    def _open_game(self, seed: int | None, options: dict[str, Any] | None) -> None:
        self.env.reset(seed=seed, options=options)
        self._random = self.env.unwrapped.np_random
        # Traces of the game before are left by the emulator's reset alone in some games (Assault, Beam Rider), and
        # by the restored state alone in others (Qbert, Tetris).
        if seed is not None or self._start is None:
            self._start = self._ale.cloneState(include_rng=True)
        else:
            self._ale.restoreState(self._start)
        self._held = NOOP
        self._life_lost = False
        self._game_return = 0.0
        self._game_length = 0
        for _ in range(self._random.integers(1, MAX_NOOPS + 1)):
            self._game_return += self._ale.act(NOOP)
        self._show_last_frame()
        self._fire()

    def _open_life(self) -> float:
        """Open the next life of a running game, and return the raw reward that fell meanwhile."""
        return self._advance(NOOP) + self._fire()

    def _fire(self) -> float:
        reward = 0.0
        if self._fires:
            reward = self._advance(self._actions[FIRE_INDEX]) + self._advance(self._actions[SECOND_INDEX])
        self._lives = self._ale.lives()
        self._view.forget()
        self._view.look()
        return reward

    def _advance(self, action: int) -> float:
        """Play one agent step on the emulator and return its raw reward."""
        ale = self._ale
        reward = 0.0
        for frame in range(FRAME_SKIP):
            if not self._sticky or self._random.random() >= self._sticky:
                self._held = action
            reward += ale.act(self._held)
            if frame == FRAME_SKIP - 2:
                self._view.catch(0)
            elif frame == FRAME_SKIP - 1:
                self._view.catch(1)
            if ale.game_over():
                if frame < FRAME_SKIP - 1:
                    self._show_last_frame()
                break
        self._game_return += reward
        return reward

    def _show_last_frame(self) -> None:
        self._view.catch(0)
        self._view.catch(1)
