"""Topic nc from FORMULAS.md, "Metrics of neural collapse"."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING, Any

from golden.make_nc import (
    ZERO,
    Matrix,
    Vector,
    centred,
    class_means,
    collapse,
    dot,
    mean,
    minus,
    nearest_mean,
    pseudo_inverse,
    scatter,
)
from golden.topic_arithmetic import ONE, average, cosine, deviation, frobenius, norm
from golden.topic_by_label import by_label, cdnv, least

if TYPE_CHECKING:
    from golden.topic_exact import Exact


def centre_of(snapshot: Exact, global_mean: str) -> Vector:
    """Mean over all samples, or over the class means."""
    means = class_means(snapshot.features, snapshot.target)
    return mean(snapshot.features) if global_mean == "sample" else mean(list(means.values()))


def nc(snapshot: Exact, global_mean: str, digits: int) -> dict[str, Any]:
    """All of the topic nc; `digits` is the number of significant bits of the features."""
    features, target = snapshot.features, snapshot.target
    bias = [-b for b in snapshot.threshold]
    made = collapse(features, target, snapshot.weight, global_mean)
    whole = {**made, **nearest_mean(features, target, snapshot.weight, bias)}
    between, inverse = _between(snapshot, global_mean)
    whole |= _shapes(between, [snapshot.weight[k] for k in snapshot.present], centred(snapshot.weight))
    whole["trace_ratio"] = _trace_ratio(snapshot, between)
    parts = by_label(snapshot, inverse)
    pairs = [cdnv(snapshot, *pair) for pair in combinations(snapshot.present, 2)]
    whole |= {"cdnv": average(pairs), "gnc_margin": least([part["gnc_margin"] for part in parts])}
    whole["nc1_floor"] = _floor(snapshot, inverse, digits)
    return {**whole, **{f"{key}_by_class": [part[key] for part in parts] for key in parts[0]}}


def _between(snapshot: Exact, global_mean: str) -> tuple[Matrix, Matrix]:
    """Centred class means M of the present classes, (K', d), and (M^T M)^+ = V S^-2 V^T, (d, d)."""
    centre = centre_of(snapshot, global_mean)
    means = class_means(snapshot.features, snapshot.target).values()
    between = [minus(one, centre) for one in means]
    inverse = pseudo_inverse(scatter(between), min(len(between) - 1, len(centre)))
    return between, [[x / len(between) for x in row] for row in inverse]


def _shapes(between: Matrix, present: Matrix, weight: Matrix) -> dict[str, Decimal]:
    """Lengths and angles of the class means and of all rows of W~, and their self-duality over the present classes."""
    rows = centred(present)
    gaps = (
        [[x / frobenius(rows) for x in row] for row in rows],
        [[x / frobenius(between) for x in row] for row in between],
    )
    return {
        "equinorm_means": _equinorm(between),
        "equinorm_weights": _equinorm(weight),
        "equiangularity_means": _equiangularity(between),
        "equiangularity_weights": _equiangularity(weight),
        "self_duality": frobenius([minus(a, b) for a, b in zip(*gaps, strict=True)]),
    }


def _equinorm(rows: Matrix) -> Decimal:
    lengths = [norm(row) for row in rows]
    return deviation(lengths) / average(lengths)


def _equiangularity(rows: Matrix) -> Decimal:
    etf = ONE / (len(rows) - 1)
    return average([abs(cosine(a, b) + etf) for a, b in combinations(rows, 2)])


def _trace_ratio(snapshot: Exact, between: Matrix) -> Decimal:
    within = average([_square(snapshot, i) for i in range(len(snapshot.target))])
    return within / average([dot(row, row) for row in between])


def _square(snapshot: Exact, sample: int) -> Decimal:
    """Squared distance of a sample to its class mean."""
    own = class_means(snapshot.features, snapshot.target)[snapshot.target[sample]]
    residual = minus(snapshot.features[sample], own)
    return dot(residual, residual)


def _floor(snapshot: Exact, inverse: Matrix, digits: int) -> Decimal:
    """Expected NC1 of rounding alone: a number x of p bits has a step of 2^(e-p), where 2^(e-1) <= |x| < 2^e."""
    total = ZERO
    for label, row in class_means(snapshot.features, snapshot.target).items():
        steps = [Decimal(2) ** (_exponent(x) - digits) if x else ZERO for x in row]
        share = Decimal(snapshot.target.count(label)) / len(snapshot.target)
        total += share * sum((step**2 / 12 * inverse[j][j] for j, step in enumerate(steps)), ZERO)
    return total


def _exponent(value: Decimal) -> int:
    """Return the e of 2^(e-1) <= |x| < 2^e."""
    exponent = -40
    while Decimal(2) ** exponent <= abs(value):
        exponent += 1
    return exponent
