"""The layer-peeled problem: what would be trained if the features before the classifier were free."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from bceprobe.errors import UsageError

LOSSES = ("ce", "bce")
LAMBDAS = ("lambda_w", "lambda_h", "lambda_b")


@dataclass(frozen=True)
class Problem:
    """Minimise (1/N) sum L + lambda_w/2 ||W||^2 + lambda_h/2 ||H||^2 + lambda_b/2 ||b||^2 over W, H, b (paper eq. 3).

    W is the weight, (K, d), H holds the features, (N, d), and b the thresholds, (K,); the logits are w_k . h_i - b_k.

    Parameters
    ----------
    loss
        ``"ce"`` or ``"bce"``.
    classes, dim
        K, two at least, and the feature length d.
    per_class
        n = N/K, samples of each class. Training in batches of B samples is described by n = B/K (derived): features
        are free, so that each batch pays for its own. Need not be whole.
    lambda_w, lambda_h, lambda_b
        Regularisers; the first two must be positive, else there is no minimum.

    Raises
    ------
    UsageError
        A value outside its range.

    Examples
    --------
    >>> round(Problem("bce", classes=10, dim=512, per_class=12.8).pull, 5)
    0.01789
    """

    loss: str = "bce"
    classes: int = 10
    dim: int = 512
    per_class: float = 12.8
    lambda_w: float = 5e-4
    lambda_h: float = 5e-4
    lambda_b: float = 5e-4

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise UsageError(f"the theory has no loss {self.loss!r}", f"Choose {' or '.join(LOSSES)}")
        for field in fields(self)[1:]:
            _check(field.name, getattr(self, field.name))
        if not 0 < self.pull < math.inf:
            raise UsageError("classes^2 x per_class x lambda_w x lambda_h leaves the range of numbers", "Scale them")

    @property
    def pull(self) -> float:
        """Return q = K sqrt(n lambda_w lambda_h): how strongly the regularisers pull features and weight to zero."""
        return self.classes * math.sqrt(self.per_class) * math.sqrt(self.lambda_w) * math.sqrt(self.lambda_h)

    @property
    def ratio(self) -> float:
        """Return c = sqrt(lambda_w / (n lambda_h)): at the optimum, a feature over the weight of its class."""
        return math.sqrt(self.lambda_w / self.lambda_h / self.per_class)


def _check(name: str, value: float) -> None:
    """Refuse a number outside its range."""
    least = {"classes": 2, "dim": 1}.get(name, 0)
    positive = name in {"per_class", "lambda_w", "lambda_h"}
    if not least <= value < math.inf or (positive and value == 0):
        rule = "a positive number" if positive else f"{least} or more"
        reason = ": without it the minimum is at infinity" if name in LAMBDAS and positive else ""
        raise UsageError(f"{name} is {value:g}; it must be {rule}{reason}")
    if name in {"classes", "dim"} and value != int(value):
        raise UsageError(f"{name} is {value:g}; it must be a whole number")
