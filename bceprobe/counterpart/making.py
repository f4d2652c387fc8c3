"""Making a counterpart: measure the finished points of a recipe, and put what is published beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.comparison.measuring import quantity_of
from bceprobe.counterpart.beside import Beside, beside, exchanged
from bceprobe.counterpart.layout import group_of, lay_out
from bceprobe.counterpart.measuring import measure_points
from bceprobe.counterpart.model import Counterpart, Entry
from bceprobe.errors import UsageError
from bceprobe.published import published_records
from bceprobe.settings import by_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bceprobe.counterpart.layout import Layout
    from bceprobe.counterpart.measuring import Measured, Place
    from bceprobe.published import Published
    from bceprobe.sweep import Point, Recipe


def make_counterpart(
    recipe: Recipe,
    points: Sequence[Point],
    command: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Counterpart:
    """Make the counterpart of what a recipe repeats, from its points that are finished.

    Parameters
    ----------
    recipe
        Says which metrics are told, and where they are published.
    points
        Those of its grid, finished or not.
    command
        What makes it again.
    progress
        Called with the number of points looked at, and their total.

    Raises
    ------
    UsageError
        No point is finished.
    """
    places = recipe.reporting.metrics
    measured, missing = measure_points(points, places, progress)
    if not measured:
        reasons = "; ".join(dict.fromkeys(one.why for one in missing))
        raise UsageError(f"none of the {len(points)} runs of {recipe.name} is finished: {reasons}", "Train them first")
    layout = lay_out(recipe, points)
    entries = tuple(entry for place in places for entry in _entries(recipe, layout, points, measured, place))
    return Counterpart(recipe, command, layout, entries, tuple(measured), tuple(missing))


def _entries(
    recipe: Recipe, layout: Layout, points: Sequence[Point], measured: Sequence[Measured], place: Place
) -> Iterator[Entry]:
    """Make the entries of a metric, row by row, in the order of the columns."""
    cells: dict[object, list[Point]] = {}
    for point in points:
        cells.setdefault(layout.place(point), []).append(point)
    found = {one.point.folder: one for one in measured}
    chosen = _chooser(recipe, points, place)
    for row in layout.rows:
        for level, title in layout.columns.items():
            if not (own := cells.get((row, level))):
                continue
            runs = [found[point.folder] for point in own if point.folder in found]
            runs = [run for run in runs if place in run.values]
            yield Entry(
                row,
                title,
                own[0].settings.loss.name,
                quantity_of(*place),
                tuple(run.values[place] for run in runs),
                tuple(run.epochs[place[1]] for run in runs),
                len(own),
                chosen(own[0]),
                layout.x(own[0]),
                group_of(recipe, layout, own[0]),
            )


def _chooser(recipe: Recipe, points: Sequence[Point], place: Place) -> Callable[[Point], Beside]:
    """Return what finds the published numbers of a point."""
    table = recipe.reporting.published
    records: tuple[Published, ...] = published_records(table) if table else ()
    settings: dict[object, Mapping[str, object]] = {point.folder: by_key(point.settings) for point in points}
    ignored = exchanged(records, list(settings.values()))
    own = [record for record in records if (record.metric, record.split) == place]
    return lambda point: beside(own, settings[point.folder], ignored)
