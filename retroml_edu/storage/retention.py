"""What a long run keeps: the newest checkpoints and videos, and those that somebody gave a name."""

from __future__ import annotations

from collections.abc import Collection

from retroml_edu.core.errors import StorageError
from retroml_edu.storage.atomic import cannot_write, remove_folder, remove_leftovers, write_json
from retroml_edu.storage.checkpoint_layout import (
    CHECKPOINTS,
    REPLAY,
    TAG,
    checkpoint_names,
    is_tag,
    order,
    read_description,
    tag_of,
)
from retroml_edu.storage.checkpoints import checkpoint_name, list_checkpoints
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.paths import unlinked
from retroml_edu.storage.replay_blocks import StoredReplay
from retroml_edu.storage.video_labels import read_video_labels


def tag_checkpoint(folder: RunFolder, which: int | str, name: str) -> None:
    """Give a checkpoint a name: it is kept from then on. An empty name takes it away again.

    Args:
        folder: Run folder.
        which: Step or path of the checkpoint.
        name: Up to 100 printable characters.

    Raises:
        StorageError: If there is no such checkpoint, the name cannot be used, or it cannot be written.
    """
    place = checkpoint_name(folder, which)
    read_description(folder, place)  # one that cannot be read is worth no name
    file = unlinked(folder.path, f"{CHECKPOINTS}/{place}/{TAG}")
    if not name:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(file, error) from error
    elif is_tag(name):
        write_json(file, {"name": name})
    else:
        raise StorageError(f"{name[:40]!r} cannot be the name of a checkpoint: use up to 100 printable characters.")


def prune_checkpoints(folder: RunFolder, keep: int, always: Collection[int] = ()) -> list[str]:
    """Remove old checkpoints, and the replay rows that none of the others needs.

    Kept are the newest `keep` (by attempt, then by step), all that have a name, and those of the steps in `always`.
    Damaged ones go once they are older, by step, than all that are kept.

    Returns:
        Paths of those that were removed, relative to the run folder.

    Raises:
        ValueError: If `keep` is less than 1.
        StorageError: If the system refuses.

    Threads: one at a time, and not while a checkpoint is written.
    """
    if keep < 1:
        raise ValueError(f"keep={keep} must be at least 1.")
    listed = list_checkpoints(folder)
    newest = {info.path for info in listed[-keep:]}
    kept = [info for info in listed if info.path in newest or info.tag or info.step in always]
    kept_paths = {info.path for info in kept}
    whole = {info.path for info in listed}
    oldest_step = min((info.step for info in kept), default=0)
    removed = []
    for name in checkpoint_names(folder):
        path = f"{CHECKPOINTS}/{name}"
        damaged_and_old = path not in whole and order(name)[0] < oldest_step and not tag_of(folder, name)
        if (path in whole and path not in kept_paths) or damaged_and_old:
            remove_folder(folder.path / path)
            removed.append(path)
    _prune_blocks(folder)
    return removed


def prune_videos(folder: RunFolder, keep: int, kind: str = "step") -> list[str]:
    """Remove all but the newest videos of a kind, and those that somebody gave a name.

    Args:
        folder: Run folder.
        keep: How many of the newest stay.
        kind: What their names begin with: ``step`` for those of training, ``test`` for those of tests.

    Returns:
        Paths of those that were removed, relative to the run folder.

    Raises:
        ValueError: If `keep` is less than 1.
        StorageError: If the system refuses.
    """
    if keep < 1:
        raise ValueError(f"keep={keep} must be at least 1.")
    removed = []
    videos = [] if folder.videos_dir.is_symlink() else sorted(folder.videos_dir.glob(f"{kind}-*.mp4"))
    named = read_video_labels(folder) if len(videos) > keep else {}
    for video in videos[:-keep]:
        path = video.relative_to(folder.path).as_posix()
        if video.name not in named:
            try:
                video.unlink(missing_ok=True)
            except OSError as error:
                raise cannot_write(video, error) from error
            removed.append(path)
    return removed


def _prune_blocks(folder: RunFolder) -> None:
    needed: set[str] = set()
    for name in checkpoint_names(folder):
        try:
            record = read_description(folder, name).replay
            if record is not None:
                needed.update(StoredReplay(folder, name, record).files())
        except (StorageError, ValueError):
            return  # what it needs cannot be known: it may be readable again, or of a newer version
    place = folder.checkpoints_dir / REPLAY
    if folder.checkpoints_dir.is_symlink() or place.is_symlink() or not place.is_dir():
        return
    remove_leftovers(place)
    try:
        for block in place.iterdir():
            if f"{REPLAY}/{block.name}" not in needed:
                block.unlink()
    except OSError as error:
        raise cannot_write(place, error) from error
