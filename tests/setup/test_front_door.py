"""What is quick to open stays quick: heavy packages come late."""

import subprocess
import sys

import pytest

from tests.setup.project import ROOT

HEAVY = {"torch", "plotly", "ipywidgets", "matplotlib", "pandas", "gymnasium", "stable_baselines3", "av", "cv2"}


def imported_by(statement: str) -> set[str]:
    """Return the top-level packages that a fresh Python has loaded after the statement."""
    code = f"{statement}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import retroml_edu",
        "from retroml_edu import ExperimentConfig",
        "from retroml_edu.cli import doctor, lab",
    ],
)
def test_nothing_heavy_is_imported(statement):
    assert not imported_by(statement) & HEAVY


def test_the_panel_waits_neither_for_torch_nor_for_what_plotly_hardly_uses():
    assert not imported_by("from retroml_edu import Lab") & {"torch", "matplotlib", "nbformat", "jsonschema"}


def test_a_heavy_name_is_loaded_when_it_is_asked_for():
    assert "gymnasium" in imported_by("from retroml_edu import run_experiment")
