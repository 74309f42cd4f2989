"""Which network a run has: derived from its config and its spaces, in stable-baselines3's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.preprocessing import is_image_space, is_image_space_channels_first
from stable_baselines3.common.vec_env import VecTransposeImage
from torch import nn

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.hyperparameters import DQNHyperparameters
from retroml_edu.envs.atari.forms import small_scene
from retroml_edu.envs.spaces import is_picture
from retroml_edu.policies import sampling
from retroml_edu.policies.small_pictures import SmallPictureNetwork

PolicyName = Literal["MlpPolicy", "CnnPolicy", "MultiInputPolicy"]

_ACTIVATIONS: Mapping[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """Everything that decides the shape of a network.

    Attributes:
        name: What plain stable-baselines3 calls the policy.
        policy_class: The class that is trained; for PPO and A2C its actions come from a generator of the run's own.
        policy_kwargs: Arguments of the policy, as stable-baselines3's ``policy_kwargs``.
        observation_space: What the network reads; pictures channels first.
        action_space: What it chooses from.
        reads_images: Whether it is convolutional.
        is_large: Whether a GPU or several threads compute it clearly faster. One thread is as fast with the others,
            keeps its pace where somebody else wants a core, and rounds the same however many cores there are.
    """

    name: PolicyName
    policy_class: type[BasePolicy]
    policy_kwargs: Mapping[str, Any]
    observation_space: spaces.Space[Any]
    action_space: spaces.Space[Any]
    reads_images: bool
    is_large: bool


def policy_spec(
    config: ExperimentConfig, observation_space: spaces.Space[Any], action_space: spaces.Space[Any]
) -> PolicySpec:
    """Return the network that a config asks for in these spaces.

    Args:
        config: The run.
        observation_space: As the environment has it; pictures may have their channels first or last.
        action_space: As the environment has it.

    Raises:
        TrainingError: If the algorithm is DQN and the actions are not a single choice.
    """
    settings = config.hyperparameters
    name = _name(observation_space)
    kwargs: dict[str, Any] = {} if name == "CnnPolicy" else {"net_arch": list(settings.net_arch)}
    scene = small_scene(config.env_id)
    if scene is not None:
        kwargs |= {
            "features_extractor_class": SmallPictureNetwork,
            "features_extractor_kwargs": {"background": scene.background},
            "net_arch": [],
        }
    if isinstance(settings, DQNHyperparameters):
        if not isinstance(action_space, spaces.Discrete):
            raise TrainingError(
                f"DQN compares a handful of separate actions, and those of {config.env_id} are "
                f"{action_space}: choose PPO or A2C."
            )
        family = sampling.DQN_POLICIES
    else:
        if name != "CnnPolicy":
            kwargs["activation_fn"] = _ACTIVATIONS[settings.activation]
        family = sampling.ACTOR_CRITIC_POLICIES
    return PolicySpec(
        name=name,
        policy_class=family[name],
        policy_kwargs=kwargs,
        observation_space=channels_first(observation_space),
        action_space=action_space,
        reads_images=_reads_images(observation_space),
        is_large=_reads_images(observation_space) and scene is None,
    )


def channels_first(space: spaces.Space[Any]) -> spaces.Space[Any]:
    """Return the space with its pictures as (channels, height, width), as stable-baselines3 trains on them."""
    if isinstance(space, spaces.Dict):
        return spaces.Dict({name: channels_first(part) for name, part in space.spaces.items()})
    if isinstance(space, spaces.Box) and is_image_space(space) and not is_image_space_channels_first(space):
        return VecTransposeImage.transpose_space(space)
    return space


def _name(space: spaces.Space[Any]) -> PolicyName:
    if isinstance(space, spaces.Dict):
        return "MultiInputPolicy"
    return "CnnPolicy" if _reads_images(space) else "MlpPolicy"


def _reads_images(space: spaces.Space[Any]) -> bool:
    if isinstance(space, spaces.Dict):
        return any(_reads_images(part) for part in space.spaces.values())
    return is_picture(space)
