"""How a policy for pictures lies in memory, and is stepped."""

from __future__ import annotations

import torch
from stable_baselines3.common.policies import BasePolicy

from retroml_edu.training.pictures.allocator import keep_freed_memory
from retroml_edu.training.pictures.network import PICTURE_DIMENSIONS


def lay_out(policy: BasePolicy) -> None:
    """Let a policy be computed and stepped in less time; its numbers stay what they are.

    Convolutions read weights, like pictures, with channels last: those that lie otherwise are reordered at every call.
    """
    keep_freed_memory()
    for parameter in policy.parameters():
        if parameter.dim() == PICTURE_DIMENSIONS:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    if isinstance(policy.optimizer, torch.optim.Adam):
        for group in policy.optimizer.param_groups:
            group["fused"], group["foreach"] = True, False
