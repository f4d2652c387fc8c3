"""Two trained models on one test set: McNemar's test, calibration, weighted quantities and the paired bootstrap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2, norm
from sklearn.metrics import brier_score_loss

from bceprobe.metrics.geometry import compactness, distinctiveness
from bceprobe.metrics.intervals import best_uniform
from bceprobe.snapshot import Decisions, Snapshot
from bceprobe.stats import (
    brier_score,
    calibration_quantities,
    decision_quantities,
    expected_calibration_error,
    geometry_quantities,
    mcnemar,
    paired_bootstrap,
    probabilities,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCORES = st.lists(st.tuples(*[st.integers(-4, 4)] * 2, st.integers(0, 3)), min_size=1, max_size=12)


def _answers(both: int, only_a: int, only_b: int, none: int) -> tuple[list[int], list[int]]:
    """Make samples that both models, one of them or none classifies rightly."""
    a = [1] * both + [1] * only_a + [0] * only_b + [0] * none
    return a, [1] * both + [0] * only_a + [1] * only_b + [0] * none


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 5), (3, 9), (12, 13), (25, 0)])
def test_few_discordant_samples_are_tested_exactly(only_a: int, only_b: int) -> None:
    """Up to 25 discordant samples the p-value is the binomial test's."""
    found = mcnemar(*_answers(40, only_a, only_b, 7))
    assert found.test == "McNemar, exact"
    assert found.p_value == pytest.approx(binomtest(only_b, only_a + only_b).pvalue, rel=1e-12)
    assert found.effect == pytest.approx(only_b / (only_a + only_b) - 0.5)


def test_many_discordant_samples_of_a_published_example() -> None:
    """Approval of a prime minister: 794, 150, 86, 570 (Agresti 2002, table 10.1), with the continuity correction.

    Of 1600 voters the difference is -0.04, and Wald's interval at this size [-0.059, -0.021].
    """
    found = mcnemar(*_answers(794, 150, 86, 570))
    assert found.test == "McNemar, chi-squared"
    assert found.p_value == pytest.approx(chi2.sf((64 - 1) ** 2 / 236, 1), rel=1e-10)
    assert (found.n, found.difference) == ((1600, 1600), -0.04)
    assert [found.ci_low, found.ci_high] == pytest.approx([-0.059, -0.021], abs=6e-4)


def test_the_interval_of_accuracies_equals_its_definition() -> None:
    """Wald's interval after half a sample is added to each of the four cells."""
    cells = np.array([40, 3, 9, 8]) + 0.5
    a, b = cells[1] / cells.sum(), cells[2] / cells.sum()
    half = norm.ppf(0.975) * math.sqrt((a + b - (b - a) ** 2) / cells.sum())
    found = mcnemar(*_answers(40, 3, 9, 8))
    assert [found.ci_low, found.ci_high] == pytest.approx([b - a - half, b - a + half], rel=1e-12)


def test_models_that_err_alike_are_not_tested() -> None:
    """Without a discordant sample there is a difference of nought and its interval, but no test."""
    found = mcnemar(*_answers(9, 0, 0, 1))
    assert (found.difference, found.note, math.isnan(found.p_value)) == (0.0, "no variation", True)
    assert found.ci_low < 0 < found.ci_high


@pytest.mark.parametrize(("a", "b"), [([1, 0], [1]), ([], []), ([[1]], [[0]])])
def test_answers_to_other_samples_are_refused(a: Any, b: Any) -> None:
    """Both models must have answered the same samples, at least one."""
    with pytest.raises(ValueError, match="same samples"):
        mcnemar(a, b)


def test_probabilities_are_those_of_the_loss() -> None:
    """Softmax sums to one over classes; sigmoids stand for themselves; large logits stay finite."""
    logits = np.array([[1000.0, 0.0], [0.0, math.log(3)]])
    assert probabilities(logits, "softmax") == pytest.approx(np.array([[1, 0], [0.25, 0.75]]))
    assert probabilities(logits, "sigmoid") == pytest.approx(np.array([[1, 0.5], [0.5, 0.75]]))


def _slow_ece(probability: NDArray[np.float64], target: NDArray[np.int64]) -> float:
    """Average |accuracy - confidence| over 15 bins, weighted by their samples, by loops."""
    confidence, right = probability.max(axis=1), probability.argmax(axis=1) == target
    total = 0.0
    for at in range(15):
        own = (confidence > at / 15) & (confidence <= (at + 1) / 15)
        if own.any():
            total += own.sum() / len(target) * abs(right[own].mean() - confidence[own].mean())
    return total


def _model(seed: int, samples: int = 200, classes: int = 4) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    target = generator.integers(0, classes, samples)
    return generator.normal(size=(samples, classes)) + 1.5 * np.eye(classes)[target], target


@pytest.mark.parametrize("link", ["softmax", "sigmoid"])
def test_calibration_equals_its_definition(link: Any) -> None:
    """ECE as a loop over bins, Brier's score as a loop over classes."""
    logits, target = _model(1)
    found = probabilities(logits, link)
    assert expected_calibration_error(found, target) == pytest.approx(_slow_ece(found, target), rel=1e-12)
    errors = [(found[i, k] - (target[i] == k)) ** 2 for i in range(len(target)) for k in range(4)]
    assert brier_score(found, target) == pytest.approx(sum(errors) / len(target), rel=1e-12)


def test_brier_of_two_classes_is_twice_scikit_learns() -> None:
    """With two classes whose probabilities sum to one both count the same error, one of them twice."""
    logits, target = _model(2, classes=2)
    found = probabilities(logits, "softmax")
    assert brier_score(found, target) == pytest.approx(2 * brier_score_loss(target, found[:, 1]), rel=1e-12)


def test_calibration_of_exact_cases() -> None:
    """Certain and right is 0 in both; certain and wrong 1 and 2; probabilities outside [0, 1] are refused."""
    certain = np.eye(3)[[0, 1, 2, 2]]
    assert (expected_calibration_error(certain, [0, 1, 2, 2]), brier_score(certain, [0, 1, 2, 2])) == (0, 0)
    assert (expected_calibration_error(certain, [1, 2, 0, 0]), brier_score(certain, [1, 2, 0, 0])) == (1, 2)
    with pytest.raises(ValueError, match="between 0 and 1"):
        brier_score([[1.1, -0.1]], [0])
    with pytest.raises(ValueError, match="targets"):
        brier_score([[1.0, 0.0]], [0, 1])


@given(SCORES)
def test_weighted_uniform_accuracy_is_that_of_repeated_samples(cases: list[tuple[int, int, int]]) -> None:
    """A count of m stands for m copies of a sample, ties and samples without an interval among them."""
    high, low, counts = map(np.array, zip(*cases, strict=True))
    counts[0] = max(counts[0], 1)
    found = decision_quantities(high, low)(counts[None].astype(float))
    copies = Decisions(np.repeat(high.astype(float), counts), np.repeat(low.astype(float), counts))
    assert found["uniform_accuracy"] == pytest.approx([best_uniform(copies).accuracy], rel=1e-12)
    assert found["margin"] == pytest.approx([(copies.positive - copies.negative).mean()], abs=1e-12)


@pytest.mark.parametrize("offset", [0.0, 50.0])
def test_weighted_geometry_is_that_of_repeated_samples(offset: float) -> None:
    """Compactness and distinctiveness of a resample are the metrics of its copies around its own mean."""
    generator = np.random.default_rng(4)
    target = generator.integers(0, 3, 40)
    features = generator.normal(size=(40, 5)) + 2 * np.eye(5)[target] + offset
    counts = np.stack([np.ones(40), generator.multinomial(40, [1 / 40] * 40)]).astype(int)
    found = geometry_quantities(features, target)(counts.astype(float))
    for at, count in enumerate(counts):
        copies = Snapshot(np.repeat(features, count, axis=0), np.repeat(target, count), np.ones((3, 5)), np.zeros(3))
        expected = [compactness(copies).value, distinctiveness(copies).value]
        assert [found["compactness"][at], found["distinctiveness"][at]] == pytest.approx(expected, rel=1e-9)


def test_weighted_geometry_of_collapsed_features() -> None:
    """At collapse compactness is 1 and distinctiveness K/(K-1) in every resample with equal classes."""
    features, target = np.repeat(np.eye(3), 4, axis=0), np.repeat([0, 1, 2], 4)
    counts = np.array([[1.0] * 12, [4, 0, 0, 0] * 3])
    found = geometry_quantities(features, target)(counts)
    assert found["compactness"] == pytest.approx([1, 1], rel=1e-12)
    assert found["distinctiveness"] == pytest.approx([1.5, 1.5], rel=1e-12)


def test_a_resample_may_lack_a_class() -> None:
    """Quantities are over the classes it holds; with one class alone nothing is distinct: NaN."""
    features, target = np.array([[1.0, 0], [2, 1], [0, 1], [-3, 2]]), np.array([0, 0, 1, 4])
    found = geometry_quantities(features, target)(np.array([[1.0, 1, 1, 0], [1, 1, 0, 0]]))
    fewer = geometry_quantities(features[:3], target[:3])(np.ones((1, 3)))
    assert found["compactness"][0] == pytest.approx(fewer["compactness"][0], rel=1e-12)
    assert found["distinctiveness"].tolist() == pytest.approx([fewer["distinctiveness"][0], math.nan], nan_ok=True)


def test_weighted_calibration_is_that_of_repeated_samples() -> None:
    """ECE and Brier score of a resample are those of its copies."""
    logits, target = _model(5, 60)
    found = probabilities(logits, "softmax")
    count = np.random.default_rng(6).multinomial(60, [1 / 60] * 60)
    weighed = calibration_quantities(found, target)(count[None].astype(float))
    copies = np.repeat(found, count, axis=0), np.repeat(target, count)
    assert weighed["ece"] == pytest.approx([expected_calibration_error(*copies)], rel=1e-10)
    assert weighed["brier"] == pytest.approx([brier_score(*copies)], rel=1e-12)


def test_the_bootstrap_of_a_mean_is_the_normal_theory() -> None:
    """The difference of mean margins has the interval and p-value of a z-test on the differences of samples."""
    generator = np.random.default_rng(7)
    high, low = generator.normal(size=(2, 400))
    better = high + generator.normal(0.1, 0.8, size=400)
    found = paired_bootstrap([decision_quantities(high, low)], [decision_quantities(better, low)], 400)["margin"]
    differences = better - high
    mean, error = differences.mean(), differences.std() / 20
    assert found.difference == pytest.approx(mean, rel=1e-10)
    assert [found.ci_low, found.ci_high] == pytest.approx([mean - 1.96 * error, mean + 1.96 * error], abs=0.15 * error)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(mean) / error), abs=0.01)
    assert found.effect == pytest.approx(mean / differences.std(), rel=0.06)
    assert (found.test, found.n, found.note) == ("paired bootstrap", (400, 400), "")


def test_resamples_are_the_same_for_both_models() -> None:
    """A model that is the other plus a constant differs by that constant in every resample: no variation."""
    high, low = np.random.default_rng(8).normal(size=(2, 50))
    a, b = [decision_quantities(high, low)], [decision_quantities(high + 1, low + 1)]
    found = paired_bootstrap(a, b, 50, resamples=100)
    assert found["uniform_accuracy"].note == found["margin"].note == "no variation"
    assert found["margin"].difference == pytest.approx(0, abs=1e-12)
    assert math.isnan(found["margin"].p_value)


def test_resamples_come_in_parts_that_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seed gives the same result however many resamples fit in memory at once."""
    (logits, target), (others, _) = _model(9), _model(10)
    a, b = ([calibration_quantities(probabilities(one, "softmax"), target)] for one in (logits, others))
    whole = paired_bootstrap(a, b, 200, resamples=50)
    monkeypatch.setattr("bceprobe.stats.resampling.AT_ONCE", 200 * 7)
    parts = paired_bootstrap(a, b, 200, resamples=50)
    assert parts["ece"].p_value == pytest.approx(whole["ece"].p_value, rel=1e-9)
    assert parts["brier"].ci_low == pytest.approx(whole["brier"].ci_low, rel=1e-12)
    assert paired_bootstrap(a, b, 200, resamples=50, seed=1)["brier"] != whole["brier"]


def test_undefined_quantities_are_not_tested() -> None:
    """Where a resample has one class alone its distinctiveness is undefined, and the difference is not tested."""
    features, target = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 0, 0, 1])
    a, b = geometry_quantities(features, target), geometry_quantities(features + 1e-3 * features**2, target)
    found = paired_bootstrap([a], [b], 4, resamples=200)
    assert found["distinctiveness"].note.startswith("undefined")
    assert math.isnan(found["distinctiveness"].difference)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    """A diverged model is an error, not a number."""
    with pytest.raises(ValueError, match="finite"):
        decision_quantities([bad, 1.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="finite"):
        geometry_quantities([[bad], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibration_quantities([[bad, 0.0]], [0])


def test_mcnemar_holds_its_level() -> None:
    """Of 500 pairs of equally good models p < 0.05 in 5 % +- 2 %, exact and by chi-squared.

    The exact test with 17 discordant samples, whose binomial tails attain 4.9 % (with 24 they attain 2.3 %).
    """
    generator = np.random.default_rng(13)
    sides = generator.random((500, 17)) < 0.5
    exact = [mcnemar([*side, *[True] * 30], [*~side, *[True] * 30]) for side in sides]
    many = [mcnemar(*pair) for pair in generator.random((500, 2, 3000)) > 0.05]
    for found, name in ((exact, "McNemar, exact"), (many, "McNemar, chi-squared")):
        assert {one.test for one in found} == {name}
        assert np.mean([one.p_value < 0.05 for one in found]) == pytest.approx(0.05, abs=0.02)
        assert np.mean([one.ci_low <= 0 <= one.ci_high for one in found]) == pytest.approx(0.95, abs=0.02)


def _two_models(generator: np.random.Generator) -> dict[str, Any]:
    """Compare two models of one distribution on 150 samples, by 400 resamples."""
    target = generator.integers(0, 3, 150)
    shared = generator.normal(size=(150, 4))
    made = []
    for _ in range(2):
        features = shared + 0.7 * generator.normal(size=(150, 4)) + 1.5 * np.eye(4)[target]
        scores = 2 * features[:, :3]
        own = scores[np.arange(150), target]
        others = np.where(np.eye(3, dtype=bool)[target], -np.inf, scores).max(axis=1)
        calibrated = calibration_quantities(probabilities(2 * scores, "softmax"), target)
        made.append([decision_quantities(own, others), geometry_quantities(features, target), calibrated])
    return paired_bootstrap(made[0], made[1], 150, resamples=400, seed=int(generator.integers(2**31)))


def test_the_paired_bootstrap_holds_its_level() -> None:
    """Of 500 pairs of equally good models p < 0.05 in 5 % +- 2 % for every quantity; intervals miss 0 as often."""
    generator = np.random.default_rng(2029)
    found = [_two_models(generator) for _ in range(500)]
    for name in ("uniform_accuracy", "margin", "compactness", "distinctiveness", "ece", "brier"):
        own = [one[name] for one in found]
        assert np.mean([one.p_value < 0.05 for one in own]) == pytest.approx(0.05, abs=0.02), name
        assert np.mean([one.ci_low <= 0 <= one.ci_high for one in own]) == pytest.approx(0.95, abs=0.02), name
