"""The long tail: its counts, which samples it keeps, and what it does to the data sets that are made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from bceprobe.datasets import Split, load
from bceprobe.datasets.tail import long_tail, tail_counts
from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("factor", "total"), [(100, 10_847), (50, 12_608), (10, 19_573)])
def test_cifar100_counts_are_the_published_ones(factor: float, total: int) -> None:
    """The usual factors leave the usual numbers of CIFAR-100's 50000 images; the last class has 500/factor."""
    counts = tail_counts(500, 100, factor)
    assert sum(counts) == total
    assert (counts[0], counts[-1]) == (500, 500 // factor)
    assert counts == sorted(counts, reverse=True)


def test_cifar10_counts_are_the_published_ones() -> None:
    """At factor 100, 12406 of CIFAR-10's 50000 images are left, 5000 to 50 of a class."""
    counts = tail_counts(5000, 10, 100)
    assert counts == [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    assert sum(counts) == 12_406


@given(largest=st.integers(1, 500), classes=st.integers(1, 30), factor=st.floats(1, 1000))
def test_counts_fall_from_the_largest_and_keep_every_class(largest: int, classes: int, factor: float) -> None:
    """The first class keeps all, no class has more than one before it, and none vanishes."""
    counts = tail_counts(largest, classes, factor)
    assert (counts[0], len(counts)) == (largest, classes)
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] >= 1


@given(labels=st.lists(st.integers(0, 3), min_size=1, max_size=40), factor=st.floats(1, 50))
def test_the_first_samples_of_each_class_stay_in_order(labels: list[int], factor: float) -> None:
    """Of class c the first n_c samples are kept, in data-set order, with their place in the data set."""
    places = torch.arange(len(labels))
    kept = long_tail(Split(places, torch.tensor(labels), places + 7), factor)
    counts = tail_counts(max(map(labels.count, labels)), max(labels) + 1, factor)
    expected = [place for place, label in enumerate(labels) if labels[:place].count(label) < counts[label]]
    assert kept.index.tolist() == [place + 7 for place in expected]
    assert kept.target.tolist() == [labels[place] for place in expected]


def test_every_data_set_can_be_given_a_tail() -> None:
    """Training digits of class c are min(n_c, what there is); limits come first; the test split stays as it is."""
    whole, tailed = load("digits"), load("digits", limit_per_class=50, imbalance_factor=10)
    assert tailed.train.target.bincount().tolist() == [50, 38, 29, 23, 17, 13, 10, 8, 6, 5]
    assert tailed.test.target.bincount().tolist() == whole.test.target.bincount().tolist()
    assert torch.equal(load("digits", imbalance_factor=1).train.index, whole.train.index)


@pytest.mark.parametrize("factor", [0.5, 0.0, -1.0, float("nan"), float("inf")])
def test_impossible_factors_are_refused(factor: float) -> None:
    """A factor below 1, or none, is refused."""
    with pytest.raises(UsageError, match=r"the imbalance factor is .*; it must be a finite number of 1 or more"):
        load("digits", imbalance_factor=factor)


@pytest.mark.real_data
@pytest.mark.parametrize(("factor", "last"), [(None, 50), (10, 500), (1, 5000)])
def test_cifar10_lt_is_the_head_of_each_class(factor: float | None, last: int, real_cifar_dir: Path) -> None:
    """cifar10-lt keeps the first n_c real images of each class, at factor 100 unless another is given."""
    whole = load("cifar10", data_dir=real_cifar_dir)
    tailed = load("cifar10-lt", data_dir=real_cifar_dir, imbalance_factor=factor)
    counts = tailed.train.target.bincount().tolist()
    assert counts == tail_counts(5000, 10, factor or 100)
    assert counts[-1] == last
    assert tailed.info.name == "cifar10-lt"
    for label in range(10):
        (places,) = torch.nonzero(whole.train.target == label, as_tuple=True)
        kept = tailed.train.index[tailed.train.target == label]
        assert torch.equal(kept, places[: counts[label]])
    assert torch.equal(tailed.train.images, whole.train.images[tailed.train.index])
    assert torch.equal(tailed.test.images, whole.test.images)
