"""The fast engine for pictures: PPO, A2C and DQN by PyTorch with channels last.

Convolutions are large enough for PyTorch's own kernels; what is won here is memory that is neither reordered nor given
back and fetched again. Policy and optimiser are stable-baselines3's own, so that checkpoints, copies of
weights and ``model.zip`` are those of the other engines.
"""
