"""At complete collapse, on a simplex ETF, every topic has a closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from metric_cases import changed, collapsed, everything, gaussian, trained

SIZES = [(2, 2), (3, 3), (10, 12), (100, 128)]
# Of a feature of length 5 and weight rows of length 2 along it.
POSITIVE = 10.0


@pytest.mark.parametrize(("classes", "length"), SIZES)
@pytest.mark.parametrize("global_mean", ["sample", "class"])
def test_collapse_measures_vanish(classes: int, length: int, global_mean: str) -> None:
    """Everything that measures a distance from collapse is zero, NC1 to rounding of the means and the rest too."""
    found = everything(collapsed(classes, length, global_mean=global_mean))
    for name in ("nc1", "nc2", "nc3", "nc4", "cdnv", "trace_ratio", "equinorm_means", "equinorm_weights"):
        assert found[name] == pytest.approx(0, abs=1e-13)
    for name in ("equiangularity_means", "equiangularity_weights", "self_duality"):
        assert found[name] == pytest.approx(0, abs=1e-13)
    for name in ("nc1_by_class", "nc4_by_class", "cdnv_by_class"):
        np.testing.assert_allclose(found[name], np.zeros(classes), atol=1e-13)
    assert 0 < found["nc1_floor"] < 1e-30


@pytest.mark.parametrize(("classes", "length"), SIZES)
def test_geometry_of_collapse(classes: int, length: int) -> None:
    """Compactness is 1, distinctiveness K/(K-1), all norms are equal, and the means have effective rank K - 1."""
    found = everything(collapsed(classes, length))
    assert found["compactness"] == pytest.approx(1, rel=1e-12)
    assert found["distinctiveness"] == pytest.approx(classes / (classes - 1), rel=1e-12)
    for name in ("feature_norm_mean", "class_mean_norm_mean"):
        assert found[name] == pytest.approx(5, rel=1e-12)
    assert found["feature_norm_std"] == pytest.approx(0, abs=1e-13)
    assert found["effective_rank_means"] == pytest.approx(classes - 1, rel=1e-9)
    assert found["effective_rank_features"] == pytest.approx(classes - 1, rel=1e-9)
    for name, value in (("compactness", 1), ("distinctiveness", classes / (classes - 1)), ("feature_norm_mean", 5)):
        np.testing.assert_allclose(found[f"{name}_by_class"], np.full(classes, value), rtol=1e-12)


@pytest.mark.parametrize(("classes", "length"), SIZES)
def test_scores_of_collapse(classes: int, length: int) -> None:
    """All positive scores are 10 and all negative ones -10/(K-1), so that every quantile, margin and gap is known."""
    found, negative = everything(collapsed(classes, length)), -POSITIVE / (classes - 1)
    expected = {"positive": POSITIVE, "negative": negative, "margin": POSITIVE - negative}
    for side, value in expected.items():
        for statistic in ("mean", "q01", "q50", "q99"):
            assert found[f"{side}_{statistic}"] == pytest.approx(value, rel=1e-12)
            np.testing.assert_allclose(found[f"{side}_{statistic}_by_class"], np.full(classes, value), rtol=1e-12)
        assert found[f"{side}_std"] == pytest.approx(0, abs=1e-13)
    for name in ("margin_min", "score_gap", "score_separation"):
        assert found[name] == pytest.approx(POSITIVE - negative, rel=1e-12)


@pytest.mark.parametrize(("threshold", "separates"), [(0.0, 1.0), (9.99, 1.0), (10.01, 0.0), (-1.1, 1.0), (-1.12, 0.0)])
def test_a_threshold_separates_collapsed_scores(threshold: float, separates: float) -> None:
    """A shared threshold separates if it lies between -10/(K-1) and 10; the shares tell which side fails."""
    found = everything(collapsed(10, 12, bias=np.full(10, -threshold)))
    assert found["separated"] == separates
    assert found["share_positive_above"] == float(threshold < POSITIVE)
    assert found["share_negative_below"] == float(threshold > -POSITIVE / 9)
    assert found["threshold_mean"] == threshold
    assert found["threshold_std"] == 0
    assert found["threshold_mean_by_class"].tolist() == [threshold] * 10


@pytest.mark.parametrize("loss", ["ce", "bce"])
def test_updates_of_collapse(loss: str) -> None:
    """One score has one amplitude: (K-1) e^s-/(e^s+ + (K-1) e^s-) with CE, sigmoid(-s+) and sigmoid(s-) with BCE."""
    found, negative = everything(trained(collapsed(10, 12), loss)), -POSITIVE / 9
    mass = math.exp(POSITIVE) + 9 * math.exp(negative)
    ce = 9 * math.exp(negative) / mass, math.exp(negative) / mass
    bce = 1 / (1 + math.exp(POSITIVE)), 1 / (1 + math.exp(-negative))
    for side, value in zip(("positive", "negative"), ce if loss == "ce" else bce, strict=True):
        assert found[f"{side}_amplitude_mean"] == pytest.approx(value, rel=1e-12)
        assert found[f"{side}_spread"] == pytest.approx(0, abs=1e-13)
    pull = ce[0] - 9 * ce[1] if loss == "ce" else bce[0] - 9 * bce[1]
    np.testing.assert_allclose(found["bias_gradient_mean_by_class"], np.full(10, pull / 10), rtol=1e-9, atol=1e-16)


def test_bce_moves_larger_positive_scores_less() -> None:
    """With BCE the amplitude falls with the positive and rises with the negative score: rank correlations -1 and 1.

    Over all classes that holds for the positive scores only where the thresholds are equal; the spread that is left
    at one amplitude is then that within a bin.
    """
    drawn = gaussian(3, [40, 30, 50], 6)
    found = everything(trained(drawn))
    assert found["positive_rank_correlation_by_class"].tolist() == [-1, -1, -1]
    assert found["negative_rank_correlation_by_class"].tolist() == [1, 1, 1]
    assert found["negative_rank_correlation"] == 1
    assert -1 < found["positive_rank_correlation"] < 0
    for side, value in (("positive", -1), ("negative", 1)):
        assert [found[f"{side}_rank_correlation{end}_by_class"][0] for end in ("_low", "_high")] == [value, value]
    shared = everything(trained(changed(drawn, bias=np.full(3, 0.3))))
    assert [shared[f"positive_rank_correlation{end}"] for end in ("", "_low", "_high")] == [-1, -1, -1]


def test_ce_moves_equal_scores_by_different_amounts() -> None:
    """With CE the amplitude depends on the other scores as well: its rank correlation with the own one is not -1."""
    found = everything(trained(gaussian(3, [40, 30, 50], 6), "ce"))
    assert -1 < found["positive_rank_correlation"] < 0
    assert (np.abs(found["negative_rank_correlation_by_class"]) < 1).all()
    assert found["positive_spread_share"] > 0.1


def test_a_step_along_the_gradient_is_observed() -> None:
    """Scores that move as predicted have slope and correlation 1; thresholds too, with all steps of the epoch."""
    vertices = np.eye(3)
    target = np.repeat([0, 1, 2], 8)
    features = np.zeros((24, 24 + 3))
    features[np.arange(24), 3 + np.arange(24)] = 1.0
    features[:, :3] = np.random.default_rng(0).normal(size=(24, 3))
    weight = np.hstack([vertices, np.zeros((3, 24))])
    bias = np.array([0.1, -0.4, 0.3])
    before = trained(changed(gaussian(0, [8, 8, 8], 27), features=features, target=target, weight=weight, bias=bias))
    scores = features @ weight.T
    logits = scores + bias
    own = np.eye(3, dtype=bool)[target]
    pull = np.where(own, 1 / (1 + np.exp(logits)), -1 / (1 + np.exp(-logits)))
    gradient = pull.mean(axis=0) + 5e-4 * -bias
    # 24 samples in batches of 16 make 2 steps.
    now = changed(before, features=np.hstack([scores + 0.1 * pull, features[:, 3:]]), bias=bias + 0.1 * 2 * gradient)
    found = everything(changed(now, previous=before))
    for name in ("positive_change", "negative_change", "threshold_change"):
        assert found[f"{name}_slope"] == pytest.approx(1, rel=1e-9)
        assert found[f"{name}_correlation"] == pytest.approx(1, rel=1e-9)
    np.testing.assert_allclose(found["positive_change_slope_by_class"], np.ones(3), rtol=1e-9)
    np.testing.assert_allclose(found["negative_change_slope_by_class"], np.ones(3), rtol=1e-9)
