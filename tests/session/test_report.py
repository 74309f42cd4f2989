"""The report of a run in three forms: whole for every state of a run, and safe whatever the run says."""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from retroml_edu.core.errors import ConfigError, StorageError, UnknownNameError
from retroml_edu.core.knobs import shown_value
from retroml_edu.core.states import RunState
from retroml_edu.session.report import REPORTS, make_report
from retroml_edu.storage.atomic import write_json
from tests.session.bench import small_config
from tests.session.recorded_runs import empty_run, keep_test, recorded_run

EVIL = '<script>alert(1)</script>\x1b[31m & "quotes" \''


class Page(HTMLParser):
    """Tags, texts and pictures of a page."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.open, self.text, self.pictures = [], [], "", []
        self.feed(content)
        assert self.open == [], "tags are left open"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "img":
            kind, _, data = dict(attrs)["src"].partition(",")
            assert kind == "data:image/svg+xml;base64"
            self.pictures.append((dict(attrs)["alt"], base64.b64decode(data)))
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def sick(tmp_path_factory):
    """A finished run with something wrong about it, tests, and labels."""
    run = recorded_run(tmp_path_factory.mktemp("home"), "cartpole-ppo-high")
    keep_test(run.folder, 10_000, [30.0, 50.0], minute=1)
    keep_test(run.folder, 20_000, [20.0], deterministic=True, minute=2)
    run.label(name="The <first> one", tags=["week 3"], notes="Two\nlines & more")
    return run


def page_of(run):
    return Page(make_report(run, "html").decode())


def text_of(run):
    return make_report(run, "text").decode()


def test_the_page_tells_settings_machine_curves_figures_tests_and_insights(sick):
    page = page_of(sick)
    for part in (
        "The <first> one",
        "CartPole-v1 · PPO · seed 101",
        sick.run_id,
        "Trained to its end.",
        "goal 475",
        "The learning rate is too high",
        "half of the updates moved the policy by a KL divergence",
        "Set the learning rate to",
        "Learning rate: ",
        "tuned for this game: 0.003",
        "40 ± 14.1",
        "Processor",
        "week 3",
        "Two\nlines & more",
    ):
        assert part in page.text, part
    assert len(page.pictures) >= 3
    for words, picture in page.pictures:
        assert words
        assert ET.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert "steps and" in page.pictures[0][0]
    assert page.pictures[1][0].startswith("Approximate KL, marked from step 15,360 to 29,")


def test_the_page_needs_nothing_and_runs_nothing(sick):
    page = page_of(sick)
    assert not {"script", "link", "iframe", "object", "embed", "form", "svg"} & {tag for tag, _ in page.tags}
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]
    (policy,) = (attrs["content"] for _, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    style = make_report(sick, "html").decode().partition("<style>")[2].partition("</style>")[0]
    assert not re.search(r"url\(|@import|https?:", style)


def test_the_json_has_it_all_in_numbers(sick):
    content = json.loads(make_report(sick, "json"))
    assert content["config"] == sick.config.to_json_dict()
    assert content["machine"]["cpu"]["model"]
    assert content["state"] == "done"
    assert len(content["curves"]["episode/return"]["step"]) == len(content["curves"]["episode/return"]["mean"]) > 10
    assert content["curves"]["train/approx_kl"]["unit"] == "nats"
    assert [test["weights_step"] for test in content["tests"]] == [20_000, 10_000]
    assert content["tests"][1]["episodes"][0]["episode_return"] == 30.0
    (high,) = (each for each in content["insights"] if each["rule"] == "learning_rate_high")
    assert high["evidence"]["threshold"] == 0.2
    assert high["remedy"]["changes"]["hyperparameters"]["learning_rate"] < sick.config.hyperparameters.learning_rate
    before = shown_value(sick.config.hyperparameters.learning_rate)
    assert high["changes"] == [f"Learning rate: {before} → 0.003"]
    assert content["seeds"] == 1
    assert content["missing"] == {}


def test_the_text_fits_a_terminal_and_draws_curves(sick):
    text = text_of(sick)
    assert max(map(len, text.splitlines())) <= 88
    assert re.search(r"  Return +[▁▂▃▄▅▆▇█]{40}  ", text)
    for part in ("! The learning rate is too high (warning)", "To try: Set the learning rate to", "goal 475"):
        assert part in text


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (RunState.DONE, "Trained to its end"),
        (RunState.STOPPED, "Stopped after 1"),
        (RunState.FAILED, "The game <b>crashed</b>."),
        (RunState.LOST, "ended without a word after"),
        (RunState.RUNNING, "ended without a word after"),
    ],
)
def test_a_run_in_any_state_has_a_report(home, state, said):
    run = recorded_run(home, "cartpole-dqn", state, share=0.5)
    assert said in " ".join(page_of(run).text.split())
    assert said in " ".join(text_of(run).split())
    assert said in json.loads(make_report(run, "json"))["standing"]


def test_a_run_that_goes_on_says_so(start):
    from retroml_edu.session.history import load_run
    from retroml_edu.training.scripted import ScriptedTrainer
    from tests.session.bench import until

    run = start(ScriptedTrainer(wait_at=400))
    until(lambda: run.step >= 400 and not run.storage_lag, "the wait")
    assert "It went on when this report was made" in page_of(load_run(run.run_id, run.path.parent)).text


@pytest.mark.parametrize("state", [RunState.CREATED, RunState.STOPPED, RunState.FAILED])
def test_an_empty_run_says_what_is_missing_in_plain_sentences(home, state):
    run = empty_run(home, state, small_config())
    page, text = page_of(run), " ".join(text_of(run).split())
    missing = json.loads(make_report(run, "json"))["missing"]
    assert set(missing) == {"curves", "tests", "insights", "machine"}
    for sentence in missing.values():
        assert sentence in page.text
        assert sentence in text
    assert page.pictures == []


def test_a_stranger_s_words_are_shown_and_not_obeyed(home):
    run = recorded_run(home, "cartpole-ppo", RunState.FAILED)
    run.label(name=EVIL.replace("\x1b", ""), tags=["<b>"], notes="</style><script>x</script>")
    write_json(
        run.folder.environment_file,
        {"python": EVIL, "cpu": {"model": EVIL}, "memory_bytes": 10**400, "os": 3, "packages": [EVIL]},
    )
    write_json(run.folder.summary_file, {"error": EVIL, "steps": "<i>", "training_time_s": "x", "return_mean": EVIL})
    keep_test(run.folder, 5, [1.0, 2.0]).rename(run.folder.eval_dir / "<img src=x onerror=alert(1)>\x1b.json")
    page = page_of(run)
    assert not {"script", "i"} & {tag for tag, _ in page.tags}
    assert "<script>alert(1)</script>" in page.text
    assert len([tag for tag, _ in page.tags if tag == "img"]) == len(page.pictures)
    assert "\x1b" not in text_of(run)
    assert "GB" not in page.text
    json.loads(make_report(run, "json"))


def test_a_run_on_an_environment_that_is_not_here_still_has_a_report(home):
    run = recorded_run(home, "cartpole-ppo")
    write_json(run.folder.config_file, run.config.to_json_dict() | {"env_id": "Elsewhere-v0"})
    assert "Elsewhere-v0" in page_of(run).text


def test_a_config_that_cannot_be_read_is_told(home):
    run = recorded_run(home, "cartpole-ppo")
    run.folder.config_file.write_text("{")
    with pytest.raises(ConfigError, match="is no config"):
        make_report(run, "html")


@pytest.mark.parametrize("form", REPORTS)
def test_each_is_written_under_its_own_name_or_the_name_given(sick, tmp_path, form):
    path = sick.report(form, tmp_path)
    assert path == tmp_path / f"CartPole-v1_PPO_seed101_run-{sick.run_id[-6:]}_{REPORTS[form].suffix}"
    assert sick.report(form, str(tmp_path / "mine")).stat().st_size > 1_000
    assert not [each for each in tmp_path.iterdir() if each.name.endswith(".tmp")]


@pytest.mark.parametrize(("name", "begins"), [("r.json", "{"), ("r.TXT", "The <first>"), ("r.html", "<!"), ("r", "<!")])
def test_the_name_of_the_file_says_the_form(sick, tmp_path, name, begins):
    assert sick.report(target=tmp_path / name).read_text("utf-8").startswith(begins)


def test_mistakes_are_told_with_the_way_out(sick, tmp_path):
    with pytest.raises(UnknownNameError, match=r'no report as "htm"\. Did you mean "html"\?'):
        sick.report("htm", tmp_path)
    with pytest.raises(StorageError, match=r"cannot be written .*: choose another place"):
        sick.report("html", tmp_path / "missing" / "report.html")
    assert list(tmp_path.iterdir()) == []
