"""What makes arrays a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.errors import SnapshotError, UnknownNameError
from bceprobe.registry import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot.model import Snapshot

GLOBAL_MEANS = ("sample", "class")
# Squares of scores of values up to here, added up over any data set, stay within float64.
LARGEST = 1e70
# Bytes of float32.
SHORT = 4


def check_shapes(features: tuple[int, ...], target: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any]) -> None:
    """Refuse shapes that do not fit together, with a SnapshotError."""
    if len(features) != 2 or weight.ndim != 2 or features[1] != weight.shape[1]:  # noqa: PLR2004 - both are matrices
        hint = "They must be (samples, feature length) and (classes, feature length)"
        raise SnapshotError(f"features of shape {features} do not fit weight of shape {weight.shape}", hint)
    if 0 in features or len(weight) < 2:  # noqa: PLR2004 - one class decides nothing
        hint = "A snapshot needs a sample, a feature and two classes at least"
        raise SnapshotError(f"features of shape {features} and weight of shape {weight.shape} are too small", hint)
    if target.shape != features[:1]:
        raise SnapshotError(
            f"target of shape {target.shape} does not fit features of shape {features}", "One label each"
        )
    if bias.shape != weight.shape[:1]:
        raise SnapshotError(f"bias of shape {bias.shape} does not fit weight of shape {weight.shape}", "One per class")


def check_values(target: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any], global_mean: str) -> None:
    """Refuse labels outside 0..K-1, a classifier that is not finite or too large, and an unknown global mean."""
    if not np.issubdtype(target.dtype, np.integer):
        raise SnapshotError(f"target holds {target.dtype}, not integers", "Labels are 0..K-1")
    if target.min() < 0 or target.max() >= len(weight):
        labels = f"{target.min()}..{target.max()}"
        raise SnapshotError(f"target holds labels {labels}, outside 0..{len(weight) - 1}", "weight has a row per label")
    for name, values in (("weight", weight), ("bias", bias)):
        if not usable(values).all():
            raise SnapshotError(f"{name} contains {what_is_wrong(values)}", "Train or export that epoch again")
    if global_mean not in GLOBAL_MEANS:
        raise UnknownNameError(f"unknown global mean {global_mean!r}", nearest(global_mean, GLOBAL_MEANS))


def check_previous(target: NDArray[Any], weight: NDArray[Any], previous: Snapshot | None) -> None:
    """Refuse a previous snapshot of other samples or classes."""
    if previous is None:
        return
    if not np.array_equal(previous.target, target) or previous.weight.shape != weight.shape:
        hint = "It must be of the same samples in the same order, with a weight of the same shape"
        raise SnapshotError("the previous snapshot does not fit", hint)


def usable(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which values are finite and not too large to be squared; only float64 can be so large."""
    found: NDArray[np.bool_] = np.isfinite(values) if values.dtype.itemsize <= SHORT else np.abs(values) <= LARGEST
    return found


def what_is_wrong(values: NDArray[Any]) -> str:
    """Name what makes some values unusable."""
    return f"values beyond {LARGEST:.0e}" if np.isfinite(values).all() else "NaN or inf"
