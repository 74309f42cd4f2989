"""Checks of the machine: what it computes with, films with and keeps runs on."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from retroml_edu.analysis.diagnostics import diagnose, story
from retroml_edu.cli.doctor_finding import Finding, Verdict

LOW_MEMORY_BYTES = 2 * 1024**3
ENVIRONMENTS = ("CartPole-v1", "LunarLander-v3", "ALE/Pong-v5")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def device() -> Iterator[Finding]:
    """Say what torch computes on, and let a GPU compute something; a CPU is enough for everything here."""
    import torch

    version = f"torch {torch.__version__}"
    kind = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else ""
    if kind:
        try:
            _ = (torch.ones(8, 8, device=kind) @ torch.ones(8, 8, device=kind)).sum().item()
        except Exception as error:  # noqa: BLE001 - what drivers raise is the finding
            known = diagnose(story(error))
            found = f"{version}: the GPU does not compute ({type(error).__name__}: {error})"
            remedy = known.remedy if known else "Train on the CPU: choose it as 'Device' under 'Advanced'."
            yield Finding("Device", Verdict.WARN, found, remedy)
            return
        name = torch.cuda.get_device_name(0) if kind == "cuda" else "Apple GPU"
        yield Finding("Device", Verdict.OK, f"{version} on {kind.upper()}: {name}")
    elif shutil.which("nvidia-smi"):
        known = diagnose("Found no NVIDIA driver on your system")
        found = f"{version} on the CPU, though an NVIDIA card seems to be here"
        yield Finding("Device", Verdict.WARN, found, known.remedy if known else "")
    else:
        yield Finding("Device", Verdict.OK, f"{version} on the CPU")


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
    """Make one environment of classic control, one of Box2D and one of Atari, and play a step."""
    from retroml_edu.envs.make import make_env

    for env_id in ENVIRONMENTS:
        env = make_env(env_id, seed=0)
        env.reset()
        env.step(env.action_space.sample())
        env.close()
    yield Finding("Environments", Verdict.OK, f"{', '.join(ENVIRONMENTS)} played a step")


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


def settings() -> Iterator[Finding]:
    """Check that the person's settings can be used."""
    from retroml_edu.storage.home import find_home
    from retroml_edu.storage.preferences import preferences_file, read_preferences

    home = find_home().path
    problems = read_preferences(home).problems
    for problem in problems:
        yield Finding("Settings", Verdict.WARN, problem.message, problem.remedy)
    if not problems:
        file = preferences_file(home)
        yield Finding("Settings", Verdict.OK, str(file) if file.exists() else "the defaults")


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
