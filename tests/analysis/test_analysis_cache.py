"""The cache of an analysis: what is computed once, and what again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import CLASSES, LENGTH

from bceprobe.analysis import analyze, computing
from bceprobe.analysis import cache as module
from bceprobe.metrics import evaluate, topic_metrics, topics
from bceprobe.store import StoreWriter, open_run

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.snapshot import Snapshot


EPOCHS = [1, 2, 3, 4]


def rewrite(run: Path, epoch: int) -> None:
    """Write other features for one epoch."""
    writer = StoreWriter(run, EPOCHS, CLASSES, LENGTH)
    features = np.random.default_rng(9).normal(size=(5 * CLASSES, LENGTH)).astype(np.float32)
    writer.write_features("train", epoch, 0, features)
    writer.commit("train", epoch)


def test_the_second_call_computes_nothing(run: Path, computed: list[str]) -> None:
    """A repeated analysis takes every value from the cache and returns the same."""
    first = analyze(run)
    assert computed == ["nc"] * 4
    assert analyze(run).identical(first)
    assert computed == ["nc"] * 4


def test_only_changed_epochs_are_computed_again(run: Path, computed: list[str]) -> None:
    """An epoch whose features changed gets new values; the other epochs keep theirs."""
    before = analyze(run)["nc1"].values.ravel()
    rewrite(run, 3)
    computed.clear()
    after = analyze(run)["nc1"].values.ravel()
    assert computed == ["nc"]
    assert (before == after).tolist() == [True, True, False, True]
    assert after[2] == evaluate(open_run(run).snapshot(3), "nc")["nc1"]


def test_a_changed_classifier_counts_as_a_change(run: Path, computed: list[str]) -> None:
    """New weights of an epoch make its values be computed again."""
    analyze(run)
    computed.clear()
    weight = np.random.default_rng(9).normal(size=(CLASSES, LENGTH)).astype(np.float32)
    StoreWriter(run, EPOCHS, CLASSES, LENGTH).write_classifier(2, weight, np.ones(CLASSES, np.float32))
    assert analyze(run)["nc2"].sel(epoch=2).item() == evaluate(open_run(run).snapshot(2), "nc")["nc2"]
    assert computed == ["nc"]


def test_only_missing_epochs_are_computed(run: Path, computed: list[str]) -> None:
    """Epochs that an earlier, smaller selection computed are not computed again, and none of them is forgotten."""
    analyze(run, epochs="1-2")
    analyze(run, epochs="2-3")
    assert computed == ["nc"] * 3
    analyze(run)
    assert computed == ["nc"] * 4


def test_topics_and_global_means_are_kept_apart(run: Path, computed: list[str]) -> None:
    """Each topic and each global mean has values of its own."""
    analyze(run, "nc")
    analyze(run, "accuracy")
    analyze(run, "nc", global_mean="class")
    assert computed == ["nc"] * 4 + ["accuracy"] * 4 + ["nc"] * 4
    computed.clear()
    for topic, global_mean in (("nc", "sample"), ("accuracy", "sample"), ("nc", "class")):
        analyze(run, topic, global_mean=global_mean)  # type: ignore[arg-type]
    assert computed == []


def test_all_topics_at_once_fill_the_cache_of_each(run: Path, computed: list[str]) -> None:
    """After `all` no topic alone computes anything, and several topics compute only what is missing."""
    everything = analyze(run, "all")
    assert sorted(computed) == sorted(topics() * 4)
    computed.clear()
    for topic in (*topics(), ["nc", "accuracy"]):
        found = analyze(run, topic)
        assert everything[list(found.data_vars)].drop_attrs(deep=False).identical(found.drop_attrs(deep=False))
    assert computed == []


def test_topics_of_one_epoch_are_computed_together(run: Path, computed: list[str]) -> None:
    """What is cached of one topic is not computed again with another one: each epoch lacks what it lacks."""
    analyze(run, "nc", epochs="1-2")
    computed.clear()
    analyze(run, ["nc", "accuracy"])
    assert computed == ["accuracy", "accuracy", "nc", "accuracy", "nc", "accuracy"]


def test_updates_depend_on_the_epoch_before(run: Path, computed: list[str]) -> None:
    """When an epoch changes, its `updates` and those of the next one are computed again, but only its own `nc`."""
    (run / "history.csv").write_text("epoch,lr\n" + "".join(f"{epoch},0.1\n" for epoch in EPOCHS))
    before = analyze(run, ["nc", "updates"])
    rewrite(run, 2)
    computed.clear()
    after = analyze(run, ["nc", "updates"])
    assert computed == ["nc", "updates", "updates"]
    for name, changed in (("nc1", [2]), ("positive_amplitude_mean", [2]), ("positive_change_slope", [2, 3])):
        same = (before[name] == after[name]).values.ravel() | np.isnan(before[name].values.ravel())
        assert [epoch for epoch, equal in zip(EPOCHS, same, strict=True) if not equal] == changed


def test_another_learning_rate_is_computed_again(run: Path, computed: list[str]) -> None:
    """A changed training changes what is predicted: the epoch is computed again."""
    history = "epoch,lr\n" + "".join(f"{epoch},0.1\n" for epoch in EPOCHS)
    (run / "history.csv").write_text(history)
    before = analyze(run, "updates")["positive_change_slope"].values.ravel()
    (run / "history.csv").write_text(history.replace("3,0.1", "3,0.2"))
    computed.clear()
    after = analyze(run, "updates")["positive_change_slope"].values.ravel()
    assert computed == ["updates"]
    np.testing.assert_allclose(after[[1, 2, 3]], before[[1, 2, 3]] / [1, 2, 1], rtol=1e-12)


def test_another_metric_version_is_computed_again(
    run: Path, computed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the version of any metric of the topic is raised, its cached values no longer count."""
    analyze(run)
    computed.clear()
    raised = [replace(entry, version=entry.version + (entry.name == "nc3")) for entry in topic_metrics("nc")]
    monkeypatch.setattr(module, "topic_metrics", lambda _: raised)
    for _ in range(2):
        analyze(run)
    assert computed == ["nc"] * 4


def test_an_interrupted_analysis_keeps_what_it_has(
    run: Path, computed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values that were computed before an interruption are not computed again."""

    def interrupted(snapshot: Snapshot, *topics: str) -> dict[str, Any]:
        if len(computed) == 3:
            raise KeyboardInterrupt
        computed.extend(topics)
        return evaluate(snapshot, *topics)

    with monkeypatch.context() as patch:
        patch.setattr(computing, "evaluate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            analyze(run)
    computed.clear()
    assert np.isfinite(analyze(run)["nc1"].values).all()
    assert computed == ["nc"]
