import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from retroml_edu.core.errors import StorageError, UnknownNameError
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.inbox import Inbox, acknowledged, send_command


def test_commands_arrive_once_and_in_order(folder: RunFolder) -> None:
    inbox = Inbox(folder)
    assert inbox.poll() == []
    assert [send_command(folder, name) for name in ("pause", "resume")] == [1, 2]
    first, second = inbox.poll()
    assert (first.number, first.name, second.number, second.name) == (1, "pause", 2, "resume")
    assert first.time_utc.endswith("Z")
    assert inbox.poll() == []
    assert send_command(folder, "stop") == 3
    assert [command.name for command in inbox.poll()] == ["stop"]


def test_what_was_dealt_with_is_not_done_again(folder: RunFolder) -> None:
    inbox = Inbox(folder)
    send_command(folder, "pause")
    send_command(folder, "stop")
    (first, _) = inbox.poll()
    assert acknowledged(folder) == 0
    inbox.acknowledge(first)
    assert acknowledged(folder) == 1
    assert [command.number for command in Inbox(folder).poll()] == [2]


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        "[]",
        '{"command": "rm -rf"}',
        '{"command": null}',
        '{"command": ["stop"]}',
        '{"command": "stop", "x": ' + "[" * 500 + "]" * 500 + "}",
        '{"command": "stop", "x": "' + "x" * 2_000 + '"}',
        "",
    ],
)
def test_nothing_else_is_obeyed(folder: RunFolder, line: str) -> None:
    refused: list[tuple[int, str]] = []
    inbox = Inbox(folder, lambda number, why: refused.append((number, why)))
    folder.control_log.write_text(line + "\n")
    assert send_command(folder, "stop") == 2
    assert [command.number for command in inbox.poll()] == [2]
    assert [number for number, _ in refused] == [1]


def test_a_command_after_a_torn_line_is_whole(folder: RunFolder) -> None:
    folder.control_log.write_text('{"comma')
    assert send_command(folder, "stop") == 2
    assert [command.name for command in Inbox(folder).poll()] == ["stop"]


def test_senders_get_numbers_of_their_own(folder: RunFolder) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: send_command(folder, "pause"), range(40)))
    assert sorted(numbers) == list(range(1, 41))
    assert len(Inbox(folder).poll()) == 40


def test_an_unknown_command_is_not_sent(folder: RunFolder) -> None:
    with pytest.raises(UnknownNameError, match='Did you mean "resume"'):
        send_command(folder, "resum")
    assert not folder.control_log.exists()


def test_an_unwritable_inbox_is_a_sentence(folder: RunFolder) -> None:
    folder.control_log.mkdir()
    with pytest.raises(StorageError, match=r"Cannot write .*control\.jsonl"):
        send_command(folder, "stop")


@pytest.mark.parametrize("text", ["", "[]", json.dumps({"number": "9"})])
def test_a_damaged_acknowledgement_counts_as_none(folder: RunFolder, text: str) -> None:
    folder.acknowledged_file.write_text(text)
    assert acknowledged(folder) == 0
