"""Where a network can be trained on this machine."""

from __future__ import annotations

from retroml_edu.core.config import DeviceName
from retroml_edu.core.errors import Problem, TrainingError


def device_problem(name: DeviceName) -> Problem | None:
    """Return what is wrong if this machine has no such device."""
    if name == "auto" or _present(name):
        return None
    return Problem(
        "device",
        f'device="{name}", but PyTorch finds none on this machine.',
        'Choose "auto" or "cpu".',
        of_value=f'PyTorch finds no "{name}" on this machine.',
    )


def resolve_device(name: DeviceName, *, is_large: bool) -> DeviceName:
    """Return the device to train on: never ``auto``.

    ``auto`` takes a GPU for large networks alone, those that read pictures of the usual size: small ones are slower
    there than on a CPU.

    Raises:
        TrainingError: If the machine has no such device.
    """
    if name != "auto":
        problem = device_problem(name)
        if problem is not None:
            raise TrainingError(str(problem))
        return name
    if is_large and _present("cuda"):
        return "cuda"
    return "mps" if is_large and _present("mps") else "cpu"


def _present(name: DeviceName) -> bool:
    if name == "cpu":
        return True
    import torch

    return torch.cuda.is_available() if name == "cuda" else torch.backends.mps.is_available()
