"""Where a network can be trained on this machine."""

from __future__ import annotations

from retroml_edu.core.config import DeviceName
from retroml_edu.core.errors import Problem


def device_problem(name: DeviceName) -> Problem | None:
    """Return what is wrong if this machine has no such device."""
    if name in ("auto", "cpu") or _present(name):
        return None
    return Problem("device", f'device="{name}", but PyTorch finds none on this machine.', 'Choose "auto" or "cpu".')


def _present(name: DeviceName) -> bool:
    import torch

    return torch.cuda.is_available() if name == "cuda" else torch.backends.mps.is_available()
