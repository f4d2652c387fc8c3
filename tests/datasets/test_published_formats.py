"""Fashion-MNIST and CIFAR-100 from files of the published formats with pixels of our own."""

from __future__ import annotations

import gzip
import hashlib
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import CIFAR100, FashionMNIST

from bceprobe.datasets import load
from bceprobe.datasets.tail import tail_counts
from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PER_CLASS = {"train": 20, "test": 2}


def md5(content: bytes) -> str:
    """The checksum as torchvision writes it."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def as_idx(values: NDArray[np.uint8]) -> bytes:
    """Bytes of an idx file: its type and shape, big-endian, and the values."""
    return bytes([0, 0, 8, values.ndim]) + b"".join(size.to_bytes(4) for size in values.shape) + values.tobytes()


@pytest.fixture
def fashion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, NDArray[np.uint8]]:
    """Archives of 30 and 20 images, whose checksums take the place of the published ones."""
    random, values, resources = np.random.default_rng(0), {}, []
    for part, count in (("train", 30), ("t10k", 20)):
        values[f"{part}-images-idx3-ubyte"] = random.integers(0, 256, (count, 28, 28), np.uint8)
        values[f"{part}-labels-idx1-ubyte"] = np.arange(count, dtype=np.uint8) % 10
    folder = tmp_path / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    for name, array in values.items():
        content = gzip.compress(as_idx(array))
        (folder / f"{name}.gz").write_bytes(content)
        resources.append((f"{name}.gz", md5(content)))
    monkeypatch.setattr(FashionMNIST, "resources", resources)
    return values


def test_fashionmnist_is_read_from_the_archives(fashion: dict[str, NDArray[np.uint8]], tmp_path: Path) -> None:
    """Images are Pillow's bilinear resize of the archives' 28x28 in their order; labels and class names fit."""
    dataset = load("fashionmnist", data_dir=tmp_path)
    for split, part in ((dataset.train, "train"), (dataset.test, "t10k")):
        images = fashion[f"{part}-images-idx3-ubyte"]
        assert split.images.shape == (len(images), 1, 32, 32)
        assert split.target.dtype == torch.int64
        assert split.target.tolist() == fashion[f"{part}-labels-idx1-ubyte"].tolist()
        for image, stored in zip(images, split.images, strict=True):
            expected = np.asarray(Image.fromarray(image).resize((32, 32), Image.Resampling.BILINEAR), np.int16)
            assert np.abs(stored[0].numpy() - expected).max() <= 1
    assert dataset.info.classes[9] == "Ankle boot"
    assert (dataset.info.shape, dataset.info.mean, dataset.info.std) == ((3, 32, 32), (0.286,) * 3, (0.353,) * 3)


@pytest.mark.usefixtures("fashion")
def test_a_flipped_bit_of_an_archive_is_found(tmp_path: Path) -> None:
    """One bit of one archive is enough for an error that names it."""
    file = tmp_path / "FashionMNIST" / "raw" / "t10k-images-idx3-ubyte.gz"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(UsageError, match=f"{file} is damaged: its checksum is not that of fashionmnist"):
        load("fashionmnist", data_dir=tmp_path)


@pytest.fixture
def cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, NDArray[np.uint8]]:
    """A CIFAR-100 of 20 and 2 images of each class, whose checksums take the place of the published ones."""
    folder, random, data = tmp_path / CIFAR100.base_folder, np.random.default_rng(0), {}
    folder.mkdir()
    names = [f"kind {label}" for label in range(100)]
    contents: dict[str, dict[str, object]] = {"meta": {"fine_label_names": names}}
    for split, count in PER_CLASS.items():
        data[split] = random.integers(0, 256, (100 * count, 3072), np.uint8)
        labels = [place % 100 for place in range(100 * count)]
        contents[split] = {"data": data[split], "fine_labels": labels, "coarse_labels": [0] * len(labels)}
    for name, content in contents.items():
        (folder / name).write_bytes(pickle.dumps(content))
    sums = {name: md5((folder / name).read_bytes()) for name in contents}
    monkeypatch.setattr(CIFAR100, "train_list", [["train", sums["train"]]])
    monkeypatch.setattr(CIFAR100, "test_list", [["test", sums["test"]]])
    monkeypatch.setattr(CIFAR100, "meta", {**CIFAR100.meta, "md5": sums["meta"]})
    return data


def test_cifar100_has_fine_labels_and_the_names_of_its_files(
    cifar: dict[str, NDArray[np.uint8]], tmp_path: Path
) -> None:
    """Images are (3, 32, 32) with the red plane first, labels are the fine ones, names those of the meta file."""
    dataset = load("cifar100", data_dir=tmp_path)
    for name, split in (("train", dataset.train), ("test", dataset.test)):
        np.testing.assert_array_equal(split.images.numpy(), cifar[name].reshape(-1, 3, 32, 32))
        assert split.target.tolist() == list(range(100)) * PER_CLASS[name]
    assert dataset.info.classes == tuple(f"kind {label}" for label in range(100))
    assert dataset.info.name == "cifar100"


def test_cifar100_lt_has_a_tail_unless_it_is_told_otherwise(
    cifar: dict[str, NDArray[np.uint8]], tmp_path: Path
) -> None:
    """cifar100-lt keeps the first images of each class at factor 100, or the factor given; 1 gives all back."""
    dataset = load("cifar100-lt", data_dir=tmp_path)
    counts = tail_counts(20, 100, 100)
    assert dataset.train.target.bincount().tolist() == counts
    expected = [place for place in range(2000) if place // 100 < counts[place % 100]]
    assert dataset.train.index.tolist() == expected
    np.testing.assert_array_equal(dataset.train.images.flatten(1).numpy(), cifar["train"][expected])
    assert dataset.test.target.bincount().tolist() == [2] * 100
    assert dataset.info.name == "cifar100-lt"
    ten = load("cifar100-lt", data_dir=tmp_path, imbalance_factor=10).train
    assert ten.target.bincount().tolist() == tail_counts(20, 100, 10)
    assert len(load("cifar100-lt", data_dir=tmp_path, imbalance_factor=1).train) == 2000
