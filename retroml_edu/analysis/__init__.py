"""What the curves of runs say: insights, each with its evidence. Imports no torch and draws nothing."""
