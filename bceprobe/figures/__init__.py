"""Figures: labelled numbers in, a matplotlib Figure out; one file per figure, the style in one place.

No figure touches pyplot or computes a statistic, and none needs a display.
"""

from bceprobe.figures.curves import Curve, Panel, draw_curves
from bceprobe.figures.style import LineStyle, line_styles
from bceprobe.figures.svg import inline_svg

__all__ = ["Curve", "LineStyle", "Panel", "draw_curves", "inline_svg", "line_styles"]
