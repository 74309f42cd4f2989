"""Training with stable-baselines3: its loops and its mathematics, with draws and control of our own."""
