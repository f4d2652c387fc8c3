"""How processes share a batch: what each computes adds up to what one process computes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from distributed_cases import SETTINGS
from hypothesis import given
from hypothesis import strategies as st

from bceprobe.settings import resolve
from bceprobe.train.augment import Augmentation
from bceprobe.train.determinism import generator
from bceprobe.train.parts import FEWEST, part
from bceprobe.train.session import make_session
from bceprobe.train.step import batch_loss

if TYPE_CHECKING:
    from torch import Tensor

    from bceprobe.train.parts import Part
    from bceprobe.train.session import Session


def session_of(**changes: Any) -> Session:
    """A session of the small run in float64, where rounding is far below what a wrong weight would do."""
    named = SETTINGS | {key.replace("__", "."): value for key, value in changes.items()}
    session = make_session(resolve([("test", named)])[0])
    session.model.double()
    return session


@given(total=st.integers(1, 400), size=st.integers(1, 9))
def test_parts_hold_every_sample_once(total: int, size: int) -> None:
    """Parts follow each other without gap or overlap, differ by one sample at most, and their shares add up to 1."""
    parts = [part(total, rank, size) for rank in range(size)]
    assert sum(each.share for each in parts) == pytest.approx(1, abs=1e-12)
    if total < FEWEST * size:
        assert {(each.start, each.stop) for each in parts} == {(0, total)}
        return
    assert [row for each in parts for row in range(each.start, each.stop)] == list(range(total))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert min(map(len, parts)) >= FEWEST


@given(total=st.integers(1, 100), size=st.integers(1, 9))
def test_shares_and_scales_make_means_and_sums(total: int, size: int) -> None:
    """The mean by shares of local means is the mean over the batch; so it is for local sums that are scaled."""
    values = torch.randn(total, generator=generator(total, "values"), dtype=torch.float64)
    parts = [part(total, rank, size) for rank in range(size)]
    own = [values[each.start : each.stop] for each in parts]
    mean = sum(each.share * rows.mean() for each, rows in zip(parts, own, strict=True))
    added = sum(each.share * each.scale * rows.sum() for each, rows in zip(parts, own, strict=True))
    torch.testing.assert_close(mean, values.mean())
    torch.testing.assert_close(added, values.sum())


def _gradients(session: Session, rows: Tensor, cut: Part) -> list[Tensor]:
    images, target = session.train.batch(rows[cut.start : cut.stop])
    session.model.zero_grad()
    (batch_loss(session, images.double(), target, cut) * cut.share).backward()  # type: ignore[no-untyped-call]
    return [parameter.grad.clone() for parameter in session.model.parameters() if parameter.grad is not None]


@pytest.mark.parametrize("total", [1, 3, 4, 19, 20])
@pytest.mark.parametrize("loss", ["ce", "bce", "mse"])
@pytest.mark.parametrize("size", [2, 3])
def test_gradients_of_parts_add_up_to_those_of_the_batch(loss: str, total: int, size: int) -> None:
    """However uneven the parts, and with all penalties, the sum of the weighed gradients is that of the whole batch."""
    strong = {f"penalty__lambda_{name}": 0.3 for name in "whb"}
    session = session_of(loss__name=loss, **strong)
    rows = torch.randperm(270, generator=generator(0, "rows"))[:total]
    whole = _gradients(session, rows, part(total))
    shared = [_gradients(session, rows, part(total, rank, size)) for rank in range(size)]
    for expected, *parts in zip(whole, *shared, strict=True):
        # The penalty is on features in float32, with gradients around 1; a wrong weight would show in the second digit.
        torch.testing.assert_close(torch.stack(parts).sum(0), expected, rtol=0, atol=8 * 2**-23)


@pytest.mark.parametrize("size", [2, 3])
def test_shared_epochs_hold_the_images_of_one_process(size: int) -> None:
    """Parts, put together, are the batches of one process: order, crops, flips and angles are drawn for the whole."""
    session = session_of(augment__flip=0.5)

    def batches(rank: int, size: int) -> list[Tensor]:
        cuts = [part(count, rank, size) for count in session.train.sizes(19)]
        change = Augmentation(session.settings, 10, 1, cuts).change
        drawn = session.train.shuffled(19, generator(0, "order", 1), change, lambda count: part(count, rank, size))
        return [images for images, _ in drawn]

    alone, shared = batches(0, 1), [batches(rank, size) for rank in range(size)]
    for whole, *parts in zip(alone, *shared, strict=True):
        together = parts[0] if len(whole) < FEWEST * size else torch.cat(parts)
        torch.testing.assert_close(together, whole, rtol=0, atol=0)


def test_processes_mix_by_the_same_share() -> None:
    """Mixup draws once per batch: in each process the soft targets of all samples have the same two weights."""
    session = session_of(augment__mixup=0.8, augment__mix_probability=1.0)
    shares = []
    for rank in range(2):
        cut = part(20, rank, 2)
        images, target = session.train.batch(torch.arange(20)[cut.start : cut.stop])
        _, soft = Augmentation(session.settings, 10, 1, [cut]).mix(images, target)
        shares.append({round(float(row[label]), 5) for row, label in zip(soft, target, strict=True) if row[label] < 1})
    assert shares[0] == shares[1]
    assert len(shares[0]) == 1


def test_a_batch_alone_is_a_whole_one() -> None:
    """One process takes the loss as it is: neither share nor scale changes a bit of it."""
    assert (part(37).share, part(37).scale, len(part(37))) == (1.0, 1.0, 37)
    with pytest.raises(AttributeError):
        replace(part(37), total=3).share = 2.0  # type: ignore[misc]
