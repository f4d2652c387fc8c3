"""Names of runs, and of groups of them, by the shortest paths that tell them apart."""

from __future__ import annotations

from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from bceprobe.store.location import local_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.store import Run


def unique_labels(runs: Sequence[Run]) -> list[str]:
    """Name each run by as many of its last path parts as tell all of them apart."""
    return _shortest([path_parts(run) for run in runs])


def shared_labels(groups: Sequence[Sequence[Run]]) -> list[str]:
    """Name each group by the folder that its runs share, or by its first run where another group has runs in it."""
    parts = [[path_parts(run) for run in group] for group in groups]
    folders = [_shared(part) for part in parts]
    mixed = any(one == other[: len(one)] for one, other in pairwise(sorted(folders)))
    return _shortest([part[0] for part in parts] if mixed else folders)


def path_parts(run: Run) -> tuple[str, ...]:
    """Return the parts of the path of a run, the same for whichever path it was opened by."""
    path = local_path(run.location)
    return path.resolve().parts if path else tuple(run.location.split("/"))


def _shared(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the parts that paths begin with, all alike."""
    return tuple(names[0] for names in takewhile(lambda names: len(set(names)) == 1, zip(*paths, strict=False)))


def _shortest(paths: Sequence[tuple[str, ...]]) -> list[str]:
    depth = 1
    while len({path[-depth:] for path in paths}) < len(set(paths)):
        depth += 1
    return ["/".join(path[-depth:]) for path in paths]
