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
        see=("command-line", "files"),
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
