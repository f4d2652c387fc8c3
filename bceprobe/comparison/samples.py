"""The samples level: two trained models on one test set, which says nothing about the procedures that made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bceprobe.analysis import unique_labels
from bceprobe.comparison.model import ALPHA, Quantity
from bceprobe.metrics import METRICS
from bceprobe.stats import (
    calibration_quantities,
    correct,
    decision_quantities,
    geometry_quantities,
    mcnemar,
    paired_bootstrap,
    probabilities,
)
from bceprobe.stats.calibration import BRIER, NAEINI

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from bceprobe.comparison.arms import Arm
    from bceprobe.stats import TestResult
    from bceprobe.stats.calibration import Link
    from bceprobe.stats.correction import Method
    from bceprobe.stats.weighted import Quantities
    from bceprobe.store import Run

TEST = "test"
# Which probabilities a loss gives; of others none are judged.
LINKS: dict[str, Link] = {"ce": "softmax", "focal": "softmax", "bce": "sigmoid"}
# Quantities whose metric has another name.
SAME = {"margin": "margin_mean"}
SIGMOIDS = "for softmax; of BCE's sigmoids, which need not sum to one: own choice"
LOWER: dict[str, Any] = {"scale": "linear", "higher_is_better": False}
ECE = Quantity("ece", TEST, "Calibration error (ECE)", f"15 bins of confidence, {SIGMOIDS}", NAEINI, "share", **LOWER)
BRIER_SCORE = Quantity("brier", TEST, "Brier score", f"summed over classes, {SIGMOIDS}", BRIER, "1", **LOWER)
ACCURACY = "accuracy"


@dataclass(frozen=True)
class SampleRow:
    """A quantity of two models on the same samples.

    Parameters
    ----------
    reference, value
        Of the model of the reference arm, and of the other one.
    result
        Of McNemar's test for accuracy, of a paired bootstrap over samples for the others.
    p_corrected
        Corrected for all rows of both models.
    """

    quantity: Quantity
    reference: float
    value: float
    result: TestResult
    p_corrected: float

    @property
    def differs(self) -> bool:
        """Whether the corrected p-value is below 0.05."""
        return self.p_corrected < ALPHA


@dataclass(frozen=True)
class ModelPair:
    """Two trained models on one test set.

    Parameters
    ----------
    reference, arm
        Labels of their arms, which have one run each.
    runs, epochs
        These runs, and at which epoch of each.
    samples
        Of the test split.
    rows
        One family of tests.
    """

    reference: str
    arm: str
    runs: tuple[str, str]
    epochs: tuple[int, int]
    samples: int
    rows: tuple[SampleRow, ...]

    @property
    def tested(self) -> tuple[SampleRow, ...]:
        """The rows of which a test could be made."""
        return tuple(row for row in self.rows if not row.result.note)


class _Judged(NamedTuple):
    """What a model says of the samples: which it decides rightly, (N,), and what is weighed in resamples."""

    right: NDArray[np.bool_]
    weighed: list[Quantities]


def compare_models(contrasts: Sequence[tuple[Arm, Arm]], at: Mapping[Run, int], method: Method) -> Iterator[ModelPair]:
    """Compare the models of arms that have one run each, on the test split; others are left out.

    Models are left out, too, that were not judged on the same samples, which has to be allowed.
    """
    for reference, arm in contrasts:
        if len(reference.runs) == len(arm.runs) == 1 and _same_samples(reference.runs[0], arm.runs[0], at):
            yield _pair(reference, arm, at, method)


def _same_samples(one: Run, other: Run, at: Mapping[Run, int]) -> bool:
    if not all(TEST in run.splits and at[run] in run.epochs(TEST) for run in (one, other)):
        return False
    held = [[np.sort(run.array(TEST, "index")[:]), np.sort(run.split(TEST).target)] for run in (one, other)]
    return all(np.array_equal(*pair) for pair in zip(*held, strict=True))


def _pair(reference: Arm, arm: Arm, at: Mapping[Run, int], method: Method) -> ModelPair:
    links = [LINKS.get(either.loss) for either in (reference, arm)]
    links = links if all(links) else [None, None]
    a, b = (_judge(run, at[run], link) for run, link in zip((reference.runs[0], arm.runs[0]), links, strict=True))
    samples = len(a.right)
    results = {ACCURACY: mcnemar(a.right, b.right), **paired_bootstrap(a.weighed, b.weighed, samples)}
    values = [{ACCURACY: float(one.right.mean()), **_values(one, samples)} for one in (a, b)]
    adjusted = correct([one.p_value for one in results.values()], "", method).p_values
    rows = [
        SampleRow(_quantity(name), values[0][name], values[1][name], result, float(p))
        for (name, result), p in zip(results.items(), adjusted, strict=True)
    ]
    runs = [reference.runs[0], arm.runs[0]]
    (first, second), epochs = unique_labels(runs), (at[runs[0]], at[runs[1]])
    return ModelPair(reference.label, arm.label, (first, second), epochs, samples, tuple(rows))


def _judge(run: Run, epoch: int, link: Link | None) -> _Judged:
    """Let a model judge the samples, in the order of their places in the data set."""
    snapshot, order = run.snapshot(epoch, TEST), np.argsort(run.array(TEST, "index")[:], kind="stable")
    features, target = np.asarray(snapshot.features[:], np.float64)[order], snapshot.target[order]
    logits = features @ snapshot.weight64.T - snapshot.threshold
    weighed = [
        decision_quantities(*(part[order] for part in snapshot.decisions)),
        geometry_quantities(features, target),
    ]
    weighed += [calibration_quantities(probabilities(logits, link), target)] if link else []
    return _Judged(logits.argmax(axis=1) == target, weighed)


def _values(judged: _Judged, samples: int) -> dict[str, float]:
    once = np.ones((1, samples))
    return {name: float(value[0]) for weigh in judged.weighed for name, value in weigh(once).items()}


def _quantity(name: str) -> Quantity:
    """Describe a quantity as the metric of the same value does; those of calibration have none."""
    own = {one.name: one for one in (ECE, BRIER_SCORE)}
    if name in own:
        return own[name]
    metric = METRICS[SAME.get(name, name)]
    texts = (metric.long_name, metric.definition, metric.references, metric.units)
    return Quantity(metric.name, TEST, *texts, "linear", metric.higher_is_better)
