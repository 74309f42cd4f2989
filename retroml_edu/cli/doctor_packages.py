"""Checks of Python and the installed packages against what retroml_edu asks for."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from retroml_edu.cli.doctor_finding import Finding, Verdict

DISTRIBUTION = "retroml-edu"
VersionOf = Callable[[str], str]

# 6.x and 7.4 hold every click back until the running cell ends.
SUBSHELL_KERNELS = Requirement("ipykernel>=7.2,<7.4")


def python() -> Iterator[Finding]:
    """Check the version of Python."""
    found = f"{platform.python_version()} ({sys.executable})"
    asked = metadata.metadata(DISTRIBUTION)["Requires-Python"] if _installed() else ">=3.11"
    if Requirement(f"python{asked}").specifier.contains(platform.python_version(), prereleases=True):
        yield Finding("Python", Verdict.OK, found)
    else:
        yield Finding("Python", Verdict.FAIL, found, f"Make an environment with Python {asked}.")


def packages() -> Iterator[Finding]:
    """Check every package that retroml_edu depends on."""
    if not _installed():
        remedy = "Run 'pip install -e .' in the checkout, so that its requirements are known."
        yield Finding("retroml-edu", Verdict.WARN, "imported from a folder, not installed", remedy)
        return
    yield Finding("retroml-edu", Verdict.OK, metadata.version(DISTRIBUTION))
    yield from compare(map(Requirement, metadata.requires(DISTRIBUTION) or ()), metadata.version)


def compare(requirements: Iterable[Requirement], version_of: VersionOf) -> Iterator[Finding]:
    """Check requirements against versions.

    Args:
        requirements: Those of an extra, or of another system, are left out.
        version_of: Gives the installed version of a name, or raises `PackageNotFoundError`.
    """
    for requirement in requirements:
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        name, asked = requirement.name, str(requirement.specifier)
        remedy = f"Run 'pip install \"{name}{asked}\"', or 'make lab' in the checkout."
        try:
            found = version_of(name)
        except metadata.PackageNotFoundError:
            yield Finding(name, Verdict.FAIL, "not installed", remedy)
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            yield Finding(name, Verdict.FAIL, f"{found}, needs {asked}", remedy)
        elif name == SUBSHELL_KERNELS.name and not SUBSHELL_KERNELS.specifier.contains(found, prereleases=True):
            yield Finding(
                name,
                Verdict.WARN,
                f"{found}: buttons answer only when the running cell has ended",
                f"Run 'pip install \"{SUBSHELL_KERNELS}\"' where the host allows it, "
                "or wait with 'await lab.wait_async()'.",
            )
        else:
            yield Finding(name, Verdict.OK, str(Version(found)))


def widget_frontend() -> Iterator[Finding]:
    """Check that JupyterLab has the browser half of the widgets, in this environment or for this person."""
    from jupyter_core.paths import jupyter_path

    for name, package in (("@jupyter-widgets/jupyterlab-manager", "jupyterlab_widgets"), ("anywidget", "anywidget")):
        places = [Path(folder, name) for folder in jupyter_path("labextensions")]
        place = next((each for each in places if (each / "package.json").is_file()), None)
        if place:
            yield Finding(f"JupyterLab extension {name}", Verdict.OK, str(place))
        else:
            yield Finding(
                f"JupyterLab extension {name}",
                Verdict.FAIL,
                "not there: widgets would show as text",
                f"Run 'pip install --force-reinstall {package}' and reload the page.",
            )


def _installed() -> bool:
    try:
        metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return False
    return True
