"""Figures: labelled numbers in, a matplotlib Figure out; one file per figure, the style in one place.

No figure touches pyplot or computes a statistic, and none needs a display.
"""

from bceprobe.figures.confusion import Confusion, draw_confusion
from bceprobe.figures.curves import Curve, Panel, draw_curves
from bceprobe.figures.style import LineStyle, line_styles
from bceprobe.figures.svg import inline_svg
from bceprobe.figures.uniform_curve import UniformCurve, draw_uniform_curves

__all__ = [
    "Confusion",
    "Curve",
    "LineStyle",
    "Panel",
    "UniformCurve",
    "draw_confusion",
    "draw_curves",
    "draw_uniform_curves",
    "inline_svg",
    "line_styles",
]
