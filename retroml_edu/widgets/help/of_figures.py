"""A topic for each key figure and each curve, from where they are declared."""

from __future__ import annotations

from collections.abc import Iterator

from retroml_edu.core.curves import CurveRecorder
from retroml_edu.core.metrics import METRICS
from retroml_edu.core.recent import RecentEpisodes
from retroml_edu.widgets.help.topic import Paragraph, Topic
from retroml_edu.widgets.key_figures import key_figures

_BETTER = {"higher": "Higher is better.", "lower": "Lower is better.", "": "Neither high nor low is good by itself."}


def topics() -> Iterator[Topic]:
    """Return them."""
    shown = {algorithm: key_figures(algorithm, CurveRecorder(), RecentEpisodes()) for algorithm in ("PPO", "DQN")}
    for figure, of_dqn in zip(shown["PPO"], shown["DQN"], strict=True):
        told = [Paragraph(figure.meaning)]
        if of_dqn.meaning != figure.meaning:
            told = [Paragraph(figure.meaning, "PPO, A2C:"), Paragraph(of_dqn.meaning, "DQN:")]
        yield Topic(
            f"figure:{figure.name}",
            "Figures and curves",
            f"The figure {figure.label}"
            if figure.label == of_dqn.label
            else f"The figures {figure.label} and {of_dqn.label}",
            tuple(told),
            words="key figure",
            see=("part:Learning curves",),
        )
    for metric in METRICS.values():
        unit = (Paragraph(metric.unit, "Unit:"),) if metric.unit else ()
        machine = " It depends on this machine, and differs between equal runs." if metric.timing else ""
        yield Topic(
            f"metric:{metric.name}",
            "Figures and curves",
            metric.label,
            (
                Paragraph(metric.meaning),
                Paragraph(_BETTER[metric.better] + machine),
                *unit,
                Paragraph(metric.name, "Name in files:"),
            ),
            words="metric curve column",
        )
