"""Topic nc, label by label."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from golden.make_nc import ZERO, Matrix, Vector, centred, class_means, dot, minus
from golden.topic_arithmetic import NAN, angle, average, norm

if TYPE_CHECKING:
    from golden.topic_exact import Exact


def by_label(snapshot: Exact, inverse: Matrix) -> list[dict[str, Decimal]]:
    """nc1, nc4, cdnv and gnc_margin of every label."""
    return [
        {
            "nc1": _nc1_of(snapshot, k, inverse),
            "nc4": _nc4_of(snapshot, k),
            "cdnv": average([cdnv(snapshot, k, other) for other in snapshot.present if other != k])
            if k in snapshot.target
            else NAN,
            "gnc_margin": _margin(snapshot.weight, k),
        }
        for k in snapshot.labels
    ]


def _nc1_of(snapshot: Exact, label: int, inverse: Matrix) -> Decimal:
    """Mean over the samples of a class of r^T (M^T M)^+ r, r the distance to the class mean."""
    rows = snapshot.of(label, snapshot.features)
    residuals = centred(rows) if rows else []
    return average([dot(r, [dot(r, column) for column in inverse]) for r in residuals])


def _nc4_of(snapshot: Exact, label: int) -> Decimal:
    """Share of a class whose largest logit is not the class of the nearest mean."""
    means, wrong = class_means(snapshot.features, snapshot.target), []
    for row, logits in zip(snapshot.of(label, snapshot.features), snapshot.of(label, snapshot.logits), strict=True):
        distances = {k: dot(minus(row, one), minus(row, one)) for k, one in means.items()}
        wrong.append(Decimal(min(distances, key=distances.__getitem__) != logits.index(max(logits))))
    return average(wrong)


def cdnv(snapshot: Exact, left: int, right: int) -> Decimal:
    """(v_k + v_l) / (2 ||mean_k - mean_l||^2)."""
    means = class_means(snapshot.features, snapshot.target)
    spread = [average([dot(r, r) for r in centred(snapshot.of(k, snapshot.features))]) for k in (left, right)]
    apart = minus(means[left], means[right])
    return sum(spread, ZERO) / (2 * dot(apart, apart))


def _margin(weight: Matrix, label: int) -> Decimal:
    """Smallest angle of a row to another one; only for K > d + 1, and where no row is zero."""
    if len(weight) <= len(weight[0]) + 1 or not all(norm(row) for row in weight):
        return NAN
    return least([angle(weight[label], row) for k, row in enumerate(weight) if k != label])


def least(values: Vector) -> Decimal:
    """Smallest value; NaN if any is."""
    return NAN if any(value.is_nan() for value in values) else min(values)
