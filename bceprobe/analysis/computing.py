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
    from collections.abc import Generator, Iterator, Sequence

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
    rows: dict[str, Rows] = field(default_factory=dict)
    _fingerprints: dict[int, str] = field(default_factory=dict, repr=False)

    def run(self, memory: int | None) -> Generator[int, None, None]:
        """Fill the rows, yielding every epoch when it is done; what was computed is cached even if interrupted."""
        caches = {topic: Cache(self.split.run, self.split.name, topic, self.global_mean) for topic in self.topics}
        cached = {topic: cache.read() for topic, cache in caches.items()}
        digests = {(epoch, topic): self._digest(epoch, topic) for epoch in self.epochs for topic in self.topics}
        lacking = {
            epoch: [t for t in self.topics if cached[t].get(epoch, {}).get(DIGEST) != digests[epoch, t]]
            for epoch in self.epochs
        }
        fresh: dict[str, Rows] = {topic: {} for topic in self.topics}
        try:
            yield from (epoch for epoch in self.epochs if not lacking[epoch])
            for epoch, topics, row in self._computed({e: t for e, t in lacking.items() if t}, memory):
                for topic in topics:
                    fresh[topic][epoch] = {**row, DIGEST: digests[epoch, topic]}
                yield epoch
        finally:
            for topic, rows in fresh.items():
                if rows:
                    caches[topic].add(rows)
        self.rows = {topic: {**cached[topic], **fresh[topic]} for topic in self.topics}

    def known(self) -> Rows:
        """Return the rows of the epochs whose topics are all cached, and still hold; nothing is computed."""
        cached = {
            topic: Cache(self.split.run, self.split.name, topic, self.global_mean).read() for topic in self.topics
        }
        found: Rows = {}
        for epoch in self.epochs:
            rows = {topic: cached[topic].get(epoch, {}) for topic in self.topics}
            if all(row.get(DIGEST) == self._digest(epoch, topic) for topic, row in rows.items()):
                found[epoch] = {key: value for row in rows.values() for key, value in row.items()}
        return found

    def merged(self) -> Rows:
        """Return the rows of all topics together."""
        return {epoch: {k: v for t in self.topics for k, v in self.rows[t][epoch].items()} for epoch in self.epochs}

    def _computed(self, lacking: dict[int, list[str]], memory: int | None) -> Iterator[tuple[int, list[str], Row]]:
        if not lacking:
            return
        change = any(self._looks_back(topic) for topics in lacking.values() for topic in topics)
        reader = Reader(self.split, self.context, self.global_mean, memory)
        for epoch, snapshot in reader.snapshots(sorted(lacking), change=change):
            yield epoch, lacking[epoch], evaluate(snapshot, *lacking[epoch])

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
