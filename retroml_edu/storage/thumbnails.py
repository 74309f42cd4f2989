"""A small picture of a video, made once and kept beside it."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retroml_edu.core.errors import StorageError
from retroml_edu.storage.atomic import write_bytes
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.paths import read_unlinked, unlinked
from retroml_edu.storage.video import encode_jpeg

if TYPE_CHECKING:
    from av import VideoFrame

WIDTH, HEIGHT = 320, 240
"""Most pixels of a thumbnail; none is larger than its video."""
QUALITY = 82
MAX_THUMBNAIL_BYTES = 2**18
MOST_FRAMES = 300
"""Pictures that are decoded on the way to the middle: one second in three holds a whole picture to begin from."""
MOST_PIXELS = 4096 * 4096
"""Of a picture: the video may come from a stranger."""


def thumbnail(folder: RunFolder, video: str) -> bytes:
    """Return a picture from the middle of a video as JPEG; one that was made before is read from ``thumbnails/``.

    The middle tells two agents apart: most games begin alike.

    Args:
        folder: Run folder.
        video: Name of the file in ``videos/``.

    Raises:
        StorageError: If it is no video that can be read.

    Threads: safe; two that make the same one write the same.
    """
    file = unlinked(folder.path, f"{folder.videos_dir.name}/{video}")
    kept = f"{folder.thumbnails_dir.name}/{video}.jpg"
    with suppress(StorageError, ValueError, OSError):
        if (folder.path / kept).stat().st_mtime_ns >= file.stat().st_mtime_ns:
            return read_unlinked(folder.path, kept, MAX_THUMBNAIL_BYTES)
    picture = _middle(file)
    # Where the folder cannot be written, the picture is made anew each time.
    with suppress(StorageError, OSError):
        place = unlinked(folder.path, kept)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        write_bytes(place, picture, durable=False)
    return picture


def _middle(file: Path) -> bytes:
    import av

    try:
        with av.open(str(file), format="mp4") as container:
            stream: Any = container.streams.video[0]
            if stream.codec_context.name != "h264" or stream.width * stream.height > MOST_PIXELS:
                raise StorageError(f"{file.name} is no video of this program.")
            stream.codec_context.thread_count = 1  # training has the other cores
            middle = (stream.duration or 0) // 2
            container.seek(middle, stream=stream)
            frame = _frame_at(container.decode(stream), middle)
    except (OSError, ValueError, IndexError) as error:  # PyAV's own errors are one or the other
        raise StorageError(f"{file.name} cannot be read: {error}.") from None
    if frame is None:
        raise StorageError(f"{file.name} holds no picture.")
    share = min(1.0, WIDTH / frame.width, HEIGHT / frame.height)
    size = (max(1, round(frame.width * share)), max(1, round(frame.height * share)))
    small = frame.reformat(width=size[0], height=size[1], format="rgb24", src_colorspace="ITU601")
    return encode_jpeg(small.to_ndarray(), QUALITY)


def _frame_at(frames: Any, middle: int) -> VideoFrame | None:
    """Return the first frame from the middle on, or the last that there is."""
    found = None
    for frame in islice(frames, MOST_FRAMES):
        found = frame
        if frame.pts is not None and frame.pts >= middle:
            break
    return found
