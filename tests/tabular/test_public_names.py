"""What lessons may take from the package, and what comes along with it."""

import subprocess
import sys

from retroml_edu import tabular


def test_every_public_name_is_there():
    for name in tabular.__all__:
        assert getattr(tabular, name).__doc__, name
    assert sorted(tabular.__all__) == sorted(tabular._HOME_OF)
    assert set(tabular.__all__) <= set(dir(tabular))
    assert not hasattr(tabular, "no_such_name")


def test_no_torch_and_no_widgets_come_along_and_planning_compiles_nothing():
    code = (
        "import sys; from retroml_edu.tabular import play_bandit, value_iteration, GridWorld, baird_weights\n"
        "assert 'numba' not in sys.modules\n"
        "from retroml_edu.tabular import TabularLearner, NStepTD, LinearSarsa\n"
        "assert not {'torch', 'ipywidgets', 'plotly'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
