"""Metrics of all topics, overall and by class, against the golden values of `tests/golden/make_topics.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden import make_topics
from golden.topic_cases import NAMES, Case, cases
from scipy import stats
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix
from sklearn.metrics import top_k_accuracy_score

from bceprobe.metrics import evaluate
from bceprobe.metrics.accuracy import confusion_matrix
from bceprobe.snapshot import Snapshot, Training

FOLDER = Path(__file__).parents[1] / "golden"
GOLDEN: dict[str, dict[str, Any]] = json.loads((FOLDER / "topics.json").read_text())
# Each topic, with what its values depend on: the global mean, the loss, or nothing more.
VARIANTS = [
    ("nc", "sample"),
    ("nc", "class"),
    ("accuracy", "any"),
    ("geometry", "sample"),
    ("geometry", "class"),
    ("scores", "any"),
    ("bias", "ce"),
    ("bias", "bce"),
    ("updates", "ce"),
    ("updates", "bce"),
]
# float64 keeps 1e-16 of a score; in the case "collapsed" the scores of a class differ by 1e-5 of their size and CE's
# amplitudes are 1e-14, so that 1e-11 is what careful arithmetic has left there, and careless arithmetic nothing.
RTOL = 1e-10
# Where the definition gives exactly 0 (K = 2, a bin of one sample): rounding of numbers of size 1.
ZERO = 1e-14
# Keys without a golden value, and the test of how they follow from those that have one.
POOLING = "pooled over columns, this project's choice: test_pooled_negative_rank_correlation"
INTERVAL = "interval of a correlation that has a golden value: test_intervals_of_the_rank_correlations"
EXEMPT = {
    "positive_rank_correlation_low": INTERVAL,
    "positive_rank_correlation_high": INTERVAL,
    "positive_rank_correlation_low_by_class": INTERVAL,
    "positive_rank_correlation_high_by_class": INTERVAL,
    "negative_rank_correlation": POOLING,
    "negative_rank_correlation_low": POOLING,
    "negative_rank_correlation_high": POOLING,
    "negative_rank_correlation_low_by_class": INTERVAL,
    "negative_rank_correlation_high_by_class": INTERVAL,
}


def stored_case(name: str) -> Case:
    """A golden case as it is stored."""
    with np.load(FOLDER / "topic_cases.npz") as archive:
        now, before = ({key: archive[f"{name}/{prefix}{key}"] for key in NAMES} for prefix in ("", "previous_"))
        return Case(archive[f"{name}/target"], now, before, GOLDEN[name]["training"])


def snapshot_of(name: str, kind: str, **changes: Any) -> Snapshot:
    """A golden case as a snapshot with training and a previous one; `kind` names a global mean or a loss."""
    case = stored_case(name)
    shared: dict[str, Any] = {"target": case.target, "training": training_of(name, kind)}
    if kind in make_topics.GLOBAL_MEANS:
        shared["global_mean"] = kind
    previous = Snapshot(**{**shared, **case.before})
    return Snapshot(**{**shared, **case.now, "previous": previous, **changes})


def training_of(name: str, kind: str, **changes: Any) -> Training:
    """How a golden case was trained: with CE if that is the kind, else with BCE."""
    return Training(**{"loss": "ce" if kind == "ce" else "bce", **GOLDEN[name]["training"], **changes})


def computed(snapshot: Snapshot, *topics: str) -> dict[str, Any]:
    """Evaluate some topics."""
    return dict(evaluate(snapshot, *topics))


def different(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Pick the keys whose values differ, with both values."""
    pairs = {key: (np.asarray(found[key]), np.array(expected[key], dtype=float)) for key in found.keys() & expected}
    return {key: pair for key, pair in pairs.items() if not close(*pair)}


def close(found: Any, expected: Any) -> bool:
    """Compare numbers or arrays; a value that is exactly 0 may come out as rounding."""
    if found.shape != expected.shape:
        return False
    return bool(np.all(np.isclose(found, expected, RTOL, np.where(expected == 0, ZERO, 0.0), equal_nan=True)))


@pytest.mark.parametrize(("topic", "kind"), VARIANTS)
@pytest.mark.parametrize("name", GOLDEN)
def test_metrics_equal_their_definitions(name: str, topic: str, kind: str) -> None:
    """Every metric, and every value by class, equals its slow definition in 60 digits to ten digits."""
    assert different(computed(snapshot_of(name, kind), topic), GOLDEN[name][topic][kind]) == {}


@pytest.mark.parametrize(("topic", "kind"), VARIANTS)
def test_every_key_has_a_golden_value(topic: str, kind: str) -> None:
    """A metric without a golden value is exempt for a reason, and all that have one are computed."""
    found, golden = set(computed(snapshot_of("balanced", kind), topic)), set(GOLDEN["balanced"][topic][kind])
    assert found - golden - set(EXEMPT) == set()
    assert golden - found == set()


@pytest.mark.parametrize("loss", ["ce", "bce"])
@pytest.mark.parametrize("name", GOLDEN)
def test_intervals_of_the_rank_correlations(name: str, loss: str) -> None:
    """They are Fisher's, of 95 %, with Bonett and Wright's variance; NaN for three pairs or fewer."""
    snapshot = snapshot_of(name, loss)
    found, counts = computed(snapshot, "updates"), np.bincount(snapshot.target, minlength=snapshot.classes)
    sizes = {
        "positive{}": snapshot.samples,
        "positive{}_by_class": counts,
        "negative{}_by_class": snapshot.samples - counts,
    }
    for key, size in sizes.items():
        middle, low, high = (found[key.format(f"_rank_correlation{end}")] for end in ("", "_low", "_high"))
        np.testing.assert_allclose([low, high], fisher(middle, np.asarray(size)), rtol=RTOL)


def fisher(correlation: Any, pairs: Any) -> Any:
    """Both ends of the interval tanh(artanh r -+ 1.96 sqrt((1 + r^2/2) / (n - 3))); that of r = 1 is r."""
    with np.errstate(divide="ignore", invalid="ignore"):
        half = stats.norm.ppf(0.975) * np.sqrt((1 + correlation**2 / 2) / np.where(pairs > 3, pairs - 3, np.nan))
        return np.tanh([np.arctanh(correlation) - half, np.arctanh(correlation) + half])


@pytest.mark.parametrize("loss", ["ce", "bce"])
@pytest.mark.parametrize("name", GOLDEN)
def test_pooled_negative_rank_correlation(name: str, loss: str) -> None:
    """It is the mean of the columns' in Fisher's z, weighted by n - 3; with BCE it is 1, as in every column."""
    snapshot = snapshot_of(name, loss)
    found, counts = computed(snapshot, "updates"), np.bincount(snapshot.target, minlength=snapshot.classes)
    pooled = [found[f"negative_rank_correlation{end}"] for end in ("", "_low", "_high")]
    columns, weights = found["negative_rank_correlation_by_class"], snapshot.samples - counts - 3
    if loss == "bce":
        assert pooled == pytest.approx([1, 1, 1], rel=RTOL)
        return
    middle = np.average(np.arctanh(columns), weights=weights)
    half = stats.norm.ppf(0.975) * np.sqrt(weights @ (1 + columns**2 / 2)) / weights.sum()
    assert pooled == pytest.approx(np.tanh([middle, middle - half, middle + half]), rel=RTOL)


@pytest.mark.parametrize("name", GOLDEN)
def test_decisions_are_those_of_scikit_learn(name: str) -> None:
    """The confusion matrix equals scikit-learn's, and so does top-5 accuracy where no logits are equal."""
    case = stored_case(name)
    features, weight, bias = (case.now[key].astype(float) for key in NAMES)
    logits, labels = features @ weight.T + bias, np.arange(len(weight))
    expected = sklearn_confusion_matrix(case.target, logits.argmax(axis=1), labels=labels)
    snapshot = snapshot_of(name, "sample")
    np.testing.assert_array_equal(confusion_matrix(snapshot), expected)
    if len(weight) > 5 and name != "ties":
        top = top_k_accuracy_score(case.target, logits, k=5, labels=labels)
        assert computed(snapshot, "accuracy")["top5"] == pytest.approx(top)


def test_without_training_nothing_is_known_of_updates() -> None:
    """There are then no amplitudes, no gradients and no alpha; what scores and thresholds show by themselves stays."""
    snapshot = snapshot_of("balanced", "bce", training=None)
    needed = computed(snapshot, "updates")
    shown = computed(snapshot, "bias")
    needed |= {key: shown.pop(key) for key in list(shown) if key == "alpha" or key.startswith("bias_gradient")}
    assert [key for key, value in needed.items() if not np.isnan(value).all()] == []
    assert [key for key, value in shown.items() if np.isnan(value).any()] == []


@pytest.mark.parametrize("lost", ["previous", "learning_rate"])
def test_changes_need_a_previous_snapshot_and_the_learning_rate(lost: str) -> None:
    """Without either no change of scores or thresholds is predicted; the amplitudes are the same as with them."""
    unrated = training_of("balanced", "bce", learning_rate=None)
    changes = {"previous": None} if lost == "previous" else {"training": unrated}
    found = computed(snapshot_of("balanced", "bce", **changes), "updates")
    assert [found[f"{part}_change_slope"] for part in ("positive", "negative", "threshold")] == pytest.approx(
        [np.nan] * 3, nan_ok=True
    )
    kept = {key: value for key, value in GOLDEN["balanced"]["updates"]["bce"].items() if "_change_" not in key}
    assert different(found, kept) == {}


@pytest.mark.parametrize("lost", ["lambda_w", "lambda_h", "batch_size"])
def test_alpha_needs_all_settings(lost: str) -> None:
    """Alpha is NaN where the ratio of the two regularisations or the samples per class are not known."""
    snapshot = snapshot_of("balanced", "bce", training=training_of("balanced", "bce", **{lost: 0}))
    assert np.isnan(computed(snapshot, "bias")["alpha"])


def test_other_losses_have_no_gradient() -> None:
    """The bias gradient is known for CE and BCE only."""
    snapshot = snapshot_of("balanced", "bce", training=training_of("balanced", "bce", loss="mse"))
    assert np.isnan(computed(snapshot, "bias")["bias_gradient_norm"])


def test_golden_values_are_what_the_script_computes() -> None:
    """The stored values are those of the script on the stored cases, to the last digit."""
    assert make_topics.document({name: stored_case(name) for name in GOLDEN}) == (FOLDER / "topics.json").read_text()


def test_golden_cases_are_what_the_script_draws() -> None:
    """The stored snapshots are those that the script draws (numpy may change the last digits of a distribution)."""
    drawn = cases()
    assert list(drawn) == list(GOLDEN)
    for name, case in drawn.items():
        stored = stored_case(name)
        assert stored.training == case.training
        for key, array in stored.arrays.items():
            assert array.dtype == case.arrays[key].dtype
            np.testing.assert_allclose(array, case.arrays[key], rtol=1e-12, atol=1e-15)


def test_cases_cover_what_they_are_named_for() -> None:
    """One case is separated and nearly collapsed, one lacks a class, two have K > d + 1, three show few digits."""
    shown = {name: {**GOLDEN[name]["nc"]["sample"], **GOLDEN[name]["bias"]["ce"]} for name in GOLDEN}
    assert [name for name, found in shown.items() if found["separated"]] == ["collapsed"]
    assert shown["collapsed"]["nc1"] < 1e-8
    assert [name for name, found in shown.items() if None in found["nc1_by_class"]] == ["imbalanced_absent"]
    assert [name for name, found in shown.items() if found["gnc_margin"]] == ["more_classes_than_features", "ties"]
    digits = {name: make_topics.significant_bits(stored_case(name).now["features"]) for name in GOLDEN}
    assert {name: count for name, count in digits.items() if count < 53} == {
        "ties": 8,
        "float32": 24,
        "float16": 11,
        "bfloat16": 8,
    }
