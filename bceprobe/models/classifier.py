"""The classifier of a model: finding it, taking the features it receives, and setting its first bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from torch import Tensor, nn

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from types import TracebackType


def find_classifier(model: nn.Module, classes: int | None = None) -> nn.Linear:
    """Find the last linear layer of a model, in the order of its modules.

    Raises
    ------
    UsageError
        There is none, or it has not as many outputs as there are classes.
    """
    layers = [module for module in model.modules() if isinstance(module, nn.Linear)]
    if not layers:
        raise UsageError("the model has no linear layer that could be its classifier", "Give the classifier itself")
    if classes is not None and layers[-1].out_features != classes:
        found = layers[-1].out_features
        raise UsageError(
            f"the last linear layer has {found} outputs for {classes} classes", "Give the classifier itself"
        )
    return layers[-1]


class FeatureTap:
    """Keeps the penultimate features of the last forward pass: the very tensor that the classifier received.

    Parameters
    ----------
    classifier
        The linear layer whose input is kept, with its gradient history.

    Examples
    --------
    >>> import torch
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    >>> with FeatureTap(find_classifier(model)) as tap:
    ...     logits = model(torch.ones(3, 2, 2))
    >>> tap.features.shape
    torch.Size([3, 4])
    """

    def __init__(self, classifier: nn.Linear) -> None:
        self._classifier = classifier
        self._features: Tensor | None = None

    def __enter__(self) -> Self:
        self._handle = self._classifier.register_forward_pre_hook(self._keep)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.remove()

    @property
    def features(self) -> Tensor:
        """Features of the last forward pass, (N, d).

        Raises
        ------
        UsageError
            The classifier was not called yet.
        """
        if self._features is None:
            raise UsageError("the classifier was not called", "Run the model inside the `with` block of FeatureTap")
        return self._features

    def _keep(self, _classifier: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        shape = tuple(arguments[0].shape)
        if len(shape) != 2:  # noqa: PLR2004 - (N, d)
            raise UsageError(f"the classifier receives features of shape {shape}, not (N, d)", "Pool or flatten them")
        self._features = arguments[0]


def init_bias(classifier: nn.Linear, mean: float) -> None:
    """Draw the bias anew: threshold b ~ U(-1/sqrt(d), 1/sqrt(d)) + mean, in the paper's sign (threshold = -bias).

    With mean 0 this is PyTorch's own initialisation of a linear layer, which some families (torchvision's
    DenseNet) replace by zeros. Source: paper, supplementary on "The bias decay parameter".

    Parameters
    ----------
    classifier
        A linear layer with bias; changed in place.
    mean
        Expected mean of the thresholds; PyTorch's bias is then around ``-mean``.

    Raises
    ------
    UsageError
        The classifier has no bias.
    """
    if classifier.bias is None:
        raise UsageError("the classifier has no bias", "Give it one: nn.Linear(..., bias=True)")
    bound = classifier.in_features**-0.5
    nn.init.uniform_(classifier.bias, -mean - bound, -mean + bound)
