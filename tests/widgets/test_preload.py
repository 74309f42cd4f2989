"""Heavy packages are loaded beside the person's first look at the panel, and never by two threads at once."""

import subprocess
import sys

SCRIPT = """
import sys
import retroml_edu.training as training
from retroml_edu.widgets.lab import _load_heavy_parts

entered = []

class Watched:
    def __enter__(self):
        entered.append("stable_baselines3" in sys.modules)
    def __exit__(self, *error):
        pass

training._LOADING = Watched()
_load_heavy_parts()
assert entered == [False], entered
assert "stable_baselines3" in sys.modules
"""


def test_what_is_loaded_beforehand_is_loaded_under_the_lock_of_a_run():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
