import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from retroml_edu.core.errors import StorageError
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.model_files import load_model, save_model


@pytest.fixture
def weights() -> PolicyWeights:
    draws = np.random.default_rng(3)
    arrays = {
        "net.0.weight": draws.normal(size=(8, 4)).astype(np.float32),
        "nhwc": draws.normal(size=(2, 3, 4, 5)).astype(np.float32).transpose(0, 3, 1, 2),
        "log_std": np.float32(0.5) * np.ones((), np.float32),
        "steps": np.array([3], np.int64),
    }
    return PolicyWeights(120, arrays, {"obs_mean": np.arange(4.0), "obs_var": np.ones(4)})


def test_a_model_comes_back_as_it_was(folder: RunFolder, weights: PolicyWeights) -> None:
    save_model(folder, weights, {"env_id": "CartPole-v1"})
    assert sorted(file.name for file in folder.model_dir.iterdir()) == [
        "model.json",
        "normalization.safetensors",
        "weights.safetensors",
    ]
    loaded, description = load_model(folder)
    assert description == {"env_id": "CartPole-v1", "format_version": 1, "step": 120}
    assert loaded.step == 120
    for mine, theirs in ((weights.arrays, loaded.arrays), (weights.normalization, loaded.normalization)):
        assert set(mine) == set(theirs)
        for name, array in mine.items():
            np.testing.assert_array_equal(theirs[name], array, strict=True)
            assert theirs[name].flags.writeable


def test_a_model_without_normalization_replaces_one_with(folder: RunFolder, weights: PolicyWeights) -> None:
    save_model(folder, weights, {})
    save_model(folder, PolicyWeights(5, weights.arrays), {})
    loaded, _ = load_model(folder)
    assert loaded.normalization == {}
    assert loaded.step == 5


def test_a_run_without_model_says_so(folder: RunFolder) -> None:
    with pytest.raises(StorageError, match="has no model"):
        load_model(folder)


def _truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


def _huge_header(file: Path) -> None:
    file.write_bytes(struct.pack("<Q", 2**60) + file.read_bytes()[8:])


def _pickled(file: Path) -> None:
    file.write_bytes(pickle.dumps({"weights": [1.0]}))


def _strange_type(file: Path) -> None:
    header = json.dumps({"a": {"dtype": "OBJECT", "shape": [1], "data_offsets": [0, 4]}}).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header + b"abcd")


def _deep_header(file: Path) -> None:
    header = b"[" * 1_000 + b"]" * 1_000
    file.write_bytes(struct.pack("<Q", len(header)) + header)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [_truncated, _huge_header, _pickled, _strange_type, _deep_header, _empty])
def test_damaged_weights_are_a_sentence(folder: RunFolder, weights: PolicyWeights, damage: object) -> None:
    save_model(folder, weights, {})
    damage(folder.model_dir / "weights.safetensors")  # type: ignore[operator]
    with pytest.raises(StorageError, match=r"weights\.safetensors cannot be read"):
        load_model(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "cannot be read"), ('{"format_version": 9, "step": 1}', "version 9"), ('{"format_version": 1}', "no step")],
)
def test_a_damaged_description_is_a_sentence(folder: RunFolder, weights: PolicyWeights, text: str, said: str) -> None:
    save_model(folder, weights, {})
    (folder.model_dir / "model.json").write_text(text)
    with pytest.raises(StorageError, match=rf"model\.json.*{said}"):
        load_model(folder)


@pytest.mark.parametrize("linked", ["", "model.json", "weights.safetensors"])
def test_a_model_is_read_through_no_link(
    linked: str, folder: RunFolder, weights: PolicyWeights, tmp_path_factory: pytest.TempPathFactory
) -> None:
    save_model(folder, weights, {})
    at, outside = folder.model_dir / linked, tmp_path_factory.mktemp("outside") / "it"
    at.rename(outside)
    at.symlink_to(outside)
    with pytest.raises(StorageError, match="link"):
        load_model(folder)
    if not linked:
        with pytest.raises(StorageError, match="link"):
            save_model(folder, weights, {})
