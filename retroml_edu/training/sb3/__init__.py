"""Training with stable-baselines3: its mathematics and its memories, with loops, draws and control of our own."""
