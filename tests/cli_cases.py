"""What a test of a command works with: see the fixture `command` of tests/conftest.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Done(NamedTuple):
    """Exit code, standard output and standard error of a command."""

    code: int
    out: str
    err: str


class Command(Protocol):
    """A function that runs `bceprobe` with some arguments."""

    def __call__(self, *arguments: str | Path) -> Done:
        """Run it."""
