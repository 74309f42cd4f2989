"""A page puts numbers into the same words as Python does."""

import random

import pytest
from playwright.sync_api import Browser

from retroml_edu.core.config import MAX_SEED
from retroml_edu.core.knobs import shown_value
from retroml_edu.widgets.assets import script
from retroml_edu.widgets.words import duration, episodes, score

pytestmark = pytest.mark.browser

DRAWN = random.Random(1)
_ROUND = (0.0, 0.04, 0.05, 0.15, 0.25, 0.35, 0.75, 1.25, 2.5, 99.95, 999.96)
SCORES: list[float] = [
    *(sign * value for sign in (1, -1) for value in _ROUND),
    *(21, -21, 1_234.5, -1_234_567.89, 12_345_678.25, 1e15 + 0.5, 1e20, 1e21, -1e300, 5e-324),
    *(DRAWN.gauss(0, 500) for _ in range(500)),
    *(DRAWN.randrange(-4_000, 4_000) / 4 for _ in range(500)),
]
DURATIONS: list[float] = [0.2, 1, 7.1, 59, 59.5, 60, 200, 3_599.2, 3_600, 7_500, 3_600_000]
DURATIONS += [DRAWN.expovariate(1e-3) for _ in range(300)]
COUNTS: list[int] = [0, 1, 2, 999, 1_000, 1_234_567]
SETTINGS: list[float | bool | str | list[int] | None] = [
    *(None, True, False, "linear", [64, 64], 0.5, 0.0, 1e-5, 2.5e-4, 1e-6, 1e-8, 0.9999, 1 / 3, 1.5e6),
    *(10 ** DRAWN.uniform(-9, 3) for _ in range(300)),
]
AMOUNTS = [0, 1, 999, 1_000, 1_234_567, MAX_SEED]
SETTINGS_SHOWN = """([settings, amounts]) => {
  %s
  const whole = (type) => amounts.map((each) => shown(each, { integer: true, type }));
  return [settings.map((each) => shown(each)), whole('slider'), whole('seed')];
}"""
WORDS = """([scores, durations, counts]) => {
  %s
  return [scores.map(score), durations.map(duration), counts.map((each) => count(each, 'episode'))];
}"""


def test_numbers_are_put_into_the_same_words_on_both_sides(browser: Browser) -> None:
    page = browser.new_page()
    said = page.evaluate(WORDS % script("words.js"), [SCORES, DURATIONS, COUNTS])
    page.close()
    by_python = (list(map(score, SCORES)), list(map(duration, DURATIONS)), list(map(episodes, COUNTS)))
    for values, words, on_the_page in zip((SCORES, DURATIONS, COUNTS), by_python, said, strict=True):
        wrong = [each for each in zip(values, words, on_the_page, strict=True) if each[1] != each[2]]
        assert wrong == []


def test_values_of_settings_are_put_into_the_same_words_on_both_sides(browser: Browser) -> None:
    page = browser.new_page()
    settings, amounts, seeds = page.evaluate(SETTINGS_SHOWN % script("elements.js"), [SETTINGS, AMOUNTS])
    page.close()
    wrong = [each for each in zip(SETTINGS, map(shown_value, SETTINGS), settings, strict=True) if each[1] != each[2]]
    assert wrong == []
    assert amounts == list(map(shown_value, AMOUNTS))
    assert seeds == [shown_value(seed, "seed") for seed in AMOUNTS]
