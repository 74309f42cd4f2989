import getpass
import json
import platform
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from retroml_edu.storage.environment import (
    KERNEL_PACKAGES,
    environment_differences,
    environment_facts,
    training_code,
)


def test_the_facts_name_versions_and_hardware() -> None:
    facts = environment_facts({"engine": "sb3", "device": "cpu"})
    assert facts["python"] == platform.python_version()
    assert facts["packages"]["numpy"]
    assert facts["cpu"]["threads"] >= 1
    assert facts["cpu"]["model"]
    assert facts["memory_bytes"] > 2**28
    assert (facts["engine"], facts["device"]) == ("sb3", "cpu")
    json.dumps(facts)


def test_what_the_trainer_measured_wins() -> None:
    facts = environment_facts({"engine_version": "2.9.2", "torch_threads": 99})
    assert (facts["engine_version"], facts["torch_threads"]) == ("2.9.2", 99)


def test_nothing_personal_and_nothing_unlisted_gets_in() -> None:
    facts = environment_facts({"threads": 2, "home": str(Path.home()), "user": getpass.getuser()})
    listed = {"python", "packages", "code", "os", "cpu", "memory_bytes", "gpu", "torch_threads"}
    assert set(facts) == listed | {"threads"}
    assert set(facts["os"]) == {"name", "release", "machine"}
    assert str(Path.home() / "x")[:-1] not in json.dumps(facts)


HERE = {
    "python": "3.11.9",
    "code": "0123456789abcdef",
    "packages": {"torch": "2.13.0", "numba": "0.68.0", "llvmlite": "0.50.0"},
}


def made_with(engine: str | None, **packages: str | None) -> dict[str, object]:
    """Return the facts of a run, whose packages differ from those here as given; None for one that is not named."""
    versions = HERE["packages"] | packages
    facts = HERE | {"packages": {name: version for name, version in versions.items() if version is not None}}
    return facts if engine is None else facts | {"engine": engine}


def test_the_compiler_of_the_kernels_is_among_the_packages() -> None:
    assert environment_facts({})["packages"].keys() >= set(KERNEL_PACKAGES)


@pytest.mark.parametrize("engine", ["fast", "sb3", "scripted", None])
def test_the_same_packages_are_no_difference(engine: str | None) -> None:
    assert environment_differences(made_with(engine), HERE) == []


@pytest.mark.parametrize("engine", ["sb3", "scripted", None])
@pytest.mark.parametrize("numba", ["0.61.0", None])
def test_the_compiler_says_nothing_of_a_run_that_it_had_no_part_in(engine: str | None, numba: str | None) -> None:
    """Neither of one that was written before anybody noted it."""
    assert environment_differences(made_with(engine, numba=numba, llvmlite=numba), HERE) == []


def test_the_compiler_decides_bits_of_a_run_on_the_fast_engine() -> None:
    there = made_with("fast", numba="0.61.0")
    assert environment_differences(there, HERE) == ["numba: 0.61.0 there, 0.68.0 here"]
    assert environment_differences(made_with("fast"), made_with(None, numba=None)) == [
        "numba: 0.68.0 there, not known here"
    ]


@pytest.mark.parametrize("engine", ["fast", "sb3", None])
def test_what_every_engine_stands_on_always_counts(engine: str | None) -> None:
    assert environment_differences(made_with(engine, torch="2.12.0"), HERE) == ["torch: 2.12.0 there, 2.13.0 here"]


def test_torch_that_another_thread_is_importing_is_left_alone(monkeypatch):
    half = ModuleType("torch")
    half.__spec__ = ModuleSpec("torch", None)
    half.__spec__._initializing = True
    monkeypatch.setitem(sys.modules, "torch", half)
    found = environment_facts({})
    assert (found["gpu"], found["torch_threads"]) == (None, None)


@pytest.mark.parametrize(
    ("precision", "there", "here", "differs"),
    [
        ("bfloat16", ["avx512_bf16"], [], True),
        ("bfloat16", ["avx512_bf16"], ["avx512_bf16"], False),
        ("float32", ["avx512_bf16"], [], False),
        ("bfloat16", ["avx512_bf16"], None, True),
        ("bfloat16", None, None, False),
    ],
)
def test_instructions_for_bfloat16_decide_bits_of_a_run_that_uses_them(precision, there, here, differs) -> None:
    def facts(known):
        return {"precision": precision, "cpu": {"model": "One"} | ({} if known is None else {"bfloat16": known})}

    found = environment_differences(facts(there), facts(here))
    assert bool(found) is differs
    assert all(text.startswith("instructions for bfloat16: ") for text in found)


def test_a_run_that_other_code_has_trained_is_another_machine_s() -> None:
    there = made_with("fast") | {"code": "fedcba9876543210"}
    assert environment_differences(there, HERE) == [
        "retroml_edu's training code: fedcba9876543210 there, 0123456789abcdef here"
    ]
    unknown = {name: fact for name, fact in made_with("sb3").items() if name != "code"}
    assert len(environment_differences(unknown, HERE)) == 1


def test_the_training_code_is_what_trains_and_nothing_beside_it(tmp_path: Path) -> None:
    def digest() -> str:
        return training_code.__wrapped__(tmp_path)

    for name in ("training/fast/updates.py", "envs/make.py", "policies/build.py", "widgets/panel.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"one = 1\ntwo = 2\n")
    before = digest()
    (tmp_path / "widgets/panel.py").write_text("three = 3\n")
    (tmp_path / "envs/make.py").write_bytes(b"one = 1\r\ntwo = 2\r\n")
    assert digest() == before
    (tmp_path / "training/fast/updates.py").write_text("one = 2\n")
    assert digest() != before
    assert environment_facts({})["code"] == training_code()
