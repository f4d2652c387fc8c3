"""Bootstrap intervals over seeds: for differences that are not normal, from about fifteen seeds on."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import DegenerateDataWarning, bootstrap

from bceprobe.stats.hypothesis_tests import CONFIDENCE, arms, obstacle

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

RESAMPLES = 9999
# Fewer have no skewness for BCa to correct.
FEWEST = 3
BATCH = 1000


def bca(a: ArrayLike, b: ArrayLike, *, paired: bool = False, seed: int = 0) -> tuple[float, float]:
    """Bound the difference of means, b minus a, by the BCa bootstrap at 95 %, by `scipy.stats.bootstrap`.

    With few seeds it is too narrow: of normal pairs it covers about 80 % with four, 90 % with ten, 94 % with thirty
    (tests/stats/test_coverage.py); Student's interval holds its 95 % there.

    Parameters
    ----------
    a, b
        One value per seed, (n_a,) and (n_b,); in the same order of pairs if `paired`.
    paired
        Whether pairs are drawn, rather than the seeds of either arm.
    seed
        Of the 9999 resamples.

    Returns
    -------
    tuple of float
        Lower and upper end; NaN with fewer than three seeds in an arm, undefined values or no variation.

    Raises
    ------
    ValueError
        The arms are paired and differ in length.

    References
    ----------
    Efron 1987, doi:10.1080/01621459.1987.10478410.
    """
    first, second = arms(a, b, paired=paired)
    if obstacle(first, second, paired=paired) or min(first.size, second.size) < FEWEST:
        return math.nan, math.nan
    samples = (second - first,) if paired else (second, first)
    statistic: Any = np.mean if paired else _difference
    options = {"confidence_level": CONFIDENCE, "n_resamples": RESAMPLES, "batch": BATCH, "method": "BCa"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)
        found = bootstrap(samples, statistic, vectorized=True, rng=np.random.default_rng(seed), **options)
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def _difference(b: NDArray[np.float64], a: NDArray[np.float64], axis: int) -> Any:
    return b.mean(axis=axis) - a.mean(axis=axis)
