"""The embedded digits: the split, the scaling and the constants."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from bceprobe.datasets import Dataset, checksum, load


@pytest.fixture(scope="module")
def digits() -> Dataset:
    """The digits as they are loaded by default."""
    return load("digits")


def test_every_sample_is_in_exactly_one_split(digits: Dataset) -> None:
    """Train and test are disjoint and together cover the 1797 samples, each split in data-set order."""
    train, test = digits.train.index.tolist(), digits.test.index.tolist()
    assert sorted(train + test) == list(range(1797))
    assert (train, test) == (sorted(train), sorted(test))


def test_the_fifth_of_every_five_samples_of_a_class_is_for_testing(digits: Dataset) -> None:
    """The 5th, 10th, ... sample of each class in data-set order is a test sample, counted one by one."""
    seen: Counter[int] = Counter()
    expected = []
    for place, label in enumerate(load_digits().target.tolist()):
        seen[label] += 1
        if seen[label] % 5 == 0:
            expected.append(place)
    assert digits.test.index.tolist() == expected


def test_images_and_target_are_those_of_scikit_learn(digits: Dataset) -> None:
    """An image is uint8 (1, 8, 8), 255/16 of scikit-learn's grey values, beside its own label."""
    bunch = load_digits()
    for split in (digits.train, digits.test):
        assert (split.images.dtype, split.images.shape) == (torch.uint8, (len(split), 1, 8, 8))
        assert split.target.dtype == split.index.dtype == torch.int64
        place = split.index.numpy()
        np.testing.assert_array_equal(split.images[:, 0].numpy(), np.rint(bunch.images[place] * 255 / 16))
        np.testing.assert_array_equal(split.target.numpy(), bunch.target[place])


def test_normalisation_is_that_of_the_train_split(digits: Dataset) -> None:
    """Mean and standard deviation of the train images, scaled to 0..1, are the constants to four digits."""
    pixels = digits.train.images.numpy() / 255
    assert (round(pixels.mean(), 4),) == digits.info.mean
    assert (round(pixels.std(), 4),) == digits.info.std


def test_description_fits_the_data(digits: Dataset) -> None:
    """There is one class name for each label, and the shape is that of the images."""
    assert digits.train.images.shape[1:] == digits.info.shape
    assert [digits.info.classes[label] for label in sorted(set(digits.train.target.tolist()))] == list("0123456789")


def test_digits_are_always_the_same(digits: Dataset) -> None:
    """Loading again, after other use of random numbers, gives the same bytes."""
    torch.manual_seed(1)
    again = load("digits")
    assert checksum(again.train) == checksum(digits.train)
    assert checksum(again.test) == checksum(digits.test)
    assert checksum(digits.train) != checksum(digits.test)
