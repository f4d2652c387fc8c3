"""Training the classifier alone: where the features never change they are computed once and stand for the images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from bceprobe.capture.forward import evaluation
from bceprobe.models import FeatureTap
from bceprobe.train.batches import CAPTURE_BATCH, DeviceSplit, InMemory, Ordered
from bceprobe.train.forward import Forward

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from bceprobe.train.session import Session


class FeatureSplit(DeviceSplit):
    """A split whose samples are features (N, d) in memory."""

    def batches(
        self, parts: Sequence[Tensor], _change: Callable[[Tensor], Tensor] | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield features (B, d) and target (B,) of lists of rows."""
        for rows, features in zip(parts, self.pixels.read(parts), strict=True):
            yield features, self.target[rows]


def with_constant_features(session: Session) -> Session:
    """Return the session with features in place of images, if only the classifier is trained and nothing augmented.

    They are computed as captures are, and take N x d x 4 bytes on the device.
    """
    settings = session.settings
    if settings.optim.parameters == "all" or settings.augment.alters:
        return session
    train, test = (_features(session, data) for data in (session.train, session.test))
    captured = {name: Ordered(data, session.captured[name].rows) for name, data in (("train", train), ("test", test))}
    head = session.classifier
    forward = Forward(head, head, precision=settings.precision, compiled=settings.compile, team=session.team)
    return replace(session, train=train, test=test, captured=captured, network=head, forward=forward)


def _features(session: Session, data: DeviceSplit) -> FeatureSplit:
    """Compute the features of a split in eval mode."""
    features = torch.empty(len(data), session.classifier.in_features, device=session.device)
    parts = torch.split(torch.arange(len(data), device=session.device), CAPTURE_BATCH)
    with evaluation(session.model, session.settings.capture.precision), FeatureTap(session.classifier) as tap:
        for rows, (images, _) in zip(parts, data.batches(parts), strict=True):
            session.model(images)
            features[rows] = tap.features.float()
    return FeatureSplit(InMemory(features), data.target, data.index, data.scale, data.shift)
