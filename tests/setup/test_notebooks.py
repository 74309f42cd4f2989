"""What a notebook brings along when somebody opens it: its text, and nothing of the machine that made it."""

import ast

import nbformat
import pytest

import retroml_edu
from retroml_edu import kit, tabular
from retroml_edu.classroom.builds import build
from tests.lessons.sources import SOURCES
from tests.setup.project import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("**/*.ipynb"))
# Made outputs of tens of megabytes come from here, and so would names and paths of whoever ran it.
PRIVATE = ("/home/", "/root/", "/Users/", "C:\\\\Users", "/tmp/")


PUBLIC = {
    *(f"retroml_edu.{name}" for name in (*retroml_edu.__all__, "__version__")),
    *(f"retroml_edu.kit.{name}" for name in kit.__all__),
    *(f"retroml_edu.tabular.{name}" for name in tabular.__all__),
}


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(notebook):
    """Return the Python of all code cells; lines for IPython are left out."""
    cells = (cell.source for cell in notebook.cells if cell.cell_type == "code")
    lines = (line for cell in cells for line in cell.splitlines() if not line.lstrip().startswith(("%", "!")))
    return "\n".join(lines)


def names_used(tree):
    """Yield what the code takes from the package, as dotted names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "retroml_edu":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("retroml_edu."))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "retroml_edu":
            yield f"retroml_edu.{node.attr}"


def test_there_is_a_notebook_to_begin_with():
    assert "quickstart.ipynb" in [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
class TestNotebook:
    def test_it_is_valid_and_its_cells_have_lasting_ids(self, path):
        notebook = read(path)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor >= 5) == (4, True)
        ids = [cell.id for cell in notebook.cells]
        assert len(set(ids)) == len(ids)

    def test_it_carries_no_outputs_and_no_widget_state(self, path):
        notebook = read(path)
        for cell in notebook.cells:
            assert not cell.get("outputs"), cell.id
            assert cell.get("execution_count") is None, cell.id
            assert not cell.get("attachments"), cell.id
        assert "widgets" not in notebook.metadata
        assert path.stat().st_size < 200_000

    def test_any_python_3_opens_it(self, path):
        metadata = read(path).metadata
        assert metadata.kernelspec.name == "python3"
        assert metadata.kernelspec.language == "python"
        assert "version" not in metadata.get("language_info", {})

    def test_it_takes_public_names_only(self, path):
        used = set(names_used(ast.parse(code_of(read(path)))))
        assert used <= PUBLIC
        assert used or "retroml_edu" not in code_of(read(path))

    def test_it_names_no_place_of_one_machine(self, path):
        text = path.read_text("utf-8")
        assert [place for place in PRIVATE if place in text] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_what_instructors_are_given_takes_public_names_only(source):
    assert set(names_used(ast.parse(code_of(build(source, "instructor"))))) <= PUBLIC


def test_the_scan_sees_what_it_should():
    code = "import retroml_edu.widgets.lab\nfrom retroml_edu.core import bus\nimport retroml_edu\nretroml_edu._homes"
    assert set(names_used(ast.parse(code))) == {
        "retroml_edu.widgets.lab",
        "retroml_edu.core.bus",
        "retroml_edu._homes",
    }
