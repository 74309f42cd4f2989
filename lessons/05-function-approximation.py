# %% [markdown]
# # Lesson 5 · Function approximation
#
# Until now each state had its own place in a table. A car on a hill has endlessly many states, and hardly ever sees the
# same one twice. So what it learns in one state has to hold for others as well. You watch how, and see what it costs.
#
# **Afterwards you can**
#
# - say what a learner *generalises*, and why that is decided by its features;
# - write tile coding and one step of semi-gradient SARSA;
# - explain why the step size is shared among tilings, and what *semi* means in semi-gradient;
# - name the three parts of the deadly triad, and show that it takes all three;
# - say in which way a network differs from fixed features, and what that did here, over many seeds.
#
# | Minutes | What you do |
# |---:|---|
# | 0 – 5 | Predict: what does one step teach? |
# | 5 – 20 | Two cars learn beside each other |
# | 20 – 40 | Write it: tiles, the update, a car of your own |
# | 40 – 50 | The deadly triad, part by part |
# | 50 – 58 | A small network, measured over seeds |
# | 58 – 62 | Write it: waves |
# | 62 – 70 | Exit quiz, graded tasks, export |
#
# You need lesson 4: SARSA, ε, action values.

# %%
from itertools import islice

import numpy as np
import pandas as pd

from retroml_edu.kit import Lesson, Line, TriadBench, ValueSurface, tracked
from retroml_edu.tabular import Fourier, LinearSarsa, NetworkSarsa, Tiles, baird_growth, baird_weights

lesson = Lesson("05-function-approximation")  # for graded work: Lesson("05-...", variant="your student number")

# %% [markdown]
# ## 1 · Predict
#
# **The mountain car** (Moore 1990; Sutton and Barto 2018, example 10.1). A car stands in a valley. Its engine is weaker
# than gravity: it has to swing to and fro to gain speed. A state is a place from −1.2 to 0.6 and a speed from −0.07 to
# 0.07; the three actions push to the left, not at all, or to the right. Each step brings a reward of −1 until the goal
# at 0.5 is reached, so *minus the value of a state is the number of steps still to go*.
#
# Answer before you run anything else.

# %%
lesson.ask("one-step")

# %%
lesson.ask("coarse-or-fine")

# %% [markdown]
# In a moment a car learns with *tile coding*. It begins with knowing nothing. How many steps will its episodes take,
# from the first to the hundredth? Draw it. (Fewer than 150 can be reached.)

# %%
lesson.predict(
    "episode-lengths",
    question="Steps of each episode while the car learns, from the first episode to the hundredth: draw the curve.",
    x_end=100,
    x_unit="episodes",
    y_name="steps of the episode",
    low=0,
    high=2_000,
)

# %% [markdown]
# ## 2 · Two cars on the same hill
#
# Both cars below learn with SARSA, on the same hill, step by step. They differ only in how they hold values. Each map
# shows all states, place to the right and speed upwards; its colour says how many steps the car thinks are still to go
# with the action that it thinks best. The thick line is the episode that goes on, the thin one the episode before.
#
# - **One tiling**: the map is cut into tiles, and each tile has one value for each action. This is *state aggregation*.
# - **Tile coding**: several such boards, each shifted by a part of a tile. A value is the sum of the tiles that a state
#   lies in, one on each board.
# - **Fourier features**: waves over the whole map. A value is a weighted sum of waves.
# - **Small network**: soft steps over the whole map, which move while it learns. Leave it for part 5.

# %%
cars = ValueSurface("one tiling", "tile coding")
cars

# %% [markdown]
# **Things to try**
#
# 1. Choose speed 1 and press **1 ▸** some ten times. For the first few steps the maps stay as they are: all values
#    are 0, and the best action's stays so until each action has been tried. Which part of each map changes then, with
#    one step? Now speed 10, and **Play**. Why do the cars try everything out, although ε is 0?
# 2. Choose speed 1,000 and play. Which car's episodes become short first? Look at the shape of B's map: where is it
#    highest, and why *there*?
# 3. Give A 4 tiles a side, then 40, and play again. What is wrong with each?
# 4. Give B a step size of about 2.5. Read what is said. Then find out whether 1.5 works.
# 5. Give A *Fourier features* of order 1, then 3, then 9. How far from the car does one step change the map? Turn
#    *Landscape* on to see it better.

# %% [markdown] tags=["instructor"]
# **Answers to the things to try**
#
# 1. A: one tile, a patch of equal colour. B: eight overlapping tiles, so a soft patch with the car in its middle.
#    Values begin at 0, above every true value: each action that is tried becomes worse than those not tried yet
#    (optimistic initial values, lesson 1).
# 2. B (see the cards of part 3). It is highest in the valley with little speed: from there the car has to swing twice.
#    Near the goal, and with high speed towards it, few steps are left. (Many expect it to be highest at the left end.)
# 3. 4 tiles: neighbours that need different actions share one value, and the car may never come out (cut off at 5,000
#    steps). 40 tiles: fine enough, but 1,600 patches to be visited one by one; the map stays spotty for long. 12 tiles
#    a side do better than 8 and than 40, with α = 0.5 (cards of part 3).
# 4. Above 2 each correction overshoots by more than the error: with 2.5 values diverge within ten episodes, and the
#    status line says so. 1.5 learns: it overshoots, but by less than the error.
# 5. Everywhere, most with low orders: a wave has no edge. Order 1 cannot hold the shape of the spiral.

# %% [markdown]
# Was your curve right? The next cell lets thirty cars learn with tile coding, and takes the mean.


# %%
def tile_car(rng, tilings=8, side=8, alpha=0.5):
    """Return a car that learns with tile coding."""
    return LinearSarsa(Tiles(tilings, side), alpha=alpha, rng=rng)


seeds = range(lesson.budget(30, quick=5))
tile_lengths = np.array([tile_car(np.random.default_rng(seed)).play(100) for seed in seeds])
lesson.compare("episode-lengths", np.arange(1, 101), tile_lengths.mean(axis=0))

# %% [markdown]
# ### What you saw, in symbols
#
# Values are computed from **features** $x_i(s)$ and **weights** $w_{a,i}$, one row of weights for each action:
#
# $$\hat q(s, a, \mathbf w) = \sum_i w_{a,i}\, x_i(s)$$
#
# | | features | one step changes |
# |---|---|---|
# | a table | one for each state | one state |
# | one tiling (Sutton and Barto 2018, section 9.3) | one for each tile: 1 inside, 0 outside | one patch |
# | tile coding (section 9.5.4) | the same, on several shifted boards | near states much, farther ones less |
# | Fourier features (section 9.5.2) | $\cos(\pi(i x + j y))$, with $x$ and $y$ from 0 to 1 | all states |
#
# There is a true best choice of weights, but the car has no list of true values to fit. It takes what it has: the
# reward and its own estimate of what comes next. **Semi-gradient SARSA** (section 10.1, equation 10.2) moves the
# weights so that the value comes nearer to that target:
#
# $$\mathbf w \leftarrow \mathbf w + \alpha \big[ \underbrace{R + \gamma\, \hat q(S', A', \mathbf w)}_{\text{target}} -
# \hat q(S, A, \mathbf w) \big]\, \nabla \hat q(S, A, \mathbf w)$$
#
# The gradient $\nabla \hat q(S, A, \mathbf w)$ says how much the value changes with each weight: it is the vector of
# the derivatives. For sums of weighted features it is the features themselves: with tiles, 1 for the tiles that are on,
# and 0 for all others.

# %%
lesson.ask("semi-gradient")

# %%
lesson.ask("shared-alpha")

# %% [markdown]
# ## 3 · Write it yourself
#
# ### Which tile is on?
#
# Begin with one axis. From `low` to `high` there are `tiles` tiles of equal width, counted from 0. The board is shifted
# to the left by `offset`, a part of a tile from 0 to 1. So it has one tile more, number `tiles`, for what sticks out at
# the right; nothing lies beyond that one.


# %% tags=["exercise"]
def active_tile(position, low, high, tiles, offset):
    """Return the number of the tile that the position lies in."""
    ### BEGIN SOLUTION
    width = (high - low) / tiles
    return min(int((position - low) / width + offset), tiles)
    ### END SOLUTION


lesson.check(active_tile)

# %% [markdown]
# ### One step of semi-gradient SARSA
#
# `active` are the numbers of the tiles that are on for the state and action that were left, `next_active` for those
# that come next. Both have one number for each tiling, and the tilings share the step size. Return the new weights, and
# leave the old ones as they are. At the end of an episode nothing comes next: then `next_active` is `None`.


# %% tags=["exercise"]
def sarsa_update(weights, active, next_active, reward, gamma, alpha):
    """Return the weights after one step of semi-gradient SARSA."""
    ### BEGIN SOLUTION
    value = weights[active].sum()
    target = reward
    if next_active is not None:
        target += gamma * weights[next_active].sum()
    new = weights.copy()
    new[active] += alpha / len(active) * (target - value)
    return new
    ### END SOLUTION


lesson.check(sarsa_update)

# %% [markdown]
# ### Your car
#
# Your two functions are all that a car needs to learn. The next cell adds the physics (a few lines) and the loop.


# %%
def active_tiles(place, speed, action, tilings=8, side=8):
    """Return the tile that is on, on each board; each action has boards of its own."""
    numbers = []
    for k in range(tilings):
        row = active_tile(place, -1.2, 0.6, side, k / tilings)
        column = active_tile(speed, -0.07, 0.07, side, (3 * k % tilings) / tilings)
        numbers.append(((action * tilings + k) * (side + 1) + row) * (side + 1) + column)
    return numbers


def drive(weights, rng, alpha=0.5, most_steps=5_000):
    """Play an episode, learning; return the weights and how many steps it took."""
    place, speed = rng.uniform(-0.6, -0.4), 0.0
    choices = [active_tiles(place, speed, action) for action in range(3)]
    action = int(np.argmax([weights[each].sum() for each in choices]))
    for step in range(1, most_steps + 1):
        active = choices[action]
        speed = np.clip(speed + 0.001 * (action - 1) - 0.0025 * np.cos(3 * place), -0.07, 0.07)
        place = np.clip(place + speed, -1.2, 0.6)
        if place == -1.2:
            speed = max(speed, 0.0)
        if place >= 0.5:
            return sarsa_update(weights, active, None, -1, 1.0, alpha), step
        choices = [active_tiles(place, speed, action) for action in range(3)]
        action = int(np.argmax([weights[each].sum() for each in choices]))
        weights = sarsa_update(weights, active, choices[action], -1, 1.0, alpha)
    return weights, most_steps


rng = np.random.default_rng(1)
weights, mine = np.zeros(3 * 8 * 9 * 9), []
for _ in range(40):
    weights, steps = drive(weights, rng)
    mine.append(steps)
lesson.figure(
    "my-car",
    Line("my car", np.arange(1, 41), mine),
    Line.of_runs("cars of the package", np.arange(1, 41), tile_lengths[:, :40]),
    x="episode",
    y="steps of the episode",
)

# %% [markdown]
# ### How good are the features?
#
# Each claim below is measured here, over many seeds. First: does tile coding work as the book's figure 10.2 shows it?


# %% tags=["claim"]
def steps_with_tiles(rng):
    return tile_car(rng).play(100)[80:].mean()


lesson.claim(
    "With 8 tilings of 8 × 8 tiles and α = 0.5, episodes 81 to 100 take fewer than 150 steps on average.",
    steps_with_tiles,
    below=150,
    seeds=200,
    unit="steps",
)

# %% [markdown]
# Which step size? In that figure the larger ones learn faster at first.


# %% tags=["claim"]
def steps_saved_by_alpha(rng):
    small, large = (tile_car(each, alpha=alpha).play(50) for each, alpha in zip(rng.spawn(2), (0.1, 0.5), strict=True))
    return small.mean() - large.mean()


lesson.claim(
    "Over the first 50 episodes, α = 0.5 saves more than 150 steps an episode against α = 0.1.",
    steps_saved_by_alpha,
    above=150,
    seeds=100,
    unit="steps",
)

# %% [markdown]
# Shifted boards, or one finer board? We compare with one board of 12 × 12 tiles. In the widget above you can look for a
# single board that does better.


# %% tags=["claim"]
def one_board_against_eight(rng):
    one, eight = rng.spawn(2)
    return tile_car(one, tilings=1, side=12).play(100)[80:].mean() / tile_car(eight).play(100)[80:].mean()


lesson.claim(
    "In episodes 81 to 100, a car with one board of 12 × 12 tiles takes more than 1.5 times as many steps as one with "
    "8 shifted boards of 8 × 8.",
    one_board_against_eight,
    above=1.5,
    seeds=100,
    unit="times",
)


# %% tags=["claim"]
def few_large_tiles(rng):
    return tile_car(rng, tilings=1, side=8).play(100)[80:].mean()


lesson.claim(
    "A single one of those boards, 8 × 8, is too coarse: alone, its episodes 81 to 100 take more than 1,000 steps on "
    "average (each is cut off at 5,000).",
    few_large_tiles,
    above=1_000,
    seeds=30,
    quick=5,
    unit="steps",
)


# %% tags=["claim"]
def many_small_tiles(rng):
    fine, coarse = rng.spawn(2)
    return tile_car(fine, tilings=1, side=40).play(100)[80:].mean() / tile_car(coarse, 1, 12).play(100)[80:].mean()


lesson.claim(
    "A single board of 40 × 40 tiles is too fine: its episodes 81 to 100 take more than 1.5 times as many steps as "
    "those of one with 12 × 12.",
    many_small_tiles,
    above=1.5,
    seeds=60,
    unit="times",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "With α = 1.5 episodes 81 to 100 take fewer than 200 steps on average.",
    lambda rng: tile_car(rng, alpha=1.5).play(100)[80:].mean(),
    below=200,
    seeds=100,
    unit="steps",
)

# %% [markdown]
# And are more features always better?

# %%
lesson.ask("more-features")


# %% tags=["claim"]
def order_7_against_3(rng):
    low, high = (
        LinearSarsa(Fourier(order), alpha=0.003, rng=each).play(100)[80:].mean()
        for order, each in zip((3, 7), rng.spawn(2), strict=True)
    )
    return high - low


lesson.claim(
    "With α = 0.003, Fourier features of order 7 (64 waves) take more steps in episodes 81 to 100 than those of "
    "order 3 (16 waves).",
    order_7_against_3,
    above=0,
    seeds=20,
    quick=5,
    unit="steps more",
)

# %% [markdown]
# ## 4 · The deadly triad
#
# Approximation did well so far. It need not. In **Baird's counterexample** (Baird 1995; Sutton and Barto 2018, section
# 11.2) there are seven states, and every reward is 0: *all values are 0, and the features can say so exactly*. The
# policy that is evaluated always goes to state 7. Three things can be switched on, which together are called the
# **deadly triad** (section 11.3):
#
# - **function approximation**: eight weights for seven states; the value of state 1, for one, is $2 w_1 + w_8$;
# - **bootstrapping**: the target is $\gamma$ times the learned value of state 7, instead of the return, which is 0;
# - **off policy**: all states are updated equally often, instead of as often as the policy would visit them.
#
# Each sweep makes the updates that are to be expected, so no chance is involved. Guess before each switch what it does.

# %%
triad = TriadBench()
triad

# %% [markdown]
# **Things to try**
#
# 1. Switch the parts on one by one, in any order. Which pairs are stable? What happens with all three?
# 2. With all three on, take a tenth of the step size. Does that help?
# 3. Lower γ until it becomes stable. At which discount? Does that depend on the step size?
# 4. All three, γ = 0.99: does state 7 seem to be worth more than the other states, or less? Which weights does each
#    update of state 1 move, and what does that do to the value of state 7?

# %% [markdown] tags=["instructor"]
# **Answers to the things to try**
#
# 1. Each single part and each pair is stable for the step sizes offered; all three diverge if γ is above about 0.88. On
#    policy only state 7 is updated, so the other values settle somewhere, not at 0: nobody visits those states.
# 2. No: ten times as slow. It is the direction that is wrong, not the length. (The map: upright borders.)
# 3. Between 0.88 and 0.89 (for small steps at 15/17); from α = 0.1 on it lies just below 0.88.
# 4. State 7 seems to be worth more. Each update of states 1 to 6 raises the shared w8, which counts twice in state 7:
#    the sum is in the text that follows. Six states pull the target up, one alone corrects it.
#
# Misconception to look for: "divergence means that the features are too poor". Here they can represent the truth.

# %% [markdown]
# ### Why the values run away
#
# Say that the target of the six first states, $\gamma$ times the value of state 7, lies 1 above the value of each, and
# take $\alpha / 7$ as the unit. In one sweep the six states each raise their own weight by 2 and the shared $w_8$ by 1,
# so $w_8$ rises by 6. Then
#
# - the value of state 1, $2 w_1 + w_8$, rises by 4 + 6 = 10;
# - the value of state 7, $w_7 + 2 w_8$, rises by 12, and the target by $12 \gamma$: by more than 10, if $\gamma$ is
#   above 5/6.
#
# The values chase a target that runs ahead of them. State 7 would correct itself: its own target is $\gamma$ times its
# value. On policy only it is updated. Off policy it is one of seven, and all that its corrections do is to lift that
# bound from 5/6 to about 0.88. A smaller step size makes all of this slower, and changes nothing else. Where steps come
# from the policy itself, TD with linear features is proved to converge, if its step sizes fall as they should
# (Tsitsiklis and Van Roy 1997).
#
# The next two claims draw the discount, the step size (0.02 to 0.2) and the weights to begin with anew for each seed.


# %% tags=["claim"]
def grows(rng, gammas, **parts):
    """Return whether the weights grow to ten times their size within 3,000 sweeps."""
    alpha, gamma = rng.uniform(0.02, 0.2), rng.uniform(*gammas)
    start = rng.normal(size=8 if parts["approximation"] else 7)
    most = 10 * np.linalg.norm(start)
    sweeps = islice(baird_weights(**parts, alpha=alpha, gamma=gamma, start=start), 3_000)
    return any(np.linalg.norm(weights) > most for weights in sweeps)


def grows_with_all(rng):
    return grows(rng, (0.95, 1.0), approximation=True, bootstrapping=True, off_policy=True)


lesson.claim(
    "With all three parts and a discount above 0.95 the weights grow to more than ten times their size within 3,000 "
    "sweeps, whatever the step size (0.02 to 0.2) and the start.",
    grows_with_all,
    above=0.95,
    seeds=100,
    quick=10,
    unit="of the cases",
)


# %% tags=["claim"]
def grows_with_two(rng):
    missing = rng.choice(["approximation", "bootstrapping", "off_policy"])
    parts = dict.fromkeys(("approximation", "bootstrapping", "off_policy"), True) | {str(missing): False}
    return grows(rng, (0.0, 1.0), **parts)


lesson.claim(
    "With any two of the three parts the weights do not grow like that, at any discount.",
    grows_with_two,
    below=0.05,
    seeds=100,
    quick=10,
    unit="of the cases",
)


# %% tags=["claim"]
def smallest_step_that_diverges(rng):
    alpha = np.exp(rng.uniform(np.log(1e-5), np.log(0.1)))
    return baird_growth(alpha=alpha, gamma=0.89) > 1 > baird_growth(alpha=alpha, gamma=0.87)


lesson.claim(
    "With all three parts, γ = 0.89 diverges and γ = 0.87 does not, at every step size up to 0.1.",
    smallest_step_that_diverges,
    above=0.95,
    seeds=200,
    unit="of the step sizes",
)

# %%
lesson.ask("smaller-alpha")

# %% [markdown]
# SARSA on the car approximates and bootstraps, but learns on policy. Q-learning with a network does all three. That it
# works at all, with precautions, is the matter of lesson 6.
#
# ## 5 · Features that are learned: a small network
#
# A network with one hidden layer is a sum of weighted features as well. Only that its features, the hidden units
# $\tanh(u_1 x + u_2 y + u_3)$, have weights of their own, and these learn too: by the same semi-gradient, one step
# further back. Nobody has to choose tiles. What does that cost?

# %%
networks = ValueSurface("tile coding", "small network", solid=True)
networks

# %% [markdown]
# **Things to try**
#
# 1. Play at speed 1,000. Which landscape changes far away from the car?
# 2. Go on for 100,000 steps or more. Does what B has learned stay? Press **Other draws** and play again, three times.
# 3. Give B a step size of 0.02. And 5 hidden units, then 200.

# %% [markdown] tags=["instructor"]
# **Answers to the things to try**
#
# B mostly learns faster than A at first, and is mostly behind it later; where it loses what it had learned, the whole
# landscape lifts. With 0.02 most cars get stuck within 200 episodes (the cards that follow). It is a property of the
# method, not an error of the program: the tests compare each of its updates with gradients computed by differences.
# Misconception to look for: "a network is stronger, so it must learn better". It can represent more. Here it is updated
# from steps that follow one another closely, towards targets that move with it.

# %% [markdown]
# The next cell lets forty cars of each of four kinds learn, 150 episodes each. That takes 10 to 40 seconds; the claims
# below about pairs use the same cars.

# %%
runs = range(lesson.budget(40, quick=8))
learners = {
    "8 tilings": tile_car,
    "one tiling": lambda rng: tile_car(rng, tilings=1, side=12),
    "Fourier, order 3": lambda rng: LinearSarsa(Fourier(3), alpha=0.003, rng=rng),
    "network, 60 units": lambda rng: NetworkSarsa(60, alpha=0.003, rng=rng),
}
lengths = {
    name: np.array([make(np.random.default_rng(run)).play(150) for run in tracked(runs, f"cars with {name}")])
    for name, make in learners.items()
}
lesson.figure(
    "four-representations",
    *(Line.of_runs(name, np.arange(1, 151), each < 200) for name, each in lengths.items()),
    x="episode",
    y="share under 200 steps",
)

# %% [markdown]
# The figure shows which share of the cars took fewer than 200 steps. At first cars with the network are ahead of those
# with the eight tilings: what one step teaches holds for the whole map. Later it is the other way round.
#
# Here are the cars from the best to the worst, every second one: the mean of their last 50 episodes.

# %%
last = {name: np.sort(each[:, -50:].mean(axis=1)).round().astype(int) for name, each in lengths.items()}
pd.DataFrame(last, index=pd.RangeIndex(1, len(runs) + 1, name="car, from the best to the worst")).iloc[1::2]


# %% tags=["claim"]
pairs = zip(lengths["network, 60 units"], lengths["8 tilings"], strict=True)  # the cars of the figure, two by two


def network_is_faster_at_first(_rng):
    network, tiles = next(pairs)
    return network[:20].mean() < tiles[:20].mean()


lesson.claim(
    "In more than six of ten pairs, a car with the network takes fewer steps in its first 20 episodes than one with 8 "
    "tilings.",
    network_is_faster_at_first,
    above=0.6,
    seeds=40,
    quick=8,
    unit="of the pairs",
)


# %% tags=["claim"]
pairs = zip(lengths["network, 60 units"], lengths["8 tilings"], strict=True)


def network_is_worse(_rng):
    network, tiles = next(pairs)
    return network[100:].mean() > tiles[100:].mean()


lesson.claim(
    "In more than six of ten pairs, a car with the network takes more steps in episodes 101 to 150 than one with 8 "
    "tilings.",
    network_is_worse,
    above=0.6,
    seeds=40,
    quick=8,
    unit="of the pairs",
)

# %% [markdown]
# What does a larger step size do? The next claim counts cars that get *stuck*: three episodes in a row in which they do
# not arrive within 5,000 steps, after they have already had one of fewer than 200.


# %% tags=["claim"]
def gets_stuck(rng, alpha=0.02):
    car, arrived, lost = NetworkSarsa(60, alpha=alpha, rng=rng), False, 0
    for _ in range(200):
        steps = car.play(1)[0]
        arrived |= steps < 200
        lost = lost + 1 if arrived and steps == 5_000 else 0
        if lost == 3:
            return True
    return False


lesson.claim(
    "With α = 0.02, more than six of ten networks get stuck within 200 episodes, after they had learned to arrive.",
    gets_stuck,
    above=0.6,
    seeds=30,
    quick=5,
    unit="of the cars",
)

# %%
lesson.ask("why-network")

# %% [markdown]
# ## 6 · Once more, by hand: waves
#
# Fourier features of a state whose place `x` and speed `y` have been brought to 0 to 1: $\cos(\pi(i\,x + j\,y))$ for
# all orders $i$ and $j$ from 0 to `order`, as one array, $i$ in the outer loop.


# %% tags=["exercise"]
def fourier_features(x, y, order):
    """Return the Fourier features of a state, shape ((order + 1) ** 2,)."""
    ### BEGIN SOLUTION
    return np.array([np.cos(np.pi * (i * x + j * y)) for i in range(order + 1) for j in range(order + 1)])
    ### END SOLUTION


lesson.check(fourier_features)

# %% [markdown]
# ## 7 · Exit quiz

# %%
lesson.ask("one-correction")

# %%
lesson.ask("sarsa-order")

# %%
lesson.ask("which-missing")

# %%
lesson.ask("q-learning-network")

# %% [markdown]
# ## 8 · Graded tasks
#
# Your variant has its own numbers.

# %%
lesson.graded("value-after")

# %%
lesson.graded("tile-indices")


# %% tags=["exercise"]
def tile_indices(position):
    """Return the list of the tile that is on in each board, as your task asks for it."""
    ### BEGIN SOLUTION
    tiles, boards, shift = 11, 5, 4  # with the numbers of the practice variant
    return [
        k * (tiles + 1) + active_tile(position, -1.2, 0.6, tiles, (shift * k % boards) / boards) for k in range(boards)
    ]
    ### END SOLUTION


lesson.graded("tile-indices", tile_indices)

# %% [markdown] tags=["instructor"]
# Each variant has its own number of tiles (N), boards (K) and shift (m). The solution for all of them:
#
# `[k * (N + 1) + active_tile(position, -1.2, 0.6, N, (m * k % K) / K) for k in range(K)]`
#
# The usual mistakes have hints of their own: tiles counted from 0 on each board; N instead of N + 1 tiles a board;
# every board shifted by k / K.
#
# `value-after`: the next value moves by α times the error times the share of its tiles that were corrected. Answers are
# kept without a judgement; tolerance 0.005.

# %% [markdown]
# ## 9 · Hand in

# %%
lesson.export()

# %% [markdown]
# ### Sources
#
# Sutton and Barto (2018), *Reinforcement Learning: An Introduction*, 2nd edition: sections 9.1 to 9.5 (features), 10.1
# and figures 10.1, 10.2 (the car), 11.2 and 11.3, figures 11.1 and 11.2 (Baird, the triad). Moore (1990), *Efficient
# Memory-Based Learning for Robot Control*. Konidaris, Osentoski and Thomas (2011), *Value function approximation in
# reinforcement learning using the Fourier basis*. Baird (1995), *Residual algorithms: reinforcement learning with
# function approximation*. Tsitsiklis and Van Roy (1997), *An analysis of temporal-difference learning with function
# approximation*.

# %% [markdown] tags=["instructor"]
# ### For instructors
#
# **Timing.** 70 minutes with the graded tasks; 50 without parts 5, 6 and 8. The widgets of parts 2 and 4 deserve their
# time: have somebody say aloud what will happen before a switch is turned. With the full budget all cells together take
# one minute on two cores; the slowest are cards and a figure of parts 3 and 5. Each card says how much is left.
#
# **Misconceptions.** A step changes one state (it changes all that share features). The step size is shared because
# there are many weights (because many are *on*). Semi-gradient means sampled (the target's own gradient is missing).
# Divergence is cured by a smaller step (not where the direction is wrong). A network must be better (it has to learn
# its features too, from steps that follow one another closely).
#
# **Marking.** `sarsa_update`: 4 points, one for each case. `active_tile`: 2. `fourier_features`: 1. `value-after`: 2,
# `tile-indices`: 3. `why-network`: 2, one for each property: a hidden unit acts on far-away states too; targets and
# features move while it learns. Anything that names the same in other words counts.
#
# **Expected answers.** `retroml-edu lesson answers 05-function-approximation --variant anna-1` prints the graded tasks
# of a variant with the answers that they expect. What a bundle says is right, the student's own notebook has said: run
# the code again where it counts.
