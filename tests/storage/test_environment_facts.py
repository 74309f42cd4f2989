import getpass
import json
import platform
from pathlib import Path

from retroml_edu.storage.environment import environment_facts


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
    listed = {"python", "packages", "os", "cpu", "memory_bytes", "gpu", "torch_threads"}
    assert set(facts) == listed | {"threads"}
    assert set(facts["os"]) == {"name", "release", "machine"}
    assert str(Path.home() / "x")[:-1] not in json.dumps(facts)
