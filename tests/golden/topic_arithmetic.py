"""Statistics in decimal arithmetic, each as its textbook writes it; NaN where it is not defined."""

from __future__ import annotations

import math
from decimal import Context, Decimal

from golden.make_nc import ZERO, Matrix, Vector, dot, minus

NAN = Decimal("NaN")
ONE = Decimal(1)
QUANTILES = {f"q{percent:02d}": Decimal(percent) / 100 for percent in (1, 5, 25, 50, 75, 95, 99)}
# Sums in another order differ in the last of 60 digits; what agrees in 45 is equal.
EQUAL = Context(prec=45)


def average(values: Vector) -> Decimal:
    """Mean."""
    return sum(values, ZERO) / len(values) if values else NAN


def deviation(values: Vector) -> Decimal:
    """Population standard deviation: divided by n."""
    middle = average(values)
    return average([(value - middle) ** 2 for value in values]).sqrt()


def quantile(values: Vector, share: Decimal) -> Decimal:
    """Linear interpolation between the neighbours of position share (n - 1) of the sorted values."""
    if not values:
        return NAN
    ordered, position = sorted(values), share * (len(values) - 1)
    below = int(position)
    above = min(below + 1, len(values) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def summary(name: str, values: Vector) -> dict[str, Decimal]:
    """Mean, population standard deviation and seven quantiles."""
    moments = {f"{name}_mean": average(values), f"{name}_std": deviation(values)}
    return moments | {f"{name}_{key}": quantile(values, share) for key, share in QUANTILES.items()}


def by_class(whole: dict[str, Decimal], parts: list[dict[str, Decimal]]) -> dict[str, Decimal | Vector]:
    """Join overall values with lists, over the labels, of the values of each class."""
    return {**whole, **{f"{key}_by_class": [part[key] for part in parts] for key in parts[0]}}


def ranks(values: Vector) -> Vector:
    """Ranks 1..n; equal values share the mean of their ranks."""
    rounded = [EQUAL.plus(value) for value in values]
    lower = [sum(other < value for other in rounded) for value in rounded]
    return [low + Decimal(rounded.count(value) + 1) / 2 for low, value in zip(lower, rounded, strict=True)]


def covariance(left: Vector, right: Vector) -> Decimal:
    """Population covariance."""
    means = average(left), average(right)
    return average([(a - means[0]) * (b - means[1]) for a, b in zip(left, right, strict=True)])


def pearson(left: Vector, right: Vector) -> Decimal:
    """Correlation; NaN if either does not vary."""
    spread = deviation(left) * deviation(right)
    return covariance(left, right) / spread if spread else NAN


def spearman(left: Vector, right: Vector) -> Decimal:
    """Correlation of the ranks."""
    return pearson(ranks(left), ranks(right))


def slope(horizontal: Vector, vertical: Vector) -> Decimal:
    """Slope of the least-squares line with an intercept; NaN if the points lie above each other."""
    spread = covariance(horizontal, horizontal)
    return covariance(horizontal, vertical) / spread if spread else NAN


def sigmoid(value: Decimal) -> Decimal:
    """1 / (1 + exp(-x))."""
    return ONE / (ONE + (-value).exp())


def norm(vector: Vector) -> Decimal:
    """Euclidean length."""
    return dot(vector, vector).sqrt()


def frobenius(matrix: Matrix) -> Decimal:
    """Root of the sum of all squares."""
    return norm([value for row in matrix for value in row])


def cosine(left: Vector, right: Vector) -> Decimal:
    """Cosine of the angle between two vectors; NaN if one is zero."""
    lengths = norm(left) * norm(right)
    return dot(left, right) / lengths if lengths else NAN


def angle(left: Vector, right: Vector) -> Decimal:
    """Angle in radians between two vectors: its sine and cosine in 60 digits, the arc tangent in float64."""
    along = cosine(left, right)
    across = norm(minus(unit(left), [along * x for x in unit(right)]))
    return Decimal(math.atan2(across, along))


def unit(vector: Vector) -> Vector:
    """Scale to length one; a zero vector stays."""
    length = norm(vector)
    return [x / length for x in vector] if length else vector


def entropy_rank(singular: Vector) -> Decimal:
    """exp(entropy of s / sum s), the effective rank of Roy & Vetterli 2007."""
    shares = [value / sum(singular, ZERO) for value in singular if value]
    return (-sum((share * share.ln() for share in shares), ZERO)).exp()
