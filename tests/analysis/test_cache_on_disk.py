"""The cache of an analysis on disk: damage to it costs nothing but time, and it hides no damage of the store."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import fsspec
import numpy as np
import pytest
import xarray as xr

from bceprobe.analysis import analyze
from bceprobe.errors import StoreCorruptError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def group(run: Path, topic: str = "nc", global_mean: str = "sample") -> Path:
    """Where the cache of the train split lies."""
    return run / "metrics.zarr" / "train" / f"{topic}-{global_mean}"


def delete_group(cached: Path) -> None:
    """Delete the whole."""
    shutil.rmtree(cached)


def delete_array(cached: Path) -> None:
    """Delete the values of all metrics."""
    shutil.rmtree(cached / "value")


def delete_chunk(cached: Path) -> None:
    """Delete the chunk of all values; Zarr then reads NaN."""
    (cached / "value" / "c" / "0" / "0").unlink()


def change_chunk(cached: Path) -> None:
    """Put other epoch numbers in place of the digests."""
    shutil.copy(cached / "epoch" / "c" / "0", cached / "digest" / "c" / "0")


def truncate_chunk(cached: Path) -> None:
    """Leave a part of the values by class."""
    chunk = cached / "by_class" / "c" / "0" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:10])


def truncate_metadata(cached: Path) -> None:
    """Leave half of the metadata."""
    text = (cached / "zarr.json").read_text()
    (cached / "zarr.json").write_text(text[: len(text) // 2])


def empty_metadata(cached: Path) -> None:
    """Leave metadata that says nothing."""
    (cached / "value" / "zarr.json").write_text("{}")


def be_a_file(cached: Path) -> None:
    """Leave a file in place of the folder."""
    shutil.rmtree(cached)
    cached.write_text("not a folder")


@pytest.mark.parametrize(
    "damage",
    [
        delete_group,
        delete_array,
        delete_chunk,
        change_chunk,
        truncate_chunk,
        truncate_metadata,
        empty_metadata,
        be_a_file,
    ],
)
def test_a_damaged_cache_is_as_good_as_none(run: Path, computed: list[str], damage: Callable[[Path], None]) -> None:
    """Whatever happened to the cache, all values are computed again and are right."""
    expected = analyze(run)
    damage(group(run))
    computed.clear()
    assert analyze(run).identical(expected)
    assert computed == ["nc"] * 4


def test_a_damaged_cache_is_replaced(run: Path, computed: list[str]) -> None:
    """After values were computed again because of damage they are cached again."""
    analyze(run)
    truncate_metadata(group(run))
    analyze(run)
    computed.clear()
    analyze(run)
    assert computed == []


def test_a_run_that_cannot_be_written_is_analysed(run: Path, computed: list[str]) -> None:
    """Where the cache cannot be written the values are computed each time, and nothing is left behind."""
    (run / "metrics.zarr").write_text("in the way")
    before = sorted(run.iterdir())
    assert analyze(run).identical(analyze(run))
    assert computed == ["nc"] * 8
    assert sorted(run.iterdir()) == before


def test_the_cache_does_not_hide_a_damaged_store(run: Path) -> None:
    """Features that are gone are an error, although their values are cached."""
    analyze(run)
    shutil.rmtree(run / "store.zarr" / "train" / "features" / "c" / "1")
    with pytest.raises(StoreCorruptError, match="missing"):
        analyze(run)


def test_the_cache_moves_with_its_run(run: Path, computed: list[str]) -> None:
    """A run that was moved keeps its cache."""
    analyze(run)
    computed.clear()
    run.rename(run.parent / "elsewhere")
    analyze(run.parent / "elsewhere")
    assert computed == []


def test_no_partial_folder_is_left(run: Path) -> None:
    """After an analysis the cache holds its groups and nothing else."""
    analyze(run)
    analyze(run, "accuracy")
    found = sorted(path.name for path in (run / "metrics.zarr" / "train").iterdir())
    assert found == ["accuracy-sample", "nc-sample"]


def test_the_cache_is_plain_zarr(run: Path) -> None:
    """Plain xarray reads the cached values, with their labels, without bceprobe."""
    expected = analyze(run)
    found: Any = xr.open_zarr(group(run), consolidated=False, chunks=None)
    nc1, by_class = found["value"].sel(metric="nc1"), found["by_class"].sel(metric_by_class="nc1_by_class")
    np.testing.assert_array_equal(nc1.values, expected["nc1"].values.ravel())
    np.testing.assert_array_equal(by_class.values, expected["nc1_by_class"].values[0, 0])
    assert found["epoch"].values.tolist() == [1, 2, 3, 4]
    assert nc1["long_name"].item() == expected["nc1"].attrs["long_name"]
    assert nc1["definition"].item() == expected["nc1"].attrs["definition"]


def test_a_file_url_is_local(run: Path, computed: list[str]) -> None:
    """A run given as a `file://` URL shares its cache and its label with the same run given as a path."""
    expected = analyze(run)
    computed.clear()
    assert analyze(f"file://{run}").identical(expected)
    assert analyze([run, f"file://{run}"]).identical(expected)
    assert computed == []


def test_a_remote_run_is_analysed_without_a_cache(run: Path, computed: list[str]) -> None:
    """A run at another URL is computed each time, and nothing is written beside it."""
    memory = fsspec.filesystem("memory")
    memory.put(str(run), "/bucket/run", recursive=True)
    expected = analyze(run)
    computed.clear()
    for _ in range(2):
        assert analyze("memory://bucket/run").identical(expected)
    assert computed == ["nc"] * 8
    assert not memory.exists("/bucket/run/metrics.zarr")
    memory.rm("/bucket", recursive=True)
