"""A factorial design: the effect of an arm over many settings, some of which it may suit better than others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import t as student

from bceprobe.stats.hypothesis_tests import CONFIDENCE, NO_VARIATION, ROUNDING, UNDEFINED
from bceprobe.stats.reml import Cells, best_ratio

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import ArrayLike, NDArray

MIXED = "mixed model"
TOO_FEW = "fewer than two settings"


@dataclass(frozen=True)
class MixedEffect:
    """The effect of arm b against arm a over settings.

    Parameters
    ----------
    settings, n
        How many settings, and how many differences of pairs (or values of both arms) in all.
    difference, ci_low, ci_high, p_value
        The fixed effect, its 95 % confidence interval and two-sided p-value.
    between, within
        Standard deviation of the true effect between settings, and of a difference (or value) within one.
    effect
        The fixed effect over the root of the sum of both variances (Westfall, Kenny & Judd 2014,
        doi:10.1037/xge0000014).
    note
        Why something is NaN; empty if nothing is.
    test
        Name of the test.
    """

    settings: int
    n: int
    difference: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    p_value: float = math.nan
    between: float = math.nan
    within: float = math.nan
    effect: float = math.nan
    note: str = ""
    test: str = MIXED


def mixed_effect(differences: ArrayLike, setting: Sequence[Hashable]) -> MixedEffect:
    r"""Estimate the mean effect over settings from pairs of seeds, by restricted maximum likelihood.

    .. math:: d_{ij} = \mu + u_i + e_{ij}, \quad u_i \sim N(0, \tau^2), \quad e_{ij} \sim N(0, \sigma^2)

    for pair j of setting i. This is the model ``value ~ arm + (arm | setting) + (1 | pair)`` after taking differences
    within pairs: the arm is the fixed effect, settings and seeds are random, and the size of the effect may vary with
    the setting. The test is Student's t with one degree of freedom less than settings and the standard error of
    Hartung and Knapp: it speaks of settings like these, not only of these. It is exact where all settings have equally
    many pairs (the t-test of the settings' means), and an approximation elsewhere.

    No fit fails: the likelihood has one free parameter, tau over sigma, whose maximum is found on a grid and refined;
    zero (a singular fit, for optimisers) is one of the values tried. `MixedLM` of statsmodels agrees where its
    optimiser arrives, but often stops short of the maximum where settings hardly differ (tests/stats/test_mixed.py).

    Parameters
    ----------
    differences
        b - a of every pair, (n,): of one seed under one setting.
    setting
        Which setting each is of, (n,).

    Returns
    -------
    MixedEffect
        Without a test for fewer than two settings, undefined values, or no variation. With one difference per setting
        `between` and `within` cannot be told apart and are NaN.

    Raises
    ------
    ValueError
        Other than one setting per difference.

    References
    ----------
    Laird & Ware 1982, doi:10.2307/2529876; Hartung & Knapp 2001, doi:10.1002/sim.791; on effects that vary, Barr et
    al. 2013, doi:10.1016/j.jml.2012.11.001.
    """
    values = _checked(differences, setting)
    groups = _Groups.of(values, setting, list(dict.fromkeys(setting)))
    return _fitted(Cells(groups.means, 1 / groups.counts, groups.squares, groups.counts, groups.size))


def mixed_effect_unpaired(
    a: ArrayLike, setting_a: Sequence[Hashable], b: ArrayLike, setting_b: Sequence[Hashable]
) -> MixedEffect:
    r"""Estimate the mean effect over settings from independent seeds, by restricted maximum likelihood.

    .. math:: y_{ijk} = s_i + (\mu + u_i) [j = b] + e_{ijk}, \quad u_i \sim N(0, \tau^2), \quad
       e_{ijk} \sim N(0, \sigma^2)

    for seed k of arm j under setting i, else as `mixed_effect`. Settings that only one arm has are left out.

    Parameters
    ----------
    a, b
        One value per run, (n_a,) and (n_b,).
    setting_a, setting_b
        Which setting each is of, (n_a,) and (n_b,).

    Returns
    -------
    MixedEffect
        Without a test for fewer than two settings in common, undefined values, or no variation. With one seed per
        setting in both arms `between` and `within` cannot be told apart and are NaN.

    Raises
    ------
    ValueError
        Other than one setting per value.
    """
    first, second = _checked(a, setting_a), _checked(b, setting_b)
    names = [name for name in dict.fromkeys(setting_a) if name in set(setting_b)]
    one, other = _Groups.of(first, setting_a, names), _Groups.of(second, setting_b, names)
    factors, counts = 1 / one.counts + 1 / other.counts, np.concatenate([one.counts, other.counts])
    squares, size = one.squares + other.squares, max(one.size, other.size)
    return _fitted(Cells(other.means - one.means, factors, squares, counts, size))


class _Groups(NamedTuple):
    """Mean and number of the values of each setting, (m,), sum of squares within settings, and largest size."""

    means: NDArray[np.float64]
    counts: NDArray[np.int64]
    squares: float
    size: float

    @classmethod
    def of(cls, values: NDArray[np.float64], setting: Sequence[Hashable], names: Sequence[Hashable]) -> _Groups:
        cells = [values[[at for at, one in enumerate(setting) if one == name]] for name in names]
        # What is not finite is found below.
        with np.errstate(invalid="ignore"):
            squares = sum(float(np.square(cell - cell.mean()).sum()) for cell in cells)
        size = max((float(np.abs(cell).max()) for cell in cells), default=0.0)
        counts = np.array([cell.size for cell in cells], int)
        return cls(np.array([cell.mean() for cell in cells]), counts, squares, size)


def _checked(values: ArrayLike, setting: Sequence[Hashable]) -> NDArray[np.float64]:
    checked = np.asarray(values, float)
    if checked.shape != (len(setting),):
        raise ValueError(f"{len(setting)} settings for values of shape {checked.shape}: one is needed for each value")
    return checked


def _fitted(cells: Cells) -> MixedEffect:
    settings, n = cells.effects.size, int(cells.counts.sum())
    if not np.isfinite([cells.size, *cells.effects]).all():
        return MixedEffect(settings, n, note=UNDEFINED)
    if settings < 2:  # noqa: PLR2004 - a spread between settings needs two
        return MixedEffect(settings, n, note=TOO_FEW)
    if not np.ptp(cells.effects) > ROUNDING * cells.size:
        return MixedEffect(settings, n, float(cells.effects.mean()), note=NO_VARIATION)
    ratio = best_ratio(cells)
    mean, weights = cells.mean(ratio), cells.weights(ratio)
    error = math.sqrt(weights @ np.square(cells.effects - mean) / (settings - 1) / weights.sum())
    half = float(student.ppf((1 + CONFIDENCE) / 2, settings - 1)) * error
    p_value = float(2 * student.sf(abs(mean) / error, settings - 1))
    between, within = cells.deviations(ratio)
    spread = math.hypot(between, within) if cells.freedom else float(cells.effects.std(ddof=1))
    return MixedEffect(settings, n, mean, mean - half, mean + half, p_value, between, within, mean / spread)
