"""The registered figures in a report: drawn of the arms that are compared, at the epoch of the comparison."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from bceprobe.comparison.comparable import common_epochs, common_splits
from bceprobe.comparison.drawing import arm_styles
from bceprobe.comparison.grouping import factor_of
from bceprobe.comparison.plotting import draw
from bceprobe.comparison.varying import LOSS
from bceprobe.errors import UsageError
from bceprobe.figures import FIGURES, About, inline_svg
from bceprobe.figures.collapse import strip_epochs
from bceprobe.report import Figure, FigureGroup, Numbers, Text, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.model import Comparison
    from bceprobe.figures import Drawing, Plot
    from bceprobe.report.model import Block

TRAIN = "train"
# What a report shows elsewhere: as curves, on the way, and epoch by epoch.
ELSEWHERE = {"nc", "differences", "gram", "histograms"}
ORDER = ("violins", "uniform", "bias-scores", "amplitudes", "epochs-to-collapse", "features", "collapse")
# These have panels for each arm, and are drawn of the first cell of a design alone.
BY_ARM = {"amplitudes", "features", "collapse", "confusion"}
# Mistakes on data that were trained on are few.
ON_TEST = {"confusion": "test"}
# Runs of an arm whose snapshots are read; arms of a figure with panels for each; rows of numbers in the page.
RUNS, ARMS, ROWS = 3, 6, 4000
# Width on the page for an inch of a figure, in rem.
REM = 6.2
CAPTION = (
    "As bceprobe plot NAME draws them, on the train split unless said so; those of one epoch at epoch {epoch}. What is "
    "read from features is that of the first {runs} runs of an arm at most. None of this is tested."
)


class Missing(NamedTuple):
    """A figure that these runs do not have, and why."""

    name: str
    why: str


def gallery(comparison: Comparison) -> Iterator[Block]:
    """Draw every registered figure that the report does not show already, and say which ones there are none of."""
    names = [*(name for name in ORDER if name in FIGURES), *(name for name in FIGURES if name not in ORDER)]
    found = [_figure(comparison, FIGURES[name]) for name in names if name not in ELSEWHERE]
    figures = tuple(one for one in found if isinstance(one, Figure))
    caption = CAPTION.format(epoch=comparison.epoch, runs=RUNS)
    if figures:
        yield FigureGroup("registered", caption, figures)
    if lacking := [one for one in found if isinstance(one, Missing)]:
        yield Text(f"Not drawn: {'; '.join(f'{one.name} ({printable(one.why)})' for one in lacking)}.")


def _figure(comparison: Comparison, entry: Plot) -> Figure | Missing:
    try:
        drawn = _drawn(comparison, entry)
    except UsageError as error:
        return Missing(entry.name, error.what)
    title = f"{entry.name}: {entry.what}"
    return as_figure(f"plot-{entry.name}", title, title, drawn)


def as_figure(name: str, title: str, description: str, drawn: Drawing) -> Figure:
    """Put a drawing into a page, under a name that is unique there, with its numbers."""
    svg = {"linear": inline_svg(drawn.figure, name, description)}
    width = REM * float(drawn.figure.get_size_inches()[0])
    return Figure(name, description, svg, _numbers(drawn), width=round(width, 1), title=title)


def _drawn(comparison: Comparison, entry: Plot) -> Drawing:
    arms = _arms(comparison, entry)
    runs = [run for arm in arms for run in arm.runs]
    split = ON_TEST.get(entry.name, TRAIN)
    split = split if split in common_splits(runs) else TRAIN
    about = About(split, None if entry.takes.epochs else comparison.epoch, _factor(arms, entry))
    epochs = common_epochs(runs, [split]) if entry.takes.epochs else []
    chosen = [epochs[at] for at in strip_epochs(len(epochs))] if entry.name == "collapse" else epochs
    return draw(entry, arms, about, chosen or [comparison.epoch], styles=arm_styles(comparison))


def _arms(comparison: Comparison, entry: Plot) -> Sequence[Arm]:
    if entry.name not in BY_ARM:
        arms: Sequence[Arm] = comparison.arms
    else:
        arms = comparison.design.cells[0].arms[:ARMS]
    return arms if hasattr(entry.takes, "names") or entry.takes.epochs else [_few(arm) for arm in arms]


def _few(arm: Arm) -> Arm:
    return replace(arm, runs=arm.runs[:RUNS])


def _factor(arms: Sequence[Arm], entry: Plot) -> str:
    """Choose the setting to draw over; the loss where there are several."""
    if "factor" not in entry.options:
        return ""
    try:
        return factor_of(arms)
    except UsageError:
        return LOSS


def _numbers(drawn: Drawing) -> Numbers | None:
    """Lay the plotted numbers out for the page, if there are not too many of them."""
    if not drawn.rows or len(drawn.rows) > ROWS:
        return None
    columns = tuple(drawn.rows[0])
    return Numbers(columns, tuple(tuple(row[column] for column in columns) for row in drawn.rows))
