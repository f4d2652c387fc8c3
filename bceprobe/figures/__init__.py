"""Figures: labelled numbers in, a matplotlib Figure out; one file per figure, the style in one place.

No figure touches pyplot or computes a statistic, and none needs a display.
"""

from bceprobe.figures.confusion import Confusion, draw_confusion
from bceprobe.figures.curves import Curve, Panel, Reference, draw_curves
from bceprobe.figures.style import LineStyle, line_styles
from bceprobe.figures.svg import inline_svg
from bceprobe.figures.theory_sweep import Regime, Scores, SweepPanel, draw_theory_sweep
from bceprobe.figures.uniform_curve import UniformCurve, draw_uniform_curves

__all__ = [
    "Confusion",
    "Curve",
    "LineStyle",
    "Panel",
    "Reference",
    "Regime",
    "Scores",
    "SweepPanel",
    "UniformCurve",
    "draw_confusion",
    "draw_curves",
    "draw_theory_sweep",
    "draw_uniform_curves",
    "inline_svg",
    "line_styles",
]
