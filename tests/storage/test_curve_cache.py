"""The columnar cache of the curves: fresh or not used, rebuilt, never trusted with more than numbers."""

from __future__ import annotations

import os

import numpy as np
import pytest

from retroml_edu.core.curves import curve_points
from retroml_edu.core.events import EpisodeEvent, MetricEvent
from retroml_edu.storage import curve_cache
from retroml_edu.storage.curve_cache import read_points
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.lines import AttemptStart
from retroml_edu.storage.reader import read_events
from retroml_edu.storage.tensors import to_safetensors
from retroml_edu.storage.writer import RunWriter


def write(folder, first, games, **how):
    writer = RunWriter(folder, **how)
    for number in range(first, first + games):
        writer.handle([EpisodeEvent(10 * number, float(number), 0, number / 3, 100)])
        writer.handle([MetricEvent(10 * number, float(number), {"train/loss": 1 / (number + 1), "odd:name": 2.0})])
    writer.close()


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path)
    write(made, 0, 200)
    return made


def same(points, folder):
    fresh = curve_points(read_events(folder))
    assert points.columns.keys() == fresh.columns.keys()
    for name, (steps, values) in fresh.columns.items():
        np.testing.assert_array_equal(points.columns[name][0], steps)
        np.testing.assert_array_equal(points.columns[name][1], values)
    np.testing.assert_array_equal(points.clock, fresh.clock)
    assert len(points.clock[0]) > 1
    assert (points.step, points.elapsed_s, points.episodes) == (fresh.step, fresh.elapsed_s, fresh.episodes)


def test_the_second_look_reads_no_log(folder, monkeypatch) -> None:
    first = read_points(folder)
    same(first, folder)
    assert first.episodes == 200
    with monkeypatch.context() as patched:
        patched.setattr(curve_cache, "read_events", lambda _folder: pytest.fail("the log was read"))
        second = read_points(folder)
    same(second, folder)


def test_a_run_that_went_on_is_read_anew(folder) -> None:
    read_points(folder)
    write(folder, 200, 5)
    assert read_points(folder).episodes == 205
    write(folder, 150, 10, attempt=2, start=AttemptStart(300, 1_500))
    points = read_points(folder)
    same(points, folder)
    assert points.episodes == 160


@pytest.mark.parametrize(
    "damage",
    ["cut", "nonsense", "another shape", "whole numbers", "no steps", "another reach", "another clock", "no times"],
)
def test_a_damaged_cache_is_not_used(folder, damage) -> None:
    read_points(folder)
    file = folder.curves_dir / "points.safetensors"
    whole = file.read_bytes()
    arrays = {
        "signature": curve_cache._signature(folder),
        "reach": np.zeros(2),
        "steps:0": np.zeros(3),
        "values:0:x": np.zeros(3),
        "clock:step": np.zeros(2),
        "clock:seconds": np.zeros(2),
    }
    changed = {
        "cut": whole[: len(whole) // 2],
        "nonsense": b"{}" * 50,
        "another shape": to_safetensors(arrays | {"values:0:x": np.zeros(4)}),
        "whole numbers": to_safetensors(arrays | {"values:0:x": np.zeros(3, np.int64)}),
        "no steps": to_safetensors({name: array for name, array in arrays.items() if name != "steps:0"}),
        "no times": to_safetensors(arrays | {"steps:0": np.array([0.0, np.nan, np.inf])}),
        "another clock": to_safetensors(arrays | {"clock:seconds": np.zeros(3)}),
        "another reach": to_safetensors(arrays | {"reach": np.zeros((2, 3))}),
    }
    file.write_bytes(changed[damage])
    same(read_points(folder), folder)
    assert file.read_bytes() == whole, "it was not written anew, or not the same"


def test_a_cache_that_cannot_be_written_is_done_without(folder) -> None:
    folder.curves_dir.write_text("a file stands where the folder should be")
    same(read_points(folder), folder)


def test_a_link_is_not_followed(folder, tmp_path_factory) -> None:
    read_points(folder)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "curves"
    folder.curves_dir.rename(elsewhere)
    (elsewhere / "points.safetensors").write_bytes(b"not ours")
    folder.curves_dir.symlink_to(elsewhere)
    same(read_points(folder), folder)
    assert (elsewhere / "points.safetensors").read_bytes() == b"not ours"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")
def test_a_pipe_in_the_place_of_the_cache_keeps_nobody_waiting(folder) -> None:
    folder.curves_dir.mkdir()
    os.mkfifo(folder.curves_dir / "points.safetensors")
    same(read_points(folder), folder)
