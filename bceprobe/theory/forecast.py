"""The mean bias of CE, without any data: FORMULAS.md, "Theory", mini-batches.

The gradients of CE by the thresholds add up to zero over the classes, whatever the data (20), so that their mean feels
nothing but its own decay. With SGD it follows from the learning rates, the momentum and the decay alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def forecast_mean(
    initial: float, learning_rates: Iterable[float], steps: int, *, momentum: float, decay: float
) -> Iterator[float]:
    """Yield the mean threshold (or bias) of CE after each epoch of SGD.

    A step is v <- momentum v + decay m, m <- m - rate v, from v = 0, as `torch.optim.SGD` does it.

    Parameters
    ----------
    initial
        The mean before training.
    learning_rates
        Of each epoch.
    steps
        Batches of an epoch.
    momentum
        Without dampening; 0 for none.
    decay
        lambda_b, plus the optimizer's weight decay where it applies to the bias.

    Examples
    --------
    >>> rates = [0.01 * 0.2 ** sum(done >= m for m in (30, 60, 80)) for done in range(100)]
    >>> [round(list(forecast_mean(10, rates, 469, momentum=0.9, decay=lb))[-1], 3) for lb in (5e-4, 5e-5, 5e-6)]
    [4.204, 9.17, 9.914]
    """
    state = np.array([initial, 0.0])
    for rate in learning_rates:
        step = np.array([[1 - rate * decay, -rate * momentum], [decay, momentum]])
        state = np.linalg.matrix_power(step, steps) @ state
        yield float(state[0])
