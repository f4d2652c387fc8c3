"""What figures of several panels share: their size, a legend below all of them, and how many arms stay readable."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bceprobe.figures.labels import short_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from bceprobe.figures.base import Arm

# Inches: a panel, a row of a legend, a letter in it, its handle with what is around.
PANEL = (3.1, 2.7)
LEGEND_ROW, LETTER, HANDLE = 0.2, 0.078, 0.62
LINES = ("-", "--", ":", "-.")
# Up to so many arms are told apart by colour and line; more are drawn as thin lines in the colour of their loss.
FEW = 8


def head(figure: Figure, title: str) -> None:
    """Put a title over a whole figure, where one over axes would be cut if labels leave these little room."""
    figure.suptitle(title, x=0, ha="left", size=11.0, weight="bold")


def panels(
    count: int, columns: int = 3, size: tuple[float, float] = PANEL, **options: Any
) -> tuple[Figure, list[Axes]]:
    """Make a figure of some panels, row by row; the last row may have fewer."""
    columns = min(count, columns)
    rows = -(-count // columns)
    figure = Figure(figsize=(columns * size[0], rows * size[1]), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, **options).ravel().tolist()
    for axes in grid[count:]:
        axes.remove()
    return figure, grid[:count]


def legend_below(figure: Figure, handles: Sequence[Any]) -> None:
    """Write a legend below all panels, in as many columns as are as wide as the figure, and make room for it."""
    if not handles:
        return
    width, height = figure.get_size_inches()
    widest = HANDLE + LETTER * max(len(handle.get_label()) for handle in handles)
    columns = min(len(handles), max(1, int(width / widest)))
    figure.set_size_inches(width, height + LEGEND_ROW * -(-len(handles) // columns))
    figure.legend(handles=handles, loc="outside lower center", ncols=columns)


def lines_of(arms: Sequence[Arm]) -> list[str]:
    """Give arms of one colour lines of their own."""
    seen: Counter[str] = Counter()
    lines = []
    for arm in arms:
        lines.append(LINES[seen[arm.style.color] % len(LINES)])
        seen[arm.style.color] += 1
    return lines


def crowded(arms: Sequence[Arm]) -> bool:
    """Tell whether there are too many arms to tell them apart, or too many of one colour."""
    return len(arms) > FEW or max(Counter(arm.style.color for arm in arms).values()) > len(LINES)


def keys(arms: Sequence[Arm]) -> list[Line2D]:
    """Explain the look of every arm; in a crowd that of every loss, with the number of its arms."""
    if not crowded(arms):
        return [_key(arm.label, arm, line) for arm, line in zip(arms, lines_of(arms), strict=True)]
    return list(_keys_of_losses(arms))


def _keys_of_losses(arms: Sequence[Arm]) -> Iterator[Line2D]:
    for name in dict.fromkeys(arm.loss for arm in arms):
        own = [arm for arm in arms if arm.loss == name]
        yield _key(f"{name.upper() or 'loss not known'}: {len(own)} arms", own[0], "-")


def _key(label: str, arm: Arm, line: str) -> Line2D:
    look: dict[str, Any] = {"color": arm.style.color, "marker": arm.style.marker, "linestyle": line}
    return Line2D([], [], label=short_label(label), **look)
