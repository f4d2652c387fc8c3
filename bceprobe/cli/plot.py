"""`bceprobe plot`: a figure of runs as a file, and its numbers as CSV beside it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

from bceprobe.cli.console import progress, result

if TYPE_CHECKING:
    from typing import Any


class Split(StrEnum):
    """A split of a run."""

    TRAIN = "train"
    TEST = "test"


class Method(StrEnum):
    """How features become points of a plane."""

    PCA = "pca"
    TSNE = "tsne"


class PlotCommand(TyperCommand):
    """A command whose help ends with the registered figures, which are looked up only then."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Add the figures to the help."""
        from bceprobe.cli.listing import first_sentence
        from bceprobe.figures.base import FIGURES

        lines = [f"{name}: {first_sentence(FIGURES[name].what)}" for name in FIGURES]
        self.epilog = "\n\n".join(["Figures:", *lines])
        super().format_help(ctx, formatter)


def plot(
    figure: Annotated[str, typer.Argument(help="Name of a figure; see below.")],
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs, or folders that hold runs.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Its suffix chooses the format; reports/FIGURE.svg if left out."),
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="The numbers; beside --out.")] = None,
    split: Annotated[Split, typer.Option(help="Which samples.", show_envvar=False)] = Split.TRAIN,
    epochs: Annotated[
        str, typer.Option("--epochs", "--epoch", help="Such as last, 10, every:5, 1-20,50.", show_envvar=False)
    ] = "",
    factor: Annotated[
        str, typer.Option(help="violins: the setting that varies, such as bias_mean.", show_envvar=False)
    ] = "",
    method: Annotated[Method | None, typer.Option(help="features: pca if left out.", show_envvar=False)] = None,
    classes: Annotated[
        str, typer.Option(help="features, collapse: such as 0,3,7.", metavar="LABELS", show_envvar=False)
    ] = "",
) -> None:
    """Draw a figure of stored runs; the plotted numbers are written as CSV beside it.

    Runs that differ in nothing but their seed make an arm. What differs between arms is read from their settings.

    Example: bceprobe plot nc runs/quickstart --out reports/nc.svg
    """
    from bceprobe.comparison.plotting import check_file, save
    from bceprobe.comparison.plotting import plot as draw

    file = out or Path("reports") / f"{figure}.svg"
    check_file(figure, file)
    options = {"split": split.value, "epochs": epochs, "factor": factor, "method": method.value if method else ""}
    with progress(f"plot {figure}") as moved:
        drawing = draw(figure, *runs, **options, classes=_labels(classes), progress=moved)
    for written in save(drawing, file, csv):
        result(f"Written: {written}")


def _labels(text: str) -> list[int]:
    from bceprobe.errors import UsageError

    parts = [part.strip() for part in text.split(",")] if text else []
    if not all(part.isdecimal() for part in parts):
        raise UsageError(f"--classes {text!r} are no labels", "Give numbers such as 0,3,7")
    return [int(part) for part in parts]
