"""A case in decimal arithmetic: the numbers that every topic starts from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from golden.make_nc import Matrix, Vector, dot
from golden.topic_cases import NAMES

if TYPE_CHECKING:
    from golden.topic_cases import Array, Case

T = TypeVar("T")


@dataclass(frozen=True)
class Exact:
    """Features (N, d), target (N,), weight (K, d) and the threshold b (K,) of a case, in which z = s - b."""

    features: Matrix
    target: list[int]
    weight: Matrix
    threshold: Vector

    @property
    def labels(self) -> range:
        """All classes, present or not."""
        return range(len(self.weight))

    @property
    def present(self) -> list[int]:
        """Classes that have a sample."""
        return sorted(set(self.target))

    @cached_property
    def scores(self) -> Matrix:
        """Decision scores without bias, (N, K)."""
        return [[dot(row, w) for w in self.weight] for row in self.features]

    @cached_property
    def logits(self) -> Matrix:
        """Scores minus thresholds, (N, K)."""
        return [[s - b for s, b in zip(row, self.threshold, strict=True)] for row in self.scores]

    def of(self, label: int, values: list[T]) -> list[T]:
        """Pick from one value per sample those of a class."""
        return [value for value, own in zip(values, self.target, strict=True) if own == label]

    def own(self, table: Matrix) -> Vector:
        """Pick from each row the entry of the sample's own class."""
        return [row[label] for row, label in zip(table, self.target, strict=True)]

    def column(self, label: int, table: Matrix) -> Vector:
        """Pick from a column the entries of the samples of other classes."""
        return [row[label] for row, own in zip(table, self.target, strict=True) if own != label]

    def others(self, table: Matrix) -> Matrix:
        """Drop from each row the entry of the sample's own class."""
        return [row[:label] + row[label + 1 :] for row, label in zip(table, self.target, strict=True)]


def exact(case: Case) -> tuple[Exact, Exact]:
    """Turn a case into decimals without rounding: the snapshot and the one before."""
    return _exact(case.target, case.now), _exact(case.target, case.before)


def _exact(target: Array, arrays: dict[str, Array]) -> Exact:
    features, weight, bias = (arrays[name].astype(float).tolist() for name in NAMES)
    return Exact(_matrix(features), target.tolist(), _matrix(weight), [-Decimal(value) for value in bias])


def _matrix(rows: list[list[float]]) -> Matrix:
    return [[Decimal(value) for value in row] for row in rows]
