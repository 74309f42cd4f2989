"""What the bandit bench does, without widgets: strategies by their settings, one problem pull by pull, many at once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retroml_edu.core.errors import LessonError
from retroml_edu.tabular.bandit_averages import BanditCurves, bandit_curves
from retroml_edu.tabular.bandits import (
    Arms,
    EpsilonGreedy,
    GradientBandit,
    Strategy,
    ThompsonSampling,
    UpperConfidenceBound,
    gaussian_arms,
)

HAND, GREEDY, UCB, THOMPSON, GRADIENT = "by hand", "ε-greedy", "UCB", "Thompson sampling", "gradient bandit"
METHODS = (GREEDY, UCB, THOMPSON, GRADIENT)
BLOCK = 200
"""Problems that are played together: the first block answers a slider, the others make the answer finer."""
RIVAL_PLAYS = 500


def strategy_of(method: str, settings: Mapping[str, Any]) -> Strategy:
    """Return a strategy with the values of its sliders.

    Raises:
        LessonError: If there is no such method.
    """
    if method == GREEDY:
        return EpsilonGreedy(settings["epsilon"], settings["start"], settings["step_size"])
    if method == UCB:
        return UpperConfidenceBound(settings["c"])
    if method == THOMPSON:
        return ThompsonSampling()
    if method == GRADIENT:
        return GradientBandit(settings["alpha"], settings["baseline"])
    raise LessonError(f"There is no strategy {method!r}; there are {', '.join(METHODS)}.")


def name_of(strategy: Strategy) -> str:
    """Return a strategy's name with all that is not as usual."""
    extra = ""
    if isinstance(strategy, EpsilonGreedy):
        extra = f", start {strategy.start:g}" if strategy.start else ""
        extra += f", step {strategy.step_size:g}" if strategy.step_size else ""
    return strategy.name + extra


@dataclass(frozen=True, slots=True)
class Arm:
    """What is known of one arm, as it is drawn.

    Attributes:
        pulls: How often it was pulled.
        estimate: What it is held to be worth; of a gradient bandit its preference. None before anything is known.
        upper: UCB's bound, infinite before the first pull; None with other strategies.
        spread: Standard deviation of Thompson's belief; None likewise.
        drawn: What Thompson sampling drew for the newest pull; None likewise.
        chance: How likely a gradient bandit takes it; None likewise.
        mean: The true one.
    """

    pulls: int
    estimate: float | None
    upper: float | None
    spread: float | None
    drawn: float | None
    chance: float | None
    mean: float


class Game:
    """One problem, played pull by pull by a strategy, by hand, or both.

    Args:
        seed: Of the problem and of all luck: the same again gives the same.
        arms: How many.

    Attributes:
        means: Shape (arms,), the true ones.
        taken: Which arm was pulled, oldest first.
        paid: What it paid.
        why: Why the newest pull was made, in words.
    """

    def __init__(self, seed: int, arms: int = 10) -> None:
        self.seed = seed
        self.means = gaussian_arms(np.random.default_rng([seed, 0]), 1, arms).means[0]
        self.begin(None)

    def begin(self, strategy: Strategy | None) -> None:
        """Forget all pulls, and let a strategy play, or only a person (None)."""
        self._arms = Arms(self.means[None])
        self._luck, self._own = np.random.default_rng([self.seed, 1]), np.random.default_rng([self.seed, 2])
        self.strategy = strategy
        self.taken: list[int] = []
        self.paid: list[float] = []
        self.why = ""
        self._drawn: np.ndarray | None = None
        self._pulls, self._sums = np.zeros(len(self.means)), np.zeros(len(self.means))
        if strategy is not None:
            strategy.begin(1, len(self.means))

    @property
    def count(self) -> int:
        """How many pulls were made."""
        return len(self.taken)

    @property
    def regret(self) -> float:
        """Sum of what the best arm's mean was higher than those of the arms that were taken."""
        return float(sum(self.means.max() - self.means[self.taken])) if self.taken else 0.0

    def step(self) -> int:
        """Let the strategy pull once; return which arm."""
        if self.strategy is None:
            raise LessonError("Nobody plays here but you: pull an arm, or choose a strategy.")
        self._drawn = self._world()
        before, own = self.arms(), copy.deepcopy(self._own)
        arm = int(self.strategy.choose(self._own)[0])
        self.why = _reason(self.strategy, before, arm, self._drawn, explored=self._has_explored(own))
        self._pull(arm)
        return arm

    def pull(self, arm: int) -> None:
        """Pull an arm by hand; the strategy, if there is one, learns from it too.

        Raises:
            LessonError: If there is no such arm.
        """
        if not 0 <= arm < len(self.means):
            raise LessonError(f"There are {len(self.means)} arms.")
        self.why, self._drawn = "your choice", None
        self._pull(arm)

    def arms(self) -> list[Arm]:
        """Return what is known of each arm now."""
        strategy, n = self.strategy, len(self.means)
        unknown: Sequence[float | None] = [None] * n
        upper = spread = chance = unknown
        drawn = unknown if self._drawn is None else self._drawn.tolist()
        if strategy is None:
            estimate: Sequence[float | None] = [
                total / pulls if pulls else None for total, pulls in zip(self._sums, self._pulls, strict=True)
            ]
        else:
            estimate = strategy.estimates[0].tolist()
        if isinstance(strategy, UpperConfidenceBound):
            with np.errstate(divide="ignore", invalid="ignore"):
                doubt = strategy.c * np.sqrt(np.log(self.count + 1) / self._pulls)
            upper = np.where(self._pulls > 0, strategy.estimates[0] + doubt, np.inf).tolist()
        if isinstance(strategy, ThompsonSampling):
            certainty = 1 + self._pulls
            estimate, spread = (self._sums / certainty).tolist(), (1 / np.sqrt(certainty)).tolist()
        if isinstance(strategy, GradientBandit):
            chance = strategy.probabilities[0].tolist()
        columns = zip(
            self._pulls.astype(int).tolist(), estimate, upper, spread, drawn, chance, self.means.tolist(), strict=True
        )
        return [Arm(*column) for column in columns]

    def _world(self) -> np.ndarray | None:
        """Return what Thompson sampling is going to draw, by its own generator's copy."""
        if not isinstance(self.strategy, ThompsonSampling):
            return None
        certainty = 1 + self._pulls
        noise = copy.deepcopy(self._own).standard_normal((1, len(certainty)))[0]
        drawn: np.ndarray = self._sums / certainty + noise / np.sqrt(certainty)
        return drawn

    def _has_explored(self, own: np.random.Generator) -> bool:
        """Return whether the newest choice was ε-greedy's draw of any arm, given the generator from before.

        It may have fallen on the arm that looked best, so the arm does not say it: that something was drawn does.
        """
        if not isinstance(self.strategy, EpsilonGreedy):
            return False
        greedy = copy.copy(self.strategy)
        greedy.epsilon = 0.0
        greedy.choose(own)
        return own.bit_generator.state != self._own.bit_generator.state

    def _pull(self, arm: int) -> None:
        which = np.array([arm])
        reward = self._arms.pull(which, self._luck)
        if self.strategy is not None:
            self.strategy.learn(which, reward)
        self._pulls[arm] += 1
        self._sums[arm] += reward[0]
        self.taken.append(arm)
        self.paid.append(float(reward[0]))


def _reason(strategy: Strategy, before: Sequence[Arm], arm: int, drawn: np.ndarray | None, *, explored: bool) -> str:
    """Return why a strategy took an arm, given what it knew before."""
    known = before[arm]
    if isinstance(strategy, GradientBandit):
        return f"drawn by chance; its probability was {known.chance:.0%}"
    if isinstance(strategy, UpperConfidenceBound):
        if known.upper is None or not np.isfinite(known.upper) or known.estimate is None:
            return "not tried yet, so it could be worth anything"
        doubt = known.upper - known.estimate
        return f"highest bound: estimate {known.estimate:.2f} + doubt {doubt:.2f} = {known.upper:.2f}"
    if drawn is not None:
        return f"highest of the values drawn from the beliefs: {drawn[arm]:.2f}"
    best = max(each.estimate or 0.0 for each in before)
    equals = sum((each.estimate or 0.0) == best for each in before)
    if explored:
        fell = ", and it fell on one that looked best" if (known.estimate or 0.0) == best else ""
        return f"explored: drawn from all arms, whatever their estimates{fell}"
    return "looked best" if equals == 1 else f"one of {equals} that looked equally good"


@dataclass(frozen=True, slots=True)
class Rival:
    """How a strategy does on one problem.

    Attributes:
        name: Of the strategy.
        mean: Mean reward of a pull, over all plays.
        low: 5 % of the plays earned less.
        high: 5 % earned more.
        beaten: Share of plays that earned less than a person did.
    """

    name: str
    mean: float
    low: float
    high: float
    beaten: float


def rivals(game: Game, strategies: Sequence[Strategy]) -> list[Rival]:
    """Return how strategies do on a game's own problem, each in five hundred plays of as many pulls as were made."""
    if not game.count:
        raise LessonError("Pull some arms first.")
    arms = Arms(np.repeat(game.means[None], RIVAL_PLAYS, axis=0))
    own = float(np.mean(game.paid))
    found = []
    for strategy in strategies:
        curves = bandit_curves(strategy, arms, game.count, np.random.default_rng([game.seed, 3]))
        earned = curves.reward.mean(axis=1)
        low, high = np.quantile(earned, (0.05, 0.95))
        found.append(
            Rival(name_of(strategy), float(earned.mean()), float(low), float(high), float((earned < own).mean()))
        )
    return found


def block_curves(strategy: Strategy, steps: int, seed: int, block: int, problems: int = BLOCK) -> BanditCurves:
    """Return what a strategy does on one block of problems: the same problems and luck for every strategy."""
    arms = gaussian_arms(np.random.default_rng([seed, block, 0]), problems)
    return bandit_curves(strategy, arms, steps, np.random.default_rng([seed, block, 1]))


def joined(blocks: Sequence[BanditCurves]) -> BanditCurves:
    """Return blocks as one."""
    reward, optimal, regret = (
        np.concatenate([getattr(each, name) for each in blocks]) for name in ("reward", "optimal", "regret")
    )
    return BanditCurves(blocks[0].pull, reward, optimal, regret)


def finer(
    strategy: Strategy, steps: int, seed: int, problems: int, coarse: BanditCurves, wanted: Callable[[], bool]
) -> BanditCurves | None:
    """Return the curves of all problems, block by block; None once they are no longer wanted."""
    blocks = [coarse]
    for block in range(1, problems // BLOCK):
        if not wanted():
            return None
        blocks.append(block_curves(strategy, steps, seed, block))
    return joined(blocks)
