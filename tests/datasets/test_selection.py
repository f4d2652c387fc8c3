"""Limits per class, the rank they are made of, and the checksum of what was selected."""

from __future__ import annotations

import hashlib

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bceprobe.datasets import Split, checksum, load
from bceprobe.datasets.selection import first_of_each_class, rank_in_class
from bceprobe.errors import UsageError

LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=30)


def make_split(labels: list[int]) -> Split:
    """A split whose images and index tell its samples apart."""
    place = torch.arange(len(labels))
    return Split(place.to(torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 2, 2), torch.tensor(labels), 100 + place)


@given(labels=LABELS)
def test_rank_counts_the_earlier_samples_of_a_class(labels: list[int]) -> None:
    """The rank of a sample is how often its label occurred before it."""
    expected = [labels[:place].count(label) for place, label in enumerate(labels)]
    assert rank_in_class(torch.tensor(labels)).tolist() == expected


@given(labels=LABELS, count=st.integers(1, 10))
def test_limit_keeps_the_first_samples_of_each_class_in_order(labels: list[int], count: int) -> None:
    """Each class keeps its first samples, a smaller class all, in data-set order with image, label and place."""
    kept = [place for place, label in enumerate(labels) if labels[:place].count(label) < count]
    split = first_of_each_class(make_split(labels), count)
    assert split.index.tolist() == [100 + place for place in kept]
    assert split.target.tolist() == [labels[place] for place in kept]
    assert split.images[:, 0, 1, 1].tolist() == kept


def test_load_limits_both_splits() -> None:
    """The first n of each class of the train and of the test split are kept."""
    whole, limited = load("digits"), load("digits", limit_per_class=7)
    for all_samples, kept in ((whole.train, limited.train), (whole.test, limited.test)):
        assert kept.target.bincount().tolist() == [7] * 10
        expected = [all_samples.index[all_samples.target == label][:7] for label in range(10)]
        assert kept.index.tolist() == sorted(torch.cat(expected).tolist())


def test_a_class_smaller_than_the_limit_keeps_all() -> None:
    """A limit that no class reaches changes nothing."""
    assert checksum(load("digits", limit_per_class=1000).train) == checksum(load("digits").train)


@pytest.mark.parametrize("count", [0, -3])
def test_a_limit_below_one_is_refused(count: int) -> None:
    """No sample per class is no data set."""
    with pytest.raises(UsageError, match=rf"the limit per class is {count}; it must be 1 or more"):
        load("digits", limit_per_class=count)


def test_checksum_is_the_sha256_of_images_and_labels() -> None:
    """It is the SHA-256 of the images' bytes in (N, c, H, W) order and the labels as 8-byte little-endian numbers."""
    expected = hashlib.sha256(bytes([0, 0, 0, 0, 1, 1, 1, 1]) + bytes([3, *[0] * 7, 1, *[0] * 7])).hexdigest()
    assert checksum(make_split([3, 1])) == expected


def test_checksum_sees_pixels_labels_and_order() -> None:
    """Another pixel, another label or another order is another checksum; the place in the data set is not content."""
    split = make_split([0, 1, 2])
    other_pixel = split.images.clone()
    other_pixel[2, 0, 1, 1] += 1
    others = [
        Split(other_pixel, split.target, split.index),
        Split(split.images, split.target.flip(0), split.index),
        split.take(torch.tensor([1, 0, 2])),
    ]
    assert len({checksum(split), *map(checksum, others)}) == 4
    assert checksum(Split(split.images, split.target, split.index + 1)) == checksum(split)
