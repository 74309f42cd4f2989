"""`retroml-edu doctor` finds what is broken and says how to mend it."""

import argparse
import json
from importlib.metadata import PackageNotFoundError

import pytest
from packaging.requirements import Requirement

from retroml_edu.cli import doctor, doctor_limits, doctor_machine
from retroml_edu.cli.doctor_finding import Finding, Verdict
from retroml_edu.cli.doctor_packages import compare

FINE = {"ok": (lambda: [Finding("Thing", Verdict.OK, "1.0")], "")}


def versions(**installed):
    def version_of(name):
        if name not in installed:
            raise PackageNotFoundError(name)
        return installed[name]

    return version_of


def command(**options):
    return doctor.run(argparse.Namespace(**{"json": False, **options}))


@pytest.mark.parametrize(
    ("asked", "installed", "verdict", "says"),
    [
        ("plotly>=6.1,<8", {"plotly": "7.1.0"}, Verdict.OK, "7.1.0"),
        ("plotly>=6.1,<8", {"plotly": "5.24"}, Verdict.FAIL, "5.24, needs <8,>=6.1"),
        ("plotly>=6.1,<8", {}, Verdict.FAIL, "not installed"),
        ("torch>=2.8", {"torch": "2.13.0+cpu"}, Verdict.OK, "2.13.0+cpu"),
        ("ipykernel>=6.17,<7.4", {"ipykernel": "7.3.0"}, Verdict.OK, "7.3.0"),
        ("ipykernel>=6.17,<7.4", {"ipykernel": "6.31.0"}, Verdict.WARN, "answer only when the running cell has ended"),
        ("ipykernel>=6.17,<7.4", {"ipykernel": "7.4.0"}, Verdict.FAIL, "7.4.0, needs"),
    ],
)
def test_a_version_is_judged_by_its_range(asked, installed, verdict, says):
    (finding,) = compare([Requirement(asked)], versions(**installed))
    assert finding.verdict is verdict
    assert says in finding.found
    assert bool(finding.remedy) is (verdict is not Verdict.OK)


def test_the_remedy_of_a_broken_version_is_a_command():
    (finding,) = compare([Requirement("plotly>=6.1,<8")], versions(plotly="5.24"))
    assert 'pip install "plotly<8,>=6.1"' in finding.remedy


def test_requirements_of_an_extra_are_left_out():
    assert not list(compare([Requirement('nbval>=0.11; extra == "test"')], versions()))


def test_a_check_that_breaks_is_a_finding_and_stops_no_other():
    def broken():
        raise ImportError("libx264 is missing")

    findings = list(doctor.examine({"Video": (broken, "Install av again."), **FINE}))
    assert findings[0] == Finding("Video", Verdict.FAIL, "ImportError: libx264 is missing", "Install av again.")
    assert findings[1].verdict is Verdict.OK


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.OK, 0), (Verdict.WARN, 0), (Verdict.FAIL, 1)])
def test_only_a_failure_makes_the_exit_code(monkeypatch, capsys, verdict, code):
    monkeypatch.setattr(doctor, "CHECKS", {"x": (lambda: [Finding("Thing", verdict, "found", "mend it")], "")})
    assert command() == code
    shown = capsys.readouterr().out
    assert f"{verdict.sign} {verdict}" in shown
    assert "mend it" in shown


def test_the_table_of_a_terminal_has_sign_word_and_remedy(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(doctor, "CHECKS", {"x": (lambda: [Finding("[a]", Verdict.FAIL, "[b]", "[c]")], "")})
    assert command() == 1
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("✗ fail", "[a]", "[b]", "[c]", "1 of 1 checks failed"))


def test_a_home_that_cannot_be_written_is_a_failure_with_a_way_out(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RETROML_HOME", str(tmp_path / "file" / "runs"))
    (finding,) = doctor_machine.runs_home()
    assert finding.verdict is Verdict.FAIL
    assert "RETROML_HOME" in finding.remedy


def test_a_machine_without_memory_is_warned(monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: argparse.Namespace(available=1024**3))
    (finding,) = doctor_machine.cores_and_memory()
    assert (finding.verdict, bool(finding.remedy)) == (Verdict.WARN, True)


def test_this_machine_fits(capsys):
    assert command(json=True) == 0
    findings = {each["check"]: each for each in json.loads(capsys.readouterr().out)}
    assert findings["Video"]["found"].startswith("H.264 works")
    assert findings["ipykernel"]["verdict"] == "ok"
    assert "ALE/Pong-v5" in findings["Environments"]["found"]


def test_a_check_that_breaks_for_a_known_reason_says_its_remedy():
    def broken():
        raise ValueError("numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header")

    (finding,) = doctor.examine({"Environments": (broken, "Install them again.")})
    assert finding.found.startswith("Packages were built for another version of NumPy (ValueError: numpy.dtype size")
    assert "fresh environment" in finding.remedy


def test_what_a_machine_allows_is_told_before_it_is_needed(monkeypatch):
    usage = argparse.Namespace(free=2**20, total=2**26)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    monkeypatch.setattr(doctor_limits, "FEW_FILES", 2**62)
    findings = [next(check()) for check in (doctor_limits.disk_space, doctor_limits.shared_memory)]
    assert [finding.verdict for finding in findings] == [Verdict.WARN, Verdict.WARN]
    assert "RETROML_HOME" in findings[0].remedy
    assert "--shm-size" in findings[1].remedy
    for finding in doctor_limits.open_files():
        assert "ulimit" in finding.remedy


def test_a_gpu_that_is_there_and_does_not_compute_is_a_warning_with_a_remedy(monkeypatch):
    def no_kernel(*arguments, **options):
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.ones", no_kernel)
    (finding,) = doctor_machine.device()
    assert finding.verdict is Verdict.WARN
    assert "no kernel image" in finding.found
    assert "newest" in finding.remedy


def test_settings_that_cannot_be_used_are_a_warning(monkeypatch, tmp_path):
    monkeypatch.setenv("RETROML_HOME", str(tmp_path))
    assert next(doctor_machine.settings()).verdict is Verdict.OK
    (tmp_path / "settings.json").write_text('{"test_games": "many"}')
    (finding,) = doctor_machine.settings()
    assert finding.verdict is Verdict.WARN
    assert "test_games='many'" in finding.found
