"""The weights in a model.zip of plain stable-baselines3, which may come from a stranger: nothing else of it is read."""

from __future__ import annotations

import io
import pickletools
import stat
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
import torch
from stable_baselines3.common.policies import BasePolicy
from torch import Tensor

from retroml_edu.policies.bounded_zip import ZipRefusedError, check_stored, open_zip, read_entry
from retroml_edu.policies.weights import WeightsError, copy_weights

MAX_FILE_BYTES = 2**30
MAX_POLICY_BYTES = 2**28
MAX_LIST_BYTES = 2**20
POLICY = "policy.pth"

_MAKERS = frozenset(
    {
        "collections OrderedDict",
        "torch._utils _rebuild_tensor_v2",
        "torch FloatStorage",
        "torch DoubleStorage",
        "torch LongStorage",
    }
)
"""All that a list of weights names; torch's own reading of weights alone lets more pass, some of it to allocate."""
_OPCODES = frozenset(
    {"PROTO", "STOP", "MARK", "GLOBAL", "REDUCE", "BUILD", "SETITEM", "SETITEMS", "BINPERSID", "BINUNICODE"}
    | {"EMPTY_DICT", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "NEWTRUE", "NEWFALSE"}
    | {"BININT", "BININT1", "BININT2", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"}
)
_EXTRACTORS = ("features_extractor.", "pi_features_extractor.", "vf_features_extractor.", "q_net.features_extractor.")


def read_stock_weights(path: Path, policy: BasePolicy) -> dict[str, np.ndarray]:
    """Return the weights of a model that plain stable-baselines3 saved.

    Only ``policy.pth`` is read, into memory and within bounds, after a look at what it would have torch make; the
    pickled settings beside it stay closed. Names, shapes and types are compared before there are any numbers.

    Args:
        path: The zip file.
        policy: What the config builds. It has these weights afterwards.

    Raises:
        WeightsError: If the file is not such a model, or one of another network; the sentence names the first thing
            that does not fit, and the setting that is likely behind it.
    """
    try:
        data = _policy_bytes(path)
        _check_contents(data)
        shapes = _loaded(data, "meta")  # tensors with shapes and without memory
        misfit = _first_misfit(shapes, policy.state_dict())
        if misfit:
            raise WeightsError(f"The network in {path} is not the one of these settings: {misfit}")
        weights = _loaded(data, "cpu")
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ZipRefusedError as error:
        raise WeightsError(f"{path} is not read as a model of stable-baselines3: {error}.") from None
    for name, value in weights.items():
        if not bool(torch.isfinite(value).all()):
            raise WeightsError(f"The network in {path} cannot be used: {name} holds what is no finite number.")
    policy.load_state_dict(dict(weights))
    return copy_weights(policy)


def _policy_bytes(path: Path) -> bytes:
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise ZipRefusedError("it is no plain file")
    if facts.st_size > MAX_FILE_BYTES:
        raise ZipRefusedError(f"it has {facts.st_size:,} bytes, and {MAX_FILE_BYTES:,} are allowed")
    if path.suffix == ".pkl":
        raise ZipRefusedError(
            "a .pkl file is a pickle, which runs code when it is opened, so statistics of VecNormalize are never read"
        )
    with path.open("rb") as file, open_zip(file) as archive:
        packed = next((name for name in archive.namelist() if name.endswith("model.zip") and name.isprintable()), None)
        if packed is not None and POLICY not in archive.namelist():
            raise ZipRefusedError(
                f"it holds no {POLICY}; it was packed together with other files: unpack it, and choose "
                f"{packed[-60:]} in it"
            )
        return read_entry(archive, POLICY, MAX_POLICY_BYTES)


def _check_contents(data: bytes) -> None:
    """Look at a file of torch's without making anything of it.

    Raises:
        ZipRefusedError: If reading it would do more than make tensors of what is stored in it.
    """
    with closing(open_zip(io.BytesIO(data))) as archive:
        check_stored(archive, len(data))
        lists = [name for name in archive.namelist() if name.endswith("data.pkl")]
        if len(lists) != 1:
            raise ZipRefusedError(f"{POLICY} holds no list of weights")
        pickled = read_entry(archive, lists[0], MAX_LIST_BYTES)
    try:
        operations = [(opcode.name, argument) for opcode, argument, _ in pickletools.genops(pickled)]
    except Exception as error:  # noqa: BLE001 - whatever a stranger's bytes make of the parser
        raise ZipRefusedError(f"{POLICY} is damaged ({str(error)[:80]})") from None
    for name, argument in operations:
        if name not in _OPCODES or (name == "GLOBAL" and argument not in _MAKERS):
            what = str(argument)[:60] if name == "GLOBAL" else name
            raise ZipRefusedError(f"{POLICY} holds more than weights ({what!a})")


def _loaded(data: bytes, place: str) -> Mapping[str, Tensor]:
    try:
        state = torch.load(io.BytesIO(data), weights_only=True, map_location=place)
    except Exception as error:  # noqa: BLE001 - torch raises what it likes
        reason = " ".join(str(error).split())[:120]
        raise ZipRefusedError(f"{POLICY} cannot be read ({reason})") from None
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in state.items()
    ):
        raise ZipRefusedError(f"{POLICY} holds no weights by name")
    return state


def _first_misfit(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str:
    """Return what fits not, and the likely reason; empty if all does."""
    for name, value in wanted.items():
        if name not in found:
            return f"{name} is missing. {_likely(found, wanted)}"
        if found[name].shape != value.shape:
            return (
                f"{name} has shape {tuple(found[name].shape)}, and {tuple(value.shape)} is needed. "
                f"{_likely(found, wanted)}"
            )
        if found[name].dtype != value.dtype:
            return f"{name} is of type {found[name].dtype}, and {value.dtype} is needed."
    unknown = next((name for name in found if name not in wanted), None)
    return "" if unknown is None else f"it has {unknown[:80]!a}, which is not needed. {_likely(found, wanted)}"


def _likely(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str:
    """Return what is most likely set otherwise than in the run that the weights come from."""
    if _has(found, "q_net.") != _has(wanted, "q_net."):
        return "It is a model of DQN." if _has(found, "q_net.") else "It is no model of DQN: choose PPO or A2C."
    if _reads_pictures(found) != _reads_pictures(wanted):
        return f"It reads {'pictures' if _reads_pictures(found) else 'no pictures'}: choose its own environment."
    if ("log_std" in found) != ("log_std" in wanted):
        return "Its actions are of another kind: choose its own environment."
    actor, critic = _layers(found, "mlp_extractor.policy_net."), _layers(found, "mlp_extractor.value_net.")
    layers = actor or critic or _layers(found, "q_net.q_net.")[:-1]
    if actor != critic:
        return f"Its actor has the layers {actor} and its critic {critic}: here both have the same."
    if layers != (_layers(wanted, "mlp_extractor.policy_net.") or _layers(wanted, "q_net.q_net.")[:-1]):
        return f"Its layers are {layers}: set net_arch to them ({','.join(map(str, layers))})."
    return "What it sees, or the number of its actions, differs: choose its own environment."


def _has(state: Mapping[str, Tensor], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in state)


def _reads_pictures(state: Mapping[str, Tensor]) -> bool:
    return any(name.startswith(_EXTRACTORS) and value.ndim == 4 for name, value in state.items())


def _layers(state: Mapping[str, Tensor], prefix: str) -> list[int]:
    """Return the widths of the layers under a prefix, in order."""
    return [
        int(value.shape[0])
        for name, value in state.items()
        if name.startswith(prefix) and name.endswith(".weight") and value.ndim == 2
    ]
