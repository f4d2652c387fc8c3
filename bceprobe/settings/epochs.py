"""Choosing epochs by a short text, for captures and for analyses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def select_epochs(text: str, available: Sequence[int], selected: int | None = None) -> list[int]:
    """Choose epochs: ``all``, ``last``, ``selected``, ``every:5``, numbers and ranges, comma-separated.

    Parameters
    ----------
    text
        What to choose. Ranges and ``every`` take what there is of them; a number that is not available is an error.
    available
        The epochs to choose from, increasing.
    selected
        The available epoch that ``selected`` stands for, if any.

    Returns
    -------
    list of int
        The chosen epochs, increasing, each once; none where none is available.

    Raises
    ------
    UsageError
        The text, or a part of it, is malformed or selects nothing.

    Examples
    --------
    >>> select_epochs("1-3,6,last", range(1, 11))
    [1, 2, 3, 6, 10]
    >>> select_epochs("every:4", range(1, 11))
    [4, 8]
    """
    if not available:
        return []
    named = {"all": list(available), "last": [available[-1]], "selected": [] if selected is None else [selected]}
    parts = [part.strip() for part in text.split(",")]
    chosen = {epoch for part in parts for epoch in named.get(part) or _select_part(part, available)}
    if not chosen:
        raise _no_epoch(text, available)
    return sorted(chosen)


def without_selected(text: str) -> str:
    """Leave the part ``selected`` out of a text: what is left is known before training.

    Examples
    --------
    >>> without_selected("every:5,selected"), without_selected("selected")
    ('every:5', '')
    """
    return ",".join(part for part in text.split(",") if part.strip() != "selected")


def _select_part(part: str, available: Sequence[int]) -> list[int]:
    kind, _, step = part.partition(":")
    first, dash, last = part.partition("-")
    if kind == "every" and step.isdecimal() and int(step):
        return [epoch for epoch in available if epoch % int(step) == 0]
    if dash and first.isdecimal() and last.isdecimal():
        return [epoch for epoch in available if int(first) <= epoch <= int(last)]
    if part.isdecimal() and int(part) in available:
        return [int(part)]
    raise _no_epoch(part, available)


def _no_epoch(text: str, available: Sequence[int]) -> UsageError:
    hint = "Use all, last, every:5, 7, 1-20, or several with commas"
    return UsageError(f"{text!r} selects no epoch of {available[0]}..{available[-1]}", hint)
