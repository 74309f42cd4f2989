"""What is installed from a wheel is the whole package: browser code, pictures and templates too."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.build import build_wheel

from tests.setup.project import ROOT

PACKAGE = ROOT / "retroml_edu"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory):
    """Names of the package's files in a wheel that was built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        built = folder / build_wheel(str(folder))
    with ZipFile(built) as files:
        return {name for name in files.namelist() if name.startswith("retroml_edu/")}


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    """A folder that has the name of one that git ignores would be left out without a word."""
    files = [path.relative_to(ROOT) for path in PACKAGE.rglob("*") if path.is_file()]
    own = [path for path in files if not any(part.startswith((".", "__pycache__")) for part in path.parts)]
    assert wheel == {path.as_posix() for path in own}


def test_browser_code_of_lessons_and_their_template_are_among_them(wheel):
    static = [path.relative_to(ROOT).as_posix() for path in (PACKAGE / "kit/static").iterdir()]
    assert {Path(name).suffix for name in static} == {".css", ".js"}
    assert wheel >= {*static, "retroml_edu/cli/lesson_template.txt", "retroml_edu/py.typed"}
