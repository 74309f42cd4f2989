"""Videos and pictures: H.264 in mp4 as every browser plays it, and JPEG."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from retroml_edu.core.errors import StorageError
from retroml_edu.core.settings import VideoQuality
from retroml_edu.storage.atomic import cannot_write, move_into_place, temporary_beside

if TYPE_CHECKING:
    from av.container import OutputContainer

MAX_WIDTH, MAX_HEIGHT = 1280, 720
_CRF: Mapping[VideoQuality, int] = {"small": 30, "standard": 23, "high": 16}
# Said in the stream, so that a player need not guess how RGB was turned into YUV.
_COLOUR = "colorprim=smpte170m:transfer=smpte170m:colormatrix=smpte170m"


class VideoWriter:
    """Writes one video, which appears under its name when the block ends without an error.

    Frames keep their native size (up to 720p; players scale), padded by their own edge to even sides.

    Args:
        path: The file, ``.mp4``.
        fps: Frames a second.
        quality: ``small``, ``standard`` or ``high``.

    Threads: one at a time.
    """

    def __init__(self, path: Path, *, fps: float, quality: VideoQuality = "standard") -> None:
        self.frames = 0
        self._path = path
        self._fps = Fraction(fps).limit_denominator(1_000)
        self._quality: VideoQuality = quality
        self._temporary = temporary_beside(path)
        self._container: OutputContainer | None = None
        self._stream: Any = None
        self._shape: tuple[int, ...] = ()

    @property
    def duration_s(self) -> float:
        """Playing time so far."""
        return float(self.frames / self._fps)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def add(self, frame: np.ndarray) -> None:
        """Append a frame.

        Args:
            frame: Shape (height, width, 3), uint8, RGB; all of one size.

        Raises:
            ValueError: If the frame is of another shape or type.
            StorageError: If it cannot be written.
        """
        import av

        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(f"A frame is (height, width, 3) of uint8, not {frame.shape} of {frame.dtype}.")
        if self._shape not in ((), frame.shape):
            raise ValueError(f"All frames have one size: {frame.shape} came after {self._shape}.")
        try:
            if self._container is None:
                self._open(frame)
            height, width = frame.shape[:2]
            even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24").reformat(
                width=self._stream.width, height=self._stream.height, format="yuv420p", dst_colorspace="ITU601"
            )
            picture.pts = self.frames
            picture.time_base = 1 / self._fps
            self._mux(picture)
        except OSError as error:  # PyAV's own errors are OSErrors too
            self.discard()
            raise cannot_write(self._path, error) from error
        self.frames += 1

    def close(self) -> None:
        """Finish the video; nothing happens after `discard` or a first `close`.

        Raises:
            StorageError: If it cannot be written.
        """
        if self._container is None:
            return
        try:
            self._mux(None)
            self._container.close()
            self._container = None
            move_into_place(self._temporary, self._path)
        except OSError as error:
            self.discard()
            raise cannot_write(self._path, error) from error

    def discard(self) -> None:
        """Give the video up; nothing is left of it."""
        if self._container is not None:
            with suppress(OSError, ValueError):
                self._container.close()
            self._container = None
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def _open(self, frame: np.ndarray) -> None:
        import av

        self._shape = frame.shape
        width, height = _size(frame.shape[1], frame.shape[0])
        # faststart: the index before the pictures, so that a browser starts while it still loads.
        container = av.open(str(self._temporary), "w", format="mp4", options={"movflags": "+faststart"})
        self._container = container
        options = {"crf": str(_CRF[self._quality]), "preset": "veryfast", "x264-params": _COLOUR}
        try:
            stream = container.add_stream("libx264", rate=self._fps, options=options)
        except ValueError as error:
            self.discard()
            raise StorageError(
                "This installation of PyAV has no H.264 encoder (libx264): install the wheel with "
                "`pip install --force-reinstall --only-binary=:all: av`, or switch videos off."
            ) from error
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1  # training has the other cores
        self._stream = stream

    def _mux(self, picture: Any) -> None:
        if self._container is not None:
            for packet in self._stream.encode(picture):
                self._container.mux(packet)


def _size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, MAX_WIDTH / width, MAX_HEIGHT / height)
    if scale == 1.0:
        return width + width % 2, height + height % 2
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def encode_jpeg(frame: np.ndarray, quality: int = 80) -> bytes:
    """Return a frame as JPEG.

    Args:
        frame: Shape (height, width, 3), uint8, RGB.
        quality: 1 to 95.
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
