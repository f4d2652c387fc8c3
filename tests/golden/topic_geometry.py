"""Topic geometry from FORMULAS.md, "Feature geometry"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from golden.make_nc import ZERO, Matrix, Vector, class_means, dot, jacobi, minus, scatter
from golden.topic_arithmetic import NAN, ONE, average, by_class, deviation, entropy_rank, norm, unit
from golden.topic_collapse import centre_of

if TYPE_CHECKING:
    from decimal import Decimal

    from golden.topic_exact import Exact

MOST_SAMPLES = 256


def geometry(snapshot: Exact, global_mean: str) -> dict[str, Any]:
    """All of the topic geometry."""
    centre = centre_of(snapshot, global_mean)
    lengths = [norm(row) for row in snapshot.features]
    apart = {k: norm(minus(m, centre)) for k, m in class_means(snapshot.features, snapshot.target).items()}
    whole = {
        **_norms(lengths),
        "class_mean_norm_mean": average(list(apart.values())),
        "class_mean_norm_std": deviation(list(apart.values())),
        **_ranks(snapshot, centre),
    }
    parts = [_norms(snapshot.of(k, lengths)) | {"class_mean_norm_mean": apart.get(k, NAN)} for k in snapshot.labels]
    directions = _directions(snapshot, centre, ""), _directions(snapshot, [ZERO] * len(centre), "_uncentred")
    return {**by_class({}, parts), **whole, **directions[0], **directions[1]}


def _norms(lengths: Vector) -> dict[str, Decimal]:
    return {"feature_norm_mean": average(lengths), "feature_norm_std": deviation(lengths)}


def _ranks(snapshot: Exact, centre: Vector) -> dict[str, Decimal]:
    """Effective rank of the class means, and of the first samples of each class, equally many of all."""
    between = [minus(one, centre) for one in class_means(snapshot.features, snapshot.target).values()]
    each = min([snapshot.target.count(k) for k in snapshot.present] + [MOST_SAMPLES // len(snapshot.present)])
    first = [row for k in snapshot.present for row in snapshot.of(k, snapshot.features)[:each]]
    samples = [minus(row, centre) for row in first]
    return {"effective_rank_means": _rank(between), "effective_rank_features": _rank(samples)}


def _rank(rows: Matrix) -> Decimal:
    """Effective rank from the singular values: roots of the eigenvalues of the scatter (0 is found as 1e-60)."""
    eigenvalues, _ = jacobi(scatter(rows))
    return entropy_rank([max(value, ZERO).sqrt() for value in eigenvalues])


def _directions(snapshot: Exact, centre: Vector, suffix: str) -> dict[str, Any]:
    """Average the cosines of all pairs of samples: of one class, each with itself too, and of two classes."""
    units = [unit(minus(row, centre)) for row in snapshot.features]
    groups = {k: snapshot.of(k, units) for k in snapshot.present}
    near = {k: _cosines(rows, rows) for k, rows in groups.items()}
    far = {k: {other: _cosines(rows, groups[other]) for other in groups if other != k} for k, rows in groups.items()}
    apart = {k: ONE - average(list(row.values())) for k, row in far.items()}
    return {
        f"compactness{suffix}": average(list(near.values())),
        f"compactness{suffix}_by_class": [near.get(k, NAN) for k in snapshot.labels],
        f"distinctiveness{suffix}": average(list(apart.values())),
        f"distinctiveness{suffix}_by_class": [apart.get(k, NAN) for k in snapshot.labels],
    }


def _cosines(left: Matrix, right: Matrix) -> Decimal:
    """Mean inner product over all pairs of rows."""
    return average([dot(a, b) for a in left for b in right])
