import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from retroml_edu.core.errors import StorageError
from retroml_edu.storage.video import VideoWriter, encode_jpeg


def frames(count: int, height: int, width: int) -> list[np.ndarray]:
    base = np.zeros((height, width, 3), np.uint8)
    base[: height // 2] = (200, 40, 40)
    return [np.roll(base, shift, axis=0) for shift in range(count)]


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [(210, 160, (160, 210)), (33, 21, (22, 34)), (1000, 1500, (1080, 720)), (100, 2560, (1280, 50))],
)
def test_a_video_plays_to_its_end(tmp_path: Path, height: int, width: int, size: tuple[int, int]) -> None:
    file = tmp_path / "a.mp4"
    with VideoWriter(file, fps=15, quality="standard") as video:
        for frame in frames(20, height, width):
            video.add(frame)
        assert video.duration_s == pytest.approx(20 / 15)
    with av.open(str(file)) as played:
        stream = played.streams.video[0]
        pictures = list(played.decode(stream))
        assert (stream.codec_context.name, stream.average_rate) == ("h264", 15)
    assert len(pictures) == 20
    assert {(picture.width, picture.height) for picture in pictures} == {size}
    assert {picture.format.name for picture in pictures} == {"yuv420p"}
    content = file.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_colours_survive(tmp_path: Path) -> None:
    red = np.zeros((64, 64, 3), np.uint8) + np.array([200, 40, 40], np.uint8)
    with VideoWriter(tmp_path / "a.mp4", fps=30, quality="high") as video:
        video.add(red)
    with av.open(str(tmp_path / "a.mp4")) as played:
        shown = next(played.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(shown.astype(int) - red).max() <= 6


def test_better_quality_takes_more_room(tmp_path: Path) -> None:
    draws = np.random.default_rng(1)
    noise = [draws.integers(0, 255, (64, 64, 3), np.uint8) for _ in range(5)]
    sizes = []
    for quality in ("small", "standard", "high"):
        with VideoWriter(tmp_path / f"{quality}.mp4", fps=59.94, quality=quality) as video:  # type: ignore[arg-type]
            for frame in noise:
                video.add(frame)
        sizes.append((tmp_path / f"{quality}.mp4").stat().st_size)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


def test_an_error_or_a_discard_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with VideoWriter(tmp_path / "a.mp4", fps=30) as video:
            video.add(frames(1, 32, 32)[0])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with VideoWriter(tmp_path / "b.mp4", fps=30) as video:
        video.add(frames(1, 32, 32)[0])
        video.discard()
    with VideoWriter(tmp_path / "c.mp4", fps=30):
        pass  # no frame, no video
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("frame", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8)])
def test_other_arrays_are_no_frames(tmp_path: Path, frame: np.ndarray) -> None:
    with VideoWriter(tmp_path / "a.mp4", fps=30) as video, pytest.raises(ValueError, match="uint8"):
        video.add(frame)


def test_frames_have_one_size(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", fps=30) as video:
        video.add(np.zeros((32, 32, 3), np.uint8))
        with pytest.raises(ValueError, match="one size"):
            video.add(np.zeros((32, 34, 3), np.uint8))


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    def film() -> None:
        with VideoWriter(tmp_path / "missing" / "a.mp4", fps=30) as video:
            video.add(frames(1, 32, 32)[0])

    with pytest.raises(StorageError, match=r"Cannot write .*a\.mp4"):
        film()


def test_jpeg() -> None:
    picture = Image.open(io.BytesIO(encode_jpeg(frames(1, 210, 160)[0])))
    assert (picture.format, picture.size, picture.mode) == ("JPEG", (160, 210), "RGB")
