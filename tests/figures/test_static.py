"""Pictures and pages that stand alone."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree as ET

import matplotlib as mpl
import matplotlib.style
import pytest
from PIL import Image

from retroml_edu.core.config import ALGORITHMS
from retroml_edu.figures import DARK, LIGHT, to_html, to_png, to_svg


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("episodes", [0, 1, 40, 3_000])
def test_a_png_has_its_size_and_the_colours_of_its_theme(sample, algorithm, episodes: int) -> None:
    data = sample(algorithm, episodes, updates=min(episodes, 10))
    for name, theme in (("light", LIGHT), ("dark", DARK)):
        picture = Image.open(io.BytesIO(to_png(data, algorithm, theme=name, solved_return=150, size_px=(640, 400))))
        assert (picture.format, picture.size) == ("PNG", (640, 400))
        colors = {color for _, color in picture.convert("RGB").getcolors(maxcolors=2**20)}
        assert bytes.fromhex(theme.surface[1:]) == bytes(picture.convert("RGB").getpixel((1, 1)))
        if episodes > 1:
            assert tuple(bytes.fromhex(theme.lines["return"][1:])) in colors


def test_an_svg_is_well_formed_and_has_its_title(sample) -> None:
    svg = to_svg(sample("PPO", 50, title="<Pong> & $co$"), "PPO")
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    assert "<Pong> & $co$" in "".join(root.itertext())


@pytest.mark.parametrize("size_px", [(0, 0), (100, 800), (1280, 9_000)])
def test_a_size_out_of_range_is_refused(sample, size_px: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="between 200 and 8,000 pixels"):
        to_png(sample("PPO", 1), "PPO", size_px=size_px)


def test_a_notebooks_own_plot_settings_change_nothing(sample) -> None:
    data = sample("PPO", 50, title="a $x$ b")
    before = to_png(data, "PPO", solved_return=100)
    with mpl.rc_context():
        mpl.style.use("dark_background")
        mpl.rcParams.update(
            {
                "font.size": 30,
                "font.family": "monospace",
                "lines.linewidth": 9,
                "text.usetex": True,
                "axes.grid": True,
                "figure.dpi": 33,
                "savefig.bbox": "tight",
                "savefig.transparent": True,
                "xtick.top": True,
                "axes.spines.right": True,
            }
        )
        assert to_png(data, "PPO", solved_return=100) == before


def test_threads_draw_the_same_picture(sample) -> None:
    data = sample("DQN", 200)
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(lambda _: to_png(data, "DQN", size_px=(320, 200)), range(8)))
    assert len(set(pictures)) == 1


def test_a_page_is_whole_and_escapes_its_title(sample) -> None:
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    page = to_html(sample("PPO", 50, title=hostile), "PPO", include_plotlyjs=False)
    assert page.startswith("<!DOCTYPE html>")
    assert "alert(1)</script>" not in page
    assert "<img" not in page
    assert "After 2,500 steps and 50 episodes" in page
    assert "no conclusion about the algorithm" in page
    assert len(page) < 100_000
    assert len(to_html(sample("PPO", 50), "PPO")) > 1_000_000


def test_importing_figures_imports_no_drawing_library() -> None:
    code = (
        "import sys, retroml_edu.figures; "
        "print(sorted({'matplotlib', 'plotly', 'ipywidgets', 'pandas', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_picture_does_not_import_pyplot(sample, tmp_path) -> None:
    code = (
        "import sys; from retroml_edu.core.curves import curve_data; from retroml_edu.figures import to_png; "
        "to_png(curve_data(()), 'PPO'); print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
