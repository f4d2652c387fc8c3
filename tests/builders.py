"""Small stored runs with features that collapse as they do in training, made in milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.settings import resolve
from bceprobe.store import StoreWriter
from bceprobe.store.manifest import update_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CLASSES = 3
LENGTH = 6
# How far the noise within classes has shrunk per epoch: BCE collapses faster.
DECAY = {"ce": 0.85, "bce": 0.65}


def make_run(
    folder: Path,
    *,
    loss: str = "ce",
    seed: int = 0,
    epochs: Sequence[int] = range(1, 9),
    per_class: Mapping[str, int] | None = None,
    classes: int = CLASSES,
    length: int = LENGTH,
    status: str = "finished",
    decay: float | None = None,
    variant: int = 0,
    **settings: Any,
) -> Path:
    """Write a run whose within-class noise shrinks every epoch, faster with BCE than with CE, and varies with the seed.

    `decay` is another share of the noise that is left after an epoch; runs of another `variant` differ by chance alone.
    `settings` are by dotted key with `__` for the dot, such as ``optim__lr=0.1``.
    """
    sizes, left = per_class or {"train": 20, "test": 10}, decay or DECAY.get(loss, 0.75)
    write_features(folder, epochs, sizes, decay=left, seed=seed + 100 * variant, classes=classes, length=length)
    named = {key.replace("__", "."): value for key, value in settings.items()}
    resolved, _ = resolve([("test", {"loss.name": loss, "seed": seed, **named})])
    (folder / "config.toml").write_text(resolved.to_toml(), encoding="utf-8")
    provenance = {"command": ["bceprobe", "train", "--loss", loss], "packages": {"numpy": "2.0"}, "git": None}
    update_manifest(str(folder), status=status, provenance=provenance)
    return folder


def write_features(
    folder: Path,
    epochs: Sequence[int],
    per_class: Mapping[str, int],
    *,
    decay: float,
    seed: int,
    classes: int = CLASSES,
    length: int = LENGTH,
    dtype: str = "float32",
) -> None:
    """Write a store: class means on the axes, a classifier that aligns with them, and shrinking noise."""
    source = np.random.default_rng([seed, round(1000 * decay)])
    writer = StoreWriter(folder, epochs, classes, length, dtype=dtype)
    axes = 3 * np.eye(classes, length)
    for split, count in per_class.items():
        writer.create_split(split, classes * count)
        writer.write_samples(split, np.repeat(np.arange(classes), count), np.arange(classes * count))
    for epoch in epochs:
        noise = (1 + 0.2 * source.random()) * decay**epoch
        writer.write_classifier(epoch, axes + noise * source.normal(size=axes.shape), np.zeros(classes))
        for split, count in per_class.items():
            writer.write_features(split, epoch, 0, _features(source, axes, noise, count).astype(dtype))
            writer.commit(split, epoch)


def _features(source: np.random.Generator, axes: NDArray[np.float64], noise: float, count: int) -> NDArray[np.float32]:
    spread = source.normal(size=(len(axes) * count, axes.shape[1]))
    return (np.repeat(axes, count, axis=0) + 3 * noise * spread).astype(np.float32)


def make_arms(folder: Path, seeds: int = 3, **settings: Any) -> tuple[Path, Path]:
    """Write folders `ce` and `bce` with a run per seed."""
    for loss in ("ce", "bce"):
        for seed in range(seeds):
            make_run(folder / loss / f"seed-{seed}", loss=loss, seed=seed, **settings)
    return folder / "ce", folder / "bce"
