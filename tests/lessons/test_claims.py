"""What lessons claim has been measured on the present sources, and holds."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from retroml_edu.classroom.builds import build
from retroml_edu.classroom.claims import FEWEST_SEEDS
from tests.lessons import claims
from tests.lessons.sources import LESSONS, begin, code_cells

each_lesson = pytest.mark.parametrize("source", LESSONS, ids=lambda source: source.stem)


@each_lesson
def test_the_table_belongs_to_the_present_sources_and_every_claim_holds(source: Path) -> None:
    mend = f"measure its claims anew: make claims ARGS={source.stem}"
    kept = claims.read().get(source.stem)
    assert kept is not None, mend
    assert kept["digest"] == claims.digest(source), mend
    assert [claim["text"] for claim in kept["claims"] if claim["verdict"] != "holds"] == []
    assert len(kept["claims"]) >= len([cell for cell in code_cells(source) if "claim" in tags(cell)])
    for claim in kept["claims"]:
        assert claim["seeds"] == claim["of_seeds"] >= FEWEST_SEEDS


def test_the_table_is_what_was_kept() -> None:
    kept = claims.read()
    assert set(kept) == {source.stem for source in LESSONS}
    assert not kept or claims.TABLE.read_text("utf-8") == claims.to_markdown(kept)


@each_lesson
def test_the_tag_of_claims_is_where_claims_are(source: Path) -> None:
    for cell in build(source, "instructor").cells:
        claiming = cell.cell_type == "code" and "lesson.claim" in called(cell.source)
        assert claiming is ("claim" in tags(cell)), cell.source


def tags(cell: Any) -> list[str]:
    found: list[str] = cell.metadata.get("tags", [])
    return found


def called(code: str) -> set[str]:
    """Return the names of what some code calls; lines for IPython are left out."""
    lines = (line for line in code.splitlines() if not line.lstrip().startswith(("%", "!")))
    calls = (node for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, ast.Call))
    return {ast.unparse(call.func) for call in calls}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return begin(tmp_path)


def test_claims_are_measured_with_all_their_seeds_one_that_fails_too(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETROML_BUDGET", "quick")
    wrong = (
        '\n# %% tags=["claim"]\nlesson.claim("Tosses are seldom heads.", lambda rng: rng.random() < 0.5, below=0.1)\n'
    )
    source.write_text(source.read_text("utf-8").replace("\n# %%\nrng =", f"{wrong}\n# %%\nrng ="), "utf-8")
    ((_, found),) = claims.measured([source])
    assert [(each.verdict, each.seeds, each.of_seeds) for each in found] == [
        ("holds", 400, 400),
        ("does not hold", 200, 200),
    ]
    kept = [{name: getattr(each, name) for name in each.__slots__ if name != "lesson"} for each in found]
    table = claims.to_markdown({"99-begun": {"claims": kept}})
    assert "| 99-begun | The mean return of coin tosses is about 5. | " in table
    assert " | between 4.5 and 5.5 | 400 | " in table
    assert table.endswith(" | does not hold |\n")


def test_a_cell_that_fails_otherwise_is_told(source: Path) -> None:
    source.write_text(source.read_text("utf-8") + "\n# %%\n1 / 0\n", "utf-8")
    with pytest.raises(RuntimeError, match=r"99-begun\.py, code cell 10: ZeroDivisionError"):
        list(claims.measured([source]))


def test_the_digest_looks_at_code_and_not_at_prose(source: Path) -> None:
    text = source.read_text("utf-8")
    before = claims.digest(source)
    source.write_text(text.replace("## Explain", "## Why"), "utf-8")
    assert claims.digest(source) == before
    source.write_text(text.replace("total = reward + gamma * total", "total = gamma * total + reward"), "utf-8")
    assert claims.digest(source) != before


def test_a_table_that_came_out_as_it_was_is_not_called_new(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = source.parent
    monkeypatch.setattr(claims, "ROOT", folder.parent)
    monkeypatch.setattr(claims, "JSON", folder / "claims.json")
    monkeypatch.setattr(claims, "TABLE", folder / "claims.md")
    monkeypatch.setattr(claims, "LESSONS", [source])
    monkeypatch.setattr(claims, "measured", lambda sources: [(each, []) for each in sources])
    for news in ("is new", "is unchanged"):
        assert claims.main([]) == 0
        assert Path("lessons", f"claims.md {news}.").as_posix() in capsys.readouterr().out
