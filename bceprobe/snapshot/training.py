"""Training: what some metrics need to know about how the classifier of a snapshot was trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Training:
    """The part of a run's settings that gradients depend on.

    Parameters
    ----------
    loss
        Name of the loss, such as ``"bce"``.
    lambda_w, lambda_h, lambda_b
        Regularisation of weight, features and bias in the loss.
    batch_size, samples
        Of training; 0 where not known.
    learning_rate
        Sum of the learning rates of all epochs from the previous snapshot to this one; None where not known.
    """

    loss: str
    lambda_w: float = 0.0
    lambda_h: float = 0.0
    lambda_b: float = 0.0
    batch_size: int = 0
    samples: int = 0
    learning_rate: float | None = None

    @property
    def steps(self) -> int:
        """Optimizer steps of one epoch (a single left-over sample joins the batch before); 0 where not known."""
        if not self.batch_size:
            return 0
        whole, rest = divmod(self.samples, self.batch_size)
        return whole + (rest > 1 or (rest == 1 and not whole))
