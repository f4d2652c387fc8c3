"""Mixup and cutmix against torchvision's, timm's definitions and the distributions of their draws."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import torch
from scipy.stats import beta, binomtest, kstest
from torchvision.transforms.v2 import CutMix, MixUp

from bceprobe.settings import AugmentSettings
from bceprobe.train.augment.mixing import MIXES, choose, cutmix, draw_share, mix, mixup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

DA2 = AugmentSettings(mixup=0.8, cutmix=1.0)
CLASSES = 10


def draws(seed: int = 0) -> torch.Generator:
    """A generator of the CPU."""
    return torch.Generator().manual_seed(seed)


def random_images(*shape: int) -> Tensor:
    """Images of noise, without two equal pixels."""
    return torch.randn(shape, generator=draws(1))


def soft(labels: Tensor, share: float) -> Tensor:
    """The targets of a batch that is mixed with itself in reverse order, by definition."""
    rows = torch.eye(CLASSES)[labels]
    return share * rows + (1 - share) * torch.eye(CLASSES)[labels.flip(0)]


@pytest.mark.parametrize("alpha", [0.2, 0.8, 1.0, 4.0])
def test_shares_follow_the_beta_distribution(alpha: float) -> None:
    """The share that is an image's own is drawn from Beta(alpha, alpha)."""
    source = draws()
    shares = [draw_share(alpha, source) for _ in range(2000)]
    assert kstest(shares, beta(alpha, alpha).cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ("settings", "mixup_share", "cutmix_share"),
    [
        (DA2, 0.4, 0.4),
        (AugmentSettings(mixup=0.8, cutmix=1.0, mix_probability=1.0, switch_probability=0.2), 0.8, 0.2),
        (AugmentSettings(mixup=0.8, switch_probability=0.9), 0.8, 0.0),
        (AugmentSettings(cutmix=1.0, switch_probability=0.1), 0.0, 0.8),
        (AugmentSettings(mixup=0.8, cutmix=1.0, mix_probability=0.0), 0.0, 0.0),
        (AugmentSettings(), 0.0, 0.0),
    ],
)
def test_batches_are_mixed_as_often_as_asked(
    settings: AugmentSettings, mixup_share: float, cutmix_share: float
) -> None:
    """`mix_probability` of the batches are mixed; `switch_probability` of these by cutmix, if both are wanted."""
    source = draws()
    chosen = [choose(settings, source) for _ in range(2000)]
    for name, expected in (("mixup", mixup_share), ("cutmix", cutmix_share)):
        assert binomtest(chosen.count(name), 2000, expected).pvalue > 0.01


def test_mixup_averages_an_image_with_its_partner() -> None:
    """Image i is share x_i + (1 - share) x_j, j from the end of the batch: timm's rule in batch mode."""
    images = random_images(5, 3, 4, 4)
    mixed, share = mixup(images, draws(), 0.3)
    assert share == 0.3
    for own, result, partner in zip(images, mixed, reversed(images), strict=True):
        torch.testing.assert_close(result, 0.3 * own + 0.7 * partner)


def boxes(pairs: int, share: float, side: int = 16) -> list[tuple[float, Tensor]]:
    """Draw boxes: their corrected share and where they lie, (side, side), from a pair of a black and a white image."""
    images = torch.stack([torch.zeros(1, side, side), torch.ones(1, side, side)])
    source = draws()
    found = []
    for _ in range(pairs):
        mixed, corrected = cutmix(images, source, share)
        assert torch.equal(mixed[1], 1 - mixed[0])
        found.append((corrected, mixed[0, 0]))
    return found


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.77, 1.0])
def test_share_of_cutmix_is_the_area_that_is_left(share: float) -> None:
    """The share that counts in the target is that of the pixels which are an image's own."""
    for corrected, pasted in boxes(50, share):
        assert math.isclose(corrected, 1 - float(pasted.mean()), abs_tol=1e-6)


def test_boxes_lie_where_timm_puts_them() -> None:
    """A box has twice the side int(int(16 sqrt(1 - share))/2), lies around a pixel drawn uniformly, and is clipped."""
    half = int(16 * math.sqrt(1 - 0.6)) // 2
    found = boxes(4000, 0.6)
    spans = [(int(rows.argmax()), int(rows.sum())) for _, pasted in found for rows in (pasted.amax(1), pasted.amax(0))]
    expected = {(max(centre - half, 0), min(centre + half, 16)) for centre in range(16)}
    assert {(start, start + length) for start, length in spans} == expected
    inner = sum(length == 2 * half for _, length in spans)
    assert binomtest(inner, len(spans), (16 - 2 * half + 1) / 16).pvalue > 0.01


def _next(answers: Iterator[Tensor], *_: Any, **__: Any) -> Tensor:
    return next(answers)


@pytest.mark.parametrize(("ours", "theirs"), [(mixup, MixUp), (cutmix, CutMix)])
def test_mixes_equal_torchvisions_in_pairs(ours: Any, theirs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same draws a pair, whose partners are the same in either order, is mixed as torchvision mixes it."""
    images, labels = random_images(2, 3, 32, 32), torch.tensor([3, 8])
    for seed in range(20):
        share = float(torch.rand(1, generator=draws(seed)))
        transform = theirs(alpha=1.0, num_classes=CLASSES)
        # Our draws are the row and the column of the box; torchvision draws them the other way round.
        places = (32 * torch.rand(2, 1, generator=draws(seed))).long().flip(0)
        distribution = transform._dist  # noqa: SLF001 - to give it our share
        with monkeypatch.context() as patch:
            patch.setattr(distribution, "sample", partial(_next, iter([torch.tensor(share)])))
            patch.setattr(torch, "randint", partial(_next, iter(places)))
            expected, rows = transform(images, labels)
        mixed, kept = ours(images, draws(seed), share)
        torch.testing.assert_close(mixed, expected)
        torch.testing.assert_close(soft(labels, kept), rows)


def test_soft_targets_say_what_is_in_the_images() -> None:
    """A mixed batch has targets (B, K), rows adding up to 1, of the share of each label; others keep their labels."""
    labels = torch.tensor([1, 4, 4, 7])
    constant = labels[:, None, None, None].expand(4, 1, 16, 16).float()
    source, kinds = draws(), set()
    for _ in range(50):
        images, target = mix(constant, labels, CLASSES, DA2, source)
        kinds.add(target.ndim)
        if target.ndim == 1:
            assert torch.equal(images, constant)
            assert target is labels
            continue
        torch.testing.assert_close(target.sum(1), torch.ones(4))
        torch.testing.assert_close(target @ torch.arange(float(CLASSES)), images.mean((1, 2, 3)), rtol=0, atol=1e-5)
    assert kinds == {1, 2}


@pytest.mark.parametrize("name", list(MIXES))
def test_mixing_changes_neither_its_input_nor_an_odd_batchs_middle(name: str) -> None:
    """The batch that went in is as before; of an odd batch the middle image is its own partner."""
    images = random_images(3, 1, 8, 8)
    before = images.clone()
    mixed, _ = MIXES[name](images, draws(), 0.4)
    assert torch.equal(images, before)
    torch.testing.assert_close(mixed[1], images[1])
