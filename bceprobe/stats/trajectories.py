"""Trajectories: when a training reaches each stage on its way to neural collapse, and how far it gets in the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

Failure = Literal["not fitted", "fitted without collapse", "collapsed"]
STAGES = ("fitted", "uniform", "collapsed")


@dataclass(frozen=True)
class Trajectory:
    """The stages of one training.

    Parameters
    ----------
    fitted_epoch
        First of the given epochs with accuracy 1; None if there is none. It need not hold from then on, and may have
        held before, at an epoch that is not given.
    uniform_epoch
        Likewise with uniform accuracy 1.
    collapsed_epoch
        Likewise with every NC metric below the threshold, at one epoch.
    order
        The stages as they were reached, such as "fitted 3, uniform 5, never collapsed".
    ordered
        Whether fitted <= uniform <= collapsed, as the paper's appendix B.2 observes; a stage that is reached while an
        earlier one never is breaks the order. None if no stage is reached.
    failure
        The paper's classes of failure, judged at the last epoch alone: "not fitted" (accuracy below 1), "fitted
        without collapse", or "collapsed" (no failure). The paper says "almost 100 %"; here it is all samples.
    """

    fitted_epoch: int | None
    uniform_epoch: int | None
    collapsed_epoch: int | None
    order: str
    ordered: bool | None
    failure: Failure


def trajectory(
    epochs: Sequence[int] | NDArray[np.integer],
    accuracy: ArrayLike,
    uniform_accuracy: ArrayLike,
    nc: ArrayLike,
    nc_threshold: float,
) -> Trajectory:
    """Find when each stage is reached first, in which order, and which holds in the end.

    Parameters
    ----------
    epochs
        Increasing, (E,), at least one.
    accuracy, uniform_accuracy
        Shares from 0 to 1 at these epochs, (E,).
    nc
        A row per NC metric that tells collapse, (m, E), m at least 1.
    nc_threshold
        Below it, strictly, a metric counts as collapsed: this project's choice, as the paper names no number.

    Returns
    -------
    Trajectory
        A stage with NaN in what it is judged by counts as not reached at that epoch.

    Raises
    ------
    ValueError
        No epoch, epochs that do not increase, or values of another shape than the epochs.

    References
    ----------
    Appendix B.2 of the paper.

    Examples
    --------
    >>> trajectory([1, 2, 5], [0.9, 1, 1], [0.2, 0.8, 1], [[3, 0.4, 0.2]], nc_threshold=0.1).order
    'fitted 2, uniform 5, never collapsed'
    """
    numbers, metrics = np.asarray(epochs), np.array(nc, float, ndmin=1)
    shares = np.asarray([accuracy, uniform_accuracy], float)
    _check(numbers, shares, metrics)
    reached = np.array([*(shares >= 1), (metrics < nc_threshold).all(axis=0)])
    fitted, uniform, collapsed = firsts = [int(numbers[at.argmax()]) if at.any() else None for at in reached]
    ordered = sorted(firsts, key=_never_last) == firsts if reached.any() else None
    failure = _failure(fitted=reached[0, -1], collapsed=reached[2, -1])
    return Trajectory(fitted, uniform, collapsed, _in_words(firsts), ordered, failure)


def _check(epochs: NDArray[np.integer], shares: NDArray[np.float64], metrics: NDArray[np.float64]) -> None:
    if not (epochs.ndim == 1 and epochs.size and (np.diff(epochs) > 0).all()):
        raise ValueError(f"epochs must increase and be at least one, not {epochs.tolist()}")
    if not metrics.size or {shares.shape[1:], *map(np.shape, metrics)} != {epochs.shape}:
        raise ValueError(f"{epochs.size} epochs, but values of shape {shares.shape[1:]} and {metrics.shape}")


def _never_last(epoch: int | None) -> float:
    return math.inf if epoch is None else epoch


def _in_words(firsts: Sequence[int | None]) -> str:
    """Tell the stages by epoch, of one epoch in the order expected, then those that are never reached."""
    sequence = sorted(zip(firsts, STAGES, strict=True), key=lambda stage: _never_last(stage[0]))
    return ", ".join(f"never {name}" if epoch is None else f"{name} {epoch}" for epoch, name in sequence)


def _failure(*, fitted: bool, collapsed: bool) -> Failure:
    if not fitted:
        return "not fitted"
    return "collapsed" if collapsed else "fitted without collapse"
