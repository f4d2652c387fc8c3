"""The loop: train an epoch, capture it, and have it recorded in the background while the next one trains."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import torch

from bceprobe.capture.precision import computing
from bceprobe.errors import DivergedError
from bceprobe.train.augment import Augmentation
from bceprobe.train.batches import Ordered
from bceprobe.train.capturing import capture
from bceprobe.train.checkpoint import collect_state, save_best, save_checkpoint
from bceprobe.train.determinism import generator, seeded
from bceprobe.train.ending import collapse, is_best
from bceprobe.train.history import Row, measure, write_history
from bceprobe.train.log import LOGGER
from bceprobe.train.optim import learning_rate, set_learning_rate
from bceprobe.train.step import Losses, take_step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from bceprobe.capture import Recorder
    from bceprobe.train.session import Session


class Watch:
    """What a display may want to know; this one shows nothing. `epoch` is called on the background thread."""

    def start(self, first: int, epochs: int, batches: int) -> None:
        """Tell that training begins with epoch `first` of `epochs`, each of so many batches."""

    def batch(self, epoch: int, done: int, loss: float) -> None:
        """Tell that a batch was trained; the loss is the last one that was looked at."""

    def epoch(self, row: Row) -> None:
        """Tell that an epoch is on disk, with its row of history.csv."""


@dataclass
class Loop:
    """Trains the epochs of a session from `first` on."""

    session: Session
    folder: Path
    recorder: Recorder
    watch: Watch
    stopped: Callable[[], bool]
    history: list[Row] = field(default_factory=list)

    def run(self, first: int) -> int:
        """Train until the last epoch, an early stop or a stop request; return the last epoch that was completed."""
        last = self.session.settings.optim.epochs
        self.watch.start(first, last, len(self.session.train.sizes(self.session.settings.optim.batch_size)))
        LOGGER.info("epochs %d to %d on %s, in %s", first, last, self.session.device, self.folder.name)
        for epoch in range(first, last + 1):
            if self.session.team.any(self.ended) or not self._epoch(epoch):
                return epoch - 1
        return last

    @property
    def ended(self) -> bool:
        """Whether the last epoch on disk ends training early, as the settings want it; the first process knows."""
        return bool(self.history) and collapse(self.history[-1], self.session.settings.stop) is not None

    def _epoch(self, epoch: int) -> bool:
        """Train and capture one epoch; False if training ended, or a stop was asked for, before it was trained."""
        begun = time.perf_counter()
        loss = self._train(epoch)
        if loss is None:
            return False
        trained = time.perf_counter() - begun
        row: Row = {"epoch": epoch, "lr": learning_rate(self.session.settings.optim, epoch), "loss": loss}
        captured = self._capture(epoch)
        if not captured or (self.session.settings.select == "best" and self.session.settings.capture.per_class):
            row["test_accuracy"] = accuracy(self.session)
        row["images_per_second"] = round(len(self.session.train) / trained, 1)
        row["seconds"] = round(time.perf_counter() - begun, 3)
        if self.session.team.rank == 0:
            session = self.session
            state = collect_state(epoch, session.model, session.optimizer, session.scaler)
            self.recorder.after_writing(partial(self._record, row, state, captured=captured))
        return True

    def _train(self, epoch: int) -> float | None:
        """Train one epoch; return the mean loss over its samples, or None if it is not to count."""
        session, settings, team = self.session, self.session.settings, self.session.team
        set_learning_rate(session.optimizer, learning_rate(settings.optim, epoch))
        session.model.train(mode=settings.optim.parameters == "all")
        losses = Losses(session.device)
        order = generator(settings.seed, "order", epoch)
        parts = [team.part(size) for size in session.train.sizes(settings.optim.batch_size)]
        augmentation = Augmentation(settings, session.classifier.out_features, epoch, parts)
        batches = session.train.shuffled(settings.optim.batch_size, order, augmentation.change, team.part)
        with seeded(settings.seed, team.stream("layers"), epoch):
            for done, (part, batch) in enumerate(zip(parts, batches, strict=True), start=1):
                if team.any(self.stopped() or self.ended):
                    return None
                if not losses.add(take_step(session, *augmentation.mix(*batch), part), part.total):
                    break
                self.watch.batch(epoch, done, losses.last)
        if self._came_too_late():
            return None
        team.share_buffers(session.model)
        self._check(epoch, losses.sum)
        return losses.sum / len(session.train)

    def _came_too_late(self) -> bool:
        """Tell whether the epoch before ended training: it is measured meanwhile, and here at the latest it is known.

        So the epoch at which training ends does not depend on how fast it is measured.
        """
        if self.session.settings.stop.when == "never":
            return False
        self.recorder.flush()
        return self.session.team.any(self.ended)

    def _capture(self, epoch: int) -> bool:
        return epoch in self.session.settings.captured_epochs and capture(self.session, self.recorder, epoch)

    def _record(self, row: Row, state: dict[str, Any], *, captured: bool) -> None:
        """Make an epoch final: its row, then its checkpoints. Runs after its features are on disk."""
        row = row | (measure(self.folder, row["epoch"]) if captured else {}) | row
        row["captured_mb"] = round(self.recorder.bytes_captured / 1e6, 3)
        self.history.append(row)
        write_history(self.folder, self.history)
        save_checkpoint(self.folder, state)
        if self.session.settings.select == "best" and is_best(self.history):
            save_best(self.folder, state)
        self.watch.epoch(row)
        LOGGER.info(", ".join(f"{name} {value:.5g}" for name, value in row.items()))

    def _check(self, epoch: int, losses: float) -> None:
        """Raise if the losses or what they made of the weights is not finite."""
        if not math.isfinite(losses):
            raise self._diverged(f"the loss is {losses} in epoch {epoch}", epoch)
        finite = [torch.isfinite(value).all() for value in self.session.model.state_dict().values()]
        if not torch.stack(finite).all():
            raise self._diverged(f"weights are not finite after epoch {epoch}", epoch)

    def _diverged(self, what: str, epoch: int) -> DivergedError:
        kept = f"epochs up to {epoch - 1} are kept in {self.folder}" if epoch > 1 else "no epoch was completed"
        return DivergedError(f"training diverged: {what}; {kept}", "Try a smaller --lr")


@torch.no_grad()
def accuracy(session: Session) -> float:
    """Measure the accuracy on the whole test split where no capture does; ties are wrong, as in `METRICS`."""
    session.model.eval()
    team, test = session.team, Ordered.by_class(session.test)
    part = Ordered(test.data, test.rows[team.rank :: team.size])
    correct = torch.zeros((), dtype=torch.int64, device=session.device)
    with computing(session.settings.capture.precision, session.device):
        for images, target in part:
            logits, own = session.network(images), target[:, None]
            others = logits.scatter(1, own, -torch.inf).amax(1, keepdim=True)
            correct += (logits.gather(1, own) > others).sum()
    return int(team.add(correct)) / len(session.test)
