"""Topic updates from FORMULAS.md, "Decision scores, bias, updates"."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from golden.make_nc import Matrix, Vector, minus
from golden.topic_arithmetic import NAN, average, by_class, deviation, pearson, quantile, slope, spearman, summary

if TYPE_CHECKING:
    from golden.topic_training import Trained

BINS = 20
# The rank correlation of all negatives is a matter of pooling: it has no golden value.
POOLED = "negative_rank_correlation"


@dataclass(frozen=True)
class Group:
    """Some scores with their amplitudes, and their observed and predicted changes since the previous snapshot."""

    scores: Vector
    amplitudes: Vector
    observed: Vector
    predicted: Vector

    @property
    def bins(self) -> Matrix:
        """Scores in 20 bins by amplitude, of equal amplitudes the smaller first; the first bins have one more.

        Twenty need not divide the number of scores, and bins that are empty are left out.
        """
        order = sorted(range(len(self.scores)), key=lambda at: (self.amplitudes[at], self.scores[at]))
        size, more, start, made = len(order) // BINS, len(order) % BINS, 0, []
        for number in range(BINS):
            end = start + size + (number < more)
            made.append([self.scores[at] for at in order[start:end]])
            start = end
        return [one for one in made if one]


def updates(trained: Trained, before: Trained) -> dict[str, Any]:
    """All of the topic updates but what is exempt: `before` is the previous snapshot, trained in the same way."""
    positive, negative = _positives(trained, before), _negatives(trained, before)
    # Samples of all classes share their bins; the scores that are negative for a class have bins of their own.
    whole = _described("positive", _joined(positive), [_joined(positive)])
    whole |= _described("negative", _joined(negative), negative)
    parts = [
        _described("positive", one, [one]) | _described("negative", other, [other])
        for one, other in zip(positive, negative, strict=True)
    ]
    made = by_class(whole, parts) | _thresholds(trained, before)
    return {key: value for key, value in made.items() if key != POOLED}


def _positives(trained: Trained, before: Trained) -> list[Group]:
    """Make a group of the samples of every class, with their own scores."""
    now, then, rate = trained.snapshot, before.snapshot, trained.settings["learning_rate"]
    columns = (
        now.own(now.scores),
        trained.positive,
        minus(now.own(now.scores), then.own(then.scores)),
        [rate * a for a in before.positive],
    )
    return [Group(*(now.of(k, column) for column in columns)) for k in now.labels]


def _negatives(trained: Trained, before: Trained) -> list[Group]:
    """Make a group of the scores of every class that samples of other classes have."""
    now, then, rate = trained.snapshot, before.snapshot, trained.settings["learning_rate"]
    return [
        Group(
            now.column(k, now.scores),
            trained.negative(k),
            minus(now.column(k, now.scores), then.column(k, then.scores)),
            [-rate * a for a in before.negative(k)],
        )
        for k in now.labels
    ]


def _joined(groups: list[Group]) -> Group:
    names = ("scores", "amplitudes", "observed", "predicted")
    return Group(*([value for group in groups for value in getattr(group, name)] for name in names))


def _described(name: str, group: Group, binned: list[Group]) -> dict[str, Decimal]:
    """Describe amplitudes, how the scores go with them, how they vary in bins, and how they have changed."""
    spread, total = _within([part for one in binned for part in one.bins]), deviation(group.scores)
    return {
        **summary(f"{name}_amplitude", group.amplitudes),
        f"{name}_rank_correlation": spearman(group.amplitudes, group.scores),
        f"{name}_spread": spread,
        f"{name}_spread_iqr": _range(binned),
        f"{name}_spread_share": spread / total if total else NAN,
        **_fit(name, group.observed, group.predicted),
    }


def _within(bins: Matrix) -> Decimal:
    """Root of the mean over all scores of the squared distance to the mean of their bin."""
    return average([(score - average(one)) ** 2 for one in bins for score in one]).sqrt()


def _range(binned: list[Group]) -> Decimal:
    """Mean interquartile range of the bins; of several groups the mean weighted by their scores."""
    ranges = [
        average([quantile(one, Decimal("0.75")) - quantile(one, Decimal("0.25")) for one in g.bins]) for g in binned
    ]
    return average([found for found, group in zip(ranges, binned, strict=True) for _ in group.scores])


def _thresholds(trained: Trained, before: Trained) -> dict[str, Decimal]:
    """Compare the observed changes of the thresholds with those that the gradient of the previous snapshot predicts."""
    settings = trained.settings
    steps = math.ceil(settings["samples"] / settings["batch_size"])
    predicted = [-settings["learning_rate"] * steps * slope_of_loss for slope_of_loss in before.gradient]
    return _fit("threshold", minus(trained.snapshot.threshold, before.snapshot.threshold), predicted)


def _fit(name: str, observed: Vector, predicted: Vector) -> dict[str, Decimal]:
    """Slope of the observed over the predicted changes, and their correlation."""
    return {
        f"{name}_change_slope": slope(predicted, observed),
        f"{name}_change_correlation": pearson(predicted, observed),
    }
