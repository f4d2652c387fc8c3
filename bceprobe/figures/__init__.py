"""Figures: labelled numbers in, a matplotlib Figure out; one file per figure, the style in one place.

One decorated function (`figure`) is a figure: registration gives it its place in `bceprobe plot`. What is plotted is
first made into a tidy table. No figure touches pyplot, tests a hypothesis or needs a display.
"""

from bceprobe.figures.base import FIGURES, About, Arm, Drawing, Film, Metrics, Plot, Prepared, Snapshots, figure
from bceprobe.figures.confusion import Confusion, draw_confusion
from bceprobe.figures.curves import Curve, Panel, Reference, draw_curves
from bceprobe.figures.style import LineStyle, line_styles
from bceprobe.figures.svg import inline_svg
from bceprobe.figures.theory_sweep import Regime, Scores, SweepPanel, draw_theory_sweep
from bceprobe.figures.uniform_curve import UniformCurve, draw_uniform_curves

__all__ = [
    "FIGURES",
    "About",
    "Arm",
    "Confusion",
    "Curve",
    "Drawing",
    "Film",
    "LineStyle",
    "Metrics",
    "Panel",
    "Plot",
    "Prepared",
    "Reference",
    "Regime",
    "Scores",
    "Snapshots",
    "SweepPanel",
    "UniformCurve",
    "draw_confusion",
    "draw_curves",
    "draw_theory_sweep",
    "draw_uniform_curves",
    "figure",
    "inline_svg",
    "line_styles",
]
