"""The kernel that the tests start: this interpreter, this checkout, folders of its own."""

import json
import os
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
KERNEL_NAME = "python3"


def write_kernelspec(kernels: Path, *options: str) -> None:
    """Write a ``python3`` kernelspec that starts the running interpreter.

    Without it Jupyter takes the first ``python3`` of its search path, which on a machine with several
    environments is another Python than the one under test.

    Args:
        kernels: Folder of kernelspecs, created where missing.
        options: More of the kernel's command line.
    """
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *options],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    folder = kernels / KERNEL_NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def kernel_environment(folder: Path) -> dict[str, str]:
    """Return the environment in which a kernel under test runs.

    Args:
        folder: A temporary folder; runs go to ``folder/runs``, IPython's profile to ``folder/ipython``.

    Returns:
        The current environment without the person's Jupyter settings, with the checkout importable.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "PYDEVD", "RETROML_"))
    }
    python_path = [str(CHECKOUT), inherited.get("PYTHONPATH", "")]
    return inherited | {
        "PYTHONPATH": os.pathsep.join(filter(None, python_path)),
        "IPYTHONDIR": str(folder / "ipython"),
        "RETROML_HOME": str(folder / "runs"),
        "SDL_VIDEODRIVER": "dummy",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
