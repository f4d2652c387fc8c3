"""Snapshots with little in them: every metric has its defined value, and nothing raises or warns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from metric_cases import changed, everything, gaussian, trained

from bceprobe.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SOURCE = np.random.default_rng(7)
THREE = np.arange(30) % 3
NUMBERS = SOURCE.normal(size=(30, 5))


def snapshot_of(features: Any, target: Sequence[int] | NDArray[Any], weight: Any) -> Snapshot:
    """A snapshot without a bias."""
    return Snapshot(np.asarray(features), np.asarray(target), np.asarray(weight))


CASES = {
    "two classes": snapshot_of(NUMBERS, np.arange(30) % 2, NUMBERS[:2]),
    "more classes than features": snapshot_of(NUMBERS[:, :2], np.arange(30) % 6, NUMBERS[:6, :2]),
    "absent classes": snapshot_of(NUMBERS, THREE, NUMBERS[:6]),
    "one class of three": snapshot_of(NUMBERS, np.ones(30, int), NUMBERS[:3]),
    "one class of two": snapshot_of(NUMBERS, np.ones(30, int), NUMBERS[:2]),
    "one sample of each class": snapshot_of(NUMBERS[:4], np.arange(4), NUMBERS[4:8]),
    "one sample": snapshot_of(NUMBERS[:1], [1], NUMBERS[1:4]),
    "one sample of two classes": snapshot_of(NUMBERS[:1], [1], NUMBERS[1:3]),
    "one number": snapshot_of(NUMBERS[:1, :1], [0], NUMBERS[1:3, :1]),
    "zero features": snapshot_of(np.zeros((30, 5)), THREE, NUMBERS[:3]),
    "equal features": snapshot_of(np.full((30, 5), 0.3), THREE, NUMBERS[:3]),
    "a class at the origin": snapshot_of(NUMBERS * (THREE > 0)[:, None], THREE, NUMBERS[:3]),
    "zero weight": snapshot_of(NUMBERS, THREE, np.zeros((3, 5))),
    "nothing but zeros": snapshot_of(np.zeros((30, 5)), THREE, np.zeros((3, 5))),
    "collapsed": snapshot_of(NUMBERS[THREE], THREE, NUMBERS[5:8]),
    "hundreds of classes": snapshot_of(SOURCE.normal(size=(300, 2)), np.arange(300), SOURCE.normal(size=(300, 2))),
    "large": snapshot_of(1e70 / 4 * NUMBERS, THREE, 1e70 / 4 * NUMBERS[:3]),
    "small": snapshot_of(1e-140 * NUMBERS, THREE, NUMBERS[:3]),
    "too small to be squared": snapshot_of(1e-300 * NUMBERS, THREE, NUMBERS[:3]),
    "large scores": snapshot_of(1e3 * NUMBERS, THREE, NUMBERS[:3]),
}


def prepared(case: str, loss: str, memory: int) -> Snapshot:
    """A case with all that metrics of change want."""
    now = trained(changed(CASES[case], memory=memory), loss)
    return changed(now, previous=changed(now, weight=0.9 * np.asarray(now.weight)))


@pytest.mark.parametrize("memory", [1, 1 << 26])
@pytest.mark.parametrize("loss", ["ce", "bce", "mse"])
@pytest.mark.parametrize("case", CASES)
def test_nothing_raises_or_warns(case: str, loss: str, memory: int) -> None:
    """No topic raises, warns (but of lost directions) or is infinite, with or without a previous snapshot."""
    for snapshot in (changed(CASES[case], memory=memory), prepared(case, loss, memory)):
        found = everything(snapshot)
        assert [name for name, value in found.items() if np.isinf(value).any()] == []


@pytest.mark.parametrize("case", CASES)
def test_absent_classes_have_no_value(case: str) -> None:
    """By class, a class without a sample has NaN for all that is about its samples."""
    found, present = everything(prepared(case, "bce", 1 << 26)), CASES[case].present
    for name in (
        "accuracy",
        "uniform_accuracy",
        "nc4",
        "positive_mean",
        "margin_min",
        "compactness",
        "feature_norm_mean",
    ):
        np.testing.assert_array_equal(np.isnan(found[f"{name}_by_class"]), ~present)
    # Its negative scores are those of others.
    alone = present & (CASES[case].class_counts == CASES[case].samples)
    np.testing.assert_array_equal(np.isnan(found["negative_mean_by_class"]), alone)


# What is not defined, and exact values of what is.
UNDEFINED = {
    "one class of three": "nc1 nc3 cdnv trace_ratio self_duality equiangularity_means distinctiveness nc1_floor",
    "one sample": "nc1 nc3 cdnv trace_ratio equinorm_means effective_rank_features effective_rank_means top5",
    "zero features": "nc1 nc3 cdnv trace_ratio equinorm_means self_duality effective_rank_features nc1_floor",
    "equal features": "nc1 nc3 cdnv trace_ratio equinorm_means self_duality effective_rank_means nc1_floor",
    "zero weight": "nc2 nc3 nc2_uncentred equinorm_weights equiangularity_weights self_duality uniform_threshold",
    "two classes": "top5 gnc_margin",
}
EXACT: dict[str, dict[str, float]] = {
    "two classes": {"nc2": 0, "equinorm_weights": 0, "equiangularity_weights": 0, "effective_rank_means": 1},
    "one class of three": {"class_mean_norm_mean": 0, "class_mean_norm_std": 0},
    "one sample of each class": {"nc1": 0, "cdnv": 0, "trace_ratio": 0, "compactness": 1},
    "one sample": {"positive_std": 0, "margin_std": 0, "feature_norm_std": 0, "compactness": 0, "positive_spread": 0},
    "zero features": {"accuracy": 0, "compactness": 0, "distinctiveness": 1, "feature_norm_mean": 0, "score_gap": 0},
    "equal features": {
        "compactness": 0,
        "compactness_uncentred": 1,
        "distinctiveness_uncentred": 0,
        "feature_norm_std": 0,
    },
    "zero weight": {"accuracy": 0, "uniform_accuracy": 0, "positive_mean": 0, "negative_std": 0, "margin_min": 0},
    "collapsed": {"nc1": 0, "cdnv": 0, "trace_ratio": 0, "compactness": 1},
    "too small to be squared": {"feature_norm_mean": 0, "compactness": 0, "class_mean_norm_mean": 0},
}


@pytest.mark.parametrize("case", UNDEFINED)
def test_what_is_not_defined(case: str) -> None:
    """What these snapshots do not define is NaN, not zero and not noise."""
    found = everything(prepared(case, "bce", 1 << 26))
    assert [name for name in UNDEFINED[case].split() if not np.isnan(found[name])] == []


@pytest.mark.parametrize("case", EXACT)
def test_exact_values(case: str) -> None:
    """What these snapshots leave no choice about is exact, to the rounding of numbers of size 1."""
    found = everything(prepared(case, "bce", 1 << 26))
    assert {name: float(found[name]) for name in EXACT[case]} == pytest.approx(EXACT[case], abs=1e-13)


def test_values_that_do_not_vary_have_no_spread_by_rounding() -> None:
    """Where the samples of a class are equal, spreads are exactly 0 and shares and slopes of them NaN, not noise."""
    found = everything(prepared("collapsed", "bce", 1 << 26))
    for name in ("positive_std", "margin_std", "positive_amplitude_std", "positive_spread", "feature_norm_std"):
        assert found[f"{name}_by_class"].tolist() == [0, 0, 0]
    for name in ("positive_spread_share", "positive_rank_correlation"):
        assert np.isnan(found[f"{name}_by_class"]).all()


@pytest.mark.parametrize("scale", [2.0**-400, 2.0**200])
def test_size_costs_no_digits(scale: float) -> None:
    """Features of 1e-120 and 1e60 have the collapse measures of those of size 1, and norms and scores of their size."""
    drawn = gaussian(0, [20, 15, 25], 6)
    found, expected = everything(changed(drawn, features=scale * np.asarray(drawn.features))), everything(drawn)
    for name in ("nc1", "nc3", "cdnv", "trace_ratio", "compactness", "effective_rank_features", "uniform_accuracy"):
        assert found[name] == pytest.approx(float(expected[name]), rel=1e-9)
    for name in ("feature_norm_mean", "positive_mean", "negative_std", "margin_q50"):
        assert found[name] == pytest.approx(scale * float(expected[name]), rel=1e-9)


@pytest.mark.parametrize("kind", [">f8", ">f4", "<f4", "float16", "longdouble", "int8", "uint8", "int64", "bool"])
def test_types_of_features(kind: str) -> None:
    """Features of any real type, in either byte order, give what the same numbers give in float64.

    Only the floor of NC1 tells them apart: integers are not rounded numbers of few digits.
    """
    source = gaussian(0, [20, 15, 25], 6)
    stored = (4 * np.asarray(source.features)).clip(0, 100).astype(kind)
    one, other = (changed(source, features=features) for features in (stored, stored.astype(np.float64)))
    found, expected = everything(one), everything(other)
    assert found.keys() == expected.keys()
    for name in found.keys() - ({"nc1_floor"} if stored.dtype.kind in "iub" else set()):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-14, err_msg=name)


def test_features_in_any_memory_order() -> None:
    """Strides and memory order of features and weight change nothing."""
    source = gaussian(0, [20, 15, 25], 6)
    features, weight = np.asarray(source.features), np.asarray(source.weight)
    wide = np.zeros((120, 12))
    wide[::2, ::2] = features
    expected = everything(source)
    for given in (wide[::2, ::2], np.asfortranarray(features)):
        found = everything(changed(source, features=given, weight=np.asfortranarray(weight)))
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-14, err_msg=name)
