"""The run folder: what a run leaves on disk, how it is followed, exported and found again."""
