"""retroml_edu: reinforcement learning that can be watched, in Jupyter, on retro games and classic control."""

from __future__ import annotations

__version__ = "0.1.0"
