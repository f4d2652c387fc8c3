"""Relations of thresholds and mean scores: which points are correlated, and what the records say."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from statsmodels.stats.multitest import multipletests

from bceprobe.analysis.relations import corrected, relations
from bceprobe.stats.correlation import correlate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

NAMES = ("threshold_mean", "positive_mean", "negative_mean")
DIMS = ("run", "split", "epoch")
FIELDS = [
    *("run", "split", "epoch", "across", "x", "y", "n"),
    *("pearson", "pearson_low", "pearson_high", "pearson_p"),
    *("spearman", "spearman_low", "spearman_high", "spearman_p"),
    *("slope", "slope_low", "slope_high", "note"),
]


def _analysis(runs: int = 3, epochs: int = 4, classes: int = 5) -> xr.Dataset:
    """Make an analysis with random values over runs a, b, ..., both splits, epochs 10, 20, ... and classes."""
    generator = np.random.default_rng(runs)
    shape = (runs, 2, epochs, classes)
    columns: dict[str, Any] = {name: (DIMS, generator.normal(size=shape[:3])) for name in NAMES}
    columns |= {f"{name}_by_class": ((*DIMS, "label"), generator.normal(size=shape)) for name in NAMES}
    columns["captured"] = (DIMS, np.ones(shape[:3], bool))
    labels = {"run": list("abcde"[:runs]), "split": ["train", "test"], "epoch": np.arange(1, epochs + 1) * 10}
    return xr.Dataset(columns, coords={**labels, "label": np.arange(classes)})


def _only(records: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    """Return the one record with these values."""
    (record,) = [record for record in records if all(record[name] == value for name, value in wanted.items())]
    return record


def _agrees(record: dict[str, Any], x: ArrayLike, y: ArrayLike) -> None:
    expected = asdict(correlate(x, y))
    assert record["note"] == expected.pop("note")
    assert {name: record[name] for name in expected} == pytest.approx(expected, rel=1e-10)


def test_every_snapshot_run_and_split_is_related_once() -> None:
    """There are two records, one per mean score, per snapshot, per run and split, and per split, all with one shape."""
    found = relations(_analysis())
    counts = {across: sum(record["across"] == across for record in found) for across in ("label", "epoch", "run")}
    assert counts == {"label": 2 * 3 * 2 * 4, "epoch": 2 * 3 * 2, "run": 2 * 2}
    assert all(list(record) == FIELDS for record in found)
    assert {(record["x"], record["y"]) for record in found} == {(NAMES[0], NAMES[1]), (NAMES[0], NAMES[2])}


@pytest.mark.parametrize("y", NAMES[1:])
def test_a_snapshot_is_related_across_its_classes(y: str) -> None:
    """Across labels the points are the classes of one snapshot."""
    dataset = _analysis()
    part = dataset.sel(run="b", split="test", epoch=30)
    record = _only(relations(dataset), run="b", split="test", epoch=30, across="label", y=y)
    _agrees(record, part["threshold_mean_by_class"], part[f"{y}_by_class"])


@pytest.mark.parametrize("y", NAMES[1:])
def test_a_run_is_related_across_its_epochs(y: str) -> None:
    """Across epochs the points are the means of each captured epoch of a run and split; others do not count."""
    dataset = _analysis(epochs=5)
    dataset["captured"].loc[{"run": "c", "split": "train", "epoch": 20}] = False
    part = dataset.sel(run="c", split="train", epoch=[10, 30, 40, 50])
    record = _only(relations(dataset), run="c", split="train", epoch=None, across="epoch", y=y)
    _agrees(record, part["threshold_mean"], part[y])


@pytest.mark.parametrize("y", NAMES[1:])
def test_runs_are_related_at_their_last_epochs(y: str) -> None:
    """Across runs the points are the runs that have the split, each at the last epoch it has of it."""
    dataset = _analysis(runs=5)
    dataset["captured"].loc[{"run": "b", "split": "test", "epoch": [30, 40]}] = False
    dataset["captured"].loc[{"run": "d", "split": "test"}] = False
    last = [
        dataset.sel(run=run, split="test", epoch=epoch) for run, epoch in zip("abce", (40, 20, 40, 40), strict=True)
    ]
    record = _only(relations(dataset), run=None, split="test", epoch=None, across="run", y=y)
    _agrees(record, [part["threshold_mean"].item() for part in last], [part[y].item() for part in last])


def test_fewer_than_three_runs_are_not_related() -> None:
    """Two runs, or two that have a split, make no record across runs."""
    assert not any(record["across"] == "run" for record in relations(_analysis(runs=2)))
    dataset = _analysis(runs=3)
    dataset["captured"].loc[{"run": "a", "split": "test"}] = False
    assert {record["split"] for record in relations(dataset) if record["across"] == "run"} == {"train"}


def test_a_snapshot_that_is_not_captured_has_no_record() -> None:
    """An epoch that a run lacks is not mentioned, nor a split of which it has none."""
    dataset = _analysis()
    dataset["captured"].loc[{"run": "a", "epoch": 20}] = False
    dataset["captured"].loc[{"run": "c", "split": "test"}] = False
    found = relations(dataset)
    assert not [record for record in found if (record["run"], record["epoch"]) == ("a", 20)]
    assert not [record for record in found if (record["run"], record["split"]) == ("c", "test")]


def test_classes_without_samples_are_left_out() -> None:
    """A class without a mean score has a threshold but is no point."""
    dataset = _analysis()
    dataset["positive_mean_by_class"].loc[{"run": "a", "split": "test", "epoch": 10, "label": 2}] = math.nan
    part = dataset.sel(run="a", split="test", epoch=10, label=[0, 1, 3, 4])
    wanted = {"run": "a", "split": "test", "epoch": 10, "across": "label"}
    record = _only(relations(dataset), **wanted, y="positive_mean")
    _agrees(record, part["threshold_mean_by_class"], part["positive_mean_by_class"])
    assert _only(relations(dataset), **wanted, y="negative_mean")["n"] == 5


def test_what_is_undefined_is_none_and_says_why() -> None:
    """Equal thresholds, too few epochs or an undefined mean: None in every estimate, so that JSON can hold it."""
    dataset = _analysis(epochs=2)
    dataset["threshold_mean_by_class"][:] = 0.0
    dataset["negative_mean"].loc[{"run": "a"}] = math.inf
    found = relations(dataset)
    json.dumps(found, allow_nan=False)
    undefined = [
        record for record in found if record["note"] in {"no variation", "fewer than three pairs", "undefined values"}
    ]
    assert all(record[name] is None for record in undefined for name in FIELDS[7:-1])
    assert {record["note"] for record in found if record["across"] == "label"} == {"no variation"}
    assert _only(found, run="a", split="test", across="epoch", y="negative_mean")["note"] == "undefined values"
    assert _only(found, run="b", split="test", across="epoch", y="negative_mean")["note"] == "fewer than three pairs"
    assert _only(found, split="test", across="run", y="positive_mean")["n"] == 3


def test_the_order_of_dimensions_does_not_matter() -> None:
    """A transposed analysis, with other variables beside, gives the same records."""
    dataset = _analysis()
    other = dataset.transpose("label", "epoch", "split", "run").assign(alpha=("epoch", [1.0, 2, 3, 4]))
    assert relations(other) == relations(dataset)


def test_an_analysis_of_another_topic_is_refused() -> None:
    """Without the mean scores there is nothing to relate."""
    with pytest.raises(KeyError, match="positive_mean"):
        relations(_analysis().drop_vars("positive_mean"))


def test_p_values_are_corrected_within_what_is_looked_at_together() -> None:
    """Holm's families are the correlations of one kind and, across classes, of one epoch; both measures apart."""
    found = corrected(relations(_analysis(epochs=4)))
    families: dict[tuple[str, int | None], list[dict[str, Any]]] = {}
    for record in found:
        families.setdefault((record["across"], record["epoch"]), []).append(record)
    sizes = {across: len(family) for (across, _), family in families.items()}
    assert (len(families), sizes) == (4 + 1 + 1, {"label": 3 * 2 * 2, "epoch": 3 * 2 * 2, "run": 2 * 2})
    for family in families.values():
        for name in ("pearson_p", "spearman_p"):
            expected = multipletests([record[name] for record in family], method="holm")[1]
            assert [record[f"{name}_holm"] for record in family] == pytest.approx(expected.tolist())


def test_undefined_p_values_are_in_no_family() -> None:
    """A correlation that is undefined has no corrected p-value, and does not make the others larger."""
    dataset = _analysis(runs=1)
    dataset["positive_mean"][:] = 1.0
    (one, other) = [
        record for record in corrected(relations(dataset)) if (record["across"], record["split"]) == ("epoch", "train")
    ]
    assert (one["pearson_p"], one["pearson_p_holm"]) == (None, None)
    family = [record for record in corrected(relations(dataset)) if record["across"] == "epoch" and record["pearson_p"]]
    assert len(family) == 2
    assert other["pearson_p_holm"] <= min(1, 2 * other["pearson_p"])
