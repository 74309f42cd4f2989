"""`retroml-edu lab`: open JupyterLab on the quickstart."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from retroml_edu.core.errors import UnknownNameError, did_you_mean
from retroml_edu.storage.home import VARIABLE, find_home

QUICKSTART = Path("notebooks", "quickstart.ipynb")
CHECKOUT = Path(__file__).parents[2]

# JupyterLab's own way to layer defaults: settings that a person has changed still win, nothing of theirs is written.
DEFAULTS = Path(__file__).parent / "jupyter"


# Listening on all addresses has none of its own; this machine's is the one that is sure to answer.
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - what was asked for is compared with them, nothing listens


@dataclass(frozen=True)
class Place:
    """What JupyterLab opens.

    Attributes:
        folder: The folder that its file browser shows.
        notebook: The notebook to open, relative to the folder; None opens the launcher.
    """

    folder: Path
    notebook: Path | None

    @property
    def page(self) -> str:
        """The path of the page, as JupyterLab writes it."""
        return f"/lab/tree/{self.notebook.as_posix()}" if self.notebook else "/lab"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `lab` to the command line."""
    parser = subparsers.add_parser("lab", help="open JupyterLab on the quickstart notebook")
    parser.add_argument("notebook", nargs="?", type=Path, help="another notebook to open")
    parser.add_argument("--dir", type=Path, metavar="FOLDER", help="folder that the file browser shows")
    parser.add_argument("--port", type=int, default=8888, help="first port to try (default: %(default)s)")
    parser.add_argument("--ip", help="address to listen on; 0.0.0.0 lets a container be reached from outside")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve JupyterLab until Ctrl-C and return the exit code.

    Raises:
        UnknownNameError: If the notebook or the folder is not there.
    """
    place = find_place(args.notebook, args.dir)
    options = server_options(place, port=args.port, ip=args.ip, browser=not args.no_browser and can_open_browser())
    layered = [str(DEFAULTS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, layered))
    # Notebooks of any folder then keep their runs where a command in this folder looks for them.
    os.environ.setdefault(VARIABLE, str(find_home().path))

    from jupyterlab.labapp import LabApp

    server = LabApp.initialize_server(argv=options)
    url = address(server.public_url if args.ip not in WILDCARDS else server.local_url, server.identity_provider.token)
    server.io_loop.add_callback(_announce, place, url)
    server.start()
    return 0


def find_place(notebook: Path | None = None, folder: Path | None = None) -> Place:
    """Return what to open: the notebook that was named, else the nearest quickstart.

    Args:
        notebook: A notebook, relative to the current folder.
        folder: What the file browser shall show; without it the folder that holds the quickstart or the notebook.

    Raises:
        UnknownNameError: If one of them is not there, or the notebook lies outside the folder.
    """
    if folder is not None and not folder.is_dir():
        raise UnknownNameError(f"There is no folder {folder}: name one that exists after --dir.")
    start = (folder or Path()).resolve()
    above = (start,) if folder else (start, *start.parents, CHECKOUT)
    root = next((each for each in above if (each / QUICKSTART).is_file()), None)
    if notebook is None:
        return Place(root or start, QUICKSTART if root else None)
    if not notebook.is_file():
        others = [str(each) for each in notebook.parent.glob("*.ipynb")]
        raise UnknownNameError(f"There is no notebook {notebook}.{did_you_mean(str(notebook), others)}")
    path = notebook.resolve()
    if folder is not None and not path.is_relative_to(start):
        raise UnknownNameError(f"{notebook} lies outside of {folder}: leave --dir out, or name a folder above it.")
    shown = start if folder else root if root and path.is_relative_to(root) else path.parent
    return Place(shown, path.relative_to(shown))


def server_options(place: Place, *, port: int, ip: str | None, browser: bool) -> list[str]:
    """Return the options that Jupyter's server starts with."""
    options = [
        f"--ServerApp.root_dir={place.folder}",
        f"--LabApp.default_url={place.page}",
        f"--ServerApp.port={port}",
        f"--ServerApp.open_browser={browser}",
        "--ServerApp.answer_yes=True",  # Ctrl-C ends it without a question
        "--Application.log_level=WARN",  # what people need of the log is printed below, once and plainly
    ]
    if ip:
        options.append(f"--ServerApp.ip={ip}")
    if is_root():
        options.append("--ServerApp.allow_root=True")
    if "JUPYTER_TOKEN" not in os.environ:
        # One that Jupyter makes up itself would be announced a second time, in its own words.
        options.append(f"--IdentityProvider.token={secrets.token_hex(24)}")
    return options


def address(url: str, token: str) -> str:
    """Return what to type into a browser: Jupyter's own text hides a token that it was given."""
    return urlsplit(url)._replace(query=urlencode({"token": token}) if token else "").geturl()


def is_root() -> bool:
    """Say whether the person is the administrator, whom Jupyter refuses unless told; Windows has none."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def can_open_browser(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Say whether a browser has a screen: without one, Linux would start a text browser in the terminal."""
    if platform in ("win32", "darwin"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _announce(place: Place, url: str) -> None:
    if place.notebook is None:
        print(f"There is no {QUICKSTART.as_posix()} here: in a new notebook, run 'from retroml_edu import Lab; Lab()'.")
    print(f"JupyterLab shows {place.folder}. Ctrl-C ends it. Its address:", url, sep="\n", flush=True)
