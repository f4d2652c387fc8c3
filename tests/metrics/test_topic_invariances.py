"""What must not change any metric of any topic, overall or by class, and how the others must change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import changed, everything, gaussian, trained

from bceprobe.metrics.geometry import compactness, compactness_uncentred

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot

    Found = dict[str, NDArray[np.float64]]

SEEDS = st.integers(0, 2**32 - 1)
COUNTS = st.lists(st.integers(0, 9), min_size=3, max_size=6).filter(lambda counts: sum(map(bool, counts)) > 1)
BINARY_SCALES = st.integers(-20, 20).map(lambda power: 2.0**power)
# Of a fixed number of the first samples of each class, or of bits: these depend on the order, or on the rotation.
SAMPLED = ("effective_rank_features", "nc1_floor")
SHAPES = [
    "nc1",
    "nc2",
    "nc3",
    "nc2_uncentred",
    "nc3_uncentred",
    "cdnv",
    "trace_ratio",
    "equinorm_means",
    "equinorm_weights",
    "equiangularity_means",
    "equiangularity_weights",
    "self_duality",
    "compactness",
    "distinctiveness",
    "effective_rank_features",
    "effective_rank_means",
]
SCALE_FREE = [
    *SHAPES,
    "nc4",
    "compactness_uncentred",
    "distinctiveness_uncentred",
    "nc1_floor",
    "accuracy",
    "uniform_accuracy",
    "uniform_accuracy_grid",
]
NORMS = ["feature_norm_mean", "feature_norm_std", "class_mean_norm_mean", "class_mean_norm_std"]
SHIFT_FREE = [*SHAPES, "class_mean_norm_mean", "class_mean_norm_std"]


@st.composite
def pairs(draw: st.DrawFn) -> Snapshot:
    """Draw a snapshot with training and a previous one."""
    seed, counts, length = draw(SEEDS), draw(COUNTS), draw(st.integers(2, 6))
    loss = draw(st.sampled_from(["ce", "bce"]))
    options = {"global_mean": draw(st.sampled_from(["sample", "class"]))}
    now, before = (trained(gaussian(seed, counts, length, noise=noise, **options), loss) for noise in (0.5, 0.6))
    return changed(now, previous=before)


def both(snapshot: Snapshot, **changes: Any) -> Snapshot:
    """Change a snapshot and its previous one: each array by a function of it."""
    before = snapshot.previous and both(snapshot.previous, **changes)
    made = {name: change(np.asarray(getattr(snapshot, name))) for name, change in changes.items()}
    return changed(snapshot, **made, previous=before)


def same(
    found: Found, expected: Found, names: Iterable[str] | None = None, *, rtol: float = 1e-7, atol: float = 1e-9
) -> None:
    """Compare some metrics, overall and by class; all but those of a sample of the features if none are named."""
    keys = [key for key in expected if key not in SAMPLED] if names is None else names
    for name in keys:
        for key in (name, f"{name}_by_class"):
            if key in expected:
                close = np.isclose(found[key], expected[key], rtol, atol, equal_nan=True)
                assert close.all(), (key, found[key], expected[key])


@settings(max_examples=30)
@given(pairs(), SEEDS)
def test_rotation(snapshot: Snapshot, seed: int) -> None:
    """One rotation of features and weight, now and before, changes no metric, overall or by class."""
    length = snapshot.weight.shape[1]
    turned, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(length, length)))
    found = everything(both(snapshot, features=lambda rows: rows @ turned, weight=lambda rows: rows @ turned))
    expected = everything(snapshot)
    same(found, expected)
    same(found, expected, ["effective_rank_features"])


@settings(max_examples=30)
@given(pairs(), SEEDS)
def test_order_of_samples(snapshot: Snapshot, seed: int) -> None:
    """The order of the samples, the same now and before, changes no metric."""
    order = np.random.default_rng(seed).permutation(snapshot.samples)
    found = everything(both(snapshot, features=lambda rows: rows[order], target=lambda labels: labels[order]))
    same(found, everything(snapshot))


@settings(max_examples=30)
@given(pairs(), SEEDS)
def test_names_of_labels(snapshot: Snapshot, seed: int) -> None:
    """Giving the classes other numbers changes no overall value, and moves those by class to where the classes are."""
    number = np.random.default_rng(seed).permutation(snapshot.classes)
    order = np.argsort(number)
    changes = {"target": lambda labels: number[labels], "weight": lambda rows: rows[order]}
    found = everything(both(snapshot, **changes, bias=lambda values: values[order]))
    moved = {key: value[order] if value.ndim else value for key, value in everything(snapshot).items()}
    same(found, moved)


@settings(max_examples=30)
@given(pairs(), BINARY_SCALES)
def test_scale_of_features(snapshot: Snapshot, scale: float) -> None:
    """Longer features, with a bias as much longer, change no measure of collapse; norms and scores scale with them."""
    found = everything(both(snapshot, features=lambda rows: scale * rows, bias=lambda values: scale * values))
    expected = everything(snapshot)
    same(found, expected, SCALE_FREE, rtol=1e-12)
    scaled = [name for name in expected if name.split("_")[0] in {"positive", "negative", "margin", "score"}]
    scaled = [name for name in scaled if not {"amplitude", "rank", "spread", "change"} & set(name.split("_"))]
    moved = {name: scale * expected[name] for name in (*NORMS, *scaled, "threshold_mean", "threshold_std")}
    same(found, moved, moved, rtol=1e-12, atol=0)


@settings(max_examples=30)
@given(pairs(), st.lists(st.floats(-10, 10), min_size=6, max_size=6))
def test_translation_of_features(snapshot: Snapshot, shift: list[float]) -> None:
    """A constant added to all features changes nothing that is centred; uncentred cosines and norms it does change."""
    by = np.array(shift[: snapshot.weight.shape[1]])
    found, expected = everything(both(snapshot, features=lambda rows: rows + by)), everything(snapshot)
    same(found, expected, SHIFT_FREE, atol=1e-7, rtol=1e-5)
    if np.linalg.norm(by) > 1:
        names = ("compactness_uncentred", "distinctiveness_uncentred", "feature_norm_mean")
        assert any(found[name] != pytest.approx(float(expected[name]), rel=1e-6) for name in names)


@settings(max_examples=30)
@given(pairs(), st.floats(-10, 10))
def test_a_shared_bias_moves_thresholds_only(snapshot: Snapshot, shift: float) -> None:
    """A constant added to all biases moves the mean threshold by minus that; scores and features do not see it."""
    found, expected = everything(both(snapshot, bias=lambda values: values + shift)), everything(snapshot)
    unmoved = [*SCALE_FREE, *NORMS, "threshold_std", "positive_mean", "negative_q50", "margin_min", "score_separation"]
    same(found, expected, unmoved)
    same(found, {"threshold_mean": expected["threshold_mean"] - shift}, ["threshold_mean"])
    if snapshot.training and snapshot.training.loss == "ce":
        same(found, expected, ["positive_amplitude_mean", "negative_amplitude_q95", "positive_change_slope"], atol=1e-7)


@settings(max_examples=30)
@given(SEEDS, COUNTS)
def test_compactness_is_the_mean_cosine_of_pairs(seed: int, counts: list[int]) -> None:
    """Over all pairs of a class, or over those of different samples; a feature without direction has cosine 0."""
    snapshot = gaussian(seed, counts, 3)
    features = np.asarray(snapshot.features).copy()
    features[0] = 0.0
    snapshot = changed(snapshot, features=features)
    for metric, centre in ((compactness, snapshot.centre), (compactness_uncentred, np.zeros(3))):
        moved = features - centre
        norms = np.linalg.norm(moved, axis=1, keepdims=True)
        units = np.divide(moved, norms, out=np.zeros_like(moved), where=norms > 0)
        for label in range(snapshot.classes):
            own = units[snapshot.target == label]
            apart = ~np.eye(len(own), dtype=bool)
            with_self, without = ((own @ own.T)[chosen] for chosen in (np.full_like(apart, fill_value=True), apart))
            everyone, others = metric(snapshot), metric(snapshot, pairs="exclude-self")
            expected = [pairs.mean() if len(pairs) else np.nan for pairs in (with_self, without)]
            found = [everyone.by_class[label], others.by_class[label]]
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
