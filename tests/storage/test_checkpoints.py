import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
import pytest

from retroml_edu.core.digest import weights_digest
from retroml_edu.core.errors import StorageError
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.storage import atomic, replay_layout
from retroml_edu.storage.checkpoint_writer import write_checkpoint
from retroml_edu.storage.checkpoints import list_checkpoints, newest_checkpoint, read_checkpoint
from retroml_edu.storage.exports import export_zip
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.replay_layout import ReplayLayout
from retroml_edu.storage.retention import prune_checkpoints, prune_videos, tag_checkpoint
from retroml_edu.storage.state_digest import state_digest
from retroml_edu.storage.video_labels import label_video
from tests.storage.snapshots import WRITTEN, Ring, assert_same, same_rows, snapshot


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> int:
    """Blocks of ten rows of `Ring`, so that a few rows make many blocks."""
    monkeypatch.setattr(replay_layout, "BLOCK_BYTES", 10 * 72)
    return 10


def files(folder: RunFolder) -> list[str]:
    found = (path.relative_to(folder.checkpoints_dir).as_posix() for path in folder.checkpoints_dir.rglob("*"))
    return sorted(found)


def blocks(folder: RunFolder) -> list[int]:
    return sorted(int(path.name[:8]) for path in (folder.checkpoints_dir / "replay").iterdir())


def test_a_checkpoint_comes_back_as_it_was(folder: RunFolder) -> None:
    state = snapshot()
    event = write_checkpoint(folder, state, **WRITTEN)
    assert files(folder) == [
        "0000000120", "0000000120/arrays.safetensors", "0000000120/facts.json", "0000000120/state.json", "replay"
    ]  # fmt: skip
    for which in (120, event.path, event.path.removeprefix("checkpoints/")):
        stored = read_checkpoint(folder, which)
        assert_same(stored.snapshot, state)
        assert (stored.attempt, stored.last_valid_seq, stored.reason) == (1, 7, "interval")
        for name in ("path", "step", "reason", "values_digest", "weights_digest", "state_digest", "size_bytes"):
            assert getattr(stored, name) == getattr(event, name)
        assert stored.time_utc == event.time_utc
    assert event.state_digest == state_digest(state)
    statistics = {"obs_mean": state.arrays["normalization/obs_mean"]}
    policy = {name[7:]: array for name, array in state.arrays.items() if name.startswith("policy/")}
    assert event.weights_digest == weights_digest(policy, statistics)


@pytest.mark.parametrize("nothing", [Snapshot(0, {}, {}), Snapshot(0, {}, {}, Ring(0, 0)), Snapshot(10**12, {}, {})])
def test_little_is_a_state_too(folder: RunFolder, nothing: Snapshot) -> None:
    write_checkpoint(folder, nothing, **WRITTEN)
    assert_same(read_checkpoint(folder, nothing.step).snapshot, nothing)


def test_a_state_digest_covers_everything_but_timing(folder: RunFolder) -> None:
    state = snapshot(replay=Ring(30, 20))
    same = replace(state, facts={**state.facts, "timing": {"elapsed_s": 99.0}})
    assert state_digest(same) == state_digest(state)
    others = [
        replace(state, step=121),
        replace(state, facts={**state.facts, "updates": 13}),
        replace(state, arrays={**state.arrays, "optimizer/0/step": np.array([1])}),
        replace(state, replay=None),
        replace(state, replay=Ring(31, 20)),
        replace(state, replay=Ring(30, 19)),
        replace(state, replay=Ring(30, 20, shift=1)),
    ]
    digests = [state_digest(other) for other in (state, *others)]
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize("pictures", [True, False])
@pytest.mark.parametrize(
    ("added", "kept"), [(1, 1), (9, 9), (10, 10), (10, 3), (25, 25), (47, 31), (40, 30), (44, 3), (1005, 10), (50, 50)]
)
@pytest.mark.usefixtures("small_blocks")
def test_replay_rows_come_back_in_any_pieces(folder: RunFolder, added: int, kept: int, pictures: bool) -> None:
    ring = Ring(added, kept, pictures=pictures)
    state = snapshot(replay=ring)
    assert write_checkpoint(folder, state, **WRITTEN).state_digest == state_digest(state)
    stored = read_checkpoint(folder, 120).snapshot
    assert_same(stored, state)
    assert stored.replay is not None
    for first in range(added - kept, added, 4):
        for last in range(first + 1, added + 1, 5):
            same_rows(stored.replay.rows(first, last), ring.rows(first, last))
    for outside in ((added - kept - 1, added), (added - 1, added + 1), (added, added)):
        with pytest.raises(ValueError, match="not among"):
            stored.replay.rows(*outside)


def test_the_parts_of_a_buffer_are_its_rows() -> None:
    for added in range(40):
        for kept in range(added + 1):
            layout = ReplayLayout(added, kept, 7)
            spans = [layout.span(part) for part in range(layout.count)]
            assert [row for first, last in spans for row in range(first, last)] == list(range(added - kept, added))
            assert all(layout.part_of(row) == part for part, span in enumerate(spans) for row in range(*span))


def test_only_new_rows_are_written_and_old_ones_not_even_read(folder: RunFolder, small_blocks: int) -> None:
    ring = Ring(95, 60)
    first = write_checkpoint(folder, snapshot(100, replay=ring), **WRITTEN)
    assert blocks(folder) == [4, 5, 6, 7, 8]
    before = {path: path.stat().st_mtime_ns for path in (folder.checkpoints_dir / "replay").iterdir()}
    ring.added, ring.asked = 102, 0
    second = write_checkpoint(folder, snapshot(110, replay=ring), **WRITTEN)
    assert blocks(folder) == [4, 5, 6, 7, 8, 9]
    # One row to see their form, the rows around the whole blocks, and the block that has become whole.
    assert ring.asked == 1 + 8 + 2 + small_blocks
    assert second.size_bytes < first.size_bytes
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert_same(read_checkpoint(folder, 110).snapshot, snapshot(110, replay=ring))
    assert second.state_digest == state_digest(snapshot(110, replay=ring))


@pytest.mark.usefixtures("small_blocks")
def test_another_attempt_shares_the_blocks_that_are_equal_and_mends_damaged_ones(folder: RunFolder) -> None:
    ring = Ring(95, 60)
    write_checkpoint(folder, snapshot(100, replay=ring), **WRITTEN)
    names = files(folder)
    damaged = sorted((folder.checkpoints_dir / "replay").iterdir())[2]
    damaged.write_bytes(damaged.read_bytes()[:-5])
    write_checkpoint(folder, snapshot(110, replay=ring), **(WRITTEN | {"attempt": 2}))
    assert [name for name in files(folder) if name.startswith("replay")] == [n for n in names if n.startswith("replay")]
    stored, problems = newest_checkpoint(folder)
    assert stored is not None
    assert (stored.step, problems) == (110, [])


@pytest.mark.usefixtures("small_blocks")
def test_another_attempt_may_have_filled_the_same_rows_otherwise(folder: RunFolder) -> None:
    old, new = snapshot(100, replay=Ring(95, 60)), snapshot(110, replay=Ring(95, 60, shift=1))
    write_checkpoint(folder, old, **WRITTEN)
    write_checkpoint(folder, new, **(WRITTEN | {"attempt": 2}))
    assert_same(read_checkpoint(folder, 100).snapshot, old)
    assert_same(read_checkpoint(folder, 110).snapshot, new)


def test_a_step_that_is_stored_again_is_replaced(folder: RunFolder) -> None:
    write_checkpoint(folder, snapshot(50), **WRITTEN)
    first = write_checkpoint(folder, snapshot(120, seed=1), **WRITTEN)
    second = write_checkpoint(folder, snapshot(120, seed=2), **(WRITTEN | {"attempt": 2}))
    assert first.path != second.path
    assert [info.step for info in list_checkpoints(folder)] == [50, 120]
    assert_same(read_checkpoint(folder, 120).snapshot, snapshot(120, seed=2))
    third = write_checkpoint(folder, snapshot(120, seed=3), **(WRITTEN | {"attempt": 3}))
    assert third.path not in {first.path, second.path}
    assert_same(read_checkpoint(folder, third.path).snapshot, snapshot(120, seed=3))


def test_one_with_a_name_is_not_replaced(folder: RunFolder) -> None:
    first = write_checkpoint(folder, snapshot(120, seed=1), **WRITTEN)
    tag_checkpoint(folder, 120, "before the trick")
    write_checkpoint(folder, snapshot(120, seed=2), **WRITTEN)
    assert_same(read_checkpoint(folder, first.path).snapshot, snapshot(120, seed=1))
    assert_same(read_checkpoint(folder, 120).snapshot, snapshot(120, seed=2))


def test_the_state_that_a_run_began_with_is_not_replaced(folder: RunFolder) -> None:
    """Another one of that step may go some day, and nobody could train the run again without it."""
    values = WRITTEN | {"reason": "start"}
    begun = write_checkpoint(folder, snapshot(120), **values)
    again = write_checkpoint(folder, snapshot(120), **WRITTEN)
    assert [info.path for info in list_checkpoints(folder)] == [begun.path, again.path]


def test_the_newest_is_of_the_newest_attempt(folder: RunFolder) -> None:
    for attempt, step in ((1, 100), (1, 200), (1, 300), (2, 110), (2, 120)):
        write_checkpoint(folder, snapshot(step), **(WRITTEN | {"attempt": attempt}))
    assert [info.step for info in list_checkpoints(folder)] == [100, 200, 300, 110, 120]
    stored, problems = newest_checkpoint(folder)
    assert stored is not None
    assert (stored.step, problems) == (120, [])
    prune_checkpoints(folder, 3)
    assert [info.step for info in list_checkpoints(folder)] == [300, 110, 120]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    "damage",
    [
        lambda place: (place / "state.json").write_text("{"),
        lambda place: (place / "arrays.safetensors").write_bytes(b""),
        lambda place: (place / "facts.json").unlink(),
        lambda place: (place / "tail.safetensors.z").unlink(),
        lambda place: shutil.rmtree(place.parent / "replay"),
    ],
    ids=["description", "arrays", "facts", "tail", "blocks"],
)
def test_damaged_ones_are_passed_over_with_a_sentence(folder: RunFolder, damage: Callable[[Path], None]) -> None:
    write_checkpoint(folder, snapshot(100), **WRITTEN)
    write_checkpoint(folder, snapshot(110, replay=Ring(25, 25)), **WRITTEN)
    damage(folder.checkpoints_dir / "0000000110")
    stored, problems = newest_checkpoint(folder)
    assert stored is not None
    assert stored.step == 100
    assert [problem.count("cannot be used") for problem in problems] == [1]
    assert "0000000110" in problems[0]


def test_a_run_without_checkpoints(folder: RunFolder) -> None:
    assert newest_checkpoint(folder) == (None, [])
    assert prune_checkpoints(folder, 3) == []
    with pytest.raises(StorageError, match=r"no checkpoint of step 5\. There are none"):
        read_checkpoint(folder, 5)
    write_checkpoint(folder, snapshot(120), **WRITTEN)
    with pytest.raises(StorageError, match=r"no checkpoint of step 5\. There are those of step 120"):
        read_checkpoint(folder, 5)


@pytest.mark.usefixtures("small_blocks")
def test_old_ones_go_and_take_their_rows_with_them(folder: RunFolder) -> None:
    ring = Ring(0, 0)
    for number in range(1, 9):
        ring.added, ring.kept = 20 * number, min(20 * number, 30)
        write_checkpoint(folder, snapshot(10 * number, replay=ring), **WRITTEN)
    tag_checkpoint(folder, 20, "first jump")
    removed = prune_checkpoints(folder, 2, always=[40])
    assert removed == [f"checkpoints/{step:010d}" for step in (10, 30, 50, 60)]
    assert [(info.step, info.tag) for info in list_checkpoints(folder)] == [
        (20, "first jump"), (40, ""), (70, ""), (80, "")
    ]  # fmt: skip
    assert blocks(folder) == [1, 2, 3, 5, 6, 7, 11, 12, 13, 14, 15]
    for info in list_checkpoints(folder):
        assert_same(read_checkpoint(folder, info.step).snapshot, snapshot(info.step, replay=_ring_at(info.step)))
    tag_checkpoint(folder, 20, "")
    prune_checkpoints(folder, 1)
    assert blocks(folder) == [13, 14, 15]


def _ring_at(step: int) -> Ring:
    return Ring(2 * step, min(2 * step, 30))


@pytest.mark.usefixtures("small_blocks")
def test_rows_stay_while_it_is_unknown_who_needs_them(folder: RunFolder) -> None:
    for step in (100, 110):
        write_checkpoint(folder, snapshot(step, replay=Ring(step, 20)), **WRITTEN)
    state = folder.checkpoints_dir / "0000000110" / "state.json"
    text = state.read_text()
    state.write_text(text[:-20])
    prune_checkpoints(folder, 1)
    state.write_text(text)
    assert_same(read_checkpoint(folder, 110).snapshot, snapshot(110, replay=Ring(110, 20)))


def test_damaged_ones_go_when_they_are_old(folder: RunFolder) -> None:
    for step in (100, 110, 120):
        write_checkpoint(folder, snapshot(step), **WRITTEN)
    (folder.checkpoints_dir / "0000000100" / "state.json").write_text("{}")
    assert prune_checkpoints(folder, 2) == ["checkpoints/0000000100"]
    (folder.checkpoints_dir / "0000000120" / "state.json").write_text("{}")
    assert prune_checkpoints(folder, 1) == []


def test_a_name_that_was_damaged_still_protects(folder: RunFolder) -> None:
    for step in (100, 110):
        write_checkpoint(folder, snapshot(step), **WRITTEN)
    tag_checkpoint(folder, 100, "mine")
    (folder.checkpoints_dir / "0000000100" / "tag.json").write_text('{"name": "\\u001b[2J"}')
    assert prune_checkpoints(folder, 1) == []
    assert "cannot be read" in list_checkpoints(folder)[0].tag
    for wrong in ("x" * 101, "\x1b[2J", "a\nb"):
        with pytest.raises(StorageError, match="cannot be the name"):
            tag_checkpoint(folder, 110, wrong)


@pytest.mark.parametrize("prune", [prune_checkpoints, prune_videos])
def test_nothing_is_ever_pruned_to_nothing(folder: RunFolder, prune: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        prune(folder, 0)


def test_old_videos_go(folder: RunFolder) -> None:
    assert prune_videos(folder, 1) == []
    folder.videos_dir.mkdir()
    names = [f"step-{step:010d}.mp4" for step in (10, 20, 30, 40)] + ["test-best.mp4"]
    for name in names:
        (folder.videos_dir / name).write_bytes(b"x")
    label_video(folder, "step-0000000010.mp4", "the first that jumped")
    assert prune_videos(folder, 2) == ["videos/step-0000000020.mp4"]
    assert sorted(path.name for path in folder.videos_dir.iterdir()) == [names[0], *names[2:]]


def test_what_a_killed_write_left_goes_with_the_next_one_and_is_never_exported(folder: RunFolder) -> None:
    write_checkpoint(folder, snapshot(100), **WRITTEN)
    half = folder.checkpoints_dir / ".0000000110.abcd.tmp"
    half.mkdir()
    (half / "arrays.safetensors").write_bytes(b"half")
    (folder.checkpoints_dir / "replay" / ".00000001-ff.safetensors.z.abcd.tmp").write_bytes(b"half")
    assert [info.step for info in list_checkpoints(folder)] == [100]
    assert not any(".tmp" in name for name, _ in folder.kept_files())
    export_zip(folder, folder.path.with_suffix(".zip"))
    write_checkpoint(folder, snapshot(120), **WRITTEN)
    assert not any(".tmp" in name for name in files(folder))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (Snapshot(-1, {}, {}), "step"),
        (Snapshot(1, {"a": float("nan")}, {}), "not JSON compliant|nan"),
        (Snapshot(1, {"a": object()}, {}), "object"),
        (Snapshot(1, {}, {"a": np.array(["x"])}), "'a' is of type"),
        (Snapshot(1, {}, {"a": np.array([None])}), "'a' is of type object"),
        (Snapshot(1, {}, {str(number): np.zeros(0) for number in range(10_001)}), "list of tensors"),
        (Snapshot(1, {}, {"x" * 2**20: np.zeros(1)}), "header is larger"),
        (Snapshot(1, {"a": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}, {}), "levels deep"),
        (Snapshot(1, {}, {}, Ring(3, 5)), "5 replay rows"),
        (Snapshot(1, {}, {}, Ring(3, 3, side=6_000)), "are allowed"),
    ],
)
def test_what_has_no_place_in_a_file_is_a_sentence(folder: RunFolder, state: Snapshot, said: str) -> None:
    with pytest.raises(StorageError, match=rf"cannot be stored(?s:.)*({said})"):
        write_checkpoint(folder, state, **WRITTEN)
    assert files(folder) == ["replay"]


@pytest.mark.parametrize("field", [{"attempt": 0}, {"last_valid_seq": -1}, {"values_digest": "x"}, {"reason": "whim"}])
def test_so_is_what_makes_no_sense(folder: RunFolder, field: dict[str, Any]) -> None:
    with pytest.raises(StorageError, match="cannot be stored"):
        write_checkpoint(folder, snapshot(), **(WRITTEN | field))
    assert files(folder) == ["replay"]


class Faults:
    """Counts what is asked of the disk, and lets one of it fail."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.fails_at = -1
        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "mkdir"), (Path, "open")):
            patch.setattr(owner, name, self._faulty(getattr(owner, name), opens=name == "open"))

    def _faulty(self, real: Callable[..., Any], *, opens: bool) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if opens and (args[1:2] or ("r",))[0].startswith("r"):
                return real(*args, **options)
            self.strike()
            made = real(*args, **options)
            return FaultyFile(made, self) if opens else made

        return call

    def strike(self) -> None:
        self.count += 1
        if self.count == self.fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")


class FaultyFile:
    """An open file whose writes count too, and stop half-way when they fail."""

    def __init__(self, file: IO[bytes], faults: Faults) -> None:
        self._file = file
        self._faults = faults

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> int:
        try:
            self._faults.strike()
        except OSError:
            self._file.write(data[: len(data) // 2])
            raise
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()


def _sites() -> Iterator[int]:
    yield from range(1, 200)


@pytest.mark.usefixtures("small_blocks")
def test_a_disk_that_is_full_anywhere_leaves_everything_as_it_was(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [snapshot(step, replay=Ring(95, 60)) for step in (100, 110)]
    for state in old:
        write_checkpoint(folder, state, **WRITTEN)
    before = files(folder)
    # The folder's own fsync is a courtesy where the system allows it: no write depends on it.
    monkeypatch.setattr(atomic, "_sync_folder", lambda _: None)
    new = snapshot(110, seed=9, replay=Ring(127, 60))  # the same step again, as a resumed run would write it
    refused = 0
    for site in _sites():
        with monkeypatch.context() as patch:
            faults = Faults(patch)
            faults.fails_at = site
            try:
                write_checkpoint(folder, new, **(WRITTEN | {"attempt": 2}))
            except StorageError as error:
                assert "No space left" in str(error)  # noqa: PT017 - the last site succeeds
                refused += 1
            if faults.count < site:
                break
        if (folder.checkpoints_dir / "0000000110-2").exists():
            continue  # what failed was only the removal of the one before
        assert files(folder) == before, site
        for state in old:
            assert_same(read_checkpoint(folder, state.step).snapshot, state)
    assert refused >= 20
    assert_same(read_checkpoint(folder, 110).snapshot, new)
    assert_same(read_checkpoint(folder, 100).snapshot, old[0])


@pytest.mark.parametrize("part", ["checkpoints", "checkpoints/replay", "run"])
def test_a_folder_that_is_read_only_or_missing_is_a_sentence(folder: RunFolder, part: str) -> None:
    if part == "run":
        shutil.rmtree(folder.path)
    else:
        (folder.path / part).parent.mkdir(exist_ok=True)
        (folder.path / part).write_text("a file in its place")
    with pytest.raises(StorageError, match="Cannot write"):
        write_checkpoint(folder, snapshot(), **WRITTEN)


@pytest.fixture
def link(tmp_path: Path) -> Callable[[Path, Path], None]:
    def make(at: Path, to: Path) -> None:
        try:
            at.symlink_to(to, target_is_directory=to.is_dir())
        except OSError as error:
            pytest.skip(f"this system lets us make no links: {error}")

    return make


@pytest.mark.parametrize("part", ["checkpoints", "checkpoints/replay"])
def test_nothing_is_written_through_a_link(
    folder: RunFolder, tmp_path: Path, link: Callable[[Path, Path], None], part: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder.path / part).parent.mkdir(exist_ok=True)
    link(folder.path / part, outside)
    with pytest.raises(StorageError, match="is a link"):
        write_checkpoint(folder, snapshot(replay=Ring(30, 30)), **WRITTEN)
    assert list(outside.iterdir()) == []


@pytest.mark.usefixtures("small_blocks")
def test_nothing_is_read_or_removed_through_a_link(
    folder: RunFolder, tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    write_checkpoint(folder, snapshot(120, replay=Ring(25, 25)), **WRITTEN)
    place = folder.checkpoints_dir / "0000000120"
    parts = [*place.iterdir(), *(folder.checkpoints_dir / "replay").iterdir(), place, folder.checkpoints_dir / "replay"]
    for part in [*parts, folder.checkpoints_dir]:
        moved = tmp_path / "moved"
        part.rename(moved)
        link(part, moved)
        assert newest_checkpoint(folder)[0] is None
        with pytest.raises(StorageError, match=r"link|no checkpoint"):
            read_checkpoint(folder, "0000000120").snapshot.replay.rows(0, 25)  # type: ignore[union-attr]
        if part != place:  # a checkpoint that is a link is none, and needs no rows
            prune_checkpoints(folder, 1)
        assert moved.exists()
        part.unlink()
        moved.rename(part)
    assert newest_checkpoint(folder)[0] is not None


@pytest.mark.parametrize(
    "path",
    ["", "..", "../../secret", "/etc", "checkpoints/../x", "checkpoints/replay", "checkpoints//0000000120",
     "checkpoints/0000000120/", "checkpoints/120", "checkpoints/0000000120-1", "checkpoints/0000000120-02",
     "checkpoints/٠٠٠٠٠٠٠١٢٠", "checkpoints/0000000120\n"],
)  # fmt: skip
def test_only_paths_of_checkpoints_are_taken(folder: RunFolder, path: str) -> None:
    write_checkpoint(folder, snapshot(120), **WRITTEN)
    with pytest.raises(StorageError, match="is no path of a checkpoint"):
        read_checkpoint(folder, path)


def test_a_folder_renamed_to_another_step_is_refused(folder: RunFolder) -> None:
    write_checkpoint(folder, snapshot(120), **WRITTEN)
    (folder.checkpoints_dir / "0000000120").rename(folder.checkpoints_dir / "0000000130")
    with pytest.raises(StorageError, match="another step"):
        read_checkpoint(folder, 130)


def test_a_checkpoint_of_a_later_version_says_so(folder: RunFolder) -> None:
    write_checkpoint(folder, snapshot(120), **WRITTEN)
    state = folder.checkpoints_dir / "0000000120" / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"format_version": 2}))
    with pytest.raises(StorageError, match="format version is 2: use the version"):
        read_checkpoint(folder, 120)
