"""Ticks of logarithmic axes: as many as can be read, whatever range is in view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator, SymmetricalLogLocator

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from matplotlib.axis import Axis

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TIMES = "\N{MULTIPLICATION SIGN}"
# Labels of powers, and of places, at most; decades within which 1, 2 and 5 times powers of ten are always two.
MOST, PLACES, NARROW = 7, 9, 0.7
# Of these matplotlib shows up to two more, as it counts whole strides.
FEW = 5


class PowerLocator(LogLocator):
    """Whole powers of ten, or some times them where fewer than two are in view, or a few equal steps.

    There are fewer where labels are long.

    Examples
    --------
    >>> ticks = PowerLocator()
    >>> [[float(tick) for tick in ticks.tick_values(*view) if view[0] <= tick <= view[1]]
    ...  for view in ((0.01, 20), (0.3, 4), (0.78, 1.02))]
    [[0.01, 0.1, 1.0, 10.0], [0.5, 1.0, 2.0], [0.8, 0.85, 0.9, 0.95, 1.0]]
    """

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Return ticks that cover a view; matplotlib asks for them whenever it changes."""
        low, high = np.log10(sorted((vmin, vmax)))
        if np.floor(high) - np.ceil(low) >= 1:
            return super().tick_values(vmin, vmax)
        short = _short(vmin) and _short(vmax)
        if high - low >= NARROW:
            subs = (1.0, 2.0, 5.0) if short or high - low < 1 else (1.0, 3.0)
            return LogLocator(subs=subs, numticks=MOST).tick_values(vmin, vmax)
        steps = MaxNLocator(nbins=5 if short else 3, steps=[1, 2, 5, 10])
        return [tick for tick in steps.tick_values(vmin, vmax) if tick > 0]


def mark_powers(axis: Axis, places: Collection[float] = ()) -> None:
    """Label the ticks of a logarithmic axis, or places on it if there are some but not many."""
    own = 0 < len({*places}) <= PLACES
    axis.set_major_locator(FixedLocator(sorted({*places})) if own else PowerLocator(numticks=MOST))
    axis.set_major_formatter(FuncFormatter(lambda value, _: power_label(value)))
    axis.set_minor_locator(NullLocator())


def mark_signed_powers(axis: Axis, smallest: float) -> None:
    """Label few ticks of an axis that is logarithmic but around zero, from a smallest power on."""
    locator = SymmetricalLogLocator(base=10, linthresh=smallest)
    locator.set_params(numticks=FEW)
    axis.set_major_locator(locator)
    axis.set_major_formatter(FuncFormatter(lambda value, _: power_label(value)))


def power_label(value: float) -> str:
    """Write the value of a tick on a logarithmic axis.

    Examples
    --------
    >>> [power_label(value) for value in (0.05, 10, 1e-4, 0)]
    ['0.05', '10', '10⁻⁴', '0']
    """
    if _short(value):
        return f"{value:g}"
    digits, power = f"{value:.3e}".split("e")
    digits, exponent = digits.rstrip("0").rstrip("."), str(int(power)).translate(SUPERSCRIPTS)
    return f"10{exponent}" if digits == "1" else f"{digits}{TIMES}10{exponent}"


def _short(value: float) -> bool:
    """Tell whether decimals are easier to read than powers of ten."""
    return 1e-3 <= abs(value) < 1e4 or not value  # noqa: PLR2004 - a range
