"""Steps a second of sbx, stable-baselines3 on JAX: run as a script by a Python that has it, told what on its input.

It stands alone, so that it needs nothing of this package where sbx has an environment of its own.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from stable_baselines3.common.env_util import make_atari_env, make_vec_env
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnv, VecFrameStack


def main() -> None:
    """Read a case as JSON, train, print a number."""
    case: dict[str, Any] = json.load(sys.stdin)
    import sbx

    settings: dict[str, Any] = case["settings"]
    for name in case["linear"]:
        settings[name] = LinearSchedule(settings[name], 0.0, 1.0)
    env_id, n_envs, seed = case["env_id"], case["n_envs"], case["seed"]
    if case["pictures"]:
        venv: VecEnv = VecFrameStack(make_atari_env(f"ale_py:{env_id}", n_envs, seed), 4)
    else:
        venv = make_vec_env(env_id, n_envs, seed)
    policy = "CnnPolicy" if case["pictures"] else "MlpPolicy"
    model = getattr(sbx, case["algorithm"])(policy, venv, seed=case["seed"], **settings)
    model.learn(case["warm_up"])  # JAX compiles meanwhile
    before, began = model.num_timesteps, time.perf_counter()
    model.learn(case["steps"], reset_num_timesteps=False)
    print((model.num_timesteps - before) / (time.perf_counter() - began))


if __name__ == "__main__":
    main()
