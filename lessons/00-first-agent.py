# %% [markdown]
# # Lesson 0 · First agent in five minutes
#
# You train an agent, watch it learn, and find out how much of what you saw was luck.
#
# **Afterwards you can**
#
# - say what environment, observation, action, reward, episode, return and policy are, and where the panel shows them;
# - train an agent with buttons and with five lines of Python, and get its numbers as tables;
# - explain why one run with one seed proves nothing, and what to do instead;
# - write a policy yourself and measure it beside a random and a trained one.
#
# | Minutes | What you do |
# |---:|---|
# | 0 – 5 | Predict, then train your first agent |
# | 5 – 15 | Look around: the words of this course, in the panel |
# | 15 – 25 | The same run with another seed |
# | 25 – 40 | Write it: returns, rolling mean, a policy of your own |
# | 40 – 50 | Measure: several seeds, with intervals |
# | 50 – 60 | Exit quiz, graded task, export |
#
# You need a little Python. Run each cell with **Shift + Enter**, from the first on.

# %%
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from retroml_edu import ExperimentConfig, Lab, evaluate, list_runs, load_run, run_experiment
from retroml_edu.kit import Lesson, Line, play_games

lesson = Lesson("00-first-agent")  # for graded work: Lesson("00-first-agent", variant="your student number")

# %% [markdown]
# ## 1 · Predict
#
# **CartPole**: a pole stands on a cart. At each step the agent pushes the cart to the left or to the right. Each step
# brings a reward of 1. The game ends when the pole leans by more than 12 degrees, when the cart leaves its track, or
# after 500 steps.
#
# Answer before you run anything. A guess that turns out wrong teaches more than none.

# %%
lesson.ask("random-return")

# %% [markdown]
# In a moment an algorithm called PPO will train on CartPole for 40,000 steps. How will the mean number of steps that
# the pole stays up change on the way? Since each step brings a reward of 1, that number is what a game pays in all: its
# **return**. Draw the mean.

# %%
lesson.predict(
    "first-curve",
    question="The mean return of the newest 20 games, over 40,000 steps of training: draw the curve that you expect.",
    x_end=40_000,
    x_unit="steps",
    y_name="mean return",
    low=0,
    high=500,
)

# %% [markdown]
# ## 2 · Train your first agent
#
# Run the next cell and press **Train** in the panel. Then watch: *Live* shows a copy of the agent at play, the curve
# grows by a dot for each game that has ended.

# %%
lab = Lab(
    env_id="CartPole-v1",
    algorithm="PPO",
    run_type="custom",
    total_timesteps=40_000,
    seed=1,
    hyperparameters={"learning_rate": 1e-3},
    video={"length_s": 5},  # short films, so that you need not wait for them
)
lab

# %% [markdown]
# The next cell takes the run that you have trained, and waits if it still trains. If you have not pressed Train, it
# does that.

# %%
first = lab.trained(seed=1, timeout_s=300)
first

# %%
games = first.episodes()
lesson.compare("first-curve", games["step"], games["episode/return_mean"])

# %% [markdown]
# ### The words, and where you see them
#
# | Word | What it is | In CartPole | In the panel |
# |---|---|---|---|
# | **Environment** | the world that the agent acts in | cart, pole, gravity | the first card |
# | **Observation** | what the agent is told | four numbers, see below | (the picture is drawn for you alone) |
# | **Action** | what it can do | 0: push left, 1: push right | the little moves of the cart in *Live* |
# | **Reward** | a number after each action | 1 for each step | |
# | **Episode** | one game | until it falls, or 500 steps | one dot of the curve |
# | **Return** | the sum of an episode's rewards | how many steps the pole stayed up | the height of a dot |
# | **Mean return** | over the newest 20 episodes | | the line of the curve |
# | **Policy** | chooses an action for an observation | a small network | what plays in *Live* and in *Videos* |
#
# The four numbers of an observation are the cart's position and velocity, the pole's angle and its angular velocity.
#
# The agent never sees the rules. It sees observations and rewards, and PPO changes its policy so that actions after
# which more reward came than expected become more likely. How it does that is the matter of lesson 10.

# %%
lesson.ask("one-step")

# %% [markdown]
# ### Things to try in the panel
#
# 1. **Two films.** Under *Videos*, play the film of the start, then the one of the end, which is cut off after five
#    seconds. What does the cart do at the end that it did not do at the start?
# 2. **One game.** Move over a dot in the curve. At which step did that game end, and with which return?
# 3. **A test.** Press **Test**. Now the agent plays whole games and learns nothing. Does each game bring the same
#    return?
# 4. **The insights.** Open one of *Insights*. Which part of the curve is its evidence? One of them says what the next
#    part of this lesson is about.
# 5. **A setting.** Move to *Learning rate*, or hover over it, and read what it does. Leave it as it is for now.

# %% [markdown]
# ## 3 · The same run with another seed
#
# A run makes many random draws: the weights (the numbers in the network) that it begins with, the start of each game,
# each action. All of them come from one number, the **seed**. In a moment you will change it from 1 to 2, and nothing
# else.

# %%
lesson.ask("another-seed")

# %%
lesson.predict(
    "second-curve",
    question="The same settings with seed 2. You know the first curve now: draw the second.",
    x_end=40_000,
    x_unit="steps",
    y_name="mean return",
    low=0,
    high=500,
)

# %% [markdown]
# Go back to the panel, write 2 into *Seed*, and press **Train**. Then run the next cells. (If you only run them, the
# first one sets the seed and presses Train.)

# %%
second = lab.trained(seed=2, timeout_s=300)
more_games = second.episodes()
lesson.compare("second-curve", more_games["step"], more_games["episode/return_mean"])

# %%
at = np.arange(2_000, 40_001, 500)


def curve(games, at):
    """Return the mean return at some steps."""
    return np.interp(at, games["step"], games["episode/return_mean"])


lesson.figure(
    "two-seeds",
    Line("seed 1", at, curve(games, at)),
    Line("seed 2", at, curve(more_games, at)),
    x="step",
    y="mean return",
)

# %% [markdown]
# If these were two *algorithms*, you might call the upper one better. They are one algorithm with one set of settings,
# tried twice. **A single run cannot tell apart what the settings did and what chance did.**
#
# ### The same from Python
#
# Each press of Train has a twin in code. `train` makes one run without the panel and without films, and returns its
# games. It is half as long as the runs above, so that many fit into a minute.


# %%
def train(seed, learning_rate=1e-3, steps=20_000, home=None):
    """Train once on CartPole and return the run's games."""
    config = ExperimentConfig(
        env_id="CartPole-v1",
        algorithm="PPO",
        run_type="custom",
        total_timesteps=steps,
        seed=int(seed),
        hyperparameters={"learning_rate": learning_rate},
        video={"enabled": False},
    )
    result = run_experiment(config, home, progress=False)
    return load_run(result.run_id, home).episodes()


# %% [markdown]
# How far apart are two curves that differ in their seed alone? The next cell does not take two seeds that look well: it
# draws pairs of seeds, trains both, and notes the widest gap. A card like this one stands wherever a lesson says
# something about what happens: with the figure, how many times it was measured, and an interval that says how exactly
# its mean is known (part 6 says more). The runs go to a folder of their own, which is thrown away.
#
# The three cards of this part train 36 times in all. Expect one to three minutes on a laptop, about half of it for the
# first card. Each says how much is left.

# %% tags=["claim"]
scratch = TemporaryDirectory(ignore_cleanup_errors=True)
halfway = np.arange(2_000, 20_001, 500)


def widest_gap(rng):
    one, other = (curve(train(seed, home=scratch.name), halfway) for seed in rng.integers(1_000_000, size=2))
    return np.abs(one - other).max()


lesson.claim(
    "Where they are farthest apart between steps 2,000 and 20,000, two runs that differ in their seed alone are more "
    "than 60 points apart, on average.",
    widest_gap,
    above=60,
    seeds=10,
    quick=2,
    unit="points",
)

# %% [markdown]
# So is everything luck? No. Some things hold for nearly every seed, and those are the ones to speak of:


# %% tags=["claim"]
def return_at_the_end(rng):
    return train(rng.integers(1_000_000), steps=40_000, home=scratch.name)["episode/return_mean"].iloc[-1]


lesson.claim(
    "After 40,000 steps with these settings, PPO's mean return on CartPole is above 400 of 500, on average over seeds.",
    return_at_the_end,
    above=400,
    seeds=6,
    quick=2,
    unit="points",
)


# %% tags=["claim"]
def same_seed_twice(rng):
    seed = rng.integers(1_000_000)
    one, other = (train(seed, steps=4_000, home=scratch.name)["episode/return"] for _ in range(2))
    return one.equals(other)


lesson.claim(
    "Trained twice for 4,000 steps with the same settings and the same seed, PPO plays the same games, all of them.",
    same_seed_twice,
    above=0.5,
    seeds=5,
    quick=2,
    unit="of the pairs",
)

# %% [markdown]
# ## 4 · The numbers behind the curve
#
# A run is a folder, and its numbers are tables. One row for each game:

# %%
games.tail(3)

# %% [markdown]
# One row for each update of the network, with everything that the panel's other curves show:

# %%
first.metrics()[["step", "train/entropy", "train/value_loss", "train/learning_rate"]].tail(3)

# %% [markdown]
# And a list of all runs that you have made, newest first. `load_run` opens any of them again, also next week:

# %%
pd.DataFrame(list_runs(limit=5))[["run_id", "seed", "total_timesteps", "episodes", "return_mean", "state"]]

# %% [markdown]
# The return of an episode of $T$ steps is the sum of its rewards (Sutton and Barto 2018, equation 3.7):
#
# $$G = R_1 + R_2 + \dots + R_T$$
#
# In code it is `rewards.sum()`, in the table the column `episode/return`, in the panel the height of a dot.
#
# ## 5 · Write it yourself
#
# ### The returns
#
# Training never stops between games: what comes out of an environment is one long stream of rewards, and a row of
# *dones*, true where a game ended. Write the function that makes returns of it: one number for each game that has
# ended.


# %% tags=["exercise"]
def returns_of(rewards, dones):
    """Return the return of each game that has ended, as a list."""
    ### BEGIN SOLUTION
    returns, total = [], 0.0
    for reward, done in zip(rewards, dones, strict=True):
        total += reward
        if done:
            returns.append(total)
            total = 0.0
    return returns
    ### END SOLUTION


lesson.check(returns_of)

# %% [markdown]
# ### The line of the curve
#
# Single returns jump. The panel's line is their **rolling mean**: at each game, the mean of its return and of those
# before it, `window` games in all, or as many as there are. So it smooths, and it lags: it still remembers games of an
# older policy.


# %% tags=["exercise"]
def rolling_mean(returns, window):
    """Return, for each game, the mean of the newest `window` returns, as an array."""
    ### BEGIN SOLUTION
    means = []
    for last in range(len(returns)):
        newest = returns[max(0, last - window + 1) : last + 1]
        means.append(sum(newest) / len(newest))
    return np.array(means)
    ### END SOLUTION


lesson.check(rolling_mean)

# %% [markdown]
# Now with your own run. How far is your line from the panel's?

# %%
mine = rolling_mean(games["episode/return"].to_list(), 20)
print("largest difference:", np.abs(mine - games["episode/return_mean"]).max())

# %% [markdown]
# ### A policy of your own
#
# A policy is a function from an observation to an action. Nobody says that it has to be learned. Here are two that are
# not:

# %%
rng = np.random.default_rng(0)


def at_random(_observation):
    return rng.integers(2)


def lean(observation):
    _position, _velocity, angle, _angular_velocity = observation
    return int(angle > 0)  # the pole leans to the right: push right


# %%
lesson.ask("lean-return")

# %%
returns = {"at random": play_games(at_random), "lean": play_games(lean)}  # 20 games each
pd.DataFrame(returns).agg(["mean", "min", "max"]).T.round(1)


# %% tags=["claim"]
def random_return(rng):
    return play_games(lambda _: rng.integers(2), games=50, seed=int(rng.integers(1_000_000))).mean()


lesson.claim(
    "A random policy keeps the pole up for 20 to 25 steps, on average.",
    random_return,
    between=(20, 25),
    seeds=30,
    quick=5,
    unit="steps",
)


# %% tags=["claim"]
def lean_return(rng):
    return play_games(lean, games=20, seed=int(rng.integers(1_000_000))).mean()


lesson.claim(
    "The rule that pushes to where the pole leans keeps it up for 38 to 46 steps, on average: far from 500.",
    lean_return,
    between=(38, 46),
    seeds=30,
    quick=5,
    unit="steps",
)

# %% [markdown]
# The rule looks at *where* the pole is and not at *where it goes*. It pushes right until the pole is upright, when the
# pole already swings to the left, with nothing to brake it. Write a better one: one line may be enough.


# %% tags=["exercise"]
def policy(observation):
    """Return 0 to push left or 1 to push right.

    The observation is: position, velocity, angle, angular velocity.
    """
    ### BEGIN SOLUTION
    _position, _velocity, angle, angular_velocity = observation
    return int(angle + angular_velocity > 0)
    ### END SOLUTION


lesson.check(policy)

# %% [markdown]
# Four policies in the same environment: random, the lean, yours, and the trained network of your first run.

# %%
number = lesson.budget(20, quick=5)  # of games
test = evaluate(first, episodes=number, seed=0, video=False)
returns = {
    "at random": play_games(at_random, games=number),
    "lean": play_games(lean, games=number),
    "yours": play_games(policy, games=number),
    "trained": np.array([game.episode_return for game in test.episodes]),
}
pd.DataFrame(returns).agg(["mean", "min", "max"]).T.round(1)

# %% [markdown]
# If your line does as well as the network, nothing is wrong. CartPole is small enough to be solved by thinking. So it
# is a good first test of an algorithm, and has been one since Barto, Sutton and Anderson (1983). The network got there
# without being told what an angle is.
#
# **Things to try with your policy**
#
# 1. Weigh the swing: `angle + 0.5 * angular_velocity`. Do all 20 games reach 500?
# 2. Look at the swing alone. Better or worse than the lean alone?
# 3. Turn the rule around. How fast can a game be lost?


# %% tags=["claim", "instructor"]
def rule_return(rule):
    return lambda rng: play_games(rule, games=10, seed=int(rng.integers(1_000_000))).mean()


lesson.claim(
    "Angle plus angular velocity, as a rule of one line, keeps the pole up for more than 450 of 500 steps, on average.",
    rule_return(lambda observation: int(observation[2] + observation[3] > 0)),
    above=450,
    seeds=20,
    quick=5,
    unit="steps",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "The angle plus half the angular velocity keeps it up for more than 495.",
    rule_return(lambda observation: int(observation[2] + 0.5 * observation[3] > 0)),
    above=495,
    seeds=20,
    quick=5,
    unit="steps",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "The swing alone keeps it up for 180 to 230 steps, on average: better than the lean alone, and not for good.",
    rule_return(lambda observation: int(observation[3] > 0)),
    between=(180, 230),
    seeds=20,
    quick=5,
    unit="steps",
)

# %% tags=["claim", "instructor"]
lesson.claim(
    "The lean turned around keeps it up for fewer than 10 steps, on average.",
    rule_return(lambda observation: int(observation[2] < 0)),
    below=10,
    seeds=20,
    quick=5,
    unit="steps",
)

# %% [markdown]
# ## 6 · Measure
#
# Which learning rate is better after 20,000 steps, 0.001 or 0.003? You know by now that one run of each cannot tell.
# The next cell makes several of each, with the same seeds for both, and draws the mean over the seeds with its 95 %
# interval: a range made so that, in about 95 of 100 such experiments, it holds the mean over all possible seeds. With
# fewer seeds it is wider as a rule. These are twelve short runs, so expect half a minute or more; the cell counts them.
#
# (A band may reach above 500, though no return can: the formula knows nothing of that end.)

# %%
seeds = range(lesson.budget(6, quick=2))
found = {0.001: [], 0.003: []}
for seed in seeds:
    for learning_rate, curves in found.items():
        curves.append(curve(train(seed, learning_rate), halfway))
    print(f"{len(curves)} of {len(seeds)} seeds are trained", end="\r")
slow, fast = (np.array(curves) for curves in found.values())

lesson.figure(
    "learning-rates",
    Line.of_runs("learning rate 0.001", halfway, slow),
    Line.of_runs("learning rate 0.003", halfway, fast),
    x="step",
    y="mean return",
)

# %% [markdown]
# And if you had made one run of each? Here are all pairs that you could have got, and how often 0.001 would have looked
# as good or better at the last step:

# %%
looks_better = slow[:, -1][:, None] >= fast[:, -1][None, :]
print(f"{looks_better.sum()} of {looks_better.size} pairs")

# %%
lesson.ask("what-follows")

# %% [markdown]
# These runs stand in the panel too: open its tab *Experiments*, choose some, and press *Compare*.

# %% [markdown] tags=["instructor"]
# ### Marking notes: what follows
#
# There is no one right answer: it depends on the student's own figure, and six seeds do not settle the question. A full
# answer names the number of seeds, says for which steps the bands lie apart and where they overlap, and claims no more
# than that. "0.003 is better" alone gets half. Nobody may conclude anything for other environments or for longer runs:
# what 0.001 reaches with 40,000 steps is on the second card of part 3.

# %% [markdown]
# ## 7 · Exit quiz
#
# Your answers are kept in a file beside this notebook. You can try again.

# %%
lesson.ask("return-of-rewards")

# %%
lesson.ask("cartpole-observation")

# %%
lesson.ask("what-is-a-policy")

# %%
lesson.ask("point-of-the-curve")

# %%
lesson.ask("same-seed-again")

# %%
lesson.ask("fair-comparison")

# %% [markdown]
# ## 8 · Graded task
#
# Your numbers are drawn for your variant. To be graded, give yours where `lesson` is made, in the first cell with code,
# and run it and these again. You may use what you have written.

# %%
lesson.graded("log-of-games")

# %%
lesson.graded("first-over")

# %% [markdown]
# ## 9 · Take it with you
#
# The buttons beside *Download* in the panel save a run: its numbers (CSV, JSON), its picture
# (PNG, SVG), or all of it with model and films (ZIP). The same from code:

# %%
print(first.export("csv"), first.export("png"), sep="\n")

# %% [markdown]
# And the whole lesson as one file to hand in: answers, predictions, your functions, the figures as tables and pictures.

# %%
lesson.export()

# %% [markdown]
# ### Where this goes on
#
# Lesson 1 takes everything away but actions and rewards: no observations, no episodes, and still a hard choice. What
# PPO does to its network is the matter of lessons 8 to 10, seeds and statistics that of lesson 11.
#
# **Sources.** R. S. Sutton and A. G. Barto (2018), *Reinforcement Learning: An Introduction*, second edition: the
# elements of reinforcement learning in section 1.3, agent and environment in 3.1, returns and episodes in 3.3. A. G.
# Barto, R. S. Sutton and C. W. Anderson (1983), Neuronlike adaptive elements that can solve difficult learning control
# problems, *IEEE Transactions on Systems, Man, and Cybernetics* 13(5), 834–846. J. Schulman and others (2017), Proximal
# policy optimization algorithms, arXiv:1707.06347.

# %% [markdown] tags=["instructor"]
# ## For instructors
#
# **Timing.** Parts 1 and 2 fit into ten minutes when everybody's kernel runs before you begin; the first Train in a
# fresh environment compiles first, which may take a minute or more (`retroml-edu prepare` does it beforehand). The
# cards of part 3 and the figure of part 6 train for one to four minutes in all: have them started before you talk. Part
# 5 is where groups differ most: who is done early tries the three things under the policies. Part 6 can be done at
# home.
#
# **Common misconceptions**
#
# - *Reward and return are one.* In CartPole the return equals the number of steps, which hides the difference. The exit
#   quiz's first question and the third case of `returns_of` use other rewards.
# - *The curve is the agent's score now.* It is a mean over 20 games, played by policies of different ages. Have them
#   write down how many steps 20 games take at the end of the run: 10,000, where each lasts its 500.
# - *The same seed makes a comparison fair.* It makes it repeatable.
# - *The network sees the picture.* It gets four numbers. In Atari games (lesson 7) it does see pictures.
# - *An agent that has learned goes on learning in a test.* It does not; see *Test*.
#
# **Things to try, answers.** 1: at the start the pole is past saving within a second; at the end the cart makes many
# small moves back and forth under it. 2: the box beside the pointer says it. 3: a test draws its actions as training
# does, so returns may differ; at 500 the time limit cuts all of them off. 4: opening an insight marks its window in the
# curve. With the policy: half the swing reaches 500 in nearly all games; the swing alone keeps the pole up for some
# 200 steps on average; the lean turned around for fewer than ten (the three cards under the policies).
#
# **Marking.** `returns_of`, `rolling_mean` and `policy` are checked by cases; look at the source in the bundle for
# functions that only fit the cases (there are few numbers in a good one). The predictions are not to be marked: a good
# prediction is luck, a comparison that is thought about is not. For the free text see the notes in part 6.
#
# **Expected answers.** `retroml-edu lesson answers 00-first-agent --variant anna-1` prints the graded tasks
# of a variant with the answers that they expect. What a bundle says is right, the student's own notebook has said: run
# the code again where it counts.
