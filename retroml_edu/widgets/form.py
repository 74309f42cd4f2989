"""The settings form as a widget."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from retroml_edu.core.errors import Problem
from retroml_edu.widgets.assets import STATIC


class SettingsForm(anywidget.AnyWidget):
    """Environment, algorithm, hyperparameters, seed and length.

    `values` is written by the person; code sets it through `Panel.apply` only.
    """

    _esm = STATIC / "form.js"
    spec: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    problems = traitlets.Dict().tag(sync=True)

    def show_problems(self, problems: list[Problem]) -> None:
        """Write each problem beside its field; the first one where a field has several."""
        found: dict[str, dict[str, str]] = {}
        for problem in problems:
            field = "custom_env_id" if problem.field == "env_id" else problem.field
            for name in {problem.field, field}:
                found.setdefault(name, {"text": str(problem), "severity": problem.severity})
        self.problems = found
