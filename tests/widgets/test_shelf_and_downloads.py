"""Bytes that go to the browser: videos of this run and no other file, exports or a sentence."""

import os

import pytest

from retroml_edu.core.events import VideoEvent
from retroml_edu.session.export import EXPORTS
from retroml_edu.session.report import REPORTS
from retroml_edu.widgets.downloads import Downloads
from retroml_edu.widgets.videos import VideoShelf


def video(name, milestone=0.0, step=0):
    return VideoEvent(f"videos/{name}", step, milestone, 9.0, 9, True, 0.3, "2026-01-02T03:04:05Z")


@pytest.fixture
def shelf(tmp_path):
    (tmp_path / "run" / "videos").mkdir(parents=True)
    (tmp_path / "run" / "videos" / "0000.mp4").write_bytes(b"known")
    (tmp_path / "run" / "videos" / "other.mp4").write_bytes(b"not announced")
    (tmp_path / "run" / "config.json").write_bytes(b"{}")
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    shelf = VideoShelf()
    shelf.sent = []
    shelf.send = lambda content, buffers=None: shelf.sent.append((content, buffers))
    shelf.show_run("run-1", tmp_path / "run", recording=True)
    return shelf


def test_a_video_that_was_recorded_is_served(shelf, tmp_path, told):
    shelf.add([video("0000.mp4")])
    told(shelf, action="fetch", name="0000.mp4")
    assert shelf.sent == [({"kind": "video", "run_id": "run-1", "name": "0000.mp4"}, [b"known"])]


@pytest.mark.parametrize(
    "name",
    ["other.mp4", "../config.json", "../../secret.mp4", "videos/0000.mp4", "/etc/passwd", "0000.mp4/..", "", None, 7,
     ["0000.mp4"], "..\\..\\secret.mp4", "0000.mp4\0"],
)  # fmt: skip
def test_nothing_else_is_served(shelf, tmp_path, told, name):
    shelf.add([video("0000.mp4")])
    told(shelf, action="fetch", name=name)
    told(shelf, action="fetch")
    told(shelf, action="delete", name="0000.mp4")
    assert shelf.sent == []


@pytest.mark.parametrize("path", ["../../secret.mp4", "../config.json", "/etc/passwd", ".."])
def test_an_event_that_names_a_path_outside_opens_nothing(shelf, tmp_path, told, path):
    event = VideoEvent(path, 0, 0.0, 9.0, 9, True, 0.3, "")
    shelf.add([event])
    for entry in shelf.videos:
        told(shelf, action="fetch", name=entry["name"])
    told(shelf, action="fetch", name=path)
    assert shelf.sent == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_out_of_the_folder_is_not_followed(shelf, tmp_path, told):
    (tmp_path / "run" / "videos" / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    shelf.add([video("link.mp4")])
    told(shelf, action="fetch", name="link.mp4")
    assert shelf.sent == []


def test_a_video_that_is_gone_is_no_crash(shelf, tmp_path, told):
    shelf.add([video("gone.mp4")])
    told(shelf, action="fetch", name="gone.mp4")
    assert shelf.sent == []


def test_videos_stand_in_the_order_of_the_run_each_once(shelf, tmp_path):
    shelf.add([video("000500.mp4", 0.5, 500), video("000000.mp4")])
    shelf.add([video("001000.mp4", 1.0, 1_000), video("000000.mp4")])
    assert [entry["label"] for entry in shelf.videos] == ["start", "50%", "final"]
    shelf.show_run("run-2", tmp_path, recording=False)
    assert shelf.videos == []


def test_films_of_the_live_feed_stand_where_they_were_made_and_are_told_apart(shelf):
    shelf.add([video("step-0000000000.mp4"), video("step-0000001000.mp4", 1.0, 1_000)])
    shelf.add([video("live-b-step-500.mp4", 0.5, 500), video("live-a-step-700.mp4", 0.7, 700)])
    shelf.add([video("live-a-step-700.mp4", 0.7, 700)])
    assert [entry["label"] for entry in shelf.videos] == ["start", "live", "live 2", "final"]


def test_a_video_that_is_told_late_does_not_stand_under_another_run(shelf):
    shelf.add([video("0000.mp4")], "run-0")
    assert shelf.videos == []
    shelf.add([video("0000.mp4")], "run-1")
    assert len(shelf.videos) == 1


def test_a_video_of_the_last_run_is_not_served_for_the_next(shelf, tmp_path, told):
    shelf.add([video("0000.mp4")])
    shelf.show_run("run-2", tmp_path, recording=True)
    told(shelf, action="fetch", name="0000.mp4")
    assert shelf.sent == []


class Counter:
    """Downloads of a panel, with what they sent."""

    def __init__(self, current, waits):
        self.sent = []
        self.widget = Downloads(current)
        self.widget.send = lambda content, buffers=None: self.sent.append((content, buffers))
        self.waits = waits

    def ask(self, what, action="export"):
        self.widget._handle_custom_msg({"action": action, "what": what}, [])
        self.waits(lambda: self.sent, f"an answer to {what}")
        return self.sent.pop()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run that a script made."""
    from retroml_edu.core.config import ExperimentConfig
    from retroml_edu.session.history import Run
    from retroml_edu.session.session import Session
    from retroml_edu.storage.folder import RunFolder
    from retroml_edu.training.scripted import ScriptedTrainer

    session = Session(tmp_path_factory.mktemp("runs"), trainer_for=lambda config: ScriptedTrainer())
    config = ExperimentConfig(
        env_id="CartPole-v1", run_type="custom", total_timesteps=600, seed=4, video={"enabled": False}
    )
    run = session.start(config)
    assert run.wait(30).success
    return Run(RunFolder(run.path))


MAGIC = {
    "csv": b"",
    "json": b"{",
    "png": b"\x89PNG",
    "svg": b"<?xml",
    "html": b"<!",
    "yaml": b"# Settings",
    "zip": b"PK",
}


@pytest.mark.parametrize("what", EXPORTS)
def test_each_export_comes_under_a_name_that_says_what_it_is(finished, waits, what):
    content, (data,) = Counter(lambda: finished, waits).ask(what)
    assert content["kind"] == "file"
    assert content["name"].startswith("CartPole-v1_PPO_seed4_")
    assert content["name"].endswith(f".{what}")
    assert content["mime"] == EXPORTS[what].mime
    assert data[:60].lstrip().lower().startswith(MAGIC[what].lower())
    assert len(data) > 200


@pytest.mark.parametrize("form", REPORTS)
def test_each_form_of_the_report_comes_under_its_name(finished, waits, form):
    content, (data,) = Counter(lambda: finished, waits).ask(form, "report")
    assert content["name"] == f"CartPole-v1_PPO_seed4_run-{finished.run_id[-6:]}_{REPORTS[form].suffix}"
    assert content["mime"] == REPORTS[form].mime
    assert finished.run_id.encode() in data


def test_no_run_is_a_sentence(waits):
    content, buffers = Counter(lambda: None, waits).ask("csv")
    assert (content["kind"], buffers) == ("problem", None)
    assert content["text"] == "There is no run yet: press Train first."


def test_an_export_that_fails_is_a_sentence(finished, waits, monkeypatch):
    def full(run, what):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("retroml_edu.widgets.downloads.make_export", full)
    content, _ = Counter(lambda: finished, waits).ask("zip")
    assert content["kind"] == "problem"
    assert "No space left on device" in content["text"]


def test_a_run_that_cannot_be_found_is_a_sentence(waits):
    def gone():
        raise FileNotFoundError("The run folder is gone.")

    content, _ = Counter(gone, waits).ask("csv")
    assert content["kind"] == "problem"
    assert "The run folder is gone." in content["text"]


@pytest.mark.parametrize("what", ["exe", "", None, "../csv", ["csv"]])
def test_what_is_no_export_is_not_answered(finished, waits, what):
    counter = Counter(lambda: finished, waits)
    counter.widget._handle_custom_msg({"action": "export", "what": what}, [])
    assert counter.ask("csv")[0]["kind"] == "file"
    assert counter.sent == []
