"""What an analysis returns: labelled values, their attributes, and flat records."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders import make_run
from topic_keys import BY_CLASS

import bceprobe
from bceprobe.analysis import analyze, records
from bceprobe.analysis.context import Context
from bceprobe.metrics import evaluate, topic_metrics, topics
from bceprobe.store import StoreWriter, open_run

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.snapshot import GlobalMean


TOPICS = ["nc", "accuracy", "geometry", "scores", "bias"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four epochs with train and test split."""
    return make_run(tmp_path_factory.mktemp("results") / "run", epochs=range(1, 5))


def test_python_users_find_it_at_the_top() -> None:
    """`bceprobe.analyze` is the function tested here."""
    assert bceprobe.analyze is analyze


@pytest.mark.parametrize("global_mean", ["sample", "class"])
@pytest.mark.parametrize("topic", TOPICS)
def test_values_are_those_of_the_snapshots(run: Path, topic: str, global_mean: GlobalMean) -> None:
    """Every value is the metric of the snapshot of its split and epoch."""
    result = analyze(run, topic, global_mean=global_mean)
    for split in ("train", "test"):
        for epoch in range(1, 5):
            training = Context(open_run(run)).at(epoch, None)
            snapshot = open_run(run).split(split).snapshot(epoch, global_mean=global_mean, training=training)
            found = result.sel(run="run", split=split, epoch=epoch)
            for name, value in evaluate(snapshot, topic).items():
                np.testing.assert_array_equal(found[name].values, value, err_msg=name)


@pytest.mark.parametrize("topic", TOPICS)
def test_everything_is_labelled(run: Path, topic: str) -> None:
    """Dimensions, coordinates and attributes say what each number is, without a side list."""
    result = analyze(run, topic, global_mean="class")
    assert result.sizes == {"run": 1, "split": 2, "epoch": 4, "label": 3}
    assert [result[dim].values.tolist() for dim in ("run", "split", "epoch")] == [
        ["run"],
        ["train", "test"],
        [1, 2, 3, 4],
    ]
    assert (result.attrs["topic"], result.attrs["global_mean"]) == (topic, "class")
    assert set(result.data_vars) == {name for entry in topic_metrics(topic) for name in entry.values} | {"captured"}
    for entry in topic_metrics(topic):
        variable = result[entry.name]
        assert (variable.dims, str(variable.dtype)) == (("run", "split", "epoch"), "float64")
        assert variable.attrs == entry.attributes
        assert {"long_name", "definition", "units", "references", "scale", "version"} <= set(variable.attrs)
    assert result["captured"].dtype == bool
    assert result["captured"].attrs["long_name"]


def test_runs_may_differ_in_epochs_and_splits(tmp_path: Path) -> None:
    """Runs keep their order; an epoch or split that one lacks is NaN and not captured there."""
    late = make_run(tmp_path / "late", epochs=[2, 5])
    early = make_run(tmp_path / "early", epochs=[1, 2], per_class={"train": 4})
    result = analyze([late, early], "nc")
    assert result["run"].values.tolist() == ["late", "early"]
    assert result["epoch"].values.tolist() == [1, 2, 5]
    expected = [[[False, True, True], [False, True, True]], [[True, True, False], [False, False, False]]]
    assert result["captured"].values.tolist() == expected
    assert np.isfinite(result["nc1"].values).tolist() == expected


@pytest.mark.parametrize("topic", list(BY_CLASS))
def test_values_by_class_stand_beside(run: Path, topic: str) -> None:
    """What is measured by class has one more variable, over the labels, with the attributes of the whole."""
    result = analyze(run, topic)
    found = {str(name) for name in result.data_vars if str(name).endswith("_by_class")}
    assert found == BY_CLASS[topic]
    for name in found:
        assert result[name].dims == ("run", "split", "epoch", "label")
        whole = result[name.removesuffix("_by_class")].attrs
        assert result[name].attrs == whole | {"long_name": f"{whole['long_name']}, by class"}


def test_runs_with_different_classes_are_padded(tmp_path: Path) -> None:
    """A run with fewer classes has NaN for the labels that it does not have."""
    runs = [make_run(tmp_path / f"run-{count}", epochs=[1], classes=count) for count in (2, 4)]
    result = analyze(runs, ["nc", "bias"])
    assert result.sizes["label"] == 4
    for name in ("nc1_by_class", "threshold_mean_by_class"):
        defined = np.isfinite(result[name].sel(split="train", epoch=1).values)
        assert defined.tolist() == [[True, True, False, False], [True] * 4]


def test_several_topics_are_one_result(run: Path) -> None:
    """A list of topics gives the variables of each, and the values of each alone."""
    result = analyze(run, ["nc", "accuracy"])
    assert result.attrs["topic"] == "nc,accuracy"
    for topic in ("nc", "accuracy"):
        alone = analyze(run, topic)
        assert set(alone.data_vars) <= set(result.data_vars)
        assert result[list(alone.data_vars)].drop_attrs(deep=False).identical(alone.drop_attrs(deep=False))


def test_all_is_every_topic(run: Path) -> None:
    """`all` has the variables of all topics together."""
    names = {name for topic in topics() for entry in topic_metrics(topic) for name in entry.values}
    assert set(analyze(run, "all").data_vars) == names | {"captured"}


def test_records_are_flat_rows(run: Path) -> None:
    """There is a record per captured run, split and epoch, with these and the values under the metrics' names."""
    result = analyze(run, "nc", epochs="2,4")
    rows = records(result)
    assert [(row["run"], row["split"], row["epoch"]) for row in rows] == [
        ("run", "train", 2), ("run", "train", 4), ("run", "test", 2), ("run", "test", 4),
    ]  # fmt: skip
    assert list(rows[0]) == ["run", "split", "epoch", *(entry.name for entry in topic_metrics("nc"))]
    assert [row["nc1"] for row in rows] == result["nc1"].values.ravel().tolist()


def test_records_leave_out_what_was_not_captured(tmp_path: Path) -> None:
    """An epoch that a run lacks has no record."""
    runs = [make_run(tmp_path / "a", epochs=[1, 3]), make_run(tmp_path / "b", epochs=[2], per_class={"test": 3})]
    kept = [(row["run"], row["split"], row["epoch"]) for row in records(analyze(runs))]
    assert kept == [("a", "train", 1), ("a", "train", 3), ("a", "test", 1), ("a", "test", 3), ("b", "test", 2)]


def test_records_do_not_depend_on_the_order_of_dimensions(run: Path) -> None:
    """Records of a transposed result are the same."""
    result = analyze(run)
    assert records(result.transpose("epoch", "split", "run", ...)) == records(result)


def test_undefined_values_are_null(tmp_path: Path) -> None:
    """A record is strict JSON: a metric that is undefined, here for lack of a second class mean, is None."""
    folder = tmp_path / "equal"
    writer = StoreWriter(folder, [1], 2, 2)
    writer.create_split("train", 4)
    writer.write_samples("train", np.array([0, 0, 1, 1]), np.arange(4))
    writer.write_classifier(1, np.eye(2, dtype=np.float32), np.zeros(2, np.float32))
    writer.write_features("train", 1, 0, np.ones((4, 2), np.float32))
    writer.commit("train", 1)
    with pytest.warns(RuntimeWarning, match="NC1 is undefined"):
        result = analyze(folder)
    assert math.isnan(result["nc1"].item())
    assert result["captured"].item()
    (row,) = json.loads(json.dumps(records(result), allow_nan=False))
    assert (row["nc1"], row["nc3"], row["nc4"]) == (None, None, 0.0)


def test_progress_counts_every_snapshot(run: Path) -> None:
    """Progress is reported after each snapshot, cached or not, with the number done and the total."""
    for _ in range(2):
        calls: list[tuple[int, int]] = []
        analyze(run, epochs="1-3", progress=lambda done, total, calls=calls: calls.append((done, total)))  # type: ignore[misc]
        assert calls == [(done, 6) for done in range(1, 7)]
