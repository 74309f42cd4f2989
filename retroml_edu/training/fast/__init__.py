"""The fast engine: PPO, A2C and DQN of small networks as compiled kernels, with stable-baselines3's mathematics.

stable-baselines3 spends almost all of its time on small networks in going from Python to torch and back. Here a whole
stretch of steps, and a whole epoch of mini-batches, is one call that needs neither, and that leaves the interpreter to
others meanwhile.

Parameters, moments of the optimiser and memories stay those of stable-baselines3's own objects: the kernels write
into their memory. So a checkpoint, a copy of the weights or ``model.zip`` are made of a fast run as of any other.
"""
