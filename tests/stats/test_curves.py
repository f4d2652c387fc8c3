"""Simultaneous bands of difference curves, and areas between curves."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_ind

from bceprobe.stats import difference_band, log_area, paired_t


def _curves(generator: np.random.Generator, seeds: int, epochs: int = 30, memory: float = 0.9) -> np.ndarray:
    """Normal curves whose neighbouring epochs correlate, of spread 1 at every epoch."""
    curves = generator.normal(size=(seeds, epochs))
    for at in range(1, epochs):
        curves[:, at] = memory * curves[:, at - 1] + math.sqrt(1 - memory**2) * curves[:, at]
    return curves


def test_the_band_is_the_wild_bootstraps() -> None:
    """Its width is the 95 % quantile of sup |t| over all sign patterns of the residuals, written as loops."""
    generator = np.random.default_rng(0)
    a, b = _curves(generator, 8, 12), _curves(generator, 8, 12) + 1
    found, differences = difference_band(a, b, paired=True), b - a
    largest = []
    for signs in product([1, -1], repeat=8):
        flipped = np.array(signs)[:, None] * (differences - differences.mean(axis=0))
        largest.append(max(abs(flipped[:, e].mean() / (flipped[:, e].std(ddof=1) / math.sqrt(8))) for e in range(12)))
    critical = sorted(largest)[math.ceil(0.95 * 255)]
    error = differences.std(axis=0, ddof=1) / math.sqrt(8)
    assert found.critical == pytest.approx(critical, rel=1e-9)
    assert found.difference == pytest.approx(differences.mean(axis=0), rel=1e-12)
    assert found.ci_low == pytest.approx(differences.mean(axis=0) - critical * error, rel=1e-9)
    observed = max(abs(differences.mean(axis=0) / error))
    assert found.p_value == pytest.approx(np.mean(np.array(largest) >= observed), rel=1e-12)


def test_few_pairs_get_bonferronis_band() -> None:
    """Three pairs have too few patterns: the band is Student's at 5 % over the number of epochs."""
    generator = np.random.default_rng(1)
    a, b = _curves(generator, 3, 4), _curves(generator, 3, 4)
    found, expected = difference_band(a, b, paired=True), ttest_1samp(b - a, 0)
    low, high = expected.confidence_interval(1 - 0.05 / 4)
    assert found.ci_low == pytest.approx(low, rel=1e-9)
    assert found.ci_high == pytest.approx(high, rel=1e-9)


def test_independent_arms_have_welchs_error() -> None:
    """Every epoch's width is the same number of Welch's standard errors, for arms of unequal size."""
    generator = np.random.default_rng(2)
    a, b = _curves(generator, 4, 6), 3 * _curves(generator, 7, 6)
    found, expected = difference_band(a, b), ttest_ind(b, a, equal_var=False)
    error = (b.mean(axis=0) - a.mean(axis=0)) / expected.statistic
    assert (found.ci_high - found.ci_low) / 2 == pytest.approx(found.critical * error, rel=1e-9)


@pytest.mark.parametrize(("seeds", "paired"), [(10, True), (8, False), (14, True)])
def test_the_band_holds_the_whole_truth_as_often_as_promised(
    seeds: int, *, paired: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 500 experiments 95 % +- 2 % have a band around the true difference at all 30 epochs.

    And as few p < 0.05 without one: ten pairs by all patterns, two arms of eight and fourteen pairs by 512 drawn ones.
    """
    monkeypatch.setattr("bceprobe.stats.curves.DRAWN", 512)
    generator, truth = np.random.default_rng(2030), np.linspace(0, 2, 30)
    held = rejected = 0
    for _ in range(500):
        a, b = _curves(generator, seeds), _curves(generator, seeds)
        found = difference_band(a, b + truth, paired=paired)
        held += bool(((found.ci_low <= truth) & (truth <= found.ci_high)).all())
        rejected += difference_band(a, b, paired=paired).p_value < 0.05
    assert held / 500 == pytest.approx(0.95, abs=0.02)
    assert rejected / 500 == pytest.approx(0.05, abs=0.02)


def test_few_seeds_cover_as_the_docstring_admits() -> None:
    """Five pairs of curves that are smooth or rough: 91 % to 97 % of bands hold the truth everywhere."""
    generator = np.random.default_rng(4)
    for memory in (0.0, 0.99):
        bands = [difference_band(*(_curves(generator, 5, 30, memory) for _ in "ab"), paired=True) for _ in range(300)]
        assert 0.9 < np.mean([((one.ci_low <= 0) & (one.ci_high >= 0)).all() for one in bands]) < 0.98


def test_p_is_small_exactly_where_the_band_leaves_zero() -> None:
    """The test of no difference anywhere and the band agree."""
    generator = np.random.default_rng(5)
    for size in np.linspace(0, 1.5, 20):
        a, b = _curves(generator, 9), _curves(generator, 9)
        b[:, 10:15] += size
        found = difference_band(a, b, paired=True)
        assert (found.p_value < 0.05) == bool(((found.ci_low > 0) | (found.ci_high < 0)).any())


def test_epochs_at_which_nothing_varies_have_no_width() -> None:
    """Accuracies that reach 100 % in all runs leave a band of no width there, and a valid one elsewhere."""
    generator = np.random.default_rng(6)
    a, b = _curves(generator, 6, 5), _curves(generator, 6, 5)
    a[:, 3:], b[:, 3:] = 1, 1
    found, before = difference_band(a, b), difference_band(a[:, :3], b[:, :3])
    assert [*found.ci_low[3:], *found.ci_high[3:]] == [0, 0, 0, 0]
    assert found.ci_high[:3] == pytest.approx(before.ci_high, rel=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "note"),
    [
        (np.ones((1, 3)), np.zeros((1, 3)), "one seed"),
        (np.ones((3, 2)), np.zeros((3, 2)), "no variation"),
        (np.array([[1.0, 2], [2, np.nan]]), np.ones((2, 2)), "undefined"),
        (np.array([[1.0, -np.inf], [2, 0]]), np.array([[1.0, -np.inf], [1, 1]]), "undefined"),
    ],
)
def test_curves_that_cannot_be_bounded_say_why(a: np.ndarray, b: np.ndarray, note: str) -> None:
    """One seed, no variation or undefined values: the difference where it is defined, no band, a reason."""
    found = difference_band(a, b)
    assert found.note.startswith(note)
    assert found.difference[0] == pytest.approx(b[:, 0].mean() - a[:, 0].mean())
    assert np.isnan([*found.ci_low, *found.ci_high, found.p_value]).all()


def test_curves_of_other_epochs_are_refused() -> None:
    """Both arms need the same epochs, and pairs as many seeds."""
    with pytest.raises(ValueError, match="same epochs"):
        difference_band(np.ones((3, 4)), np.ones((3, 5)))
    with pytest.raises(ValueError, match="no curve"):
        difference_band(np.ones((0, 4)), np.ones((3, 4)))
    with pytest.raises(ValueError, match="as many seeds"):
        difference_band(np.ones((3, 4)), np.ones((2, 4)), paired=True)


def test_the_area_between_exponential_curves_is_in_closed_form() -> None:
    """log10 of 10^(-c t) is a line: its area over epochs 1 to 20 is -c (20^2 - 1) / 2, whatever epochs are between."""
    epochs = np.array([1, 2, 5, 11, 20, 21, 90])
    rates = np.array([0.1, 0.3])
    areas = log_area(epochs, 10.0 ** (-rates[:, None] * epochs))
    assert areas == pytest.approx(-rates * 399 / 2, rel=1e-12)
    assert log_area(epochs, 10.0 ** (-rates[:, None] * epochs), last=5) == pytest.approx(-rates * 12, rel=1e-12)


def test_areas_are_tested_over_seeds() -> None:
    """A curve ten times as high at every epoch has an area larger by one decade times 19 epochs, for every seed."""
    generator, epochs = np.random.default_rng(8), np.arange(1, 21)
    a = 10 ** generator.normal(size=(5, 20))
    areas = log_area(epochs, a), log_area(epochs, 10 * a * 10 ** generator.normal(0, 0.01, size=(5, 1)))
    found = paired_t(*areas)
    assert found.difference == pytest.approx(19, abs=0.5)
    assert found.p_value < 1e-6


def test_an_area_of_values_that_are_not_positive_is_nan() -> None:
    """Zero and NaN have no logarithm; a later epoch does not matter; one epoch has no area."""
    areas = log_area([1, 2, 30], np.array([[1, 0, 1], [1, math.nan, 1], [1, 1, 0]]))
    assert areas.tolist() == pytest.approx([math.nan, math.nan, 0], nan_ok=True)
    with pytest.raises(ValueError, match="two epochs"):
        log_area([1, 30], [[1, 1]])
