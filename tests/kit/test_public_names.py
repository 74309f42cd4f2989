"""What lessons may take from the kit, and what comes along with it."""

import subprocess
import sys
from types import ModuleType

from retroml_edu import kit


def test_every_public_name_is_there_and_stays():
    found = [getattr(kit, name) for name in kit.__all__]  # loads every module
    assert sorted(kit.__all__) == sorted(kit._HOME_OF)
    assert dir(kit) == sorted(kit.__all__)
    assert not hasattr(kit, "no_such_name")
    for name, value in zip(kit.__all__, found, strict=True):
        # A module of the same name would take its place as soon as it is imported.
        assert not isinstance(getattr(kit, name), ModuleType), name
        assert getattr(kit, name) is value
        assert value.__doc__, name


def test_no_torch_comes_along():
    code = "import sys; from retroml_edu.kit import *; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
