"""The numbers of a sweep: means and spreads of finished runs, at the epoch that counts, and what is missing."""

from __future__ import annotations

import csv
import io
import math
import statistics
from typing import TYPE_CHECKING

import pytest
from counterpart_cases import LOSSES, MEANS, plant, planted, recipe

from bceprobe import analyze
from bceprobe.counterpart import make_counterpart, tidy_rows
from bceprobe.counterpart.wording import agreements, heading, measured, missing, remarks
from bceprobe.errors import UsageError
from bceprobe.figures.files import as_csv
from bceprobe.sweep import grid, read_recipe
from bceprobe.sweep.recipe import Axis

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.sweep import Point

STAGES = Axis("stage", {"first": {}, "second": {"preset": "long-tail-classifier", "optim.epochs": 4}})


def by_hand(points: list[Point], metric: str, split: str) -> list[float]:
    """A metric of each of some points at its last epoch."""
    found = [analyze(point.folder, "all", splits=split, epochs="last") for point in points]
    return [float(one[metric].values.ravel()[0]) for one in found]


def test_means_and_spreads_are_those_over_the_seeds(tmp_path: Path) -> None:
    """Each entry has the mean and the sample standard deviation of its own runs, computed by the standard library."""
    made = recipe(MEANS, LOSSES, seeds=(0, 1, 2))
    points = planted(made, tmp_path)
    counterpart = make_counterpart(made, points)
    assert len(counterpart.entries) == 3 * 2 * 2
    for entry in counterpart.entries:
        own = [p for p in points if {*entry.levels} <= {*p.levels.items()} and p.settings.loss.name == entry.loss]
        values = by_hand(own, entry.quantity.name, entry.quantity.split)
        assert len(values) == 3
        assert entry.mean == pytest.approx(statistics.mean(values), rel=1e-12)
        assert entry.std == pytest.approx(statistics.stdev(values), rel=1e-9, abs=1e-15)
        assert (entry.planned, set(entry.epochs), entry.beside.one) == (3, {4}, None)


def test_rows_are_levels_and_columns_losses(tmp_path: Path) -> None:
    """A row for each initial mean, in the order of the recipe, with CE and BCE side by side."""
    made = recipe(LOSSES, MEANS)
    counterpart = make_counterpart(made, planted(made, tmp_path))
    rows = counterpart.rows_of(counterpart.quantities[0])
    assert [[(entry.label, entry.column, entry.x) for entry in row] for row in rows] == [
        [(f"mean-{mean}", "CE", mean), (f"mean-{mean}", "BCE", mean)] for mean in (0, 3, 10)
    ]


def test_one_seed_is_shown_alone(tmp_path: Path) -> None:
    """Without a spread there is no plus-minus."""
    made = recipe()
    counterpart = make_counterpart(made, planted(made, tmp_path))
    entry = counterpart.entries[0]
    assert math.isnan(entry.std)
    assert "±" not in measured(entry)
    assert float(measured(entry)) == pytest.approx(entry.mean, rel=5e-3)


def test_what_is_not_finished_is_missing_with_its_reason(tmp_path: Path) -> None:
    """Runs that are not there, not finished, of other settings or damaged count as planned and are named."""
    made = recipe(seeds=(0, 1, 2))
    points = grid(made, tmp_path)
    plant(points[:3])
    plant(points[3:4], status="interrupted")
    other = grid(made, tmp_path, changes={"optim.lr": 0.125})[4]
    plant([other])
    (points[0].folder / "run.json").write_text("{")
    counterpart = make_counterpart(made, points)
    ce, bce = counterpart.rows_of(counterpart.quantities[0])[0]
    assert ((len(ce.values), ce.planned), (len(bce.values), bce.planned)) == ((1, 3), (1, 3))
    assert heading(counterpart).endswith("2 of 6 runs finished.")
    told = " ".join(missing(counterpart))
    assert "not finished (interrupted): bce seed-1." in told
    assert "made with another optim.lr: ce seed-2." in told
    assert "not begun: bce seed-2." in told
    assert "run.json" in told


def test_an_empty_cell_is_a_dash_and_nothing_at_all_an_error(tmp_path: Path) -> None:
    """A loss of which nothing is finished stays in its place; where no run is, there is no counterpart."""
    made = recipe()
    points = grid(made, tmp_path)
    with pytest.raises(UsageError, match=r"none of the 2 runs of mine is finished: not begun"):
        make_counterpart(made, points)
    plant(points[:1])
    bce = make_counterpart(made, points).entries[1]
    assert (bce.loss, measured(bce)) == ("bce", "—")


def test_values_are_of_the_selected_epoch(tmp_path: Path) -> None:
    """The best epoch counts where it was captured, and it is said that it is optimistic; else the last captured one."""
    made = recipe(settings={"select": "best"})
    points = planted(made, tmp_path, epochs=(1, 2, 4))
    for point, best in zip(points, (2, 3), strict=True):
        rows = "".join(f"{epoch},{0.9 if epoch == best else 0.5}\n" for epoch in range(1, 5))
        (point.folder / "history.csv").write_text(f"epoch,test_accuracy\n{rows}")
    counterpart = make_counterpart(made, points)
    assert [entry.epochs for entry in counterpart.entries] == [(2,), (4,)] * 2
    expected = float(analyze(points[0].folder, "nc", splits="train", epochs="2").nc1.item())
    assert counterpart.entries[0].mean == expected
    told = " ".join(remarks(counterpart))
    assert "best test accuracy (epoch 2)" in told
    assert "optimistic" in told
    assert "last captured epoch, as the selected one was not captured (epoch 4)" in told


def test_stages_are_levels_and_losses_may_be_others(tmp_path: Path) -> None:
    """Each stage has rows of its own, the first stage first; three losses make three columns."""
    three = Axis("loss", {name: {"loss.name": name} for name in ("ce", "bce", "focal")})
    made = recipe(three, STAGES)
    counterpart = make_counterpart(made, planted(made, tmp_path))
    rows = counterpart.rows_of(counterpart.quantities[0])
    assert [[entry.label for entry in row] for row in rows] == [["first"] * 3, ["second"] * 3]
    assert [entry.column for entry in rows[0]] == ["CE", "BCE", "focal"]


def test_levels_of_one_loss_are_told_apart(tmp_path: Path) -> None:
    """Two starts of BCE are two columns, by the names of their levels."""
    axis = Axis("loss", {f"bce-{mean}": {"loss.name": "bce", "model.bias_mean": mean} for mean in (0, 6)})
    made = recipe(axis)
    counterpart = make_counterpart(made, planted(made, tmp_path))
    assert [entry.column for entry in counterpart.entries] == ["bce-0", "bce-6"] * 2
    assert [row["loss"] for row in tidy_rows(counterpart)] == ["bce-0", "bce-6"] * 2


def test_without_an_axis_of_losses_there_is_one_column(tmp_path: Path) -> None:
    """A recipe of one loss is laid out by its other levels."""
    made = recipe(MEANS, settings={"loss.name": "bce"})
    counterpart = make_counterpart(made, planted(made, tmp_path))
    assert [len(row) for row in counterpart.rows_of(counterpart.quantities[0])] == [1, 1, 1]
    assert {entry.column for entry in counterpart.entries} == {"BCE"}


def test_a_split_that_runs_lack_has_no_values(tmp_path: Path) -> None:
    """Solutions have no test split: what is asked of it is empty, and the rest is there."""
    made = recipe()
    counterpart = make_counterpart(made, planted(made, tmp_path, per_class={"train": 12}))
    assert [len(entry.values) for entry in counterpart.entries] == [1, 1, 0, 0]


def test_the_table_is_tidy(tmp_path: Path) -> None:
    """A line per levels, loss and metric, which reads back as the numbers; what is not known is empty."""
    made = recipe(MEANS, LOSSES, seeds=(0, 1))
    points = grid(made, tmp_path)
    plant(points[:6])
    counterpart = make_counterpart(made, points)
    rows = list(csv.DictReader(io.StringIO(as_csv(tidy_rows(counterpart)).decode())))
    assert len(rows) == len(counterpart.entries)
    first = {key: rows[0][key] for key in ("recipe", "levels", "loss", "metric", "split", "epoch", "n", "std")}
    assert first == {"recipe": "mine", "levels": "mean=mean-0", "loss": "ce", "metric": "nc1", "split": "train",
                     "epoch": "4", "n": "1", "std": ""}  # fmt: skip
    assert [float(row["mean"]) for row in rows] == [entry.mean for entry in counterpart.entries]
    assert {row["published"] + row["published_table"] + row["published_for"] for row in rows} == {""}


def test_values_of_a_setting_are_an_axis_also_within_levels_of_presets(tmp_path: Path) -> None:
    """Batch sizes of two optimizers, named together as in Figure 7, are drawn over the size, each optimizer apart."""
    sizes = {f"{preset}-{size}": {"preset": preset, "optim.batch_size": size, "optim.lr": size / 1e4}
             for preset in ("setting-1", "setting-2") for size in (16, 64, 256)}  # fmt: skip
    made = recipe(Axis("batch", sizes), LOSSES)
    counterpart = make_counterpart(made, planted(made, tmp_path))
    own = [entry for entry in counterpart.entries if entry.quantity.name == "nc1" and entry.loss == "bce"]
    groups = [(entry.x, entry.group) for entry in own]
    assert groups == [(size, f"{name} {preset}") for name, preset in (("sgd", "setting-1"), ("adamw", "setting-2"))
                      for size in (16, 64, 256)]  # fmt: skip


def test_two_values_or_stages_are_no_axis(tmp_path: Path) -> None:
    """A line wants three places, and epochs of stages are no setting to draw over."""
    rates = Axis("rate", {f"lr-{rate}": {"optim.lr": rate} for rate in (0.1, 0.2)})
    made = recipe(rates, LOSSES, STAGES)
    counterpart = make_counterpart(made, planted(made, tmp_path))
    assert {entry.x for entry in counterpart.entries} == {None}


def test_the_side_of_bce_is_counted_where_both_are_published(tmp_path: Path) -> None:
    """Of NC2 and NC3 of Figure 2 all but the equal NC3 of AdamW have a side; planted runs agree with it."""
    made = read_recipe("fig2")
    counterpart = make_counterpart(made, planted(made, tmp_path))
    nc2 = {(dict(one.levels)["optimizer"], one.loss): one.mean for one in counterpart.entries[4:8]}
    below = sum(nc2[name, "bce"] < nc2[name, "ce"] for name in ("sgd", "adamw"))
    told = list(agreements(counterpart))
    assert len(told) == 2
    assert told[0] == f"NC2 on train: BCE lies on the published side of CE in {below} of 2 settings (not tested)."
    assert told[1].endswith(" of 1 setting (not tested).")
