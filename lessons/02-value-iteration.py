# %% [markdown]
# # Lesson 2 · Decision processes and value iteration
#
# You build a world on a board, and watch a computer plan in it: values spread from the goals field by field, until
# every arrow points the best way. Then you write the few lines that do it.
#
# **Afterwards you can**
#
# - say what a Markov decision process is, and tell rewards, returns and values apart;
# - back up a value by hand and in code, with the Bellman equation beside it;
# - write value iteration, and read the best policy off its values;
# - say how fast values settle, and why arrows are right long before;
# - say what discount and slip do to the best policy;
# - compare value iteration with policy iteration by policies, by sweeps and by work.
#
# | Minutes | What you do |
# |---:|---|
# | 0 – 6 | Predict |
# | 6 – 22 | Build, plan, look: the board |
# | 22 – 32 | Explain: the equations and the code |
# | 32 – 47 | Write it: a backup, a sweep, the greedy policy |
# | 47 – 57 | Measure: hundreds of random worlds |
# | 57 – 70 | Exit quiz, graded tasks, export |
#
# You need arrays of numpy, and expected values: the sum of probability times value. Run each cell with
# **Shift + Enter**, from the first on.

# %%
from dataclasses import replace

import numpy as np

from retroml_edu.kit import GridBoard, GridLab, Lesson, Line, two_goals
from retroml_edu.tabular import (
    GridWorld,
    four_by_four,
    greedy_policy,
    policy_evaluation,
    policy_iteration,
    random_mdp,
    value_iteration,
)

# For graded work: Lesson("02-value-iteration", variant="your student number")
lesson = Lesson("02-value-iteration")

# %% [markdown]
# ## 1 · Predict
#
# Here is a world. An agent begins at the field marked **S** or *start* and moves up, right, down or left. Against a
# wall or the edge it stays where it is. Entering a goal pays and ends the episode; entering a pit costs 1 and ends it
# too. Every other move pays nothing. Later a move may **slip**: it then goes to one side of where it was meant to go.
# On this board none does.
#
# A reward that comes one move later counts less: it is multiplied by the **discount** γ for each move that it has to
# wait. With γ = 0.5, a reward of 1 that is paid by the third move is worth 0.5² × 1 now.

# %%
GridBoard(replace(two_goals(), slip=0.0), label="The world of this lesson")

# %%
lesson.ask("which-goal")

# %% [markdown]
# **Value iteration** begins with the value 0 in every field. In each *sweep* it looks at every field once and writes
# down what the best move from there is worth, if the neighbours are worth what the last sweep said. This is called
# *backing up* the value of the field.

# %%
lesson.ask("first-nonzero")

# %% [markdown]
# After enough sweeps the values are right. How wrong are they on the way? In section 5 you measure that on 200 random
# worlds, with γ = 0.9. Draw what you expect.

# %%
lesson.predict(
    "error",
    question="Largest error of a value after so many sweeps, as a share of the first error",
    x_end=40,
    x_unit="sweeps",
    y_name="share of the first error",
    low=0,
    high=1,
)

# %% [markdown]
# ## 2 · Build, plan, look
#
# Press **Play**, or **1 ▸** for a single sweep; **◂ 1** goes back. The number in a field is its value, the arrows are
# what is best if those values are right. The line under the board tells all about the field under the mouse, or the
# one that you reach with the arrow keys. The chart shows by how much the most changed value has changed in each sweep.
# (Its second curve, policy iteration, has to wait until section 5.)
#
# Paint with the tools over the board: click or drag, or go by arrow keys and press Enter. The plan follows at once.

# %%
lab = GridLab()
lab

# %% [markdown]
# ### Things to try
#
# 1. **Sweep by sweep.** Go to sweep 0 and step. How far does the news of a goal travel in one sweep? At which sweep
#    does the last arrow turn, and how much do values still change then?
# 2. **Patience.** Go to the last sweep and switch on *Way from the start*. Now drag *Discount γ* slowly from 0.95 down
#    to 0.5. Where does the way lead, and at which discount does it change its mind?
# 3. **Slip.** With a slip of 0.2, one move in five goes to one side or the other instead. Set γ = 0.9, and the slip to
#    0. Where does the way run now? And with 0.2 again? Which arrows have turned?
# 4. **When living hurts.** Set *Step reward* to −0.5. What do some of the arrows beside the pits do, and is that a
#    mistake?
# 5. **Your own world.** Build a wall across the way while it plays, or a better goal behind the pits. Ctrl + Z takes a
#    stroke back.
#
# Nothing can break here: **Start over** takes all edits of the board back. (The sliders stay as you have set them.)

# %% [markdown] tags=["instructor"]
# **Answers to the things to try.** (1) One field a sweep. With the first settings the arrows are best ones from sweep
# 14 of 39 on; values then still change by about 0.02. (2) With a slip of 0.2 the way leads to +1 down to γ = 0.88, and
# to +0.3 from 0.87 downwards. Without slip it changes where γ⁵ = 0.3, that is γ ≈ 0.79. (3) Without slip the way runs
# straight along row 2, past all three pits; with it, it turns up into row 1 over the first pit, and comes down only
# over the goal. (Rows and columns are counted from 0, as in the line under the board.) (4) With γ = 0.9 and a slip of
# 0.2, the arrows of three fields beside the pits point into one: row 2, columns 3 and 4, and row 4, column 5. From
# there the way to a goal costs more than the pit does. It is right for these rewards. Rewards say what is wanted; if
# that is not what was meant, the rewards are wrong. (5) Nothing to check; it is where most questions arise.
#
# **Timing.** Students spend longest here. At minute 25 go on, whoever has tried 1 to 3.

# %% [markdown]
# ## 3 · What the board computes
#
# A **Markov decision process** (MDP) is made of states *s*, actions *a*, probabilities *p(s′ | s, a)* of the next
# state, and expected rewards *r(s, a)*; what comes next depends on state and action alone, not on how one got there
# (Sutton and Barto 2018, section 3.1, equations 3.4 and 3.5). On a board each field without a wall is a state:

# %%
mdp = two_goals().mdp()
print("states:", mdp.n_states, "  actions:", mdp.n_actions)
print("p(s' | s, a), shape:", mdp.transitions.shape, "  r(s, a), shape:", mdp.rewards.shape)
start = two_goals().state((2, 0))
print("From the start, 'right' leads to:")
for state in np.flatnonzero(mdp.transitions[start, 1]):
    probability = mdp.transitions[start, 1, state]
    print("  row, column", two_goals().fields[state], "with probability", probability)

# %% [markdown]
# The **return** is the discounted sum of the rewards that follow (equation 3.8). The **value** v(s) of a state under a
# policy is the return that is to be expected from there (equation 3.12). A reward is paid once, for a move; a value
# looks ahead to the end.
#
# The value of a state under the *best* policy obeys an equation, due to Bellman (1957). It is number 4.1 in Sutton and
# Barto, who write rewards and next states under one probability, p(s′, r | s, a):
#
# $$v_*(s) = \max_a \Big[\, r(s, a) + \gamma \sum_{s'} p(s' \mid s, a)\, v_*(s') \Big]$$
#
# In words: a state is worth what its best action is worth, and an action is worth its reward plus what follows,
# discounted. Value iteration turns the equation into an assignment (equation 4.10): put the values that you have on the
# right, and get better ones on the left.
#
# $$v_{k+1}(s) = \max_a \Big[\, r(s, a) + \gamma \sum_{s'} p(s' \mid s, a)\, v_k(s') \Big]$$
#
# | In the equation | In code | On the board |
# |---|---|---|
# | $v_k(s)$ | `values[s]` | the number in a field, after sweep *k* |
# | $r(s, a)$ | `rewards[s, a]` | what a move pays, on average over slips |
# | $p(s' \mid s, a)$ | `transitions[s, a]` | where a move may lead |
# | $\gamma$ | `gamma` | the slider *Discount* |
# | $[\ldots]$, for each $a$ | `rewards[s] + gamma * transitions[s] @ values` | *Value of each direction*: 4 numbers |
# | $\max_a$ | `.max()` | the number after the next sweep; the arrow is the $a$ that it belongs to |
#
# A state in which the episode has ended is *terminal*: nothing comes after it, so its value is 0.

# %%
lesson.ask("reward-or-value")

# %% [markdown]
# ## 4 · Write it
#
# **One backup.** You get the row of one state: `transitions` has the shape (actions, states), `rewards` the shape
# (actions,). Return the new value of the state: the bracket for each action, and the largest of them.


# %% tags=["exercise"]
def backup(values, transitions, rewards, gamma):
    """Return the new value of one state."""
    ### BEGIN SOLUTION
    action_values = rewards + gamma * transitions @ values
    return action_values.max()
    ### END SOLUTION


lesson.check(backup)

# %% [markdown]
# **One sweep.** Now `transitions` has the shape (states, actions, states), `rewards` (states, actions), and `terminal`
# is True for the states that end an episode: their value is 0 before and after. Return the new values of all states, in
# an array of their own: every backup sees the values from before the sweep.


# %% tags=["exercise"]
def sweep(values, transitions, rewards, terminal, gamma):
    """Return the new values of all states."""
    ### BEGIN SOLUTION
    after = np.zeros(len(values))
    for state in range(len(values)):
        if not terminal[state]:
            after[state] = backup(values, transitions[state], rewards[state], gamma)
    return after
    ### END SOLUTION


lesson.check(sweep)

# %% [markdown]
# **The greedy policy.** Return the number of the best action of each state; of several equally good ones, the first. In
# a terminal state any action will do.


# %% tags=["exercise"]
def greedy(values, transitions, rewards, terminal, gamma):
    """Return the best action of each state."""
    ### BEGIN SOLUTION
    action_values = rewards + gamma * transitions @ values
    return np.where(terminal, 0, action_values.argmax(axis=1))
    ### END SOLUTION


lesson.check(greedy)

# %% [markdown]
# Thirty sweeps of your own, and your own arrows:

# %%
model = (mdp.transitions, mdp.rewards, mdp.terminal, 0.9)
values = np.zeros(mdp.n_states)
for _ in range(30):
    values = sweep(values, *model)

board = GridBoard(two_goals(), label="Your values and arrows")
board.show(values=values, policy=np.eye(4)[greedy(values, *model)])
board

# %% [markdown]
# ## 5 · Measure
#
# ### How fast do values settle?
#
# One board proves little. Here are random decision processes, with 20 states, 4 actions, and 3 states that may follow
# each. The exact values come from linear equations: those of a policy that nothing improves.


# %%
def random_world(rng):
    return random_mdp(rng, n_states=20, n_actions=4, branching=3)


def best_values(mdp, gamma):
    policy = greedy_policy(mdp.rewards)
    while True:
        values = mdp.values_of(policy, gamma)  # by linear equations
        better = greedy_policy(mdp.action_values(values, gamma))
        if np.array_equal(better, policy):
            return values
        policy = better


def errors_of_sweeps(rng, gamma=0.9, sweeps=40):
    mdp = random_world(rng)
    best, values = best_values(mdp, gamma), np.zeros(mdp.n_states)
    errors = []
    for _ in range(sweeps + 1):
        errors.append(np.abs(values - best).max())
        values = mdp.action_values(values, gamma).max(axis=1)
    return np.array(errors) / errors[0]


k = np.arange(41)
worlds = lesson.budget(200, quick=20)
errors = np.array([errors_of_sweeps(np.random.default_rng(seed)) for seed in range(worlds)])
lesson.figure(
    "largest-error",
    Line.of_runs(f"mean of {worlds} worlds", k, errors),
    Line("bound: 0.9 to the power of k", k, 0.9**k),
    x="sweep k",
    y="share of the first error",
)

# %%
lesson.compare("error", k, errors.mean(axis=0))

# %% [markdown]
# The bound is no accident. Take any two arrays of values and back up both: the largest difference between them is
# afterwards at most γ times what it was. With γ below 1, a map that brings all points nearer to each other in this way
# is called a *contraction*. The right values are what a sweep leaves as they are. So a sweep leaves of the largest
# error at most the share γ, and *k* sweeps leave at most γᵏ of the first one (Puterman 1994, sections 6.2 and 6.3).


# %% tags=["claim"]
def within_the_bound(rng):
    return np.all(errors_of_sweeps(rng) <= 0.9**k + 1e-9)


lesson.claim(
    "With γ = 0.9 no error after k sweeps, up to 40, is larger than γᵏ times the first largest.",
    within_the_bound,
    above=0.98,
    seeds=200,
    unit="of the worlds",
)

# %% [markdown]
# ### Are arrows only as good as the values?
#
# A policy needs less than right values: only the *order* of the actions has to be right in each state.


# %% tags=["claim"]
def when_the_last_arrow_turned(rng):
    mdp = random_world(rng)
    best = greedy_policy(mdp.action_values(best_values(mdp, 0.9), 0.9))
    sweeps = list(value_iteration(mdp, 0.9, theta=1e-3))
    wrong = [not np.array_equal(sweep.policy, best) for sweep in sweeps]
    return (max(np.flatnonzero(wrong), default=-1) + 1) / len(sweeps)


lesson.claim(
    "With γ = 0.9 the greedy policy is the best one for good after less than a fifth of the "
    "sweeps that it takes until none changes a value by more than 0.001, on average.",
    when_the_last_arrow_turned,
    below=0.2,
    seeds=100,
    unit="of the sweeps",
)

# %% [markdown]
# ### Policy iteration
#
# If arrows are right so early, why not work on them? **Policy iteration** takes a policy, finds *its* values, makes the
# policy greedy for them, and so on until no arrow turns (Sutton and Barto 2018, section 4.3). Finding the values of a
# given policy is *policy evaluation* (section 4.1): a sweep as above, without the max.
#
# Set *Method* to *policy iteration* in the widget of section 2 and play: each diamond of the chart is an improvement.
# Then set *Chart over* to *backups*. The next cell shows the board of example 4.1 of the book, and the evaluation of a
# policy that takes each direction with probability 1/4. Compare what you see with the book's figure 4.1: values −14,
# −18, −20, −22 in the end, and arrows that are best ones from the third sweep on.

# %%
GridLab(four_by_four(), gamma=1.0, method="evaluation of the random policy", label="Example 4.1")


# %% tags=["claim"]
def improvements(rng):
    return sum(sweep.improved for sweep in policy_iteration(random_world(rng), 0.9, theta=1e-6))


lesson.claim(
    "There are 4²⁰ policies, about a million million. Policy iteration tries fewer than five "
    "after its first, on average.",
    improvements,
    below=5,
    seeds=100,
    unit="improvements",
)

# %% [markdown]
# Few policies need not mean little work. To compare work, count the value of one state *and action*, computed once, as
# one backup. (Your function `backup` makes as many of them as there are actions.) A sweep of value iteration makes
# states × actions of them; a sweep that evaluates a policy with one action a state makes one for each state; an
# improvement looks at all actions again.
#
# It matters where policy iteration begins. On the board, and in the first of the next two cards, that is the random
# policy. It takes all actions, so a sweep that evaluates it costs as much as one of value iteration.


# %% tags=["claim"]
def work_ratio(rng):
    mdp = random_world(rng)
    states, actions = mdp.rewards.shape
    *_, settled = value_iteration(mdp, 0.9, theta=1e-6)
    sweeps = list(policy_iteration(mdp, 0.9, theta=1e-6))
    # Until the first improvement the policy takes all actions, afterwards one in each state.
    first = next(sweep.number for sweep in sweeps if sweep.improved)
    looks = 1 + sum(sweep.improved for sweep in sweeps)
    work = (first + looks) * states * actions + (sweeps[-1].number - first) * states
    return work / (settled.number * states * actions)


lesson.claim(
    "On these worlds policy iteration, begun with the random policy and with every evaluation "
    "carried to the end, computes more backups than value iteration.",
    work_ratio,
    above=1,
    seeds=100,
    unit="times as many",
)


# %% tags=["claim", "instructor"]
def share_of_the_first_evaluation(rng):
    mdp = random_world(rng)
    states, actions = mdp.rewards.shape
    sweeps = list(policy_iteration(mdp, 0.9, theta=1e-6))
    first = next(sweep.number for sweep in sweeps if sweep.improved)
    looks = 1 + sum(sweep.improved for sweep in sweeps)
    all_of_it = (first + looks) * states * actions + (sweeps[-1].number - first) * states
    return first * states * actions / all_of_it


lesson.claim(
    "Evaluating the random policy is more than half of this work.",
    share_of_the_first_evaluation,
    above=0.5,
    seeds=100,
    unit="of the backups",
)


# %% tags=["claim"]
def work_ratio_from_one_action(rng):
    mdp = random_world(rng)
    *_, settled = value_iteration(mdp, 0.9, theta=1e-6)
    policy, values, work = greedy_policy(mdp.rewards), np.zeros(mdp.n_states), 0
    while True:
        *_, last = policy_evaluation(mdp, policy, 0.9, theta=1e-6, start=values)
        values = last.values
        work += last.number * mdp.n_states + mdp.rewards.size
        better = greedy_policy(mdp.action_values(values, 0.9), tolerance=1e-5)
        if ((policy > 0) <= (better > 0)).all():
            return work / (settled.number * mdp.rewards.size)
        policy = better


lesson.claim(
    "Begun with the action of the largest reward in each state, it computes fewer.",
    work_ratio_from_one_action,
    below=1,
    seeds=100,
    unit="times as many",
)

# %% [markdown]
# So neither is the cheaper one whatever the beginning. Nor does anything force you to carry an evaluation to the end.
# Value iteration is policy iteration that stops each evaluation after one sweep (Sutton and Barto 2018, section 4.4);
# between the two lies everything that section 4.6 calls *generalized policy iteration*.

# %%
lesson.ask("why-backups")

# %% [markdown]
# ### Discount and slip
#
# Was it only this board on which a low discount prefers the small goal nearby? Here are random ones: +0.3 up to three
# moves from the start, and +1 at least three moves farther off than that.


# %%
def random_board(rng):
    while True:
        start, near, far = (tuple(map(int, place)) for place in rng.integers(0, 7, size=(3, 2)))
        to_near = np.abs(np.subtract(start, near)).sum()
        to_far = np.abs(np.subtract(start, far)).sum()
        if 1 <= to_near <= 3 and to_far >= to_near + 3 and near != far:
            return GridWorld((".......",) * 7, goals={near: 0.3, far: 1.0}).edited(start, "S")


def reward_at_the_end(world, gamma):
    """Follow the best policy from the start, and return what the goal pays that it comes to."""
    outcomes = world.outcomes()
    *_, last = value_iteration(outcomes.mdp(), gamma)
    state = outcomes.start
    while not outcomes.terminal[state]:
        state = outcomes.following[state, last.policy[state].argmax(), 0]
    return world.goals[world.fields[state]]


# %% tags=["claim"]
def changes_its_mind(rng):
    world = random_board(rng)
    return reward_at_the_end(world, 0.5) == 0.3 and reward_at_the_end(world, 0.95) == 1.0


lesson.claim(
    "On nearly all boards the best policy goes to the small goal nearby with γ = 0.5, and to the "
    "large one far away with γ = 0.95.",
    changes_its_mind,
    above=0.95,
    seeds=200,
    unit="of the boards",
)

# %% [markdown]
# And slip? Plan once as if nothing ever slipped, and once with the slip that there is. Then go by both plans in the
# same slippery world. How much more often does the first fall into a pit?


# %%
def board_with_pits(rng):
    between = [(row, column) for row in range(7) for column in range(7) if 0 < row + column < 12]
    pits = [between[number] for number in rng.choice(len(between), size=8, replace=False)]
    goals = {**dict.fromkeys(pits, -1.0), (6, 6): 1.0}
    return GridWorld(("S......", *(".......",) * 6), goals=goals, step_reward=-0.01)


def falls(planned, real):
    """Return how often a policy that is best in one world ends in a pit of another."""
    *_, last = value_iteration(planned.mdp(), 0.95, theta=1e-5)
    # 1 for a pit, nothing for all else: the value of the start is the probability of a fall.
    pits = {place: float(reward < 0) for place, reward in real.goals.items()}
    counting = replace(real, goals=pits, step_reward=0.0).mdp()
    return counting.values_of(last.policy, gamma=0.9999)[real.state((0, 0))]


# %% tags=["claim"]
def falls_more_often(rng):
    still = board_with_pits(rng)
    slippery = replace(still, slip=0.2)
    return falls(planned=still, real=slippery) - falls(planned=slippery, real=slippery)


lesson.claim(
    "A plan that ignores a slip of 0.2 falls into a pit in more of 100 episodes than one that "
    "takes it into account: over 10 more.",
    falls_more_often,
    above=0.1,
    seeds=100,
    unit="of the episodes more",
)

# %% [markdown]
# Look again at `falls`: a value is an expected sum of rewards, and you choose what is rewarded. With a reward of 1 for
# pits alone, and hardly any discount, it is the probability of falling into one.

# %% [markdown]
# ## 6 · Exit quiz
#
# Answer without looking back first. You can try again after a wrong answer.

# %%
lesson.ask("terminal-value")

# %%
lesson.ask("discount-zero")

# %%
lesson.ask("policy-first")

# %%
lesson.ask("slip")

# %%
lesson.ask("policy-iteration")

# %% [markdown] tags=["instructor"]
# **Common misconceptions, and where they show.**
#
# - *Reward and value are the same.* "The goal has the value 1." Ask for the value of the goal: nothing comes after it.
# - *The discount makes rewards smaller.* It makes later ones count less. With γ = 0 the next reward counts in full.
# - *Values have to converge before the policy can be used.* The claim on arrows, and the status line of the widget.
# - *A sweep uses the newest values.* Both are done; in place it often settles sooner (Sutton and Barto 2018, section
#   4.1). The exercise wants the synchronous one, because the proof and the widget go by it. Its hint says so.
# - *Few policies, so little work.* Count backups, not policies.
# - *The agent learns here.* It does not act at all: p and r are given. Learning begins with lesson 3.
#
# **Marking.** Exercises are judged at once. Answers to the graded tasks are kept without a judgement, so that nobody
# can try until it is right: compare them with the numbers of the student's variant; tolerance 0.011. Of the free text
# (why policy iteration is not the cheaper one) expect: each evaluation takes many sweeps; the fair unit is a backup. A
# very good answer sees that it depends on the first policy: the random one takes all actions, and evaluating it is most
# of the work on random worlds. On the board of section 2 policy iteration needs more backups from either beginning.
#
# **Expected answers.** `retroml-edu lesson answers 02-value-iteration --variant anna-1` prints the graded tasks
# of a variant with the answers that they expect. What a bundle says is right, the student's own notebook has said: run
# the code again where it counts.

# %% [markdown]
# ## 7 · Graded tasks
#
# These are your own numbers, once the first cell with code knows your variant: run it and these again. Paper and pencil
# will do; so will your code.

# %%
lesson.graded("state-value")

# %%
lesson.graded("after-two-sweeps")

# %% [markdown]
# ## 8 · Hand in
#
# The button makes one zip file beside this notebook: your answers, your prediction, your functions, the figure with its
# numbers.

# %%
lesson.export()

# %% [markdown]
# ### Where this comes from
#
# - R. Bellman: *Dynamic Programming*. Princeton University Press, 1957.
# - M. L. Puterman: *Markov Decision Processes: Discrete Stochastic Dynamic Programming*. Wiley, 1994, chapter 6.
# - R. S. Sutton, A. G. Barto: *Reinforcement Learning: An Introduction*, second edition. MIT Press, 2018, chapters 3
#   and 4.
#
# **Next:** lesson 3, *Monte Carlo against TD*. There, nobody tells the agent the probabilities any more.
