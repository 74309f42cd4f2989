"""Atari games as agents meet them, straight on the emulator."""
