"""Designs: what is compared within which settings, read from the settings of runs and never from their names."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import make_run

from bceprobe.comparison.arms import read_arms
from bceprobe.comparison.comparable import check_comparable
from bceprobe.comparison.design import read_design
from bceprobe.errors import UnknownNameError, UsageError
from bceprobe.store.importing import import_npz
from bceprobe.store.manifest import read_manifest, update_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bceprobe.comparison.design import Design

# Settings that a user changes together: the learning rate goes with the optimizer.
SGD = {"optim__name": "sgd", "optim__lr": 0.1}
ADAMW = {"optim__name": "adamw", "optim__lr": 0.001}


def write(folder: Path, procedures: Iterable[dict[str, Any]], seeds: Sequence[int] = (0, 1)) -> str:
    """Write a run of one epoch per procedure and seed, in folders whose names tell the contrary of what they hold."""
    for number, (settings, seed) in enumerate(product(procedures, seeds)):
        wrong = "ce" if settings.get("loss") == "bce" else "bce"
        make_run(folder / f"{wrong}-{number}", seed=seed, epochs=(1,), per_class={"train": 2}, **settings)
    return str(folder)


def crossed(*factors: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """All combinations of settings."""
    return [{key: value for part in parts for key, value in part.items()} for parts in product(*factors)]


LOSSES: list[dict[str, Any]] = [{"loss": "bce"}, {"loss": "ce"}]


def layout(design: Design) -> dict[str, list[tuple[str, int]]]:
    """Cells with their levels and numbers of runs."""
    return {cell.label: [(arm.level, len(arm.runs)) for arm in cell.arms] for cell in design.cells}


def test_a_folder_is_read_as_losses_within_optimizers(tmp_path: Path) -> None:
    """Every optimizer is a cell, with CE as reference in each; what goes with the optimizer makes no cells."""
    design = read_design([write(tmp_path, crossed(LOSSES, [SGD, ADAMW]))])
    assert layout(design) == {"adamw": [("CE", 2), ("BCE", 2)], "sgd": [("CE", 2), ("BCE", 2)]}
    assert (design.factor, design.factors, design.notes) == ("loss.name", {"optim.name": ("adamw", "sgd")}, ())
    assert [arm.label for arm in design.arms] == ["CE, adamw", "BCE, adamw", "CE, sgd", "BCE, sgd"]
    for arm in design.arms:
        found = {(run.settings["loss"]["name"].upper(), run.settings["optim"]["name"]) for run in arm.runs}
        assert found == {(arm.level, arm.cell)}
        assert arm.seeds == (0, 1)


def test_a_folder_of_two_losses_is_one_cell(tmp_path: Path) -> None:
    """Without a further setting that varies there is one cell without name, as if both arms had been given."""
    design = read_design([write(tmp_path, LOSSES)])
    assert layout(design) == {"": [("CE", 2), ("BCE", 2)]}
    assert [arm.label for arm in design.arms] == ["CE", "BCE"]


def test_what_goes_with_the_loss_makes_no_cells(tmp_path: Path) -> None:
    """A setting that every loss has its own value of belongs to the loss, and does not keep the losses apart."""
    losses = [{"loss": "bce", "model__bias_init": "prior"}, {"loss": "ce"}]
    assert list(layout(read_design([write(tmp_path, losses)]))) == [""]


def test_an_option_of_one_loss_makes_levels(tmp_path: Path) -> None:
    """Values of an option that other losses do not have are levels to compare, not cells."""
    losses: list[dict[str, Any]] = [
        {"loss": "ce"},
        {"loss": "focal", "loss__gamma": 1.0},
        {"loss": "focal", "loss__gamma": 2.0},
    ]
    design = read_design([write(tmp_path, crossed(losses, [SGD, ADAMW]))])
    assert design.levels == ("CE", "focal, gamma 1", "focal, gamma 2")
    assert list(layout(design)) == ["adamw", "sgd"]


def test_an_option_of_one_model_belongs_to_its_cells(tmp_path: Path) -> None:
    """Widths that only one model has are cells of that model, and no combination with the other one is missed."""
    models: list[dict[str, Any]] = [
        {"model__name": "convnet"},
        *({"model__name": "mlp", "model__width": width} for width in (8, 16)),
    ]
    design = read_design([write(tmp_path, crossed(LOSSES, models))])
    assert list(layout(design)) == ["convnet", "mlp, width 8", "mlp, width 16"]
    assert design.notes == ()


def test_another_setting_may_be_compared(tmp_path: Path) -> None:
    """With a factor named, its values are the levels, the smallest number first, and losses are cells."""
    rates = [{"optim__lr": 0.1}, {"optim__lr": 0.02}]
    location = write(tmp_path, crossed(LOSSES, rates))
    design = read_design([location], factor="optim.lr")
    assert layout(design) == {name: [("lr 0.02", 2), ("lr 0.1", 2)] for name in ("BCE", "CE")}
    assert read_design([location], factor="optim.lr", reference="0.1").levels == ("lr 0.1", "lr 0.02")
    assert read_design([location], reference="bce").levels == ("BCE", "CE")


def test_locations_make_one_design_with_a_factor(tmp_path: Path) -> None:
    """Several folders are read as one design where a factor is named, each run once."""
    first, second = (write(tmp_path / name, [settings], (0, 1, 2)) for name, settings in (("a", SGD), ("b", ADAMW)))
    design = read_design([first, second, f"{tmp_path}/a/*"], factor="optim.name")
    assert layout(design) == {"": [("adamw", 3), ("sgd", 3)]}


def test_missing_and_unequal_cells_are_told(tmp_path: Path) -> None:
    """A combination without runs, a lone loss, a cell without a level, and unequal seeds are each told."""
    models = [{"model__name": name} for name in ("convnet", "mlp")]
    cells = crossed(LOSSES, [SGD, ADAMW], models)[:-1]
    design = read_design([write(tmp_path / "a", [*cells[:3], *cells[4:]])])
    assert list(layout(design)) == ["convnet, adamw", "convnet, sgd", "mlp, sgd"]
    assert "The design is incomplete: no runs for mlp, adamw." in design.notes
    write(tmp_path / "a", [cells[3]], seeds=(7, 8))
    write(tmp_path / "b", [{"loss": "focal", **models[0], **SGD}], seeds=(0, 1, 2))
    design = read_design([str(tmp_path)])
    assert "Left out, as there is nothing beside it to compare: mlp, adamw (BCE)." in design.notes
    assert "focal has no runs in convnet, adamw; mlp, sgd." in design.notes
    assert "The design is unbalanced: 2 to 3 seeds per arm." in design.notes


@pytest.mark.parametrize(
    ("procedures", "options", "says"),
    [
        ([{"loss": "ce"}], {}, "differ in nothing but their seed"),
        ([SGD, ADAMW], {}, "differ in optim.lr and optim.name, but not in loss.name"),
        (LOSSES, {"factor": "optim.lr"}, "optim.lr does not vary"),
        (LOSSES, {"reference": "mse"}, "no runs with the reference 'mse'. Known: BCE, CE"),
        (crossed(LOSSES, [SGD, ADAMW])[1:3], {"factor": "loss.name", "reference": "ce"}, ""),
        ([{"loss": "bce", **SGD}, {"loss": "ce", **ADAMW}, {"loss": "bce", "optim__lr": 1.0}], {}, "in common"),
    ],
)
def test_what_makes_no_design_is_refused(
    tmp_path: Path, procedures: list[dict[str, Any]], options: dict[str, Any], says: str
) -> None:
    """Nothing that varies, no loss among several settings, an unknown factor or reference, no two arms in one cell."""
    location = write(tmp_path, procedures)
    if not says:
        assert layout(read_design([location], **options)) == {"": [("CE", 2), ("BCE", 2)]}
        return
    with pytest.raises(UsageError) as caught:
        read_design([location], **options)
    assert says in str(caught.value)


def test_a_setting_may_be_allowed_to_differ(tmp_path: Path) -> None:
    """A learning rate that is tuned for each loss and optimizer does not take the cells apart once it is allowed."""
    rates = iter((0.1, 0.2, 0.3, 0.4))
    tuned = [{**settings, "optim__lr": next(rates)} for settings in crossed(LOSSES, [SGD, ADAMW])]
    location = write(tmp_path, tuned)
    with pytest.raises(UsageError, match="--allow-different KEY"):
        read_design([location])
    assert list(layout(read_design([location], allowed=["optim.lr"]))) == ["adamw", "sgd"]


def test_runs_without_settings_make_no_design(tmp_path: Path) -> None:
    """An imported run, of which no settings are known, cannot be placed, and is named."""
    features = np.random.default_rng(0).normal(size=(9, 4))
    np.savez(tmp_path / "made.npz", features=features, target=np.arange(9) % 3, weight=np.eye(3, 4))
    import_npz(tmp_path / "made.npz", tmp_path / "runs" / "imported")
    with pytest.raises(UsageError, match=r"imported has no settings"):
        read_design([write(tmp_path / "runs", LOSSES)])


def test_hostile_settings_cannot_act(tmp_path: Path) -> None:
    """Values that would act in a terminal are spelled out, long ones are cut, and each makes a cell of its own."""
    names = [{"data__name": f"\x1b[31m{'x' * 10_000}{end}"} for end in "ab"]
    labels = list(layout(read_design([write(tmp_path, crossed(LOSSES, names), seeds=(0,))])))
    assert len(labels) == len(set(labels)) == 2
    assert all(label.startswith(r"\x1b[31mxxx") and len(label) < 50 for label in labels)


def index_of(folder: Path) -> Any:
    """The stored places of the train samples, to be changed."""
    import zarr

    return zarr.open_array(folder / "store.zarr" / "train" / "index", mode="r+")


def test_other_data_are_refused_and_may_be_allowed(tmp_path: Path) -> None:
    """Data of another checksum, or other samples of the same classes, are told with both values; a key allows them."""
    for name in ("ce", "bce"):
        make_run(tmp_path / name, loss=name, epochs=(1,), per_class={"train": 2})
        said = {**read_manifest(str(tmp_path / name))["provenance"], "data": {"train": {"sha256": f"{name}5" * 20}}}
        update_manifest(str(tmp_path / name), provenance=said)
    index_of(tmp_path / "bce")[3] = 99
    design = read_design([str(tmp_path / "ce"), str(tmp_path / "bce")])
    with pytest.raises(UsageError, match=r"provenance.data.train.sha256 \(ce5ce5ce5ce… and bce5bce5bce…\)"):
        check_comparable(design)
    keys = ["provenance.data.train.sha256"]
    with pytest.raises(UsageError, match=r"train.index \(sample 3 and 4 .*--allow-different train.index"):
        check_comparable(design, keys)
    keys += ["train.index"]
    assert [difference.key for difference in check_comparable(design, keys)] == keys


def test_only_known_keys_may_be_allowed(tmp_path: Path) -> None:
    """A key that nothing has is no permission: the nearest one is named."""
    location = write(tmp_path, LOSSES)
    with pytest.raises(UsageError, match=r"Did you mean optim.lr"):
        check_comparable(read_design([location]), ["optim.lrr"])


def test_a_model_may_be_the_factor(tmp_path: Path) -> None:
    """Models are refused side by side, and compared where they are the factor."""
    models: list[dict[str, Any]] = [{"model__name": "convnet"}, {"model__name": "mlp", "model__width": 8}]
    location = write(tmp_path, models)
    assert check_comparable(read_design([location], factor="model.name")) == ()
    arms = [write(tmp_path / name, [model]) for name, model in zip("ab", models, strict=True)]
    with pytest.raises(UsageError, match=r"model.name \('convnet' and 'mlp'\)"):
        check_comparable(read_design(arms))


def test_runs_of_an_arm_may_differ_in_what_is_allowed(tmp_path: Path) -> None:
    """A setting that is allowed to differ does not part the runs of an arm."""
    for seed, compiled in enumerate((True, False)):
        make_run(tmp_path / "a" / str(seed), seed=seed, epochs=(1,), compile=compiled)
    make_run(tmp_path / "b", loss="bce", epochs=(1,))
    locations = [str(tmp_path / name) for name in "ab"]
    with pytest.raises(UsageError, match=r"differ in compile \(False and True\)"):
        read_arms(locations)
    assert [len(arm.runs) for arm in read_arms(locations, ["compile"])] == [2, 1]


def test_unknown_metrics_and_splits_are_refused() -> None:
    """What is compared is a metric or a topic, on a split that there is."""
    from bceprobe.comparison.measuring import chosen

    with pytest.raises(UnknownNameError, match="Did you mean accuracy"):
        chosen(["acuracy"])
    with pytest.raises(UsageError, match="unknown split 'validation'"):
        chosen(["nc1@validation"])
    assert chosen(["nc1", "nc1@test", "accuracy"])[:3] == [("nc1", "train"), ("nc1", "test"), ("accuracy", "train")]
    assert ("positive_mean", "test") in chosen(["scores"])
