"""Windows that are marked: in the panel of their curve, live and in a picture."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from retroml_edu.analysis.insights import RULES
from retroml_edu.figures import DARK, LIGHT, PANELS, live_spec
from retroml_edu.figures.evidence import evidence_svg
from retroml_edu.figures.marks import Mark, is_guest, mark_spec, panel_of
from tests.figures.test_palette import BACKGROUNDS, contrast, linear


@pytest.mark.parametrize(
    "rule",
    RULES,
    ids=lambda rule: f"{rule.name}-{rule.metric.partition('/')[2]}-{rule.threshold:g}-{rule.look.__name__}",
)
def test_every_rule_has_a_panel_to_be_marked_in(rule) -> None:
    for algorithm in rule.algorithms:
        found = panel_of(rule.metric, algorithm)
        assert found is not None
        place = mark_spec(algorithm, LIGHT)["places"][rule.metric]
        layout = live_spec(algorithm)["layout"]
        assert f"yaxis{place['axis']}" in layout
        assert found[1].title in layout["annotations"][place["heading"]]["text"]
        assert layout["annotations"][place["waiting"]]["text"] == found[1].waiting


def test_a_metric_without_a_panel_is_the_guest_of_its_nearest_relation() -> None:
    assert is_guest("train/approx_kl", "PPO")
    assert not is_guest("train/entropy", "PPO")
    assert panel_of("train/explained_variance", "A2C") == (2, PANELS["A2C"][2])
    assert panel_of("train/approx_kl", "DQN") is None
    assert not is_guest("train/approx_kl", "DQN")
    assert "Approximate KL (nats)" in mark_spec("PPO", LIGHT)["places"]["train/approx_kl"]["title"]


def over(color: str, surface: str, alpha: float) -> str:
    mixed = [
        round(alpha * int(color[at : at + 2], 16) + (1 - alpha) * int(surface[at : at + 2], 16)) for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in mixed)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_and_words_stand_out_from_the_band(theme) -> None:
    alpha = float(re.search(r"([\d.]+)\)", mark_spec("PPO", theme)["band"]["fillcolor"])[1])
    for background in BACKGROUNDS[theme.name]:
        band = over(theme.marker, background, alpha)
        assert contrast(theme.text, band) >= 7.0
        for role, color in theme.lines.items():
            assert contrast(color, band) >= 3.0, role
        assert abs(linear(band) - linear(background)).max() > 0.01, "nobody would see it"


@pytest.mark.parametrize("metric", ["episode/return", "train/entropy", "train/approx_kl"])
@pytest.mark.parametrize("line", [None, 0.05])
def test_a_picture_of_the_evidence_is_drawn_whatever_there_is(sample, metric, line) -> None:
    mark = Mark(metric, 100, 800, "here", line)
    svg = evidence_svg(sample("PPO", 30, title="<Pong> & $co$"), "PPO", mark, solved_return=150.0)
    assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert LIGHT.marker.encode() in svg
    assert evidence_svg(sample("PPO", 0, updates=0), "PPO", mark)
