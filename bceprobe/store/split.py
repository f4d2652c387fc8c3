"""StoredSplit: the epochs of one split of a run as they are at one moment, looked up once for all of them."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bceprobe.errors import StoreCorruptError, UsageError
from bceprobe.snapshot import Snapshot
from bceprobe.store import schema
from bceprobe.store.documents import RESTORE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from bceprobe.store.arrays import StoredArray
    from bceprobe.store.run import Run


class StoredSplit:
    """One split of a run; make one with `Run.split`.

    Parameters
    ----------
    run, name
        The run and which of its splits.
    positions
        Where each epoch that is completely written lies, by its number, increasing.
    """

    def __init__(self, run: Run, name: str, positions: Mapping[int, int]) -> None:
        self.run, self.name, self.positions = run, name, positions

    @property
    def epochs(self) -> list[int]:
        """The epochs that are completely written, increasing."""
        return list(self.positions)

    def before(self, epoch: int) -> int | None:
        """Return the epoch that was written before another one; None for the first."""
        return max((other for other in self.positions if other < epoch), default=None)

    @cached_property
    def target(self) -> NDArray[np.int64]:
        """Labels, (sample,).

        Raises
        ------
        StoreCorruptError
            They cannot be read, or one is outside 0..K-1.
        """
        stored = self.run.array(self.name, "target")
        labels, classes = stored[:], self.run.array(schema.CLASSIFIER, "weight").shape[1]
        if labels.size and (labels.min() < 0 or labels.max() >= classes):
            what = f"{stored.path}: labels {labels.min()}..{labels.max()} are outside 0..{classes - 1}"
            raise StoreCorruptError(f"{what} (split {self.name})", RESTORE)
        return labels

    def features(self, epoch: int) -> StoredArray:
        """Open the features of an epoch, (sample, feature)."""
        return self.run.array(self.name, "features", self._position(epoch), f"epoch {epoch}, split {self.name}")

    def classifier(self, epoch: int) -> tuple[StoredArray, StoredArray]:
        """Open weight (label, feature) and bias (label) of an epoch."""
        at, owner = self._position(epoch), f"epoch {epoch}, {schema.CLASSIFIER}"
        weight, bias = (self.run.array(schema.CLASSIFIER, name, at, owner) for name in ("weight", "bias"))
        return weight, bias

    def snapshot(self, epoch: int, features: Any = None, **options: Any) -> Snapshot:
        """Open an epoch; `features` may be given in place of those that are read from disk when they are used."""
        weight, bias = self.classifier(epoch)
        features = self.features(epoch) if features is None else features
        return Snapshot(features, self.target, weight[:], bias[:], **options)

    def fingerprint(self, epoch: int) -> str:
        """Digest the content of an epoch from the checksums of its chunks, without reading the data.

        It changes with features, target, weight or bias, and with nothing else.
        """
        digest = hashlib.sha256()
        for array in (self.features(epoch), self.run.array(self.name, "target"), *self.classifier(epoch)):
            digest.update(f"{array.shape} {array.dtype}".encode())
            for checksum in array.checksums():
                digest.update(checksum)
        return digest.hexdigest()

    def _position(self, epoch: int) -> int:
        if epoch not in self.positions:
            raise UsageError(f"{self.run.path} has no written epoch {epoch} of split {self.name!r}")
        return self.positions[epoch]
