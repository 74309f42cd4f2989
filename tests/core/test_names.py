"""The metric catalogue, errors, and the core's own imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

from retroml_edu.core.errors import ConfigError, Problem, RetroMLError, UnknownNameError, did_you_mean, raise_problems
from retroml_edu.core.metrics import METRICS, RETURN, metric


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_explained(name: str) -> None:
    found = metric(name)
    assert found.name == name
    assert "/" in name
    assert found.label
    assert found.meaning.endswith((".", ")"))
    assert found.better in {"", "higher", "lower"}


def test_labels_are_unique() -> None:
    assert len({found.label for found in METRICS.values()}) == len(METRICS)


def test_an_unknown_metric_is_named_with_the_closest() -> None:
    with pytest.raises(UnknownNameError, match=f'no metric "episode/retrun". Did you mean "{RETURN}"?'):
        metric("episode/retrun")


@pytest.mark.parametrize(
    ("name", "said"),
    [("cartpole-v1", ' Did you mean "CartPole-v1"?'), ("Cartpol-v1", ' Did you mean "CartPole-v1"?'), ("zzz", "")],
)
def test_close_matches(name: str, said: str) -> None:
    assert did_you_mean(name, ["CartPole-v1", "Acrobot-v1"]) == said


def test_problems_are_raised_together_and_warnings_not_at_all() -> None:
    warning = Problem("n_envs", "This is slow.", severity="warning")
    raise_problems([warning])
    problems = [Problem("seed", "Too low.", "Raise it."), warning, Problem("env_id", "Unknown.")]
    with pytest.raises(ConfigError, match=r"^Too low\. Raise it\. Unknown\.$") as caught:
        raise_problems(problems)
    assert [problem.field for problem in caught.value.problems] == ["seed", "env_id"]


def test_a_config_error_of_one_sentence_has_one_problem() -> None:
    assert ConfigError("No.").problems == (Problem("", "No."),)


def test_all_errors_have_one_base() -> None:
    from retroml_edu.core import errors

    own = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(own) > 5
    assert all(issubclass(kind, RetroMLError) for kind in own)


def test_the_core_is_light() -> None:
    code = (
        "import sys, pkgutil, importlib, retroml_edu.core as core\n"
        "for found in pkgutil.iter_modules(core.__path__): importlib.import_module('retroml_edu.core.' + found.name)\n"
        "heavy = {'torch', 'plotly', 'matplotlib', 'pandas', 'gymnasium', 'ipywidgets', 'stable_baselines3'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
