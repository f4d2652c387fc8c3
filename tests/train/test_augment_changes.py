"""Crop, flip and rotation of whole batches, against torchvision's transforms of single images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
import torch
from scipy.stats import chisquare, kstest
from torchvision.transforms import RandomCrop
from torchvision.transforms.v2 import functional as torchvisions
from torchvision.transforms.v2.functional import InterpolationMode

from bceprobe.train.augment import CHANGES, Draws
from bceprobe.train.augment.changes import crop, flip, rotate, rotation

if TYPE_CHECKING:
    from torch import Tensor

PADDING, SIDE = 4, 8
PLACES = [(top, left) for top in range(2 * PADDING + 1) for left in range(2 * PADDING + 1)]


def draws(seed: int = 0) -> Draws:
    """Draws for whole batches."""
    return Draws(torch.Generator().manual_seed(seed))


def random_images(*shape: int) -> Tensor:
    """Images of noise, so that no two places in them look alike."""
    return torch.randint(1, 256, shape, generator=draws(1).generator, dtype=torch.uint8)


@pytest.fixture(scope="module")
def image() -> Tensor:
    """One image whose pixels are all different, (3, 8, 8)."""
    return torch.randperm(3 * SIDE * SIDE, generator=draws(2).generator).view(3, SIDE, SIDE).to(torch.uint8)


@pytest.fixture(scope="module")
def torchvision_crops(image: Tensor) -> list[Tensor]:
    """What torchvision cuts out of the padded image at each of the 81 places."""
    padded = torchvisions.pad(image, [PADDING])
    return [torchvisions.crop(padded, top, left, SIDE, SIDE) for top, left in PLACES]


def places(images: Tensor, crops: list[Tensor]) -> list[int]:
    """Find at which place each image was cut out; it must be exactly one of them."""
    equal = (images[:, None] == torch.stack(crops)).flatten(2).all(2)
    assert bool((equal.sum(1) == 1).all())
    return equal.float().argmax(1).tolist()


def test_crops_are_those_of_torchvision_each_equally_often(image: Tensor, torchvision_crops: list[Tensor]) -> None:
    """Every crop is, pixel by pixel, one that torchvision cuts at some place, and the 81 places are equally likely."""
    found = places(crop(image.expand(8100, -1, -1, -1), draws(), PADDING), torchvision_crops)
    assert chisquare(torch.bincount(torch.tensor(found), minlength=81)).pvalue > 0.01


def test_torchvisions_random_crop_has_the_same_places(image: Tensor, torchvision_crops: list[Tensor]) -> None:
    """RandomCrop of torchvision with padding 4 gives the same set of images."""
    transform = RandomCrop(SIDE, padding=PADDING)
    torch.manual_seed(0)
    found = places(torch.stack([transform(image) for _ in range(1000)]), torchvision_crops)
    assert set(found) == set(range(81))


def test_every_image_has_its_own_place() -> None:
    """Images of a batch are cropped independently of each other, rows and columns too."""
    ones = torch.ones(4000, 1, SIDE, SIDE)
    cropped = crop(ones, draws(), PADDING)
    rows, columns = cropped.amax(3).sum(2)[:, 0], cropped.amax(2).sum(2)[:, 0]
    assert abs(torch.corrcoef(torch.stack([rows, columns]))[0, 1]) < 0.05
    assert abs(torch.corrcoef(torch.stack([rows[1:], rows[:-1]]))[0, 1]) < 0.05


def test_flip_mirrors_the_chosen_share() -> None:
    """Each image is itself or its mirror image, and the share of the latter is the probability."""
    images = random_images(4000, 3, 5, 5)
    flipped = flip(images, draws(), 0.3)
    mirrored = (flipped == torchvisions.horizontal_flip(images)).flatten(1).all(1)
    same = (flipped == images).flatten(1).all(1)
    assert bool((mirrored ^ same).all())
    assert abs(float(mirrored.float().mean()) - 0.3) < 3 * math.sqrt(0.3 * 0.7 / 4000)


@pytest.mark.parametrize("shape", [(8, 8), (6, 9)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_rotation_equals_torchvisions(shape: tuple[int, int], dtype: torch.dtype) -> None:
    """Every image is turned by its own angle as torchvision turns it, bilinear, black outside, for any shape."""
    angles = torch.tensor([0.0, 3.7, -15.0, 44.0, 91.0, 133.0, -179.0])
    images = random_images(len(angles), 3, *shape).to(dtype)
    for turned, original, angle in zip(rotate(images, angles), images, angles.tolist(), strict=True):
        expected = torchvisions.rotate(original, angle, interpolation=InterpolationMode.BILINEAR)
        # Where a value falls between two numbers of uint8, the last bit of its angle decides.
        torch.testing.assert_close(turned, expected, rtol=0, atol=1 if dtype == torch.uint8 else 1e-2)
        assert float((turned.float() - expected.float()).abs().mean()) < 1e-2


def test_rotation_angles_are_uniform() -> None:
    """Angles come from U(-degrees, degrees): seen in where a single bright pixel goes."""
    images = torch.zeros(3000, 1, 65, 65)
    images[:, :, 32, 62] = 1.0
    turned = rotation(images, draws(), 30.0)[:, 0]
    grid = torch.arange(65.0) - 32
    mass = turned.sum((1, 2))
    x, y = (turned.sum(1) * grid).sum(1) / mass, (turned.sum(2) * grid).sum(1) / mass
    angles = torch.atan2(-y, x).rad2deg()
    assert kstest(angles.numpy(), "uniform", args=(-30, 60)).pvalue > 0.01


@pytest.mark.parametrize(("name", "amount"), [("crop", 4), ("flip", 0.5), ("rotation", 10.0)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_a_change_keeps_shape_data_type_and_input(name: str, amount: Any, dtype: torch.dtype) -> None:
    """Any batch comes out in its own shape and type; the batch that went in is as before; equal draws, equal images."""
    images = random_images(5, 1, 6, 9).to(dtype)
    before = images.clone()
    changed, again = (CHANGES[name](images, draws(), amount) for _ in range(2))
    assert (changed.shape, changed.dtype) == (images.shape, dtype)
    assert torch.equal(changed, again)
    assert torch.equal(images, before)
