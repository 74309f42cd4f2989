"""Facts of the machine for environment.json: an allow-list, without user, host or paths."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from retroml_edu.core.container import own_cores
from retroml_edu.core.sources import PACKAGE, sources_digest

DECISIVE_PACKAGES = (
    "retroml-edu",
    "torch",
    "stable-baselines3",
    "gymnasium",
    "ale-py",
    "box2d",
    "numpy",
    "opencv-python-headless",
)
"""Those that compute what a run reports, whoever trains it."""
KERNEL_PACKAGES = ("numba", "llvmlite")
"""Those that compile the fast engine's kernels: they decide bits of its runs alone."""
PACKAGES = (
    *DECISIVE_PACKAGES,
    *KERNEL_PACKAGES,
    "safetensors",
    "av",
    "pandas",
    "pydantic",
    "sqlalchemy",
    "plotly",
    "ipywidgets",
    "anywidget",
    "ipykernel",
    "jupyterlab",
)
_TRAINS = ("envs/**/*.py", "policies/**/*.py", "training/**/*.py")
"""Parts of this package whose arithmetic ends in a run's numbers. Their version alone tells no two states of a source
checkout apart."""
TRAINER_FACTS = (
    "engine",
    "engine_version",
    "device",
    "threads",
    "torch_threads",
    "deterministic",
    "determinism",
    "precision",
    "n_envs",
)
"""What a trainer may add; anything else stays out of the file."""


def environment_facts(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is worth knowing about the machine when runs are compared.

    Args:
        extra: Facts of the trainer; those in `TRAINER_FACTS` are taken over, in place of what was found here.
    """
    return {
        "python": platform.python_version(),
        "packages": _packages(),
        "code": training_code(),
        "os": {"name": platform.system(), "release": platform.release(), "machine": platform.machine()},
        "cpu": {"model": _cpu_model(), "instruction_sets": _instruction_sets(), **_bfloat16(), **_cores()},
        "memory_bytes": _memory_bytes(),
        "gpu": _gpu(),
        "torch_threads": _torch_threads(),
    } | {name: extra[name] for name in TRAINER_FACTS if name in extra}


@cache
def machine_name() -> str:
    """Return what the speed of training on this machine depends on most, in a few words."""
    return f"{_cpu_model()}, {_cores()['usable_threads']} threads"


@cache
def training_code(package: Path = PACKAGE) -> str:
    """Return 16 hex digits that differ where the code does that environments, networks and algorithms are made of."""
    return sources_digest(_TRAINS, package)


def bfloat16_instructions() -> list[str] | None:
    """Return which instructions for bfloat16 this processor has, as torch names them.

    None where that is not known: of torch since 2.12, or so.
    """
    import torch

    capabilities = getattr(torch.cpu, "get_capabilities", None)
    if capabilities is None:
        return None
    return sorted(name for name, present in capabilities().items() if "bf16" in name and present)


def environment_differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Return what differs between two machines that may change the bits of a run, one phrase each.

    Args:
        there: Facts of the one, where the run was made, as in environment.json; it may come from a stranger.
        here: Facts of the other.
    """
    packages = DECISIVE_PACKAGES if there.get("engine") != "fast" else (*DECISIVE_PACKAGES, *KERNEL_PACKAGES)
    before, now = _decisive(there, packages), _decisive(here, packages)
    if there.get("precision") == "bfloat16":
        _add_bfloat16(there, before)
        _add_bfloat16(here, now)
    # Where one thread was taken, one is taken again, wherever that is.
    if there.get("torch_threads") not in (None, 1) and here.get("torch_threads") is not None:
        before["threads"], now["threads"] = _short(there["torch_threads"]), _short(here["torch_threads"])
    return [
        f"{name}: {before.get(name, 'not known')} there, {now.get(name, 'not known')} here"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]


def _decisive(facts: Mapping[str, Any], packages: Iterable[str]) -> dict[str, str]:
    found = {"Python": _short(facts.get("python")), "retroml_edu's training code": _short(facts.get("code"))}
    versions = facts.get("packages")
    if isinstance(versions, Mapping):
        found |= {name: _short(versions[name]) for name in packages if name in versions}
    cpu = facts.get("cpu")
    if isinstance(cpu, Mapping):
        found["processor"] = _short(cpu.get("model"))
        sets = cpu.get("instruction_sets")
        if isinstance(sets, list):
            found["instruction sets"] = _short(" ".join(map(str, sets)), 400)
    return found


def _add_bfloat16(facts: Mapping[str, Any], found: dict[str, str]) -> None:
    # Decisive for this precision alone: its kernels are not chosen by the sets that numpy names.
    cpu = facts.get("cpu")
    known = cpu.get("bfloat16") if isinstance(cpu, Mapping) else None
    if isinstance(known, list):
        found["instructions for bfloat16"] = _short(" ".join(map(str, known)) or "none")


def _short(value: Any, most: int = 100) -> str:
    text = str(value)[:most]
    return text if text.isprintable() else ascii(text)


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _cpu_model() -> str:
    with suppress(OSError, subprocess.SubprocessError):
        if sys.platform == "linux":
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
        elif sys.platform == "darwin":
            command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()  # noqa: S603 - fixed
        elif sys.platform == "win32":
            import winreg

            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
                return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
    return platform.processor() or platform.machine()


def _instruction_sets() -> list[str]:
    # As numpy names them. They decide bits: equal seeds give different weights on AVX2 and AVX-512 machines.
    import numpy as np

    with suppress(TypeError, KeyError):
        found: Mapping[str, Any] = np.show_config(mode="dicts")["SIMD Extensions"]  # type: ignore[index,func-returns-value,unused-ignore]
        return [*found.get("baseline", ()), *found.get("found", ())]
    return []


def _bfloat16() -> dict[str, list[str]]:
    known = None if _loaded_torch() is None else bfloat16_instructions()
    return {} if known is None else {"bfloat16": known}


def _cores() -> dict[str, int | None]:
    import psutil

    return {"cores": psutil.cpu_count(logical=False), "threads": os.cpu_count(), "usable_threads": own_cores()}


def _memory_bytes() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def _gpu() -> str | None:
    torch = _loaded_torch()
    if torch is None:
        return None
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return "mps" if torch.backends.mps.is_available() else None


def _torch_threads() -> int | None:
    torch = _loaded_torch()
    return None if torch is None else int(torch.get_num_threads())


def _loaded_torch() -> Any:
    """Return torch if it is there: importing it for a name would take seconds, and another thread may be at it now."""
    torch = sys.modules.get("torch")
    return None if getattr(getattr(torch, "__spec__", None), "_initializing", False) else torch
