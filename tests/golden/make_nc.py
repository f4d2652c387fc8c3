"""Golden values of the metrics from their definitions in FORMULAS.md, and from nothing of bceprobe.

Everything is written as the formulas are: loops over samples, d x d scatter matrices, a pseudo-inverse, every candidate
threshold. Arithmetic is decimal with 60 digits, because Sigma_B^+ is ill-conditioned: float64 squares the singular
values of the means, so a direction at 0.1 % of the largest keeps 10 digits and NC1 = 1e-14 fewer. With 60 digits the
rank needs no tolerance either (it is min(K' - 1, d) by definition), and the result is the same on every machine.

    just golden        writes nc_cases.npz and nc.json beside this file
"""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

HERE = Path(__file__).parent
ZERO = Decimal(0)
GRID = 1000
Array: TypeAlias = np.ndarray[Any, Any]
Vector = list[Decimal]
Matrix = list[Vector]


def cases() -> dict[str, dict[str, Array]]:
    """Make snapshots that a metric can get wrong; each is reproducible on its own."""
    weak = np.array([1.0, 0.3, 1e-3, 0, 0, 0])
    return {
        "balanced": _case(1, [12] * 4, 7, dtype="float32"),
        "imbalanced": _case(2, [20, 9, 3, 1, 2], 9),
        "two_classes": _case(3, [7, 11], 5),
        "collapsed_1e-8": _case(4, [8] * 4, 6, noise=1e-4),
        "collapsed_1e-14": _case(5, [8] * 4, 6, noise=1e-7),
        "weak_direction": _case(6, [9] * 4, 6, noise=1e-3, axes=weak),
        "fewer_features_than_directions": _case(7, [6] * 5, 2),
        "absent_class": _case(8, [6, 0, 9, 4], 5),
        "ties": _integers(9, 40, 3, 4),
    }


def _case(
    seed: int, counts: list[int], length: int, *, noise: float = 0.5, axes: Array | float = 1.0, dtype: str = "float64"
) -> dict[str, Array]:
    """Gaussian classes in random order around Gaussian means (scaled by `axes`), and a weight near the means."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(len(counts), length)) * axes
    target = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    features = means[target] + noise * rng.normal(size=(len(target), length)) + 1.5
    weight = means + 0.3 * rng.normal(size=means.shape)
    arrays = {"features": features, "weight": weight, "bias": rng.normal(size=len(counts))}
    return {"target": target, **{name: values.astype(dtype) for name, values in arrays.items()}}


def _integers(seed: int, samples: int, classes: int, length: int) -> dict[str, Array]:
    """Small integers: many equal scores, so that strict and weak comparisons differ."""
    rng = np.random.default_rng(seed)
    weight = rng.integers(-2, 3, size=(classes, length)).astype(float)
    target = rng.integers(0, classes, size=samples)
    features = weight[target] + rng.integers(-2, 3, size=(samples, length))
    return {"features": features, "target": target, "weight": weight, "bias": np.array([0.0, 1.0, 0.0])}


def values(case: dict[str, Array]) -> dict[str, dict[str, float]]:
    """Compute every metric of one snapshot, with either global mean."""
    with localcontext(prec=60):
        features, weight = ([[Decimal(float(x)) for x in row] for row in case[name]] for name in ("features", "weight"))
        target, bias = [int(label) for label in case["target"]], [Decimal(float(x)) for x in case["bias"]]
        shared = {**decision_values(features, target, weight, bias), **nearest_mean(features, target, weight, bias)}
        return {
            kind: {name: float(value) for name, value in {**collapse(features, target, weight, kind), **shared}.items()}
            for kind in ("sample", "class")
        }


def collapse(features: Matrix, target: list[int], weight: Matrix, global_mean: str) -> dict[str, Decimal]:
    """NC1 to NC3, equations 32 to 34, over the K' classes that have a sample (NC2: over all)."""
    means = class_means(features, target)
    centre = mean(features) if global_mean == "sample" else mean(list(means.values()))
    between = [minus(one, centre) for one in means.values()]
    present = [weight[label] for label in means]
    within = scatter([minus(row, means[label]) for row, label in zip(features, target, strict=True)])
    inverse = pseudo_inverse(scatter(between), min(len(means) - 1, len(centre)))
    return {
        "nc1": sum((dot(a, b) for a, b in zip(within, inverse, strict=True)), ZERO) / len(means),
        "nc2": to_etf(centred(weight), centred(weight)),
        "nc2_uncentred": to_etf(weight, weight),
        "nc3": to_etf(centred(present), between),
        "nc3_uncentred": to_etf(present, between),
    }


def nearest_mean(features: Matrix, target: list[int], weight: Matrix, bias: Vector) -> dict[str, Decimal]:
    """NC4, equation 31: how often the classifier and the nearest class mean disagree; of equals the first counts."""
    means = class_means(features, target)
    differ = 0
    for row in features:
        distances = {label: dot(minus(row, one), minus(row, one)) for label, one in means.items()}
        logits = [dot(row, w) + b for w, b in zip(weight, bias, strict=True)]
        differ += min(distances, key=distances.__getitem__) != logits.index(max(logits))
    return {"nc4": Decimal(differ) / len(features)}


def decision_values(features: Matrix, target: list[int], weight: Matrix, bias: Vector) -> dict[str, Decimal]:
    """Accuracy (41), and uniform accuracy (43-45) by trying every score and every midpoint as the threshold."""
    plain = intervals(features, target, weight, [ZERO] * len(weight))
    biased = intervals(features, target, weight, bias)
    scores = sorted({dot(row, w) for row in features for w in weight})
    candidates = scores + [(a + b) / 2 for a, b in pairwise(scores)]
    low, high = min(positive for positive, _ in plain), max(negative for _, negative in plain)
    grid = [low + (high - low) * step / (GRID - 1) for step in range(GRID)]
    return {
        "accuracy": share(positive > negative for positive, negative in biased),
        "uniform_accuracy": max(classified(plain, threshold) for threshold in candidates),
        "uniform_accuracy_grid": Decimal(1) if low > high else max(classified(plain, t) for t in grid),
    }


def intervals(features: Matrix, target: list[int], weight: Matrix, bias: Vector) -> list[tuple[Decimal, Decimal]]:
    """For every sample its positive and its largest negative logit."""
    found = []
    for row, label in zip(features, target, strict=True):
        logits = [dot(row, w) + b for w, b in zip(weight, bias, strict=True)]
        found.append((logits[label], max(logits[:label] + logits[label + 1 :])))
    return found


def classified(pairs: list[tuple[Decimal, Decimal]], threshold: Decimal) -> Decimal:
    """Share of samples with positive > t >= every negative."""
    return share(positive > threshold >= negative for positive, negative in pairs)


def share(flags: Any) -> Decimal:
    """Share of true values."""
    listed = list(flags)
    return Decimal(sum(listed)) / len(listed)


def pseudo_inverse(matrix: Matrix, rank: int) -> Matrix:
    """Moore-Penrose inverse of a symmetric matrix of known rank, from its `rank` largest eigenvalues."""
    size = range(len(matrix))
    eigenvalues, vectors = jacobi(matrix)
    kept = sorted(size, key=eigenvalues.__getitem__)[-rank:]
    return [[sum((vectors[i][k] * vectors[j][k] / eigenvalues[k] for k in kept), ZERO) for j in size] for i in size]


def jacobi(matrix: Matrix) -> tuple[Vector, Matrix]:
    """Eigenvalues, and eigenvectors as columns, of a symmetric matrix by cyclic Jacobi rotations."""
    size = range(len(matrix))
    work, vectors = [list(row) for row in matrix], [[Decimal(i == j) for j in size] for i in size]
    while sum((work[i][j] ** 2 for i in size for j in size if i != j), ZERO) > Decimal("1e-100"):
        for p in size:
            for q in range(p + 1, len(matrix)):
                rotate(work, vectors, p, q)
    return [work[i][i] for i in size], vectors


def rotate(work: Matrix, vectors: Matrix, p: int, q: int) -> None:
    """Make work[p][q] zero by a rotation of the plane (p, q), and turn the vectors with it."""
    if not work[p][q]:
        return
    theta = (work[q][q] - work[p][p]) / (2 * work[p][q])
    tangent = (1 if theta >= 0 else -1) / (abs(theta) + (theta**2 + 1).sqrt())
    cosine = 1 / (tangent**2 + 1).sqrt()
    sine = tangent * cosine
    for row in (*work, *vectors):
        row[p], row[q] = cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]
    for k in range(len(work)):
        work[p][k], work[q][k] = cosine * work[p][k] - sine * work[q][k], sine * work[p][k] + cosine * work[q][k]


def to_etf(left: Matrix, right: Matrix) -> Decimal:
    """|| LR^T / ||LR^T||_F - E ||_F with E = (I - 11^T/K) / sqrt(K - 1)."""
    count = len(left)
    product = [[dot(a, b) for b in right] for a in left]
    norm = sum((x**2 for row in product for x in row), ZERO).sqrt()
    etf = [
        [(Decimal(i == j) - Decimal(1) / count) / Decimal(count - 1).sqrt() for j in range(count)] for i in range(count)
    ]
    return sum(((product[i][j] / norm - etf[i][j]) ** 2 for i in range(count) for j in range(count)), ZERO).sqrt()


def class_means(features: Matrix, target: list[int]) -> dict[int, Vector]:
    """Mean of every class that has a sample, in the order of labels."""
    labels = sorted(set(target))
    return {k: mean([row for row, label in zip(features, target, strict=True) if label == k]) for k in labels}


def scatter(rows: Matrix) -> Matrix:
    """Mean of the outer products of some rows: d x d."""
    size = range(len(rows[0]))
    return [[sum((row[i] * row[j] for row in rows), ZERO) / len(rows) for j in size] for i in size]


def centred(rows: Matrix) -> Matrix:
    """Rows minus their mean."""
    middle = mean(rows)
    return [minus(row, middle) for row in rows]


def mean(rows: Matrix) -> Vector:
    """Mean of some rows."""
    return [sum(column, ZERO) / len(rows) for column in zip(*rows, strict=True)]


def minus(left: Vector, right: Vector) -> Vector:
    """Difference of two vectors."""
    return [a - b for a, b in zip(left, right, strict=True)]


def dot(left: Vector, right: Vector) -> Decimal:
    """Inner product of two vectors."""
    return sum((a * b for a, b in zip(left, right, strict=True)), ZERO)


def main() -> None:
    """Write the cases and their values beside this file."""
    made = cases()
    flat: dict[str, Any] = {f"{name}/{key}": array for name, case in made.items() for key, array in case.items()}
    np.savez_compressed(HERE / "nc_cases.npz", **flat)
    text = json.dumps({name: values(case) for name, case in made.items()}, indent=1)
    (HERE / "nc.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
