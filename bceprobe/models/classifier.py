"""The classifier of a model: finding it, taking the features it receives, and setting its first bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from torch import Tensor, nn

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType


def find_classifier(model: nn.Module, classes: int | None = None, *, name: str = "", alone: bool = False) -> nn.Linear:
    """Find the last linear layer of a model, in the order of its modules, or the one of a name.

    Parameters
    ----------
    model, classes
        K, the outputs that it must have; any if left out.
    name
        Of the layer in the model, such as ``"fc"`` or ``"heads.head"``.
    alone
        Refuse to choose where other linear layers have K outputs, too.

    Raises
    ------
    UsageError
        There is none, it has not as many outputs as there are classes, or it is not the only one.
    """
    layers = {place: module for place, module in model.named_modules() if isinstance(module, nn.Linear)}
    if not layers or (name and name not in layers):
        what = f"the model has no linear layer {name!r}" if layers else "the model has no linear layer"
        raise UsageError(f"{what} that could be its classifier", _choose(layers))
    found = layers[name] if name else list(layers.values())[-1]
    if classes is not None and found.out_features != classes:
        where = f"the linear layer {name!r}" if name else "the last linear layer"
        raise UsageError(f"{where} has {found.out_features} outputs for {classes} classes", _choose(layers))
    rivals = [place for place, layer in layers.items() if layer.out_features == classes]
    if alone and not name and len(rivals) > 1:
        raise UsageError(f"{len(rivals)} linear layers have {classes} outputs: {', '.join(rivals)}", _choose(rivals))
    return found


def _choose(names: Iterable[str]) -> str:
    """Say how to name the classifier."""
    listed = list(names)
    return f"Choose with model.classifier, such as {listed[-1]!r}" if listed else "Give the classifier itself"


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
