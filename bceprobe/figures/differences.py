"""`differences`: how each arm goes its own way from the first one over the epochs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.ticker import PercentFormatter

from bceprobe.errors import UsageError
from bceprobe.figures.base import Drawing, Prepared, figure
from bceprobe.figures.curves import Band, Curve, Panel, fill
from bceprobe.figures.labels import short_label
from bceprobe.figures.layout import crowded, keys, legend_below, lines_of, panels
from bceprobe.figures.style import INK, styled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr
    from matplotlib.axes import Axes

    from bceprobe.figures.base import About, Arm, Row

TITLES = {
    "nc1": "NC1, ratio",
    "nc2": "NC2, ratio",
    "nc3": "NC3, ratio",
    "uniform_accuracy": "Uniform accuracy",
}
RATIO, LONGEST = 1.0, 24
KEY = "difference"


@figure("differences", Prepared("differences", epochs=True))
def differences(arms: Sequence[Arm], about: About) -> Drawing:
    """Difference curves: each arm against the first over the epochs, with a 95 % band over the seeds.

    Where other settings vary beside the loss, an arm is set against the one of the first loss that is like it else. NC
    metrics are compared by the ratio of geometric means, shares by the difference of means.

    Raises
    ------
    UsageError
        There is one arm alone.
    """
    if len(arms) == 1:
        raise UsageError("differences need two arms, but the runs differ in nothing but their seed", "Add other runs")
    others = [arm for arm in arms if KEY in arm.data]
    with styled():
        drawn, grid = panels(len(TITLES), 2)
        for axes, (name, title) in zip(grid, TITLES.items(), strict=True):
            _draw(axes, others, name, title)
        for axes in grid[::2]:
            axes.set_ylabel(f"against {_against(others)}\n{about.place}")
        drawn.suptitle("\n".join(dict.fromkeys(str(arm.data[KEY].attrs["band"]) for arm in others)), size=9.0)
        legend_below(drawn, keys(others))
    return Drawing(drawn, [row for arm in others for name in TITLES for row in _rows(arm, name)])


def _draw(axes: Axes, arms: Sequence[Arm], name: str, title: str) -> None:
    ratio = name in _ratios(arms)
    curves = [_curve(arm, name, line) for arm, line in zip(arms, lines_of(arms), strict=True)]
    fill(axes, Panel(title, curves, "log" if ratio else "linear"))
    axes.axhline(RATIO if ratio else 0, color=INK, linewidth=0.9, zorder=1)
    if not ratio:
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" pp"))
    for line in axes.lines[:-1] if crowded(arms) else ():
        line.set(linewidth=0.8, linestyle="-", alpha=0.6)


def _ratios(arms: Sequence[Arm]) -> list[str]:
    """List the metrics that are compared by ratios in all arms."""
    return [name for name in TITLES if all(bool(arm.data[KEY][name].attrs["ratio"]) for arm in arms)]


def _curve(arm: Arm, name: str, line: str) -> Curve:
    data: xr.Dataset = arm.data[KEY]
    middle, low, high = (data[name + end].values.tolist() for end in ("", "_low", "_high"))
    epoch = data["epoch"].values.tolist()
    return Curve(arm.label, arm.style, epoch, middle, [math.nan] * len(epoch), Band(low, high), line)


def _against(arms: Sequence[Arm]) -> str:
    """Name what is compared with: an arm, or the arms of a loss that are like each."""
    found = list(dict.fromkeys(str(arm.data[KEY].attrs["reference"]) for arm in arms))
    return short_label(found[0], LONGEST) if len(found) == 1 else f"{found[0].split(',')[0]}, all else equal"


def _rows(arm: Arm, name: str) -> Iterator[Row]:
    data = arm.data[KEY]
    about: Row = {"arm": arm.label, "reference": data.attrs["reference"], "metric": name}
    about |= {"compared_by": "ratio" if data[name].attrs["ratio"] else "difference", "band": data.attrs["band"]}
    about |= {"units": "1" if data[name].attrs["ratio"] else "share"}
    columns = [data[name + end].values.tolist() for end in ("", "_low", "_high")]
    for epoch, value, low, high in zip(data["epoch"].values.tolist(), *columns, strict=True):
        yield {**about, "epoch": epoch, "value": value, "low": low, "high": high}
