"""Reading straight into memory: the numbers and the errors of the careful way, whatever the store looks like."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from store_builders import flip, same_bits, write_example
from strategies import stored_runs
from zarr.codecs import BytesCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec

from bceprobe.errors import StoreCorruptError
from bceprobe.store import open_run
from bceprobe.store.arrays import StoredArray
from bceprobe.store.direct import read_into

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from store_builders import Stored

VALUES = np.random.default_rng(0).normal(size=(2, 10, 4)).astype(np.float32)
CHECKED = [Crc32cCodec()]


def read(array: StoredArray) -> NDArray[Any]:
    """All rows of an array, read straight into memory that holds something else."""
    out = np.full(array.shape, 7, array.dtype)
    read_into(array, out)
    return out


def outcome(act: Callable[[], NDArray[Any]]) -> Any:
    """The shape, data type and bytes of what a function returns, or the text of its error."""
    try:
        found = act()
    except StoreCorruptError as error:
        return str(error)
    return found.shape, found.dtype, found.tobytes()


def foreign(folder: Path, values: NDArray[Any] = VALUES, **options: Any) -> StoredArray:
    """The second epoch of an array that bceprobe did not lay out."""
    layout: dict[str, Any] = {"chunks": (1, 4, 4), "compressors": CHECKED, "fill_value": np.nan} | options
    array = zarr.create_array(folder, shape=values.shape, dtype=values.dtype, **layout)
    array[...] = values
    return StoredArray(str(folder), array, "epoch 2, split train", 1)


@given(stored_runs(train=True))
@settings(max_examples=40)
def test_numbers_are_those_that_were_written(stored: Stored) -> None:
    """Of any size, data type and chunks down to a row, sharded or not, every epoch is read bit by bit."""
    with tempfile.TemporaryDirectory() as folder:
        stored.write(folder)
        for name, split in stored.splits.items():
            opened = open_run(folder).split(name)
            for epoch, expected in zip(opened.epochs, split.features, strict=True):
                assert same_bits(read(opened.features(epoch)), expected)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("rows", [1, 4, 5, 10])
def test_the_default_layout_is_read_without_zarr(tmp_path: Path, dtype: str, rows: int) -> None:
    """Chunks that divide the samples, an edge chunk, chunks of a row and a single chunk take the direct way."""
    stored = write_example(tmp_path, dtype=dtype, rows=rows)
    features = open_run(tmp_path).split("train").features(5)
    with mock.patch.object(StoredArray, "__getitem__", side_effect=AssertionError):
        assert same_bits(read(features), stored.splits["train"].features[2])


def test_places_are_read_whatever_their_scheme(tmp_path: Path) -> None:
    """A file:// URL and a URL that is no file give the same numbers."""
    for location in (f"file://{tmp_path}/run", f"memory://{tmp_path.name}/run"):
        stored = write_example(location)
        found = read(open_run(location).split("train").features(2))
        assert same_bits(found, stored.splits["train"].features[1])


FOREIGN: dict[str, dict[str, Any]] = {
    "compressed": {"compressors": [ZstdCodec(), Crc32cCodec()]},
    "compressed by the default of Zarr": {"compressors": "auto"},
    "compressed after the checksum": {"compressors": [Crc32cCodec(), GzipCodec()]},
    "without checksums": {"compressors": None},
    "two checksums": {"compressors": CHECKED * 2},
    "big-endian on disk": {"serializer": BytesCodec(endian="big")},
    "big-endian in memory": {"values": VALUES.astype(">f4")},
    "big-endian in both": {"values": VALUES.astype(">f4"), "serializer": BytesCodec(endian="big")},
    "transposed": {"filters": [TransposeCodec(order=(0, 2, 1))]},
    "sharded": {"shards": (1, 12, 4)},
    "sharded by two epochs": {"shards": (2, 12, 4)},
    "two epochs in a chunk": {"chunks": (2, 4, 4)},
    "all in a chunk": {"chunks": (2, 10, 4)},
    "parts of rows": {"chunks": (1, 4, 2), "fill_value": 0},
    # One file of this has as many bytes as all rows together, which are not its rows.
    "parts of rows, as long as the rows": {"chunks": (1, 20, 2), "fill_value": 0},
    "chunks longer than rows": {"chunks": (1, 4, 6), "fill_value": 0},
    "chunks beyond the samples": {"chunks": (1, 64, 4)},
    "other names of chunks": {"chunk_key_encoding": {"name": "default", "separator": "."}},
    "names of chunks of Zarr 2": {"chunk_key_encoding": {"name": "v2", "separator": "."}},
    "Zarr 2": {"zarr_format": 2, "compressors": None},
    "float64": {"values": VALUES.astype(np.float64)},
    "integers": {"values": np.arange(80).reshape(2, 10, 4), "fill_value": -1},
    "integers that look like nothing": {"values": np.full((2, 10, 4), -1), "fill_value": -1, "config": "full"},
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_layouts_give_their_numbers(tmp_path: Path, kind: str) -> None:
    """However Zarr stores an array, what is read is what Zarr reads."""
    options = dict(FOREIGN[kind])
    if options.pop("config", ""):
        options["config"] = {"write_empty_chunks": True}
    array = foreign(tmp_path / "array", **options)
    assert same_bits(read(array), FOREIGN[kind].get("values", VALUES)[1].astype(array.dtype))


def _swap_halves(path: Path, _: int) -> None:
    """Put the checksum first: of the right length, with all bytes."""
    content = path.read_bytes()
    path.write_bytes(content[-4:] + content[:-4])


def _become_folder(path: Path, _: int) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, Callable[[Path, int], object]] = {
    "flipped bit": flip,
    "truncated": lambda path, place: os.truncate(path, place % path.stat().st_size),
    "without checksum": lambda path, _: os.truncate(path, path.stat().st_size - 4),
    "empty": lambda path, _: path.write_bytes(b""),
    "too long": lambda path, place: path.write_bytes(path.read_bytes() + bytes(1 + place % 9)),
    "shifted": _swap_halves,
    "missing": lambda path, _: path.unlink(),
    "a folder": _become_folder,
}


@given(stored_runs(train=True), st.sampled_from(sorted(DAMAGE)), st.data())
@settings(max_examples=80)
def test_damage_is_told_as_the_careful_way_tells_it(stored: Stored, kind: str, data: st.DataObject) -> None:
    """Whatever happens to a chunk or shard: the error has, word for word, the text that `StoredArray` gives."""
    with tempfile.TemporaryDirectory() as folder:
        stored.write(folder)
        chunks = sorted(path for path in Path(folder, "store.zarr/train/features/c/0").rglob("*") if path.is_file())
        chunk = data.draw(st.sampled_from(chunks))
        DAMAGE[kind](chunk, data.draw(st.integers(0, 10**6)))
        split = open_run(folder).split("train")
        direct = outcome(lambda: _directly(split))
        assert isinstance(direct, str)
        assert direct == outcome(lambda: _carefully(split))
        assert str(chunk) in direct
        for epoch, expected in list(zip(split.epochs, stored.splits["train"].features, strict=True))[1:]:
            assert same_bits(read(split.features(epoch)), expected)


@pytest.mark.parametrize("shard", [False, True])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 9])
def test_values_that_are_not_finite_are_told(tmp_path: Path, row: int, value: float, *, shard: bool) -> None:
    """NaN or inf behind a right checksum is the error that `StoredArray` gives, which names the chunk."""
    write_example(tmp_path, shard=shard)
    array: Any = zarr.open_array(tmp_path / "store.zarr/train/features", mode="r+")
    array[0, row, 2] = value
    split = open_run(tmp_path).split("train")
    direct = outcome(lambda: _directly(split))
    assert direct == outcome(lambda: _carefully(split))
    number = 0 if shard else row // 4
    assert f"train/features/c/0/{number}/0 holds NaN or inf (epoch 1, split train)" in direct


def test_what_lies_beyond_the_rows_is_of_no_account(tmp_path: Path) -> None:
    """The last chunk is as long as the others: what fills it up, NaN here, is not taken for damage."""
    stored = write_example(tmp_path)
    last = (tmp_path / "store.zarr/train/features/c/0/2/0").read_bytes()
    assert np.isnan(np.frombuffer(last[:-4], "<f4")).sum() == 2 * 4
    assert same_bits(read(open_run(tmp_path).split("train").features(1)), stored.splits["train"].features[0])


WRONG: dict[str, tuple[NDArray[Any], str]] = {
    "too few rows": (np.empty((9, 4), np.float32), r"out is float32 \(9, 4\), and \S+ is float32 \(10, 4\)"),
    "too many rows": (np.empty((11, 4), np.float32), r"out is float32 \(11, 4\)"),
    "as many numbers": (np.empty((4, 10), np.float32), r"out is float32 \(4, 10\)"),
    "flat": (np.empty(40, np.float32), r"out is float32 \(40,\)"),
    "wider numbers": (np.empty((10, 4), np.float64), "out is float64"),
    "other numbers of that size": (np.empty((10, 4), np.int32), "out is int32"),
    "other byte order": (np.empty((10, 4), ">f4"), "out is >f4"),
    "columns first": (np.empty((10, 4), np.float32, order="F"), "not C-contiguous"),
    "every other column": (np.empty((10, 8), np.float32)[:, ::2], "not C-contiguous"),
    "every other row": (np.empty((20, 4), np.float32)[::2], "not C-contiguous"),
    "read-only": (np.broadcast_to(np.float32(0), (10, 4)), "read-only"),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("shard", [False, True])
def test_memory_that_does_not_fit_is_refused(tmp_path: Path, kind: str, *, shard: bool) -> None:
    """Another shape, data type or layout of `out` is a ValueError that says so, whichever way would be taken."""
    write_example(tmp_path, shard=shard)
    out, says = WRONG[kind]
    with pytest.raises(ValueError, match=says):
        read_into(open_run(tmp_path).split("train").features(1), out)


def test_a_part_of_larger_memory_is_filled_and_no_more(tmp_path: Path) -> None:
    """Rows in the middle of an array may be given; what lies around them stays."""
    stored, memory = write_example(tmp_path), np.full((14, 4), 7, np.float32)
    read_into(open_run(tmp_path).split("train").features(1), memory[2:12])
    np.testing.assert_array_equal(memory[2:12], stored.splits["train"].features[0])
    assert (memory[[0, 1, 12, 13]] == 7).all()


def _carefully(split: Any) -> Any:
    features = split.features(split.epochs[0])
    return features[0 : features.shape[0]]


def _directly(split: Any) -> Any:
    return read(split.features(split.epochs[0]))
