"""Settings as text: assignments on the command line, and files that are no TOML."""

from __future__ import annotations

import pytest

from bceprobe.errors import UsageError
from bceprobe.settings import parse_assignment, read_toml


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("optim.lr=1e-3", "optim.lr", 1e-3),
        ("optim.epochs = 5", "optim.epochs", 5),
        ("deterministic=true", "deterministic", True),
        ("optim.milestones=[3, 6]", "optim.milestones", [3, 6]),
        ("loss.name=bce", "loss.name", "bce"),
        ("loss.name='bce'", "loss.name", "bce"),
        ("capture.epochs=1-20,50,last", "capture.epochs", "1-20,50,last"),
        ("device=cuda:0", "device", "cuda:0"),
        ("model.stem=a=b", "model.stem", "a=b"),
    ],
)
def test_assignments_are_toml_or_text(text: str, key: str, value: object) -> None:
    """The right side of an assignment is a TOML value, or else text as it stands."""
    assert parse_assignment(text) == (key, value)


@pytest.mark.parametrize("text", ["optim.lr", "=3", " = 3", ""])
def test_assignments_need_a_key_and_a_value(text: str) -> None:
    """Text without a key or an equals sign is refused with an example."""
    with pytest.raises(UsageError, match=r"not of the form key=value\. For example: --set optim.momentum=0.85"):
        parse_assignment(text)


def test_broken_toml_is_told_with_its_file_and_line() -> None:
    """TOML that does not parse is refused on one line that names the file and the place in it."""
    with pytest.raises(UsageError, match=r"^my/run\.toml is not valid TOML: .*line 2.*$"):
        read_toml("seed = 1\nloss = = 2\n", "my/run.toml")
