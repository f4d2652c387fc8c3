"""Computing what is not cached: of one split of a run, all topics that an epoch lacks in one walk over its features."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bceprobe.analysis.cache import DIGEST, Cache
from bceprobe.analysis.context import TRAINED
from bceprobe.analysis.reading import Reader
from bceprobe.metrics import evaluate
from bceprobe.metrics.base import looks_back

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from bceprobe.analysis.context import Context
    from bceprobe.analysis.labelled import Row, Rows
    from bceprobe.snapshot import GlobalMean
    from bceprobe.store.split import StoredSplit


@dataclass
class Task:
    """Some topics of some epochs of one split.

    Parameters
    ----------
    split, context
        What is measured, and how it was trained.
    topics, epochs, global_mean
        What is wanted of it.
    """

    split: StoredSplit
    context: Context
    topics: Sequence[str]
    epochs: Sequence[int]
    global_mean: GlobalMean
    rows: dict[str, Rows] = field(default_factory=dict, repr=False)
    _digests: dict[tuple[int, str], int] = field(default_factory=dict, repr=False)
    _fresh: dict[str, Rows] = field(default_factory=dict, repr=False)
    _fingerprints: dict[int, str] = field(default_factory=dict, repr=False)

    def run(self, memory: int | None) -> Generator[int, None, None]:
        """Fill the rows, yielding every epoch when it is done; what was computed is cached even if interrupted."""
        lacking = self.lacking()
        try:
            yield from (epoch for epoch in self.epochs if epoch not in lacking)
            for epoch, row in self.measured(lacking, memory):
                self.enter(epoch, lacking[epoch], row)
                yield epoch
        finally:
            self.keep()

    def lacking(self) -> dict[int, list[str]]:
        """Read what is cached into the rows, and list the topics that an epoch lacks, of epochs that lack any."""
        self.rows = {topic: self._cache(topic).read() for topic in self.topics}
        self._digests = {(epoch, topic): self._digest(epoch, topic) for epoch in self.epochs for topic in self.topics}
        found = {
            epoch: [t for t in self.topics if self.rows[t].get(epoch, {}).get(DIGEST) != self._digests[epoch, t]]
            for epoch in self.epochs
        }
        return {epoch: topics for epoch, topics in found.items() if topics}

    def measured(
        self, lacking: Mapping[int, Sequence[str]], memory: int | None, *, ahead: bool = True
    ) -> Iterator[tuple[int, Row]]:
        """Compute topics of epochs, in the order of the epochs; `memory` and `ahead` are those of `Reader`."""
        if not lacking:
            return
        change = sorted({topic for topics in lacking.values() for topic in topics if self._looks_back(topic)})
        reader = Reader(self.split, self.context, self.global_mean, memory, ahead=ahead)
        for epoch, snapshot in reader.snapshots(sorted(lacking), change=change):
            yield epoch, evaluate(snapshot, *lacking[epoch])

    def enter(self, epoch: int, topics: Sequence[str], row: Row) -> None:
        """Enter what was computed of an epoch into the rows."""
        for topic in topics:
            found = {**row, DIGEST: self._digests[epoch, topic]}
            self.rows[topic][epoch] = self._fresh.setdefault(topic, {})[epoch] = found

    def keep(self) -> None:
        """Cache what was entered."""
        while self._fresh:
            topic, rows = self._fresh.popitem()
            self._cache(topic).add(rows)

    def known(self) -> Rows:
        """Return the rows of the epochs whose topics are all cached, and still hold; nothing is computed."""
        cached = {topic: self._cache(topic).read() for topic in self.topics}
        found: Rows = {}
        for epoch in self.epochs:
            rows = {topic: cached[topic].get(epoch, {}) for topic in self.topics}
            if all(row.get(DIGEST) == self._digest(epoch, topic) for topic, row in rows.items()):
                found[epoch] = {key: value for row in rows.values() for key, value in row.items()}
        return found

    def merged(self) -> Rows:
        """Return the rows of all topics together."""
        return {epoch: {k: v for t in self.topics for k, v in self.rows[t][epoch].items()} for epoch in self.epochs}

    def _cache(self, topic: str) -> Cache:
        return Cache(self.split.run, self.split.name, topic, self.global_mean)

    def _digest(self, epoch: int, topic: str) -> int:
        """Digest everything that the values of an epoch depend on: it, its training, for changes the epoch before."""
        before = self.split.before(epoch) if self._looks_back(topic) else None
        parts = [self._fingerprint(epoch), repr(self.context.at(epoch, before))]
        if before is not None:
            parts.append(self._fingerprint(before))
        return int(hashlib.sha256(" ".join(parts).encode()).hexdigest()[:15], 16)

    def _looks_back(self, topic: str) -> bool:
        """Tell whether a topic is about change: only on the split that is trained on does a gradient predict it."""
        return self.split.name == TRAINED and looks_back(topic)

    def _fingerprint(self, epoch: int) -> str:
        if epoch not in self._fingerprints:
            self._fingerprints[epoch] = self.split.fingerprint(epoch)
        return self._fingerprints[epoch]
