"""Networks: how they are built from a config, their weights as arrays, and copies that only act. Imports torch."""

from __future__ import annotations

from retroml_edu.policies.actor import Actor
from retroml_edu.policies.build import build_policy
from retroml_edu.policies.spec import PolicySpec, policy_spec
from retroml_edu.policies.weights import WeightsError, copy_weights, load_weights

__all__ = [
    "Actor",
    "PolicySpec",
    "WeightsError",
    "build_policy",
    "copy_weights",
    "load_weights",
    "policy_spec",
]
