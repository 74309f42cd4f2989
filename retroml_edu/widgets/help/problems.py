"""What goes wrong on machines, and what to do: the list that the diagnostics go by."""

from __future__ import annotations

from collections.abc import Iterator

from retroml_edu.analysis.diagnostics import KNOWN
from retroml_edu.widgets.help.topic import Code, Items, Paragraph, Topic, says


def topics() -> Iterator[Topic]:
    """Return them."""
    yield Topic(
        "problems",
        "Problems and remedies",
        "When something does not work",
        (
            Items(
                (
                    (
                        "Read the box under the buttons. What is known is told there as cause and remedy; the "
                        "computer's own words are folded below it."
                    ),
                    (
                        "Run retroml-edu doctor in a terminal, or !retroml-edu doctor in a cell: it checks this "
                        "machine and says how to mend what does not fit."
                    ),
                    (
                        "A run that failed keeps what it had recorded. Where your own game raised the error, the line "
                        "to mend is named. Its training.log has the details, and Resume goes on from its last "
                        "checkpoint."
                    ),
                    (
                        "Buttons that do not answer while a cell is busy: retroml-edu doctor says whether the version "
                        "of ipykernel is the reason."
                    ),
                )
            ),
            *says("Paste a word of the error into the search above: these topics are found by what the computer says."),
        ),
        words="error failed broken trouble help doctor",
        see=("problem:not_a_number", "command-line", "files"),
    )
    yield Topic(
        "problem:not_a_number",
        "Problems and remedies",
        "The policy became not-a-number",
        (
            Paragraph("It says, for example:"),
            Code(
                "The policy became not-a-number at step 2,048: the learning rate of 0.1 is probably too high. Lower "
                "'Learning rate' to a tenth of it, or 'Gradient clip'."
            ),
            Paragraph(
                "The steps of the weights were so large that a weight became infinite, or no number: nan, as Python "
                "writes it. Whatever is computed with it is nan too, so the run ends.",
                "Cause:",
            ),
            Paragraph("Lower 'Learning rate' to a tenth, or 'Gradient clip', and train anew.", "What to do:"),
            Paragraph(
                "a reward or an observation was nan or infinite. Look in the game's code for a division by zero, or a "
                "root or logarithm of what has none.",
                "Where the error names the game:",
            ),
        ),
        words="nan inf infinite not a number diverged exploded error",
        see=("problems", "setting:hyperparameters.learning_rate", "setting:hyperparameters.max_grad_norm"),
    )
    for known in KNOWN:
        yield Topic(
            f"problem:{known.name}",
            "Problems and remedies",
            known.title,
            (
                Paragraph("It says, for example:"),
                Code(known.says),
                Paragraph(known.cause, "Cause:"),
                Paragraph(known.remedy, "What to do:"),
            ),
            words=f"{known.area} error exception",
            see=("problems",),
        )
