"""Correction for testing many hypotheses at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from statsmodels.stats.multitest import multipletests

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Method = Literal["holm", "benjamini-hochberg"]
# What a method is called in words, and by statsmodels.
METHODS: dict[Method, tuple[str, str]] = {
    "holm": ("Holm's", "holm"),
    "benjamini-hochberg": ("Benjamini and Hochberg's", "fdr_bh"),
}


@dataclass(frozen=True)
class Corrected:
    """The p-values of a family of tests after correction.

    Parameters
    ----------
    method
        How they were corrected.
    family
        What the tests have in common, in the words of the caller, such as "5 quantities at epoch 100".
    tests
        Number of tests that were made: the size of the family.
    p_values
        One per hypothesis, (m,), NaN where no test was made.
    """

    method: Method
    family: str
    tests: int
    p_values: NDArray[np.float64]

    @property
    def words(self) -> str:
        """The correction in words, such as "Holm's correction for 5 tests (5 quantities at epoch 100)"."""
        count = f"{self.tests} test{'' if self.tests == 1 else 's'}"
        return f"{METHODS[self.method][0]} correction for {count} ({self.family})"


def correct(p_values: ArrayLike, family: str, method: Method = "holm") -> Corrected:
    """Correct the p-values of a family of tests.

    Parameters
    ----------
    p_values
        One per hypothesis, (m,). NaN stands for a test that could not be made: it is no member of the family.
    family
        What the tests have in common, in words.
    method
        `holm` bounds the chance of any false positive in the family, whatever the tests' dependence;
        `benjamini-hochberg` bounds the expected share of false ones among the positives, for independent or positively
        dependent tests.

    Returns
    -------
    Corrected
        Adjusted p-values beside the family they belong to.

    References
    ----------
    Holm 1979, https://www.jstor.org/stable/4615733; Benjamini & Hochberg 1995,
    doi:10.1111/j.2517-6161.1995.tb02031.x; both computed by statsmodels.

    Examples
    --------
    >>> correct([0.01, 0.04], "two quantities", "benjamini-hochberg").p_values.tolist()
    [0.02, 0.04]
    """
    adjusted = np.array(p_values, dtype=float)
    made = np.isfinite(adjusted)
    if made.any():
        adjusted[made] = multipletests(adjusted[made], method=METHODS[method][1])[1]
    return Corrected(method, family, int(made.sum()), adjusted)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values by Holm's step-down method: those of `correct`.

    Examples
    --------
    >>> holm([0.01, float("nan"), 0.04]).tolist()
    [0.02, nan, 0.04]
    """
    return correct(p_values, "").p_values
