"""The real MNIST and CIFAR-10: what is read is what was published, and damage is found."""

from __future__ import annotations

import pickle
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import CIFAR10, MNIST

from bceprobe.datasets import Split, checksum, load
from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.real_data
RAW = "MNIST/raw"


def read_idx(file: Path, header: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """The values of an idx file after its header of 4 bytes and 4 for each dimension."""
    return np.frombuffer(file.read_bytes(), np.uint8, offset=header)


def link_files(source: Path, target: Path) -> None:
    """Lay a folder out again with links, so that single files can be replaced."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        (target / file.name).symlink_to(file)


def spoil(file: Path) -> None:
    """Replace a link by a copy in which one bit of the last byte is flipped."""
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.unlink()
    file.write_bytes(content)


@pytest.mark.parametrize(("split", "part", "count"), [("train", "train", 60_000), ("test", "t10k", 10_000)])
def test_mnist_is_read_in_order_and_resized_as_pillow_does(
    split: str, part: str, count: int, real_data_dir: Path
) -> None:
    """Labels are those of the file; images are uint8 (N, 1, 32, 32), Pillow's bilinear resize of the file's 28x28."""
    samples: Split = getattr(load("mnist", data_dir=real_data_dir), split)
    assert (samples.images.dtype, samples.images.shape) == (torch.uint8, (count, 1, 32, 32))
    assert torch.equal(samples.index, torch.arange(count))
    raw = real_data_dir / RAW
    np.testing.assert_array_equal(samples.target.numpy(), read_idx(raw / f"{part}-labels-idx1-ubyte", 8))
    images = read_idx(raw / f"{part}-images-idx3-ubyte", 16).reshape(-1, 28, 28)
    for place in range(0, count, count // 100):
        expected = np.asarray(Image.fromarray(images[place]).resize((32, 32), Image.Resampling.BILINEAR), np.int16)
        # Where the processor lacks AVX2, torchvision resizes in floating point and may round one grey level apart.
        assert np.abs(samples.images[place, 0].numpy() - expected).max() <= 1


def test_mnist_normalisation_is_that_of_the_published_images(real_data_dir: Path) -> None:
    """The constants are mean and standard deviation of the 28x28 train images, the same for all three channels."""
    pixels = read_idx(real_data_dir / RAW / "train-images-idx3-ubyte", 16) / 255
    info = load("mnist", data_dir=real_data_dir, limit_per_class=1).info
    assert info.shape == (3, 32, 32)
    assert info.mean == (round(pixels.mean(), 4),) * 3
    assert info.std == (round(pixels.std(), 4),) * 3


@pytest.mark.parametrize("file", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_flipped_bit_of_mnist_is_found(file: str, real_data_dir: Path, tmp_path: Path) -> None:
    """One bit of one unpacked file is enough for an error that names the file; torchvision itself reads over it."""
    link_files(real_data_dir / RAW, tmp_path / RAW)
    spoil(tmp_path / RAW / file)
    assert len(MNIST(tmp_path, train=True)) == 60_000
    with pytest.raises(UsageError, match=f"{tmp_path / RAW / file} is damaged: its checksum is not that of mnist"):
        load("mnist", data_dir=tmp_path)


def test_a_legacy_cache_of_torchvision_is_not_read(real_data_dir: Path, tmp_path: Path) -> None:
    """A `processed` folder, which torchvision's class prefers to the verified files, changes nothing."""
    link_files(real_data_dir / RAW, tmp_path / RAW)
    (tmp_path / "MNIST/processed").mkdir()
    for name in ("training.pt", "test.pt"):
        torch.save((torch.zeros(3, 28, 28, dtype=torch.uint8), torch.arange(3)), tmp_path / "MNIST/processed" / name)
    assert len(MNIST(tmp_path)) == 3
    assert len(load("mnist", data_dir=tmp_path).train) == 60_000


@pytest.fixture
def mirror(real_data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server on this machine takes the place of MNIST's mirrors."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(real_data_dir / RAW))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        yield
        server.shutdown()


@pytest.mark.usefixtures("mirror")
def test_download_fetches_what_is_missing(
    real_data_dir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """When asked for, torchvision's download fills the folder; it says nothing on stdout, which is for results."""
    fetched = load("mnist", data_dir=tmp_path, download=True, limit_per_class=2)
    assert capfd.readouterr().out == ""
    assert checksum(fetched.train) == checksum(load("mnist", data_dir=real_data_dir, limit_per_class=2).train)


def test_nothing_is_downloaded_when_nothing_is_missing(real_data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all files there, permission to download is not used."""
    monkeypatch.setattr(MNIST, "download", lambda _self: pytest.fail("download was called"))
    assert len(load("mnist", data_dir=real_data_dir, download=True, limit_per_class=1).train) == 10


def test_cifar10_is_read_in_order(real_cifar_dir: Path) -> None:
    """Images are uint8 (N, 3, 32, 32), red plane first as in the files; labels and class names are the files' own."""
    dataset = load("cifar10", data_dir=real_cifar_dir)
    folder = real_cifar_dir / "cifar-10-batches-py"
    names = [f"data_batch_{number}" for number in range(1, 6)]
    # The files were verified by MD5 when they were laid out, so they are safe to unpickle.
    batches = [pickle.loads((folder / name).read_bytes(), encoding="latin1") for name in [*names, "test_batch"]]  # noqa: S301 - verified
    images = np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32)
    labels = [label for batch in batches for label in batch["labels"]]
    for split, rows in ((dataset.train, slice(0, 50_000)), (dataset.test, slice(50_000, None))):
        np.testing.assert_array_equal(split.images.numpy(), images[rows])
        assert split.target.tolist() == labels[rows]
        assert torch.equal(split.index, torch.arange(len(split)))
    meta = pickle.loads((folder / "batches.meta").read_bytes(), encoding="latin1")  # noqa: S301 - verified
    assert dataset.info.classes == tuple(meta["label_names"])


def test_cifar10_mean_is_that_of_the_train_images(real_cifar_dir: Path) -> None:
    """The published mean is that of each channel of the train images, scaled to 0..1."""
    dataset = load("cifar10", data_dir=real_cifar_dir)
    means = dataset.train.images.numpy().mean(axis=(0, 2, 3)) / 255
    assert tuple(np.round(means, 4)) == dataset.info.mean


@pytest.mark.parametrize("file", ["data_batch_3", "test_batch", "batches.meta"])
def test_a_flipped_bit_of_cifar10_is_found(file: str, real_cifar_dir: Path, tmp_path: Path) -> None:
    """One bit of one file is enough for an error that names the file."""
    folder = tmp_path / CIFAR10.base_folder
    link_files(real_cifar_dir / CIFAR10.base_folder, folder)
    spoil(folder / file)
    with pytest.raises(UsageError, match=f"{folder / file} is damaged: its checksum is not that of cifar10"):
        load("cifar10", data_dir=tmp_path)
