"""Epochs to a threshold: Kaplan-Meier and log-rank against published examples, enumerations and statsmodels."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import CensoredData, chi2, logrank
from statsmodels.duration.survfunc import survdiff

from bceprobe.stats import Arrivals, first_below, kaplan_meier, log_rank, welch_t

# Weeks of remission of leukaemia, 6-mercaptopurine and placebo: Freireich et al. 1963, doi:10.1182/blood.V21.6.699.699.
TREATED = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
RELAPSED = [1] * 9 + [0] * 12
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def _arrivals(epochs: list[int], reached: list[int]) -> Arrivals:
    return Arrivals(np.array(epochs, float), np.array(reached, bool))


MERCAPTOPURINE, NONE = _arrivals(TREATED, RELAPSED), _arrivals(PLACEBO, [1] * 21)


def test_kaplan_meier_of_a_published_example() -> None:
    """Shares in remission as tabled for 6-MP (Cox & Oakes 1984, table 4.1): 0.857 after 6 weeks to 0.448 after 23."""
    found = kaplan_meier(MERCAPTOPURINE)
    assert found.epochs.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.waiting == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=6e-4)
    assert (found.n, found.median, kaplan_meier(NONE).median) == (21, 23, 8)


def test_the_interval_equals_greenwoods_on_the_log_log_scale() -> None:
    """R's survfit with conf.type="log-log" gives [0.620, 0.952] at 6 weeks and [0.188, 0.680] at 23."""
    found = kaplan_meier(MERCAPTOPURINE)
    assert [found.ci_low[0], found.ci_high[0]] == pytest.approx([0.620, 0.952], abs=6e-4)
    assert [found.ci_low[-1], found.ci_high[-1]] == pytest.approx([0.188, 0.680], abs=6e-4)


def test_runs_that_never_get_there_leave_no_median() -> None:
    """If fewer than half arrive there is no median epoch; if none does there is no step at all."""
    assert math.isnan(kaplan_meier(_arrivals([3, 9, 9], [1, 0, 0])).median)
    nobody = kaplan_meier(_arrivals([9, 9], [0, 0]))
    assert (nobody.epochs.size, math.isnan(nobody.median)) == (0, True)


def test_the_first_epoch_below_counts() -> None:
    """Strictly below, first of several, NaN never; runs that never get there are censored at the last epoch."""
    curves = np.array([[2, 0.5, 0.1], [1, 1, 1], [math.nan, math.nan, 0.9], [0.1, 5, 5]])
    found = first_below([1, 3, 8], curves, 1)
    assert found.epochs.tolist() == [3, 8, 8, 1]
    assert found.reached.tolist() == [True, False, True, True]
    with pytest.raises(ValueError, match="epochs"):
        first_below([1, 2], [[1, 2, 3]], 1)


@pytest.mark.parametrize("seed", range(4))
def test_few_runs_are_tested_by_all_labellings(seed: int) -> None:
    """P is twice the share of labellings whose observed less expected arrivals are as extreme on the rarer side."""
    generator = np.random.default_rng(seed)
    epochs = generator.integers(1, 6, 8)
    reached = (epochs < 5) & (generator.random(8) < 0.9)

    def excess(of_b: list[int]) -> float:
        total = 0.0
        for time in np.unique(epochs[reached]):
            at_risk = epochs >= time
            arrived = reached & (epochs == time)
            total += arrived[of_b].sum() - arrived.sum() * at_risk[of_b].sum() / at_risk.sum()
        return total

    everything = np.array([excess(list(chosen)) for chosen in combinations(range(8), 4)])
    observed = excess([4, 5, 6, 7])
    tails = [(everything >= observed - 1e-9).mean(), (everything <= observed + 1e-9).mean()]
    a, b = Arrivals(epochs[:4].astype(float), reached[:4]), Arrivals(epochs[4:].astype(float), reached[4:])
    assert log_rank(a, b).p_value == pytest.approx(min(1, 2 * min(tails)), rel=1e-12)


def test_log_rank_agrees_with_chi_squared_where_runs_are_many() -> None:
    """Thirty runs per arm of unequal speed, a third of them censored: near scipy's and statsmodels' p-values."""
    generator = np.random.default_rng(3)
    epochs = np.ceil(generator.exponential([[30.0], [45.0]], size=(2, 30)))
    reached = epochs <= 40
    epochs = np.minimum(epochs, 40)
    a, b = (Arrivals(*arm) for arm in zip(epochs, reached, strict=True))
    found = log_rank(a, b)
    expected = survdiff(epochs.ravel(), reached.ravel(), np.repeat([0, 1], 30))[1]
    assert found.p_value == pytest.approx(expected, abs=0.02)
    scipys = logrank(*(CensoredData.right_censored(*arm) for arm in zip(epochs, ~reached, strict=True)))
    assert found.p_value == pytest.approx(scipys.pvalue, abs=0.02)


def test_the_hazard_ratio_of_a_published_example() -> None:
    """6-MP against placebo: 9 relapses where 19.25 are expected, chi-squared 16.79 (Cox & Oakes 1984, section 7.4)."""
    found = log_rank(NONE, MERCAPTOPURINE)
    variance = (9 - 19.25) ** 2 / 16.79
    assert found.effect == pytest.approx(math.exp((9 - 19.25) / variance), abs=0.002)
    assert found.p_value < 10 * chi2.sf(16.79, 1)
    assert (found.test, found.n) == ("log-rank, permutation", (21, 21))


def test_the_difference_is_that_of_restricted_means() -> None:
    """Runs count up to the shortest that never got there: 12 epochs here; the interval is Welch's of the same."""
    a, b = _arrivals([3, 5, 12, 20], [1, 1, 0, 1]), _arrivals([2, 4, 6, 30], [1, 1, 1, 0])
    found, expected = log_rank(a, b), welch_t([3, 5, 12, 12], [2, 4, 6, 12])
    assert (found.difference, found.ci_low, found.ci_high) == (expected.difference, expected.ci_low, expected.ci_high)


@pytest.mark.parametrize(
    ("a", "b", "note"),
    [
        (([9, 9], [0, 0]), ([9, 9], [0, 0]), "no variation"),
        (([4, 4], [1, 1]), ([4, 4], [1, 1]), "no variation"),
        (([4], [1]), ([5], [1]), "one seed"),
        (([], []), ([5, 6], [1, 0]), "one seed"),
    ],
)
def test_arrivals_that_cannot_be_tested_say_why(
    a: tuple[list[int], list[int]], b: tuple[list[int], list[int]], note: str
) -> None:
    """No run gets there, all do at once, or there is one: no p-value, no ratio, a reason."""
    found = log_rank(_arrivals(*a), _arrivals(*b))
    assert found.note.startswith(note)
    assert (math.isnan(found.p_value), math.isnan(found.effect)) == (True, True)


def test_log_rank_holds_its_level() -> None:
    """Of 500 pairs of arms of five runs, a quarter of which never get there, p < 0.05 in 5 % +- 2 %."""
    epochs = np.random.default_rng(2031).exponential(72, size=(500, 2, 5))
    reached, cut = epochs < 100, np.minimum(epochs, 100)
    arms = [[Arrivals(*arm) for arm in zip(*pair, strict=True)] for pair in zip(cut, reached, strict=True)]
    assert np.mean([log_rank(*pair).p_value < 0.05 for pair in arms]) == pytest.approx(0.05, abs=0.02)


def test_the_interval_of_kaplan_meier_holds_the_truth_as_often_as_promised() -> None:
    """Of 500 arms of forty runs, some of them censored early, 95 % +- 2 % hold the true share at the median epoch."""
    generator = np.random.default_rng(2033)
    held = 0
    for _ in range(500):
        epochs, cut = generator.exponential(1, size=40), generator.uniform(0.5, 4, size=40)
        found = kaplan_meier(Arrivals(np.minimum(epochs, cut), epochs <= cut))
        at = np.searchsorted(found.epochs, math.log(2), side="right") - 1
        held += found.ci_low[at] <= 0.5 <= found.ci_high[at]
    assert held / 500 == pytest.approx(0.95, abs=0.02)
