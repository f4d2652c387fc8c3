"""Correction for testing many hypotheses at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from statsmodels.stats.multitest import multipletests

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values by Holm's step-down method, which bounds the chance of any false positive in the family.

    Parameters
    ----------
    p_values
        One per hypothesis, (m,). NaN stands for a test that could not be made: it is no member of the family.

    Returns
    -------
    numpy.ndarray
        Adjusted p-values, (m,), NaN where they were NaN.

    References
    ----------
    Holm 1979, https://www.jstor.org/stable/4615733; computed by statsmodels.

    Examples
    --------
    >>> holm([0.01, float("nan"), 0.04]).tolist()
    [0.02, nan, 0.04]
    """
    adjusted = np.array(p_values, dtype=float)
    family = np.isfinite(adjusted)
    if family.any():
        adjusted[family] = multipletests(adjusted[family], method="holm")[1]
    return adjusted
