"""Some sentences in a lesson, with what stands between backticks as code."""

from __future__ import annotations

import anywidget
import traitlets

from retroml_edu.kit.assets import script


class TextCard(anywidget.AnyWidget):
    """A heading and sentences under it.

    Attributes:
        heading: In bold; empty for none.
        sentences: Each a paragraph, or a line of the list.
        listed: Whether they are a list.
    """

    _esm = script("dom.js", "marked_text.js", "text_card.js")
    _css = script("lesson.css")
    heading = traitlets.Unicode().tag(sync=True)
    sentences: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    listed = traitlets.Bool(False).tag(sync=True)
