"""`retroml-edu prepare`, and what the doctor says of it."""

from __future__ import annotations

import pytest

from retroml_edu.cli import doctor_machine
from retroml_edu.cli.doctor_finding import Verdict
from retroml_edu.cli.main import main
from retroml_edu.core import compilation
from retroml_edu.core.sources import PACKAGE
from retroml_edu.training.fast import preparation


def test_it_compiles_once(capsys):
    preparation.prepare()
    assert main(["prepare"]) == 0
    assert capsys.readouterr().out == "The fast engine was compiled already.\n"
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
    assert told.out == "The fast engine is compiled.\n"
    assert told.err.splitlines()[-1] == "Compiling the fast engine, once on this machine: part 11 of 11"
    assert compilation.is_warm()


def test_without_a_place_of_ones_own_it_works_and_says_so(monkeypatch, capsys):
    monkeypatch.setattr(compilation, "cache_folder", lambda: None)
    monkeypatch.setattr(compilation, "cache_problem", lambda: "the folder is a link. Remove it.")
    assert main(["prepare"]) == 0
    assert "each start will compile it again: the folder is a link" in capsys.readouterr().out
    (finding,) = doctor_machine.fast_engine()
    assert (finding.verdict, finding.remedy) == (Verdict.WARN, "the folder is a link. Remove it.")


def test_every_module_of_kernels_is_prepared():
    package = PACKAGE
    holders = {
        file
        for folder in ("envs/compiled", "training/fast")
        for file in (package / folder).glob("*.py")
        if "@compiled(" in file.read_text("utf-8")
    }
    named = {package.parent / (name.replace(".", "/") + ".py") for name in preparation.PARTS}
    assert holders == named
