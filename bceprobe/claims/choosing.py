"""Which cases a claim is about: by how they were trained."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bceprobe.claims.base import NotTestable
from bceprobe.claims.pairs import pairs_of
from bceprobe.claims.result import Value
from bceprobe.report.numbers import PLAIN, mean_and_spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from bceprobe.claims.cases import Case
    from bceprobe.claims.pairs import Pair
    from bceprobe.report.numbers import Unit

    T = TypeVar("T")

PENALTY, DECAY = "penalty.lambda_w", "optim.weight_decay"
MIX, SHARE_MIXED, IMBALANCE = ("augment.mixup", "augment.cutmix"), "augment.mix_probability", "data.imbalance_factor"
# How exactly the published thresholds can be read off their figure; thresholds count as equal within it (own choice).
READING = 0.05


def needed(found: Sequence[T], missing: str) -> Sequence[T]:
    """Return what was found.

    Raises
    ------
    NotTestable
        Nothing was; the message says what is missing.
    """
    if not found:
        raise NotTestable(missing)
    return found


def collapsing(cases: Sequence[Case]) -> list[Case]:
    """Choose trained networks with decay in the loss, as in the paper's experiments on collapse."""
    return [case for case in cases if case.solved is None and case.number(PENALTY) > 0]


def classifying(cases: Sequence[Case]) -> list[Pair]:
    """Choose pairs of balanced data with decay by the optimizer, as in the paper's experiments on classification.

    All balanced pairs are taken where there is none with such decay.
    """
    pairs = [pair for pair in pairs_of(cases) if not imbalanced(pair.ce)]
    return [pair for pair in pairs if pair.ce.number(PENALTY) == 0] or pairs


def mixed(case: Case) -> bool:
    """Tell whether images were mixed with each other."""
    return any(case.number(key) > 0 for key in MIX) and case.number(SHARE_MIXED) > 0


def imbalanced(case: Case) -> bool:
    """Tell whether the training data has a long tail."""
    return case.number(IMBALANCE) > 1


def sides(pairs: Sequence[Pair], measure: Callable[[Case], float], unit: Unit = PLAIN) -> tuple[Value, ...]:
    """Tell the mean and the spread of a measure over pairs, for each loss."""
    values = {"CE": [measure(pair.ce) for pair in pairs], "BCE": [measure(pair.bce) for pair in pairs]}
    return tuple(Value(f"{name}, mean over pairs", spread(found, unit)) for name, found in values.items())


def spread(values: Sequence[float], unit: Unit = PLAIN) -> str:
    """Write a mean and a standard deviation of what is finite."""
    finite = np.array([value for value in values if math.isfinite(value)])
    if not finite.size:
        return "undefined"
    return mean_and_spread(float(finite.mean()), float(finite.std(ddof=1)) if finite.size > 1 else math.nan, unit)
