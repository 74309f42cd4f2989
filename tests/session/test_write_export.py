"""A run taken away: every form opens, every mistake is told."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
import zipfile
from html.parser import HTMLParser

import pytest
from PIL import Image

from retroml_edu.core.errors import StorageError, UnknownNameError
from retroml_edu.session.export import EXPORTS, file_name, make_export
from retroml_edu.session.history import load_run
from retroml_edu.storage.atomic import write_json


def test_the_table_has_a_row_for_every_update_and_game(trained):
    run, _ = trained
    rows = list(csv.DictReader(io.StringIO(make_export(run, "csv").decode())))
    assert len(rows) == len(run.metrics()) + len(run.episodes())
    assert float(rows[-1]["step"]) == 3_072


def test_the_json_explains_its_columns(trained):
    run, _ = trained
    content = json.loads(make_export(run, "json"))
    assert {"name", "unit", "meaning"} <= set(content["columns"][0])
    assert set(content["data"]) == {column["name"] for column in content["columns"]}


def test_the_pictures_open(trained):
    run, _ = trained
    picture = Image.open(io.BytesIO(make_export(run, "png")))
    assert picture.format == "PNG"
    assert min(picture.size) > 400
    assert ET.fromstring(make_export(run, "svg")).tag == "{http://www.w3.org/2000/svg}svg"


def test_the_page_is_html(trained):
    run, _ = trained
    page = make_export(run, "html").decode()
    assert page.lstrip().lower().startswith("<!doctype html>")
    HTMLParser().feed(page)


def test_the_zip_is_the_folder(trained):
    run, result = trained
    with zipfile.ZipFile(io.BytesIO(make_export(run, "zip"))) as archive:
        assert archive.testzip() is None
        assert archive.read(f"{run.run_id}/model.zip") == result.model_path.read_bytes()


@pytest.mark.parametrize("what", EXPORTS)
def test_each_is_written_under_its_own_name_or_the_name_given(trained, tmp_path, what):
    run, _ = trained
    path = run.export(what, tmp_path)
    assert path == tmp_path / f"CartPole-v1_PPO_seed7_run-{run.run_id[-6:]}_{EXPORTS[what].suffix}"
    named = run.export(what, tmp_path / "mine")
    assert named.stat().st_size > 0


def test_the_current_folder_is_the_default(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert trained[0].export("csv").parent == tmp_path


def test_an_unknown_form_is_told_with_the_closest(trained):
    with pytest.raises(UnknownNameError, match=r'no export "jsn"\. Did you mean "json"\? There are: csv, json, png'):
        trained[0].export("jsn")


def test_a_place_that_cannot_be_written_is_told(trained, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for target in (tmp_path / "missing" / "table.csv", tmp_path / "file" / "table.csv", tmp_path / ("x" * 300)):
        with pytest.raises(StorageError, match=r"cannot be written .*: choose another place"):
            trained[0].export("csv", target)


@pytest.fixture
def foreign(start):
    """A run whose config names an environment that is not registered here."""
    run = start()
    run.wait()
    stored = load_run(run.run_id, run.path.parent)

    def rename(env_id):
        write_json(stored.folder.config_file, stored.config.to_json_dict() | {"env_id": env_id})
        return stored

    return rename


@pytest.mark.parametrize("env_id", ["../../Evil-v0", "ALE/Pong-v5", "a+c-v0", "..", "Spiel-für-alle-v0"])
def test_a_file_name_is_safe_whatever_the_environment_is_called(foreign, env_id):
    run = foreign(env_id)
    name = file_name(run, "csv")
    assert name.endswith(f"_PPO_seed7_run-{run.run_id[-6:]}_metrics.csv")
    assert not set(name) & set('/\\:*?"<>| ')


@pytest.mark.parametrize("what", ["csv", "png", "html"])
def test_a_run_on_an_environment_that_is_not_here_can_still_be_taken_away(foreign, tmp_path, what):
    assert foreign("Elsewhere-v0").export(what, tmp_path).stat().st_size > 100
