"""What a registered figure is: a function with a name, what it takes, and what it gives.

A figure asks for what it takes, and the layers above hand it over: nothing here opens a run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from bceprobe.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import xarray as xr
    from matplotlib.figure import Figure

    from bceprobe.figures.style import LineStyle
    from bceprobe.snapshot import Snapshot

    Row = dict[str, Any]
    Draw = Callable[["Sequence[Arm]", "About"], "Drawing"]

STILL = (".svg", ".pdf", ".png")
MOVING = (".gif", ".html")


@dataclass(frozen=True)
class Metrics:
    """A figure takes metrics: for each run a Dataset over epoch, and label for those by class.

    With `epochs` it is about many of them, else about one.
    """

    names: tuple[str, ...]
    epochs: bool = True


@dataclass(frozen=True)
class Snapshots:
    """A figure takes what a function makes of a snapshot, at one epoch: for each run a Dataset."""

    function: Callable[[Snapshot, About], xr.Dataset]
    epochs: bool = field(default=False, init=False)


@dataclass(frozen=True)
class Prepared:
    """A figure takes something that `bceprobe.comparison.preparing` makes under this name, of one epoch or of many."""

    name: str
    epochs: bool = False


@dataclass(frozen=True)
class Arm:
    """Runs that differ in nothing but their seed, and how they look.

    Parameters
    ----------
    label, style
        Name and look.
    data
        What the figure takes, for each run by its label.
    loss
        Name of the loss; empty where it is not known.
    panel, level
        Where the arms vary in a factor: its label without the factor, and its value of the factor.
    """

    label: str
    style: LineStyle
    data: Mapping[str, xr.Dataset]
    loss: str = ""
    panel: str = ""
    level: Any = None


@dataclass(frozen=True)
class About:
    """What is drawn of the arms.

    Parameters
    ----------
    split
        Of the runs.
    epoch
        Where a figure shows one; None where it shows several.
    factor
        The setting that varies between the arms, by dotted key.
    method
        How features become points of a plane.
    classes
        The classes that are shown; empty where the figure may choose.
    """

    split: str = "train"
    epoch: int | None = None
    factor: str = ""
    method: Literal["pca", "tsne"] = "pca"
    classes: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """The split, and the epoch if it is one, for a title."""
        return f"{self.split} split" if self.epoch is None else f"{self.split} split, epoch {self.epoch}"


@dataclass(frozen=True)
class Drawing:
    """A figure and the plotted numbers as a tidy table, a dict per row, with units.

    Parameters
    ----------
    figure
        Made without pyplot.
    rows
        The numbers; all rows have the same keys.
    film
        The same in motion, where there is such a thing.
    """

    figure: Figure
    rows: Sequence[Row]
    film: Film | None = None


@dataclass(frozen=True)
class Film:
    """Points that move over the epochs: numbers for a page that plays them, and a picture of each epoch.

    Parameters
    ----------
    epochs
        Of the frames.
    scene
        Plain JSON types: what the page shows.
    frame
        Draws the frame at a position.
    """

    epochs: Sequence[int]
    scene: Mapping[str, Any]
    frame: Callable[[int], Figure]


@dataclass(frozen=True)
class Plot:
    """A registered figure.

    Parameters
    ----------
    name, draw
        Its name, and the function that draws it: arms and what is drawn of them in, a `Drawing` out.
    takes
        What it wants of every run.
    options
        Of ``("factor", "method", "classes")``, what else it can be told.
    suffixes
        Of the files it can be written to.
    first_run
        Whether it shows the first run of each arm alone.
    """

    name: str
    draw: Draw
    takes: Metrics | Snapshots | Prepared
    options: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = STILL
    first_run: bool = False
    what: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "what", " ".join((self.draw.__doc__ or "").strip().split("\n\n")[0].split()))


FIGURES: Registry[Plot] = Registry("figure", "bceprobe.figures")
D = TypeVar("D", bound="Draw")


def figure(name: str, takes: Metrics | Snapshots | Prepared, **more: Any) -> Callable[[D], D]:
    """Register a function as a figure; the first paragraph of its docstring says what it shows.

    Parameters
    ----------
    name
        What `bceprobe plot` calls it.
    takes
        What it wants of every run.
    **more
        The other fields of `Plot`.
    """

    def register(draw: D) -> D:
        FIGURES.add(name, Plot(name, draw, takes, **more))
        return draw

    return register
