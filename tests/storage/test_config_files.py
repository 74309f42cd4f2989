"""Settings as YAML and JSON: there and back exactly, mistakes with their line, nothing ever executed."""

import json
import re
import tracemalloc

import pytest
import yaml

from retroml_edu.core.config import ALGORITHMS, ExperimentConfig
from retroml_edu.core.errors import ConfigError
from retroml_edu.core.migration import SCHEMA_VERSION
from retroml_edu.envs import resolve_config
from retroml_edu.storage.config_files import MAX_BYTES, config_of_text, config_text, read_config_file
from tests.storage.config_mutations import config_mutations

FORMS = ("yaml", "json")
START = "env_id: CartPole-v1\n"


def refused(text, name="my.yaml"):
    with pytest.raises(ConfigError) as caught:
        config_of_text(text, name)
    return str(caught.value)


class TestThereAndBack:
    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    @pytest.mark.parametrize("env_id", ["CartPole-v1", "ALE/Breakout-v5"])
    def test_a_resolved_config_comes_back_exactly(self, form, algorithm, env_id):
        config = resolve_config(ExperimentConfig(env_id=env_id, algorithm=algorithm, seed=3))
        assert config_of_text(config_text(config, form), f"a.{form}") == config

    @pytest.mark.parametrize("form", FORMS)
    def test_what_was_left_open_stays_open(self, form):
        config = ExperimentConfig(env_id="CartPole-v1", seed=3, hyperparameters={"target_kl": None, "gamma": 0.9})
        back = config_of_text(config_text(config, form), f"a.{form}")
        assert back == config
        assert (back.n_envs, back.normalize) == (None, None)
        assert back.hyperparameters.model_fields_set == {"target_kl", "gamma"}
        assert resolve_config(back) == resolve_config(config)

    @pytest.mark.parametrize("form", FORMS)
    def test_a_length_that_was_left_open_stays_open(self, form):
        config = ExperimentConfig(env_id="RetroML/PongPixels-v0", seed=3)
        for back in (config_of_text(config_text(config, form), f"a.{form}"), ExperimentConfig(**config.to_json_dict())):
            assert "run_type" not in back.model_fields_set
            assert resolve_config(back).total_timesteps == 400_000
        assert resolve_config(config).to_json_dict()["total_timesteps"] == 400_000

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("number", [1e-5, 1e-06, 0.1, 3e-4, 1 / 30, 0.09999999999999998, 5e-2, 0.09999999999999999])
    def test_floats_come_back_to_the_last_bit(self, form, number):
        config = ExperimentConfig(env_id="CartPole-v1", seed=3, hyperparameters={"learning_rate": number})
        back = config_of_text(config_text(config, form), f"a.{form}")
        assert back.hyperparameters.learning_rate.hex() == float(number).hex()

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize(
        "settings",
        [
            {"run_type": "custom", "total_timesteps": 12_345},
            {"run_type": "long", "deterministic": True, "device": "cpu", "engine": "fast"},
            {"checkpoints": {"every_steps": 500, "keep": 7, "every_s": 12.5}, "video": {"milestones": [0.3, 1]}},
            {"algorithm": "DQN", "hyperparameters": {"net_arch": [5, 7], "buffer_size": 123}},
        ],
    )
    def test_every_part_comes_back(self, form, settings):
        config = ExperimentConfig(env_id="CartPole-v1", seed=3, **settings)
        assert config_of_text(config_text(config, form), f"a.{form}") == config

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("env_id", ["no", "True", "null", "1e5", "007", "-", ".inf", "Ünï-v1", "a/b+c-v0", "on"])
    def test_an_id_that_looks_like_something_else_stays_an_id(self, form, env_id):
        config = ExperimentConfig(env_id=env_id, seed=3)
        assert config_of_text(config_text(config, form), f"a.{form}").env_id == env_id

    def test_another_reader_of_yaml_understands_it_the_same(self):
        config = resolve_config(ExperimentConfig(env_id="no", seed=3).changed(env_id="ALE/Pong-v5", algorithm="DQN"))
        config = config.changed(hyperparameters=config.hyperparameters.model_dump() | {"learning_rate": 1e-5})
        assert ExperimentConfig(**yaml.safe_load(config_text(config))) == config

    def test_what_belongs_to_one_run_stays_with_it(self):
        config = ExperimentConfig(
            env_id="CartPole-v1",
            seed=3,
            parent={"run_id": "019b0000-0000-7000-8000-000000000000", "step": 5},
            group_id="mine",
            owner="ada",
        )
        for form in FORMS:
            assert not {"019b0000-0000-7000-8000-000000000000", "mine", "ada"} & set(
                config_text(config, form).split('"')
            )
        assert config_of_text(json.dumps(config.to_json_dict()), "config.json").parent is None

    def test_the_same_config_gives_the_same_text(self):
        config = ExperimentConfig(env_id="CartPole-v1", seed=3)
        assert config_text(config) == config_text(config_of_text(config_text(config), "a.yaml"))

    def test_the_yaml_teaches(self):
        text = config_text(resolve_config(ExperimentConfig(env_id="CartPole-v1", seed=3)))
        lines = text.splitlines()
        for name, said in {
            "  learning_rate:": "# Step size: how far one update moves the weights. (from 1e-06, up to 0.1)",
            "run_type:": "# How long to train. (one of quick, short, medium, long, custom)",
            "  every_steps:": "(from 1, or null)",
            "n_envs:": "Copies of the game",
        }.items():
            (at,) = (number for number, line in enumerate(lines) if line.startswith(name))
            assert said in lines[at - 1]


class TestByHand:
    def test_little_is_enough(self):
        config = config_of_text("env_id: CartPole-v1", "a.yml")
        assert (config.algorithm, config.run_type, config.schema_version) == ("PPO", "quick", SCHEMA_VERSION)

    def test_yaml_1_2_words_and_numbers(self):
        config = config_of_text(
            "env_id: CartPole-v1\nowner: no\ngroup_id: on\ndeterministic: true\nseed: 010\n"
            "hyperparameters:\n  learning_rate: 1e-3\n  gamma: .5\n  target_kl: ~\n  net_arch: [8, 8]\n",
            "a.yaml",
        )
        assert (config.owner, config.group_id, config.deterministic, config.seed) == ("no", "on", True, 10)
        settings = config.hyperparameters
        assert (settings.learning_rate, settings.gamma, settings.target_kl) == (0.001, 0.5, None)
        assert settings.net_arch == (8, 8)

    @pytest.mark.parametrize(
        "content", ["\ufeffenv_id: CartPole-v1\r\nseed: 3\r\n".encode(), b"env_id: CartPole-v1\nseed: 3"]
    )
    def test_windows_files_are_read(self, content):
        assert config_of_text(content, "a.yaml").seed == 3

    def test_json_with_tabs_escapes_and_surrogate_pairs(self):
        text = '{\n\t"env_id": "ALE\\/Pong-v5",\n\t"owner": "\\ud83d\\ude00\\u00e9"\n}'
        config = config_of_text(text, "a.json")
        assert (config.env_id, config.owner) == ("ALE/Pong-v5", "😀é")

    def test_a_file_of_version_1_is_read(self):
        assert config_of_text(START + "schema_version: 1", "a.yaml").schema_version == SCHEMA_VERSION


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (START + "hyperparameters:\n  # too much\n  learning_rate: 5", "line 4: learning_rate=5: it must be less than"),
        (START + "hyperparameters:\n  learning_rat: 5", 'line 3: "learning_rat" is no.*Did you mean "learning_rate"'),
        (START + "\n\nlearning_rate: 0.1", 'line 4: "learning_rate" is no setting of a run. It belongs under hyperp'),
        (START + "seed: 1\nn_envs: 2\nseed: 3", 'line 4: "seed" stands here again; line 2 has it too'),
        (START + "video:\n  milestones:\n  - 0\n  - 2", r"line 5: milestones=2.*less than or equal to 1"),
        (START + "seed: [1]", r"line 2: seed=\[1\]: it must be a valid integer"),
        (START + "total_timesteps: 5", "line 2: total_timesteps=5 goes with"),
        (START + "schema_version: 99", "line 2: this config has schema version 99.*update retroml_edu"),
        (START + "algorithm: PPP", "line 2: algorithm='PPP' is not one of.*Did you mean \"PPO\""),
        (START + "device: cpu: 3", 'line 2: a ":" stands where none can'),
        (START + "video:\n\tenabled: true", "line 3: there is a tab: indent with spaces"),
        (START + "video:\n   enabled: true\n  quality: high", "line 4: the line is not indented like"),
        (START + "owner: 'me", "line 2: a quote is opened and never closed"),
        (START + "video: {enabled: true", "a comma or a closing brace is missing"),
        (START + "owner: &me x\ngroup_id: *me", "line 2: anchors and aliases"),
        (START + "group_id: *me", "line 2: anchors and aliases"),
        (START + "owner: !!python/object/apply:os.system ['echo']", "line 2: tags"),
        (START + "owner: ! x", "line 2: tags"),
        (START + "video: !!map {}", "line 2: tags"),
        (START + "? [a]\n: b", "line 2: a name is missing"),
        (START + "<<: {seed: 1}", 'line 2: "<<" is no setting'),
        (START + "---\nseed: 1", "line 3: a second document"),
        (START + "seed: " + "9" * 301, "line 2: there is a number of more than 300 digits"),
        (START + 'owner: "\\UFFFFFFFF"', "line 2: there is a character that does not exist"),
        (START + "owner: \0", "line 2: there is a character that no text holds"),
        (START + "owner: " + "[" * 20 + "]" * 20, "line 2: groups and lists are nested more than 16 levels"),
        (START + "owner: [" + "1," * 5_001 + "]", "line 2: there are more than 5,000 values"),
        (START + "hyperparameters:\n  gamma: .inf", "line 3: gamma=inf: it must be a finite number"),
        (START + "hyperparameters:\n  gamma: 1e999", "line 3: gamma=inf"),
        ("seed: 1\nenv_id: os:CartPole-v1", 'line 2: env_id="os:CartPole-v1" would import the module "os"'),
        ("", "line 1: there is nothing in it"),
        ("# nothing", "there is nothing in it"),
        ("- 1", "my.yaml holds no settings"),
        ("CartPole-v1", "my.yaml holds no settings"),
        ("seed: 1", 'my.yaml: "env_id" is missing'),
        ("x" * (MAX_BYTES + 1), "the file is larger than 256 KB"),
        (b"env_id: x\nowner: \xff", "line 2: this is no UTF-8 text"),
        ("env_id: CartPole-v1".encode("utf-16"), "line 1: this is no UTF-8 text"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_line(text, said):
    with pytest.raises(ConfigError, match=r"(?s)^my\.yaml.*" + said.removeprefix("my.yaml")):
        config_of_text(text, "my.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"env_id": "CartPole-v1",\n\n "seed": -1}', "line 3: seed=-1"),
        ('{"env_id": "CartPole-v1",\n "video": {\n"length_s": 0}}', "line 3: length_s=0"),
        ('{"env_id": "CartPole-v1",\n "video": {\n"milestones": [\n0,\n7]}}', "line 5: milestones=7"),
        ('{"seed": 1,\n"env_id": "CartPole-v1",\n"seed": 2}', 'line 3: "seed" stands here again; line 1 has it too'),
        ('{"env_id": "CartPole-v1",\n}', "line 2: "),
        ('{"env_id": "CartPole-v1"', "line 1: expecting"),
        ('{"env_id": "CartPole-v1"}\n{}', "line 2: extra data"),
        ('{"env_id": "CartPole-v1", "seed": NaN}', "line 1: seed=nan"),
        ("[" * 100_000, "nested more than"),
        ("[" * 17 + "]" * 17, "nested more than"),
        ("[]", "holds no settings"),
        ("", "line 1: expecting value"),
        ('{"env_id": "\\ud800"}', "line 1: "),
    ],
)  # fmt: skip
def test_a_mistake_in_json_is_said_with_its_line_too(text, said):
    with pytest.raises(ConfigError, match=r"(?s)^my\.json.*" + said):
        config_of_text(text, "my.json")


def test_all_mistakes_are_said_in_the_order_of_the_lines():
    said = refused(START + "video:\n  quality: best\nseed: -1\nwrong: 1\nn_envs: 0\n")
    assert re.findall(r"line (\d)", said) == ["3", "4", "5", "6"]


def test_thousands_of_mistakes_are_not_all_said():
    said = refused(START + "".join(f"setting{number}: 1\n" for number in range(4_000)))
    assert "3,990 more problems like these" in said
    assert len(said) < 2_000


@pytest.mark.parametrize("name", ["my.toml", "my", "", "yaml", ".yaml.exe"])
def test_other_kinds_of_files_are_refused(name):
    assert "names end in .yaml, .yml, .json" in refused(START, name)


def test_a_name_that_could_steer_a_terminal_is_shown_harmlessly():
    assert refused("", "a\x1b[31m\u202e.yaml").startswith(r"a\x1b[31m\u202e.yaml, line 1")


class TestFiles:
    @pytest.mark.parametrize("name", ["a.yaml", "a.yml", "A.YAML"])
    def test_a_file_is_read_by_its_ending(self, tmp_path, name):
        (tmp_path / name).write_text(START + "seed: 5", "utf-8")
        assert read_config_file(tmp_path / name).seed == 5

    def test_a_runs_own_config_can_be_used_again(self, folder, config):
        assert read_config_file(folder.config_file) == config

    def test_what_is_not_there_is_said(self, tmp_path):
        with pytest.raises(ConfigError, match=r'gone\.yaml" cannot be read: No such file'):
            read_config_file(tmp_path / "gone.yaml")
        with pytest.raises(ConfigError, match="cannot be read"):
            read_config_file(tmp_path)
        with pytest.raises(ConfigError, match="is no file name"):
            read_config_file("a\0.yaml")

    def test_a_huge_file_is_not_read_whole(self, tmp_path):
        with (tmp_path / "big.yaml").open("wb") as file:
            file.truncate(2**33)
        tracemalloc.start()
        try:
            with pytest.raises(ConfigError, match="larger than 256 KB"):
                read_config_file(tmp_path / "big.yaml")
            assert tracemalloc.get_traced_memory()[1] < 10 * MAX_BYTES
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]",
        "[" * 200_000,
        "{a: " * 50_000,
        "- " * 100_000,
        "? " * 100_000,
        "a: " + "b " * 100_000,
        "x" * 200_000 + ": 1",
    ],
)
def test_bombs_take_little_memory(text):
    tracemalloc.start()
    try:
        refused(text)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


def test_whatever_a_file_holds_it_is_a_config_or_a_sentence():
    configs, said = [], []
    for text, form in config_mutations(seed=20, count=2_000):
        try:
            configs.append(config_of_text(text, f"a.{form}"))
        except ConfigError as error:
            said.append(str(error))
    assert all(sentence.startswith(("a.yaml", "a.json")) and len(sentence) < 5_000 for sentence in said)
    assert not [config.env_id for config in configs if ":" in config.env_id]
    assert len(said) > 100
    assert len(configs) > 100
    for config in configs:
        back = config_of_text(config_text(config), "a.yaml")
        assert back == config.changed(group_id=None, owner=None)
