"""Metrics against the float32 values of four public programs on the same snapshots (tests/golden/README.md)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import pytest
from metric_cases import changed, values

from bceprobe.snapshot import GlobalMean, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parents[1] / "golden"
PEERS: dict[str, dict[str, dict[str, float]]] = json.loads((FOLDER / "peer_values.json").read_text())
Reading = dict[str, "Callable[[Snapshot], float]"]


def ours(name: str) -> Callable[[Snapshot], float]:
    """Read a metric of ours."""
    return lambda snapshot: values(snapshot)[name]


def without_bias(snapshot: Snapshot) -> Snapshot:
    """The same snapshot, whose classifier has no bias."""
    return changed(snapshot, bias=None)


def sample_spread(name: str) -> Callable[[Snapshot], float]:
    """Read a spread of K norms with K - 1 in place of K under its root, as torch.std divides."""
    return lambda snapshot: math.sqrt(snapshot.classes / (snapshot.classes - 1)) * values(snapshot)[name]


def raw_weight(read: Callable[[Snapshot], float]) -> Callable[[Snapshot], float]:
    """Read a metric of class means of the raw rows of the weight: each is a class mean, and the global mean is zero."""

    def measured(snapshot: Snapshot) -> float:
        rows = snapshot.weight.astype(np.float64)
        with patch.object(Snapshot, "centre", np.zeros(rows.shape[1])):
            return read(Snapshot(rows, np.arange(len(rows)), rows))

    return measured


def squared_duality_gap(snapshot: Snapshot) -> float:
    """Squared distance 2 - 2 <W, M> / (||W|| ||M||) of the raw weight, from that of the centred one.

    Their inner products with M are equal, because the rows of M have mean zero (global mean of the class means).
    """
    raw = snapshot.weight.astype(np.float64)
    centred = raw - raw.mean(axis=0)
    return float(2 - (2 - ours("self_duality")(snapshot) ** 2) * np.linalg.norm(centred) / np.linalg.norm(raw))


def etf_of_means(snapshot: Snapshot) -> float:
    """NC2 with the class means in the place of the weight, which is centred as they are: by their own mean."""
    return ours("nc2")(changed(snapshot, weight=snapshot.class_means))


def logits_of_the_mean(snapshot: Snapshot) -> float:
    """Length of the logits of the global mean; no metric here: both parts are in a snapshot."""
    return float(np.linalg.norm(snapshot.weight @ snapshot.centre - snapshot.threshold))


# What every key means in ours, and which global mean its program takes; bceprobe/metrics/PEERS.md tells it to readers.
# Class means and covariances of all four are divided by n, as ours.
READINGS: dict[str, tuple[GlobalMean, Reading]] = {
    "jinxinzhou/nc_loss": (
        "sample",
        {
            "nc1": ours("nc1"),
            # It centres the weight in both.
            "nc2_W": ours("nc2"),
            "nc3": ours("nc3"),
            # Bias in PyTorch's sign.
            "Wh_b": logits_of_the_mean,
            "acc": ours("accuracy"),
        },
    ),
    "tding1/Neural-Collapse": (
        "sample",
        {
            "nc1": ours("nc1"),
            # It centres the weight in neither.
            "nc2_W": ours("nc2_uncentred"),
            "nc3": ours("nc3_uncentred"),
            "Wh_b": logits_of_the_mean,
            "acc": ours("accuracy"),
        },
    ),
    "neuralcollapse/neuralcollapse": (
        "class",
        {
            "nc1": ours("nc1"),
            # Without the 1/K.
            "nc1_trace": lambda snapshot: snapshot.classes * ours("nc1")(snapshot),
            # Standard deviation with K - 1; class means centred, weight raw.
            "nc2_equinorm_M": sample_spread("equinorm_means"),
            "nc2_equinorm_W": raw_weight(sample_spread("equinorm_means")),
            "nc2_cos_M": ours("equiangularity_means"),
            "nc2_cos_W": raw_weight(ours("equiangularity_means")),
            # Squared, weight raw.
            "nc3_dist2": squared_duality_gap,
            # Agreement, not disagreement.
            "nc4_agree": lambda snapshot: 1 - ours("nc4")(snapshot),
            "acc": ours("accuracy"),
        },
    ),
    "rhubarbwu/neural-collapse": (
        "class",
        {
            "nc1": ours("nc1"),
            "nc1_svds": ours("nc1"),
            # Sigma_W is the mean over samples, Sigma_B the mean over classes.
            "nc1_quot": ours("trace_ratio"),
            # Variances divided by n; mean over the K (K - 1) ordered pairs.
            "nc1_cdnv": ours("cdnv"),
            "nc2_M": etf_of_means,
            "nc2_W": ours("nc2"),
            "nc2_W_uncentred": ours("nc2_uncentred"),
            # Weight raw, class means centred.
            "nc3": ours("nc3_uncentred"),
            # Agreement of the nearest class mean with the scores without bias.
            "nc4_agree_nobias": lambda snapshot: 1 - ours("nc4")(without_bias(snapshot)),
        },
    ),
}


def peer_snapshot(case: str, global_mean: GlobalMean) -> Snapshot:
    """A snapshot that the programs were run on."""
    with np.load(FOLDER / "peer_cases.npz") as archive:
        arrays = {key: archive[f"{case}_{key}"] for key in ("features", "target", "weight", "bias")}
    return Snapshot(**arrays, global_mean=global_mean)


@pytest.mark.parametrize("program", READINGS)
@pytest.mark.parametrize("case", PEERS)
def test_metrics_equal_those_of_public_programs(case: str, program: str) -> None:
    """Each value of a public program equals ours, as far as the two define alike, to the precision of its float32."""
    global_mean, reading = READINGS[program]
    snapshot = peer_snapshot(case, global_mean)
    found = {key: read(snapshot) for key, read in reading.items()}
    assert found == pytest.approx({key: PEERS[case][program][key] for key in reading}, rel=1e-5, abs=1e-7)


def test_the_global_means_differ_only_for_imbalanced_classes() -> None:
    """The sample mean and the class mean give the same NC1 on balanced data and another one on imbalanced data."""
    balanced = [values(peer_snapshot("balanced", kind))["nc1"] for kind in ("sample", "class")]
    imbalanced = [values(peer_snapshot("imbalanced", kind))["nc1"] for kind in ("sample", "class")]
    assert balanced[0] == pytest.approx(balanced[1], rel=1e-12)
    assert imbalanced[0] != pytest.approx(imbalanced[1], rel=1e-2)


def test_every_value_of_a_public_program_is_read() -> None:
    """No program and no key of the peers' values is left without an expression in ours."""
    for programs in PEERS.values():
        assert {name: set(found) for name, found in programs.items()} == {
            name: set(reading) for name, (_, reading) in READINGS.items()
        }


@pytest.mark.parametrize("case", PEERS)
def test_centring_the_weight_and_ddof_are_what_sets_two_keys_apart(case: str) -> None:
    """Our norms and angles of the weight are those of the centred rows: near the peer's of the raw rows, not equal."""
    found, peer = values(peer_snapshot(case, "class")), PEERS[case]["neuralcollapse/neuralcollapse"]
    for key, theirs in (("equinorm_weights", "nc2_equinorm_W"), ("equiangularity_weights", "nc2_cos_W")):
        assert found[key] == pytest.approx(peer[theirs], rel=0.3)
        assert found[key] != pytest.approx(peer[theirs], rel=1e-3)
