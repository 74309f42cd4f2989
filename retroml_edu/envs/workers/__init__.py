"""Processes that step a part of the environments, so that no core waits while Python steps them.

What comes out never depends on how many there are: each environment has a seed and a generator of its own, and every
process steps its share with the same code. `vector` holds the training process's side and imports torch; `process` is
what a worker runs, and must not.
"""
