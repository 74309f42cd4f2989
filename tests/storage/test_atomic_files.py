from pathlib import Path

import pytest

from retroml_edu.core.errors import StorageError
from retroml_edu.storage import atomic
from retroml_edu.storage.json_text import parse, read_json_object, to_line
from retroml_edu.storage.jsonl import MAX_LINE_BYTES, AppendFile, LineTail, last_lines, whole_lines


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    atomic.write_json(file, {"value": float("nan")})
    assert read_json_object(file) == {"value": None}
    atomic.write_text(file, "second\n")
    assert file.read_bytes() == b"second\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old")

    def fail() -> None:
        with atomic.atomic_file(file) as new:
            new.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match=r"Cannot write .*a: No space left on device\. Free some space"):
        atomic.write_text(tmp_path / "a", "text")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        atomic.write_text(tmp_path / "missing" / "a", "text")


@pytest.mark.parametrize(("refusals", "works"), [(2, True), (99, False)])
def test_windows_refusals_are_waited_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusals: int, works: bool
) -> None:
    left = refusals
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left >= 0:
            raise PermissionError(13, "in use")
        return replace(self, target)

    monkeypatch.setattr(atomic, "_WINDOWS", True)
    monkeypatch.setattr(atomic, "_PATIENCE_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr(Path, "replace", refuse)
    if works:
        atomic.write_text(tmp_path / "a", "text")
        assert (tmp_path / "a").read_text() == "text"
    else:
        with pytest.raises(StorageError, match="in use"):
            atomic.write_text(tmp_path / "a", "text")


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", b""), (b"torn", b""), (b"one\n", b"one\n"), (b"one\ntor", b"one\n"), (b"x" * 200_000, b"")],
)
def test_only_a_torn_last_line_is_cut(tmp_path: Path, before: bytes, after: bytes) -> None:
    file = tmp_path / "log"
    file.write_bytes(before)
    log = AppendFile(file)
    log.append(b"new\n")
    log.close()
    log.close()
    assert file.read_bytes() == after + b"new\n"


def test_a_failed_append_leaves_no_torn_line(tmp_path: Path) -> None:
    log = AppendFile(tmp_path / "log")
    log.append(b"one\n")
    real = log._file

    class FullDisk:
        closed = False

        def write(self, data: bytes) -> int:
            real.write(bytes(data)[:3])
            raise OSError(28, "No space left on device")

        def truncate(self, size: int) -> int:
            return real.truncate(size)

    log._file = FullDisk()  # type: ignore[assignment]
    with pytest.raises(StorageError, match="No space left"):
        log.append(b"two\n")
    log._file = real
    log.append(b"three\n")
    log.close()
    assert (tmp_path / "log").read_bytes() == b"one\nthree\n"


def test_lines_are_read_whole_and_bounded(tmp_path: Path) -> None:
    file = tmp_path / "log"
    assert list(whole_lines(file)) == []
    file.write_bytes(b"one\n" + b"x" * (2 * MAX_LINE_BYTES) + b"\ntwo\ntorn")
    lines = list(whole_lines(file))
    assert [len(line) for line in lines] == [4, MAX_LINE_BYTES, 4]
    assert last_lines(file)[0] == b"two"


def test_last_lines_come_newest_first(tmp_path: Path) -> None:
    file = tmp_path / "log"
    assert last_lines(file) == []
    file.write_bytes(b"one\ntwo\nthree\nto")
    assert last_lines(file) == [b"three", b"two", b"one"]


def test_a_tail_gives_each_line_once(tmp_path: Path) -> None:
    file = tmp_path / "log"
    tail = LineTail(file)
    assert tail.read() == []
    file.write_bytes(b"one\ntw")
    assert tail.read() == [b"one"]
    assert tail.read() == []
    file.write_bytes(b"one\ntwo\n")
    assert tail.read() == [b"two"]


def test_a_tail_tells_how_much_a_bounded_look_has_left(tmp_path: Path) -> None:
    file = tmp_path / "log"
    tail = LineTail(file)
    assert tail.read_share == 1
    tail.read(5)
    assert tail.read_share == 1, "there is no file yet"
    file.write_bytes(b"12345678\n\n" * 4)
    shares = []
    while not shares or shares[-1] < 1:
        tail.read(10)
        shares.append(tail.read_share)
    assert shares == [0.25, 0.5, 0.75, 1]
    with file.open("ab") as log:
        log.write(b"9\nto")
    tail.read(10)
    assert tail.read_share == 1, "a line that is still being written counts as left behind"
    with file.open("ab") as log:
        log.write(b"rn\n" + b"x\n" * 100)
    tail.read(10)
    assert 0 < tail.read_share < 1
    tail.read()
    assert tail.read_share == 1


@pytest.mark.parametrize("length", [MAX_LINE_BYTES, 2 * MAX_LINE_BYTES, 2 * MAX_LINE_BYTES + 5])
def test_a_tail_holds_the_beginning_of_an_overlong_line_only(tmp_path: Path, length: int) -> None:
    file = tmp_path / "log"
    tail = LineTail(file)
    file.write_bytes(b"one\n" + b"x" * length)
    read = tail.read()
    with file.open("ab") as log:
        log.write(b"x\ntwo\n")
    read += tail.read()
    assert [len(line) for line in read] == [3, MAX_LINE_BYTES, 3]
    assert read[-1] == b"two"


@pytest.mark.parametrize("text", ["[" * 40 + "]" * 40, "[" * 100_000, '{"a": ', "NaN,"])
def test_bad_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"deep|Expecting|Extra"):
        parse(text)


def test_a_large_json_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('{"a": "' + "x" * 100 + '"}')
    with pytest.raises(ValueError, match="larger than 50 bytes"):
        read_json_object(tmp_path / "a", max_bytes=50)


def test_numpy_scalars_are_plain_numbers() -> None:
    import numpy as np

    data = {"a": np.float32(0.5), "b": np.int64(3), "c": np.float64("inf"), "d": np.arange(2), "e": [np.float32("nan")]}
    assert to_line(data) == '{"a":0.5,"b":3,"c":null,"d":[0,1],"e":[null]}'
