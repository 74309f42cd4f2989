"""Who trains: chosen before the start, written into the config, and said with the reason."""

from __future__ import annotations

import json

import pytest
import torch

from retroml_edu.core.events import LogEvent
from retroml_edu.session import resolving
from retroml_edu.session.check import check
from retroml_edu.session.history import load_run
from retroml_edu.session.resolving import engine_sentence, resolved_config
from retroml_edu.session.session import Session
from retroml_edu.storage.reader import read_events
from retroml_edu.training import devices
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, small_config

PONG = {"env_id": "ALE/Pong-v5", "device": "cpu"}
TAXI = {"env_id": "Taxi-v4"}
WIDE = {"hyperparameters": {"net_arch": [1024]}}


@pytest.mark.parametrize(
    ("settings", "engine", "said"),
    [
        ({}, "fast", "Engine: fast (compiled kernels)."),
        ({"env_id": "Pendulum-v1"}, "fast", "Engine: fast (compiled kernels)."),
        ({"algorithm": "DQN", "deterministic": True}, "fast", "Engine: fast (compiled kernels)."),
        ({"engine": "fast"}, "fast", "Engine: fast (compiled kernels)."),
        ({"engine": "sb3"}, "sb3", "Engine: stable-baselines3."),
        (PONG, "fast", "Engine: fast (PyTorch, channels last, float32)."),
        ({**PONG, "precision": "bfloat16"}, "fast", "Engine: fast (PyTorch, channels last, bfloat16)."),
        ({**PONG, "algorithm": "DQN"}, "fast", "Engine: fast (PyTorch, channels last, float32)."),
        (WIDE, "sb3", "Engine: stable-baselines3, since a layer has 1,024 units, and from 512 on compiled kernels"),
        (TAXI, "sb3", "Engine: stable-baselines3, since the observations are of the kind Discrete, not a row of"),
    ],
)
def test_auto_takes_the_fast_engine_where_it_fits_and_says_why_it_does_not(settings, engine, said):
    asked = small_config(**settings)
    resolved = resolved_config(asked)
    assert (resolved.engine, resolved_config(resolved)) == (engine, resolved)
    assert engine_sentence(asked, resolved).startswith(said)


def test_no_game_is_loaded_to_see_that_it_is_pictures(monkeypatch):
    monkeypatch.delattr(resolving, "make_env")
    assert resolved_config(small_config(**PONG)).engine == "fast"


@pytest.mark.parametrize("engine", ["auto", "sb3", "fast"])
def test_what_can_run_is_no_problem(engine):
    assert check(small_config(engine=engine)) == []


@pytest.mark.parametrize(
    ("settings", "reason"),
    [(WIDE, "a layer has 1,024 units"), (TAXI, "Discrete")],
)
def test_the_fast_engine_where_it_does_not_fit_is_a_problem_with_a_way_out(settings, reason):
    errors = [problem for problem in check(small_config(engine="fast", **settings)) if problem.severity == "error"]
    assert [problem.field for problem in errors] == ["engine"]
    assert str(errors[0]).startswith('engine="fast" does not fit here: ')
    assert reason in str(errors[0])
    assert 'Choose "auto"' in str(errors[0])


def test_a_run_keeps_the_engine_in_its_config_and_says_it_in_its_log(start):
    run = start()
    run.wait(TIMEOUT_S)
    assert load_run(run.run_id, run.path.parent).config.engine == "fast"
    said = [event.message for event in run.bus.history if event.kind == "log"]
    assert said.count("Engine: fast (compiled kernels).") == 1


def test_the_machine_of_a_run_that_goes_on_is_known_with_its_engine(start):
    trainer = ScriptedTrainer(wait_at=400)
    run = start(trainer)
    assert json.loads((run.path / "environment.json").read_text("utf-8"))["engine"] == "fast"


@pytest.mark.parametrize(
    ("asked", "engine", "device"),
    [("auto", "sb3", "cuda"), ("fast", "fast", "cpu"), ("sb3", "sb3", "cuda")],
)
def test_pictures_go_to_the_gpu_unless_the_fast_engine_is_asked_for(monkeypatch, asked, engine, device):
    monkeypatch.setattr(devices, "_present", lambda name: name in ("cpu", "cuda"))
    resolved = resolved_config(small_config(env_id="ALE/Pong-v5", engine=asked))
    assert (resolved.engine, resolved.device) == (engine, device)
    assert check(small_config(env_id="ALE/Pong-v5", engine=asked)) == []


def test_small_pictures_stay_with_the_processor_and_the_fast_engine(monkeypatch):
    monkeypatch.setattr(devices, "_present", lambda name: name in ("cpu", "cuda"))
    resolved = resolved_config(small_config(env_id="RetroML/PongPixels-v0"))
    assert (resolved.engine, resolved.device) == ("fast", "cpu")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "the observations are numbers, and it is for pictures alone"),
        ({**PONG, "engine": "sb3"}, "stable-baselines3 trains, and the fast engine alone knows it"),
    ],
)
def test_a_precision_that_nothing_here_computes_in_is_told_before_the_start(settings, said):
    (problem,) = [
        problem for problem in check(small_config(**settings, precision="bfloat16")) if problem.field == "precision"
    ]
    assert (problem.severity, said in problem.message) == ("error", True)
    assert check(small_config(**settings)) == []


@pytest.mark.parametrize(("instructions", "warned"), [({"avx512_bf16": True}, False), ({"amx_bf16": False}, True)])
def test_a_processor_without_instructions_for_a_precision_is_told_of(monkeypatch, instructions, warned):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: instructions, raising=False)
    problems = check(small_config(**PONG, precision="bfloat16"))
    assert [(problem.field, problem.severity) for problem in problems] == [("precision", "warning")] * warned


@pytest.mark.parametrize(("precision", "device", "engine"), [("float32", "cuda", "sb3"), ("bfloat16", "cpu", "fast")])
def test_whoever_asks_for_what_the_fast_engine_alone_can_do_gets_it_beside_a_gpu_too(
    monkeypatch, precision, device, engine
):
    monkeypatch.setattr(devices, "_present", lambda name: name in ("cpu", "cuda"))
    resolved = resolved_config(small_config(env_id="ALE/Pong-v5", precision=precision))
    assert (resolved.device, resolved.engine) == (device, engine)


def test_what_is_warned_of_stands_in_the_log_of_a_run_that_code_started(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict, raising=False)
    session = Session(tmp_path, trainer_for=lambda config: ScriptedTrainer())
    run = session.start(small_config(**PONG, precision="bfloat16"))
    run.wait(TIMEOUT_S)
    told = [event for event in read_events(load_run(run.run_id, tmp_path).folder) if isinstance(event, LogEvent)]
    assert any(event.level == "warning" and "bfloat16" in event.message for event in told)
