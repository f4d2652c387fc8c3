"""Data sets in files: where they are looked for, what is said when they lack, and no download unasked."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NoReturn
from urllib.error import URLError

import pytest
import torchvision

from bceprobe.datasets import load
from bceprobe.errors import DataNotFoundError, UnknownNameError, UsageError

FIRST_FILE = {
    "mnist": "MNIST/raw/train-images-idx3-ubyte",
    "fashionmnist": "FashionMNIST/raw/train-images-idx3-ubyte.gz",
    "cifar10": "cifar-10-batches-py/data_batch_1",
    "cifar10-lt": "cifar-10-batches-py/data_batch_1",
    "cifar100": "cifar-100-python/train",
    "cifar100-lt": "cifar-100-python/train",
}
ON_DISK = list(FIRST_FILE)
CLASS = {
    "mnist": torchvision.datasets.MNIST,
    "fashionmnist": torchvision.datasets.FashionMNIST,
    "cifar10": torchvision.datasets.CIFAR10,
    "cifar10-lt": torchvision.datasets.CIFAR10,
    "cifar100": torchvision.datasets.CIFAR100,
    "cifar100-lt": torchvision.datasets.CIFAR100,
}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> NoReturn:
        pytest.fail("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.delenv("BCEPROBE_DATA_DIR", raising=False)


def lay_out(folder: Path, name: str) -> None:
    """Put a file of nonsense at every place where a file of the data set belongs."""
    kind = CLASS[name]
    names = (
        [archive if name == "fashionmnist" else Path(archive).stem for archive, _ in kind.resources]
        if name in {"mnist", "fashionmnist"}
        else [file for file, _ in kind.train_list + kind.test_list] + [kind.meta["filename"]]
    )
    for file in names:
        path = (folder / FIRST_FILE[name]).with_name(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"nonsense")


@pytest.mark.parametrize("name", ON_DISK)
def test_missing_data_says_where_it_was_looked_for_and_what_to_do(name: str, tmp_path: Path) -> None:
    """The error names the folder and the first missing file, and the three ways out; nothing is created there."""
    with pytest.raises(DataNotFoundError) as caught:
        load(name, data_dir=tmp_path / "data")
    text = str(caught.value)
    assert (
        f"no {name.removesuffix('-lt')} data in {tmp_path / 'data'}: {tmp_path / 'data' / FIRST_FILE[name]} is missing"
        in text
    )
    for way_out in ("--data-dir", "BCEPROBE_DATA_DIR", "--download"):
        assert way_out in text
    assert "\n" not in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ON_DISK)
def test_one_missing_file_is_named(name: str, tmp_path: Path) -> None:
    """If only one file lacks, it is the one that is reported."""
    lay_out(tmp_path, name)
    lost = sorted((tmp_path / FIRST_FILE[name]).parent.iterdir())[1]
    lost.unlink()
    with pytest.raises(DataNotFoundError, match=f"{lost} is missing"):
        load(name, data_dir=tmp_path)


@pytest.mark.parametrize("name", ON_DISK)
def test_damaged_files_are_named(name: str, tmp_path: Path) -> None:
    """Files of the right name whose content is not the published one are refused by name, and never unpickled."""
    lay_out(tmp_path, name)
    with pytest.raises(UsageError, match=f"{tmp_path / FIRST_FILE[name]} is damaged") as caught:
        load(name, data_dir=tmp_path)
    assert not isinstance(caught.value, DataNotFoundError)


def test_without_a_folder_the_environment_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """BCEPROBE_DATA_DIR is the folder if none is given; a folder that is given wins."""
    monkeypatch.setenv("BCEPROBE_DATA_DIR", str(tmp_path / "environment"))
    with pytest.raises(DataNotFoundError, match=str(tmp_path / "environment")):
        load("mnist")
    with pytest.raises(DataNotFoundError, match=str(tmp_path / "given")):
        load("mnist", data_dir=tmp_path / "given")


def test_the_last_resort_is_the_cache_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With no folder at all, ~/.cache/bceprobe/data is meant."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DataNotFoundError, match=f"no cifar10 data in {tmp_path}/.cache/bceprobe/data:"):
        load("cifar10")


def test_relative_folders_are_reported_in_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message says where a relative folder was, so that it makes sense in a log."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataNotFoundError, match=f"no mnist data in {tmp_path / 'here'}:"):
        load("mnist", data_dir=Path("here"))


@pytest.mark.parametrize("name", ON_DISK)
def test_a_failed_download_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A download that was asked for and fails is reported with folder and cause."""

    def fail(_self: object) -> NoReturn:
        raise URLError("no\nroute")

    monkeypatch.setattr(CLASS[name], "download", fail)
    with pytest.raises(
        DataNotFoundError, match=rf"downloading {name.removesuffix('-lt')} to {tmp_path} failed \(.*no route.*\)"
    ) as caught:
        load(name, data_dir=tmp_path, download=True)
    assert "\n" not in str(caught.value)


def test_unknown_data_sets_name_the_nearest() -> None:
    """A misspelt data set is refused with the one that was probably meant."""
    with pytest.raises(UnknownNameError, match=r"unknown data set 'cifar1O'. Did you mean cifar10\."):
        load("cifar1O")
