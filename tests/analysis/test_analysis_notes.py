"""Notes of an analysis: one line each about what is undefined, left out, or made of rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bceprobe.analysis import analyze
from bceprobe.store.importing import import_npz

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import DTypeLike


def collapsing(folder: Path, scales: Sequence[float], dtype: DTypeLike) -> Path:
    """Import features whose noise has a size per epoch, in a data type."""
    source = np.random.default_rng(0)
    means, target = 3.3 * np.eye(4, 6) + 0.1, np.repeat(np.arange(4), 20)
    noise = source.normal(size=(80, 6))
    features = np.stack([means[target] + scale * noise for scale in scales]).astype(dtype)
    np.savez(folder / "a.npz", features=features, target=target, weight=means)
    return import_npz(folder / "a.npz", folder / "run")


@pytest.mark.parametrize(
    ("scales", "where"),
    [
        ([1, 0.1, 1e-4, 1e-5], "(epochs 3 to 4)"),
        ([1, 0.1, 1, 1e-4], "(epoch 4)"),
        ([1, 1e-4, 1, 1e-4], "(2 of the epochs 2 to 4)"),
    ],
)
def test_a_floored_nc1_is_told(scales: list[float], where: str, tmp_path: Path) -> None:
    """Half precision floors NC1 of a collapsed epoch: the note names run, split, floor and the epochs it is about."""
    result = analyze(collapsing(tmp_path, scales, np.float16), "nc")
    (note,) = result.attrs["notes"]
    assert note.startswith("run, train split: rounding of the features floors NC1 at about ")
    assert note.endswith(where)
    floor = float(note.split("about ")[1].split()[0])
    assert floor == pytest.approx(result["nc1_floor"].sel(epoch=4).item(), rel=0.2)


def test_single_precision_has_nothing_to_tell(tmp_path: Path) -> None:
    """The same features in float32 are far above their floor; other topics do not speak of it."""
    assert analyze(collapsing(tmp_path, [1, 1e-4], np.float32), "nc").attrs["notes"] == []
    (tmp_path / "half").mkdir()
    assert analyze(collapsing(tmp_path / "half", [1, 1e-4], np.float16), "accuracy").attrs["notes"] == []
