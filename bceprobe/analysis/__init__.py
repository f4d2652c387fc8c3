"""Analysis: runs and a topic in, one labelled Dataset out, cached beside each store.

An epoch is computed again only if the checksums of its chunks or the version of a metric have changed; the cache may
be deleted at any time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bceprobe.analysis.cache import Cache
from bceprobe.analysis.labelled import labelled, records
from bceprobe.errors import UsageError
from bceprobe.metrics import evaluate, topic_metrics
from bceprobe.settings import select_epochs
from bceprobe.snapshot import GlobalMean
from bceprobe.store import Run, find_runs
from bceprobe.store.location import local_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import xarray as xr

    from bceprobe.analysis.labelled import Rows

__all__ = ["SCHEMA_VERSION", "GlobalMean", "analyze", "records", "unique_labels"]

SCHEMA_VERSION = 1


def analyze(
    runs: str | Path | Run | Sequence[str | Path | Run],
    topic: str = "nc",
    *,
    splits: str | Sequence[str] | None = None,
    epochs: str = "all",
    global_mean: GlobalMean = "sample",
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Compute every metric of a topic for stored epochs of runs.

    Parameters
    ----------
    runs
        Runs, or locations of runs or of folders that hold runs.
    topic
        ``"nc"``, ``"accuracy"``, or another one that ``bceprobe list metrics`` shows.
    splits
        Of ``("train", "test")``; all that a run has, if left out.
    epochs
        Which of the written epochs, such as ``"1-20,50,last"`` (see `bceprobe.settings.select_epochs`).
    global_mean
        ``"sample"`` (the paper) or ``"class"`` (mean of class means).
    progress
        Called after each snapshot with the number of snapshots done and their total.

    Returns
    -------
    xarray.Dataset
        Dimensions (run, split, epoch). A float64 variable per metric, with ``long_name``, ``definition``, ``units``,
        ``references``, ``scale``, ``version`` and, if it has a direction, ``higher_is_better`` (0 or 1) as
        attributes; NaN where a run lacks an epoch or split, or where a metric is undefined. The boolean variable
        ``captured`` tells these two apart. Attributes ``topic`` and ``global_mean``.

    Raises
    ------
    StoreError
        A run cannot be read.
    UsageError
        Unknown topic, epochs that a run does not have, a split that no run has, or nothing captured yet.
    """
    topic_metrics(topic)
    opened = _opened(runs)
    labels = dict(zip(opened, unique_labels(opened), strict=True))
    chosen = _chosen(opened, splits, epochs)
    counter = _Counter(sum(map(len, chosen.values())), progress)
    rows = {
        (labels[run], split): _rows(Cache(run, split, topic, global_mean), numbers, counter)
        for (run, split), numbers in chosen.items()
    }
    return labelled(rows, topic).assign_attrs(topic=topic, global_mean=global_mean)


def unique_labels(runs: Sequence[Run]) -> list[str]:
    """Name each run by as many of its last path parts as tell all of them apart."""
    parts = [_parts(run) for run in runs]
    depth = 1
    while len({part[-depth:] for part in parts}) < len(set(parts)):
        depth += 1
    return ["/".join(part[-depth:]) for part in parts]


class _Counter:
    """Counts finished snapshots for a progress display."""

    def __init__(self, total: int, report: Callable[[int, int], None] | None) -> None:
        self.done, self.total, self.report = 0, total, report

    def advance(self) -> None:
        self.done += 1
        if self.report:
            self.report(self.done, self.total)


def _opened(runs: str | Path | Run | Sequence[str | Path | Run]) -> list[Run]:
    """Open all runs, each once however often and by whichever path it is given."""
    listed = [runs] if isinstance(runs, (str, Path, Run)) else list(runs)
    found = [run for entry in listed for run in ([entry] if isinstance(entry, Run) else find_runs(entry))]
    return list({_parts(run): run for run in found}.values())


def _parts(run: Run) -> tuple[str, ...]:
    path = local_path(run.location)
    return path.resolve().parts if path else tuple(run.location.split("/"))


def _chosen(runs: Sequence[Run], splits: str | Sequence[str] | None, epochs: str) -> dict[tuple[Run, str], list[int]]:
    """Choose the epochs of every run and split that there is."""
    wanted = [splits] if isinstance(splits, str) else splits
    held = list(dict.fromkeys(split for run in runs for split in run.splits))
    missing = [split for split in wanted or [] if split not in held]
    if missing:
        raise UsageError(f"no split {missing[0]!r} in any run", f"They hold: {', '.join(held) or 'none yet'}")
    chosen = {
        (run, split): _select(run, split, epochs) for run in runs for split in wanted or held if split in run.splits
    }
    if not any(chosen.values()):
        raise UsageError("no run has a written epoch", "Train first, or look with: bceprobe store info")
    return chosen


def _select(run: Run, split: str, epochs: str) -> list[int]:
    try:
        return select_epochs(epochs, run.epochs(split))
    except UsageError as error:
        raise UsageError(f"{run.location}, {split} split: {error.what}", error.hint) from error


def _rows(cache: Cache, epochs: Sequence[int], counter: _Counter) -> Rows:
    """Take the rows of some epochs from the cache, and compute and cache the others, even if that is interrupted."""
    cached = cache.read()
    rows: Rows = {}
    try:
        for epoch in epochs:
            digest = int(cache.run.fingerprint(epoch, cache.split)[:15], 16)
            known = cached.get(epoch)
            rows[epoch] = known if known and known["digest"] == digest else _computed(cache, epoch, digest)
            counter.advance()
    finally:
        if any(cached.get(epoch) is not row for epoch, row in rows.items()):
            cache.write({**cached, **rows})
    return rows


def _computed(cache: Cache, epoch: int, digest: int) -> dict[str, float]:
    snapshot = cache.run.snapshot(epoch, cache.split, global_mean=cache.global_mean)
    return {**evaluate(snapshot, cache.topic), "digest": digest}
