"""What the insights of a run rest on beside its curves, and the insights of a run that lies on disk."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from retroml_edu.analysis.insights import EvaluationPoint, Insight, insights
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveData
from retroml_edu.core.errors import RetroMLError
from retroml_edu.session.history import Run
from retroml_edu.session.kept_evaluations import evaluation_points, kept_evaluations
from retroml_edu.session.seeds import other_seeds


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies beside a run's curves and has a say in what they mean.

    Attributes:
        evaluations: Tests of its weights.
        other_seeds: Seeds of finished runs with the same settings.
    """

    evaluations: Sequence[EvaluationPoint] = ()
    other_seeds: frozenset[int] = frozenset()

    def judge(self, data: CurveData, config: ExperimentConfig) -> list[Insight]:
        """Return the insights of curves."""
        return insights(data, config, evaluations=self.evaluations, other_seeds=self.other_seeds)


def surroundings(run: Run) -> Surroundings:
    """Read what lies beside a run's curves; what cannot be read is not there.

    It opens the list of runs and reads files: for a thread of its own, not for each drawing.
    """
    seeds: frozenset[int] = frozenset()
    with suppress(RetroMLError, OSError):
        seeds = other_seeds(run)
    return Surroundings(evaluation_points(kept_evaluations(run.folder)), seeds)
