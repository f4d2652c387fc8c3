"""Drawing a registered figure of runs: open them, put them into arms, compute what the figure takes, hand it over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bceprobe.analysis.writing import write_files
from bceprobe.comparison.comparable import common_epochs
from bceprobe.comparison.grouping import factor_of, group, known, labels_without, loss_of
from bceprobe.comparison.prepared import prepare
from bceprobe.errors import UsageError
from bceprobe.figures.base import FIGURES, STILL, About, Arm, Plot
from bceprobe.figures.files import animated, as_csv, rendered
from bceprobe.figures.style import line_styles
from bceprobe.figures.svg import inline_svg
from bceprobe.report import printable
from bceprobe.report.film import film_page
from bceprobe.settings import select_epochs
from bceprobe.store import Run, find_runs
from bceprobe.store.location import local_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import xarray as xr

    from bceprobe.comparison.arms import Arm as Runs
    from bceprobe.figures.base import Drawing
    from bceprobe.figures.style import LineStyle

    Progress = Callable[[int, int], None]


def plot(
    name: str,
    *locations: str | Path,
    split: str = "train",
    epochs: str = "",
    factor: str = "",
    method: str = "",
    classes: Sequence[int] = (),
    progress: Progress | None = None,
) -> Drawing:
    """Draw a registered figure of some runs.

    Parameters
    ----------
    name
        Of the figure: one that ``bceprobe list figures`` shows.
    locations
        Runs, or folders that hold runs. Runs that differ in nothing but their seed make an arm.
    split
        Which split of the runs.
    epochs
        Such as ``"all"``, ``"last"``, ``"every:5"``, out of those that all runs have; where the figure shows one
        epoch, the last one if left out, else all.
    factor
        The setting that varies, for figures over one; the only one that does if left out.
    method
        How features become points: ``"pca"`` (of class means) or ``"tsne"``.
    classes
        Which classes are shown, for figures of some.
    progress
        Called with the number of things computed and their total.

    Returns
    -------
    Drawing
        With ``figure``, a matplotlib Figure, and ``rows``, the plotted numbers.

    Raises
    ------
    UnknownNameError
        No figure has this name.
    UsageError
        Runs without this split or a common epoch, too few of them, or an option that the figure does not have.
    StoreError
        A run cannot be read.
    """
    entry = FIGURES[name]
    _check_options(entry, factor=factor, method=method, classes=tuple(classes))
    runs = _opened(locations)
    chosen = chosen_epochs(entry, runs, split, epochs)
    arms = group(runs)
    about = About(
        split=split,
        epoch=None if entry.takes.epochs else chosen[0],
        factor=factor_of(arms, factor) if "factor" in entry.options else "",
        method=method or "pca",  # type: ignore[arg-type]  # checked above
        classes=tuple(classes),
    )
    return draw(entry, arms, about, chosen, progress=progress)


def draw(
    entry: Plot,
    arms: Sequence[Runs],
    about: About,
    epochs: Sequence[int],
    *,
    progress: Progress | None = None,
    styles: Mapping[str, LineStyle] | None = None,
) -> Drawing:
    """Draw a figure of some arms at epochs that all their runs have, with looks by label or those of their losses."""
    shown = [replace(arm, runs=arm.runs[:1]) for arm in arms] if entry.first_run else arms
    data = prepare(entry, shown, about, epochs, progress)
    return entry.draw(_dressed(shown, about, data, styles or looks(shown)), about)


def save(drawing: Drawing, file: Path, numbers: Path | None = None) -> list[Path]:
    """Write a figure in the format of its suffix, and its numbers as CSV beside it or elsewhere.

    Raises
    ------
    UsageError
        A suffix that this figure cannot be written with, or a file that cannot be written.
    """
    suffix = file.suffix.lower()
    table = numbers or file.with_suffix(".csv")
    if suffix in STILL:
        content = rendered(drawing.figure, suffix)
    elif suffix == ".gif" and drawing.film:
        content = animated(drawing.film)
    elif suffix == ".html" and drawing.film:
        strip = inline_svg(drawing.figure, "strip", "Features at some epochs, from the first to the last.")
        content = film_page(drawing.film.scene, strip).encode()
    else:
        raise UsageError(f"this figure cannot be written as {file.name}", f"End it in {', '.join(STILL)}")
    return write_files({file: content, table: as_csv(drawing.rows)})


def check_file(name: str, file: Path) -> None:
    """Refuse a suffix that a figure cannot be written with, before anything is computed."""
    suffixes = FIGURES[name].suffixes
    if file.suffix.lower() not in suffixes:
        raise UsageError(f"{name} cannot be written as {file.name}", f"Name a file that ends in {', '.join(suffixes)}")


def looks(arms: Sequence[Runs]) -> dict[str, LineStyle]:
    """Give each arm, by label, the look of its loss; those whose loss is not known differ from each other."""
    names = [loss_of(arm.runs[0]) or arm.label for arm in arms]
    of_name = dict(zip(dict.fromkeys(names), line_styles(list(dict.fromkeys(names))), strict=True))
    return {arm.label: of_name[name] for arm, name in zip(arms, names, strict=True)}


def chosen_epochs(entry: Plot, runs: Sequence[Run], split: str, text: str) -> list[int]:
    """Choose epochs that all runs have."""
    for run in runs:
        if split not in run.splits:
            raise UsageError(f"{run.location} has no {split} split", f"It holds: {', '.join(run.splits) or 'none yet'}")
    common = common_epochs(runs, [split])
    if not common:
        raise UsageError("the runs have no epoch in common", "Draw runs that captured the same epochs")
    many = entry.takes.epochs
    chosen = select_epochs(text or ("all" if many else "last"), common)
    if not many and len(chosen) > 1:
        raise UsageError(f"{entry.name} shows one epoch, not {len(chosen)}", "Give one, such as --epochs last")
    return chosen


def _check_options(entry: Plot, **given: Any) -> None:
    for name, value in given.items():
        if value and name not in entry.options:
            raise UsageError(f"{entry.name} has no option {name}", "Leave it out")
    if given["method"] not in {"", "pca", "tsne"}:
        raise UsageError(f"no method {given['method']!r}", "Choose pca or tsne")


def _opened(locations: Sequence[str | Path]) -> list[Run]:
    """Open all runs, each once however often it is given."""
    found = [run for location in locations for run in find_runs(location)]
    return list({_identity(run): run for run in found}.values())


def _identity(run: Run) -> str:
    path = local_path(run.location)
    return str(path.resolve()) if path else run.location


def _dressed(
    arms: Sequence[Runs], about: About, data: Sequence[Mapping[str, xr.Dataset]], styles: Mapping[str, LineStyle]
) -> list[Arm]:
    """Give arms what figures know of them."""
    panels = labels_without(arms, about.factor) if about.factor else [""] * len(arms)
    return [
        Arm(
            arm.label,
            styles[arm.label],
            own,
            printable(loss_of(arm.runs[0])),
            panel,
            known(arm.runs[0]).get(about.factor),
        )
        for arm, own, panel in zip(arms, data, panels, strict=True)
    ]
