"""Which values the options of data sets may have."""

from __future__ import annotations

from bceprobe.errors import UsageError


def require_at_least(least: float, name: str, value: float) -> None:
    """Refuse an option that is too small for a data set to exist.

    Raises
    ------
    UsageError
        The value is below the least, or no finite number.
    """
    if not least <= value < float("inf"):
        raise UsageError(f"data option {name} is {value}; it must be {least} or more")
