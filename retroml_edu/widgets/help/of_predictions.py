"""Predict, then train; and the return as pitch: two more ways to know a curve than to look at it."""

from __future__ import annotations

from collections.abc import Iterator

from retroml_edu.core.prediction import CLAIMED
from retroml_edu.session.predictions import MOST_PREDICTIONS
from retroml_edu.widgets.help.topic import Items, Topic, says

_SURE = f"{100 * CLAIMED:.0f} %"


def topics() -> Iterator[Topic]:
    """Return them."""
    yield Topic(
        "part:Your prediction",
        "Parts of the panel",
        "Your prediction",
        (
            *says(
                "Before a run, draw the mean return that you expect, with mouse, pen, finger or the arrow keys: one "
                "stroke from left to right makes a curve. While it trains, your curve lies over the one that comes, "
                "dashed. Your settings, or your teacher, switch this on.",
                f"The slider under the curve says how sure you are: choose the band so that {_SURE} of the curve "
                "will lie in it. It need not be set.",
                "Afterwards you are told:",
            ),
            Items(
                (
                    "how far your curve was from the real one on average, as a share of the axis: 0 % is perfect;",
                    f"how much of the curve lay within your band, against {_SURE};",
                    "when the rise came, and where you were farthest off;",
                    f"from the second prediction on, how that was over the last {MOST_PREDICTIONS} among these runs.",
                )
            ),
            *says(
                f"Much less than {_SURE} in the band: you were surer than you could be. Much more: you knew more "
                "than you thought. Who is well calibrated comes near what they claim.",
                "The prediction is written once, into prediction.json in the run's folder, and is shown whenever the "
                'run is opened. In a notebook: Lab(predict=True) asks, Lab(predict="required") has Train start nothing '
                "without. What goes on from a model is not asked about.",
            ),
        ),
        "predict expect draw guess calibration band sure interval score teacher",
        ("preference:predict", "part:Learning curves", "files"),
    )
    yield Topic(
        "part:Hear the return",
        "Parts of the panel",
        "Hear the return",
        says(
            "The button in the head of Learning curves plays the mean return as tones, in three and a half seconds "
            "from the first step to the newest: the lowest return is the lowest tone, the highest is three octaves "
            "above. A click is the moment in which the curve reaches its goal, if it does.",
            "As long as the button is pressed in, each new value of the mean return is one quiet tone while it trains, "
            "at most four a second. Press again for silence. The browser remembers it.",
        ),
        "sound tone pitch hear listen sonification audio accessibility blind music",
        ("part:Learning curves", "keyboard"),
    )
