"""FORMAT.md is enough: a reader of bytes, and a writer of plain Zarr, that know the page and nothing of bceprobe."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from store_builders import example, same_bits, write_example
from zarr.codecs import Crc32cCodec
from zarr.errors import ZarrUserWarning

from bceprobe.store import open_run, schema, validate
from bceprobe.store.manifest import STATUSES

PAGE = (Path(schema.__file__).parent / "FORMAT.md").read_text(encoding="utf-8")


def crc32c(content: bytes) -> int:
    """Compute the Castagnoli checksum bit by bit (RFC 3720, appendix B.4)."""
    value = 0xFFFFFFFF
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0x82F63B78 * (value & 1)
    return value ^ 0xFFFFFFFF


def read_array(folder: Path) -> Any:
    """Read an array without Zarr: chunks in C order, little endian, each followed by its checksum."""
    metadata = json.loads((folder / "zarr.json").read_text())
    assert [codec["name"] for codec in metadata["codecs"]] == ["bytes", "crc32c"]
    unit = metadata["chunk_grid"]["configuration"]["chunk_shape"]
    values = np.full(metadata["shape"], metadata["fill_value"] if metadata["fill_value"] != "NaN" else np.nan)
    values = values.astype(metadata["data_type"])
    for file in (path for path in (folder / "c").rglob("*") if path.is_file()):
        content, start = file.read_bytes(), [int(part) for part in file.relative_to(folder / "c").parts]
        assert int.from_bytes(content[-4:], "little") == crc32c(content[:-4])
        chunk = np.frombuffer(content[:-4], values.dtype.newbyteorder("<")).reshape(unit)
        place = tuple(slice(at * size, (at + 1) * size) for at, size in zip(start, unit, strict=True))
        values[place] = chunk[tuple(slice(length) for length in values[place].shape)]
    return values


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_bytes_are_what_the_page_says(tmp_path: Path, dtype: str) -> None:
    """A reader of a few lines, made from the page without Zarr, finds every number and the list of groups."""
    stored = write_example(tmp_path, dtype=dtype)
    stored.writer(tmp_path).discard_after(2)
    store = tmp_path / "store.zarr"
    root = json.loads((store / "zarr.json").read_text())
    members = root["consolidated_metadata"]["metadata"]
    assert root["attributes"] == {"encoding-type": "bceprobe-run", "encoding-version": "1.0"}
    assert {name for name in members if "/" not in name} == {"classifier", "train", "test"}
    assert same_bits(read_array(store / "classifier" / "weight"), stored.weight)
    assert same_bits(read_array(store / "classifier" / "bias"), stored.bias)
    for name, split in stored.splits.items():
        for kind, values in vars(split).items():
            assert same_bits(read_array(store / name / kind), values)
        assert read_array(store / name / "epoch").tolist() == stored.epochs
        assert read_array(store / name / "written").tolist() == [True, True, False]


def write_with_plain_zarr(folder: Path) -> None:
    """Write the example as the page demands, with nothing but Zarr."""
    stored = example()
    root = zarr.create_group(
        folder / "store.zarr", attributes={"encoding-type": "bceprobe-run", "encoding-version": "1.0"}
    )
    epochs, written = np.array(stored.epochs), np.array([True, False, True])
    groups: dict[str, dict[str, Any]] = {"classifier": {"weight": stored.weight, "bias": stored.bias}}
    groups |= {name: dict(vars(split)) for name, split in stored.splits.items()}
    dims = dict(re.findall(r"\| `(\w+)` \| ((?:\w+, )*\w+) \| (?:float32|int64|bool)", PAGE))
    for name, arrays in groups.items():
        for kind, values in {**arrays, "epoch": epochs, "written": written}.items():
            names = dims[kind].split(", ")
            chunks = (1, *values.shape[1:]) if len(names) > 1 else values.shape
            fill = {"f": np.nan, "b": False}.get(values.dtype.kind, -1)
            array = root.create_array(
                f"{name}/{kind}",
                shape=values.shape,
                chunks=chunks,
                dtype=values.dtype,
                compressors=[Crc32cCodec()],
                fill_value=fill,
                dimension_names=names,
            )
            array[...] = values
    with pytest.warns(ZarrUserWarning, match="Consolidated metadata"):
        zarr.consolidate_metadata(folder / "store.zarr")


def test_the_page_is_enough_for_a_writer(tmp_path: Path) -> None:
    """A store that plain Zarr writes by the page is valid and read like any other."""
    write_with_plain_zarr(tmp_path)
    assert validate.validate(tmp_path) == []
    run, stored = open_run(tmp_path), example()
    assert run.epochs("train") == run.epochs("test") == [1, 5]
    assert same_bits(run.snapshot(5).features[:], stored.splits["train"].features[2])
    assert same_bits(run.snapshot(1, "test").weight, stored.weight[0])


def test_the_page_tells_the_arrays_of_the_schema() -> None:
    """Name, dimensions, data type and fill value of every array are those that the writer uses."""
    rows = re.findall(r"\| `(\w+)` \| ((?:\w+, )*\w+) \| (\w+)[^|]* \| ([\w-]+) \|", PAGE)
    told = {name: (tuple(dims.split(", ")), dtype, fill) for name, dims, dtype, fill in rows}
    specs = {spec.name: spec for group in (schema.CLASSIFIER, "train") for spec in schema.group_arrays(group)}
    assert told == {
        name: (spec.dims, spec.dtype, {"nan": "NaN", "False": "false"}.get(str(spec.fill), str(spec.fill)))
        for name, spec in specs.items()
    }


def test_the_page_tells_every_status() -> None:
    """Each status that a run can have is on the page, and the version is the one that is written."""
    assert all(f"`{status}`" in PAGE for status in STATUSES)
    assert PAGE.startswith(f"# The format of a run, version {schema.ENCODING_VERSION}\n")
