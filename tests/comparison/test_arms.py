"""Arms: what they are called, which runs may make one, and which arms may be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import make_arms, make_run

from bceprobe import compare
from bceprobe.comparison.arms import pairing, read_arms
from bceprobe.errors import StoreNotFoundError, UsageError
from bceprobe.store import StoreWriter
from bceprobe.store.importing import import_npz
from bceprobe.store.manifest import update_manifest

if TYPE_CHECKING:
    from pathlib import Path

EPOCHS = (1, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `ce` and `bce` with two seeds each, and more runs beside them."""
    made = tmp_path_factory.mktemp("arms")
    make_arms(made, 2, epochs=EPOCHS)
    make_run(made / "fast" / "ce", epochs=EPOCHS, seed=5, optim__lr=0.5)
    make_run(made / "fast" / "bce", epochs=EPOCHS, seed=5, loss="bce", optim__lr=0.5)
    make_run(made / "other-data", epochs=EPOCHS, data__limit_per_class=7)
    make_run(made / "late", epochs=(7, 8), loss="bce")
    make_run(made / "wide", epochs=EPOCHS, loss="bce", length=8)
    make_run(made / "many", epochs=EPOCHS, loss="bce", classes=4)
    make_run(made / "few", epochs=EPOCHS, loss="bce", per_class={"train": 20, "test": 9})
    features = np.random.default_rng(0).normal(size=(9, 4))
    np.savez(made / "made.npz", features=features, target=np.arange(9) % 3, weight=np.eye(3, 4))
    import_npz(made / "made.npz", made / "imported-1")
    import_npz(made / "made.npz", made / "imported-2")
    return made


def labels(folder: Path, *names: str) -> list[str]:
    """Labels of arms given by names in the folder."""
    return [arm.label for arm in read_arms([str(folder / name) for name in names])]


def refused(folder: Path, *names: str) -> str:
    """What a comparison that is refused says, paths taken out."""
    with pytest.raises(UsageError) as caught:
        compare(*(folder / name for name in names))
    return str(caught.value).replace(f"{folder}/", "")


def test_arms_are_called_by_their_loss(folder: Path) -> None:
    """Where every arm has a loss of its own, the losses name the arms, abbreviations in capitals."""
    assert labels(folder, "ce", "fast/bce") == ["CE", "BCE"]


def test_arms_of_one_loss_are_called_by_their_folder(folder: Path) -> None:
    """Where losses do not tell the arms apart, the ends of their locations do."""
    assert labels(folder, "ce/seed-0", "other-data/") == ["seed-0", "other-data"]


def test_arms_whose_folders_have_the_same_name_are_called_in_full(folder: Path) -> None:
    """Where the last parts are the same too, the whole locations are the labels."""
    assert labels(folder, "ce", "fast/ce") == [str(folder / "ce"), str(folder / "fast" / "ce")]


def test_an_arm_is_a_run_a_folder_or_a_pattern(folder: Path) -> None:
    """A run, a folder of runs and a glob pattern each give their runs, in the order of seeds."""
    one, both, pattern = read_arms([str(folder / name) for name in ("fast/ce", "ce", "bce/seed-*")])
    names = [[run.name for run in arm.runs] for arm in (one, both, pattern)]
    assert names == [["ce"], ["seed-0", "seed-1"], ["seed-0", "seed-1"]]
    assert both.seeds == pattern.seeds == (0, 1)


def test_labels_cannot_act(tmp_path: Path) -> None:
    """Characters in a folder name that would act in a terminal or page are spelled out in the label."""
    for name in ("a\u202eb", "c\x1b[31m"):
        make_run(tmp_path / name, epochs=EPOCHS)
    assert labels(tmp_path, "a\u202eb", "c\x1b[31m") == [r"a\u202eb", r"c\x1b[31m"]


def test_pairs_match_equal_seeds_in_any_order(folder: Path, tmp_path: Path) -> None:
    """Runs are paired by seed, however their folders are called."""
    make_run(tmp_path / "x" / "first", loss="bce", seed=1, epochs=EPOCHS)
    make_run(tmp_path / "x" / "second", loss="bce", seed=0, epochs=EPOCHS)
    ce, bce = read_arms([str(folder / "ce"), str(tmp_path / "x")])
    assert [(ce.seeds[i], bce.seeds[j]) for i, j in pairing(ce, bce).pairs] == [(0, 0), (1, 1)]


def test_common_seeds_are_paired_and_others_left_out(tmp_path: Path) -> None:
    """Of arms with other seeds besides, those in common are paired and the rest named; below half nothing is paired."""
    for arm, seeds in (("ce", (0, 1, 2)), ("bce", (1, 2, 3, 4)), ("many", (2, 1, *range(10, 14)))):
        for seed in seeds:
            make_run(tmp_path / arm / str(seed), seed=seed, epochs=(1,), per_class={"train": 2})
    ce, bce, many = read_arms([str(tmp_path / name) for name in ("ce", "bce", "many")])
    found = pairing(ce, bce)
    assert [(ce.seeds[i], bce.seeds[j]) for i, j in found.pairs] == [(1, 1), (2, 2)]
    assert found.why == "seed 0 of ce left out; seeds 3, 4 of bce left out"
    assert pairing(ce, many) == ((), "2 of 3 and 6 seeds are the same")


@pytest.mark.parametrize("other", ["fast/bce", "imported-*", "bce/seed-0"])
def test_there_are_no_pairs_without_the_same_seeds(folder: Path, other: str) -> None:
    """Other seeds, unknown seeds, or another number of seeds make no pairs."""
    assert pairing(*read_arms([str(folder / "ce"), str(folder / other)])).pairs == ()


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["ce"], "at least two arms"),
        (["ce", "ce"], "run ce/seed-0 is in ce and again in ce"),
        (["ce", "ce/../ce/seed-1"], "and again in"),
        (["ce", "fast"], "the runs of fast differ in loss.name (bce and ce)"),
        (["ce", "other-data"], "they differ in data.limit_per_class (0 and 7)"),
        (["ce", "late"], "no epoch in common"),
        (["ce", "wide"], "features (6 and 8)"),
        (["ce", "many"], "classes (3 and 4)"),
        (["ce", "few"], "test.target (10 and 9 samples of class 0)"),
    ],
)
def test_what_cannot_be_compared_is_refused(folder: Path, names: list[str], says: str) -> None:
    """Arms that differ in data, shape or epochs, one arm, or the same run twice: one sentence that says which."""
    assert says in refused(folder, *names)


@pytest.mark.parametrize("name", ["nowhere", "nothing-*"])
def test_an_arm_without_runs_is_an_error(folder: Path, name: str) -> None:
    """A location or pattern where no run is found is named."""
    with pytest.raises(StoreNotFoundError, match=name.rstrip("*")):
        compare(folder / "ce", folder / name)


def test_a_run_that_has_not_captured_anything_is_named(folder: Path, tmp_path: Path) -> None:
    """A run without a written epoch cannot be compared, and the message says which run that is."""
    StoreWriter(tmp_path / "empty", EPOCHS, 3, 6)
    update_manifest(str(tmp_path / "empty"), status="running")
    with pytest.raises(UsageError, match=r"empty has no written epoch of the train split"):
        compare(folder / "ce", tmp_path / "empty")


def test_a_free_setting_may_differ_within_an_arm(tmp_path: Path) -> None:
    """Seed, device and capture layout do not make another training procedure."""
    varied: list[dict[str, Any]] = [{"device": "cpu"}, {"device": "auto"}, {"capture__shard": True}]
    for seed, settings in enumerate(varied):
        make_run(tmp_path / "arm" / str(seed), seed=seed, epochs=EPOCHS, **settings)
    make_run(tmp_path / "b", loss="bce", epochs=EPOCHS)
    assert [len(arm.runs) for arm in read_arms([str(tmp_path / "arm"), str(tmp_path / "b")])] == [3, 1]
