"""More measures of neural collapse that the literature uses: FORMULAS.md, "field's others"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.metrics.averages import per_sample_of_class
from bceprobe.metrics.base import ByClass, metric
from bceprobe.metrics.etf import centred_weight
from bceprobe.metrics.nc import PAPYAN, ZHU, first_scatter, scatter
from bceprobe.metrics.precision import digits, spacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot

GALANTI = "doi:10.48550/arXiv.2112.15121"
JIANG = "doi:10.48550/arXiv.2310.05351"
# Samples that show the precision of the features.
SAMPLE = 1024


@metric(
    "cdnv",
    "nc",
    long_name="Class-distance normalised variance",
    definition="Galanti et al. 2022, mean over pairs of classes",
    references=GALANTI,
    scale="log",
    by_class=True,
    uses=(first_scatter, scatter),
)
def cdnv(snapshot: Snapshot) -> ByClass:
    """Mean over pairs of classes of (v_k + v_l) / (2 ||mean_k - mean_l||^2) (`variability_cdnv` elsewhere).

    v_k is the mean squared distance of the samples of class k to their mean. By class, the mean over the pairs that it
    is in. NaN if only one class is present or two class means are equal. Invariant under rotation and scaling.
    """
    present, by_class = snapshot.present, np.full(snapshot.classes, np.nan)
    distances = _squared_distances(snapshot.mean_space.coordinates)
    others = ~np.eye(len(distances), dtype=bool)
    if len(distances) < 2 or not (distances[others] > snapshot.mean_rounding**2).all():  # noqa: PLR2004 - a pair
        return ByClass(np.nan, by_class)
    variance = per_sample_of_class(snapshot, scatter(snapshot))[present]
    pairs = np.add.outer(variance, variance) / (2 * np.where(others, distances, np.inf))
    by_class[present] = pairs.sum(axis=1) / (len(pairs) - 1)
    return ByClass(by_class[present].mean(), by_class)


@metric(
    "trace_ratio",
    "nc",
    long_name="tr(Sigma_W) / tr(Sigma_B)",
    definition="field's",
    references=PAPYAN,
    scale="log",
    uses=(first_scatter, scatter),
)
def trace_ratio(snapshot: Snapshot) -> float:
    """Within-class over between-class variance; NaN if all class means are equal.

    Sigma_W is the mean over samples, Sigma_B the mean over the classes that are present.
    """
    between = np.square(snapshot.centred_means).sum() / len(snapshot.centred_means)
    return float(scatter(snapshot).sum() / snapshot.samples / between) if between else np.nan


@metric(
    "equinorm_means",
    "nc",
    long_name="NC2: spread of class-mean norms",
    definition="Papyan et al. 2020",
    references=PAPYAN,
    scale="log",
)
def equinorm_means(snapshot: Snapshot) -> float:
    """Return the population standard deviation over the mean of the norms of the centred means; NaN if all are zero."""
    return _spread(snapshot.centred_means)


@metric(
    "equinorm_weights",
    "nc",
    long_name="NC2: spread of weight norms",
    definition="Papyan et al. 2020, centred weight",
    references=PAPYAN,
    scale="log",
)
def equinorm_weights(snapshot: Snapshot) -> float:
    """Return population standard deviation over mean of the norms of the centred weight's rows; NaN if all are zero."""
    return _spread(centred_weight(snapshot))


@metric(
    "equiangularity_means",
    "nc",
    long_name="NC2: class-mean angles",
    definition="Papyan et al. 2020",
    references=PAPYAN,
    scale="log",
)
def equiangularity_means(snapshot: Snapshot) -> float:
    """Mean over pairs of |cos + 1/(K' - 1)| of the centred class means; NaN if one is zero."""
    return _angles(snapshot.centred_means)


@metric(
    "equiangularity_weights",
    "nc",
    long_name="NC2: weight angles",
    definition="Papyan et al. 2020, centred weight",
    references=PAPYAN,
    scale="log",
)
def equiangularity_weights(snapshot: Snapshot) -> float:
    """Mean over pairs of |cos + 1/(K - 1)| of the rows of the centred weight; NaN if one is zero."""
    return _angles(centred_weight(snapshot))


@metric(
    "self_duality",
    "nc",
    long_name="NC3: distance of weight and class means",
    definition="Papyan et al. 2020, centred weight",
    references=PAPYAN,
    scale="log",
)
def self_duality(snapshot: Snapshot) -> float:
    """|| W~/||W~||_F - M/||M||_F ||_F over the classes that are present (`self_duality_error` elsewhere).

    NaN if either is zero.
    """
    weight, means = centred_weight(snapshot, snapshot.present), snapshot.centred_means
    norms = np.linalg.norm(weight), np.linalg.norm(means)
    return float(np.linalg.norm(weight / norms[0] - means / norms[1])) if all(norms) else np.nan


@metric(
    "gnc_margin",
    "nc",
    long_name="Generalised NC: smallest angle between weights",
    definition="own reading of Jiang et al. 2024: minimum over pairs of rows",
    references=JIANG,
    units="rad",
    higher_is_better=True,
    by_class=True,
)
def gnc_margin(snapshot: Snapshot) -> ByClass:
    """Smallest angle between two rows of the weight, for K > d + 1 (else a simplex ETF exists: NaN).

    By class, the smallest angle to another row. NaN if a row is zero.
    """
    norms, undefined = np.linalg.norm(snapshot.weight64, axis=1), np.full(snapshot.classes, np.nan)
    if snapshot.classes <= snapshot.weight.shape[1] + 1 or not norms.all():
        return ByClass(np.nan, undefined)
    squares = _squared_distances(snapshot.weight64 / norms[:, None])
    np.fill_diagonal(squares, np.inf)
    angles = 2 * np.arcsin(np.minimum(np.sqrt(squares.min(axis=1)) / 2, 1))
    return ByClass(angles.min(), angles)


@metric(
    "nc1_floor",
    "nc",
    long_name="NC1 that rounding alone would leave",
    definition="own: variance of rounding at the class means, through NC1",
    references=ZHU,
    scale="log",
    higher_is_better=None,
)
def nc1_floor(snapshot: Snapshot) -> float:
    """Value at which NC1 is floored by the precision that the features have; NaN where NC1 is.

    Rounding to a grid of spacing u adds a variance of u^2/12 to each feature. The spacing is taken at the class means,
    in the precision that the bits of the features show: bfloat16 kept as float32 is found out. An NC1 within a factor
    of ten of this floor says more about the data type than about the features.
    """
    space, means = snapshot.mean_space, snapshot.class_means[snapshot.present]
    if not space.singular.size:
        return np.nan
    sample = snapshot.rows(np.arange(min(snapshot.samples, SAMPLE)))
    variance = np.square(spacing(means, digits(sample))) / 12
    through = np.square(space.directions / space.singular).sum(axis=1)
    return float(snapshot.class_counts[snapshot.present] @ (variance @ through) / snapshot.samples)


def _squared_distances(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared distances of all pairs of rows, exact also where rows are close, (K, d) -> (K, K)."""
    differences = (rows - row for row in rows)
    return np.stack([np.vecdot(steps, steps) for steps in differences])


def _spread(rows: NDArray[np.float64]) -> float:
    norms = np.linalg.norm(rows, axis=1)
    return float(norms.std() / norms.mean()) if norms.any() else np.nan


def _angles(rows: NDArray[np.float64]) -> float:
    norms, count = np.linalg.norm(rows, axis=1), len(rows)
    if count < 2 or not norms.all():  # noqa: PLR2004 - an angle needs two
        return np.nan
    unit = rows / norms[:, None]
    off = np.abs(unit @ unit.T + 1 / (count - 1))[~np.eye(count, dtype=bool)]
    return float(off.mean())
