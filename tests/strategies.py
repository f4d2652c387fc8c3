"""Hypothesis strategies that several test modules share."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from store_builders import Stored, StoredSplit

FEATURE_DTYPES = ("float32", "float16")


def finite(dtype: str, shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    """Arrays of any finite numbers of a data type: subnormals, negative zeros and extremes among them."""
    width = 16 if dtype == "float16" else 32
    return hnp.arrays(dtype, shape, elements=st.floats(width=width, allow_nan=False, allow_infinity=False))  # type: ignore[arg-type]  # a width is an int here


@st.composite
def stored_splits(draw: st.DrawFn, dtype: str, epochs: int, classes: int, length: int) -> StoredSplit:
    """The features, target and index of one split with 1 to 9 samples."""
    samples = draw(st.integers(1, 9))
    return StoredSplit(
        draw(finite(dtype, (epochs, samples, length))),
        draw(hnp.arrays(np.int64, samples, elements=st.integers(0, classes - 1))),
        draw(hnp.arrays(np.int64, samples, elements=st.integers(0, 2**63 - 1))),
    )


@st.composite
def stored_runs(draw: st.DrawFn, *, train: bool = False) -> Stored:
    """Whole contents of a store, with chunks down to one sample, sharded or not, of one split or two."""
    dtype = draw(st.sampled_from(FEATURE_DTYPES))
    epochs = sorted(draw(st.sets(st.integers(0, 500), min_size=1, max_size=3)))
    classes, length = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    names = ["train"] if train else draw(st.sampled_from([["train"], ["test"]]))
    names = draw(st.sampled_from([names, ["train", "test"]]))
    return Stored(
        epochs,
        draw(finite("float32", (len(epochs), classes, length))),
        draw(finite("float32", (len(epochs), classes))),
        {name: draw(stored_splits(dtype, len(epochs), classes, length)) for name in names},
        dtype,
        rows=draw(st.integers(1, 10)),
        shard=draw(st.booleans()),
    )
