"""Points of a sweep whose runs are written instead of trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builders import write_features

from bceprobe.store.manifest import CONFIG, update_manifest
from bceprobe.sweep import Recipe, grid
from bceprobe.sweep.recipe import Axis
from bceprobe.sweep.reporting import Reporting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bceprobe.sweep import Point

LOSSES = Axis("loss", {"ce": {"loss.name": "ce"}, "bce": {"loss.name": "bce"}})
MEANS = Axis("mean", {f"mean-{mean}": {"model.bias_mean": mean} for mean in (0, 3, 10)})
METRICS = (("nc1", "train"), ("accuracy", "test"))


def recipe(
    *axes: Axis,
    settings: dict[str, Any] | None = None,
    seeds: tuple[int, ...] = (0,),
    published: str = "",
    figures: tuple[str, ...] = (),
    metrics: tuple[tuple[str, str], ...] = METRICS,
    **texts: str,
) -> Recipe:
    """A recipe of some axes; CE and BCE if there are none."""
    told = {"title": "A title", "about": "Look here.", "repeats": "Figure 0", "scale": "small", **texts}
    reporting = Reporting(metrics, published, figures)
    return Recipe("mine", settings=settings or {}, axes=axes or (LOSSES,), overrides=(), seeds=seeds,
                  reporting=reporting, **told)  # fmt: skip


def plant(
    points: Iterable[Point],
    epochs: Sequence[int] = (1, 4),
    status: str = "finished",
    per_class: dict[str, int] | None = None,
    decays: tuple[float, float] = (0.8, 0.6),
) -> None:
    """Write a run for each of some points: features that collapse, faster under BCE, and differ from seed to seed.

    `decays` are the shares of the noise that are left after an epoch under CE and BCE.
    """
    for at, point in enumerate(points):
        decay = decays[point.settings.loss.name == "bce"]
        write_features(
            point.folder, epochs, per_class or {"train": 12, "test": 8}, decay=decay + 0.003 * at, seed=point.seed
        )
        (point.folder / CONFIG).write_text(point.settings.to_toml(), encoding="utf-8")
        update_manifest(str(point.folder), status=status, provenance={})


def planted(made: Recipe, folder: Path, **how: Any) -> list[Point]:
    """All points of a recipe with their runs."""
    points = grid(made, folder)
    plant(points, **how)
    return points
