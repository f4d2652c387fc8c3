"""Any damage at any place of a store: found, or harmless, and never a foreign error."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_builders import change, files, flip, write_example

from bceprobe.errors import BceProbeError, StoreCorruptError, StoreError
from bceprobe.store import open_run
from bceprobe.store.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable


def damages(folder: Path) -> st.SearchStrategy[tuple[str, str, int]]:
    """Any file of a store, and a kind of damage at any place of it."""
    names = st.sampled_from(sorted(files(folder)))
    return st.tuples(names, st.sampled_from(["flip", "cut", "lose"]), st.integers(0, 10**6))


def inflict(path: Path, kind: str, place: int) -> None:
    """Damage a file."""
    if kind == "flip":
        flip(path, place)
    elif kind == "cut":
        change(path, lambda content: content.__delitem__(slice(place % len(content), None)))
    else:
        path.unlink()


@pytest.mark.parametrize("shard", [False, True])
def test_no_damage_of_numbers_goes_unnoticed(tmp_path: Path, *, shard: bool) -> None:
    """Whatever byte of whatever chunk is flipped, cut off or lost: `validate` names the file, and no reader uses it."""
    write_example(tmp_path / "good", shard=shard)
    chunks = damages(tmp_path / "good").filter(lambda damage: not damage[0].endswith("zarr.json"))

    @given(chunks)
    @settings(max_examples=40, deadline=None)
    def check(damage: tuple[str, str, int]) -> None:
        name, kind, place = damage
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(tmp_path / "good", folder, dirs_exist_ok=True)
            inflict(Path(folder, "store.zarr", name), kind, place)
            assert any(name in problem for problem in validate(folder))
            if "/index/" not in name:
                with pytest.raises(StoreCorruptError, match=name):
                    read_everything(folder)

    check()


def test_damaged_metadata_never_ends_in_a_foreign_error(tmp_path: Path) -> None:
    """Whatever happens to a zarr.json: validating and reading end well or in an error of ours."""
    write_example(tmp_path / "good")
    documents = damages(tmp_path / "good").filter(lambda damage: damage[0].endswith("zarr.json"))

    @given(documents)
    @settings(max_examples=40, deadline=None)
    def check(damage: tuple[str, str, int]) -> None:
        name, kind, place = damage
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning)
            shutil.copytree(tmp_path / "good", folder, dirs_exist_ok=True)
            inflict(Path(folder, "store.zarr", name), kind, place)
            problems = outcome(lambda: validate(folder))
            read = outcome(lambda: read_everything(folder))
            assert problems or not isinstance(read, StoreError)

    check()


def outcome(act: Callable[[], Any]) -> Any:
    """Return what a function returns, or the error of ours that it raises."""
    try:
        return act()
    except BceProbeError as error:
        return error


def read_everything(folder: str | Path) -> None:
    """Read all that counts in a store."""
    run = open_run(folder)
    for split in ("train", "test"):
        for epoch in run.epochs(split):
            run.snapshot(epoch, split).features[:]
