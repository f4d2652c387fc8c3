"""The baseline: NC1 to NC4 as public neural-collapse libraries compute them, in float32, batch by batch.

Class means by one product per batch, then per batch the d x d within-class covariance by another one, then the
pseudo-inverse of the between-class covariance. The covariance and NC4 share a pass, which is kinder than the loops of
those libraries. Written anew from what they do; compare `MeanAccumulator`, `CovarAccumulator`, `DecAccumulator` of
rhubarbwu/neural-collapse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.data import Arrays
    from torch import Tensor

BATCH = 512


class Model(NamedTuple):
    """The arrays of a snapshot as float32 tensors that share their memory."""

    features: Tensor
    target: Tensor
    weight: Tensor
    bias: Tensor

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield features and labels of consecutive batches."""
        return zip(torch.split(self.features, BATCH), torch.split(self.target, BATCH), strict=True)


def measure(arrays: Arrays) -> dict[str, float]:
    """Compute nc1 (paper eq. 32), nc2 and nc3 (centred weight) and nc4 with the sample mean as the centre."""
    model = Model(*map(torch.from_numpy, arrays))
    means, centre = _means(model)
    within, differ = _second_pass(model, means)
    centred, weight = means - centre, model.weight - model.weight.mean(dim=0)
    between = centred.T @ centred / len(means)
    nc1 = torch.trace(within @ torch.linalg.pinv(between)) / len(means)
    nc2, nc3 = _distance_to_etf(weight, weight), _distance_to_etf(weight, centred)
    return {"nc1": nc1.item(), "nc2": nc2.item(), "nc3": nc3.item(), "nc4": differ}


def _means(model: Model) -> tuple[Tensor, Tensor]:
    """Return class means, (K, d), and the mean of all samples, (d,)."""
    totals, labels = torch.zeros_like(model.weight), torch.arange(len(model.weight))
    for features, target in model.batches():
        totals += (labels[:, None] == target).to(features.dtype) @ features
    counts = torch.bincount(model.target, minlength=len(labels))
    return totals / counts[:, None], totals.sum(dim=0) / len(model.target)


def _second_pass(model: Model, means: Tensor) -> tuple[Tensor, float]:
    """Return the within-class covariance, (d, d), and the share of samples that are nearest to another class mean."""
    length, differ = means.shape[1], 0
    covariance = torch.zeros(length, length)
    for features, target in model.batches():
        residuals = features - means[target]
        covariance += residuals.T @ residuals
        nearest = torch.cdist(features, means).argmin(dim=1)
        decided = torch.addmm(model.bias, features, model.weight.T).argmax(dim=1)
        differ += int((nearest != decided).sum())
    return covariance / len(model.target), differ / len(model.target)


def _distance_to_etf(left: Tensor, right: Tensor) -> Tensor:
    product, classes = left @ right.T, len(left)
    etf = (torch.eye(classes) - 1 / classes) / (classes - 1) ** 0.5
    distance: Tensor = torch.linalg.matrix_norm(product / torch.linalg.matrix_norm(product) - etf)
    return distance
