"""Models of plain stable-baselines3 come in as weights alone, and nothing in their file is executed."""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import stat
import struct
import warnings
import zipfile
from contextlib import suppress

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3 import A2C, DQN, PPO

from retroml_edu import import_model
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import ConfigError, RetroMLError
from retroml_edu.envs import make_env
from retroml_edu.policies import WeightsError
from retroml_edu.policies.actor import Actor
from retroml_edu.policies.bounded_zip import MAX_DIRECTORY_BYTES, MAX_ENTRIES
from retroml_edu.session.history import list_runs, load_run
from retroml_edu.storage.manifest import check_manifest
from retroml_edu.storage.model_files import load_model

FIRST = "mlp_extractor.policy_net.0.weight"
CARTPOLE = ExperimentConfig(env_id="CartPole-v1", algorithm="PPO", seed=1)


def _saved(algorithm, env_id="CartPole-v1", **settings):
    buffer = io.BytesIO()
    model = algorithm("MlpPolicy", env_id, device="cpu", seed=3, policy_kwargs=settings)
    model.save(buffer)
    return buffer.getvalue(), model.policy.state_dict()


@pytest.fixture(scope="module")
def stock():
    """A model of plain stable-baselines3, as bytes, and its weights."""
    return _saved(PPO)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "theirs.zip"


# -- models that are what they seem ------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [PPO, A2C, DQN])
def test_a_stock_model_comes_in_and_plays(command, file, home, algorithm):
    data, state = _saved(algorithm)
    file.write_bytes(data)
    code, out, _ = command(f"import --env CartPole-v1 --algorithm {algorithm.__name__}", str(file))
    (row,) = list_runs(home)
    run = load_run(row.run_id, home)
    weights, _ = load_model(run.folder)
    assert (code, run.state, run.summary["steps"]) == (0, "done", 0)
    assert out.startswith(f"imported: theirs.zip as CartPole-v1 {algorithm.__name__}, weights alone\n")
    for name, array in weights.arrays.items():
        np.testing.assert_array_equal(array, state[name].numpy())
    assert check_manifest(run.folder) == []
    assert not run.folder.certificate_file.exists()  # no training here that could be repeated
    assert not run.folder.model_zip.exists()  # its pickles are not passed on
    assert command("test --episodes 2 --no-video")[0] == 0
    assert "its weights alone, nothing was trained here" in command("show")[1]
    code, _, err = command("verify --quiet")
    assert code == 2
    assert "is a model that was imported: nothing was trained here that could be trained again" in err


def test_it_plays_as_it_does_in_stable_baselines3(file, home, stock):
    file.write_bytes(stock[0])
    weights, _ = load_model(import_model(file, CARTPOLE, home).folder)
    theirs = PPO.load(file, device="cpu")
    ours = Actor(CARTPOLE.changed(n_envs=1), theirs.observation_space, theirs.action_space)
    ours.load(weights)
    rng = np.random.default_rng(0)
    for observation in rng.normal(size=(50, 4)).astype(np.float32):
        assert ours.act(observation, deterministic=True, rng=rng) == theirs.predict(observation, deterministic=True)[0]


def test_a_run_begins_with_the_imported_weights(command, file, home, stock):
    file.write_bytes(stock[0])
    run = import_model(file, CARTPOLE, home)
    small = "--steps 64 --n-envs 2 --set n_steps=32 --set batch_size=32 --set n_epochs=1 --set learning_rate=1e-6"
    code, out, err = command(f"train --weights-of {run.run_id} --no-video --quiet {small}")
    assert code == 0, out + err
    weights, _ = load_model(load_run(list_runs(home)[0].run_id, home).folder)
    np.testing.assert_allclose(weights.arrays[FIRST], stock[1][FIRST].numpy(), atol=1e-4)


def test_pictures_are_read_by_a_network_of_their_own(file, home):
    pong = make_env("ALE/Pong-v5", seed=0, render_mode=None)
    pong.close()

    class Pictures(gymnasium.Env):
        observation_space, action_space = pong.observation_space, pong.action_space

    PPO("CnnPolicy", Pictures(), device="cpu").save(file)
    run = import_model(file, ExperimentConfig(env_id="ALE/Pong-v5", seed=1), home)
    assert any(array.ndim == 4 for array in load_model(run.folder)[0].arrays.values())
    with pytest.raises(WeightsError, match="It reads pictures: choose its own environment"):
        import_model(file, CARTPOLE, home)


# -- and those of other settings ---------------------------------------------------------------------------------

MISFITS = {
    "layers": (PPO, {"net_arch": [32, 16]}, "PPO", r"Its layers are \[32, 16\]: set net_arch to them \(32,16\)\."),
    "depth": (PPO, {"net_arch": [64]}, "PPO", r"mlp_extractor.policy_net.2.weight is missing. Its layers are \[64\]"),
    "unlike layers": (PPO, {"net_arch": {"pi": [8], "vf": [4]}}, "PPO", r"actor has the layers \[8\] and its critic"),
    "layers of DQN": (DQN, {"net_arch": [32, 16]}, "DQN", r"set net_arch to them \(32,16\)"),
    "DQN for PPO": (DQN, {}, "PPO", "It is a model of DQN"),
    "PPO for DQN": (PPO, {}, "DQN", "It is no model of DQN: choose PPO or A2C"),
}


@pytest.mark.parametrize(("algorithm", "settings", "said", "says"), MISFITS.values(), ids=MISFITS)
def test_a_misfit_is_named_with_its_likely_reason(file, home, algorithm, settings, said, says):
    file.write_bytes(_saved(algorithm, **settings)[0])
    with pytest.raises(WeightsError, match=says):
        import_model(file, CARTPOLE.changed(algorithm=said), home)
    assert not home.exists()


@pytest.mark.parametrize(("env_id", "says"), [("Acrobot-v1", "number of its actions"), ("Pendulum-v1", "another kind")])
def test_another_environment_is_named(file, home, stock, env_id, says):
    file.write_bytes(stock[0])
    with pytest.raises(WeightsError, match=says):
        import_model(file, CARTPOLE.changed(env_id=env_id), home)


def test_the_remedy_works(command, file):
    file.write_bytes(_saved(PPO, net_arch=[32, 16])[0])
    assert command("import --env CartPole-v1 --set net_arch=32,16", str(file))[0] == 0


def test_normalised_observations_cannot_come_in(file, home, stock):
    file.write_bytes(stock[0])
    with pytest.raises(ConfigError, match="kept in a pickle"):
        import_model(file, CARTPOLE.changed(normalize=True), home)


# -- and those that mean harm ------------------------------------------------------------------------------------


class _Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self._path = path

    def __reduce__(self):
        return (os.mkdir, (str(self._path),))


class _Greedy:
    """Takes ten gigabytes when it is unpickled, by means that torch's reading of weights alone allows."""

    def __reduce__(self):
        return (bytearray, (10**10,))


def _repacked(data, change):
    """Return a zip file with the contents of its entries changed; None leaves one out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.infolist():
            content = change(entry.filename, old.read(entry))
            if content is not None:
                new.writestr(entry.filename, content)
    return buffer.getvalue()


def _with_policy(data, policy):
    return _repacked(data, lambda name, content: policy if name == "policy.pth" else content)


def _with_inner(data, change):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _with_policy(data, _repacked(archive.read("policy.pth"), change))


def _with_pickle(data, pickled):
    return _with_inner(data, lambda name, content: pickled if name.endswith("data.pkl") else content)


def _zip(*entries, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for entry, content in entries:
            archive.writestr(entry, content)
    return buffer.getvalue()


def _link():
    link = zipfile.ZipInfo("policy.pth")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return _zip((link, "/etc/passwd"))


def _twice(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the second
        return _zip(("policy.pth", "x"), ("policy.pth", data))


def _deflated_inside(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(io.BytesIO(archive.read("policy.pth"))) as inner:
        entries = [(entry.filename, inner.read(entry)) for entry in inner.infolist()]
    return _with_policy(data, _zip(*entries, ("archive/data/99", bytes(2**24)), compression=zipfile.ZIP_DEFLATED))


def _patched(data, offset, layout, value):
    """Return a file whose list of entries says another thing at its end."""
    changed = bytearray(data)
    struct.pack_into(layout, changed, len(data) - 22 + offset, value)
    return bytes(changed)


def _understated(data):
    """Return a file that says of its largest entry that it is small."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo("policy.pth").file_size
    return data.replace(struct.pack("<LL", size, size), struct.pack("<LL", size, 100))


def _encrypted(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.getinfo("policy.pth")
    place = data.rindex(b"policy.pth") - 46
    return data[: place + 8] + b"\x01" + data[place + 9 :]


def _second_list(data):
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 10**6, 10**6, 10**9, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(data) - 22, 1)
    return data[:-22] + end + locator + data[-22:]


def _larger_than_stored(data):
    def change(name, content):
        if name.endswith("data.pkl"):
            return content.replace(b"M\x00\x01", b"M\x02\x00", 1)  # of 256 numbers, 2 are there
        return content[:8] if name.endswith("/data/0") else content

    return _with_inner(data, change)


def _weights(data, change):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        state = torch.load(io.BytesIO(archive.read("policy.pth")), weights_only=True)
    change(state)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return _with_policy(data, buffer.getvalue())


REFUSED_UNREAD = {
    "nothing": (lambda data, path: b"", "it does not end as such a file ends"),
    "no zip": (lambda data, path: b"hello" * 100, "it does not end as such a file ends"),
    "cut off": (lambda data, path: data[:-1], "it does not end as such a file ends"),
    "half": (lambda data, path: data[len(data) // 2 :], "policy.pth is damaged|no whole zip file"),
    "an export": (
        lambda data, path: _zip(("README.txt", "x"), ("run/model.zip", "x")),
        "policy.pth; it was packed together with other files: unpack it, and choose run/model.zip in it",
    ),
    "no policy": (lambda data, path: _zip(("data", "{}")), "it holds no policy.pth"),
    "a pickle as policy": (lambda data, path: _with_policy(data, pickle.dumps(_Bomb(path))), "does not end as such"),
    "a pickle in the policy": (
        lambda data, path: _with_pickle(data, pickle.dumps(_Bomb(path), 2)),
        "more than weights",
    ),
    "a newer pickle": (lambda data, path: _with_pickle(data, pickle.dumps(_Bomb(path))), "more than weights"),
    "greed": (
        lambda data, path: _with_pickle(data, pickle.dumps(_Greedy(), 2)),
        "more than weights .'__builtin__ bytearray'",
    ),
    "a broken pickle": (lambda data, path: _with_pickle(data, b"\x80\x02}q\x00(X\xff\xff\xff\x7f"), "is damaged"),
    "no list of weights": (
        lambda data, path: _with_inner(data, lambda name, text: None if name.endswith(".pkl") else text),
        "holds no list of weights",
    ),
    "a long list": (lambda data, path: _with_pickle(data, b"\x80\x02" + b"K\x01" * 2**20 + b"."), "are allowed"),
    "a zip bomb": (
        lambda data, path: _zip(("policy.pth", bytes(2**25)), compression=zipfile.ZIP_DEFLATED),
        "packed more tightly",
    ),
    "a large zip bomb": (
        lambda data, path: _zip(("policy.pth", bytes(2**28 + 1)), compression=zipfile.ZIP_DEFLATED),
        "268,435,457 bytes, and 268,435,456 are allowed",
    ),
    "a zip bomb inside": (lambda data, path: _deflated_inside(data), "its parts are larger than the whole"),
    "another packing": (
        lambda data, path: _zip(("policy.pth", data), compression=zipfile.ZIP_LZMA),
        "in a way that is not read here",
    ),
    "a size that is a lie": (lambda data, path: _understated(data), "policy.pth is damaged|not as large|does not end"),
    "a password": (lambda data, path: _encrypted(data), "in a way that is not read here"),
    "a link": (lambda data, path: _link(), "policy.pth is no plain file"),
    "a folder": (lambda data, path: _zip(("policy.pth/", "")), "it holds no policy.pth"),
    "two of one name": (lambda data, path: _twice(data), "two files of one name"),
    "many files": (
        lambda data, path: _zip(*((f"{number}", "") for number in range(MAX_ENTRIES + 1))),
        "its list of files is longer than allowed",
    ),
    "a long list of files": (
        lambda data, path: _zip(*((f"{number:060000}", "") for number in range(1 + MAX_DIRECTORY_BYTES // 60_000))),
        "its list of files is longer than allowed",
    ),
    "a list beyond the file": (lambda data, path: _patched(data, 12, "<L", 2**31), "longer than allowed"),
    "a place beyond the file": (lambda data, path: _patched(data, 16, "<L", 2**32 - 2), "policy.pth is damaged"),
    "two lists": (lambda data, path: _second_list(data), "two lists of files that contradict each other"),
    "paths that climb": (
        lambda data, path: _zip((f"../{path.name}", "x"), ("/etc/policy.pth", "x"), ("..\\policy.pth", "x")),
        "it holds no policy.pth",
    ),
}


@pytest.mark.parametrize(("make", "says"), REFUSED_UNREAD.values(), ids=REFUSED_UNREAD)
def test_what_means_harm_is_refused_before_torch_sees_it(monkeypatch, tmp_path, file, home, stock, make, says):
    trace = tmp_path / "trace"
    file.write_bytes(make(stock[0], trace))

    def load(*args, **kwargs):
        pytest.fail("torch was asked to read it")

    monkeypatch.setattr(torch, "load", load)
    with pytest.raises(WeightsError, match=says):
        import_model(file, CARTPOLE, home)
    assert not trace.exists()
    assert not home.exists()


REFUSED = {
    "more than is stored": (_larger_than_stored, "policy.pth cannot be read .*resiz"),
    "no numbers": (lambda data: _weights(data, lambda state: state[FIRST].fill_(torch.nan)), "is no finite number"),
    "of another type": (
        lambda data: _weights(data, lambda state: state.update({FIRST: state[FIRST].double()})),
        "is of type torch.float64",
    ),
    "of another shape": (
        lambda data: _weights(data, lambda state: state.update({FIRST: state[FIRST].T.contiguous()})),
        r"has shape \(4, 64\), and \(64, 4\) is needed",
    ),
    "endless": (
        lambda data: _weights(data, lambda state: state.update({FIRST: torch.zeros(1).expand(2**31 - 1)})),
        r"has shape \(2147483647,\)",
    ),
    "one too many": (lambda data: _weights(data, lambda state: state.update(more=torch.zeros(1))), "it has 'more'"),
    "a list": (lambda data: _with_policy(data, _saved_list()), "holds no weights by name|more than weights"),
}


def _saved_list():
    buffer = io.BytesIO()
    torch.save({1: torch.zeros(1)}, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(("make", "says"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused(file, home, stock, make, says):
    file.write_bytes(make(stock[0]))
    with pytest.raises(WeightsError, match=says):
        import_model(file, CARTPOLE, home)
    assert not home.exists()


def test_pickles_beside_the_weights_stay_closed(tmp_path, file, home, stock):
    trace = tmp_path / "trace"
    bomb = pickle.dumps(_Bomb(trace))

    def change(name, content):
        if name == "data":
            settings = json.loads(content)
            settings["lr_schedule"][":serialized:"] = base64.b64encode(bomb).decode()
            return json.dumps(settings)
        return bomb if name in ("pytorch_variables.pth", "policy.optimizer.pth") else content

    file.write_bytes(_repacked(stock[0], change))
    assert import_model(file, CARTPOLE, home).state == "done"
    assert not trace.exists()


def test_random_damage_is_refused_or_harmless(file, home, stock):
    rng = np.random.default_rng(5)
    with zipfile.ZipFile(io.BytesIO(stock[0])) as archive:
        policy = archive.read("policy.pth")
    for number in range(150):
        data = bytearray(stock[0] if number % 2 else policy)
        for place in rng.integers(len(data), size=int(rng.integers(1, 6))):
            data[place] = rng.integers(256)
        file.write_bytes(bytes(data) if number % 2 else _with_policy(stock[0], bytes(data)))
        with suppress(RetroMLError):  # and no other error
            import_model(file, CARTPOLE, home)


@pytest.mark.parametrize("where", ["missing.zip", "", "vec_normalize.pkl"])
def test_what_is_no_file_of_that_kind_is_one_line(command, tmp_path, where):
    (tmp_path / "vec_normalize.pkl").write_bytes(pickle.dumps(_Bomb(tmp_path / "trace")))
    code, out, err = command("import --env CartPole-v1", str(tmp_path / where))
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert not (tmp_path / "trace").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")
def test_a_pipe_keeps_nobody_waiting(file, home):
    os.mkfifo(file)
    with pytest.raises(WeightsError, match="no plain file"):
        import_model(file, CARTPOLE, home)
