"""Metrics against the float32 values of four public programs on the same snapshots (tests/golden/README.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

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


# What every key that we have a metric for means, and which global mean its program takes.
READINGS: dict[str, tuple[GlobalMean, Reading]] = {
    "jinxinzhou/nc_loss": (
        "sample",
        {"nc1": ours("nc1"), "nc2_W": ours("nc2"), "nc3": ours("nc3"), "acc": ours("accuracy")},
    ),
    "tding1/Neural-Collapse": (
        "sample",
        {"nc1": ours("nc1"), "nc2_W": ours("nc2_uncentred"), "nc3": ours("nc3_uncentred"), "acc": ours("accuracy")},
    ),
    "neuralcollapse/neuralcollapse": (
        "class",
        {
            "nc1": ours("nc1"),
            "nc1_trace": lambda snapshot: snapshot.classes * values(snapshot)["nc1"],
            "nc4_agree": lambda snapshot: 1 - values(snapshot)["nc4"],
            "acc": ours("accuracy"),
        },
    ),
    "rhubarbwu/neural-collapse": (
        "class",
        {
            "nc1": ours("nc1"),
            "nc1_svds": ours("nc1"),
            "nc2_W": ours("nc2"),
            "nc2_W_uncentred": ours("nc2_uncentred"),
            "nc3": ours("nc3_uncentred"),
            "nc4_agree_nobias": lambda snapshot: 1 - values(without_bias(snapshot))["nc4"],
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
    """Each value of a public program that has a metric here equals it to the precision of its float32."""
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
