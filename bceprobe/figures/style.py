"""The look of every figure: fonts, greys, and one colour and marker per loss.

CE is drawn in blue with diamonds and BCE in red with circles, as in the paper. All colours have a contrast of at least
3 to 1 on white and on the dark page, and stay apart for colour-blind readers; markers tell them apart in grey.
"""

from __future__ import annotations

from collections import Counter
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

# Text and axes are drawn in this colour; `inline_svg` turns it into the text colour of the page.
INK = "#20242a"


class LineStyle(NamedTuple):
    """How an arm looks wherever it is drawn."""

    color: str
    marker: str
    glyph: str


BLUE_DIAMOND = LineStyle("#2f72bd", "D", "◆")
RED_CIRCLE = LineStyle("#dd4f45", "o", "●")
OF_LOSS = {"ce": BLUE_DIAMOND, "bce": RED_CIRCLE}
OTHERS = (
    LineStyle("#16896b", "s", "■"),
    LineStyle("#a3622e", "^", "▲"),
    LineStyle("#9257b8", "v", "▼"),
    LineStyle("#6f7781", "P", "✚"),
    LineStyle("#b0508c", "X", "✖"),
    LineStyle("#7d8022", "h", "⬢"),
)

STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 9.0,
    "axes.titlesize": 11.0,
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "grid.alpha": 0.14,
    "grid.color": INK,
    "grid.linewidth": 0.6,
    "legend.fontsize": 10.0,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.6,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "xtick.major.size": 3.0,
    "xtick.major.width": 0.6,
    "ytick.color": INK,
    "ytick.major.size": 0.0,
    "ytick.minor.size": 0.0,
}


def styled() -> AbstractContextManager[None]:
    """Return a context in which figures are made and saved in this style, whatever the user's settings are."""
    settings: dict[Any, Any] = {**mpl.rcParamsDefault}
    return mpl.rc_context(settings | STYLE)


def line_styles(names: Sequence[str]) -> list[LineStyle]:
    """Give each arm a colour and marker, by the name of its loss or else its label.

    Examples
    --------
    >>> [style.glyph for style in line_styles(["CE", "BCE", "focal"])]
    ['◆', '●', '■']
    """
    keys = [name.lower() for name in names]
    count, others = Counter(keys), cycle(OTHERS)
    return [OF_LOSS[key] if key in OF_LOSS and count[key] == 1 else next(others) for key in keys]
