"""Image folders: what is listed, how a file is decoded, and what is said of trees that are no data set."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest
import torch
from image_trees import CLASSES, write_image, write_tree
from PIL import Image
from torchvision import transforms
from torchvision.datasets import ImageFolder

from bceprobe.datasets import ImageFiles, checksum, load
from bceprobe.datasets.images import Decoder, decode
from bceprobe.errors import DataNotFoundError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of JPEGs."""
    return write_tree(tmp_path_factory.mktemp("tree"))


def test_samples_are_those_of_torchvision_in_its_order(tree: Path) -> None:
    """Files, labels, places and class names are those of torchvision's ImageFolder, for both splits."""
    dataset = load("imagefolder", data_dir=tree, options={"image_size": 32})
    assert dataset.info.classes == CLASSES
    assert dataset.info.shape == (3, 32, 32)
    for name, split in (("train", dataset.train), ("test", dataset.test)):
        expected = ImageFolder(str(tree / name))
        places = torch.arange(len(expected))
        assert split.images.paths(places) == [path for path, _ in expected.samples]
        assert split.target.tolist() == expected.targets
        assert torch.equal(split.index, places)


def test_val_is_the_test_split_where_there_is_no_test_folder(tmp_path: Path) -> None:
    """The second split may be called val; test/ comes before it."""
    write_tree(tmp_path, test="val")
    assert load("imagefolder", data_dir=tmp_path).test.images.folder == tmp_path / "val"
    write_tree(tmp_path, test="test")
    assert load("imagefolder", data_dir=tmp_path).test.images.folder == tmp_path / "test"


def test_limits_and_tails_read_no_file(tmp_path: Path) -> None:
    """The first images of each class are kept without opening any; each keeps its place."""
    for kind in CLASSES:
        for split in ("train", "val"):
            (tmp_path / split / kind).mkdir(parents=True)
            for number in range(6):
                (tmp_path / split / kind / f"{number}.jpg").write_bytes(b"no image")
    dataset = load("imagefolder", data_dir=tmp_path, limit_per_class=4, imbalance_factor=4)
    assert dataset.train.images.names == ("ant/0.jpg", "ant/1.jpg", "ant/2.jpg", "ant/3.jpg", "bee/0.jpg",
                                          "bee/1.jpg", "cat/0.jpg")  # fmt: skip
    assert dataset.train.index.tolist() == [0, 1, 2, 3, 6, 7, 12]
    assert dataset.test.target.bincount().tolist() == [4, 4, 4]


@pytest.mark.parametrize("size", [32, 33, 224])
def test_decoding_is_that_of_torchvisions_transforms(size: int, tree: Path) -> None:
    """An image is bit for bit torchvision's Resize to 256/224 of the size and CenterCrop of the Pillow image."""
    steps = [transforms.Resize(round(size * 256 / 224)), transforms.CenterCrop(size), transforms.PILToTensor()]
    pipeline = transforms.Compose(steps)
    for path in sorted((tree / "train" / "bee").iterdir()):
        with Image.open(path) as image:
            assert torch.equal(decode(str(path), size), pipeline(image))


def test_other_colour_modes_become_three_channels(tmp_path: Path) -> None:
    """A grey image has three equal channels; transparency is left out."""
    write_image(tmp_path / "grey.png", 1, shape=(9, 9))
    write_image(tmp_path / "clear.png", 2, shape=(9, 9, 4))
    grey, clear = decode(str(tmp_path / "grey.png"), 8), decode(str(tmp_path / "clear.png"), 8)
    assert grey.shape == clear.shape == (3, 8, 8)
    assert grey.dtype == torch.uint8
    assert torch.equal(grey[0], grey[2])


@pytest.mark.parametrize("cut", [0, 20, 700])
def test_damaged_files_are_named_in_one_line(cut: int, tmp_path: Path) -> None:
    """An empty, headless or truncated JPEG is an error that names the file; a worker returns it as text."""
    whole = tmp_path / "whole.jpg"
    write_image(whole, 3)
    path = tmp_path / "cut.jpg"
    path.write_bytes(whole.read_bytes()[:cut])
    with pytest.raises(UsageError, match=f"{path} cannot be read as an image: ") as caught:
        decode(str(path), 8)
    assert "\n" not in str(caught.value)
    assert Decoder(8).__getitems__([str(whole), str(path)]) == caught.value.what


def test_checksum_covers_names_sizes_and_labels_without_reading(tree: Path) -> None:
    """It is the SHA-256 of each file's name below its split and size, and of the labels; pixels are not read."""
    split = load("imagefolder", data_dir=tree).train
    lines = [f"{name}\0{(tree / 'train' / name).stat().st_size}\n" for name in split.images.names]
    expected = hashlib.sha256("".join(lines).encode() + split.target.numpy().tobytes()).hexdigest()
    assert checksum(split) == expected
    assert checksum(load("imagefolder", data_dir=tree, options={"image_size": 8}).train) == expected
    assert checksum(load("imagefolder", data_dir=tree, limit_per_class=9).train) != expected


def test_folders_elsewhere_have_the_same_checksum(tree: Path, tmp_path: Path) -> None:
    """The checksum does not depend on where the tree lies."""
    (tmp_path / "moved").symlink_to(tree)
    first, second = (load("imagefolder", data_dir=folder).test for folder in (tree, tmp_path / "moved"))
    assert isinstance(second.images, ImageFiles)
    assert checksum(first) == checksum(second)


def spoil_nothing(_tree: Path) -> None:
    """No folders at all."""


def only_train(tree: Path) -> None:
    """A train split without another."""
    write_image(tree / "train/ant/0.jpg", 0)


def no_classes(tree: Path) -> None:
    """Images without folders of classes."""
    write_image(tree / "train/0.jpg", 0)
    write_image(tree / "test/0.jpg", 0)


def one_class(tree: Path) -> None:
    """Nothing to tell apart."""
    for split in ("train", "val"):
        write_image(tree / split / "ant/0.jpg", 0)


def other_classes(tree: Path) -> None:
    """A class that only the test split has."""
    for path in ("train/ant", "train/bee", "test/ant", "test/bee", "test/wasp"):
        write_image(tree / path / "0.jpg", 0)


def empty_class(tree: Path) -> None:
    """A class folder with a text only."""
    for path in ("train/ant", "train/bee", "test/ant"):
        write_image(tree / path / "0.jpg", 0)
    (tree / "test/bee").mkdir()
    (tree / "test/bee/notes.txt").write_text("to do")


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (spoil_nothing, DataNotFoundError, "no imagefolder data in {tree}: {tree}/train is missing"),
        (only_train, DataNotFoundError, "no imagefolder data in {tree}: {tree}/test is missing"),
        (no_classes, DataNotFoundError, "{tree}/train has no folders of classes"),
        (one_class, UsageError, "{tree}/train has one class, 'ant'; two are needed"),
        (other_classes, UsageError, "the classes differ: 'wasp' is in {tree}/test but not in {tree}/train"),
        (empty_class, DataNotFoundError, "class folder {tree}/test/bee has no images"),
    ],
)
def test_trees_that_are_no_data_set(make: object, kind: type[Exception], says: str, tmp_path: Path) -> None:
    """What is wrong with a tree is said in one line that names the folder."""
    assert callable(make)
    make(tmp_path)
    with pytest.raises(kind) as caught:
        load("imagefolder", data_dir=tmp_path)
    assert str(caught.value).startswith(says.format(tree=tmp_path))
    assert "\n" not in str(caught.value)


def test_image_size_must_be_positive(tree: Path) -> None:
    """Images without pixels are refused."""
    with pytest.raises(UsageError, match="data option image_size is 0; it must be 1 or more"):
        load("imagefolder", data_dir=tree, options={"image_size": 0})


def test_imagenet_has_a_thousand_folders(tmp_path: Path) -> None:
    """train/ and val/ with folders by WordNet id are read in their sorted order; test/ of the challenge is ignored."""
    write_image(tmp_path / "one.jpg", 1)
    names = [f"n{number:08}" for number in range(3000, 1000, -2)]
    for path in ("train", "val"):
        for name in names:
            (tmp_path / path / name).mkdir(parents=True)
            os.link(tmp_path / "one.jpg", tmp_path / path / name / "ILSVRC.JPEG")
    (tmp_path / "test").mkdir()
    dataset = load("imagenet", data_dir=tmp_path)
    assert dataset.info.classes == tuple(reversed(names))
    assert dataset.info.shape == (3, 224, 224)
    assert dataset.test.target.tolist() == list(range(1000))
    assert dataset.test.images.names[1] == "n00001004/ILSVRC.JPEG"


def test_imagenet_with_other_classes_is_refused(tree: Path, tmp_path: Path) -> None:
    """A tree of three classes is no ImageNet, and the data set for such trees is named."""
    write_tree(tmp_path, test="val")
    with pytest.raises(UsageError, match=r"has 3 classes, not the 1000 of ImageNet\. Use --dataset imagefolder"):
        load("imagenet", data_dir=tmp_path)
    with pytest.raises(DataNotFoundError, match=f"no imagenet data in {tree}: {tree}/val is missing"):
        load("imagenet", data_dir=tree)
