"""Checks of the machine: what it computes with, films with and keeps runs on."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from retroml_edu.cli.doctor_finding import Finding, Verdict

LOW_MEMORY_BYTES = 2 * 1024**3
ENVIRONMENTS = ("CartPole-v1", "ALE/Pong-v5")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def device() -> Iterator[Finding]:
    """Say what torch computes on; a CPU is enough for everything here."""
    import torch

    found = f"torch {torch.__version__} on "
    if torch.cuda.is_available():
        found += f"CUDA: {torch.cuda.get_device_name(0)}"
    elif torch.backends.mps.is_available():
        found += "MPS (Apple GPU)"
    else:
        found += "the CPU"
    yield Finding("Device", Verdict.OK, found)


def fast_engine() -> Iterator[Finding]:
    """Say whether the kernels of small networks are compiled, and whether they can be kept."""
    from retroml_edu.core import compilation

    problem = compilation.cache_problem()
    if problem:
        yield Finding("Fast engine", Verdict.WARN, "compiled anew by each process", problem)
    elif compilation.is_warm():
        yield Finding("Fast engine", Verdict.OK, "compiled for this processor")
    else:
        yield Finding(
            "Fast engine",
            Verdict.WARN,
            "not compiled yet: the first training does it, in half a minute or so",
            "Run 'retroml-edu prepare' to have it done.",
        )


def cores_and_memory() -> Iterator[Finding]:
    """Check that there is memory for a run."""
    import psutil

    available = psutil.virtual_memory().available
    found = f"{os.cpu_count()} cores, {available / 1024**3:.1f} GiB of memory free"
    if available < LOW_MEMORY_BYTES:
        remedy = "Close other programs, or train with fewer environments and a smaller replay buffer."
        yield Finding("Cores and memory", Verdict.WARN, found, remedy)
    else:
        yield Finding("Cores and memory", Verdict.OK, found)


def video() -> Iterator[Finding]:
    """Encode a second of film as the player writes it."""
    import av
    import numpy as np

    picture = np.zeros((64, 64, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "probe.mp4")
        with av.open(str(path), "w") as film:
            stream = film.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
            for brightness in range(0, 250, 25):
                picture[:] = brightness
                film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            film.mux(stream.encode())
        size_bytes = path.stat().st_size
    yield Finding("Video", Verdict.OK, f"H.264 works: 10 frames in {size_bytes} bytes")


def environments() -> Iterator[Finding]:
    """Make one environment of classic control and one of Atari, and play a step."""
    import ale_py
    import gymnasium

    from retroml_edu.envs.quiet import quieten

    quieten()
    gymnasium.register_envs(ale_py)
    for env_id in ENVIRONMENTS:
        env = gymnasium.make(env_id)
        env.reset(seed=0)
        env.step(env.action_space.sample())
        env.close()
    yield Finding("Environments", Verdict.OK, f"{' and '.join(ENVIRONMENTS)} played a step")


def runs_home() -> Iterator[Finding]:
    """Check that runs can be kept where they would go."""
    from retroml_edu.storage.home import find_home

    home = find_home()
    found = f"{home.path} ({home.why})"
    folder = next(each for each in (home.path, *home.path.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"writable")
    except OSError as error:
        remedy = "Choose another folder with the environment variable RETROML_HOME."
        yield Finding("Home of runs", Verdict.FAIL, f"{found} cannot be written: {error.strerror or error}", remedy)
    else:
        yield Finding("Home of runs", Verdict.OK, found)


def browser() -> Iterator[Finding]:
    """Look for a Chromium; only the tests of the project need one."""
    named = os.environ.get("RETROML_CHROMIUM")
    found = (
        named or next(filter(None, map(shutil.which, BROWSERS)), None) or (MAC_CHROME if MAC_CHROME.exists() else None)
    )
    yield Finding("Chromium (tests only)", Verdict.OK, str(found or "none in sight: 'make test' fetches one"))


def postgresql() -> Iterator[Finding]:
    """Look for a PostgreSQL server; only classrooms that share an index, and the tests of that, need one."""
    found = shutil.which("postgres") or shutil.which("pg_ctl")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    yield Finding("PostgreSQL (optional)", Verdict.OK, found or (str(debian[-1]) if debian else "none: SQLite is used"))
