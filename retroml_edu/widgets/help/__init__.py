"""The help: topics in plain words.

Those on settings, figures, insights, files and problems are read from where these are declared.
"""

from __future__ import annotations

from retroml_edu.widgets.help.page import HelpPage
from retroml_edu.widgets.help.topics import all_topics

__all__ = ["HelpPage", "all_topics"]
