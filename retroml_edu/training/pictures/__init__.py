"""The fast engine for pictures: PPO, A2C and DQN on the network of Mnih et al. (2015), by PyTorch with channels last.

Convolutions are large enough for PyTorch's own kernels; what is won here is memory that is neither reordered nor given
back and fetched again. Policy, optimiser and rollout are stable-baselines3's own, so that checkpoints, copies of
weights and ``model.zip`` are those of the other engines.
"""
