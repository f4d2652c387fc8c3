"""Accuracy on the test split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import claim
from bceprobe.claims.classification import MISSING, RECIPES, better, published_gains

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result


@claim("accuracy", section="4.2, Tables 1 and 3", needs=MISSING, recipes=RECIPES)
def accuracy(cases: Sequence[Case]) -> Result:
    """BCE classifies test samples more accurately than CE."""
    return better(cases, "accuracy", "Accuracy on the test split", units="share", values=published_gains("accuracy"))
