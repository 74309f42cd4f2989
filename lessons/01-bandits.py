# %% [markdown]
# # Lesson 1 · Bandits: try something new, or stay with what works?
#
# Ten arms. Each pays a random reward around a mean that nobody tells you. You have a thousand pulls. Which do you pull?
#
# Stay with the best arm so far, and a better one may never be found. Try all of them all the time, and you keep paying
# for what you know already. This is the choice between *exploitation* and *exploration*. It returns in every lesson in
# which an agent learns from what it does; here it stands alone, without states and without delayed rewards.
#
# **When you are done, you can**
# - keep the mean of all rewards of an arm without storing them, and say what the step size does;
# - write ε-greedy and UCB, and explain Thompson sampling and the gradient bandit to somebody else;
# - say what regret is, and why it keeps growing for one strategy and flattens for another;
# - compare two strategies by hundreds of problems and an interval, not by one lucky run.
#
# | | | minutes |
# |---|---|---|
# | **Predict** | draw a curve before you see it | 5 |
# | **Play** | you against the strategies | 10 |
# | **Four strategies** | equation, code, bench | 20 |
# | **Implement** | three functions of your own | 12 |
# | **Measure** | regret, with intervals | 10 |
# | **Exit quiz, graded tasks, export** | | 8 |
#
# Source of most of it: Sutton and Barto (2018), *Reinforcement Learning: An Introduction*, 2nd edition, chapter 2,
# [free online](http://incompleteideas.net/book/the-book-2nd.html). "SB 2.7" below means its section 2.7.

# %%
import numpy as np

from retroml_edu.kit import BanditBench, Lesson, Line
from retroml_edu.tabular import (
    Arms,
    EpsilonGreedy,
    GradientBandit,
    ThompsonSampling,
    UpperConfidenceBound,
    bandit_curves,
    gaussian_arms,
    play_bandit,
)

lesson = Lesson("01-bandits")  # for graded work: Lesson("01-bandits", variant="your student number")

# %% [markdown] tags=["instructor"]
# **For the instructor.** The lesson fits into 65 minutes; with a slow start it is the parameter study at the end of
# *Measure* that can be left for home. Let students finish the two predictions before anybody presses Play: the wrong
# guess is what makes the result stick. All claims are measured in this notebook, over hundreds of problems; the figures
# of a full run stand in `lessons/claims.md`.
#
# Usual misconceptions, each met by an option of a question:
# - *Greedy is enough, since the sample mean converges.* It converges for arms that are pulled for ever. Greedy leaves
#   arms.
# - *More exploration is always better, or at least safer.* Knowing is not earning: ε = 0.5 knows the arms better than
#   plain greedy does, and earns less.
# - *UCB adds noise.* It is deterministic, ties apart.
# - *Optimistic start values are another kind of ε.* They work once, at the beginning.
# - *Regret is what bad luck cost.* It compares true means; luck cancels out.

# %% [markdown]
# ## Predict
#
# The *ten-armed testbed* (SB 2.3): the true mean $q_*(a)$ of each arm is drawn from a normal distribution with mean 0
# and variance 1. A pull of arm $a$ pays $q_*(a)$ plus noise, normal too, with variance 1. The best of ten such arms is
# worth about 1.54 on average.

# %%
lesson.ask("greedy-stuck")

# %% [markdown]
# Now a player that explores: **ε-greedy** pulls any arm with probability ε = 0.1, and the arm with the highest estimate
# otherwise. Draw its mean reward over the first 1,000 pulls, averaged over many problems. Where does it begin, where
# does it end, and how soon does it get there?

# %%
lesson.predict(
    "first-curve",
    question="ε-greedy with ε = 0.1: what does it earn per pull?",
    x_end=1_000,
    x_unit="pulls",
    y_name="mean reward",
    low=0.0,
    high=1.6,
)

# %% [markdown]
# ## Play: you against the strategies
#
# One problem, its true means hidden. Pull arms by a click, or with Tab, arrow keys and Enter. The bench keeps the mean
# that each arm has paid you so far, and how often you pulled it.
#
# 1. Make about 40 pulls and earn as much as you can. Then press **Compare me with the strategies**: the true means
#    appear, and what four strategies earn on this very problem with as many pulls.
# 2. **New problem**, and now with a rule: pull each arm twice, then stay with the best. Did you stay with the right
#    one?
# 3. **New problem** again: be greedy from the first pull on. How soon are you stuck?

# %%
BanditBench(method="by hand")

# %%
lesson.ask("your-own-rule")

# %% [markdown] tags=["instructor"]
# Most rules that students write are *explore first, then commit*: some pulls of each arm, then the best. It is a
# sensible rule for a known number of pulls; ask what it does with ten thousand. On a single problem luck decides much:
# a student may well beat all four strategies, and a class can collect its shares "earned more than ... of 500 plays" on
# the board.

# %% [markdown]
# ## What all of them need: the value of an arm
#
# Estimate an arm by the mean of what it has paid. No list of rewards is needed: with the $n$-th reward $R_n$ of an arm
# the mean moves by a part of its error (SB 2.4, equation 2.3),
#
# $$ Q_{n+1} = Q_n + \frac{1}{n}\,\bigl(R_n - Q_n\bigr). $$
#
# You will meet this form again and again: an estimate moves by a *step size* times an *error*, its distance from a
# *target* (SB equation 2.4). Here the target is the newest reward. With $1/n$ as step size the estimate is the mean of
# all rewards. With a constant step size the newest rewards weigh most, which is what you want if the arms change (SB
# 2.5). Here they do not.

# %%
lesson.ask("estimate-after")

# %% [markdown]
# ## Four strategies on one problem
#
# ### ε-greedy (SB 2.2)
# Above the arms the bench says why the newest pull was made. The grey shapes show how the rewards of each arm spread,
# with a bar at its true mean (you may see them; the player may not). Dots are the estimates, the diamond is what the
# newest pull paid.
#
# 1. Press **1 ▸** some ten times and read why it pulled. Then Play, at speed 10.
# 2. Set **ε to 0** and try seeds 1 to 5. Look for a problem on which greedy stays with a wrong arm.
# 3. Set ε to 0.5 and play on. How near are its dots to the true means? And *mean reward*: is it good, too?
# 4. ε = 0, **start value 5** and **step size 0.1**: "optimistic" estimates (SB 2.6). Every arm disappoints, so the next
#    one is tried. Then put the step size back to 0, which stands for 1/n, the sample mean: what is left of the 5 after
#    one pull of an arm, and why?

# %%
BanditBench(method="ε-greedy", seed=2)

# %% [markdown] tags=["instructor"]
# Answers. 2: on seeds where the first arm to pay well is not the best; in about two of three problems greedy is stuck.
# 3: the dots come near, the mean reward does not: half of its pulls go to any arm, whose mean is 0 on average. 4:
# nothing: with the sample mean the first step size is 1/1, so the first reward replaces the start value. What remains
# is that each arm is tried once, which by itself helps a lot: see the last card of *Measure*.

# %% [markdown]
# ### UCB: optimism in the face of doubt (SB 2.7; Auer et al. 2002)
#
# $$ A_t = \arg\max_a \Bigl[\, Q_t(a) + c\,\sqrt{\frac{\ln t}{N_t(a)}} \,\Bigr] \qquad\text{(SB equation 2.10)} $$
#
# $N_t(a)$ is how often arm $a$ was pulled before time $t$. The root is *doubt*: it shrinks with each pull of the arm,
# and grows slowly while the arm is left alone. The score, drawn as an upper bound above each dot, is what the arm could
# still be worth. Nothing is random here, except which of several equal scores is taken.
#
# Auer, Cesa-Bianchi and Fischer (2002) prove for rewards between 0 and 1 and $c = \sqrt 2$ (UCB1) that regret grows no
# faster than $\ln t$. With rewards that are not bounded, as here, $c$ is a matter of scale: you will measure which one
# is good.
#
# 1. Step through the first ten pulls. Why is each arm taken once?
# 2. Go on step by step: the highest *bound* is pulled, not the highest dot. Watch it sink.
# 3. Set c to 0, to 1 and to 4. Compare the number of pulls under each arm after 200 pulls.

# %%
BanditBench(method="UCB")

# %% [markdown] tags=["instructor"]
# Answers. 1: the bound of an arm that was never pulled is infinite. 3: with c = 0 nearly all pulls go to one arm; with
# c = 4 they are spread over many. A frequent question: why the logarithm? Because doubt about every arm must come back
# for ever, but seldom enough that the cost stays small.

# %% [markdown]
# ### Thompson sampling: act on a world that may be true (Thompson 1933; Russo et al. 2018)
#
# Keep a *belief* about each arm's mean: a distribution that says how likely each value is, after what was seen. The one
# before any pull is called the *prior*. Draw one value from each belief, and pull the arm whose drawn value is highest.
# So an arm is pulled with just the probability, by these beliefs, that it is the best. For our arms (prior with mean 0
# and variance 1, noise of variance 1) the belief after $n$ pulls is normal again, with this mean and this variance:
#
# $$ q_*(a) \mid \text{rewards} \;\sim\; \mathcal N\!\Bigl(\tfrac{n}{n+1}\,Q(a),\; \tfrac{1}{n+1}\Bigr). $$


# %%
def thompson(estimates, pulls, rng):
    certainty = 1 + pulls  # that of the prior, and one for each reward
    belief, spread = estimates * pulls / certainty, 1 / np.sqrt(certainty)
    return np.argmax(rng.normal(belief, spread))


thompson(np.array([1.0, 0.5]), np.array([50, 1]), np.random.default_rng(1))

# %% [markdown]
# Run the cell above a few times with other seeds: the second arm was pulled once only, so its belief is wide, and now
# and then its draw is the highest. One thing to keep in mind for every comparison below: this player's prior is exactly
# how the problems are made. The others are not told that.
#
# On the bench: the blue shapes are beliefs, the crosses what was drawn for the newest pull.
#
# 1. Step through some pulls: is the pulled arm always the one with the highest cross?
# 2. After 300 pulls, which beliefs are narrow and which stay wide? Why is that no mistake?

# %%
BanditBench(method="Thompson sampling")

# %% [markdown] tags=["instructor"]
# Answers. 1: yes. 2: those of bad arms stay wide. Their upper end lies below the best arm's belief, so it is of no use
# to know them better: what matters is which arm is best, not how bad the others are. Chapelle and Li (2011) is the
# study that brought Thompson's idea back, with advertisements and news articles as arms.

# %% [markdown]
# ### The gradient bandit: no values at all (SB 2.8)
#
# It holds a *preference* $H(a)$ for each arm, and turns them into probabilities $\pi(a)$ by a *softmax*, the left
# formula below. After a reward $R$ for arm $A$ the preferences move by how much better that was than the mean reward so
# far, $\bar R$, the **baseline** (SB equations 2.11 and 2.12; $\mathbb 1[a = A]$ is 1 for the arm that was pulled and 0
# for the others):
#
# $$ \pi(a) = \frac{e^{H(a)}}{\sum_b e^{H(b)}}, \qquad
#    H(a) \leftarrow H(a) + \alpha\,\bigl(R - \bar R\bigr)\,\bigl(\mathbb 1[a = A] - \pi(a)\bigr). $$


# %%
def prefer(preferences, arm, reward, mean_reward, alpha):
    chances = np.exp(preferences - preferences.max())
    chances /= chances.sum()
    taken = np.arange(len(preferences)) == arm
    return preferences + alpha * (reward - mean_reward) * (taken - chances)


prefer(np.zeros(3), arm=0, reward=2.0, mean_reward=0.5, alpha=0.1)

# %% [markdown]
# The reward was better than the baseline: one preference goes up, the others down by as much together. (After a worse
# one it would be the other way round.) You will meet this player again: it is the policy gradient of lesson 8, in a
# world without states.
#
# 1. Play 200 pulls with α = 0.1. The columns are probabilities: when does one arm take over?
# 2. Set α to 1 and try some seeds. It makes up its mind fast. Is it right?

# %%
BanditBench(method="gradient bandit")

# %% [markdown] tags=["instructor"]
# Answers. 1: it comes slowly; after 200 pulls the likeliest arm has some 80 % on average. 2: by then one arm has nearly
# all of it, and in about four of ten problems it is the wrong one.


# %% tags=["claim", "instructor"]
def after_200_pulls(strategy, rng, problems=20):
    """Let a strategy make 200 pulls in some problems, and return these."""
    arms = gaussian_arms(rng, problems)
    play_bandit(strategy, arms, 200, rng)
    return arms


def sure_and_wrong(rng):
    """Return how often a gradient bandit with α = 1 gives a wrong arm more than 90 %, after 200 pulls."""
    strategy = GradientBandit(1.0)
    arms = after_200_pulls(strategy, rng)
    chances = strategy.probabilities
    wrong = chances.argmax(axis=1) != arms.means.argmax(axis=1)
    return (wrong & (chances.max(axis=1) > 0.9)).mean()


lesson.claim(
    "After 200 pulls with α = 1 the gradient bandit gives a wrong arm more than 90 %, in about four of ten problems.",
    sure_and_wrong,
    between=(0.35, 0.5),
    seeds=100,
    unit="of the problems",
)


# %% tags=["claim", "instructor"]
def likeliest(rng):
    strategy = GradientBandit(0.1)
    after_200_pulls(strategy, rng)
    return strategy.probabilities.max(axis=1).mean()


lesson.claim(
    "With α = 0.1 its likeliest arm has a probability of some 80 % after 200 pulls, on average.",
    likeliest,
    between=(0.75, 0.85),
    seeds=100,
    unit="probability",
)


# %% tags=["claim", "instructor"]
def share_of_the_favourite(c, rng):
    strategy = UpperConfidenceBound(c)
    after_200_pulls(strategy, rng)
    return strategy.pulls.max(axis=1).mean() / 200


lesson.claim(
    "UCB with c = 0 makes more than 85 % of its first 200 pulls on one arm.",
    lambda rng: share_of_the_favourite(0.0, rng),
    above=0.85,
    seeds=100,
    unit="of the pulls",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "With c = 4 the arm that it pulls most gets less than 40 % of the first 200 pulls.",
    lambda rng: share_of_the_favourite(4.0, rng),
    below=0.4,
    seeds=100,
    unit="of the pulls",
)

# %% [markdown]
# ## Many problems at once
#
# One problem tells little: it may have been luck. Here each curve is the mean of up to 4,000 problems, with its 95 %
# interval as a band. All strategies get the same problems and the same luck. Drag a slider: 200 problems answer at
# once, the others follow while it rests.
#
# 1. Set *Drawn* to *cumulative regret*: what was lost so far by not pulling the best arm. Less is better. Press **Pin
#    this curve** with ε = 0.1, then drag ε from 0 to 0.5. Which ε has lost least with *Pulls* at 200, and which at
#    5,000?
# 2. Stay at 5,000 pulls. Pin ε-greedy, and lay UCB with c = 1 and Thompson sampling over it. Which curves are straight
#    lines at their end?
# 3. UCB: find the best c. What is wrong with less, what with more?
# 4. Set *Pulls* to 1,000 and *Drawn* to *share of pulls of the best arm*. ε = 0, start value 5, step size 0.1, beside
#    ε = 0.1 with the same step size: who is ahead in the first 100 pulls, and who in the end?

# %%
BanditBench("many problems at once")

# %% [markdown] tags=["instructor"]
# Answers. 1: the more pulls, the smaller the best ε: over 200 pulls 0.1 loses less than 0.03, over 5,000 it is the
# other way round. With more time even a small ε finds the best arm, and a large one goes on wasting pulls. 2: greedy
# and ε-greedy. 3: see the parameter study below; with a smaller c it stays with the wrong arm at times, with a larger
# one it keeps trying bad arms. 4: optimism is behind in the first hundred pulls, and ahead before pull 300.

# %% [markdown]
# Now your prediction, beside what comes.

# %%
problems = gaussian_arms(np.random.default_rng(1), lesson.budget(2_000, quick=200))
first = bandit_curves(EpsilonGreedy(0.1), problems, 1_000, np.random.default_rng(2))
lesson.compare("first-curve", first.pull, first.reward.mean(axis=0))

# %% [markdown]
# It begins near 0, the mean of an arm that is taken blindly, and rises within some hundred pulls. It stays below 1.54
# for two reasons: it has not always found the best arm, and even where it has, it goes on pulling any arm one time in
# ten. (The cards of *Measure* have the figures.)

# %% [markdown]
# ## Implement
#
# Three functions, a few lines each. Each is tried at once; if something is not right yet, the notebook stops there and
# says what to think about.
#
# **The mean, one reward at a time.** `n` is how often the arm was pulled, the newest pull included.


# %% tags=["exercise"]
def update(estimate, n, reward):
    """Return the new estimate of an arm."""
    ### BEGIN SOLUTION
    return estimate + (reward - estimate) / n
    ### END SOLUTION


lesson.check(update)

# %% [markdown]
# **ε-greedy.** Chance comes in from outside, as two numbers from 0 to below 1: with `explore` below `epsilon` it
# explores, and takes arm `int(which * number of arms)`. Otherwise it takes the arm with the highest estimate. Return
# the number of the arm.


# %% tags=["exercise"]
def epsilon_greedy(estimates, epsilon, explore, which):
    """Return which arm to pull, from 0."""
    ### BEGIN SOLUTION
    if explore < epsilon:
        return int(which * len(estimates))
    return int(np.argmax(estimates))
    ### END SOLUTION


lesson.check(epsilon_greedy)

# %% [markdown]
# **UCB's scores.** $t$ is the number of the pull that is about to be made: all pulls so far, and one. An arm that was
# never pulled has an infinite score.


# %% tags=["exercise"]
def ucb_scores(estimates, pulls, c):
    """Return the score of each arm, an array."""
    ### BEGIN SOLUTION
    scores = np.full(len(estimates), np.inf)
    tried = pulls > 0
    t = pulls.sum() + 1
    scores[tried] = estimates[tried] + c * np.sqrt(np.log(t) / pulls[tried])
    return scores
    ### END SOLUTION


lesson.check(ucb_scores)

# %% [markdown]
# Your functions, put together, play 60 problems of 300 pulls. The package's own players (compiled, thousands of
# problems) lie beside them.


# %%
def my_player(choose, means, rng, pulls=300):
    estimates, counts, lost = np.zeros(len(means)), np.zeros(len(means), dtype=int), np.zeros(pulls)
    for t in range(pulls):
        arm = choose(estimates, counts, rng)
        counts[arm] += 1
        estimates[arm] = update(estimates[arm], counts[arm], means[arm] + rng.standard_normal())
        lost[t] = means.max() - means[arm]
    return lost.cumsum()


def my_epsilon_greedy(estimates, _counts, rng):
    return epsilon_greedy(estimates, 0.1, rng.random(), rng.random())


def my_ucb(estimates, counts, _rng):
    return np.argmax(ucb_scores(estimates, counts, 1.0))


few = gaussian_arms(np.random.default_rng(3), lesson.budget(60, quick=20))
many = gaussian_arms(np.random.default_rng(4), lesson.budget(2_000, quick=200))
lines = []
for name, mine, theirs in [
    ("ε-greedy, ε = 0.1", my_epsilon_greedy, EpsilonGreedy(0.1)),
    ("UCB, c = 1", my_ucb, UpperConfidenceBound(1.0)),
]:
    regret = [my_player(mine, means, np.random.default_rng(seed)) for seed, means in enumerate(few.means)]
    curves = bandit_curves(theirs, many, 300, np.random.default_rng(5))
    lines.append(Line.of_runs(f"yours: {name}", curves.pull, np.array(regret)[:, curves.pull - 1]))
    lines.append(Line.of_runs(name, curves.pull, curves.regret))
lesson.figure("your-players", *lines, x="pull", y="regret so far")

# %% [markdown]
# Do the bands overlap? Sixty problems leave wide ones. If yours lies far from the package's all the same, look at your
# functions again.

# %% [markdown]
# ## Measure regret
#
# **Regret** is what a player lost by not knowing: summed over its pulls, the best arm's true mean less the true mean of
# the arm that it took,
#
# $$ \text{regret}(T) = \sum_{t=1}^{T} \bigl( \max_a q_*(a) - q_*(A_t) \bigr). $$
#
# The luck of single rewards is not in it: the best arm costs nothing, however badly it happened to pay. Regret never
# falls. If it grows along a straight line, the player goes on losing at the same rate for ever. Lai and Robbins (1985)
# showed that for every player that does well on all problems it grows at least like $\ln T$. With Thompson sampling it
# grows no faster than that, nor with UCB if $c$ is large enough: with noise of variance 1, from $\sqrt 2$ on. A smaller
# $c$ may do better for a long time; but after bad luck with the best arm it can leave that one for so many pulls that
# in the very end it loses more.


# %%
def play(strategies, rng, pulls=1_000, problems=20, higher=0.0):
    """Let each strategy play the same problems with the same luck."""
    arms, luck = Arms(gaussian_arms(rng, problems).means + higher), int(rng.integers(2**32))
    return [bandit_curves(each, arms, pulls, np.random.default_rng(luck)) for each in strategies]


players = [EpsilonGreedy(0.0), EpsilonGreedy(0.1), GradientBandit(0.1), UpperConfidenceBound(1.0), ThompsonSampling()]
runs = play(players, np.random.default_rng(6), pulls=2_000, problems=lesson.budget(1_000, quick=100))
lesson.figure(
    "regret",
    *(Line.of_runs(player.name, run.pull, run.regret) for player, run in zip(players, runs, strict=True)),
    x="pull",
    y="regret so far",
)

# %% [markdown]
# What this lesson says is measured in the cells that follow, most over a hundred seeds or more, with twenty problems
# each; the cards say over how many. First the facts of the prediction: what the best arm is worth, and how often greedy
# finds it.

# %% tags=["claim"]
lesson.claim(
    "The best of ten arms is worth about 1.54 on average.",
    lambda rng: gaussian_arms(rng, 20).best.mean(),
    between=(1.50, 1.58),
    seeds=500,
    quick=100,
    unit="mean reward",
)


# %% tags=["claim"]
def at_the_end(values):
    """Return a mean over problems, and over the last tenth of the pulls."""
    return values[:, -values.shape[1] // 10 :].mean()


def found(run):
    """Return the share of pulls that took the best arm, in the last tenth."""
    return at_the_end(run.optimal)


lesson.claim(
    "Greedy makes about a third of its last 100 of 1,000 pulls on the best arm.",
    lambda rng: found(play([EpsilonGreedy(0.0)], rng)[0]),
    between=(0.25, 0.45),
    seeds=200,
    quick=30,
    unit="share of pulls",
)

# %% tags=["claim"]
lesson.claim(
    "In the last 100 of 1,000 pulls ε = 0.1 takes the best arm more often than ε = 0.01.",
    lambda rng: np.subtract(*map(found, play([EpsilonGreedy(0.1), EpsilonGreedy(0.01)], rng))),
    above=0.1,
    seeds=200,
    quick=30,
    unit="share of pulls more",
)

# %% [markdown]
# The curve that you have predicted: how soon it rises, and where it ends.


# %% tags=["claim"]
def risen(rng):
    """Return what ε = 0.1 earns in pulls 201 to 300, as a share of what it earns at the end."""
    reward = play([EpsilonGreedy(0.1)], rng)[0].reward
    return reward[:, 40:60].mean() / at_the_end(reward)


lesson.claim(
    "In pulls 201 to 300 ε = 0.1 earns more than nine tenths of what it earns in the last 100 of 1,000.",
    risen,
    above=0.9,
    seeds=200,
    quick=30,
    unit="of the end",
)

# %% tags=["claim"]
lesson.claim(
    "In the last 100 of 1,000 pulls ε = 0.1 earns 1.3 to 1.45 a pull.",
    lambda rng: at_the_end(play([EpsilonGreedy(0.1)], rng)[0].reward),
    between=(1.3, 1.45),
    seeds=200,
    quick=30,
    unit="mean reward",
)

# %% tags=["claim"]
lesson.claim(
    "In the last 100 of 1,000 pulls ε = 0.1 takes the best arm 75 to 85 times.",
    lambda rng: 100 * found(play([EpsilonGreedy(0.1)], rng)[0]),
    between=(75, 85),
    seeds=200,
    quick=30,
    unit="%",
)

# %% [markdown]
# More exploration is not always better. ε = 0.5 knows more, and earns less:


# %% tags=["claim"]
def knowledge(strategies, rng, pulls=1_000):
    """Return, for each strategy, how far its estimates are off, and how often the highest is the best arm's."""
    arms, luck = gaussian_arms(rng, 20), int(rng.integers(2**32))
    told = []
    for each in strategies:
        play_bandit(each, arms, pulls, np.random.default_rng(luck))
        off = np.sqrt(((each.estimates - arms.means) ** 2).mean())
        told.append((off, (each.estimates.argmax(axis=1) == arms.means.argmax(axis=1)).mean()))
    return np.array(told)


def knows_the_arms_better(rng):
    half, *others = knowledge([EpsilonGreedy(0.5), EpsilonGreedy(0.1), EpsilonGreedy(0.0)], rng)[:, 0]
    return min(others) - half


lesson.claim(
    "After 1,000 pulls the estimates of ε = 0.5 are nearer to the true means than those of ε = 0.1 and of greedy.",
    knows_the_arms_better,
    above=0.1,
    seeds=100,
    quick=10,
    unit="RMS error less",
)

# %% tags=["claim"]
lesson.claim(
    "After 1,000 pulls the highest estimate of ε = 0.5 is that of the best arm in more than 90 % of the problems.",
    lambda rng: 100 * knowledge([EpsilonGreedy(0.5)], rng)[0, 1],
    above=90,
    seeds=100,
    quick=10,
    unit="%",
)

# %% tags=["claim"]
lesson.claim(
    "After 200 pulls the highest estimate is the best arm's more often with ε = 0.5 than with ε = 0.1.",
    lambda rng: np.subtract(*knowledge([EpsilonGreedy(0.5), EpsilonGreedy(0.1)], rng, pulls=200)[:, 1]),
    above=0.0,
    seeds=200,
    quick=30,
    unit="of the problems more",
)


# %% tags=["claim"]
def earned(run):
    """Return the mean reward of all pulls."""
    return run.reward.mean()


lesson.claim(
    "And yet ε = 0.5 earns less in 1,000 pulls than greedy does.",
    lambda rng: np.subtract(*map(earned, play([EpsilonGreedy(0.5), EpsilonGreedy(0.0)], rng))),
    below=0.0,
    seeds=200,
    quick=60,
    unit="reward per pull more",
)

# %% tags=["claim"]
lesson.claim(
    "ε = 0.5 earns less in 1,000 pulls than ε = 0.1, too.",
    lambda rng: np.subtract(*map(earned, play([EpsilonGreedy(0.5), EpsilonGreedy(0.1)], rng))),
    below=0.0,
    seeds=200,
    quick=60,
    unit="reward per pull more",
)

# %% [markdown]
# Optimism works at the beginning, and pays later. Both players have the step size 0.1.


# %% tags=["claim"]
optimist, realist = EpsilonGreedy(0.0, start=5.0, step_size=0.1), EpsilonGreedy(0.1, step_size=0.1)

lesson.claim(
    "In the first 100 pulls the optimist takes the best arm less often than ε = 0.1.",
    lambda rng: np.subtract(*(run.optimal[:, :20].mean() for run in play([optimist, realist], rng))),
    below=0.0,
    seeds=200,
    quick=30,
    unit="share of pulls more",
)

# %% tags=["claim"]
lesson.claim(
    "In the last 100 of 1,000 pulls the optimist takes the best arm more often.",
    lambda rng: np.subtract(*map(found, play([optimist, realist], rng))),
    above=0.0,
    seeds=200,
    quick=60,
    unit="share of pulls more",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "In pulls 201 to 300 the optimist takes the best arm more often already.",
    lambda rng: np.subtract(*(run.optimal[:, 40:60].mean() for run in play([optimist, realist], rng))),
    above=0.0,
    seeds=200,
    quick=60,
    unit="share of pulls more",
)

# %% [markdown]
# Regret: who has less, and whose flattens? The last four of the next six cards compare the regret of the last thousand
# of 5,000 pulls with that of the second thousand. Along a straight line the two are equal.


# %% tags=["claim"]
def regret(run):
    """Return the regret at the end, a mean over problems."""
    return run.regret[:, -1].mean()


lesson.claim(
    "UCB with c = 1 has less than half the regret of ε = 0.1 after 1,000 pulls.",
    lambda rng: np.divide(*map(regret, play([UpperConfidenceBound(1.0), EpsilonGreedy(0.1)], rng))),
    below=0.5,
    seeds=200,
    quick=30,
    unit="times as much",
)

# %% tags=["claim"]
lesson.claim(
    "Thompson sampling, too, has less than half the regret of ε = 0.1 after 1,000 pulls.",
    lambda rng: np.divide(*map(regret, play([ThompsonSampling(), EpsilonGreedy(0.1)], rng))),
    below=0.5,
    seeds=200,
    quick=30,
    unit="times as much",
)


# %% tags=["claim"]
def growth(strategy, rng):
    """Return the regret of the last of five parts, as a share of that of the second."""
    at = play([strategy], rng, pulls=5_000)[0].regret[:, 39::40].mean(axis=0)  # after each thousand
    return (at[4] - at[3]) / (at[1] - at[0])


lesson.claim(
    "The regret of ε = 0.1 grows nearly along a straight line: by 0.85 to 1.1 times as much.",
    lambda rng: growth(EpsilonGreedy(0.1), rng),
    between=(0.85, 1.1),
    seeds=100,
    quick=20,
    unit="times as much",
)

# %% tags=["claim"]
lesson.claim(
    "The regret of greedy grows along a straight line, too.",
    lambda rng: growth(EpsilonGreedy(0.0), rng),
    between=(0.85, 1.1),
    seeds=100,
    quick=20,
    unit="times as much",
)

# %% tags=["claim"]
lesson.claim(
    "That of UCB with c = 1 flattens: it grows by less than 0.7 times as much.",
    lambda rng: growth(UpperConfidenceBound(1.0), rng),
    below=0.7,
    seeds=100,
    quick=20,
    unit="times as much",
)

# %% tags=["claim"]
lesson.claim(
    "That of Thompson sampling flattens too: by less than 0.7 times as much.",
    lambda rng: growth(ThompsonSampling(), rng),
    below=0.7,
    seeds=100,
    quick=10,
    unit="times as much",
)

# %% [markdown]
# What the baseline is for: raise all means by 4 (SB figure 2.5). The best arm is the same, and so is every difference.
# Without a baseline every reward now looks good, whichever arm paid it.

# %% tags=["claim"]
lesson.claim(
    "With all means 4 higher and α = 0.1, more of the last 100 of 1,000 pulls take the best arm with a baseline than "
    "without: over 20 more.",
    lambda rng: np.subtract(*map(found, play([GradientBandit(0.1), GradientBandit(0.1, False)], rng, higher=4.0))),
    above=0.2,
    seeds=200,
    quick=30,
    unit="share of pulls more",
)

# %% [markdown]
# ### Every strategy has a knob, and every knob has a middle (SB figure 2.6)
#
# Mean reward of the first 1,000 pulls, for each strategy over its own parameter, on a scale of powers of two.

# %%
sweeps = {
    "ε-greedy: ε": (EpsilonGreedy, range(-7, 0)),
    "greedy, step 0.1: start value": (lambda start: EpsilonGreedy(0.0, start, 0.1), range(-2, 3)),
    "UCB: c": (UpperConfidenceBound, range(-4, 3)),
    "gradient: α": (GradientBandit, range(-5, 3)),
}
lines = []
for name, (make, powers) in sweeps.items():
    swept = play(
        [make(2.0**power) for power in powers], np.random.default_rng(7), problems=lesson.budget(500, quick=50)
    )
    lines.append(Line.of_runs(name, list(powers), np.transpose([run.reward.mean(axis=1) for run in swept])))
lesson.figure("parameter-study", *lines, x="parameter, as a power of 2", y="mean reward of 1,000 pulls")

# %% [markdown]
# For each a value in the middle does better than the ends: too little and too much both cost. Compare two things in the
# figure: how far the four peaks lie apart, and how much the worst value of each knob costs. Before you say that one
# strategy is better than another, ask how well each was set. That question comes back in lesson 12.


# %% tags=["claim"]
def least_gain(rng):
    """Return how much a middle value earns more than the better end of its range: the least of four strategies."""
    settings = [(1 / 128, 1 / 16, 1 / 2), (1 / 4, 1.0, 4.0), (1 / 16, 1 / 2, 4.0), (1 / 32, 1 / 4, 4.0)]
    makes = [make for make, _powers in sweeps.values()]
    runs = play(
        [make(value) for make, three in zip(makes, settings, strict=True) for value in three], rng, problems=100
    )
    low, middle, high = np.reshape([earned(run) for run in runs], (4, 3)).T
    return (middle - np.maximum(low, high)).min()


lesson.claim(
    "For each of the four a middle value earns more than both ends of its range.",
    least_gain,
    above=0.0,
    seeds=20,
    quick=5,
    unit="reward per pull more",
)

# %% [markdown] tags=["instructor"]
# For a strong group: UCB with c = 0 is greedy after one pull of each arm. Why does that help so much? (Plain greedy
# starts at 0 and stays with the first arm that pays more; many good arms are never tried even once.) Another: in the
# bench with 200 pulls each point is a single pull. Why does UCB's reward jump at the eleventh (SB exercise 2.8)?

# %% tags=["claim", "instructor"]
lesson.claim(
    "UCB with c = 0 has less than half of plain greedy's regret after 1,000 pulls.",
    lambda rng: np.divide(*map(regret, play([UpperConfidenceBound(0.0), EpsilonGreedy(0.0)], rng))),
    below=0.5,
    seeds=200,
    quick=60,
    unit="times as much",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "Over 200 pulls ε = 0.1 has less regret than ε = 0.03.",
    lambda rng: np.subtract(*map(regret, play([EpsilonGreedy(0.03), EpsilonGreedy(0.1)], rng, pulls=200))),
    above=0.0,
    seeds=200,
    quick=30,
    unit="regret less",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "Over 5,000 pulls ε = 0.03 has less regret than ε = 0.1.",
    lambda rng: np.subtract(*map(regret, play([EpsilonGreedy(0.1), EpsilonGreedy(0.03)], rng, pulls=5_000))),
    above=0.0,
    seeds=200,
    quick=30,
    unit="regret less",
)

# %% [markdown]
# ## Exit quiz

# %%
lesson.ask("one-pull")

# %%
lesson.ask("more-exploration")

# %%
lesson.ask("ucb-bonus")

# %%
lesson.ask("optimism")

# %%
lesson.ask("what-regret-is")

# %%
lesson.ask("regret-grows")

# %% [markdown]
# ## Graded tasks
#
# These differ from student to student: put your number into `Lesson(..., variant="...")` at the top first, and run that
# cell and these again.

# %%
lesson.graded("regret")

# %%
lesson.graded("ucb-score")

# %%
lesson.graded("decay")


# %% tags=["exercise"]
def epsilon_at(pull):
    """Return ε for a pull, as your task says."""
    ### BEGIN SOLUTION
    return max(0.05, 0.3 / (1 + pull / 40))  # with the numbers of the practice variant
    ### END SOLUTION


lesson.graded("decay", epsilon_at)

# %% [markdown] tags=["instructor"]
# Marking: the answers and the source of each function are in the bundle, with the number of tries. The numbers of
# "decay" come from the variant; the solution above is that of practice. Full marks for
# `max(lowest, first / (1 + pull / half))`.
#
# **Expected answers.** `retroml-edu lesson answers 01-bandits --variant anna-1` prints the graded tasks
# of a variant with the answers that they expect. What a bundle says is right, the student's own notebook has said: run
# the code again where it counts.

# %% [markdown]
# ## Export
#
# One file with your answers, your prediction, your functions and the figures.

# %%
lesson.export()

# %% [markdown]
# ---
#
# **Sources.** R. S. Sutton and A. G. Barto (2018), *Reinforcement Learning: An Introduction*, 2nd edition, chapter 2. ·
# W. R. Thompson (1933), On the likelihood that one unknown probability exceeds another in view of the evidence of two
# samples, *Biometrika* 25(3/4), 285–294. · T. L. Lai and H. Robbins (1985), Asymptotically efficient adaptive
# allocation rules, *Advances in Applied Mathematics* 6(1), 4–22. · P. Auer, N. Cesa-Bianchi and P. Fischer (2002),
# Finite-time analysis of the multiarmed bandit problem, *Machine Learning* 47, 235–256. · O. Chapelle and L. Li (2011),
# An empirical evaluation of Thompson sampling, *Advances in Neural Information Processing Systems* 24, 2249–2257. · D.
# Russo and others (2018), A tutorial on Thompson sampling, *Foundations and Trends in Machine Learning* 11(1), 1–96.
