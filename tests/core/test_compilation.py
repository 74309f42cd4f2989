"""Compiled kernels: what they may do, and that their cache belongs to one person."""

from __future__ import annotations

import errno
import os
import runpy
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from retroml_edu.core import compilation, compilation_cache
from retroml_edu.core.compilation import (
    cache_folder,
    cache_problem,
    compiled,
    is_warm,
    kernels_digest,
    mark_warm,
    private_folder,
)

PACKAGE = Path(compilation.__file__).parents[1]
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no owner and mode of this kind")


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this person's caches are: a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "caches"))
    monkeypatch.setattr(compilation_cache, "_unkept", set())
    compilation._cache.cache_clear()
    yield tmp_path / "caches"
    compilation._cache.cache_clear()


def doubled(x: float) -> float:
    return x + x


def kept_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".nbi", ".nbc"})


def test_machine_code_is_kept_and_found_again(caches: Path) -> None:
    kernel = compiled("float64(float64)")(doubled)
    assert kernel(4.0) == 8.0
    folder = cache_folder()
    assert folder is not None
    assert folder.parent == caches / "retroml_edu" / "compiled"
    assert len(kept_files(folder)) == 2
    again = compiled("float64(float64)")(doubled)
    assert again(4.0) == 8.0
    assert sum(again.stats.cache_hits.values()) == 1
    assert cache_problem() == ""


def test_machine_code_is_found_again_from_a_copy_of_the_sources(caches: Path, tmp_path: Path) -> None:
    hits = []
    for place, changed_s in (("one", 1e9), ("two", 2e9)):
        source = tmp_path / place / "fast" / "kernels.py"
        source.parent.mkdir(parents=True)
        source.write_text("def tripled(x):\n    return 3.0 * x\n", encoding="utf-8")
        os.utime(source, (changed_s, changed_s))
        kernel: Any = compiled("float64(float64)")(runpy.run_path(str(source))["tripled"])
        assert kernel(2.0) == 6.0
        hits.append(sum(kernel.stats.cache_hits.values()))
    assert hits == [0, 1]
    assert len(kept_files(caches)) == 2


def test_a_kernel_takes_the_types_it_names_alone() -> None:
    with pytest.raises(TypeError, match="No matching definition"):
        compiled("float64(float64)")(doubled)("text")


def test_a_helper_is_compiled_into_those_that_call_it() -> None:
    helper = compiled()(doubled)

    def twice(x: float) -> float:
        return helper(helper(x))

    assert compiled("float64(float64)")(twice)(3.0) == 12.0
    assert compiled()(doubled)(3.0) == 6.0


def test_a_kernel_releases_the_interpreter_lock() -> None:
    def work(marks: np.ndarray, n: int) -> float:
        marks[0] = 1.0
        x = 0.5
        for _ in range(n):
            x = 3.9 * x * (1.0 - x)
        marks[1] = x
        return x

    kernel = compiled("float64(float64[::1], int64)")(work)
    marks = np.zeros(2)
    worker = threading.Thread(target=kernel, args=(marks, 100_000_000))
    worker.start()
    ran_meanwhile = False
    while worker.is_alive() and not ran_meanwhile:
        ran_meanwhile = marks[0] == 1.0 and marks[1] == 0.0
    worker.join()
    assert ran_meanwhile


def test_the_persons_own_numba_functions_are_kept_where_they_were(
    caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "mine"))
    compiled("float64(float64)")(doubled)
    assert str(tmp_path / "mine") == numba.config.CACHE_DIR
    assert kept_files(tmp_path / "mine") == []
    ours = kept_files(caches)
    numba.njit("float64(float64)", cache=True)(doubled)
    assert len(kept_files(tmp_path / "mine")) == 2
    assert kept_files(caches) == ours


def test_nothing_is_kept_where_numba_is_told_to_keep_it(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_LOCATOR_CLASSES", "InTreeCacheLocator")
    assert compiled("float64(float64)")(doubled)(1.0) == 2.0
    assert kept_files(caches) == []
    mark_warm()
    assert not is_warm()


def test_nothing_is_warm_where_functions_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    mark_warm()
    assert not is_warm()


def test_nothing_is_warm_where_the_disk_took_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", full)
    assert compiled("float64(float64)")(doubled)(1.0) == 2.0
    mark_warm()
    assert not is_warm()


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("torn", [b"", b"\x80\x04nonsense"], ids=["empty", "nonsense"])
def test_a_torn_file_is_compiled_again(suffix: str, torn: bytes, caches: Path) -> None:
    compiled("float64(float64)")(doubled)
    for path in kept_files(caches):
        if path.suffix == suffix:
            path.write_bytes(torn)
    assert compiled("float64(float64)")(doubled)(2.0) == 4.0
    mended = compiled("float64(float64)")(doubled)
    assert mended(2.0) == 4.0
    assert sum(mended.stats.cache_hits.values()) == 1


def test_warm_is_what_was_marked_so() -> None:
    assert not is_warm()
    mark_warm()
    assert is_warm()


# --- the folder


@posix
def test_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = private_folder(tmp_path, "one", "two")
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o700, 0o700]
    assert private_folder(tmp_path, "one", "two") == folder


@posix
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_that_others_can_write_to_is_refused(mode: int, caches: Path) -> None:
    private_folder(caches, "retroml_edu").chmod(mode)
    assert cache_folder() is None
    assert "can be written to by others" in cache_problem()
    assert compiled("float64(float64)")(doubled)(1.0) == 2.0
    assert kept_files(caches) == []
    mark_warm()
    assert not is_warm()


@posix
@pytest.mark.parametrize(("mode", "is_safe"), [(0o777, False), (0o1777, True)])
def test_a_place_where_everybody_can_rename_it_is_refused(mode: int, is_safe: bool, caches: Path) -> None:
    caches.mkdir()
    caches.chmod(mode)
    assert (cache_folder() is not None) is is_safe
    assert ("by everybody" in cache_problem()) is not is_safe


@posix
def test_a_folder_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    assert cache_folder() is None
    assert "belongs to another user" in cache_problem()


@posix
@pytest.mark.parametrize(("owner", "is_safe"), [(54_321, False), (0, True)], ids=["somebody", "the system"])
def test_a_place_of_somebody_else_is_refused(
    owner: int, is_safe: bool, caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat

    def told(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        facts = stat(path, follow_symlinks=follow_symlinks)
        return os.stat_result((*facts[:4], owner, *facts[5:])) if path == caches else facts

    monkeypatch.setattr(Path, "stat", told)
    assert (cache_folder() is not None) is is_safe
    assert (f"{caches} belongs to another user" in cache_problem()) is not is_safe


@posix
@pytest.mark.parametrize("level", ["retroml_edu", "retroml_edu/compiled", "retroml_edu/compiled/{digest}"])
def test_a_link_is_refused(level: str, caches: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    place = caches / level.format(digest=kernels_digest())
    private_folder(caches, *place.relative_to(caches).parts[:-1])
    place.symlink_to(elsewhere)
    assert cache_folder() is None
    assert "is a link" in cache_problem()
    assert list(elsewhere.iterdir()) == []


def test_a_file_in_its_place_is_refused(caches: Path) -> None:
    caches.mkdir()
    (caches / "retroml_edu").write_text("")
    assert cache_folder() is None
    assert "Compiled code is not kept" in cache_problem()


def test_a_relative_setting_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("LOCALAPPDATA", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    folder = cache_folder()
    assert folder is not None
    assert folder.is_relative_to(tmp_path)
    assert not (tmp_path / "here").exists()


# --- what belongs to which version


@pytest.mark.parametrize("source", ["envs/compiled/dynamics.py", "core/compilation.py", "training/fast/new.py"])
def test_a_change_of_any_kernels_source_is_another_cache(source: str, tmp_path: Path) -> None:
    copy = tmp_path / "package"
    for pattern in compilation._KERNELS:
        for path in PACKAGE.glob(pattern):
            (copy / path.relative_to(PACKAGE)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy / path.relative_to(PACKAGE))
    assert kernels_digest(copy) == kernels_digest()
    (copy / source).parent.mkdir(parents=True, exist_ok=True)
    with (copy / source).open("a") as file:
        file.write("\n")
    assert kernels_digest(copy) != kernels_digest()


def test_every_module_of_kernels_is_looked_at() -> None:
    looked_at = {path for pattern in compilation._KERNELS for path in PACKAGE.glob(pattern)}
    using = {path for path in PACKAGE.rglob("*.py") if "import compiled\n" in path.read_text(encoding="utf-8")}
    assert using <= looked_at


def test_code_of_old_versions_is_deleted(caches: Path) -> None:
    kept = private_folder(caches, "retroml_edu", "compiled")
    for age, name in enumerate(["0" * 16, "1" * 16, "2" * 16, "notes"]):
        (kept / name).mkdir()
        (kept / name / "file").write_text("")
        os.utime(kept / name, (1e9 - age, 1e9 - age))
    folder = cache_folder()
    assert folder is not None
    assert {path.name for path in kept.iterdir()} == {folder.name, "0" * 16, "notes"}


def test_numba_is_imported_by_the_first_kernel() -> None:
    code = (
        "import sys; from retroml_edu.core.compilation import compiled, is_warm; is_warm(); "
        "compiled('float64(float64)'); assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
