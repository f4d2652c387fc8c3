"""Metrics against golden values, which `tests/golden/make_nc.py` computes from their definitions."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from metric_cases import values

from bceprobe.snapshot import GlobalMean, Snapshot

FOLDER = Path(__file__).parents[1] / "golden"
GOLDEN: dict[str, dict[GlobalMean, dict[str, float]]] = json.loads((FOLDER / "nc.json").read_text())
KEYS = ("features", "target", "weight", "bias")
EXACT = ("nc4", "accuracy", "uniform_accuracy", "uniform_accuracy_grid")


def stored_case(name: str) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a golden case."""
    with np.load(FOLDER / "nc_cases.npz") as archive:
        return {key: archive[f"{name}/{key}"] for key in KEYS}


def snapshot_of(name: str, global_mean: GlobalMean = "sample") -> Snapshot:
    """A golden case as a snapshot."""
    case = stored_case(name)
    return Snapshot(case["features"], case["target"], case["weight"], case["bias"], global_mean)


@pytest.fixture(scope="module")
def script() -> Any:
    """The golden script as a module."""
    spec = importlib.util.spec_from_file_location("make_nc", FOLDER / "make_nc.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("global_mean", ["sample", "class"])
@pytest.mark.parametrize("name", GOLDEN)
def test_metrics_equal_their_definitions(name: str, global_mean: GlobalMean) -> None:
    """Every metric equals its slow definition: to 1e-12 of its value, and exactly where it is a share of samples."""
    computed = values(snapshot_of(name, global_mean))
    expected = GOLDEN[name][global_mean]
    assert {key: computed[key] for key in EXACT} == {key: expected[key] for key in EXACT}
    # Zero, which K = 2 forces on nc2 and nc3, comes out as the rounding of entries of size 1.
    assert {key: computed[key] for key in expected} == pytest.approx(
        expected, rel=1e-12, abs=1e-15 * (name[:3] == "two")
    )


def test_cases_cover_what_they_are_named_for() -> None:
    """The nearly collapsed cases have NC1 about 1e-8 and 1e-14, and the weak direction is 0.1 % of the strongest."""
    assert GOLDEN["collapsed_1e-8"]["sample"]["nc1"] == pytest.approx(1e-8, rel=0.5)
    assert GOLDEN["collapsed_1e-14"]["sample"]["nc1"] == pytest.approx(1e-14, rel=0.5)
    singular = np.linalg.svd(snapshot_of("weak_direction").centred_means)[1]
    assert singular[2] / singular[0] == pytest.approx(1e-3, rel=0.5)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_values_are_what_the_script_computes(name: str, script: Any) -> None:
    """The stored values are those of the script, to the last digit."""
    assert script.values(stored_case(name)) == GOLDEN[name]


def test_golden_cases_are_what_the_script_draws(script: Any) -> None:
    """The stored snapshots are those that the script draws (numpy may change the last digits of a distribution)."""
    drawn = script.cases()
    assert set(drawn) == set(GOLDEN)
    for name, case in drawn.items():
        for key, array in stored_case(name).items():
            assert array.dtype == case[key].dtype
            np.testing.assert_allclose(array, case[key], rtol=1e-12, atol=1e-15)
