"""Solutions in a lesson's source: the marks around them, and what a cell is without them."""

from __future__ import annotations

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
"""Lines around what students write themselves."""
GAP = "raise NotImplementedError  # your lines here"


def with_gaps(content: str) -> str:
    """Return a cell as students get it: a gap where a solution stands."""
    lines, inside = [], False
    for line in content.splitlines():
        if line.strip() == BEGIN:
            lines.append(f"{line[: len(line) - len(line.lstrip())]}{GAP}")
            inside = True
        elif line.strip() == END:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def without_marks(content: str) -> str:
    """Return a cell as instructors get it: with the solution, without the lines around it."""
    return "\n".join(line for line in content.splitlines() if line.strip() not in (BEGIN, END))
