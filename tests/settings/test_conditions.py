"""Conditions on settings: every comparison, values that look like others, and texts that are none."""

from __future__ import annotations

import pytest

from bceprobe.errors import UsageError
from bceprobe.settings import parse_condition

SETTINGS = {"loss.name": "bce", "optim.lr": 0.01, "seed": 3, "deterministic": True, "data.name": "1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss.name=bce", True),
        (" loss.name = bce ", True),
        ("loss.name=ce", False),
        ("loss.name!=ce", True),
        ("loss.name!=bce", False),
        ("optim.lr=1e-2", True),
        ("optim.lr>=0.01", True),
        ("optim.lr>0.01", False),
        ("optim.lr<1", True),
        ("optim.lr<=0.001", False),
        ("seed=3", True),
        ("seed=3.0", True),
        ("seed!=3", False),
        ("deterministic=true", True),
        ("deterministic=false", False),
        ("deterministic>0", False),
        ("data.name=1", True),
        ("data.name=2", False),
        ("loss.name>1", False),
        ("model.name=x", False),
        ("model.name!=x", True),
        ("model.width<9", False),
    ],
)
def test_conditions_hold_as_they_read(text: str, expected: bool) -> None:  # noqa: FBT001 - a case of the table
    """Names, numbers in any notation, truth values, and settings that a run lacks."""
    assert parse_condition(text).holds(SETTINGS) is expected


@pytest.mark.parametrize("text", ["", "loss.name", "=bce", "loss.name=", "a b=c", "optim.lr>fast"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    """A key, a comparison and a value are needed, and only numbers are ordered."""
    with pytest.raises(UsageError, match=r"no condition|no number"):
        parse_condition(text)
