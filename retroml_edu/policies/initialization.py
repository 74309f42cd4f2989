"""First weights from a generator of one's own, drawn as stable-baselines3 draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_DRAWING = frozenset({"uniform_", "normal_", "kaiming_uniform_"})
"""Names of the functions by which layers draw their first weights; all take a `generator`."""


class DrawnFrom(TorchFunctionMode):
    """Within this context, layers that are made draw their weights from a generator with this seed.

    They get the weights that `torch.manual_seed(seed)` would have given them, while torch's global generator is
    neither read nor written: what other threads draw meanwhile changes nothing, and nothing changes for them.

    Args:
        seed: Seed of the weights.

    Threads: acts in the thread that enters it only.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._generator = torch.Generator().manual_seed(seed)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a torch function, with the generator if it draws."""
        kwargs = dict(kwargs or {})
        if getattr(func, "__name__", "") in _DRAWING and kwargs.get("generator") is None:
            kwargs["generator"] = self._generator
        return func(*args, **kwargs)
