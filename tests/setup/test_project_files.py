"""The files that make an environment agree with each other."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tests.setup.project import PROJECT, ROOT, TORCH_HOST, asked, locked, normal

HOST = re.compile(r"https?://([^/\s\"']+)")
INSTALLERS = [
    "Makefile",
    "requirements.lock",
    "pyproject.toml",
    ".ci/run",
    ".github/workflows/ci.yml",
    *(f"binder/{name}" for name in ("requirements.txt", "postBuild", "start", "runtime.txt")),
]


@pytest.mark.parametrize("requirement", asked(), ids=lambda requirement: requirement.name)
def test_the_lock_has_a_version_inside_each_range(requirement):
    versions = [version for name, version in locked() if name == normal(requirement.name)]
    assert versions, f"{requirement.name} is not in the lock: run 'make lock'"
    assert all(requirement.specifier.contains(version, prereleases=True) for version in versions)


def test_the_lock_leaves_cuda_to_torch():
    assert not [name for name, _ in locked() if name.startswith(("nvidia", "cuda", "triton"))]


def test_the_lock_has_a_kernel_whose_callbacks_run_beside_a_busy_cell():
    (version,) = (version for name, version in locked() if name == "ipykernel")
    assert version.release[:2] in {(7, 2), (7, 3)}


def test_torch_is_the_same_in_project_lock_and_binder():
    (version,) = (version for name, version in locked() if name == "torch")
    assert PROJECT["tool"]["uv"]["constraint-dependencies"] == [f"torch=={version}"]
    assert f"torch=={version}+cpu" in (ROOT / "binder/requirements.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", INSTALLERS)
def test_only_the_torch_index_is_named(name):
    assert set(HOST.findall((ROOT / name).read_text("utf-8"))) <= {TORCH_HOST}


def test_the_workflow_covers_three_systems_and_three_pythons():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    matrix = workflow["jobs"]["pip"]["strategy"]["matrix"]
    assert [name.split("-")[0] for name in matrix["os"]] == ["ubuntu", "macos", "windows"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    for version in matrix["python"]:
        assert f"Programming Language :: Python :: {version}" in PROJECT["project"]["classifiers"]


def test_the_build_calls_make_test():
    script = ROOT / ".ci/run"
    assert script.read_text("utf-8").rstrip().endswith("exec make test")
    assert sys.platform == "win32" or script.stat().st_mode & 0o111


@pytest.mark.parametrize("field", ["readme", "license-files"])
def test_files_that_the_package_names_are_there(field):
    names = PROJECT["project"][field]
    for name in [names] if isinstance(names, str) else names:
        assert (ROOT / name).is_file()


def test_what_the_package_imports_is_asked_for():
    providers = packages_distributions()
    named = {normal(Requirement(text).name) for text in PROJECT["project"]["dependencies"]}
    named.add("pydantic-core")  # pydantic asks for exactly one version of its own core
    for path in (ROOT / "retroml_edu").rglob("*.py"):
        for module in imports(ast.parse(path.read_text("utf-8"))) - sys.stdlib_module_names - {"retroml_edu"}:
            assert named & set(map(normal, providers.get(module, ()))), f"{path.name} imports {module}"


def imports(tree: ast.Module) -> set[str]:
    """Return the top-level names of the modules that a source imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).partition(".")[0])
    return found


def test_every_folder_of_the_package_is_one(subtests):
    """A folder of modules without `__init__.py` would be missing from mypy's and import-linter's view."""
    for folder in {path.parent for path in (ROOT / "retroml_edu").rglob("*.py")}:
        with subtests.test(folder=str(folder.relative_to(ROOT))):
            assert (folder / "__init__.py").is_file() or "versions" in folder.parts


def test_layers_hold():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
