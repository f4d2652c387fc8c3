"""Update amplitudes against scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import needed, sides
from bceprobe.claims.pairs import pairs_of
from bceprobe.claims.testing import contrast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.pairs import Pair
    from bceprobe.claims.result import Result

MISSING = "pairs of CE and BCE trained on hard targets (neither mixed nor smoothed)"
RECIPES = ("fig2", "nc-grid")
WHERE = "Means over the captured epochs of the train split."


@claim("amplitude-falls", section="3.3, eqs. 18 and 19", needs=MISSING, recipes=RECIPES)
def amplitude_falls(cases: Sequence[Case]) -> Result:
    """Update amplitudes of positive scores fall as these rise, more strictly under BCE than under CE."""
    return followed(cases, "positive_rank_correlation", "Rank correlation of amplitude and positive score")


def followed(cases: Sequence[Case], metric: str, quantity: str) -> Result:
    """Test whether a metric, as its mean over the captured epochs, is lower under BCE."""

    def mean(case: Case) -> float:
        values = case.course(metric)[1]
        return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else float("nan")

    def known(pair: Pair) -> bool:
        return bool(np.isfinite([mean(pair.ce), mean(pair.bce)]).all())

    pairs = needed([pair for pair in pairs_of(cases) if known(pair)], f"no {MISSING}")
    return contrast(pairs, mean, quantity, "below", values=sides(pairs, mean), notes=(WHERE,))
