# %% [markdown]
# # Lesson 4 · SARSA against Q-learning
#
# Two agents walk along a cliff. One term of their update differs, and one of them keeps falling.
#
# **Afterwards you can**
#
# - write the updates of SARSA, Q-learning and expected SARSA, and name the one term in which they differ;
# - say what on-policy and off-policy mean, and what follows for an agent that explores while it learns;
# - explain why the better greedy policy can earn less, and what happens when exploring is turned off;
# - show where the maximum of uncertain estimates leads astray, and what double Q-learning does about it.
#
# | Minutes | What you do |
# |---:|---|
# | 0 – 7 | Predict |
# | 7 – 22 | Watch both learn, and turn ε, α and the world |
# | 22 – 32 | Explain: one term, and what it is worth |
# | 32 – 47 | Write the three updates, and let them learn |
# | 47 – 60 | Measure: returns, step sizes, too much hope |
# | 60 – 70 | Exit quiz, graded task, export |
#
# You need lessons 2 and 3: action values, discount, TD error, ε-greedy. Run each cell with **Shift + Enter**.

# %%
from dataclasses import replace

import numpy as np

from retroml_edu.kit import Lesson, Line, SideBySide
from retroml_edu.tabular import (
    TabularLearner,
    cliff,
    greedy_policy,
    learning_curves,
    maximization_bias,
)

# For graded work: Lesson("04-sarsa-q-learning", variant="your student number")
lesson = Lesson("04-sarsa-q-learning")

# %% [markdown]
# ## 1 · Predict
#
# The world is the cliff of Sutton and Barto (2018), example 6.6: 4 rows, 12 columns. The agent starts at the lower
# left; the goal is at the lower right. Each step costs 1. Between start and goal lies the cliff: who steps onto it pays
# 100 and is set back to the start, and the episode goes on. The shortest way, along the edge, has 13 steps.
#
# Both agents are **ε-greedy**: in one step of ten (ε = 0.1) they take any of the four actions, else their best.

# %%
lesson.ask("who-earns-more")

# %%
lesson.predict(
    "q-learning-curve",
    question="Q-learning's return per episode, mean of many runs, over 500 episodes with ε = 0.1: "
    "draw the curve that you expect. The shortest way without a fall would be −13.",
    x_end=500,
    x_unit="episodes",
    y_name="mean return",
    low=-150,
    high=0,
)

# %% [markdown]
# ## 2 · Watch both learn
#
# Both have the same world, the same seed and the same settings. The line with arrows is the newest way of each; a cross
# marks a fall. The **dotted** line is the way that it would go without exploring: its greedy way. Each field has four
# triangles, one for each direction: the stronger the orange, the lower the value. Move the mouse over a field to read
# what it holds.

# %%
bench = SideBySide("SARSA", "Q-learning", alpha=0.5, epsilon=0.1)
bench

# %% [markdown]
# **Things to try**
#
# 1. **Step by step.** Set *Play by* to *step* and press **1 ▸** a few times, then Play. Which triangle changes, and
#    when? What changes when it falls?
# 2. **Episodes.** Set *Play by* to *episode*, speed 5×, and play to about episode 300. Where does each walk? Who falls
#    more often? Read the lines above each board.
# 3. **ε to 0.** First answer the question below. Then drag ε to 0 while they play, and look at both ways and at the
#    chart for a hundred episodes.
# 4. **ε to 0.3.** And back up. Which of the two changes its way, and why?
# 5. **Smaller steps.** Press **|◂**, set ε = 0.1 and α = 0.1, and play 1,000 episodes. How many rows does SARSA keep
#    from the edge now?
# 6. **Another learner.** Under the chart, set *Left* to *expected SARSA*. What is different about its curve?

# %%
lesson.ask("epsilon-zero")

# %% [markdown]
# And one more, before you move *Slip* under the chart to 0.1 (α = 0.1 shows it best, 1,000 episodes or more):

# %%
lesson.ask("slip-too")

# %% [markdown]
# ## 3 · Explain: one term
#
# All of them move the value of what was just done towards a **target**:
#
# $$Q(S, A) \leftarrow Q(S, A) + \alpha\,[\,\text{target} - Q(S, A)\,]$$
#
# | | Target | In code |
# |---|---|---|
# | **SARSA** (eq. 6.7) | $R + \gamma\, Q(S', A')$ | `r + gamma * q[s2, a2]` |
# | **Q-learning** (eq. 6.8) | $R + \gamma \max_a Q(S', a)$ | `r + gamma * q[s2].max()` |
# | **Expected SARSA** (eq. 6.9) | $R + \gamma \sum_a \pi(a \mid S')\, Q(S', a)$ | `r + gamma * (pi[s2] @ q[s2])` |
#
# $A'$ is the action that the agent will take next. In SARSA's target it is there with all its faults: if one next
# action of forty leads over the edge, one target of forty says so. SARSA is **on-policy**: it learns what the policy is
# worth that it follows. Q-learning puts the best action there, whether it is taken or not. It is **off-policy**: it
# learns what the greedy policy is worth and follows another one.
#
# (Equations are those of Sutton and Barto 2018, sections 6.4 to 6.6. SARSA is from Rummery and Niranjan 1994, under
# another name; Q-learning from Watkins 1989, with a proof that it converges in Watkins and Dayan 1992; expected SARSA
# was analysed by van Seijen et al. 2009.)

# %%
lesson.ask("which-action")

# %% [markdown]
# ### Is the edge worth it?
#
# We need not guess. The world is small and known, so the return of any policy can be computed (lesson 2). Take three
# ways: along the edge (13 steps), one row above it (15 steps), two rows above it (17 steps). What does each earn on
# average if its walker explores with ε?

# %%
world = cliff()
mdp, start = world.mdp(), world.outcomes().start
UP, RIGHT, DOWN = 0, 1, 2


def way_along(row):
    """Return the policy that goes to a row, follows it to the right, and then down to the goal."""
    policy = np.zeros((mdp.n_states, 4))
    for state, (here, column) in enumerate(world.fields):
        action = DOWN if column == 11 else RIGHT if here == row else UP if here > row else DOWN
        policy[state, action] = 1.0
    return policy


def return_along(row, epsilon):
    """Return what a walker earns on average along a row, if it explores with epsilon."""
    policy = (1 - epsilon) * way_along(row) + epsilon / 4
    return mdp.values_of(policy, gamma=1.0)[start]


epsilons = np.linspace(0, 0.25, 51)
names = {"along the edge": 2, "one row above": 1, "two rows above": 0}
earned = {name: [return_along(row, e) for e in epsilons] for name, row in names.items()}
lesson.figure(
    "three-ways",
    *(Line(name, epsilons, returns) for name, returns in earned.items()),
    x="ε",
    y="expected return, shown down to −60",
    y_range=(-60, -10),
)

# %%
{
    name: {e: round(float(np.interp(e, epsilons, returns)), 1) for e in (0.0, 0.1, 0.2)}
    for name, returns in earned.items()
}

# %% [markdown]
# Without exploring the edge is best. With ε = 0.1 it earns −51.8, the way one row above it −21.1, and two rows above it
# −22.3. With ε = 0.2 two rows are better than one. **No way is the best by itself: it depends on how the walker
# explores.** SARSA and expected SARSA look for the best way of a walker who explores, Q-learning for that of one who
# does not.
#
# And on your boards? With α = 0.5 SARSA went two rows above the edge, 17 steps, though with ε = 0.1 one row is better
# by 1.2. That is the step size: each update moves a value half of the way to a target in which $A'$ is drawn by chance,
# so a single fall pulls the values near the edge far down. A difference of 1.2 is lost in such noise. With α = 0.1
# SARSA goes one row above the edge in most runs. Expected SARSA, whose target has no draw in it, does so with α = 0.5.
#
# The figure also says for which ε the edge is worth it: only below 0.01. Then why does SARSA stay where it is when you
# turn ε to 0? Because it has stopped looking. A greedy agent tries nothing else, and what is not tried is not
# corrected. SARSA converges to the best policy if its step sizes fall as they should and ε goes to 0 **slowly**, so
# that every action is still taken again and again on the way (Sutton and Barto 2018, section 6.4).

# %% tags=["claim"]
ALPHA, EPSILON = 0.5, 0.1


def learner(method, rng, world=world, alpha=ALPHA, episodes=500):
    """Return an agent that has learned on the cliff."""
    agent = TabularLearner(world.outcomes(), method, alpha=alpha, epsilon=EPSILON, rng=rng)
    agent.play(episodes)
    return agent


def rows_on_the_way(agent, world=world):
    """Return the rows of a greedy way in columns 2 to 9; None if it never reaches the goal."""
    board, best = world.outcomes(), greedy_policy(agent.action_values).argmax(axis=1)
    state, rows = start, set()
    for _ in world.fields:  # a way of more steps comes back to where it was
        if board.terminal[state]:
            return rows
        row, column = world.fields[state]
        if 2 <= column <= 9:
            rows.add(row)
        state = board.following[state, best[state], 0]
    return None


def keeps_off_the_edge(agent, world=world):
    """Return whether an agent's greedy way reaches the goal without a step along the edge."""
    rows = rows_on_the_way(agent, world)
    return rows is not None and 2 not in rows


lesson.claim(
    "After 500 episodes the greedy way of Q-learning runs along the edge.",
    lambda rng: rows_on_the_way(learner("Q-learning", rng)) == {2},
    above=0.95,
    seeds=200,
    unit="of the runs",
)

# %% tags=["claim"]
lesson.claim(
    "After 500 episodes the greedy way of SARSA comes to the goal and keeps off the edge, mostly.",
    lambda rng: keeps_off_the_edge(learner("SARSA", rng)),
    above=0.7,
    seeds=200,
    unit="of the runs",
)

# %% [markdown]
# And in the other runs? Hardly one takes the edge. But about one greedy way in six never reaches the goal: it walks to
# and fro, or against a wall, until exploring leads it on. That is the noise of α = 0.5 again.

# %% tags=["claim"]
lesson.claim(
    "After 500 episodes with α = 0.5 about every sixth greedy way of SARSA never reaches the goal.",
    lambda rng: rows_on_the_way(learner("SARSA", rng)) is None,
    between=(0.1, 0.25),
    seeds=200,
    unit="of the runs",
)

# %% tags=["claim"]
lesson.claim(
    "With α = 0.1 most greedy ways of SARSA go one row above the edge after 1,000 episodes.",
    lambda rng: rows_on_the_way(learner("SARSA", rng, alpha=0.1, episodes=1_000)) == {1},
    above=0.6,
    seeds=200,
    unit="of the runs",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "With α = 0.5 the greedy way of SARSA is hardly ever one row above the edge (500 episodes).",
    lambda rng: rows_on_the_way(learner("SARSA", rng)) == {1},
    below=0.1,
    seeds=200,
    unit="of the runs",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "After 500 episodes with α = 0.5 the greedy way of expected SARSA runs one row above the edge.",
    lambda rng: rows_on_the_way(learner("expected SARSA", rng)) == {1},
    above=0.9,
    seeds=200,
    unit="of the runs",
)


# %% tags=["claim"]
def returns_without_exploring(method, rng):
    agent = learner(method, rng)
    agent.epsilon = 0.0
    return agent.play(100)[-20:].mean()


lesson.claim(
    "With ε turned to 0 after 500 episodes, Q-learning earns −13 per episode: the shortest way.",
    lambda rng: returns_without_exploring("Q-learning", rng),
    between=(-13.1, -12.9),
    seeds=200,
    unit="return",
)

# %% tags=["claim"]
lesson.claim(
    "With ε turned to 0 after 500 episodes, SARSA stays on its longer way: it earns 3 to 5 less.",
    lambda rng: -13 - returns_without_exploring("SARSA", rng),
    between=(3, 5),
    seeds=200,
    unit="return",
)


# %% tags=["claim", "instructor"]
def finds_the_edge_after_all(rng):
    """Return whether SARSA goes along the edge after 2,000 episodes with ε falling to 0."""
    agent = learner("SARSA", rng)
    for epsilon in np.linspace(0.1, 0.0, 200):
        agent.epsilon = float(epsilon)
        agent.play(10)
    return rows_on_the_way(agent) == {2}


lesson.claim(
    "Where ε falls evenly from 0.1 to 0 over 2,000 more episodes, SARSA seldom ends at the edge.",
    finds_the_edge_after_all,
    below=0.05,
    seeds=200,
    unit="of the runs",
)


# %% tags=["claim"]
slippery = replace(world, slip=0.1)


def on_slippery_ground(rng):
    """Return Q-learning after 1,000 episodes where one move in ten slips."""
    return learner("Q-learning", rng, slippery, alpha=0.1, episodes=1_000)


lesson.claim(
    "Where moves slip (0.1), Q-learning comes to the goal and keeps off the edge too, mostly.",
    lambda rng: keeps_off_the_edge(on_slippery_ground(rng), slippery),
    above=0.8,
    seeds=200,
    unit="of the runs",
)

# %% [markdown]
# In the other runs, about one in ten, it stands at the start and goes left, against the wall, until a slip lifts it up.
# Going up can slip too, into the cliff: with α = 0.1 a few such falls make *up* look worse than it is.

# %% tags=["claim"]
lesson.claim(
    "There about every tenth greedy way never reaches the goal, unless a move slips.",
    lambda rng: rows_on_the_way(on_slippery_ground(rng), slippery) is None,
    between=(0.03, 0.2),
    seeds=200,
    unit="of the runs",
)

# %% [markdown]
# ## 4 · Write the three updates
#
# A step of experience holds what SARSA is named after, and whether the episode has ended with it:
# `state, action, reward, next_state, next_action, done`. Both updates get the same step. Return the **new value** of
# `q[state, action]`; leave `q` as it is. Where `done` is true nothing follows: `next_state` and `next_action` mean
# nothing then.

# %%
lesson.ask("sarsa-loop")


# %% tags=["exercise"]
def sarsa_update(q, step, alpha, gamma):
    """Return the new value of q[state, action] after SARSA's update; q: (states, actions)."""
    state, action, reward, next_state, next_action, done = step
    ### BEGIN SOLUTION
    target = reward if done else reward + gamma * q[next_state, next_action]
    return q[state, action] + alpha * (target - q[state, action])
    ### END SOLUTION


lesson.check(sarsa_update)


# %% tags=["exercise"]
def q_learning_update(q, step, alpha, gamma):
    """Return the new value of q[state, action] after Q-learning's update."""
    state, action, reward, next_state, _next_action, done = step
    ### BEGIN SOLUTION
    target = reward if done else reward + gamma * q[next_state].max()
    return q[state, action] + alpha * (target - q[state, action])
    ### END SOLUTION


lesson.check(q_learning_update)

# %% [markdown]
# For expected SARSA write the target alone. The agent is ε-greedy, and draws among **all** actions when it explores:
# with n actions, each has the probability ε/n, and the best one has 1 − ε more.


# %% tags=["exercise"]
def expected_sarsa_target(q, step, gamma, epsilon):
    """Return the target of expected SARSA for an agent that is ε-greedy."""
    _state, _action, reward, next_state, _next_action, done = step
    ### BEGIN SOLUTION
    if done:
        return reward
    chances = np.full(q.shape[1], epsilon / q.shape[1])
    chances[q[next_state].argmax()] += 1 - epsilon
    return reward + gamma * (chances @ q[next_state])
    ### END SOLUTION


lesson.check(expected_sarsa_target)

# %% [markdown]
# ### Your updates at work
#
# This is the whole agent. Read it: the update is the only part that differs between the two, and it is yours.


# %%
def play(update, episodes, rng):
    """Learn on the cliff from nothing, and return the return of each episode."""
    board = world.outcomes()
    q, returns = np.zeros((48, 4)), []

    def choose(state):
        if rng.random() < EPSILON:
            return rng.integers(4)
        return (q[state] + 1e-9 * rng.random(4)).argmax()  # among equals any of them

    for _ in range(episodes):
        state, action, total, done = board.start, choose(board.start), 0.0, False
        while not done:
            next_state, reward = board.following[state, action, 0], board.reward[state, action, 0]
            done, next_action = board.terminal[next_state], choose(next_state)
            step = (state, action, reward, next_state, next_action, done)
            q[state, action] = update(q, step, ALPHA, 1.0)
            state, action, total = next_state, next_action, total + reward
        returns.append(total)
    return np.array(returns)


RUNS = lesson.budget(4, quick=2)


def by_tens_of(update):
    """Return the mean returns of each ten episodes, of some runs."""
    runs = [play(update, 150, np.random.default_rng(run)) for run in range(RUNS)]
    return np.reshape(runs, (RUNS, 15, 10)).mean(axis=2)


tens = np.arange(5, 150, 10)  # ten episodes are one point
lesson.figure(
    "your-updates",
    Line.of_runs("your SARSA", tens, by_tens_of(sarsa_update)),
    Line.of_runs("your Q-learning", tens, by_tens_of(q_learning_update)),
    x="episode",
    y="return",
)

# %% [markdown]
# ## 5 · Measure
#
# ### Returns while they learn
#
# `learning_curves` does the same as your loop, compiled. Now many runs, with intervals. Each point is the mean of ten
# episodes.

# %%
METHODS = ("SARSA", "Q-learning", "expected SARSA", "double Q-learning")
RUNS = lesson.budget(200, quick=20)
curves = {
    method: learning_curves(
        world.outcomes(),
        method,
        runs=RUNS,
        episodes=500,
        alpha=ALPHA,
        epsilon=EPSILON,
        rng=np.random.default_rng(1),
    )
    for method in METHODS
}
tens = np.arange(5, 500, 10)
by_tens = {method: runs.reshape(RUNS, 50, 10).mean(axis=2) for method, runs in curves.items()}
lesson.figure(
    "returns-on-the-cliff",
    *(Line.of_runs(method, tens[5:], runs[:, 5:]) for method, runs in by_tens.items()),
    x="episode",
    y="return",
)

# %%
lesson.compare("q-learning-curve", tens, by_tens["Q-learning"].mean(axis=0))


# %% tags=["claim"]
def online(method, rng, alpha=ALPHA, episodes=500, skip=100):
    """Return the mean return of one run, without its first episodes."""
    settings = {"runs": 1, "episodes": episodes, "alpha": alpha, "epsilon": EPSILON}
    return learning_curves(world.outcomes(), method, **settings, rng=rng)[:, skip:].mean()


lesson.claim(
    "With ε = 0.1 SARSA earns at least 15 more per episode than Q-learning (episodes 101 to 500).",
    lambda rng: online("SARSA", rng) - online("Q-learning", rng),
    above=15,
    seeds=200,
    unit="return",
)

# %% tags=["claim"]
lesson.claim(
    "Q-learning's return is near what the edge is worth with ε = 0.1, −52 (episodes 101 to 500).",
    lambda rng: online("Q-learning", rng),
    between=(-54, -48),
    seeds=200,
    unit="return",
)

# %% tags=["claim"]
lesson.claim(
    "Expected SARSA's return is about what the way one row above the edge is worth with ε = 0.1, "
    "−21 (episodes 101 to 500).",
    lambda rng: online("expected SARSA", rng),
    between=(-22, -20),
    seeds=200,
    unit="return",
)

# %% tags=["claim"]
lesson.claim(
    "With α = 0.5 expected SARSA earns more per episode than SARSA (episodes 101 to 500).",
    lambda rng: online("expected SARSA", rng) - online("SARSA", rng),
    above=3,
    seeds=200,
    unit="return",
)


# %% tags=["claim", "instructor"]
def episodes_with_a_fall(method, rng):
    """Return how many of 100 episodes had a fall: only they cost more than 100."""
    settings = {"runs": 1, "episodes": 500, "alpha": ALPHA, "epsilon": EPSILON}
    runs = learning_curves(world.outcomes(), method, **settings, rng=rng)
    return 100 * (runs[:, 100:] < -100).mean()


lesson.claim(
    "Q-learning falls in about every fourth episode (episodes 101 to 500).",
    lambda rng: episodes_with_a_fall("Q-learning", rng),
    between=(20, 30),
    seeds=200,
    unit="of 100 episodes",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "SARSA falls in fewer than 10 of 100 episodes (101 to 500).",
    lambda rng: episodes_with_a_fall("SARSA", rng),
    below=10,
    seeds=200,
    unit="of 100 episodes",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "Double Q-learning earns more per episode than Q-learning (episodes 101 to 500).",
    lambda rng: online("double Q-learning", rng) - online("Q-learning", rng),
    above=10,
    seeds=200,
    unit="return",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "After 500 episodes fewer than half of the greedy ways of double Q-learning go along the edge.",
    lambda rng: rows_on_the_way(learner("double Q-learning", rng)) == {2},
    below=0.5,
    seeds=200,
    unit="of the runs",
)

# %% [markdown]
# SARSA and expected SARSA both learn what an ε-greedy policy is worth, and yet SARSA earns less. SARSA's targets are
# shaken by the draw of $A'$, and with α = 0.5 so are its values. How much that matters depends on the step size.
#
# ### Step sizes
#
# Figure 6.3 of Sutton and Barto (2018) has the mean return of the first 100 episodes over α. Here it is again.

# %%
RUNS = lesson.budget(50, quick=4)
alphas = np.linspace(0.1, 1.0, 10)
lines = [
    Line.of_runs(
        method,
        alphas,
        np.transpose(
            [
                learning_curves(
                    world.outcomes(),
                    method,
                    runs=RUNS,
                    episodes=100,
                    alpha=alpha,
                    epsilon=EPSILON,
                    rng=np.random.default_rng(2),
                ).mean(axis=1)
                for alpha in alphas
            ]
        ),
    )
    for method in ("SARSA", "Q-learning", "expected SARSA")
]
lesson.figure("step-sizes", *lines, x="step size α", y="mean return, episodes 1 to 100")

# %%
lesson.ask("expected")

# %% tags=["claim"]
lesson.claim(
    "With α = 1 expected SARSA earns at least 20 more per episode than SARSA, over 100 episodes.",
    lambda rng: online("expected SARSA", rng, 1.0, 100, 0) - online("SARSA", rng, 1.0, 100, 0),
    above=20,
    seeds=200,
    unit="return",
)

# %% [markdown]
# On the cliff nothing is left to chance but the agent's own draws. Expected SARSA averages over those, so its target is
# always the same from the same values, and a step size of 1 does no harm (Sutton and Barto 2018, section 6.6).
#
# ### Too much hope
#
# The maximum has a fault of its own. In the world of example 6.7 an episode begins with *left* or *right*. Right ends
# it and pays 0. Left pays 0 and leads to a state with many actions, here ten; each ends the episode and pays −0.1 on
# average, with a standard deviation of 1. So left is the mistake. An agent that knows this takes left only when it
# explores: with ε = 0.1 that is in 5 % of episodes.

# %%
RUNS = lesson.budget(2_000, quick=200)
episodes = np.arange(1, 301)
bias = {
    method: maximization_bias(method, runs=RUNS, rng=np.random.default_rng(3))
    for method in ("Q-learning", "double Q-learning")
}
lesson.figure(
    "left-or-right",
    *(Line.of_runs(method, episodes, 100.0 * found.lefts) for method, found in bias.items()),
    Line("exploring alone", episodes[[0, -1]], [5, 5]),
    x="episode",
    y="episodes with left (%)",
)

# %% [markdown]
# After a few payments some of the ten estimates are above 0 by luck. Q-learning takes the highest of them for the worth
# of that state, so left looks good. It goes there again and again, until the highest estimates have come down. What
# left is held to be worth, on average over the runs (truly −0.1):

# %%
lesson.figure(
    "worth-of-left",
    *(Line.of_runs(method, episodes, found.values) for method, found in bias.items()),
    Line("its true worth", episodes[[0, -1]], [-0.1, -0.1]),
    x="episode",
    y="estimate of left",
)

# %% [markdown]
# **Double Q-learning** (van Hasselt 2010; equation 6.10) keeps two tables and lets each learn from half of the steps.
# One says *which* action is best, the other *how good* it is:
#
# $$Q_1(S, A) \leftarrow Q_1(S, A) + \alpha\,[R + \gamma\, Q_2(S', \operatorname{argmax}_a Q_1(S', a)) - Q_1(S, A)]$$
#
# In code: `r + gamma * q2[s2, q1[s2].argmax()]`. Where the first table was lucky, the second was probably not.

# %%
lesson.ask("double-why")


# %% tags=["claim"]
def lefts(method, first, last):
    return lambda rng: 100 * maximization_bias(method, runs=10, rng=rng).lefts[:, first:last].mean()


lesson.claim(
    "In episodes 11 to 40 Q-learning goes left in more than 85 % of episodes.",
    lefts("Q-learning", 10, 40),
    above=85,
    seeds=200,
    unit="%",
)

# %% tags=["claim"]
lesson.claim(
    "In episodes 11 to 40 Q-learning holds left to be worth more than 0.05; it is worth −0.1.",
    lambda rng: maximization_bias("Q-learning", runs=10, rng=rng).values[:, 10:40].mean(),
    above=0.05,
    seeds=200,
    unit="estimate of left",
)

# %% tags=["claim"]
lesson.claim(
    "In episodes 11 to 40 SARSA, too, goes left in more than 75 % of episodes.",
    lefts("SARSA", 10, 40),
    above=75,
    seeds=200,
    unit="%",
)

# %% tags=["claim"]
lesson.claim(
    "In episodes 251 to 300 Q-learning still goes left in more than 9 %; exploring alone: 5 %.",
    lefts("Q-learning", 250, 300),
    above=9,
    seeds=200,
    unit="%",
)

# %% tags=["claim"]
lesson.claim(
    "In episodes 251 to 300 double Q-learning goes left in less than 9 %.",
    lefts("double Q-learning", 250, 300),
    below=9,
    seeds=200,
    unit="%",
)

# %% [markdown]
# ## 6 · Exit quiz

# %%
lesson.ask("off-policy")

# %%
lesson.ask("better-yet-worse")

# %%
lesson.ask("sarsa-number")

# %%
lesson.ask("which-would-you")

# %% [markdown]
# ## 7 · Graded task
#
# Two numbers and one function, with your own values.

# %%
lesson.graded("expected-update")

# %%
lesson.graded("fall-on-the-edge")

# %%
lesson.graded("own-target")


# %% tags=["exercise"]
def own_target(values, reward, gamma, done):
    """Return the target that your task asks for."""
    ### BEGIN SOLUTION
    ordered = np.sort(values)  # with the numbers of the practice variant
    worth = 0.79 * ordered[-1] + 0.13 * ordered[-2] + 0.08 * values.mean()
    return reward if done else reward + gamma * worth
    ### END SOLUTION


lesson.graded("own-target", own_target)

# %% [markdown]
# ## 8 · Export
#
# One file with your answers, predictions, functions and figures. Hand that in.

# %%
lesson.export()

# %% [markdown]
# **Where this goes on.** DQN (lesson 6) is Q-learning with a network in place of the table, and its target has the same
# maximum: double DQN does there what double Q-learning does here. Lesson 5 shows what can go wrong when a network, a
# bootstrapped target and off-policy learning meet.
#
# **Sources.** Sutton and Barto (2018), *Reinforcement Learning: An Introduction*, second edition, sections 6.4 to 6.7,
# examples 6.6 and 6.7, figures 6.3 and 6.5. Rummery and Niranjan (1994), *On-line Q-learning using connectionist
# systems*. Watkins (1989), *Learning from delayed rewards*. Watkins and Dayan (1992), *Q-learning*. van Seijen, van
# Hasselt, Whiteson and Wiering (2009), *A theoretical and empirical analysis of expected Sarsa*. van Hasselt (2010),
# *Double Q-learning*.

# %% [markdown] tags=["instructor"]
# ## For instructors
#
# **Timing.** Section 2 takes as long as you let it: stop at 22 minutes. Who is late leaves out *Step sizes*.
#
# **Answers to the things to try.**
#
# 1. The triangle of the action that was taken changes, one step after another: values of all fields on the way go down
#    by little, that over the edge goes to −50 at once (α = 0.5 of −100).
# 2. Q-learning along the edge, with falls in about every fourth episode; SARSA farther off, with few falls.
# 3. Both keep their ways. Q-learning's curve goes to −13, SARSA's to about −17, and stays there: it does not try the
#    edge again. Even a decay over 2,000 episodes leaves it there. (The chart has the mean of 50 episodes, so it takes
#    that long to get there.)
# 4. SARSA, if any: the exact figure of part 3 has the highest row as the best one from ε = 0.2 on. Its greedy way may
#    go in circles by then; that is said above the board. Q-learning has no reason to move: its target knows no ε.
# 5. One row in place of two on most seeds: 15 steps is best for ε = 0.1 (see the exact figure). With α = 0.5 its values
#    are noisy, and noise near a cliff is all downwards.
# 6. Its curve is higher, at about −21, and its greedy way has 15 steps.
#
# **Common misconceptions.**
#
# - *"SARSA is careful, Q-learning is greedy."* Both act alike, ε-greedily. They differ in what they learn about.
# - *"On-policy means no exploring."* It means that exploring is part of what is learned.
# - *"With ε = 0 SARSA becomes Q-learning, so it will find the edge."* With ε = 0 the two updates agree where the next
#   action is the greedy one. But neither tries anything else then.
# - *"Off-policy is better, it learns the optimum."* See who falls. It depends on whose returns count.
# - *"The maximum is unbiased, as each estimate is."* Ten dice, rolled once: what is the highest, and what the mean?
# - *"Double Q-learning is for the cliff too."* Nothing is left to chance in the cliff's rewards. There each table
#   learns from half of the steps. Its return is above Q-learning's over 500 episodes all the same: most of its runs do
#   not go along the edge yet.
#
# **Marking.** The answers to `expected-update` and `fall-on-the-edge` are kept without a judgement, so that nobody can
# try until it is right; tolerance 0.0006. `own-target` is judged by its cases at once. In `which-would-you` look for:
# whose falls count, those while learning or those of the final policy. Two points for that, one for naming on-policy or
# off-policy rightly.
#
# **Expected answers.** `retroml-edu lesson answers 04-sarsa-q-learning --variant anna-1` prints the graded tasks
# of a variant with the answers that they expect. What a bundle says is right, the student's own notebook has said: run
# the code again where it counts.
