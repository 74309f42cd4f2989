"""The models page's half in Python: what crosses to it, what the panel does with a model, and files that come in."""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from pathlib import Path

import pytest
from stable_baselines3 import DQN, PPO

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.states import RunState
from retroml_edu.session.history import load_run
from retroml_edu.storage.inbox import Inbox
from retroml_edu.storage.lease import Lease
from retroml_edu.widgets.models import MAX_UPLOAD_BYTES, ModelActions, ModelsTable
from retroml_edu.widgets.upload import Upload
from tests.session.made_runs import made_run
from tests.widgets.listing_page import ListingPage, ListingStage


class Stage(ListingStage):
    def __init__(self, home):
        super().__init__(home)
        self.done = []
        config = ExperimentConfig(env_id="Acrobot-v1", algorithm="DQN", seed=1)
        actions = ModelActions(
            lambda *asked: self.done.append(("continue", *asked)),
            lambda run_id: self.done.append(("evaluate", run_id)),
            lambda run_id: self.done.append(("open", run_id)),
            lambda: config,
        )
        self.table = ModelsTable(home, actions, self.guarded)
        self.show(self.table)

    def answers(self, kind, token="t"):
        return [
            (message, content) for message, content in self.page.sent
            if message["kind"] == kind and message["token"] == token
        ]  # fmt: skip


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path / "runs")


@pytest.fixture
def begun(stage, waits):
    stage.tell("begin")
    waits(lambda: stage.page.read, "the models")
    return stage


@pytest.fixture
def folder(stage):
    """A run with a model, as far as the table looks."""
    folder = made_run(stage.home, seed=3)
    folder.model_dir.mkdir()
    (folder.model_dir / "weights.safetensors").write_bytes(b"x" * 900)
    folder.model_zip.write_bytes(b"y" * 5_000)
    return folder


@pytest.fixture
def theirs(tmp_path):
    PPO("MlpPolicy", "CartPole-v1", device="cpu", seed=3, policy_kwargs={"net_arch": [16]}).save(
        tmp_path / "theirs.zip"
    )
    return (tmp_path / "theirs.zip").read_bytes()


def load(stage, waits, content, token="t", name="theirs.zip", **settings):
    """Send a file as the page does, in two pieces, and wait for what becomes of it."""
    stage.tell("load", token=token, name=name, size_bytes=len(content))
    half = len(content) // 2
    for at, piece in ((0, content[:half]), (half, content[half:])):
        waits(lambda at=at: any(m["at"] == at for m, _ in stage.answers("more", token)), f"the wish for piece {at}")
        settings = {"env_id": "CartPole-v1", "algorithm": "PPO", "layers": "16", "activation": ""} | settings
        stage.tell("piece", [memoryview(piece)], token=token, at=at, **settings)
    waits(lambda: stage.answers("loaded", token) or stage.answers("said", token), "the end of the import")


def test_nothing_is_read_before_somebody_looks(stage, folder):
    stage.table.refresh()
    assert not stage.table.reading
    assert not (stage.home / "index.db").exists()


def test_a_model_crosses_with_all_that_is_shown(folder, begun):
    row = begun.page.rows[folder.run_id]
    assert (row["env_id"], row["algorithm"], row["way"], row["size_bytes"]) == ("CartPole-v1", "PPO", "weights", 5_000)
    assert (row["has_model"], row["has_zip"], row["checkpoints"], row["newest_step"]) == (True, True, 0, None)
    assert (row["trained_mean"], row["tested_mean"], row["tags"]) == (30.0, None, [])
    assert ListingPage(begun.table).rows == begun.page.rows


def test_the_panel_is_asked(folder, begun, waits):
    run_id = folder.run_id
    begun.tell("evaluate", run_id=run_id)
    begun.tell("open", run_id=run_id)
    begun.tell("continue", run_id=run_id, steps=5_000, step=None)
    waits(lambda: len(begun.done) == 3, "Continue")
    assert begun.done == [("evaluate", run_id), ("open", run_id), ("continue", run_id, 5_000, None)]
    begun.tell("continue", run_id=run_id, steps="many")
    assert "Give a whole number" in str(begun.errors[0])


def test_a_name_is_that_of_the_run(folder, begun):
    begun.tell("rename", run_id=folder.run_id, name="champion")
    assert begun.page.rows[folder.run_id]["name"] == load_run(folder.run_id, begun.home).labels.name == "champion"


def test_an_export_is_handed_to_who_asked(folder, begun, waits):
    begun.tell("export", run_id=folder.run_id, token="t")
    waits(lambda: begun.answers("file"), "the file")
    message, (content,) = begun.answers("file")[0]
    assert message["name"].endswith("_sb3.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert "play.py" in archive.namelist()
    folder.model_zip.unlink()
    begun.tell("export", run_id=folder.run_id, token="u")
    waits(lambda: begun.answers("said", "u"), "a sentence")
    assert "has no model.zip" in begun.answers("said", "u")[0][0]["text"]


def test_a_run_that_goes_on_is_asked_for_its_state(begun, waits):
    folder = made_run(begun.home, state=RunState.RUNNING)
    lease = Lease.acquire(folder)
    begun.tell("refresh")
    waits(lambda: folder.run_id in begun.page.rows, "the run")
    assert begun.page.rows[folder.run_id]["way"] == "none"
    begun.tell("save", run_id=folder.run_id, token="t")
    waits(lambda: begun.answers("said"), "a sentence")
    assert [command.name for command in Inbox(folder).poll()] == ["checkpoint"]
    lease.release()
    begun.tell("look")
    assert folder.run_id not in begun.page.rows, "it was lost, and has left nothing"
    begun.tell("save", run_id=folder.run_id, token="u")
    waits(lambda: begun.answers("said", "u"), "a sentence")
    assert "only a run that trains" in begun.answers("said", "u")[0][0]["text"]


def test_checkpoints_are_told_when_somebody_asks(folder, begun, waits):
    begun.tell("checkpoints", run_id=folder.run_id, token="t")
    waits(lambda: begun.answers("checkpoints"), "the list")
    assert begun.answers("checkpoints")[0][0]["checkpoints"] == []


def test_the_form_of_a_file_begins_with_what_is_asked_for_now(begun):
    begun.tell("form", token="t")
    ((form, _),) = begun.answers("form")
    assert (form["env_id"], form["algorithm"]) == ("Acrobot-v1", "DQN")
    assert "CartPole-v1" in form["envs"]


def test_a_file_comes_in_by_pieces_and_is_a_model(begun, waits, theirs):
    load(begun, waits, theirs)
    ((message, _),) = begun.answers("loaded")
    row = begun.page.rows[message["run_id"]]
    assert (row["env_id"], row["way"], row["has_zip"], row["steps"]) == ("CartPole-v1", "weights", False, 0)
    sentence = (load_run(message["run_id"], begun.home).path / "events.jsonl").read_text()
    assert "Imported from theirs.zip" in sentence
    assert all(not upload.path.exists() for upload in begun.table._uploads.values())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"layers": "32"}, r"Its layers are \[16\]"),
        ({"layers": "wide"}, "whole numbers with commas"),
        ({"algorithm": "DQN"}, "It is no model of DQN"),
        ({"algorithm": "SAC"}, "SAC"),
        ({"env_id": "Acrobot-v1"}, "choose its own environment"),
        ({"env_id": "CartPool-v1"}, "Did you mean"),
        ({"env_id": ""}, "env_id"),
        ({"activation": "sine"}, "activation"),
    ],
)
def test_a_file_that_does_not_fit_is_a_sentence_and_leaves_nothing(begun, waits, theirs, settings, sentence):
    load(begun, waits, theirs, **settings)
    ((message, _),) = begun.answers("said")
    assert message["text"].startswith("✕ ")
    assert re.search(sentence, message["text"]), message["text"]
    assert begun.page.rows == {}
    assert [path for path in begun.home.glob("*-*") if path.is_dir()] == []
    assert "retroml-upload" not in message["text"]


@pytest.mark.parametrize("content", [b"no zip at all", b"PK\5\6" + b"\0" * 18])
def test_what_is_no_model_is_a_sentence(begun, waits, content):
    load(begun, waits, content)
    assert begun.answers("said")[0][0]["text"].startswith("✕ ")
    assert begun.page.rows == {}


def test_a_pickle_is_not_opened(begun, waits, tmp_path):
    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "exploded",)

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("policy.pth", pickle.dumps(Bomb()))
        archive.writestr("data", pickle.dumps(Bomb()))
    load(begun, waits, target.getvalue())
    assert begun.answers("said")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("size", [0, -1, None, "many", MAX_UPLOAD_BYTES + 1])
def test_a_file_of_no_possible_size_is_refused_before_it_is_sent(begun, waits, size):
    begun.tell("load", token="t", name="x.zip", size_bytes=size)
    waits(lambda: begun.answers("said"), "a sentence")
    assert begun.answers("more") == []


def test_pieces_out_of_order_end_the_import(begun, waits):
    begun.tell("load", token="t", name="x.zip", size_bytes=10)
    waits(lambda: begun.answers("more"), "the wish for the first piece")
    begun.tell("piece", [b"abc"], token="t", at=5)
    waits(lambda: begun.answers("said"), "a sentence")
    assert "did not arrive as it was sent" in begun.answers("said")[0][0]["text"]
    begun.tell("piece", [b"abc"], token="nobody", at=0)
    assert begun.answers("said", "nobody") == []


def test_a_second_file_takes_the_place_of_the_first(begun, waits):
    for token in ("t", "u"):
        begun.tell("load", token=token, name="x.zip", size_bytes=10)
        waits(lambda token=token: begun.answers("more", token), "the wish for the first piece")
    assert list(begun.table._uploads) == ["u"]


@pytest.mark.parametrize("name", ["../../evil.zip", "/etc/passwd", "con", "a\0b", "x" * 300, ""])
def test_a_name_is_never_a_path(name):
    upload = Upload(name, 3, 10)
    upload.add(0, [b"abc"])
    assert upload.whole
    assert upload.path.parent.name.startswith("retroml-upload-")
    assert upload.path.read_bytes() == b"abc"
    upload.discard()
    assert not upload.path.parent.exists()


def test_a_model_of_dqn_comes_in_too(begun, waits, tmp_path):
    DQN("MlpPolicy", "CartPole-v1", device="cpu", buffer_size=100).save(tmp_path / "dqn.zip")
    load(begun, waits, (tmp_path / "dqn.zip").read_bytes(), algorithm="DQN", layers="")
    assert begun.answers("loaded"), begun.answers("said")


@pytest.mark.parametrize("run_ids", [None, 7, {}, [None], ["../../etc"], [""]])
@pytest.mark.parametrize(
    "action", ["rename", "export", "save", "checkpoints", "continue", "piece", "load", "fly", None]
)
def test_what_is_no_message_of_ours_changes_nothing(folder, begun, action, run_ids):
    before = dict(begun.page.rows)
    begun.tell(action, run_ids=run_ids, run_id=None, steps=None, token=None)
    assert begun.page.rows == before
