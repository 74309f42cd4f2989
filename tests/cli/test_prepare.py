"""`retroml-edu prepare`, and what the doctor says of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from retroml_edu.cli import doctor_machine
from retroml_edu.cli.doctor_finding import Verdict
from retroml_edu.cli.main import main
from retroml_edu.cli.prepare import LESSON_PARTS
from retroml_edu.core import compilation
from retroml_edu.core.sources import PACKAGE
from retroml_edu.training.fast import preparation


def test_it_compiles_once(capsys):
    main(["prepare"])
    capsys.readouterr()
    assert main(["prepare"]) == 0
    told = capsys.readouterr()
    assert told.out == "The fast engine and the lessons' algorithms were compiled already.\n"
    assert told.err == ""
    (finding,) = doctor_machine.fast_engine()
    assert (finding.verdict, finding.found) == (Verdict.OK, "compiled for this processor")


@pytest.fixture
def cold(monkeypatch, tmp_path):
    """A person for whom nothing was compiled yet."""
    preparation.prepare()
    monkeypatch.setattr(compilation, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(preparation, "is_imported", lambda _name: False)
    return tmp_path


def test_it_tells_how_far_it_is(cold, capsys):
    (finding,) = doctor_machine.fast_engine()
    assert finding.verdict is Verdict.WARN
    assert "retroml-edu prepare" in finding.remedy
    assert main(["prepare"]) == 0
    told = capsys.readouterr()
    assert told.out == "The fast engine and the lessons' algorithms are compiled.\n"
    parts = len(LESSON_PARTS)
    assert told.err.splitlines()[10 : 11 + parts : parts] == [
        "Compiling the fast engine, once on this machine: part 11 of 11",
        f"Compiling the lessons' algorithms, once on this machine: part {parts} of {parts}",
    ]
    assert compilation.is_warm()
    assert compilation.is_warm(compilation.LESSONS)


def test_without_a_place_of_ones_own_it_works_and_says_so(monkeypatch, capsys):
    monkeypatch.setattr(compilation, "cache_folder", lambda: None)
    monkeypatch.setattr(compilation, "cache_problem", lambda: "the folder is a link. Remove it.")
    assert main(["prepare"]) == 0
    assert "each start will compile it again: the folder is a link" in capsys.readouterr().out
    (finding,) = doctor_machine.fast_engine()
    assert (finding.verdict, finding.remedy) == (Verdict.WARN, "the folder is a link. Remove it.")


def test_every_module_of_kernels_is_prepared():
    holders = {file for file in PACKAGE.rglob("*.py") if "\n@compiled(" in file.read_text("utf-8")}
    parts = (*preparation.PARTS, *LESSON_PARTS)
    assert holders == {PACKAGE.parent / (name.replace(".", "/") + ".py") for name in parts}


def test_once_prepared_a_lesson_waits_for_no_compiler():
    main(["prepare"])
    code = (
        "from numba.core.dispatcher import Dispatcher\n"
        "from retroml_edu.cli.prepare import LESSON_PARTS\n"
        "import importlib\n"
        "for part in map(importlib.import_module, LESSON_PARTS):\n"
        "    for kernel in vars(part).values():\n"
        "        if isinstance(kernel, Dispatcher) and kernel.__module__ == part.__name__:\n"
        "            assert not kernel.stats.cache_misses, kernel\n"
        "from retroml_edu.tabular import TabularLearner, cliff\n"
        "import numpy as np\n"
        "learner = TabularLearner(cliff().outcomes(), 'SARSA', alpha=0.5, epsilon=0.1, rng=np.random.default_rng(1))\n"
        "print(len(learner.advance(5).path))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "5\n"
