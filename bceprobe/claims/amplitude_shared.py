"""Scores of like update amplitude."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bceprobe.claims.amplitude_falls import MISSING, RECIPES, followed
from bceprobe.claims.base import claim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

OWN = "The measure is this project's own: the spread of scores within bins of like amplitude, over that of all scores."


@claim("amplitude-shared", section="3.3, eqs. 18 and 19", needs=MISSING, recipes=RECIPES)
def amplitude_shared(cases: Sequence[Case]) -> Result:
    """Under CE samples of very different positive scores share one update amplitude; under BCE it tells the score."""
    found = followed(cases, "positive_spread_share", "Spread of positive scores at like amplitude, as a share")
    return replace(found, notes=(*found.notes, OWN))
