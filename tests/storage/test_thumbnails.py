"""Thumbnails and names of videos: made once, kept beside them, and never from or to elsewhere."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
from PIL import Image

from retroml_edu.core.errors import LabelError, StorageError
from retroml_edu.storage.manifest import check_manifest, write_manifest
from retroml_edu.storage.thumbnails import HEIGHT, WIDTH, thumbnail
from retroml_edu.storage.video import VideoWriter
from retroml_edu.storage.video_labels import MAX_BYTES, label_video, read_video_labels
from tests.session.made_films import made_video
from tests.session.made_runs import made_run

links = pytest.mark.skipif(os.name == "nt", reason="links need rights there")


@pytest.fixture
def folder(tmp_path):
    folder = made_run(tmp_path / "runs")
    made_video(folder, "a.mp4")
    return folder


def test_the_middle_is_shown_and_made_once(folder):
    picture = thumbnail(folder, "a.mp4")
    image = Image.open(io.BytesIO(picture))
    assert (image.format, image.size) == ("JPEG", (160, 100))
    assert np.asarray(image).mean() == pytest.approx(112, abs=25)  # of black to 200
    kept = folder.thumbnails_dir / "a.mp4.jpg"
    kept.write_bytes(b"kept")
    assert thumbnail(folder, "a.mp4") == b"kept"
    os.utime(kept, (1, 1))  # the video is newer now: it was filmed again
    assert thumbnail(folder, "a.mp4") == picture


def test_a_large_picture_is_made_small(folder):
    with VideoWriter(folder.videos_dir / "large.mp4", fps=30) as video:
        video.add(np.zeros((700, 1200, 3), np.uint8))
    width, height = Image.open(io.BytesIO(thumbnail(folder, "large.mp4"))).size
    assert width == WIDTH
    assert height <= HEIGHT
    assert width / height == pytest.approx(1200 / 700, rel=0.02)


@pytest.mark.parametrize("content", [b"", b"no video", b"\0" * 5_000])
def test_what_is_no_video_is_a_sentence(folder, content):
    (folder.videos_dir / "bad.mp4").write_bytes(content)
    with pytest.raises(StorageError, match="bad"):
        thumbnail(folder, "bad.mp4")
    with pytest.raises(StorageError):
        thumbnail(folder, "none.mp4")


@links
def test_no_link_is_followed(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder.videos_dir / "link.mp4").symlink_to(folder.videos_dir / "a.mp4")
    with pytest.raises(StorageError, match="link"):
        thumbnail(folder, "link.mp4")
    folder.thumbnails_dir.symlink_to(outside)
    assert thumbnail(folder, "a.mp4").startswith(b"\xff\xd8")
    assert list(outside.iterdir()) == []


def test_thumbnails_and_names_are_no_change_of_the_run(folder):
    write_manifest(folder)
    thumbnail(folder, "a.mp4")
    label_video(folder, "a.mp4", "how it falls")
    assert check_manifest(folder) == []
    assert not any("thumbnails" in name for name, _ in folder.kept_files())


def test_a_video_is_named_and_its_name_taken_away(folder):
    assert label_video(folder, "a.mp4", "  the best\ngame ") == "the best game"
    label_video(folder, "b.mp4", "another")
    assert read_video_labels(folder) == {"a.mp4": "the best game", "b.mp4": "another"}
    label_video(folder, "a.mp4", "")
    assert read_video_labels(folder) == {"b.mp4": "another"}
    with pytest.raises(LabelError, match="at most 100 characters"):
        label_video(folder, "b.mp4", "x" * 101)
    assert read_video_labels(folder) == {"b.mp4": "another"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", {}),
        ("[]", {}),
        ('{"a.mp4": 7, "b.mp4": "kept"}', {"b.mp4": "kept"}),
        ('{"a.mp4": "' + "x" * 200 + '"}', {}),
        (" " * (MAX_BYTES + 1), {}),
    ],
)
def test_names_that_cannot_be_read_are_none(folder, content, expected):
    folder.video_labels_file.write_text(content)
    assert read_video_labels(folder) == expected


@links
def test_names_are_not_written_through_a_link(folder, tmp_path):
    target = tmp_path / "target.json"
    target.write_text("{}")
    folder.video_labels_file.symlink_to(target)
    with pytest.raises(StorageError, match="link"):
        label_video(folder, "a.mp4", "x")
    assert target.read_text() == "{}"


@pytest.mark.parametrize("content", [b"garbage", b"[]", b"\xff", b"{" + b" " * MAX_BYTES + b"}"])
def test_names_that_cannot_be_read_are_not_overwritten(folder, content):
    folder.video_labels_file.write_bytes(content)
    with pytest.raises(StorageError, match=r"put it away|larger|too large|MB"):
        label_video(folder, "a.mp4", "mine")
    assert folder.video_labels_file.read_bytes() == content
