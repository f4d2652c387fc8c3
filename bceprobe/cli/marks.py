"""How the command line marks definitions that are this project's own, and not those of a paper."""

from __future__ import annotations

import re

OWN_MARK = "*"
OWN = re.compile(r"\bown(?=$|:| choice| reading)")


def is_own(definition: str) -> bool:
    """Tell whether a definition, or a choice within it, is this project's own.

    Examples
    --------
    >>> [is_own(text) for text in ("own: not recoverable", "paper eq. 46 (own choice: 1000 thresholds)")]
    [True, True]
    >>> [is_own(text) for text in ("paper eq. 41", "own score minus the largest other")]
    [False, False]
    """
    return bool(OWN.search(definition))
