# %% [markdown]
# # Lesson 3 · Monte Carlo against TD
#
# Two ways to find out what a state is worth, from experience alone: wait for the end and see (Monte Carlo), or learn
# from the very next step (temporal difference, TD). You watch both learn from the same episodes.
#
# **Afterwards you can**
#
# - say what each method moves a value towards, and when;
# - explain why, after the first episode, TD(0) may have moved a single value and Monte Carlo many;
# - write the update of TD(0), the return of every step, and the n-step target between the two;
# - tell bias from variance in a target, and say why something between the two extremes often learns fastest;
# - say what both methods would end at if they saw the same few episodes again and again.
#
# | Minutes | What you do |
# |---:|---|
# | 0 – 6 | Predict: the first episode, and an error curve |
# | 6 – 20 | The same episodes, two learners, step by step |
# | 20 – 35 | Write it: TD(0), returns, n-step target |
# | 35 – 50 | Measure: errors over episodes and over step sizes, n and λ |
# | 50 – 58 | The same episodes again and again: batch methods |
# | 58 – 70 | Exit quiz, graded task, export |
#
# You need lesson 2 (values and returns) and a little probability. Run each cell with **Shift + Enter**, from the first
# on. "S&B" is Sutton and Barto, *Reinforcement Learning: An Introduction*, second edition (2018).

# %%
import numpy as np

from retroml_edu.kit import Lesson, Line, WalkBench, WalkErrors, WalkStudy, tracked
from retroml_edu.tabular import (
    NStepTD,
    TDLambda,
    batch_monte_carlo,
    batch_td,
    errors_from,
    exact_values,
    gather_experience,
    random_walk,
    value_errors,
)

# For graded work: Lesson("03-monte-carlo-td", variant="your student number")
lesson = Lesson("03-monte-carlo-td")

# %% [markdown]
# ## 1 · Predict
#
# The **random walk** (S&B, example 6.2): five states A to E in a row, an end at each side. Every episode begins in the
# middle, in C. Each step goes left or right with equal chance. The reward is 1 for reaching the right end and 0 for
# everything else; there is no discount. Nobody chooses anything here: the question is only what each state is *worth*,
# the mean return from there.
#
# Without a discount, and with 1 for the right end, the value of a state is the chance to leave at the right: 1/6, 2/6,
# 3/6, 4/6 and 5/6. So this is a world in which we know the truth, and can measure how far off a learner is.
#
# A question and a drawing before you try anything. A guess that turns out wrong teaches more than none.

# %%
lesson.ask("first-episode")

# %% [markdown]
# Now many episodes. The **RMS error** is the root of the mean squared distance between learned and true values, over
# the five states. It begins near 0.24. Draw how it goes on for TD(0) with step size 0.1, over 100 episodes.

# %%
lesson.predict(
    "td-error",
    question="RMS error of TD(0), α = 0.1, mean of many runs. Does it fall to 0, and how soon?",
    x_end=100,
    x_unit="episodes",
    y_name="RMS error",
    low=0.0,
    high=0.3,
)

# %% [markdown]
# ## 2 · The same episodes, two learners
#
# Below, one walker, and two learners that watch it. The circles are the states, the ring is the walker. Above each
# state: what it is worth to TD(0) (blue circles), to Monte Carlo (orange squares), and in truth (dotted line). A value
# that has just been updated is lit; the diamond is the target towards which it was moved.
#
# Press **1 ▸** and read what each learner does with the step.

# %%
bench = WalkBench()
bench

# %% [markdown]
# ### Things to try
#
# 1. **One step at a time through the first episode.** TD(0) does something after each step, but nothing moves. Why?
#    And which value moves at the end?
# 2. **To the end of the episode.** Count the updates that Monte Carlo makes, and look at the visits under the states.
#    Where do all its diamonds lie?
# 3. **The second and third episode.** Watch how the news from the ends travels to the middle: with Monte Carlo at once,
#    with TD(0) back by one state whenever the walker steps into a state whose value has moved.
# 4. **Speed 100×.** After some hundred episodes, whose values shake more? Then turn α down to 0.02 (that begins anew)
#    and play as long again.
# 5. **Another method** (both are explained further on). Choose *n-step TD* as the second learner, with n = 3: after
#    which step does it first update a value? With *TD(λ)*: how many values move at the end of the first episode?
# 6. **19 states**, TD(0) against Monte Carlo, α = 0.1: after ten episodes, which values has TD(0) moved at all?

# %% [markdown] tags=["instructor"]
# **Answers to the things to try**
#
# 1. All values are 0.5, so each target inside the walk is 0 + 0.5. The first news is the end: A moves to 0.45, or E to
#    0.55. "TD does not learn before the end" is the usual wrong conclusion: it learns at once, and there was nothing to
#    learn.
# 2. One update a visit (every-visit Monte Carlo with a constant step size); all diamonds lie at the return, 0 or 1.
# 3. With TD(0) a value moves only if the next state's differs: after the first episode one value has moved, in the
#    second its neighbour can, and the neighbour's neighbour where the walker turns back from there.
# 4. Monte Carlo's: each target is 0 or 1, and no value is either. A small step averages over more of them.
# 5. After the third. With λ = 0.8 all states of the episode move at its end, the earlier ones less; before the end
#    none does, as the TD error is 0.
# 6. Those near the ends most: news comes back from an end by one state at a time, and a tenth of it at each.

# %% [markdown]
# ## 3 · What moves, when, and towards what
#
# Both methods do the same thing: they move a value a part of the way towards a **target**,
#
# $$V(S_t) \leftarrow V(S_t) + \alpha\,\bigl[\text{target} - V(S_t)\bigr].$$
#
# They differ in the target.
#
# | | Target | Known after | S&B |
# |---|---|---|---|
# | Monte Carlo | the return $G_t = R_{t+1} + \gamma R_{t+2} + \gamma^2 R_{t+3} + \dots$ | the episode | equation 6.1 |
# | TD(0) | $R_{t+1} + \gamma V(S_{t+1})$ | one step | equation 6.2 |
# | n-step TD | $R_{t+1} + \dots + \gamma^{n-1} R_{t+n} + \gamma^n V(S_{t+n})$ | n steps | equation 7.1 |
#
# (As a method of prediction of its own, TD is due to Sutton, 1988. Samuel's checkers player of 1959 already had the
# idea.)
#
# TD's targets contain $V$, the learner's own current guess. That is called **bootstrapping**. It is not a look at the
# true value, which nobody has. An end is worth 0: nothing follows it.
#
# Two properties of the targets decide what happens.
#
# - **Bias.** The mean of Monte Carlo's target *is* the true value: that is how a value is defined. The mean of TD's
#   target is the true value if $V(S_{t+1})$ is true. While values are wrong, it is in general wrong as well.
# - **Variance.** Monte Carlo's target sums the luck of all steps to the end. TD's has the luck of one step.
#
# How large is that difference? From C, with all values true, TD(0)'s target is 2/6 or 4/6, and Monte Carlo's is 0 or 1.
# Variances, measured over episodes, still with all values true:


# %% tags=["claim"]
def times_the_variance(rng):
    world = random_walk()
    values = exact_values(world)
    episodes = list(gather_experience(world, runs=1, n_episodes=200, rng=rng).episodes(0))
    returns = [episode.rewards.sum() for episode in episodes]
    td_targets = [episode.rewards[0] + values[episode.states[1]] for episode in episodes]
    return np.var(returns) / np.var(td_targets)


lesson.claim(
    "From the middle state, Monte Carlo's target has about nine times the variance of TD(0)'s.",
    times_the_variance,
    between=(8.5, 9.5),
    seeds=200,
    quick=20,
    unit="times",
)

# %% [markdown]
# ## 4 · Write it yourself
#
# ### One update of TD(0)
#
# One step was seen: from `state` to `next_state`, with `reward`. If it ended the episode, `ended` is true. Return the
# new value of `state`.


# %% tags=["exercise"]
def td_update(values, state, reward, next_state, ended, alpha, gamma):
    """Return the new value of a state after one step."""
    ### BEGIN SOLUTION
    target = reward if ended else reward + gamma * values[next_state]
    return values[state] + alpha * (target - values[state])
    ### END SOLUTION


lesson.check(td_update)

# %% [markdown]
# By hand, for the first episode of the prediction above:

# %%
lesson.ask("value-of-a")

# %% [markdown]
# ### All returns of an episode
#
# `rewards[0]` came after the first step. Return a list with the return of every step. Going backwards needs a single
# loop, since $G_t = R_{t+1} + \gamma G_{t+1}$ (S&B, equation 3.9).


# %% tags=["exercise"]
def returns(rewards, gamma):
    """Return the discounted return from each step on, as a list."""
    ### BEGIN SOLUTION
    total, found = 0.0, []
    for reward in reversed(rewards):
        total = reward + gamma * total
        found.insert(0, total)
    return found
    ### END SOLUTION


lesson.check(returns)

# %% [markdown]
# ### Between the two: the n-step target
#
# `values[k]` is the value of the state in which step `k` began, and `rewards[k]` the reward of that step. Return the
# target of step `t` that looks `n` rewards ahead, and bootstraps from there. If the episode ends before, it is the
# return.


# %% tags=["exercise"]
def n_step_target(rewards, values, t, n, gamma):
    """Return what n-step TD moves the value of step t towards."""
    ### BEGIN SOLUTION
    end = min(t + n, len(rewards))
    target = sum(gamma ** (k - t) * rewards[k] for k in range(t, end))
    if t + n < len(rewards):
        target += gamma**n * values[t + n]
    return target
    ### END SOLUTION


lesson.check(n_step_target)

# %% [markdown]
# Your `td_update` is all that TD(0) needs. Here it learns from 100 episodes, beside the package's compiled TD(0); the
# difference should be 0, but for the last digits.

# %%
world = random_walk()
experience = gather_experience(world, runs=1, n_episodes=100, rng=np.random.default_rng(7))


def my_td(values, episode):
    """Learn from an episode, step by step."""
    last = len(episode.rewards) - 1
    for k, reward in enumerate(episode.rewards):
        state, following = episode.states[k], episode.states[k + 1]
        values[state] = td_update(values, state, reward, following, k == last, 0.1, 1.0)


mine, theirs = errors_from(experience, [my_td, NStepTD(0.1)], start=0.5)
print("error after 100 episodes:", mine[0, -1].round(4))
print("largest difference:", np.abs(mine - theirs).max())

# %% [markdown]
# ## 5 · Measure
#
# ### Over episodes
#
# One run is luck. The curve below is the mean of 300 runs with its 95 % interval (shaded, often too narrow to see).
# **Pin** a curve, then turn something and compare.

# %%
WalkErrors()

# %% [markdown]
# ### Things to try
#
# 1. TD(0): drag α from 0.01 to 0.5. What do you gain early, and what do you pay late? Find the α with the smallest
#    mean error, pin it.
# 2. Monte Carlo: find its best α. Is it larger or smaller than TD(0)'s? Can it get below the pinned curve?
# 3. TD(λ): λ = 0 is TD(0). Which method does it approach as λ goes to 1?
# 4. With **19 states**: pin TD(0) with α = 0.8, then try n = 4 with α = 0.4.

# %% [markdown] tags=["instructor"]
# **Answers**
#
# 1. A larger α is quicker and then stays at a higher level, because the values go on following the noise of the
#    targets; near 0.1 is best on average over 100 episodes.
# 2. Smaller, near 0.025; its mean error is then almost twice TD(0)'s best (the cards that follow).
# 3. Monte Carlo; exactly so only if the updates are made at the end of the episode (S&B, section 12.1).
# 4. n = 4 falls faster in the first ten episodes: see the cards on the 19-state walk.

# %% [markdown]
# Your prediction, and what came:

# %%
rng = np.random.default_rng(1)
curve = value_errors([NStepTD(0.1)], world, runs=500, n_episodes=100, start=0.5, rng=rng)[0]
lesson.compare("td-error", np.arange(1, 101), curve.mean(axis=0))

# %% [markdown]
# It does not fall to 0. With a constant step size the values keep following the luck of the newest episodes, and
# settle at a level that grows with the step size:


# %% tags=["claim"]
def price_of_a_large_step(rng):
    large, small = value_errors(
        [NStepTD(0.15), NStepTD(0.05)], random_walk(), runs=1, n_episodes=300, start=0.5, rng=rng
    )[:, 0, 200:].mean(axis=1)
    return large - small


lesson.claim(
    "After 200 episodes TD(0)'s error is larger with α = 0.15 than with α = 0.05.",
    price_of_a_large_step,
    above=0.02,
    seeds=300,
    quick=30,
    unit="RMS error",
)

# %% [markdown]
# Monte Carlo's targets are noisier, so with the same step size its values follow more luck:


# %% tags=["claim"]
def price_of_noisy_targets(rng):
    td, monte_carlo = value_errors(
        [NStepTD(0.1), NStepTD(0.1, n=None)],
        random_walk(),
        runs=1,
        n_episodes=300,
        start=0.5,
        rng=rng,
    )[:, 0, 200:].mean(axis=1)
    return monte_carlo - td


lesson.claim(
    "With α = 0.1 for both, Monte Carlo's error after 200 episodes is larger than TD(0)'s.",
    price_of_noisy_targets,
    above=0.02,
    seeds=300,
    quick=30,
    unit="RMS error",
)

# %% [markdown]
# So which method is better? A fair comparison gives each its own best step size. Here are 15 step sizes for each, on
# the same 300 runs:

# %%
small = [0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06]
steps = np.array([*small, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3])
tried = value_errors(
    [NStepTD(float(alpha), n) for n in (1, None) for alpha in steps],
    world,
    runs=300,
    n_episodes=100,
    start=0.5,
    rng=np.random.default_rng(2),
).mean(axis=2)
td_step, mc_step = steps[tried[:15].mean(axis=1).argmin()], steps[tried[15:].mean(axis=1).argmin()]
print(f"best step sizes: TD(0) {td_step}, Monte Carlo {mc_step}")
lesson.figure(
    "step-sizes",
    Line.of_runs("TD(0)", steps, tried[:15].T),
    Line.of_runs("Monte Carlo", steps, tried[15:].T),
    x="step size",
    y="RMS error over 100 episodes",
)

# %% [markdown]
# *On new episodes*, Monte Carlo gets every advantage: in each run it may take whichever of the 15 step sizes turns out
# to be the best in that very run. TD(0) has to do with 0.1.


# %% tags=["claim"]
def mean_errors(learners, rng):
    """Return the mean error of each over 100 episodes of one run on the 5-state walk."""
    found = value_errors(learners, random_walk(), runs=1, n_episodes=100, start=0.5, rng=rng)
    return found.mean(axis=(1, 2))


def lead_of_td(rng):
    others = [NStepTD(float(alpha), None) for alpha in steps]
    td, *monte_carlo = mean_errors([NStepTD(0.1), *others], rng)
    return min(monte_carlo) - td


lesson.claim(
    "On the 5-state walk TD(0) with α = 0.1 errs less over 100 episodes than Monte Carlo with "
    "whichever of 15 step sizes is its best in that run.",
    lead_of_td,
    above=0.04,
    seeds=500,
    quick=50,
    unit="RMS error",
)


# %% tags=["claim"]
def each_with_the_other_s_step(rng):
    td, td_small, monte_carlo, mc_large = mean_errors(
        [NStepTD(0.1), NStepTD(0.025), NStepTD(0.025, None), NStepTD(0.1, None)], rng
    )
    return min(td_small - td, mc_large - monte_carlo)


lesson.claim(
    "TD(0) errs less with α = 0.1 than with 0.025, and Monte Carlo less with 0.025 than with 0.1.",
    each_with_the_other_s_step,
    above=0.01,
    seeds=300,
    quick=50,
    unit="RMS error",
)


# %% tags=["claim", "instructor"]
def times_the_error(rng):
    td, monte_carlo = mean_errors([NStepTD(0.1), NStepTD(0.025, None)], rng)
    return monte_carlo / td


lesson.claim(
    "With these two step sizes Monte Carlo's error is 1.6 to 2 times TD(0)'s.",
    times_the_error,
    between=(1.6, 2.0),
    seeds=300,
    quick=50,
    unit="times",
)

# %% [markdown]
# That is what S&B found on this task (example 6.2), and it is one task: nobody has proved that TD is faster in general
# (S&B, section 6.2).
#
# ### Over step sizes: n and λ
#
# TD(0) and Monte Carlo are the two ends of a scale. The chart shows the error over the **first ten** episodes of the
# 19-state walk (−1 at the left end, 1 at the right), for many step sizes, a line for each n (as figure 7.2 of S&B).
# Then choose λ (as figure 12.6).

# %%
WalkStudy()

# %% [markdown]
# ### Things to try
#
# 1. Which n has the lowest point, and with which α? Where do n = 1 and Monte Carlo lie?
# 2. How does the best α change as n grows? What does that say about the targets?
# 3. Choose λ. Does the best λ do better than the best n?
# 4. Set *First episodes* to 1, then to 50. Does the same n stay best?
# 5. Choose the 5-state walk. Is an n in the middle still best by far?

# %% [markdown] tags=["instructor"]
# **Answers**
#
# 1. n = 4 with α near 0.4; n = 1 and Monte Carlo lie higher at every step size of theirs.
# 2. It falls: the longer the target, the noisier, and the smaller the step has to be.
# 3. About the same, with λ = 0.8.
# 4. No: over the first episode alone n = 8 does better than 4. The more episodes, the smaller the best α.
# 5. No: there TD(0) does better over ten episodes, as the card on the short walk shows. It is short, so news has not
#    far to travel. The best n depends on the task.


# %% [markdown]
# Again the two ends may take, in each run, whichever step size is the best there; the middle has to do with one.


# %% tags=["claim"]
def first_errors(learners, rng, n_episodes=10):
    """Return the mean error of each over the first episodes of one run on the 19-state walk."""
    walk = random_walk(19, left=-1.0)
    found = value_errors(learners, walk, runs=1, n_episodes=n_episodes, start=0.0, rng=rng)
    return found.mean(axis=(1, 2))


tries = [0.02, 0.04, 0.06, 0.08, 0.1, 0.14, 0.18, 0.24, 0.32, 0.38, 0.5, 0.6, 0.7, 0.82, 0.9, 1.0]


def lead_of_the_middle(rng):
    ends = [NStepTD(alpha, n) for n in (1, None) for alpha in tries]
    middle, *others = first_errors([NStepTD(0.38, n=4), *ends], rng)
    return min(others) - middle


lesson.claim(
    "On the 19-state walk 4-step TD with α = 0.38 errs less over the first 10 episodes than TD(0) "
    "and Monte Carlo with whichever of 16 step sizes is the best in that run.",
    lead_of_the_middle,
    above=0.03,
    seeds=500,
    quick=50,
    unit="RMS error",
)


# %% tags=["claim"]
def lead_of_lambda(rng):
    ends = [TDLambda(alpha, lam) for lam in (0.0, 1.0) for alpha in tries]
    middle, *others = first_errors([TDLambda(0.32, 0.8), *ends], rng)
    return min(others) - middle


lesson.claim(
    "The same for TD(λ): λ = 0.8 with α = 0.32 errs less than λ = 0 and λ = 1, each with its best "
    "step size in that run.",
    lead_of_lambda,
    above=0.03,
    seeds=500,
    quick=50,
    unit="RMS error",
)


# %% tags=["claim", "instructor"]
def smaller_for_longer(rng):
    one, one_small, four, four_large = first_errors(
        [NStepTD(0.82, 1), NStepTD(0.38, 1), NStepTD(0.38, 4), NStepTD(0.82, 4)], rng
    )
    return min(one_small - one, four_large - four)


lesson.claim(
    "There TD(0) errs less with α = 0.82 than with 0.38, and 4-step TD with 0.38 than with 0.82.",
    smaller_for_longer,
    above=0.03,
    seeds=500,
    quick=50,
    unit="RMS error",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "λ = 0.8 with α = 0.32 and n = 4 with α = 0.38 differ by less than 0.01.",
    lambda rng: np.subtract(*first_errors([TDLambda(0.32, 0.8), NStepTD(0.38, 4)], rng)),
    between=(-0.01, 0.01),
    seeds=500,
    quick=50,
    unit="RMS error",
)


# %% tags=["claim", "instructor"]
def lead_of_eight(rng):
    others = [NStepTD(alpha, 4) for alpha in tries]
    eight, *fours = first_errors([NStepTD(0.6, 8), *others], rng, n_episodes=1)
    return min(fours) - eight


lesson.claim(
    "Over the first episode 8-step TD with α = 0.6 errs less than 4-step TD at its best step size.",
    lead_of_eight,
    above=0.0,
    seeds=500,
    quick=100,
    unit="RMS error",
)


# %% tags=["claim", "instructor"]
def smaller_for_more_episodes(rng):
    large, small = first_errors([NStepTD(0.38, 4), NStepTD(0.14, 4)], rng, n_episodes=50)
    return large - small


lesson.claim(
    "Over 50 episodes 4-step TD errs less with α = 0.14 than with 0.38.",
    smaller_for_more_episodes,
    above=0.0,
    seeds=500,
    quick=50,
    unit="RMS error",
)

# %% [markdown]
# Which n is best depends on the task. On the short walk news has not far to travel, and there is little to gain:


# %% tags=["claim"]
def lead_of_td_on_the_short_walk(rng):
    learners = [NStepTD(0.35, n=1), *(NStepTD(alpha, n=4) for alpha in tries)]
    found = value_errors(learners, random_walk(), runs=1, n_episodes=10, start=0.5, rng=rng)
    one, *fours = found.mean(axis=(1, 2))
    return min(fours) - one


lesson.claim(
    "On the 5-state walk TD(0) with α = 0.35 errs less over the first 10 episodes than 4-step TD "
    "with whichever of 16 step sizes is the best in that run.",
    lead_of_td_on_the_short_walk,
    above=0.02,
    seeds=500,
    quick=100,
    unit="RMS error",
)

# %% [markdown]
# ### TD(λ) in a paragraph
#
# n-step TD has to wait for n rewards. TD(λ) does not. It keeps a **trace** $z_t(s)$ for each state: at every step all
# traces are multiplied by γλ, a number from 0 to 1, and that of the visited state grows by 1. Then one **TD error**
# $\delta_t$ moves all values, each in proportion to its trace (S&B, section 12.2):
#
# $$\delta_t = R_{t+1} + \gamma V(S_{t+1}) - V(S_t), \qquad V(s) \leftarrow V(s) + \alpha\, \delta_t\, z_t(s).$$
#
# With λ = 0 only the newest state has a trace: that is TD(0). Choose TD(λ) in the first widget again and watch which
# values move at an end, and how far.

# %%
lesson.ask("order-of-targets")

# %% [markdown]
# ## 6 · The same few episodes, again and again
#
# Suppose you have only a few episodes. Both methods can go through them again and again, with a small step size, until
# nothing changes any more. They end at different answers. First by hand, with S&B's example 6.4:

# %%
lesson.ask("predictor")

# %% [markdown]
# **Batch Monte Carlo** ends at the mean of the returns that were seen: no other values have a smaller mean squared
# error on the *seen* returns. **Batch TD(0)** ends at the values of the Markov process that fits the seen steps best:
# from each state it goes on as often to each next one as was seen, with the mean reward that was seen. That is the
# **certainty-equivalence** estimate (S&B, section 6.3). If the world is a Markov process, the second uses the data
# better, since each visit of B tells something about A too.
#
# On the walk (S&B, figure 6.2):

# %%
on = ~world.terminal


def batch_errors(rng):
    """Return the errors of batch TD(0) and batch Monte Carlo after each episode of one run."""
    episodes = list(gather_experience(world, runs=1, n_episodes=100, rng=rng).episodes(0))
    found = [method(episodes, len(on), start=0.5) for method in (batch_td, batch_monte_carlo)]
    exact = exact_values(world)[on]
    return [np.sqrt(((values[:, on] - exact) ** 2).mean(axis=1)) for values in found]


rngs = np.random.default_rng(3).spawn(lesson.budget(200, quick=20))
runs = np.array([batch_errors(rng) for rng in tracked(rngs)])
lesson.figure(
    "batch",
    Line.of_runs("batch TD(0)", np.arange(1, 101), runs[:, 0]),
    Line.of_runs("batch Monte Carlo", np.arange(1, 101), runs[:, 1]),
    x="episodes",
    y="RMS error",
)


# %% tags=["claim"]
def lead_of_batch_td(rng):
    td, monte_carlo = batch_errors(rng)
    return monte_carlo.mean() - td.mean()


lesson.claim(
    "On the 5-state walk batch TD(0) errs less than batch Monte Carlo, over 1 to 100 episodes.",
    lead_of_batch_td,
    above=0.01,
    seeds=300,
    quick=60,
    unit="RMS error",
)

# %% [markdown]
# ## 7 · Exit quiz

# %%
lesson.ask("needs-the-end")

# %%
lesson.ask("bias")

# %%
lesson.ask("bootstrapping")

# %%
lesson.ask("step-size")

# %%
lesson.ask("why-the-middle")

# %% [markdown]
# ## 8 · Graded tasks
#
# These two are your own: their numbers come from the variant that you wrote in the first cell.

# %%
lesson.graded("td-chain")

# %%
lesson.graded("batch-predictor")

# %% [markdown]
# ## 9 · Hand in
#
# The bundle holds your answers, predictions, functions and figures.

# %%
lesson.export()

# %% [markdown]
# ### Sources
#
# - R. S. Sutton and A. G. Barto (2018), *Reinforcement Learning: An Introduction*, 2nd edition, MIT Press: section 5.1
#   (Monte Carlo prediction), 6.1 to 6.3 (TD(0), its advantages, batch updating; examples 6.2 and 6.4, figure 6.2),
#   7.1 (n-step TD, figure 7.2), 12.1 and 12.2 (λ-return and TD(λ), figure 12.6).
# - A. L. Samuel (1959), Some studies in machine learning using the game of checkers, *IBM Journal of Research and
#   Development* 3, 210–229.
# - R. S. Sutton (1988), Learning to predict by the methods of temporal differences, *Machine Learning* 3, 9–44.

# %% [markdown] tags=["instructor"]
# ### For instructors
#
# **Timing.** 70 minutes with the graded tasks; 50 without section 6 and the graded tasks. Section 2 deserves its time:
# have somebody say aloud what each learner does with a step.
#
# **Common misconceptions.**
#
# - *"TD learned nothing in the first episode until the end."* Its targets equalled its values. Begin with other values
#   and it moves at once.
# - *"Bootstrapping looks at the true value."* It looks at the learner's own estimate, right or wrong: in the first
#   episode TD(0)'s targets are 0.5 everywhere inside the walk.
# - *"TD is biased, so it ends up wrong."* The bias goes as the values get better. What remains with a constant step
#   size is noise, and Monte Carlo has more of it.
# - *"TD beats Monte Carlo."* On this walk, in this measure. Where states are no Markov states, Monte Carlo has the
#   advantage that it does not rely on them.
# - *"λ = 1 is Monte Carlo."* With updates at every step it is close to it; the two are the same where updates are made
#   at the end of the episode.
#
# **Marking.** The exercises mark themselves; look at the free text (*why-the-middle*) for both halves: variance at the
# large end, slow and biased news at the small one. Graded tasks: answers are kept without a judgement; tolerance
# 0.0015. The Monte Carlo of this lesson is every-visit with a constant step size, as S&B's equation 6.1.
#
# **Expected answers.** `retroml-edu lesson answers 03-monte-carlo-td --variant anna-1` prints the graded tasks
# of a variant with the answers that they expect. What a bundle says is right, the student's own notebook has said: run
# the code again where it counts.
