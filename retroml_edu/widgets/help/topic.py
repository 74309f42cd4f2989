"""A topic of the help, and what it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, get_args

Group = Literal[
    "Start here",
    "Parts of the panel",
    "Settings of a run",
    "Figures and curves",
    "Insights",
    "Games",
    "Around the panel",
    "Your settings",
    "Problems and remedies",
]
GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; the `lead` stands before it, in bold."""

    text: str
    lead: str = ""
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `ordered` where one item comes after the other."""

    items: tuple[str, ...]
    ordered: bool = False
    kind: Literal["items"] = "items"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of a row says what the row is about."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Code:
    """Lines as they are typed, or as the computer writes them."""

    text: str
    kind: Literal["code"] = "code"


Block: TypeAlias = Paragraph | Items | Table | Code


@dataclass(frozen=True, slots=True)
class Topic:
    """One page of the help.

    Attributes:
        id: What links name, such as ``setting:seed``.
        group: Under which heading it is listed.
        title: What it is about.
        blocks: What it says.
        words: Further words by which it is found, such as the name in a file.
        see: Ids of topics to read on in.
    """

    id: str
    group: Group
    title: str
    blocks: tuple[Block, ...]
    words: str = ""
    see: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the topic as the page takes it."""
        return asdict(self)


def says(*texts: str) -> tuple[Paragraph, ...]:
    """Return paragraphs."""
    return tuple(map(Paragraph, texts))


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table."""
    return Table(caption, tuple(head), tuple(map(tuple, rows)))
