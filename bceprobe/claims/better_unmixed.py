"""BCE without mixed images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import classifying, mixed, needed, sides
from bceprobe.claims.printed import gains
from bceprobe.claims.result import Value
from bceprobe.claims.testing import contrast
from bceprobe.report.numbers import SHARE, difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.pairs import Pair
    from bceprobe.claims.result import Result

MISSING = "pairs of CE and BCE whose images are cropped or flipped but not mixed, with a test split"
METRIC = "uniform_accuracy"


@claim("better-unmixed", section="4.2, Table 1", needs=MISSING, recipes=("table1",))
def better_unmixed(cases: Sequence[Case]) -> Result:
    """BCE is better without mixup and cutmix, too: its gain does not come from how it treats mixed images.

    It is tested by the uniform accuracy of test samples.
    """
    pairs = [pair for pair in classifying(cases) if np.isfinite(_uniform(pair.ce))]
    unmixed = needed([pair for pair in pairs if _augmented(pair.ce) and not mixed(pair.ce)], f"no {MISSING}")
    with_mixing = [pair for pair in pairs if mixed(pair.ce)]
    gained = (*_gains("unmixed", unmixed, mixing=False), *_gains("mixed", with_mixing, mixing=True))
    values = (*sides(unmixed, _uniform, SHARE), *gained)
    quantity = "Uniform accuracy on the test split, without mixing"
    return contrast(unmixed, _uniform, quantity, "above", units="share", values=values)


def _uniform(case: Case) -> float:
    return case.final(METRIC, "test")


def _augmented(case: Case) -> bool:
    return case.number("augment.crop") > 0 or case.number("augment.flip") > 0


def _gains(name: str, pairs: Sequence[Pair], *, mixing: bool) -> Iterator[Value]:
    """Tell the mean gain of BCE here, and in the trainings of Table 1 with or without mixing."""
    if pairs:
        here = float(np.mean([_uniform(pair.bce) - _uniform(pair.ce) for pair in pairs]))
        said = [gain for settings, gain in gains("table1", METRIC) if (settings["augment.mixup"] > 0) == mixing]
        yield Value(
            f"mean gain, {name}", difference(here, SHARE), f"{difference(float(np.mean(said)), SHARE)} (Table 1)"
        )
