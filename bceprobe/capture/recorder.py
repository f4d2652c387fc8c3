"""The Recorder: runs a model over a loader in eval mode and stores what its classifier receives."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from bceprobe.capture.assembly import Assembly
from bceprobe.capture.forward import evaluation, numerics, to_device, to_host
from bceprobe.capture.loaders import between, count_samples, in_order, unpack
from bceprobe.capture.precision import check_precision
from bceprobe.capture.team import Alone
from bceprobe.capture.worker import Worker
from bceprobe.errors import DivergedError, FolderInUseError, TrainingInterruptedError, UsageError
from bceprobe.models import FeatureTap
from bceprobe.provenance import collect, now
from bceprobe.store import Run, StoreWriter
from bceprobe.store.location import child, exists, is_url
from bceprobe.store.lock import writing
from bceprobe.store.manifest import read_manifest, update_manifest
from bceprobe.store.schema import SPLITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from numpy.typing import NDArray
    from torch import nn

    from bceprobe.capture.team import Team


class Recorder:
    """Stores penultimate features, weight and bias of a model, epoch by epoch.

    Writing happens on a background thread while training goes on. At most two captured batches and one chunk (8 MB)
    wait in memory; an error in writing is raised by the next call.

    Parameters
    ----------
    location
        The run folder or URL to make.
    classifier
        The model's last linear layer; features are exactly its input.
    epochs
        How many epochs (1, 2, ...), or which ones, will be captured; `capture` skips all others.
    dtype
        ``"float32"``, or ``"float16"`` for half the space and a floor under small NC1.
    shard
        One file per epoch and split; a whole epoch is then buffered in memory.
    precision
        What capture passes compute in, whatever the training does: ``"fp32"``, or ``"tf32"``, ``"bf16"``, ``"fp16"``,
        which put a floor under NC1.
    team
        Where several processes train one model: who they are. Each captures and writes its own part of the samples;
        all make the same calls with the same loaders, and the first process does everything else.
    resume_after
        Continue an existing run: epochs up to this one stay, later ones are captured again.
    provenance
        Added to what `run.json` records about this process. Its entry ``training`` says how the model is trained, for
        ``bceprobe analyze bias`` and ``updates``, which need to know: the names of `bceprobe.snapshot.Training`, the
        learning rate as one number for all epochs, as in
        ``Recorder(..., provenance={"training": {"loss": "bce", "learning_rate": 0.1}})``.

    Raises
    ------
    FolderInUseError
        The location holds something already, and `resume_after` is not given; or another process writes it.

    Examples
    --------
    See "Your own training loop" in the README, which runs as a test.
    """

    def __init__(
        self,
        location: str | Path,
        *,
        classifier: nn.Linear,
        epochs: int | Sequence[int],
        dtype: str = "float32",
        shard: bool = False,
        precision: str = "fp32",
        team: Team | None = None,
        resume_after: int | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        self._team = team or Alone()
        self.location = str(location)
        self.classifier, self.precision = classifier, precision
        check_precision(precision, classifier.weight.device)
        self.epochs = list(range(1, epochs + 1)) if isinstance(epochs, int) else sorted(set(epochs))
        self._lock = ExitStack()
        if self._team.rank == 0:
            self._lock.enter_context(writing(self.location))
        try:
            self._open(dtype, resume_after, shard=shard)
        except BaseException:
            self._lock.close()
            raise
        if self._team.rank == 0:
            self._describe({**collect(), **(provenance or {})}, numerics(dtype, precision), resumed=bool(resume_after))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # On a full disk it cannot be recorded that the run failed, either; the first error is the one to tell.
        with suppress(OSError) if error else nullcontext():
            self.close(_status(error))

    def capture(
        self, model: nn.Module, loader: Iterable[Any], *, split: str, epoch: int, index: Sequence[int] | None = None
    ) -> bool:
        """Store the features of every sample of a loader, in eval mode, without gradients.

        Parameters
        ----------
        model
            The model that contains the classifier; its train or eval mode is restored.
        loader
            Yields (input, target) batches. A shuffling `DataLoader` is walked in order instead; whatever augmentation
            its data set applies is applied here, too.
        split
            ``"train"`` or ``"test"``.
        epoch
            The epoch just trained.
        index
            Each sample's place in the original data set; 0..N-1 if left out.

        Returns
        -------
        bool
            False if the epoch is not one of those to capture.

        Raises
        ------
        UsageError
            An unknown split, other samples than in earlier epochs, or a classifier that changed within an epoch.
        """
        if split not in SPLITS:
            raise UsageError(f"unknown split {split!r}", f"Use one of: {', '.join(SPLITS)}")
        if epoch not in self.epochs:
            return False
        ordered = in_order(loader)
        self._capture_classifier(epoch)
        assembly = self._begin(split, epoch, ordered, index)
        if self._team.size > 1:
            ordered = between(ordered, *self._writer.own_rows(split))
        with evaluation(model, self.precision), FeatureTap(self.classifier) as tap:
            for batch in ordered:
                inputs, target = unpack(batch)
                model(to_device(inputs, self.classifier.weight.device))
                self._worker.submit(partial(_add, assembly, to_host(tap.features.float()), to_host(target)))
        self._worker.submit(partial(self._finish, assembly, index))
        return True

    def after_writing(self, task: Callable[[], None]) -> None:
        """Run a task on the background thread once everything captured so far is on disk."""
        self._worker.submit(task)

    def flush(self) -> None:
        """Wait until everything captured so far is on disk."""
        self._worker.flush()

    def close(self, status: str = "finished") -> None:
        """Write what is captured, end the background thread, and record how the run ended."""
        try:
            self._worker.close()
        except BaseException:
            status = "failed"
            raise
        finally:
            with self._lock:
                if self._team.rank == 0:
                    update_manifest(self.location, status=status, ended=now())

    def _open(self, dtype: str, resume_after: int | None, *, shard: bool) -> None:
        """Make the store, or open it to go on; other processes open what the first one has made."""
        classes, length = self.classifier.weight.shape
        ranks = {"rank": self._team.rank, "ranks": self._team.size}
        make = partial(StoreWriter, self.location, self.epochs, classes, length, dtype=dtype, shard=shard, **ranks)
        if self._team.rank == 0:
            self._prepare(resume=resume_after is not None)
            self._writer = make()
            if resume_after is not None:
                self._writer.discard_after(resume_after)
        self._team.wait()
        if self._team.rank:
            self._writer = make()
        self._samples: dict[str, int] = {}
        self.bytes_captured = 0
        self._targets: dict[str, NDArray[np.int64]] = {}
        if resume_after:
            self._recall(Run(self.location))
        self._classifier_at: tuple[int, NDArray[Any]] | None = None
        self._worker = Worker("bceprobe-recorder")

    def _prepare(self, *, resume: bool) -> None:
        """Refuse a folder in use; make one that is not there."""
        store = child(self.location, "store.zarr")
        if not resume and exists(store):
            raise FolderInUseError(f"{self.location} already holds a run", "Choose another location")
        if not is_url(self.location):
            Path(self.location).mkdir(parents=True, exist_ok=True)

    def _describe(self, provenance: Mapping[str, Any], capture: Mapping[str, Any], *, resumed: bool) -> None:
        """Record what made the run; a process that goes on with it is added, not put in place of the first."""
        changes: dict[str, Any] = {"provenance": provenance}
        if resumed:
            changes = {"resumed": [*read_manifest(self.location).get("resumed", []), provenance]}
        update_manifest(self.location, status="running", capture=capture, **changes)

    def _recall(self, run: Run) -> None:
        """Take up the epochs that stay: the targets they were captured with, and the bytes of their features."""
        for split in run.splits:
            if epochs := run.epochs(split):
                self._targets[split] = np.asarray(run.array(split, "target")[:])
                self.bytes_captured += len(epochs) * self._feature_bytes(len(self._targets[split]))

    def _feature_bytes(self, samples: int) -> int:
        return samples * self._writer.sizes["feature"] * np.dtype(self._writer.dtype).itemsize

    def _begin(self, split: str, epoch: int, loader: Iterable[Any], index: Sequence[int] | None) -> Assembly:
        if split not in self._samples:
            samples = count_samples(loader) if index is None else len(index)
            self._worker.flush()
            self._create_split(split, samples)
            self._samples[split] = samples
        return Assembly(self._writer, split, epoch, self._samples[split], self._targets, team=self._team)

    def _create_split(self, split: str, samples: int) -> None:
        """Make the group of a split; other processes look at what the first one has made."""
        if self._team.rank == 0:
            self._writer.create_split(split, samples)
        self._team.wait()
        if self._team.rank:
            self._writer.create_split(split, samples)

    def _finish(self, assembly: Assembly, index: Sequence[int] | None) -> None:
        assembly.finish(index)
        self.bytes_captured += self._feature_bytes(len(assembly.target))

    def _capture_classifier(self, epoch: int) -> None:
        """Store weight and bias with an epoch's first split; its other split must come with the same ones."""
        weight = self.classifier.weight.detach().float().cpu().numpy().copy()
        layer_bias = self.classifier.bias
        bias = np.zeros(len(weight), np.float32) if layer_bias is None else layer_bias.detach().float().cpu().numpy()
        if self._classifier_at is not None and self._classifier_at[0] == epoch:
            if not np.array_equal(self._classifier_at[1], weight):
                raise UsageError(f"the classifier changed between two captures of epoch {epoch}", "Capture first")
            return
        self._classifier_at = (epoch, weight)
        if self._team.rank == 0:
            self._worker.submit(partial(self._writer.write_classifier, epoch, weight, bias.copy()))


def _add(assembly: Assembly, features: Callable[[], NDArray[Any]], target: Callable[[], NDArray[Any]]) -> None:
    assembly.add(features(), target())


def _status(error: BaseException | None) -> str:
    if error is None:
        return "finished"
    if isinstance(error, (KeyboardInterrupt, TrainingInterruptedError)):
        return "interrupted"
    return "diverged" if isinstance(error, DivergedError) else "failed"
