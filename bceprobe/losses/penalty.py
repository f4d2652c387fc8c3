"""The regularisers of the neural-collapse experiments, added to the loss of a batch."""

from __future__ import annotations

import torch
from torch import Tensor


def penalty(
    features: Tensor, weight: Tensor, bias: Tensor | None, *, lambda_w: float, lambda_h: float, lambda_b: float
) -> Tensor:
    """Regularise the features and the classifier: lambda_W/2 ||W||_F^2 + lambda_b/2 ||b||^2 + lambda_H/2 sum ||h||^2.

    The squared norms of the features are **summed** over the batch, not averaged, as the authors' code does; with
    batch size B the penalty then acts like the theory's with n = B/K samples per class (paper eq. 3).

    Parameters
    ----------
    features
        (N, d), as the classifier receives them in training mode.
    weight, bias
        The classifier's, (K, d) and (K,); the sign of the bias does not matter, and None means that it has none.
    lambda_w, lambda_h, lambda_b
        Weights of the three terms.

    Returns
    -------
    Tensor
        A scalar, to be added to the loss of the batch.
    """
    terms = ((lambda_w, weight), (lambda_h, features), (lambda_b, bias))
    return torch.stack([factor / 2 * values.square().sum() for factor, values in terms if values is not None]).sum()
