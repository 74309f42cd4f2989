"""Diagnostics: what an error of the machine means, and what to do about it.

`diagnose` recognises the text of an exception; `KNOWN` is the table it goes by.
"""

from __future__ import annotations

from retroml_edu.analysis.diagnostics.diagnosis import diagnose, explained, explained_error, one_line, story
from retroml_edu.analysis.diagnostics.known import KNOWN
from retroml_edu.analysis.diagnostics.known_problem import KnownProblem

__all__ = ["KNOWN", "KnownProblem", "diagnose", "explained", "explained_error", "one_line", "story"]
