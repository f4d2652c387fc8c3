"""False positives: 500 comparisons without a true difference give p < 0.05 in 5 % +- 2 %, for every test of seeds.

Exact tests of few seeds are discrete: the numbers of seeds here are such that a level within that band is attainable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bceprobe.stats import (
    mixed_effect,
    mixed_effect_unpaired,
    permutation,
    rank_sum,
    relabelling,
    sign_flip,
    signed_rank,
)
from bceprobe.stats.correlation import correlate

if TYPE_CHECKING:
    from collections.abc import Callable

SIMULATED = 500
FACTORIAL = np.repeat(range(6), [2, 3, 5, 4, 3, 2])


def _rate(test: Callable[..., Any], size: int, seed: int) -> float:
    """Return the share of p-values below 0.05 among comparisons of normal arms of one distribution."""
    arms = np.random.default_rng(seed).normal(size=(SIMULATED, 2, size))
    return float(np.mean([test(*pair).p_value < 0.05 for pair in arms]))


@pytest.mark.parametrize(("test", "size"), [(sign_flip, 8), (signed_rank, 10), (relabelling, 5), (rank_sum, 9)])
def test_false_positives_are_as_rare_as_promised(test: Callable[..., Any], size: int) -> None:
    """Of tests over seeds, paired and not, that try all permutations."""
    assert _rate(test, size, 2026) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(("test", "size"), [(sign_flip, 17), (relabelling, 11)])
def test_sampled_permutations_are_as_honest(
    test: Callable[..., Any], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where permutations are drawn the level is the same, however few of them are: here 999."""
    monkeypatch.setattr(permutation, "SAMPLED", 999)
    assert _rate(test, size, 2028) == pytest.approx(0.05, abs=0.02)


def test_correlations_hold_their_level() -> None:
    """Pearson's and Spearman's p-values of 500 samples of twelve unrelated pairs; Spearman's exact ones of six, too."""
    for pairs in (12, 6):
        samples = np.random.default_rng(pairs).normal(size=(SIMULATED, 2, pairs))
        found = [correlate(*pair) for pair in samples]
        assert np.mean([one.pearson_p < 0.05 for one in found]) == pytest.approx(0.05, abs=0.02)
        assert np.mean([one.spearman_p < 0.05 for one in found]) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(("pairs", "attained"), [(5, 0.0), (6, 1 / 32), (7, 3 / 64)])
def test_few_pairs_attain_what_they_can(pairs: int, attained: float) -> None:
    """Sign flips of 5, 6 and 7 pairs reject in 0, 1/32 and 3/64: the largest p below 0.05 that they can give."""
    assert _rate(sign_flip, pairs, 7) == pytest.approx(attained, abs=4 * np.sqrt(attained / SIMULATED))


@pytest.mark.parametrize("spread", [0.0, 0.5, 3.0])
def test_the_mixed_model_holds_its_level(spread: float) -> None:
    """Whether the effect varies between settings or not, with unequally many pairs in each."""
    generator = np.random.default_rng(round(spread * 10))
    found = []
    for _ in range(SIMULATED):
        effects = spread * generator.normal(size=6)
        found.append(mixed_effect(effects[FACTORIAL] + generator.normal(size=FACTORIAL.size), FACTORIAL.tolist()))
    assert np.mean([one.p_value < 0.05 for one in found]) == pytest.approx(0.05, abs=0.02)
    assert np.mean([one.ci_low < 0 < one.ci_high for one in found]) == pytest.approx(0.95, abs=0.02)


def test_the_mixed_model_of_independent_seeds_holds_its_level() -> None:
    """Settings of very different level, effects that vary between them, and unequal arms."""
    generator, short = np.random.default_rng(11), FACTORIAL[1:-1]
    rejected = 0
    for _ in range(SIMULATED):
        effects, levels = generator.normal(size=6), 100 * generator.normal(size=6)
        a = levels[FACTORIAL] + generator.normal(size=FACTORIAL.size)
        b = (levels + effects)[short] + generator.normal(size=short.size)
        rejected += mixed_effect_unpaired(a, FACTORIAL.tolist(), b, short.tolist()).p_value < 0.05
    assert rejected / SIMULATED == pytest.approx(0.05, abs=0.02)
