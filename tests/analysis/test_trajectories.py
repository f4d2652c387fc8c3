"""Trajectories of runs: which epochs of an analysis they are judged by, and what the records say."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import xarray as xr

from bceprobe.analysis.trajectories import trajectories

DIMS = ("run", "split", "epoch")
EPOCHS = [1, 2, 5, 9]
COURSES = {
    "accuracy": [[0.5, 1, 1, 1], [0.5, 0.6, 0.7, 0.8]],
    "uniform_accuracy": [[0.1, 0.5, 1, 1], [0.0, 0.1, 0.1, 0.2]],
    "nc1": [[9, 2, 0.3, 0.01], [9, 9, 8, 7]],
    "nc2": [[1, 0.5, 0.05, 0.02], [1, 1, 1, 1]],
    "nc3": [[1, 0.5, 0.2, 0.03], [1, 1, 1, 1]],
}


def _analysis() -> xr.Dataset:
    """Make an analysis of a run a that collapses and a run b that fails; the test split is at zero throughout."""
    columns: dict[str, Any] = {
        name: (DIMS, np.stack([np.zeros((2, 4)), np.array(values, float)], axis=1)) for name, values in COURSES.items()
    }
    columns["captured"] = (DIMS, np.ones((2, 2, 4), bool))
    return xr.Dataset(columns, coords={"run": ["a", "b"], "split": ["test", "train"], "epoch": EPOCHS})


def _topics(dataset: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """Split an analysis as the topics nc and accuracy hold it."""
    return dataset.drop_vars(["accuracy", "uniform_accuracy"]), dataset.drop_vars(["nc1", "nc2", "nc3"])


def test_each_run_has_one_record_of_its_train_split() -> None:
    """A run that collapses and one that is never fitted, in full; the test split plays no part."""
    found = trajectories(*_topics(_analysis()))
    stages = {"fitted_epoch": 2, "uniform_epoch": 5, "collapsed_epoch": 9}
    words = {"order": "fitted 2, uniform 5, collapsed 9", "ordered": True, "failure": "collapsed"}
    assert found[0] == {"run": "a", "split": "train", **stages, **words, "nc_threshold": 0.1}
    words = {"order": "never fitted, never uniform, never collapsed", "failure": "not fitted"}
    assert found[1] == {"run": "b", "split": "train", **dict.fromkeys(stages), **words, "ordered": None} | {
        "nc_threshold": 0.1
    }
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_epochs_that_are_not_captured_are_skipped() -> None:
    """A run is judged by the epochs it has: in both topics, and the last of them decides on failure."""
    nc, accuracy = _topics(_analysis())
    accuracy["captured"].loc[{"run": "a", "epoch": 2}] = False
    nc["captured"].loc[{"run": "a", "epoch": 9}] = False
    (found, _) = trajectories(nc, accuracy)
    assert found["order"] == "fitted 5, uniform 5, never collapsed"
    assert found["failure"] == "fitted without collapse"


def test_an_undefined_metric_is_no_collapse() -> None:
    """NaN in one NC metric of a captured epoch means that the run has not collapsed there."""
    dataset = _analysis()
    dataset["nc3"].loc[{"run": "a", "split": "train", "epoch": 9}] = math.nan
    (found, _) = trajectories(dataset, dataset)
    assert (found["collapsed_epoch"], found["failure"]) == (None, "fitted without collapse")


def test_the_threshold_is_the_callers() -> None:
    """All three metrics must be below the given threshold, which the record repeats."""
    nc, accuracy = _topics(_analysis())
    found = [trajectories(nc, accuracy, level)[0] for level in (0.03, 0.031, 0.31, 3)]
    assert [record["collapsed_epoch"] for record in found] == [None, 9, 5, 2]
    assert [record["nc_threshold"] for record in found] == [0.03, 0.031, 0.31, 3]


def test_runs_without_train_epochs_have_no_record() -> None:
    """A run that captured no train epoch is left out, and an analysis of the test split alone has no trajectory."""
    dataset = _analysis()
    dataset["captured"].loc[{"run": "a", "split": "train"}] = False
    assert [record["run"] for record in trajectories(dataset, dataset)] == ["b"]
    assert trajectories(dataset.sel(split=["test"]), dataset.sel(split=["test"])) == []


def test_the_order_of_dimensions_does_not_matter() -> None:
    """Transposed analyses with other variables beside give the same records."""
    nc, accuracy = _topics(_analysis())
    other = nc.transpose("epoch", "split", "run").assign(nc4=("epoch", [1.0, 2, 3, 4])).assign_attrs(topic="nc")
    assert trajectories(other, accuracy.assign_attrs(topic="accuracy")) == trajectories(nc, accuracy)


def test_analyses_of_different_epochs_are_refused() -> None:
    """Both analyses must be of the same runs, splits and epochs."""
    nc, accuracy = _topics(_analysis())
    with pytest.raises(ValueError, match="epoch"):
        trajectories(nc, accuracy.sel(epoch=[1, 2]))
