"""YAML and JSON from anybody, read as plain values that know on which line they stand.

Both are read strictly: no tags, no anchors, no name twice, bounded in depth and number of values. YAML's plain
words mean what its version 1.2 says: ``1e-3`` is a number, and ``no`` and ``on`` are words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, cast

import yaml
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.scanner import Scanner

MAX_DEPTH = 16
MAX_VALUES = 5_000
MAX_DIGITS = 300
MAX_SHOWN = 80
_TOO_DEEP = f"groups and lists are nested more than {MAX_DEPTH} levels deep"

_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_WHOLE = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.inf|\.nan")
_MANY_DIGITS = re.compile(rf"[0-9]{{{MAX_DIGITS + 1}}}")
_JSON_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s{}\[\]:,"]+')

# What PyYAML says, by its beginning, in words for people who have never read YAML's grammar.
_IN_WORDS = {
    "found character '\\t'": "there is a tab: indent with spaces",
    "mapping values are not allowed": 'a ":" stands where none can: is the line indented too far, or does a text that '
    "holds one lack its quotes?",
    "could not find expected ':'": 'a ":" is missing after a name',
    "expected <block end>": "the line is not indented like those it belongs to",
    "expected the node content, but found '<stream end>'": "a bracket is opened and never closed",
    "expected ',' or ']'": "a comma or a closing bracket is missing",
    "expected ',' or '}'": "a comma or a closing brace is missing",
    "found unexpected end of stream": "a quote is opened and never closed",
}


class MarkedTextError(ValueError):
    """A text that cannot be read.

    Attributes:
        line: Where, counted from 1.
    """

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Marked(NamedTuple):
    """A value and where its parts stand.

    Attributes:
        value: Plain dicts, lists, texts, numbers, booleans and None.
        lines: Line of each name or item, counted from 1, by its dotted path.
    """

    value: Any
    lines: dict[str, int]


class _Part(NamedTuple):
    """A single value, or the begin or end of a group or list."""

    kind: Literal["{", "}", "[", "]", "value"]
    line: int
    text: str = ""
    value: Any = None


def read_yaml(text: str) -> Marked:
    """Read one YAML document.

    Raises:
        MarkedTextError: If it is broken, too deep or too long, or asks for more than plain values.
    """
    _check_digits(text)
    try:
        parser = _YamlParser(text)
    except ReaderError as error:
        raise MarkedTextError("there is a character that no text holds", _line_of(text, error.position)) from None
    try:
        return _Composer(_yaml_parts(parser)).whole()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "this is no YAML"
        words = next((said for start, said in _IN_WORDS.items() if problem.startswith(start)), problem)
        raise MarkedTextError(words, mark.line + 1 if mark else 1) from None
    except MarkedTextError:
        raise
    except (ValueError, OverflowError):  # an escape that stands for no character
        raise MarkedTextError("there is a character that does not exist", parser.line + 1) from None


def read_json(text: str) -> Marked:
    """Read JSON.

    Raises:
        MarkedTextError: If it is broken, too deep or too long.
    """
    _check_digits(text)
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise MarkedTextError(error.msg[:1].lower() + error.msg[1:], error.lineno) from None
    except RecursionError:
        raise MarkedTextError(_TOO_DEEP, 1) from None
    return _Composer(_json_parts(text)).whole()


class _Composer:
    """Puts parts together, notes their lines and keeps the bounds."""

    def __init__(self, parts: Iterator[_Part]) -> None:
        self._parts = parts
        self._lines: dict[str, int] = {}

    def whole(self) -> Marked:
        first = next(self._parts, None)
        if first is None:
            raise MarkedTextError("there is nothing in it", 1)
        value = self._value(first, ())
        more = next(self._parts, None)
        if more is not None:
            raise MarkedTextError("a second document begins here: one file holds one", more.line)
        return Marked(value, self._lines)

    def _value(self, first: _Part, path: tuple[str, ...]) -> Any:
        if first.kind == "value":
            return first.value
        if len(path) >= MAX_DEPTH:
            raise MarkedTextError(_TOO_DEEP, first.line)
        return self._group(path) if first.kind == "{" else self._list(path)

    def _group(self, path: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while (name := next(self._parts)).kind != "}":
            if name.kind != "value":
                raise MarkedTextError("a name is missing before this group or list", name.line)
            if name.text in found:
                shown = json.dumps(name.text[:MAX_SHOWN])
                raise MarkedTextError(f"{shown} stands here again; line {lines[name.text]} has it too", name.line)
            lines[name.text] = name.line
            found[name.text] = self._part(next(self._parts), (*path, name.text), name.line)
        return found

    def _list(self, path: tuple[str, ...]) -> list[Any]:
        found: list[Any] = []
        while (first := next(self._parts)).kind != "]":
            found.append(self._part(first, (*path, str(len(found))), first.line))
        return found

    def _part(self, first: _Part, path: tuple[str, ...], line: int) -> Any:
        if len(self._lines) >= MAX_VALUES:
            raise MarkedTextError(f"there are more than {MAX_VALUES:,} values", line)
        self._lines[".".join(path)] = line
        return self._value(first, path)


class _YamlParser(Reader, Scanner, Parser):
    """PyYAML up to its events: what makes Python objects of them is left out."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def _yaml_parts(parser: _YamlParser) -> Iterator[_Part]:
    while parser.check_event():
        event = parser.get_event()  # type: ignore[no-untyped-call]  # PyYAML has no types here
        line = event.start_mark.line + 1
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise MarkedTextError("anchors and aliases (& and *) are not read: write the value out", line)
        if getattr(event, "tag", None) is not None:
            raise MarkedTextError("tags (!) are not read: settings are plain numbers, words and lists", line)
        if isinstance(event, yaml.ScalarEvent):
            yield _Part("value", line, event.value, event.value if event.style else _plain(event.value))
        elif type(event) in _SIGNS:
            yield _Part(_SIGNS[type(event)], line)


_SIGNS: dict[type[yaml.Event], Literal["{", "}", "[", "]"]] = {
    yaml.MappingStartEvent: "{",
    yaml.MappingEndEvent: "}",
    yaml.SequenceStartEvent: "[",
    yaml.SequenceEndEvent: "]",
}


def _plain(word: str) -> Any:
    """Return what an unquoted word means (YAML 1.2, core schema, decimal numbers)."""
    if word in _WORDS:
        return _WORDS[word]
    if _WHOLE.fullmatch(word):
        return int(word)
    if _NUMBER.fullmatch(word) or _ENDLESS.fullmatch(word):
        return float(word.replace(".inf", "inf").replace(".nan", "nan"))
    return word


def _json_parts(text: str) -> Iterator[_Part]:
    """Yield the parts of a text that is known to be JSON."""
    line, end = 1, 0
    for match in _JSON_PART.finditer(text):
        line += text.count("\n", end, match.start())
        end = match.start()
        part = match.group()
        if part in ("{", "}", "[", "]"):
            yield _Part(cast("Literal['{', '}', '[', ']']", part), line)
        else:
            value = json.loads(part)
            yield _Part("value", line, value if isinstance(value, str) else "", value)


def _check_digits(text: str) -> None:
    # Turning digits into a number takes time with the square of their count.
    found = _MANY_DIGITS.search(text)
    if found:
        raise MarkedTextError(f"there is a number of more than {MAX_DIGITS} digits", _line_of(text, found.start()))


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
