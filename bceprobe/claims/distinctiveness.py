"""Distinctiveness of the test features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import claim
from bceprobe.claims.classification import MISSING, RECIPES, better

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

OWN = "The definition is this project's own (FORMULAS.md, Feature geometry): published values are of another one."


@claim("distinctiveness", section="4.2, Table 2", needs=MISSING, recipes=RECIPES)
def distinctiveness(cases: Sequence[Case]) -> Result:
    """Test features of different classes are more distinct under BCE than under CE."""
    return better(cases, "distinctiveness", "Distinctiveness of the test features", units="1", notes=(OWN,))
