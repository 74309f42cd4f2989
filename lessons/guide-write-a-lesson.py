# %% [markdown]
# # Write a lesson
#
# *For instructors. Run this notebook from its first to its last cell: each part shows a piece that lessons are made of,
# with all the code that it takes. At the end you begin a lesson of your own.*
#
# A lesson is one file, `lessons/20-my-lesson.py`. Two notebooks are made from it: students get gaps where solutions
# stand, you get the solutions and your own notes. Everything below is taken from `retroml_edu.kit`. What a student
# answers is kept in a file beside the notebook: no account, no server.
#
# The example all through this guide: *the mean of many throws of a die*.

# %%
import numpy as np

from retroml_edu.kit import (
    Case,
    Choice,
    Controls,
    Exercise,
    FreeText,
    Graded,
    Lesson,
    Line,
    Number,
    Option,
    Order,
    Piece,
    Player,
    Plot,
    Slider,
    level,
    line,
)

# %% [markdown]
# ## The lesson itself
#
# A lesson has a name, and *material*: functions to be written with the cases they are tried on, questions, graded
# tasks. It stands in a class here, where students read it with everything else. It may stand in a Python file beside
# the notebook instead, and you hand over the module in place of the class: `import my_dice`, then
# `Lesson("20-my-lesson", material=my_dice)`.
#
# Keep `my_dice.py` beside the source, in `lessons/`: each build of the lesson takes it along. That keeps answers out of
# the notebook, not out of reach: students who look find the file beside it. What nobody may read before it is marked
# does not belong on their computer.


# %%
def own_task(rng):
    """Make a graded task: what is drawn from `rng` is different for each student."""
    sides = int(rng.integers(5, 15))
    return Number(
        "mean-of-a-die",
        f"A die has the numbers 1 to {sides}, each as likely as any other. What is the mean of its throws?",
        expected=(sides + 1) / 2,
    )


def own_points(rng):
    """Make a graded task that asks for a function: a text and an exercise."""
    factor = int(rng.integers(2, 10))
    return (
        f"Write `points(throw)`: {factor} points for each eye of a throw, and none for a one.",
        Exercise(
            "points",
            cases=(
                Case({"throw": 3}, 3 * factor, "How many points does one eye give?"),
                Case({"throw": 1}, 0, "What does a one give?"),
            ),
        ),
    )


class Asked:
    """What is asked in this lesson."""

    EXERCISES = (
        Exercise(
            "running_mean",
            cases=(
                Case({"throws": [4.0]}, [4.0], "The mean of one throw is that throw."),
                Case(
                    {"throws": [2.0, 4.0, 6.0]},
                    [2.0, 3.0, 4.0],
                    "The second number is the mean of the first two throws.",
                    instead=(([2.0, 6.0, 12.0], "These are sums. Divide each by how many throws are in it."),),
                ),
            ),
        ),
    )
    GRADED = (Graded("own-die", own_task), Graded("points", own_points))


lesson = Lesson("guide-write-a-lesson", material=Asked)

# %% [markdown]
# ## Questions
#
# There are four kinds. An answer is judged at once. Put the usual misconceptions among the options, and tell whoever
# chooses one what to think about: a wrong answer with a good reply teaches more than a right one.

# %%
lesson.ask(
    Choice(
        "after-three-sixes",
        "A fair die has shown three sixes in a row. What is true of the next throw?",
        options=(
            Option("A six is as likely as before.", "Yes: the die does not remember.", right=True),
            Option("A six is less likely.", "Who would have told the die what it has shown?"),
            Option("A six is more likely.", "That would be so if the die were loaded; it was said to be fair."),
        ),
    )
)

# %%
lesson.ask(
    Number(
        "expected",
        "What is the mean of many throws of a die with six sides?",
        expected=3.5,
        tolerance=0.01,
        told="Yes: the mean of 1 to 6.",
        hint="Add up what can come, each as often as it comes.",
        instead={3.0: "That is half of six. What is the mean of 1 and 6?"},
    )
)

# %%
lesson.ask(
    Order(
        "how-to-measure",
        "Bring the steps of a measurement into their order.",
        steps=("Say what you expect.", "Measure over many seeds.", "Look at the interval.", "Conclude."),
        hint="An expectation that comes after the result is none.",
    )
)

# %%
lesson.ask(
    FreeText(
        "in-your-words",
        "Why is the mean of ten throws seldom exactly 3.5?",
        speaks_of={r"chance|random|luck|vari|differ": "What makes two series of ten throws different?"},
    )
)

# %% [markdown]
# ## A prediction
#
# Before they run anything, students draw the curve that they expect. Later the one that came is laid over it, and
# sentences say how near theirs was. Those who have drawn nothing are told so, and the lesson goes on.

# %%
lesson.predict(
    "distance",
    question="How far is the mean of so many throws from 3.5, on average over many series?",
    x_end=200,
    x_unit="throws",
    y_name="distance",
    low=0,
    high=2,
)

# %%
throws = np.random.default_rng(1).integers(1, 7, size=(lesson.budget(2_000, quick=200), 200))
numbers = np.arange(1, 201)
means = throws.cumsum(axis=1) / numbers
lesson.compare("distance", numbers, np.abs(means - 3.5).mean(axis=0))

# %% [markdown]
# `lesson.budget(full, quick=...)` is a number of runs: the full one for people, the quick one for tests.
#
# ## A view to play with: controls, chart, player
#
# `Controls` tells your function the values of its sliders, and only the newest ones while a slider is dragged. `Plot`
# draws; `line`, `level`, `bars` and `heat` make what it draws, in the colours of the page. `Player` moves a position
# on, step by step or by itself. `Piece` puts them into one frame, which also says in words what goes wrong inside.
#
# Tell students what to try, and what to look for: *1. Play. When does the line come to rest? 2. Set twenty sides.
# Does it take longer?*

# %%
plot = Plot(x="throw", y="mean so far", height=280)


def thrown(sides):
    """Return a series of throws of a die with so many sides."""
    return np.random.default_rng(7).integers(1, int(sides) + 1, size=300)


def show(position):
    """Draw the first throws: the player calls it."""
    sides = controls.values["sides"]
    seen = thrown(sides)[: position + 1]
    count = np.arange(1, len(seen) + 1)
    expected = level((sides + 1) / 2, "mean of all throws there could be", x=(1, 300))
    plot.show(*line("mean", count, seen.cumsum() / count), *expected)


controls = Controls(
    Slider("sides", "Sides", 6, 2, 20, 1, hint="How many sides the die has."),
    on_change=lambda _values: show(player.position),
)
player = Player(show, length=299, unit="throw", back=True)
show(0)
Piece("The mean of throws", controls, plot, player)

# %% [markdown]
# Everything works from code as well, so that a view can be tested without a page:

# %%
player.go(100)
player.position

# %% [markdown]
# ## An exercise
#
# In the source, the lines that students write themselves stand between `### BEGIN SOLUTION` and `### END SOLUTION`. A
# student's notebook has a gap there. (This guide shows the marks; a lesson's notebooks do not.) `lesson.check` tries
# the function of that name on its cases. If it is not right, the notebook stops there with what is wrong in words and
# a hint, not with a traceback.
#
# A gap that nobody has filled in yet is no attempt: the card says what to do. A first attempt is told the `idea=` of
# the exercise, later ones the hint of the case; what stands in `instead=` is a known mistake and is told at once. Where
# a case expects an int, 3.0 does not pass: an index has to be whole. Expect mere quantities as floats.


# %% tags=["exercise"]
def running_mean(throws):
    """Return the means of the first, the first two, the first three ... throws, as a list."""
    ### BEGIN SOLUTION
    means, total = [], 0.0
    for number, throw in enumerate(throws, 1):
        total += throw
        means.append(total / number)
    return means
    ### END SOLUTION


lesson.check(running_mean)

# %% [markdown]
# What a student reads who has forgotten to divide:

# %%
tried = Asked.EXERCISES[0].try_out(lambda throws: list(np.cumsum(throws)))
print(tried.told, tried.hint, sep="\n")

# %% [markdown]
# ## A claim
#
# What a lesson says of figures, it measures. A claim has a sentence, a function that measures one figure from a
# random generator, and a bound. It is measured over seeds, always the same ones, and holds if the whole 95 % interval
# of the mean is within the bound. Its cell has the tag `claim`.
#
# *With four times as many throws, the mean comes about twice as near to 3.5.*


# %% tags=["claim"]
def how_much_nearer(rng):
    """Return how many times nearer 400 throws come than 100, of a hundred series each."""
    few, many = (np.abs(rng.integers(1, 7, size=(100, n)).mean(axis=1) - 3.5).mean() for n in (100, 400))
    return few / many


lesson.claim(
    "With four times as many throws, the mean comes about twice as near.",
    how_much_nearer,
    between=(1.9, 2.1),
    seeds=200,
    quick=40,
    unit="times",
)

# %% [markdown]
# ## A figure to hand in
#
# `Line.of_runs` draws the mean of several runs with its interval. The figure has buttons for its numbers (CSV) and its
# picture (PNG), and goes into what is handed in.
#
# Where runs take long, `for run in tracked(range(40), "cars")` (from `retroml_edu.kit`) shows a bar with the time left.

# %%
lesson.figure("means", Line.of_runs("mean so far", numbers, means), x="throw", y="mean so far")

# %% [markdown]
# ## A graded task
#
# A solution that stands on the internet is no answer to a task with other numbers. With `Lesson("20-my-lesson",
# variant="your student number")` each student has their own; without a variant it is for practice. (These very words
# are refused as a variant.)

# %%
lesson.graded("own-die")

# %% [markdown]
# A graded task may ask for a function: `own_points` above returns a text and an exercise. Shown without a function, it
# is the text; with one, the function is tried on the cases of the variant.

# %%
lesson.graded("points")

# %% [markdown]
# Your notebook has no variant, so your solution has to use the numbers of the practice variant.


# %% tags=["exercise"]
def points(throw):
    """Return what a throw is worth."""
    ### BEGIN SOLUTION
    return 0 if throw == 1 else 8 * throw  # with the numbers of the practice variant
    ### END SOLUTION


lesson.graded("points", points)

# %% [markdown]
# ## Hand in
#
# One button makes one file of answers, predictions, exercises with their code, and figures.

# %%
lesson.export()

# %% [markdown]
# ## Mark what was handed in
#
# A bundle is marked by a person: nothing here does it for you. It holds `answers.json`, the code of each function in
# `exercises/`, the figures, and a manifest. What it proves, and what not:
#
# - The manifest has the SHA-256 of each file: it shows that the zip is whole, not that its answers are honest. Whoever
#   can edit a file can make a manifest for it.
# - `"right": true` is what the student's own notebook said. Run their code again before it counts: look at it first, as
#   at any program of others.
# - `task_digest` says to which task an answer is one: compare it with that of the variant the student should have.
#
# The tasks of a variant with the answers that they expect, and their digests:
#
# ```
# retroml-edu lesson answers 01-bandits --variant anna-1 ben-2
# retroml-edu lesson answers 20-my-lesson --material lessons/my_dice.py --variant anna-1
# ```
#
# ## Begin your own
#
# In a terminal, in the folder of your course:
#
# ```
# retroml-edu lesson new 20-my-lesson "My lesson"
# retroml-edu lesson build 20-my-lesson
# retroml-edu lesson build 20-my-lesson --instructor --to marking
# ```
#
# The first writes `lessons/20-my-lesson.py`, the whole frame of a lesson with a small example that runs at once. The
# second makes the students' notebook in `notebooks/`, the third yours, with solutions, in a folder that you name.
# Python files of your own that the lesson imports go with each of them. A notebook that somebody has changed by hand
# is not overwritten; with `--force` it is, and what was there is kept as `20-my-lesson-before.ipynb`. Outputs of a
# notebook that was run are not kept.
#
# A cell of the source begins with `# %%`, a cell of text with `# %% [markdown]`. Three tags are known:
#
# | tag | what it is for |
# |---|---|
# | `["instructor"]` | marking notes, timing, misconceptions, answers: left out of the students' notebook |
# | `["exercise"]` | a function that students write; its solution stands between the marks |
# | `["claim"]` | a cell that measures what the text says |
#
# A lesson that teaches well has a frame: *predict* before anything runs, *try it out*, *explain* with the equation
# beside the code, *write it yourself*, *measure* over seeds, a quiz at the end. If something you need is missing
# here, look at the sources of the course in `lessons/`: they use nothing else.
