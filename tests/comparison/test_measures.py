"""What a comparison describes without testing it: every measure, and the floor of NC1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders import make_arms, write_features

from bceprobe import compare
from bceprobe.analysis import analyze
from bceprobe.metrics import METRICS
from bceprobe.report import to_html, to_markdown

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.comparison import Comparison


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """CE and BCE, two seeds each."""
    return compare(*make_arms(tmp_path_factory.mktemp("measures"), seeds=2))


def test_every_metric_is_described(compared: Comparison) -> None:
    """Each metric has its mean and standard deviation over the runs of each arm, on each split, at the last epoch."""
    found = {(measure.quantity.name, measure.quantity.split): measure for measure in compared.measures}
    assert set(found) == {(name, split) for name in METRICS for split in ("train", "test")}
    for at, arm in enumerate(compared.arms):
        values = analyze(list(arm.runs), "scores", splits="train", epochs=str(compared.epoch))["positive_mean"].values
        measure = found["positive_mean", "train"]
        assert (measure.mean[at], measure.std[at]) == pytest.approx((values.mean(), values.std(ddof=1)), rel=1e-12)


def test_measures_are_in_every_form_of_the_report(compared: Comparison) -> None:
    """The page, the Markdown and the JSON document hold each metric's key; own definitions are marked."""
    page, text = to_html(compared.report()), to_markdown(compared.report())
    assert all(f">{name}<" in page for name in METRICS)
    assert "Compactness \\*" in text
    assert {entry["metric"] for entry in compared.to_dict()["measures"]} == set(METRICS)


def rounded(folder: Path, dtype: str) -> Path:
    """A deeply collapsed run whose features have the digits of a type."""
    write_features(folder, range(30, 34), {"train": 20}, decay=0.65, seed=0, dtype=dtype)
    return folder


def test_a_floored_nc1_is_told(tmp_path: Path) -> None:
    """With float16 features the report says at which value rounding floors NC1; with float32 it says nothing."""
    found = compare(rounded(tmp_path / "half", "float16"), rounded(tmp_path / "single", "float32"))
    told = [caveat for caveat in found.verdict().caveats if "floored" in caveat]
    assert len(told) == 1
    assert "half" in told[0]
    floor = analyze(tmp_path / "half", "nc")["nc1_floor"].values[..., -1].item()
    assert found.floors["half"] == floor
    assert 1e-9 < floor < 1e-5
    assert found.floors["single"] == pytest.approx(floor * 2.0**-26, rel=0.2)


def test_the_floor_is_about_what_rounding_does() -> None:
    """Rounding features whose spread is a few spacings adds about the floor to NC1."""
    from bceprobe.metrics import evaluate
    from bceprobe.snapshot import Snapshot

    source = np.random.default_rng(0)
    target, means = np.repeat(np.arange(4), 5000), source.normal(size=(4, 16))
    exact = means[target] + 0.01 * source.normal(size=(len(target), 16))
    both = [Snapshot(features, target, means) for features in (exact, exact.astype(np.float16))]
    before, after = (evaluate(snapshot, "nc") for snapshot in both)
    added = after["nc1"] - before["nc1"]
    assert added == pytest.approx(after["nc1_floor"], rel=0.25)
