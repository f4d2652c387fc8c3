"""Pairs: a case of BCE beside the one of CE that is equal in all else, and the settings that they share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bceprobe.comparison.varying import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from bceprobe.claims.cases import Case

LOSS, BIAS_MEAN, BIAS_DECAY = "loss.", "model.bias_mean", "penalty.lambda_b"
# Runs that differ in these alone start from the same weights: they are no independent trainings.
VARIED = (BIAS_MEAN, BIAS_DECAY)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two cases of one seed, whose settings are equal but for the loss and perhaps the start of the bias."""

    ce: Case
    bce: Case


def pairs_of(cases: Sequence[Case]) -> list[Pair]:
    """Pair cases by seed and settings.

    Settings of the loss may differ. Where no case is equal in all else, the initial mean of the bias may differ, too:
    the paper starts the thresholds of BCE at 6 and those of CE at 0 (Table 1). A case is in one pair at most.
    """
    trained = [case for case in cases if case.solved is None]
    strict = _matched(trained, ())
    taken = {id(case) for pair in strict for case in (pair.ce, pair.bce)}
    return [*strict, *_matched([case for case in trained if id(case) not in taken], (BIAS_MEAN,))]


def cells_of(cases: Sequence[Case]) -> list[str]:
    """Name the settings in which cases vary, but the loss and the start and decay of the bias."""
    return Columns([_shared(case.settings, VARIED) for case in cases]).labels()


def independent(cases: Sequence[Case]) -> list[Case]:
    """Keep one of the cases that start from the same weights: the first."""
    found = {(case.loss, _key(case.settings, VARIED), case.seed): case for case in reversed(cases)}
    return list(found.values())[::-1]


def grouped(cases: Sequence[Case], ignored: Collection[str]) -> dict[str, list[Case]]:
    """Put cases together that differ in nothing but their seed and some settings."""
    found: dict[str, list[Case]] = {}
    for case in cases:
        found.setdefault(_key(case.settings, ignored), []).append(case)
    return found


def _matched(cases: Sequence[Case], ignored: Collection[str]) -> list[Pair]:
    """Pair cases whose settings but some are equal: the first of CE with the first of BCE by their seed."""
    of: Callable[[str], dict[tuple[str, int | None], Case]] = lambda loss: {  # noqa: E731
        (_key(case.settings, ignored), case.seed): case for case in reversed(cases) if case.loss == loss
    }
    ce, bce = of("ce"), of("bce")
    return [Pair(ce[key], case) for key, case in bce.items() if key in ce][::-1]


def _shared(settings: dict[str, Any], ignored: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if not key.startswith(LOSS) and key not in ignored}


def _key(settings: dict[str, Any], ignored: Collection[str]) -> str:
    return json.dumps(_shared(settings, ignored), sort_keys=True, default=str)
