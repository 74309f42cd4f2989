"""Gymnasium's classic control as compiled code: one call steps many environments, with the same numbers to the bit."""
